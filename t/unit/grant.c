/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A token taken from a token endpoint that cannot be sent as a bearer token,
 * or that would be kept for longer than it lives.
 */


#include "../../ngx_module/core/auth_token_grant.c"

#include "protocol.h"


typedef struct {
    const char  *name;
    const char  *text;
    const char  *reason;       /* NULL: it can be used */
    int64_t      seconds;
} read_case_t;


#define T      "\"access_token\":\"a.b-c\""
#define B      ",\"token_type\":\"Bearer\""
#define NONE   "the answer has no access token"
#define SEND   "the access token cannot be sent"
#define TYPE   "the answer has no type of the token"
#define NOT_BEARER  "the access token is not a bearer token"
#define LIFE   "the life of the access token is not understood"


static const read_case_t  read_cases[] = {
    { "no life", "{" T B "}", NULL, -1 },
    { "null as life", "{" T B ",\"expires_in\":null}", NULL, -1 },
    { "an hour", "{" T B ",\"expires_in\":3600,\"scope\":\"x\"}", NULL, 3600 },
    { "a fraction", "{" T B ",\"expires_in\":59.9}", NULL, 59 },
    { "another case", "{" T ",\"token_type\":\"bEARER\"}", NULL, -1 },

    { "nothing", "{}", NONE, 0 },
    { "null", "{\"access_token\":null" B "}", NONE, 0 },
    { "a number", "{\"access_token\":1" B "}", NONE, 0 },
    { "an id token", "{\"id_token\":\"a\"" B "}", NONE, 0 },
    { "an empty one", "{\"access_token\":\"\"" B "}", SEND, 0 },
    { "a blank", "{\"access_token\":\"a b\"" B "}", SEND, 0 },
    { "a line break", "{\"access_token\":\"a\\r\\nX: y\"" B "}", SEND, 0 },

    { "no type", "{" T "}", TYPE, 0 },
    { "a list of types", "{" T ",\"token_type\":[\"Bearer\"]}", TYPE, 0 },
    { "DPoP", "{" T ",\"token_type\":\"DPoP\"}", NOT_BEARER, 0 },
    { "of the same length", "{" T ",\"token_type\":\"bearex\"}", NOT_BEARER,
      0 },
    { "longer", "{" T ",\"token_type\":\"Bearers\"}", NOT_BEARER, 0 },

    { "no time left", "{" T B ",\"expires_in\":0}", LIFE, 0 },
    { "less than none", "{" T B ",\"expires_in\":-1}", LIFE, 0 },
    { "half a second", "{" T B ",\"expires_in\":0.5}", LIFE, 0 },
    { "beyond all numbers", "{" T B ",\"expires_in\":1e30}", LIFE, 0 },
    { "a string", "{" T B ",\"expires_in\":\"3600\"}", LIFE, 0 }
};


typedef struct {
    const char  *text;
    const char  *reason;
} refusal_case_t;


static const refusal_case_t  refusal_cases[] = {
    { "{\"error\":\"invalid_client\"}", "the client was refused" },
    { "{\"error\":\"invalid_scope\",\"error_description\":\"x\"}",
      "the scope was refused" },
    { "{\"error\":\"invalid_target\"}",
      "the resource or audience was refused" },
    { "{\"error\":\"invalid_clients\"}", "no token was given" },
    { "{\"error\":\"\"}", "no token was given" },
    { "{\"error\":1}", "no token was given" },
    { "{}", "no token was given" }
};


static void
test_read(void)
{
    size_t               i;
    const char          *reason;
    auth_token_grant_t   out;
    auth_token_json_t   *root;
    const read_case_t   *c;

    for (i = 0; i < sizeof(read_cases) / sizeof(read_cases[0]); i++) {
        c = &read_cases[i];

        root = auth_token_json_parse(guarded(c->text), 0, &reason);

        is_str(auth_token_grant_read(root, &out), c->reason, c->name);

        if (c->reason == NULL) {
            ok(auth_token_str_eq_lit(&out.token, "a.b-c")
               && out.seconds == c->seconds, "%s: token and life", c->name);
        }

        auth_token_json_free(root);
    }
}


static void
test_long(void)
{
    size_t               n;
    char                 text[AUTH_TOKEN_GRANT_MAX_TOKEN + 100];
    const char          *reason;
    auth_token_grant_t   out;
    auth_token_json_t   *root;

    for (n = AUTH_TOKEN_GRANT_MAX_TOKEN;
         n <= AUTH_TOKEN_GRANT_MAX_TOKEN + 1;
         n++)
    {
        strcpy(text, "{\"access_token\":\"");
        memset(text + strlen(text), 'a', n);
        strcpy(text + sizeof("{\"access_token\":\"") - 1 + n,
               "\"" B "}");

        root = auth_token_json_parse(str_of(text), 0, &reason);

        is_str(auth_token_grant_read(root, &out),
               n > AUTH_TOKEN_GRANT_MAX_TOKEN ? SEND : NULL, "a long one");

        auth_token_json_free(root);
    }
}


static void
test_refusal(void)
{
    size_t                 i;
    const char            *reason;
    auth_token_json_t     *root;
    const refusal_case_t  *c;

    for (i = 0; i < sizeof(refusal_cases) / sizeof(refusal_cases[0]); i++) {
        c = &refusal_cases[i];

        root = auth_token_json_parse(guarded(c->text), 0, &reason);

        is_str(auth_token_grant_refusal(root), c->reason, c->text);

        auth_token_json_free(root);
    }

    is_str(auth_token_grant_refusal(NULL), "no token was given", "no body");
}


int
main(void)
{
    test_read();
    test_long();
    test_refusal();

    return done();
}
