/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A pointer that leads past a value of a wrong type and finds "absent" there,
 * or that is taken though it is none.
 */


#include "../../ngx_module/core/auth_token_json.c"
#include "../../ngx_module/core/auth_token_pointer.c"

#include "parse.h"


#define WRONG   AUTH_TOKEN_JSON_WRONG
#define ABSENT  AUTH_TOKEN_JSON_ABSENT
#define FOUND   AUTH_TOKEN_JSON_FOUND


typedef struct {
    const char            *pointer;
    auth_token_json_rc_e   rc;
    auth_token_doc_type_e  type;
} find_case_t;


static const char  find_text[] =
    "{\"a\":{\"b\":[10,{\"c\":null,\"d.e\":\"x\"},[]],\"\":1.5},"
    "\"s\":\"text\",\"n\":null,\"m/n\":true,\"o~p\":false,\"*\":3}";

static const find_case_t  find_cases[] = {
    { "", FOUND, AUTH_TOKEN_DOC_OBJECT },
    { "/a", FOUND, AUTH_TOKEN_DOC_OBJECT },
    { "/a/b/0", FOUND, AUTH_TOKEN_DOC_INTEGER },
    { "/a/b/1/c", FOUND, AUTH_TOKEN_DOC_NULL },
    { "/a/b/1/d.e", FOUND, AUTH_TOKEN_DOC_STRING },
    { "/a/b/2", FOUND, AUTH_TOKEN_DOC_ARRAY },
    { "/a/", FOUND, AUTH_TOKEN_DOC_REAL },
    { "/m~1n", FOUND, AUTH_TOKEN_DOC_TRUE },
    { "/o~0p", FOUND, AUTH_TOKEN_DOC_FALSE },
    { "/n", FOUND, AUTH_TOKEN_DOC_NULL },

    { "/z", ABSENT, AUTH_TOKEN_DOC_ABSENT },
    { "/z/z", ABSENT, AUTH_TOKEN_DOC_ABSENT },
    { "/A", ABSENT, AUTH_TOKEN_DOC_ABSENT },
    { "/n/z", ABSENT, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/1/c/z", ABSENT, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/3", ABSENT, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/999999999", ABSENT, AUTH_TOKEN_DOC_ABSENT },

    { "/s/z", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/m~1n/z", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/0/z", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/c", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/-", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/-1", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/00", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/01", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/1000000000", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/a/b/*", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/*", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "a", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/m~2n", WRONG, AUTH_TOKEN_DOC_ABSENT },
    { "/m~", WRONG, AUTH_TOKEN_DOC_ABSENT }
};


typedef struct {
    const char            *pointer;
    auth_token_json_rc_e   rc;
    int                    visits;
} walk_case_t;


static const char  walk_text[] =
    "{\"p\":[{\"g\":[{\"id\":1},{\"id\":2}]},{\"g\":[{\"id\":3}]}],"
    "\"e\":[],\"n\":null,\"s\":\"x\",\"o\":{\"k\":1},"
    "\"h\":[{\"id\":1},{}],\"i\":[{\"id\":1},{\"id\":null}],"
    "\"j\":[{\"id\":1},\"x\"],\"k\":[1,2,13,4],\"l\":[[],null]}";

static const walk_case_t  walk_cases[] = {
    { "/p/*/g/*/id", FOUND, 3 },
    { "/p/*/g", FOUND, 2 },
    { "/p/0/g/*/id", FOUND, 2 },
    { "/p", FOUND, 1 },
    { "", FOUND, 1 },
    { "/e/*", FOUND, 0 },
    { "/e/*/id", FOUND, 0 },
    { "/n", ABSENT, 0 },
    { "/n/*", ABSENT, 0 },
    { "/z/*", ABSENT, 0 },
    { "/z", ABSENT, 0 },
    { "/s/*", WRONG, 0 },
    { "/o/*", WRONG, 0 },
    { "/s/x", WRONG, 0 },
    { "/h/*/id", WRONG, 1 },
    { "/i/*/id", WRONG, 1 },
    { "/j/*/id", WRONG, 1 },
    { "/l/*", WRONG, 1 },
    { "/k/*", WRONG, 3 },
    { "/p/x~", WRONG, 0 },
    { "p", WRONG, 0 }
};


typedef struct {
    const char  *pointer;
    size_t       max;
    const char  *error;
} pointer_case_t;


#define S8  "/a/a/a/a/a/a/a/a"

static const pointer_case_t  pointer_cases[] = {
    { "", 0, NULL },
    { "/", 0, NULL },
    { "/a/b", 0, NULL },
    { "/a~0~1b", 0, NULL },
    { "/a/*/b", 1, NULL },
    { "/a/*/b/*", 2, NULL },
    { "/a*/**", 0, NULL },
    { S8 S8 S8 S8, 0, NULL },
    { S8 S8 S8 S8 "/a", 0, "has too many steps" },
    { "/a/*", 0, "must not have a \"*\" step" },
    { "/a/*/b/*", 1, "has too many \"*\" steps" },
    { "a", 0, "is not a JSON pointer" },
    { "a/b", 0, "is not a JSON pointer" },
    { "#/a", 0, "is not a JSON pointer" },
    { "/a~", 0, "is not a JSON pointer" },
    { "/a~2", 0, "is not a JSON pointer" },
    { "/~~", 0, "is not a JSON pointer" }
};


static void
test_find(void)
{
    size_t                    i;
    const find_case_t        *c;
    auth_token_json_t        *root;
    const auth_token_json_t  *v;

    root = parse(find_text);

    for (i = 0; i < sizeof(find_cases) / sizeof(find_cases[0]); i++) {
        c = &find_cases[i];
        v = root;

        ok(auth_token_json_find(root, guarded(c->pointer), &v) == c->rc
           && auth_token_json_type(v) == c->type,
           "find \"%s\"", c->pointer);
    }

    ok(auth_token_json_find(NULL, str_of("/s"), &v) == WRONG && v == NULL,
       "nothing found in nothing");

    auth_token_json_find(root, str_of("/s"), &v);
    is_mem(auth_token_json_string(v).data, auth_token_json_string(v).len,
           "text", 4, "the text of a string");

    auth_token_json_find(root, str_of("/a/b/0"), &v);
    is_int(auth_token_json_integer(v), 10, "an integer");

    auth_token_json_find(root, str_of("/a/"), &v);
    ok(auth_token_json_real(v) == 1.5, "a real");

    auth_token_json_free(root);
}


static int
visit(const auth_token_json_t *v, void *data)
{
    int  *visits;

    visits = data;
    (*visits)++;

    /* unlucky numbers end the walk */

    return auth_token_json_integer(v) == 13 ? -1 : 0;
}


static void
test_walk(void)
{
    int                 visits;
    size_t              i;
    const walk_case_t  *c;
    auth_token_json_t  *root;

    root = parse(walk_text);

    for (i = 0; i < sizeof(walk_cases) / sizeof(walk_cases[0]); i++) {
        c = &walk_cases[i];
        visits = 0;

        ok(auth_token_json_walk(root, guarded(c->pointer), visit, &visits)
           == c->rc && visits == c->visits, "walk \"%s\"", c->pointer);
    }

    visits = 0;

    ok(auth_token_json_walk(NULL, str_of("/p"), visit, &visits) == WRONG
       && auth_token_json_walk(NULL, str_of("/*"), visit, &visits) == WRONG
       && visits == 0, "no walk through nothing");

    auth_token_json_free(root);
}


static void
test_pointer(void)
{
    char                   name[AUTH_TOKEN_POINTER_MAX_STEP + 3];
    size_t                 i;
    const pointer_case_t  *c;

    for (i = 0; i < sizeof(pointer_cases) / sizeof(pointer_cases[0]); i++) {
        c = &pointer_cases[i];

        is_str(auth_token_pointer_check(guarded(c->pointer), c->max),
               c->error, c->pointer);
    }

    memset(name, 'x', sizeof(name));
    name[0] = '/';
    name[sizeof(name) - 1] = '\0';

    ok(auth_token_pointer_check(guarded(name), 0) != NULL,
       "a name that is too long");

    name[sizeof(name) - 2] = '\0';
    ok(auth_token_pointer_check(guarded(name), 0) == NULL, "the longest name");

    ok(auth_token_pointer_check(
           (auth_token_str_t) { 3, guard_copy("/\0a", 3) }, 0) != NULL,
       "a NUL in a pointer");

    ok(auth_token_pointer_has_any(guarded("/a/*")), "has a \"*\"");
    ok(!auth_token_pointer_has_any(guarded("/a/**/~0")), "has no \"*\"");
}


int
main(void)
{
    test_find();
    test_walk();
    test_pointer();

    return done();
}
