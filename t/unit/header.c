/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A body that is not JSON read as JSON because of what a header seems to say,
 * and waiting times that are none.
 */


#include "../../ngx_module/core/auth_token_header.c"

#include "protocol.h"


typedef struct {
    const char  *name;
    const char  *lines;
    int          rc;
    int          json;
    int          encoded;
} head_case_t;


#define J  "Content-Type: application/json\r\n"

static const head_case_t  head_cases[] = {
    { "nothing", "", 0, 0, 0 },
    { "JSON", J, 0, 1, 0 },
    { "status line first", "HTTP/1.1 200 OK\r\n" J "\r\n", 0, 1, 0 },
    { "HTTP/2 status line", "HTTP/2 200 \r\n" J "\r\n", 0, 1, 0 },
    { "bare line feeds", "Content-Type: application/json\n\n", 0, 1, 0 },
    { "no line end", "content-type:application/json", 0, 1, 0 },
    { "case and blanks", "CONTENT-TYPE:\t Application/JSON \t\r\n", 0, 1, 0 },
    { "a parameter", "Content-Type: application/json; charset=utf-8\r\n",
      0, 1, 0 },
    { "a parameter, no blank", "Content-Type: application/json;a=b\r\n",
      0, 1, 0 },
    { "+json", "Content-Type: application/problem+json\r\n", 0, 1, 0 },
    { "+json and a parameter", "Content-Type: application/x.y+json ; a=b\r\n",
      0, 1, 0 },
    { "twice the same", J J, 0, 1, 0 },
    { "other fields", "Server: x\r\n" J "Set-Cookie: a=b; c\r\nX:\r\n",
      0, 1, 0 },
    { "an empty value", "X-Empty:\r\n" J, 0, 1, 0 },
    { "a colon in a value", "X-Time: 10:20:30\r\n" J, 0, 1, 0 },
    { "UTF-8 in a value", "X-Name: \xc3\xa4\r\n" J, 0, 1, 0 },
    { "identity", J "Content-Encoding: Identity\r\n", 0, 1, 0 },

    { "HTML", "Content-Type: text/html\r\n", 0, 0, 0 },
    { "text/json", "Content-Type: text/json\r\n", 0, 0, 0 },
    { "text/plain+json", "Content-Type: text/x+json\r\n", 0, 0, 0 },
    { "a JWT", "Content-Type: application/token-introspection+jwt\r\n",
      0, 0, 0 },
    { "+json without a name", "Content-Type: application/+json\r\n", 0, 0, 0 },
    { "a longer name", "Content-Type: application/jsonp\r\n", 0, 0, 0 },
    { "a shorter name", "Content-Type: application/jso\r\n", 0, 0, 0 },
    { "a name of that length", "Content-Type: application/xson\r\n", 0, 0, 0 },
    { "a suffix of that length", "Content-Type: application/x-json\r\n",
      0, 0, 0 },
    { "a sequence", "Content-Type: application/json-seq\r\n", 0, 0, 0 },
    { "+json in a parameter", "Content-Type: text/html; a=x+json\r\n",
      0, 0, 0 },
    { "a list", "Content-Type: text/html, application/json\r\n", 0, 0, 0 },
    { "a list ending in +json", "Content-Type: application/a, b/x+json\r\n",
      0, 0, 0 },
    { "a blank inside", "Content-Type: application/a b+json\r\n", 0, 0, 0 },
    { "a parameter alone", "Content-Type: ;application/json\r\n", 0, 0, 0 },
    { "other fields of these lengths", "Content-Typo: application/json\r\n"
      "Content-Encodinx: gzip\r\nRetry-After_: 1\r\nRetry-Aftex: 1\r\n"
      "RateLimix: \"a\";r=9\r\nRateLimit-Policx: \"a\";q=1\r\n", 0, 0, 0 },
    { "only another field", "X-Content-Type: application/json\r\n", 0, 0, 0 },

    { "gzip", J "Content-Encoding: gzip\r\n", 0, 1, 1 },
    { "an encoding of that length", J "Content-Encoding: identitx\r\n",
      0, 1, 1 },
    { "br and identity", J "Content-Encoding: br\r\n"
      "Content-Encoding: identity\r\n", 0, 1, 1 },
    { "a list of encodings", J "Content-Encoding: identity, gzip\r\n",
      0, 1, 1 },
    { "no encoding at all", J "Content-Encoding:\r\n", 0, 1, 1 },

    { "twice, differing", J "Content-Type: text/html\r\n", -1, 0, 0 },
    { "differing in a parameter", J
      "Content-Type: application/json; a=b\r\n", -1, 0, 0 },
    { "no type at all", "Content-Type:\r\n" J, -1, 0, 0 },
    { "no colon", "Content-Type application/json\r\n", -1, 0, 0 },
    { "no name", ": x\r\n" J, -1, 0, 0 },
    { "a blank before the colon", "Content-Type : application/json\r\n",
      -1, 0, 0 },
    { "a continuation", "X: y\r\n Content-Type: application/json\r\n",
      -1, 0, 0 },
    { "a continuation by a tab", J "\t; charset=x\r\n", -1, 0, 0 },
    { "a carriage return inside", "X: a\rb\r\n" J, -1, 0, 0 },
    { "a control character", "X: \x01\r\n" J, -1, 0, 0 },
    { "a DEL", "X: \x7f\r\n" J, -1, 0, 0 },
    { "a quote in a name", "\"X\": y\r\n" J, -1, 0, 0 },
    { "a high byte in a name", "\xc3\xa4: y\r\n" J, -1, 0, 0 },
    { "a body", "{\"active\":true}", -1, 0, 0 },
    { "a short status line", "HTTP/\r\n" J, -1, 0, 0 }
};


typedef struct {
    const char  *value;
    int64_t      want;
} number_case_t;


/* NOW is Tue, 14 Nov 2023 22:13:20 GMT */

static const number_case_t  retry_cases[] = {
    { "0", 0 },
    { "120", 120 },
    { "007", 7 },
    { "2147483647", 2147483647 },
    { "2147483648", 2147483647 },
    { "99999999999999999999999999", 2147483647 },
    { "Tue, 14 Nov 2023 22:13:21 GMT", 1 },
    { "Tue, 14 Nov 2023 22:13:20 GMT", 0 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
    { "Thu, 14 Dec 2023 22:13:20 GMT", 30 * 86400 },
    { "Thu, 31 Oct 2024 22:13:20 GMT", 352 * 86400 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", 2147483647 },
    { "", -1 },
    { "-1", -1 },
    { "+1", -1 },
    { "1.5", -1 },
    { "1 2", -1 },
    { "0x10", -1 },
    { "soon", -1 },
    { "Tue, 14 Nov 2023 22:13:21 UTC", -1 },
    { "Tue, 14 Nov 2023 22:13:21", -1 },
    { "Tue; 14 Nov 2023 22:13:21 GMT", -1 },
    { "Tue, 14-Nov 2023 22:13:21 GMT", -1 },
    { "Tue, 14 Nov-2023 22:13:21 GMT", -1 },
    { "Tue, 14 Nox 2023 22:13:21 GMT", -1 },
    { "Tue, 14 nov 2023 22:13:21 GMT", -1 },
    { "Tue, 14 anF 2023 22:13:21 GMT", -1 },
    { "Tue, 31 Nov 2023 22:13:21 GMT", -1 },
    { "Tue, 14 Nov 2023 24:13:21 GMT", -1 },
    { "Tue, 14 Nov 2023 22-13-21 GMT", -1 },
    { "Tuesday, 14-Nov-23 22:13:21 GMT", -1 },
    { "Tue Nov 14 22:13:21 2023", -1 }
};


typedef struct {
    const char  *value;
    int64_t      remaining;
    int64_t      reset;
} rate_case_t;


static const rate_case_t  rate_cases[] = {
    { "\"default\";r=50;t=30", 50, 30 },
    { "\"default\" ; r=50 ;\tt=30", 50, 30 },
    { "\"default\";t=30;r=50", 50, 30 },
    { "\"default\";r=0;t=300", 0, 300 },
    { "\"default\";r=50", 50, -1 },
    { "\"a\";r=50;t=30, \"b\";r=7;t=5", 7, 5 },
    { "\"a\";r=7;t=5,\"b\";r=50;t=30", 7, 5 },
    { "\"a\";r=7;t=5,\"b\";t=30", 7, 5 },
    { "\"a;r=1,;r=2\";r=9;t=8", 9, 8 },
    { "\"a\\\";r=1\";r=9;t=8", 9, 8 },
    { "\"a\";r=99999999999999999999;t=1", 2147483647, 1 },
    { "\"default\";t=30", -1, -1 },
    { "\"default\";r=x;t=30", -1, -1 },
    { "\"default\";r=;t=30", -1, -1 },
    { "\"default\";r=-5;t=30", -1, -1 },
    { "\"default\";x=5;rr=7", -1, -1 },
    { "\"default", -1, -1 },
    { "\"default\\", -1, -1 },
    { "", -1, -1 },
    { ";;,,;", -1, -1 },
    { "limit=100, remaining=5", -1, -1 }
};


static void
test_head(void)
{
    int                   rc;
    size_t                i;
    const head_case_t    *c;
    auth_token_header_t   head;

    for (i = 0; i < sizeof(head_cases) / sizeof(head_cases[0]); i++) {
        c = &head_cases[i];

        rc = auth_token_header_read(guarded(c->lines), NOW, &head);

        ok(rc == c->rc && head.json == c->json && head.encoded == c->encoded,
           "%s: %s", c->name, c->rc == -1 ? "malformed"
                              : c->json && !c->encoded ? "JSON" : "not JSON");
    }

    ok(auth_token_header_read(
           (auth_token_str_t) { 6, guard_copy("X: \0\r\n", 6) }, NOW, &head)
       == -1, "a NUL");
}


/* what is signed is called so, and nothing else is */

static void
test_jwt(void)
{
    size_t               i;
    char                 lines[200];
    auth_token_header_t  head;

#define TYPE  "application/token-introspection+jwt"

    static const struct {
        const char  *type;
        unsigned     jwt;
    } cases[] = {
        { TYPE, 1 },
        { "Application/Token-Introspection+JWT", 1 },
        { TYPE " ; charset=utf-8", 1 },
        { "application/token-introspection+jws", 0 },
        { TYPE "x", 0 },
        { "application/json", 0 },
        { "application/jwt", 0 },
        { "text/html; a=" TYPE, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sprintf(lines, "Content-Type: %s\r\n", cases[i].type);

        auth_token_header_read(guarded(lines), NOW, &head);

        is_int(head.jwt, cases[i].jwt, cases[i].type);
    }
}


static void
test_numbers(void)
{
    char                 lines[200];
    size_t               i;
    const rate_case_t   *r;
    auth_token_header_t  head;

    for (i = 0; i < sizeof(retry_cases) / sizeof(retry_cases[0]); i++) {
        sprintf(lines, "retry-after: %s\r\n" J, retry_cases[i].value);

        auth_token_header_read(guarded(lines), NOW, &head);

        is_int(head.retry_after, retry_cases[i].want, retry_cases[i].value);
    }

    auth_token_header_read(guarded("Retry-After: 9\nRetry-After: 2\n"), NOW,
                           &head);
    is_int(head.retry_after, 9, "the longer of two waits");

    for (i = 0; i < sizeof(rate_cases) / sizeof(rate_cases[0]); i++) {
        r = &rate_cases[i];

        sprintf(lines, "Ratelimit-Policy: \"x\";q=1;w=2\r\nRatelimit: %s\r\n",
                r->value);

        auth_token_header_read(guarded(lines), NOW, &head);

        ok(head.remaining == r->remaining && head.reset == r->reset,
           "rate limit: %s", r->value);
    }

    auth_token_header_read(guarded("RateLimit: \"a\";r=9;t=1\r\n"
                                   "ratelimit: \"b\";r=3\n"
                                   "RATELIMIT-POLICY: \"a\";q=10;w=1\n"
                                   "RateLimit-Policy: \"b\";q=10;w=60\n"
                                   "RateLimit: \"c\";r=4;t=99\n"), NOW,
                           &head);
    ok(head.remaining == 3 && head.reset == 60, "of all lines together");

    auth_token_header_read(guarded(J), NOW, &head);
    ok(head.retry_after == -1 && head.remaining == -1 && head.reset == -1,
       "none of them");
}


int
main(void)
{
    test_head();
    test_jwt();
    test_numbers();

    return done();
}
