/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A text that two readers understand differently, or that costs more memory or
 * stack than it is worth.
 */


#include "../../ngx_module/core/auth_token_json.c"
#include "../../ngx_module/core/auth_token_json_member.c"
#include "../../ngx_module/core/auth_token_json_scan.c"

#include "parse.h"


/* as long as TOKEN, and the same but for its end */
#define TOKEN_BUT_ONE  "8M7wS6hCpXVc-DoRnPPY_UCWPgy8aea4Wy6kCe5S"


typedef struct {
    const char  *name;
    const char  *text;
    int          ok;
} parse_case_t;


static const parse_case_t  parse_cases[] = {
    { "an empty object", "{}", 1 },
    { "blanks around", " \r\n\t{} \n", 1 },
    { "brackets in a string", "{\"a\":\"]]}}{{[[\"}", 1 },
    { "an escaped quote in a string", "{\"a\":\"\\\"}]\"}", 1 },
    { "an escaped backslash ends a string", "{\"a\":\"\\\\\"}", 1 },
    { "the same name in two objects", "{\"a\":{\"b\":1},\"c\":{\"b\":2}}", 1 },
    { "the largest integer", "{\"a\":9223372036854775807}", 1 },
    { "the smallest integer", "{\"a\":-9223372036854775808}", 1 },
    { "UTF-8", "{\"a\":\"\xc3\xa4\xf0\x9f\x98\x80\"}", 1 },
    { "escaped UTF-16", "{\"a\":\"\\ud83d\\ude00\"}", 1 },

    { "nothing", "", 0 },
    { "a blank", " ", 0 },
    { "HTML", "<!DOCTYPE html><html></html>", 0 },
    { "a list", "[]", 0 },
    { "a list of objects", "[{\"active\":true}]", 0 },
    { "a string", "\"active\"", 0 },
    { "a number", "1", 0 },
    { "true", "true", 0 },
    { "null", "null", 0 },
    { "a byte order mark", "\xef\xbb\xbf{}", 0 },
    { "a name twice", "{\"status\":\"disabled\",\"status\":\"active\"}", 0 },
    { "a name twice, deeper", "{\"a\":{\"b\":1,\"b\":1}}", 0 },
    { "a name twice, escaped", "{\"a\":1,\"\\u0061\":2}", 0 },
    { "two texts", "{}{}", 0 },
    { "a tail", "{} x", 0 },
    { "cut short", "{\"a\":1", 0 },
    { "cut short in a string", "{\"a", 0 },
    { "cut short after a backslash", "{\"a\\", 0 },
    { "closed too often", "{}}", 0 },
    { "closed first", "}{", 0 },
    { "closed wrongly", "{]", 0 },
    { "a trailing comma", "{\"a\":1,}", 0 },
    { "single quotes", "{'a':1}", 0 },
    { "a comment", "{/**/}", 0 },
    { "an escaped NUL", "{\"a\":\"\\u0000\"}", 0 },
    { "an escaped NUL in a name", "{\"a\\u0000b\":1}", 0 },
    { "a control character", "{\"a\":\"\n\"}", 0 },
    { "not UTF-8", "{\"a\":\"\xff\"}", 0 },
    { "overlong UTF-8", "{\"a\":\"\xc0\xaf\"}", 0 },
    { "half of a pair", "{\"a\":\"\\ud83d\"}", 0 },
    { "an integer over 64 bits", "{\"a\":9223372036854775808}", 0 },
    { "an integer under 64 bits", "{\"a\":-9223372036854775809}", 0 },
    { "a number over a double", "{\"a\":1e999}", 0 },
    { "NaN", "{\"a\":NaN}", 0 },
    { "a leading zero", "{\"a\":01}", 0 },
    { "a plus", "{\"a\":+1}", 0 },
    { "upper case", "{\"a\":TRUE}", 0 }
};


static void
test_parse(void)
{
    size_t               i;
    const char          *reason;
    auth_token_json_t   *root;
    const parse_case_t  *c;

    for (i = 0; i < sizeof(parse_cases) / sizeof(parse_cases[0]); i++) {
        c = &parse_cases[i];
        reason = "untouched";

        root = auth_token_json_parse(guarded(c->text), 0, &reason);

        ok((root != NULL) == c->ok && (reason == NULL) == c->ok, "%s: %s",
           c->name, c->ok ? "parsed" : "refused");

        auth_token_json_free(root);
    }

    root = auth_token_json_parse(guarded("[1]"), 1, &reason);
    ok(root != NULL, "a list where one is allowed");
    is_int(auth_token_json_size(root), 1, "size of a list");
    auth_token_json_free(root);

    root = auth_token_json_parse(guarded("{\"a\":1,\"b\":[]}"), 1, &reason);
    is_int(auth_token_json_size(root), 2, "size of an object");
    auth_token_json_free(root);

    root = auth_token_json_parse(guarded("1"), 1, &reason);
    ok(root == NULL, "a number where a list is allowed");

    ok(auth_token_json_parse((auth_token_str_t) { 3, guard_copy("{}\0", 3) },
                             0, &reason) == NULL, "a NUL at the end");
    ok(auth_token_json_parse(
           (auth_token_str_t) { 7, guard_copy("{\"a\":\0}", 7) }, 0, &reason)
       == NULL, "a NUL inside");
}


/* {"a":[[[]]]} of that depth in all */

static int
nested(size_t depth)
{
    int                 rc;
    size_t              n;
    char               *text;
    const char         *reason;
    auth_token_str_t    s;
    auth_token_json_t  *root;

    text = malloc(2 * depth + 16);
    n = 0;

    n += (size_t) sprintf(text, "{\"a\":");
    memset(text + n, '[', depth - 1);
    n += depth - 1;
    memset(text + n, ']', depth - 1);
    n += depth - 1;
    text[n++] = '}';

    s.data = (unsigned char *) text;
    s.len = n;

    root = auth_token_json_parse(s, 0, &reason);
    rc = root != NULL;

    auth_token_json_free(root);
    free(text);

    return rc;
}


/* {"a":[X,X,X]} */

static int
repeated(const char *x, size_t times)
{
    int                 rc;
    size_t              i, n;
    char               *text;
    const char         *reason;
    auth_token_str_t    s;
    auth_token_json_t  *root;

    text = malloc(times * (strlen(x) + 1) + 16);
    n = (size_t) sprintf(text, "{\"a\":[");

    for (i = 0; i < times; i++) {
        n += (size_t) sprintf(text + n, "%s%s", i ? "," : "", x);
    }

    n += (size_t) sprintf(text + n, "]}");

    s.data = (unsigned char *) text;
    s.len = n;

    root = auth_token_json_parse(s, 0, &reason);
    rc = root != NULL;

    auth_token_json_free(root);
    free(text);

    return rc;
}


static void
test_limits(void)
{
    ok(nested(AUTH_TOKEN_JSON_MAX_DEPTH), "the deepest text");
    ok(!nested(AUTH_TOKEN_JSON_MAX_DEPTH + 1), "a level too deep");
    ok(!nested(100000), "a hundred thousand levels");

    ok(repeated("{}", AUTH_TOKEN_JSON_MAX_CONTAINERS - 2),
       "the most containers");
    ok(!repeated("{}", AUTH_TOKEN_JSON_MAX_CONTAINERS - 1),
       "a container too many");
    ok(repeated("0", AUTH_TOKEN_JSON_MAX_VALUES), "the most values");
    ok(!repeated("0", AUTH_TOKEN_JSON_MAX_VALUES + 1), "a value too many");
}


static void
test_doc(void)
{
    size_t              max;
    auth_token_buf_t    doc, text;
    auth_token_json_t  *root;

    static const char  all[] =
        "{\"a\":[1,-5,true,false,null,0.5,{\"b\":\"c\"},[]],\"d\":{},"
        "\"t\":\"" TOKEN "\",\"u\":[\"x " TOKEN ".\",\"" TOKEN "\"],"
        "\"" TOKEN "\":1,\"v\":\"" TOKEN_BUT_ONE "\"}";
    static const char  want[] =
        "{\"a\":[1,-5,true,false,null,0.5,{\"b\":\"c\"},[]],\"d\":{},"
        "\"t\":null,\"u\":[null,null],\"v\":\"" TOKEN_BUT_ONE "\"}";

    root = parse(all);

    auth_token_buf_init(&doc, 65536);
    auth_token_buf_init(&text, 65536);

    is_int(auth_token_json_doc(&doc, root, str_of(TOKEN)), 0, "to a document");
    is_int(auth_token_doc_valid(auth_token_buf_str(&doc)), 1, "a valid one");

    auth_token_doc_json(&text, auth_token_doc_root(auth_token_buf_str(&doc)));
    is_mem(text.data, text.len, want, sizeof(want) - 1,
           "the same value, without the token");

    for (max = 0; max < doc.len; max++) {
        auth_token_buf_reset(&text);
        text.max = max;

        if (auth_token_json_doc(&text, root, str_of(TOKEN)) != -1) {
            break;
        }
    }

    is_int(max, doc.len, "every ceiling under its size is a failure");

    auth_token_buf_free(&doc);
    auth_token_buf_free(&text);
    auth_token_json_free(root);

    root = parse("{\"t\":\"short\"}");
    text.max = 65536;

    auth_token_json_doc(&doc, root, str_of("short"));
    auth_token_doc_json(&text, auth_token_doc_root(auth_token_buf_str(&doc)));
    is_mem(text.data, text.len, "{\"t\":\"short\"}", 13,
           "a short token may equal a name");

    auth_token_buf_free(&doc);
    auth_token_buf_free(&text);
    auth_token_json_free(root);
}


/* a member of another type is never taken for one that is not there */

static void
test_member(void)
{
    size_t              i;
    auth_token_str_t    out;
    auth_token_json_t  *root;

    static const struct {
        const char  *text;
        int          rc;
    } cases[] = {
        { "{\"a\":\"text\"}", 1 },
        { "{\"a\":\"\"}", 1 },
        { "{}", 0 },
        { "{\"A\":\"text\"}", 0 },
        { "{\"a\":null}", -1 },
        { "{\"a\":1}", -1 },
        { "{\"a\":true}", -1 },
        { "{\"a\":[\"text\"]}", -1 },
        { "{\"a\":{\"a\":\"text\"}}", -1 },
        { "[]", -1 },
        { "[\"text\"]", -1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        root = parse(cases[i].text);

        is_int(auth_token_json_member_text(root, "/a", &out), cases[i].rc,
               cases[i].text);

        auth_token_json_free(root);
    }

    is_int(auth_token_json_member_text(NULL, "/a", &out), -1,
           "nothing has no text");
    ok(auth_token_json_member(NULL, "/a") == NULL, "and no member");

    root = parse("{\"a\":\"text\"}");

    (void) auth_token_json_member_text(root, "/a", &out);
    is_mem(out.data, out.len, "text", 4, "the text of a member");
    ok(auth_token_json_member(root, "/b") == NULL, "no member");
    ok(auth_token_json_member(root, "/a/b") == NULL, "nor one of a text");

    auth_token_json_free(root);
}


static int  starve_at;
static int  starve_persists;


static void *
starve(size_t size)
{
    starve_at--;

    return starve_at == 0 || (starve_at < 0 && starve_persists)
           ? NULL : malloc(size);
}


/* without memory there is no value, and never another one */

static void
test_starved(void)
{
    int                       n, bad;
    const char               *reason;
    auth_token_str_t          name;
    auth_token_json_t        *root;
    const auth_token_json_t  *v;
    void                     *cursor;
    static const char         text[] =
        "{\"in\":[\"192.168.100.0/24\",\"2001:db8:1:2:3:4:5:6/128\"]}";

    for (starve_persists = 0; starve_persists < 2; starve_persists++) {
        bad = 0;

        for (n = 1; ; n++) {
            starve_at = n;
            json_set_alloc_funcs(starve, free);
            root = auth_token_json_parse(str_of(text), 0, &reason);
            json_set_alloc_funcs(malloc, free);

            if (starve_at > 0) {
                break;
            }

            bad += (root != NULL || reason != auth_token_json_starved);
            auth_token_json_free(root);
        }

        ok(n > 8 && bad == 0, "no value when an allocation failed, and why");
        ok(root != NULL, "a value when none did");

        cursor = NULL;
        v = auth_token_json_next(root, &cursor, &name);
        is_int(json_array_size((const json_t *) v), 2, "the whole of it");

        auth_token_json_free(root);
    }
}


int
main(void)
{
    test_parse();
    test_starved();
    test_limits();
    test_doc();
    test_member();

    ok(auth_token_json_type(NULL) == AUTH_TOKEN_DOC_ABSENT, "no value");
    is_int(auth_token_json_size(NULL), 0, "of no size");

    return done();
}
