/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A value that ends the place it stands in: another path, a second parameter,
 * a line of its own, the end of a JSON string.
 */


#include "../../ngx_module/core/auth_token_escape.c"
#include "../../ngx_module/core/auth_token_template.c"

#include "protocol.h"


#define PATH    AUTH_TOKEN_PLACE_PATH
#define QUERY   AUTH_TOKEN_PLACE_QUERY
#define FORM    AUTH_TOKEN_PLACE_FORM
#define JSON    AUTH_TOKEN_PLACE_JSON
#define HEADER  AUTH_TOKEN_PLACE_HEADER


typedef struct {
    auth_token_place_e   place;
    const char          *text;
    const char          *token;
    const char          *want;         /* NULL: refused */
} expand_case_t;


static const expand_case_t  expand_cases[] = {
    { PATH, "", "t", "" },
    { PATH, "/verify", "t", "/verify" },
    { PATH, "/$token", "abc-._~09", "/abc-._~09" },
    { PATH, "/${token}x", "abc", "/abcx" },
    { PATH, "/$token.x/$token~x", "abc", "/abc.x/abc~x" },
    { PATH, "/$token/$token", "a", "/a/a" },
    { PATH, "/$id", "t", "/" ID },
    { PATH, "/$id?a=${token}&b=$token", "/?", "/" ID "?a=%2F%3F&b=%2F%3F" },
    { PATH, "?q=$token", "a b", "?q=a%20b" },
    { PATH, "?q=$token", "..", "?q=.." },
    { PATH, "/$token", "../verify", "/..%2Fverify" },
    { PATH, "/$token", "a/../../b", "/a%2F..%2F..%2Fb" },
    { PATH, "/$token", "a?b#c&d=e;f", "/a%3Fb%23c%26d%3De%3Bf" },
    { PATH, "/$token", "%2e%2e", "/%252e%252e" },
    { PATH, "/$token", "a+b=", "/a%2Bb%3D" },
    { PATH, "/$token", "a\r\nb \x7f\xff", "/a%0D%0Ab%20%7F%FF" },
    { PATH, "/$token", "...", "/..." },
    { PATH, "/a$token", "..", "/a.." },
    { PATH, "/$token", ".", NULL },
    { PATH, "/$token", "..", NULL },
    { PATH, "/x/$token/y", "..", NULL },
    { PATH, "/x/$token?y", "..", NULL },
    { PATH, "/.$token", ".", NULL },
    { PATH, "/$token$token", ".", NULL },
    { PATH, "/%2e$token", ".", NULL },
    { PATH, "/%2E$token/a", ".", NULL },
    { PATH, "/%2f$token", ".", "/%2f." },
    { PATH, "/$token", "", NULL },
    { PATH, "/$token", NULL, NULL },

    { QUERY, "a=$token", "b&c=d", "a=b%26c%3Dd" },

    { FORM, "$token", "abc", "abc" },
    { FORM, "$token", "a+b/c==", "a%2Bb%2Fc%3D%3D" },
    { FORM, "$token", "a b&token=c", "a+b%26token%3Dc" },
    { FORM, "read write&x", "t", "read+write%26x" },
    { FORM, "a $token", "b", "a+b" },
    { FORM, "$token", "", NULL },

    { JSON, "{\"t\":\"$token\"}", "abc", "{\"t\":\"abc\"}" },
    { JSON, "{\"t\":\"x${token}y\"}", "a", "{\"t\":\"xay\"}" },
    { JSON, "{\"t\":\"$token\"}", "a\",\"admin\":\"b",
      "{\"t\":\"a\\u0022,\\u0022admin\\u0022:\\u0022b\"}" },
    { JSON, "{\"t\":\"$token\"}", "a\\", "{\"t\":\"a\\u005C\"}" },
    { JSON, "{\"t\":\"$token\"}", "\x01\n\x1f",
      "{\"t\":\"\\u0001\\u000A\\u001F\"}" },
    { JSON, "{\"t\":\"$token\"}", "\xc3\xa4", "{\"t\":\"\xc3\xa4\"}" },
    { JSON, "{\"a\":\"\\\"$token\"}", "b", "{\"a\":\"\\\"b\"}" },
    { JSON, "{\"t\":$token}", "1", NULL },
    { JSON, "{\"a\":\"\\\\\",\"t\":$token}", "1", NULL },

    { HEADER, "Bearer $token", "abc", "Bearer abc" },
    { HEADER, "$token", "a b~", "a b~" },
    { HEADER, "$token", "a\r\nX-Admin: 1", NULL },
    { HEADER, "$token", "a\nb", NULL },
    { HEADER, "$token", "\t", NULL },
    { HEADER, "$token", "\x7f", NULL },
    { HEADER, "$token", "\x80", NULL },
    { HEADER, "$token", "", NULL },

    { PATH, "/$n", "t", NULL },
    { PATH, "/$none", "t", NULL },
    { PATH, "/$Token", "t", NULL },
    { PATH, "/$", "t", NULL },
    { PATH, "/$/a", "t", NULL },
    { PATH, "/${", "t", NULL },
    { PATH, "/${}", "t", NULL },
    { PATH, "/${token", "t", NULL },
    { PATH, "/${to-ken}", "t", NULL }
};


typedef struct {
    auth_token_place_e   place;
    const char          *text;
    const char          *error;
} check_case_t;


static const check_case_t  check_cases[] = {
    { PATH, "", NULL },
    { PATH, "/", NULL },
    { PATH, "/verify", NULL },
    { PATH, "/$token", NULL },
    { PATH, "/a/${id}/b?c=$d_1", NULL },
    { PATH, "?a=b//c", NULL },
    { PATH, "/a?b//c/../d", NULL },
    { PATH, "/%41%aF%Fa", NULL },
    { PATH, "/...", NULL },
    { PATH, "verify", "starts with neither \"/\" nor \"?\"" },
    { PATH, "$token", "starts with neither \"/\" nor \"?\"" },
    { PATH, "//a", "has an empty segment" },
    { PATH, "/a//b", "has an empty segment" },
    { PATH, "/a/..", "has a \".\" or \"..\" segment" },
    { PATH, "/./a", "has a \".\" or \"..\" segment" },
    { PATH, "/%2E%2e/a", "has a \".\" or \"..\" segment" },
    { PATH, "/..?a", "has a \".\" or \"..\" segment" },
    { PATH, "/a b", "has a character that cannot stand in a URL" },
    { PATH, "/a#b", "has a character that cannot stand in a URL" },
    { PATH, "/a%", "has a character that cannot stand in a URL" },
    { PATH, "/a%4", "has a character that cannot stand in a URL" },
    { PATH, "/a%4g", "has a character that cannot stand in a URL" },
    { PATH, "/a%4G", "has a character that cannot stand in a URL" },
    { PATH, "/a%4+", "has a character that cannot stand in a URL" },
    { PATH, "/a%4@", "has a character that cannot stand in a URL" },
    { PATH, "/a%g4", "has a character that cannot stand in a URL" },
    { PATH, "/a\n", "has a character that cannot stand in a URL" },
    { PATH, "/\xc3\xa4", "has a character that cannot stand in a URL" },
    { PATH, "/\x7f", "has a character that cannot stand in a URL" },
    { QUERY, "a=\"", "has a character that cannot stand in a URL" },
    { QUERY, "//", NULL },
    { PATH, "/$", "has a \"$\" that starts no variable" },
    { PATH, "/${a", "has a \"$\" that starts no variable" },
    { FORM, "a b\xff\n", NULL },
    { JSON, "{\"a\":\"$token\"}", NULL },
    { JSON, "{\"a\":$token}", "has a variable outside of a JSON string" },
    { JSON, "$token", "has a variable outside of a JSON string" },
    { JSON, "{\"\\\":\"$token}", "has a variable outside of a JSON string" },
    { HEADER, "Bearer $token", NULL },
    { HEADER, "a\tb", "has a character that cannot stand in a header field" },
    { HEADER, "a\r\nb", "has a character that cannot stand in a header field" },
    { HEADER, "\xff", "has a character that cannot stand in a header field" }
};


static void
test_expand(const auth_token_vars_t *base)
{
    int                   rc;
    size_t                i;
    auth_token_buf_t      out;
    auth_token_vars_t     vars;
    const expand_case_t  *c;

    for (i = 0; i < sizeof(expand_cases) / sizeof(expand_cases[0]); i++) {
        c = &expand_cases[i];
        vars = *base;
        vars.token = str_of(c->token);

        auth_token_buf_init(&out, 4096);
        auth_token_buf_adds(&out, "..");

        rc = auth_token_template_expand(guarded(c->text), c->place, &vars,
                                        &out);

        if (c->want == NULL) {
            ok(rc == -1, "template %zu: \"%s\" is refused", i,
               show(c->token));

        } else {
            ok(rc == 0 && out.len == strlen(c->want) + 2
               && memcmp(out.data + 2, c->want, out.len - 2) == 0,
               "template %zu: \"%s\"", i, show(c->want));
        }

        auth_token_buf_free(&out);
    }
}


static void
test_check(void)
{
    size_t               i;
    const check_case_t  *c;

    for (i = 0; i < sizeof(check_cases) / sizeof(check_cases[0]); i++) {
        c = &check_cases[i];

        is_str(auth_token_template_check(guarded(c->text), c->place),
               c->error, show(c->text));
    }

    ok(auth_token_template_check(
           (auth_token_str_t) { 3, guard_copy("a\0b", 3) }, FORM) != NULL,
       "a NUL in a form");
}


static void
test_variable(void)
{
    auth_token_str_t  rest, name;

    rest = guarded("/a$id/${sub_1}x?$token");

    ok(auth_token_template_variable(&rest, &name), "the first variable");
    is_mem(name.data, name.len, "id", 2, "its name");
    ok(auth_token_template_variable(&rest, &name), "the second");
    is_mem(name.data, name.len, "sub_1", 5, "its name");
    ok(auth_token_template_variable(&rest, &name), "the last");
    is_mem(name.data, name.len, "token", 5, "its name");
    is_int(auth_token_template_variable(&rest, &name), 0, "and no more");

    rest = guarded("plain");
    is_int(auth_token_template_variable(&rest, &name), 0, "none at all");

    rest = guarded("$id$-$sub");
    ok(auth_token_template_variable(&rest, &name), "before what is none");
    is_int(auth_token_template_variable(&rest, &name), 0, "no template");
}


/* the latest record that has the name decides, also if it is no string */

static void
test_value(const auth_token_record_t *first, const auth_token_record_t *last)
{
    auth_token_str_t            v;
    auth_token_vars_t           vars;
    const auth_token_record_t  *records[3];

    records[0] = first;
    records[1] = last;
    records[2] = NULL;

    vars.token = str_of("t");
    vars.records = records;
    vars.nrecords = 3;

    v = auth_token_template_value(str_of("id"), &vars);
    is_mem(v.data, v.len, OTHER, 32, "the latest id");

    vars.nrecords = 1;

    v = auth_token_template_value(str_of("id"), &vars);
    is_mem(v.data, v.len, ID, 32, "the only id");

    v = auth_token_template_value(str_of("n"), &vars);
    is_int(v.len, 0, "a number is no value");

    v = auth_token_template_value(str_of("l"), &vars);
    is_int(v.len, 0, "nor is a list");

    vars.nrecords = 0;

    v = auth_token_template_value(str_of("id"), &vars);
    is_int(v.len, 0, "no record, no id");

    v = auth_token_template_value(str_of("token"), &vars);
    is_mem(v.data, v.len, "t", 1, "the token");
}


static void
test_ceiling(void)
{
    size_t             max;
    auth_token_buf_t   out;
    auth_token_vars_t  vars;

    vars.token = str_of("a/b");
    vars.nrecords = 0;

    for (max = 0; max < 20; max++) {
        auth_token_buf_init(&out, max);

        if (auth_token_template_expand(guarded("/x/$token?$token"), PATH,
                                       &vars, &out)
            == 0)
        {
            auth_token_buf_free(&out);
            break;
        }

        auth_token_buf_free(&out);
    }

    is_int(max, 14, "every ceiling under the length is a failure");
}


int
main(void)
{
    auth_token_buf_t            first, last;
    auth_token_vars_t           vars;
    const auth_token_record_t  *records[1];

    id_record(&first, ID);
    id_record(&last, OTHER);

    records[0] = record_of(&first);

    vars.records = records;
    vars.nrecords = 1;

    test_expand(&vars);
    test_check();
    test_variable();
    test_value(record_of(&first), record_of(&last));
    test_ceiling();

    auth_token_buf_free(&first);
    auth_token_buf_free(&last);

    return done();
}
