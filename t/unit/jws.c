/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A text taken for a JWS that is none, or whose header says what nobody
 * would do.
 */


#include "../../ngx_module/core/auth_token_jws.c"

#include "protocol.h"


#define SHAPE   "the answer is not a signed JWT"
#define HEADER  "the header of the JWT is not a JSON object"
#define CRIT    "the JWT has a critical header"
#define NAME    "the JWT does not name its algorithm"
#define ALG     "the algorithm of the JWT is not allowed"
#define TYPE    "a member of the JWT's header is of a wrong type"
#define PART    "a part of the JWT is not base64url"


/* each header is encoded here; the rest is as given */

static const struct {
    const char  *name;
    const char  *header;
    const char  *rest;
    const char  *reason;
} jws_cases[] = {
    { "good", "{\"alg\":\"ES256\"}", ".e30.AA", NULL },
    { "all members", "{\"alg\":\"RS512\",\"kid\":\"\",\"typ\":\"x\","
      "\"jwk\":{},\"jku\":\"https://x\"}", ".e30.AA", NULL },
    { "EdDSA", "{\"alg\":\"EdDSA\"}", ".e30.AA", NULL },

    { "one part", "{\"alg\":\"ES256\"}", "", SHAPE },
    { "two parts", "{\"alg\":\"ES256\"}", ".e30", SHAPE },
    { "four parts", "{\"alg\":\"ES256\"}", ".e30.AA.AA", SHAPE },
    { "no claims", "{\"alg\":\"ES256\"}", "..AA", SHAPE },
    { "no signature", "{\"alg\":\"ES256\"}", ".e30.", SHAPE },
    { "no header", "", ".e30.AA", SHAPE },

    { "a list", "[]", ".e30.AA", HEADER },
    { "half an object", "{\"alg\":", ".e30.AA", HEADER },
    { "names twice", "{\"alg\":\"none\",\"alg\":\"ES256\"}", ".e30.AA",
      HEADER },
    { "crit", "{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}",
      ".e30.AA", CRIT },
    { "crit, a text", "{\"alg\":\"ES256\",\"crit\":\"x\"}", ".e30.AA", CRIT },
    { "crit, null", "{\"alg\":\"ES256\",\"crit\":null}", ".e30.AA", CRIT },
    { "no alg", "{\"kid\":\"x\"}", ".e30.AA", NAME },
    { "alg is null", "{\"alg\":null}", ".e30.AA", NAME },
    { "none", "{\"alg\":\"none\"}", ".e30.AA", ALG },
    { "HS256", "{\"alg\":\"HS256\"}", ".e30.AA", ALG },
    { "in small letters", "{\"alg\":\"es256\"}", ".e30.AA", ALG },
    { "with a NUL", "{\"alg\":\"ES256\\u0001\"}", ".e30.AA", ALG },
    { "kid is a number", "{\"alg\":\"ES256\",\"kid\":1}", ".e30.AA", TYPE },
    { "kid is null", "{\"alg\":\"ES256\",\"kid\":null}", ".e30.AA", TYPE },
    { "typ is a list", "{\"alg\":\"ES256\",\"typ\":[]}", ".e30.AA", TYPE },

    { "claims with padding", "{\"alg\":\"ES256\"}", ".e30=.AA", PART },
    { "a signature with a blank", "{\"alg\":\"ES256\"}", ".e30.A A", PART },
    { "bits left over", "{\"alg\":\"ES256\"}", ".e30.AB", PART }
};


static void
encode(const char *text, char *out)
{
    size_t       i, n;
    unsigned     bits, word;

    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_";

    n = 0;
    bits = word = 0;

    for (i = 0; text[i]; i++) {
        word = word << 8 | (unsigned char) text[i];

        for (bits += 8; bits >= 6; bits -= 6) {
            out[n++] = alphabet[word >> (bits - 6) & 63];
        }
    }

    if (bits) {
        out[n++] = alphabet[word << (6 - bits) & 63];
    }

    out[n] = '\0';
}


int
main(void)
{
    char              text[16384];
    size_t            i;
    auth_token_jws_t  jws;

    for (i = 0; i < sizeof(jws_cases) / sizeof(jws_cases[0]); i++) {
        encode(jws_cases[i].header, text);
        strcat(text, jws_cases[i].rest);

        is_str(auth_token_jws_parse(guarded(text), &jws), jws_cases[i].reason,
               jws_cases[i].name);

        auth_token_jws_free(&jws);
    }

    ok(auth_token_jws_parse(str_of("!!.e30.AA"), &jws) != NULL,
       "a header that is not base64url");
    auth_token_jws_free(&jws);

    encode("{\"alg\":\"PS384\",\"kid\":\"a b\",\"typ\":\"t\"}", text);
    strcat(text, ".e30.AQI");

    ok(auth_token_jws_parse(str_of(text), &jws) == NULL
       && jws.input.len == strlen(text) - 4
       && jws.alg->pss && jws.alg->hash == 384
       && jws.has_kid && auth_token_str_eq_lit(&jws.kid, "a b")
       && auth_token_str_eq_lit(&jws.typ, "t")
       && jws.payload.len == 2 && memcmp(jws.payload.data, "{}", 2) == 0
       && jws.signature.len == 2
       && memcmp(jws.signature.data, "\1\2", 2) == 0, "each part");
    auth_token_jws_free(&jws);

    return done();
}
