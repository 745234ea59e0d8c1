/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A document of somebody else taken for the issuer's, and one looked for
 * where the issuer does not publish it.
 */


#include "../../ngx_module/core/auth_token_issuer.c"

#include "protocol.h"


#define ISSUER  "https://as.example.com/tenant"


typedef struct {
    const char  *issuer;
    unsigned     n;
    const char  *url;          /* NULL: there is no such place */
} place_case_t;


static const place_case_t  place_cases[] = {
    /* RFC 8414, 3.1 */
    { "https://example.com", 0,
      "https://example.com/.well-known/oauth-authorization-server" },
    { "https://example.com/issuer1", 0,
      "https://example.com/.well-known/oauth-authorization-server/issuer1" },
    { "https://example.com/a/b", 0,
      "https://example.com/.well-known/oauth-authorization-server/a/b" },
    { "https://example.com/a/", 0,
      "https://example.com/.well-known/oauth-authorization-server/a" },
    { "https://example.com/", 0,
      "https://example.com/.well-known/oauth-authorization-server" },
    { "https://[::1]:8443", 0,
      "https://[::1]:8443/.well-known/oauth-authorization-server" },

    /* OpenID Connect Discovery 1.0, 4.1 */
    { "https://example.com", 1,
      "https://example.com/.well-known/openid-configuration" },
    { "https://example.com/issuer1", 1,
      "https://example.com/issuer1/.well-known/openid-configuration" },
    { "https://example.com/issuer1/", 1,
      "https://example.com/issuer1/.well-known/openid-configuration" },

    /* RFC 8414, 5 */
    { "https://example.com/issuer1", 2,
      "https://example.com/.well-known/openid-configuration/issuer1" },
    { "https://example.com", 2, NULL },
    { "https://example.com/", 2, NULL },

    { "https://example.com/issuer1", 3, NULL },
    { "", 3, NULL }
};


typedef struct {
    const char  *name;
    const char  *text;
    const char  *reason;       /* NULL: it can be used */
} read_case_t;


#define I   "\"issuer\":\"" ISSUER "\""
#define E   ",\"introspection_endpoint\":\"https://as/i\""

static const read_case_t  read_cases[] = {
    { "all that is needed", "{" I E "}", NULL },
    { "nulls", "{" I E ",\"jwks_uri\":null,\"token_endpoint\":null}", NULL },
    { "more", "{" I E ",\"jwks_uri\":\"https://as/k\",\"x\":[{}]}", NULL },

    { "no issuer", "{\"a\":1" E "}", "the document is of another issuer" },
    { "null", "{\"issuer\":null" E "}", "the document is of another issuer" },
    { "a list", "{\"issuer\":[\"" ISSUER "\"]" E "}",
      "the document is of another issuer" },
    { "a slash more", "{\"issuer\":\"" ISSUER "/\"" E "}",
      "the document is of another issuer" },
    { "another case", "{\"issuer\":\"https://AS.example.com/tenant\"" E "}",
      "the document is of another issuer" },
    { "http", "{\"issuer\":\"http://as.example.com/tenant\"" E "}",
      "the document is of another issuer" },
    { "a longer one", "{\"issuer\":\"" ISSUER "2\"" E "}",
      "the document is of another issuer" },

    { "no endpoint", "{" I "}",
      "the document names no introspection endpoint" },
    { "an empty endpoint", "{" I ",\"introspection_endpoint\":\"\"}",
      "the document names no introspection endpoint" },
    { "the endpoint is a list", "{" I ",\"introspection_endpoint\":[\"x\"]}",
      "a URL in the document is no string" },
    { "jwks_uri is a number", "{" I E ",\"jwks_uri\":1}",
      "a URL in the document is no string" },
    { "token_endpoint is true", "{" I E ",\"token_endpoint\":true}",
      "a URL in the document is no string" }
};


static void
test_places(void)
{
    int                  rc;
    size_t               i;
    auth_token_buf_t     url;
    const place_case_t  *c;

    for (i = 0; i < sizeof(place_cases) / sizeof(place_cases[0]); i++) {
        c = &place_cases[i];

        auth_token_buf_init(&url, 4096);

        rc = auth_token_issuer_place(guarded(c->issuer), c->n, &url);

        if (c->url == NULL) {
            ok(rc == -1 && url.len == 0, "place %u of \"%s\": none", c->n,
               c->issuer);

        } else {
            ok(rc == 0 && url.len == strlen(c->url)
               && memcmp(url.data, c->url, url.len) == 0,
               "place %u of \"%s\"", c->n, c->issuer);
        }

        auth_token_buf_free(&url);
    }

    auth_token_buf_init(&url, 40);
    is_int(auth_token_issuer_place(str_of(ISSUER), 0, &url), -1,
           "a URL that is too long");
    auth_token_buf_free(&url);
}


static void
test_read(void)
{
    size_t                i;
    const char           *reason;
    auth_token_json_t    *root;
    const read_case_t    *c;
    auth_token_issuer_t   out;

    for (i = 0; i < sizeof(read_cases) / sizeof(read_cases[0]); i++) {
        c = &read_cases[i];

        root = auth_token_json_parse(guarded(c->text), 0, &reason);

        is_str(auth_token_issuer_read(root, str_of(ISSUER), &out), c->reason,
               c->name);

        auth_token_json_free(root);
    }

    root = auth_token_json_parse(
        str_of("{" I E ",\"jwks_uri\":\"k\",\"token_endpoint\":\"t\"}"), 0,
        &reason);

    ok(auth_token_issuer_read(root, str_of(ISSUER), &out) == NULL
       && auth_token_str_eq_lit(&out.introspection, "https://as/i")
       && auth_token_str_eq_lit(&out.keys, "k")
       && auth_token_str_eq_lit(&out.token, "t"), "each URL in its place");

    auth_token_json_free(root);
}


int
main(void)
{
    test_places();
    test_read();

    return done();
}
