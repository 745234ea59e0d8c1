/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A JWT that was signed by the right key for another purpose.
 */


#include "../../ngx_module/core/auth_token_signed.c"

#include "protocol.h"


#define TYP       "the JWT is not of the type token-introspection+jwt"
#define ALG       "the algorithm of the JWT is not allowed"
#define ISSUER    "the JWT is of another issuer"
#define AUDIENCE  "the JWT is for another audience"
#define UNREAD    "a time of the JWT is missing or cannot be read"
#define WHEN      "the JWT is not of this time"
#define CLAIM     "the JWT has no claim token_introspection"

#define ISS   "\"iss\":\"https://as\""
#define AUD   ",\"aud\":\"me\""
#define IAT   ",\"iat\":1700000000"
#define TI    ",\"token_introspection\":{\"active\":true}"


static const struct {
    const char  *typ;
    const char  *alg;
    const char  *reason;
} header_cases[] = {
    { "token-introspection+jwt", "ES256", NULL },
    { "Token-Introspection+JWT", "ES256", NULL },
    { "application/token-introspection+jwt", "ES256", NULL },
    { "APPLICATION/token-introspection+jwt", "ES256", NULL },
    { "token-introspection+jwt", "RS256", ALG },
    { "", "ES256", TYP },
    { "JWT", "ES256", TYP },
    { "at+jwt", "ES256", TYP },
    { "application/", "ES256", TYP },
    { "application/x", "ES256", TYP },
    { "token-introspection+jws", "ES256", TYP },
    { "applications/token-introspection+jwt", "ES256", TYP },
    { "token-introspection+jwt ", "ES256", TYP }
};


/* now is 1700000000, the leeway 10 s */

static const struct {
    const char  *text;
    const char  *reason;
} claims_cases[] = {
    { "{" ISS AUD IAT TI "}", NULL },
    { "{" ISS ",\"aud\":[\"a\",\"me\"]" IAT TI "}", NULL },
    { "{" ISS ",\"aud\":[\"me\",\"a\"]" IAT TI "}", NULL },
    { "{" ISS AUD ",\"iat\":1700000310" TI "}", NULL },
    { "{" ISS AUD ",\"iat\":1699999690" TI "}", NULL },
    { "{" ISS AUD ",\"iat\":1700000000.5" TI "}", NULL },
    { "{" ISS AUD IAT ",\"nbf\":1700000010" TI "}", NULL },
    { "{" ISS AUD IAT ",\"exp\":1699999991" TI "}", NULL },

    { "{\"a\":1" AUD IAT TI "}", ISSUER },
    { "{\"iss\":[\"https://as\"]" AUD IAT TI "}", ISSUER },
    { "{\"iss\":\"https://as/\"" AUD IAT TI "}", ISSUER },
    { "{" ISS IAT TI "}", AUDIENCE },
    { "{" ISS ",\"aud\":\"we\"" IAT TI "}", AUDIENCE },
    { "{" ISS ",\"aud\":[]" IAT TI "}", AUDIENCE },
    { "{" ISS ",\"aud\":[\"me\",1]" IAT TI "}", AUDIENCE },
    { "{" ISS ",\"aud\":[null,\"me\"]" IAT TI "}", AUDIENCE },
    { "{" ISS ",\"aud\":null" IAT TI "}", AUDIENCE },
    { "{" ISS AUD TI "}", UNREAD },
    { "{" ISS AUD ",\"iat\":null" TI "}", UNREAD },
    { "{" ISS AUD ",\"iat\":\"1700000000\"" TI "}", UNREAD },
    { "{" ISS AUD ",\"iat\":-1" TI "}", UNREAD },
    { "{" ISS AUD ",\"iat\":1e300" TI "}", UNREAD },
    { "{" ISS AUD IAT ",\"nbf\":\"x\"" TI "}", UNREAD },
    { "{" ISS AUD IAT ",\"exp\":true" TI "}", UNREAD },
    { "{" ISS AUD ",\"iat\":1700000311" TI "}", WHEN },
    { "{" ISS AUD ",\"iat\":1699999689" TI "}", WHEN },
    { "{" ISS AUD IAT ",\"nbf\":1700000011" TI "}", WHEN },
    { "{" ISS AUD IAT ",\"nbf\":1700000010.1" TI "}", WHEN },
    { "{" ISS AUD IAT ",\"exp\":1699999990" TI "}", WHEN },
    { "{" ISS AUD IAT ",\"exp\":1699999990.9" TI "}", WHEN },
    { "{" ISS AUD IAT "}", CLAIM },
    { "{" ISS AUD IAT ",\"token_introspection\":[]}", CLAIM },
    { "{" ISS AUD IAT ",\"token_introspection\":null}", CLAIM },
    { "{" ISS AUD IAT ",\"active\":true}", CLAIM }
};


int
main(void)
{
    size_t                    i;
    const char               *reason;
    auth_token_jws_t          jws;
    auth_token_json_t        *root;
    auth_token_signed_t       want;
    const auth_token_json_t  *inner;

    want.issuer = str_of("https://as");
    want.audience = str_of("me");
    want.algs = auth_token_alg_find(str_of("ES256"))->bit;
    want.leeway = 10;

    memset(&jws, 0, sizeof(jws));

    for (i = 0; i < sizeof(header_cases) / sizeof(header_cases[0]); i++) {
        jws.typ = guarded(header_cases[i].typ);
        jws.alg = auth_token_alg_find(str_of(header_cases[i].alg));

        is_str(auth_token_signed_header(&want, &jws), header_cases[i].reason,
               header_cases[i].typ);
    }

    for (i = 0; i < sizeof(claims_cases) / sizeof(claims_cases[0]); i++) {
        root = auth_token_json_parse(guarded(claims_cases[i].text), 0,
                                     &reason);

        is_str(auth_token_signed_claims(&want, root, NOW, &inner),
               claims_cases[i].reason, show(claims_cases[i].text));

        auth_token_json_free(root);
    }

    return done();
}
