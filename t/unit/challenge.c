/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The wrong status for a verdict, a challenge where none may be, and text of
 * a client (a realm may hold variables) that ends the quoted string or the
 * header.
 */


#include "../../ngx_module/core/auth_token_challenge.c"

#include "tap.h"


typedef struct {
    auth_token_verdict_e   verdict;
    int                    status;
    const char            *error;
    int                    challenge;
    int                    retry;
} challenge_case_t;


static const challenge_case_t  cases[] = {
    { AUTH_TOKEN_UNAVAILABLE, 503, NULL, 0, 1 },
    { AUTH_TOKEN_MISSING, 401, NULL, 1, 0 },
    { AUTH_TOKEN_MALFORMED, 400, "invalid_request", 1, 0 },
    { AUTH_TOKEN_UNKNOWN, 401, "invalid_token", 1, 0 },
    { AUTH_TOKEN_INACTIVE, 401, "invalid_token", 1, 0 },
    { AUTH_TOKEN_EXPIRED, 401, "invalid_token", 1, 0 },
    { AUTH_TOKEN_NOT_YET_VALID, 401, "invalid_token", 1, 0 },
    { AUTH_TOKEN_ADDRESS_DENIED, 403, NULL, 0, 0 },
    { AUTH_TOKEN_INSUFFICIENT, 403, "insufficient_scope", 1, 0 },
    { AUTH_TOKEN_FOREIGN, 401, "invalid_token", 1, 0 },
    { AUTH_TOKEN_ALLOWED, 0, NULL, 0, 0 },
    { AUTH_TOKEN_NVERDICTS, 503, NULL, 0, 1 },
    { (auth_token_verdict_e) -1, 503, NULL, 0, 1 }
};


static auth_token_str_t
challenge_str(const char *text)
{
    auth_token_str_t  s;

    s.len = strlen(text);
    s.data = (unsigned char *) text;

    return s;
}


static void
is_challenge(const auth_token_challenge_t *c, const char *want,
    const char *name)
{
    auth_token_buf_t  b;

    auth_token_buf_init(&b, 4096);

    is_int(auth_token_challenge_format(&b, c), 0, name);
    is_mem(b.data, b.len, want, strlen(want), name);

    auth_token_buf_free(&b);
}


static void
test_table(void)
{
    size_t                   i;
    const char              *name;
    const challenge_case_t  *c;

    is_int(sizeof(cases) / sizeof(cases[0]), AUTH_TOKEN_NVERDICTS + 2,
           "every verdict is looked at");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = &cases[i];
        name = auth_token_verdict_name(c->verdict);

        is_int(auth_token_verdict_status(c->verdict), c->status, name);
        is_str(auth_token_verdict_error(c->verdict), c->error, name);
        is_int(auth_token_verdict_challenges(c->verdict), c->challenge, name);
        is_int(auth_token_verdict_retries(c->verdict), c->retry, name);
    }
}


static void
test_parameters(void)
{
    auth_token_challenge_t  c;

    memset(&c, 0, sizeof(c));

    is_challenge(&c, "Bearer realm=\"\"", "an empty realm");

    c.realm = challenge_str("api");

    is_challenge(&c, "Bearer realm=\"api\"", "no error");

    c.error = "invalid_token";

    is_challenge(&c, "Bearer realm=\"api\", error=\"invalid_token\"",
                 "an error");

    c.error = "insufficient_scope";
    c.scope = challenge_str("read write");

    is_challenge(&c, "Bearer realm=\"api\", error=\"insufficient_scope\", "
                     "scope=\"read write\"", "a scope");

    c.error = NULL;
    c.resource_metadata = challenge_str("https://a.example/.well-known/x");
    c.acr_values = challenge_str("gold silver");
    c.has_max_age = 1;

    is_challenge(&c, "Bearer realm=\"api\", scope=\"read write\", "
                     "resource_metadata=\"https://a.example/.well-known/x\", "
                     "acr_values=\"gold silver\", max_age=\"0\"",
                 "all parameters, and an age of 0");

    memset(&c, 0, sizeof(c));
    c.has_max_age = 1;
    c.max_age = INT64_MAX;

    is_challenge(&c, "Bearer realm=\"\", max_age=\"9223372036854775807\"",
                 "the greatest age");

    c.has_max_age = 0;

    is_challenge(&c, "Bearer realm=\"\"", "an age nobody set");
}


static void
test_quoting(void)
{
    auth_token_challenge_t  c;

    memset(&c, 0, sizeof(c));

    c.realm = challenge_str("a\"b\\c");
    is_challenge(&c, "Bearer realm=\"a\\\"b\\\\c\"", "quote and backslash");

    c.realm = challenge_str("\\");
    is_challenge(&c, "Bearer realm=\"\\\\\"", "a backslash before the end");

    c.realm = challenge_str("x\r\nSet-Cookie: a=b");
    is_challenge(&c, "Bearer realm=\"x??Set-Cookie: a=b\"", "a header");

    c.realm = challenge_str("\xc3\xa9\x7f\t~ ");
    is_challenge(&c, "Bearer realm=\"????~ \"", "not printable, not ASCII");
}


/*
 * Every byte in every parameter: the value stays printable, and a reader of
 * quoted strings finds exactly the four that were written.
 */

static void
test_hostile(void)
{
    size_t                  i, strings;
    int                     bad, inside;
    unsigned char           all[256 * 2];
    auth_token_buf_t        b;
    auth_token_challenge_t  c;

    for (i = 0; i < 256; i++) {
        all[2 * i] = (unsigned char) i;
        all[2 * i + 1] = (unsigned char) (255 - i);
    }

    memset(&c, 0, sizeof(c));
    c.realm.len = sizeof(all);
    c.realm.data = all;
    c.scope = c.realm;
    c.resource_metadata = c.realm;
    c.acr_values = c.realm;

    auth_token_buf_init(&b, 8192);
    is_int(auth_token_challenge_format(&b, &c), 0, "all bytes");

    bad = 0;
    inside = 0;
    strings = 0;

    for (i = 0; i < b.len; i++) {
        bad += b.data[i] < 0x20 || b.data[i] > 0x7e;

        if (inside && b.data[i] == '\\') {
            i++;

        } else if (b.data[i] == '"') {
            strings += inside;
            inside = !inside;
        }
    }

    is_int(bad, 0, "are printable");
    is_int(inside, 0, "end with a quote");
    is_int(strings, 4, "in four strings");

    auth_token_buf_free(&b);
}


static void
test_failure(void)
{
    size_t                  max, whole;
    int                     bad;
    auth_token_buf_t        b;
    auth_token_challenge_t  c;

    memset(&c, 0, sizeof(c));
    c.realm = challenge_str("api");
    c.error = "invalid_token";
    c.scope = challenge_str("a");
    c.has_max_age = 1;

    auth_token_buf_init(&b, 4096);
    auth_token_challenge_format(&b, &c);
    whole = b.len;
    auth_token_buf_free(&b);

    bad = 0;

    for (max = 0; max < whole; max++) {
        auth_token_buf_init(&b, max);
        bad += auth_token_challenge_format(&b, &c) != -1;
        auth_token_buf_free(&b);
    }

    is_int(bad, 0, "a buffer that is too small is a failure");

    auth_token_buf_init(&b, whole);
    is_int(auth_token_challenge_format(&b, &c), 0, "one that is not, is not");
    auth_token_buf_free(&b);

    c.max_age = -1;
    auth_token_buf_init(&b, 4096);
    is_int(auth_token_challenge_format(&b, &c), -1, "a negative age");
    auth_token_buf_free(&b);
}


int
main(void)
{
    test_table();
    test_parameters();
    test_quoting();
    test_hostile();
    test_failure();

    return done();
}
