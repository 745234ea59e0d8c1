/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A request to the authority that is not the one the protocol means: another
 * resource, another parameter, the client's token where it must not be, or
 * half a request when something is missing.
 */


#include "../../ngx_module/core/auth_token_request.c"

#include "protocol.h"


#define ENDPOINT  "https://api.example.com/client/v4/user/tokens"


typedef struct {
    const char  *preset;
    size_t       step;
    const char  *endpoint;
    const char  *token;
    const char  *method;
    const char  *url;                  /* NULL: refused */
    const char  *headers;              /* "|" for NUL */
    const char  *body;                 /* NULL: none */
} build_case_t;


static const build_case_t  build_cases[] = {
    { "cloudflare", 0, ENDPOINT, TOKEN, "GET", ENDPOINT "/verify",
      "Accept: application/json|Authorization: Bearer " TOKEN "|", NULL },
    { "cloudflare", 0, ENDPOINT "/", TOKEN, "GET", ENDPOINT "/verify",
      "Accept: application/json|Authorization: Bearer " TOKEN "|", NULL },
    { "cloudflare", 1, ENDPOINT, TOKEN, "GET", ENDPOINT "/" ID,
      "Accept: application/json|", NULL },
    { "cloudflare_id", 0, ENDPOINT, OTHER, "GET", ENDPOINT "/" OTHER,
      "Accept: application/json|", NULL },
    { "introspection", 0, "https://as.example/introspect", "a+b/c==", "POST",
      "https://as.example/introspect",
      "Accept: application/json|"
      "Content-Type: application/x-www-form-urlencoded|",
      "token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token" },
    { "introspection", 0, "https://as.example/i?tenant=a", "t", "POST",
      "https://as.example/i?tenant=a",
      "Accept: application/json|"
      "Content-Type: application/x-www-form-urlencoded|",
      "token=t&token_type_hint=access_token" },

    { "cloudflare_id", 0, ENDPOINT, "..", NULL, NULL, NULL, NULL },
    { "cloudflare_id", 0, ENDPOINT, "", NULL, NULL, NULL, NULL },
    { "cloudflare_id", 0, ENDPOINT "?a", OTHER, NULL, NULL, NULL, NULL },
    { "cloudflare_id", 0, "", OTHER, NULL, NULL, NULL, NULL },
    { "cloudflare", 0, ENDPOINT, "", NULL, NULL, NULL, NULL },
    { "cloudflare", 0, ENDPOINT, "a\r\nX: y", NULL, NULL, NULL, NULL },
    { "introspection", 0, "https://as.example/", "", NULL, NULL, NULL, NULL }
};


static const auth_token_pair_t  custom_headers[] = {
    { auth_token_str("ACCEPT"), auth_token_str("application/vnd.x+json") },
    { auth_token_str("X-Token"), auth_token_str("$token") },
    { auth_token_str("X-Id"), auth_token_str("${id}") }
};

static const auth_token_step_t  custom_step = {
    .credential = AUTH_TOKEN_CREDENTIAL_PROVIDER,
    .method = auth_token_str("POST"),
    .path = auth_token_str("/lookup"),
    .nheaders = 3,
    .headers = custom_headers,
    .body = AUTH_TOKEN_BODY_JSON,
    .json = auth_token_str("{\"token\":\"$token\"}")
};


/* compares headers, in which "|" stands for the NUL after each line */

static int
headers_are(const auth_token_buf_t *headers, const char *want)
{
    size_t         i;
    unsigned char  c;

    if (headers->len != strlen(want)) {
        return 0;
    }

    for (i = 0; i < headers->len; i++) {
        c = headers->data[i];

        if ((c == '\0' ? '|' : c) != (unsigned char) want[i]) {
            return 0;
        }
    }

    return 1;
}


static void
test_build(auth_token_vars_t *vars)
{
    int                    rc;
    size_t                 i;
    const build_case_t    *c;
    auth_token_request_t   r;

    for (i = 0; i < sizeof(build_cases) / sizeof(build_cases[0]); i++) {
        c = &build_cases[i];
        vars->token = str_of(c->token);

        rc = auth_token_request_build(step_of(c->preset, c->step),
                                      str_of(c->endpoint), vars, &r);

        if (c->url == NULL) {
            ok(rc == -1, "%s: \"%s\" is refused", c->preset,
               show(c->token));

        } else {
            is_int(rc, 0, c->preset);
            is_mem(r.method.data, r.method.len, c->method, strlen(c->method),
                   "its method");
            is_mem(r.url.data, r.url.len + 1, c->url, strlen(c->url) + 1,
                   "its URL, with a NUL");
            ok(headers_are(&r.headers, c->headers), "its header");
            ok(r.has_body == (c->body != NULL), "with or without a body");
            is_mem(r.body.data, r.body.len, c->body ? c->body : "",
                   c->body ? strlen(c->body) : 0, "its body");
        }

        auth_token_request_free(&r);
    }
}


static void
test_custom(auth_token_vars_t *vars)
{
    auth_token_request_t  r;

    vars->token = str_of("a\"b");

    is_int(auth_token_request_build(&custom_step, str_of("http://[::1]/"),
                                    vars, &r), 0, "a step of one's own");
    is_mem(r.url.data, r.url.len, "http://[::1]/lookup", 19, "its URL");
    ok(headers_are(&r.headers, "Content-Type: application/json|"
                   "ACCEPT: application/vnd.x+json|X-Token: a\"b|X-Id: " ID
                   "|"), "its header; a field of its own replaces ours");
    is_mem(r.body.data, r.body.len, "{\"token\":\"a\\u0022b\"}", 20,
           "its body");

    auth_token_request_free(&r);

    vars->nrecords = 0;

    is_int(auth_token_request_build(&custom_step, str_of("http://[::1]/"),
                                    vars, &r), -1, "no record, no request");
    auth_token_request_free(&r);

    vars->nrecords = 1;
}


/* a field that differs in one letter from ours does not replace it */

static void
test_alike(auth_token_vars_t *vars)
{
    auth_token_step_t     step;
    auth_token_request_t  r;

    static const auth_token_signed_t  jwt = { .leeway = 0 };
    static const auth_token_pair_t    alike[] = {
        { auth_token_str("Accepx"), auth_token_str("text/html") }
    };

    step = custom_step;
    step.jwt = &jwt;
    step.path = str_of("lookup");
    step.body = AUTH_TOKEN_BODY_NONE;
    step.nheaders = 1;
    step.headers = alike;

    is_int(auth_token_request_build(&step, str_of("http://[::1]/"), vars, &r),
           0, "a step that wants a JWT");
    is_mem(r.url.data, r.url.len, "http://[::1]/lookup", 19, "its URL");
    ok(headers_are(&r.headers, "Accept: application/token-introspection+jwt|"
                   "Accepx: text/html|"), "what it accepts");
    auth_token_request_free(&r);
}


/* half of a request is none, wherever the room ends */

static void
test_room(const auth_token_vars_t *vars)
{
    size_t             max;
    auth_token_buf_t   b;
    auth_token_step_t  step;

    static const auth_token_pair_t  form[] = {
        { auth_token_str("a b"), auth_token_str("$token") },
        { auth_token_str("c"), auth_token_str("d") }
    };

    step = custom_step;
    step.body = AUTH_TOKEN_BODY_FORM;
    step.nform = 2;
    step.form = form;

#define every(call, want)                                                     \
    for (max = 0; ; max++) {                                                  \
        auth_token_buf_init(&b, max);                                         \
                                                                              \
        if (call == 0) {                                                      \
            break;                                                            \
        }                                                                     \
                                                                              \
        auth_token_buf_free(&b);                                              \
    }                                                                         \
                                                                              \
    ok(max == strlen(want) && b.len <= max, "every ceiling under " want);     \
    auth_token_buf_free(&b);

    every(auth_token_request_url(&step, str_of("http://a"), vars, &b),
          "http://a/lookup|")
    every(auth_token_request_body(&step, vars, &b), "a+b=t&c=d")
    every(auth_token_request_field(&b, str_of("X"), str_of("$token"), vars),
          "X: t|")
    every(auth_token_request_headers(&step, vars, &b),
          "Content-Type: application/x-www-form-urlencoded|"
          "ACCEPT: application/vnd.x+json|X-Token: t|X-Id: " ID "|")
}


static void
test_ceilings(auth_token_vars_t *vars)
{
    static unsigned char  huge[AUTH_TOKEN_REQUEST_MAX_BODY];

    auth_token_request_t  r;

    memset(huge, 'a', sizeof(huge));

    vars->token.data = huge;
    vars->token.len = 4096;

    memset(huge, '/', 4096);

    is_int(auth_token_request_build(step_of("introspection", 0),
                                    str_of(ENDPOINT), vars, &r), 0,
           "the longest token, escaped");
    is_int(r.body.len, 3 * 4096 + strlen("token=&token_type_hint=access_token"),
           "all of it");
    auth_token_request_free(&r);

    vars->token.len = sizeof(huge);

    is_int(auth_token_request_build(step_of("introspection", 0),
                                    str_of(ENDPOINT), vars, &r), -1,
           "a body beyond its ceiling");
    auth_token_request_free(&r);

    is_int(auth_token_request_build(step_of("cloudflare", 0),
                                    str_of(ENDPOINT), vars, &r), -1,
           "a header beyond its ceiling");
    auth_token_request_free(&r);

    is_int(auth_token_request_build(step_of("cloudflare_id", 0),
                                    str_of(ENDPOINT), vars, &r), -1,
           "a URL beyond its ceiling");
    auth_token_request_free(&r);
}


int
main(void)
{
    auth_token_buf_t            record;
    auth_token_vars_t           vars;
    const auth_token_record_t  *records[1];

    id_record(&record, ID);

    records[0] = record_of(&record);

    vars.records = records;
    vars.nrecords = 1;

    test_build(&vars);
    test_custom(&vars);
    test_alike(&vars);

    vars.token = str_of("t");
    test_room(&vars);
    test_ceilings(&vars);

    auth_token_buf_free(&record);

    return done();
}
