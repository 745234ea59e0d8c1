/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A time that is read in a form the authority does not use, or not at all and
 * so taken for "no limit".
 */


#include "../../ngx_module/core/auth_token_mapping_time.c"

#include "auth_token_json.h"
#include "protocol.h"


typedef struct {
    const char          *value;
    unsigned             forms;
    auth_token_round_e   round;
    int                  present;      /* -1: cannot be read */
    int64_t              want;
} when_case_t;


#define UP     AUTH_TOKEN_ROUND_UP
#define DOWN   AUTH_TOKEN_ROUND_DOWN
#define R      AUTH_TOKEN_TIME_RFC3339
#define D      AUTH_TOKEN_TIME_DATE_ONLY
#define N      AUTH_TOKEN_TIME_NO_ZONE
#define E      AUTH_TOKEN_TIME_SECONDS
#define M      AUTH_TOKEN_TIME_MILLISECONDS
#define Z      AUTH_TOKEN_TIME_ZERO_IS_NONE
#define W      AUTH_TOKEN_TIME_NULL_IS_WRONG

static const when_case_t  when_cases[] = {
    { "\"2018-07-01T05:20:00Z\"", R|E, DOWN, 1, 1530422400 },
    { "1530422400", R|E, DOWN, 1, 1530422400 },
    { "\"2021-01-31\"", D, DOWN, 1, 1612051200 },
    { "\"2021-01-31\"", R|D|N, DOWN, 1, 1612051200 },
    { "\"2018-01-01T13:46:32\"", R|D|N, DOWN, 1, 1514814392 },
    { "\"2018-01-01T13:46:32.5\"", N, UP, 1, 1514814393 },
    { "\"2021-01-31\"", R, DOWN, -1, 0 },
    { "\"2021-01-31\"", N, DOWN, -1, 0 },
    { "\"2018-01-01T13:46:32\"", R|D, DOWN, -1, 0 },
    { "\"2018-01-01T13:46:32Z\"", D|N, DOWN, -1, 0 },
    { "\"2018-01-01T13:46:32Z\"", E|M, DOWN, -1, 0 },
    { "\"2018-01-01T13:46:32Z\"", 0, DOWN, -1, 0 },

    { "1530422400999", M, DOWN, 1, 1530422400 },
    { "1530422400001", M, UP, 1, 1530422401 },
    { "1530422400000", M, UP, 1, 1530422400 },
    { "1530422400000.0", M, UP, 1, 1530422400 },
    { "1530422400000.5", M, UP, 1, 1530422401 },
    { "1530422400999.9", M, DOWN, 1, 1530422400 },
    { "253402300799999", M, DOWN, 1, 253402300799 },
    { "253402300799999.5", M, DOWN, 1, 253402300799 },
    { "253402300799999.5", M, UP, -1, 0 },
    { "253402300800000", M, DOWN, -1, 0 },
    { "253402300800000.0", M, DOWN, -1, 0 },
    { "1e300", M, DOWN, -1, 0 },
    { "-1.5", M, DOWN, -1, 0 },
    { "-1", M, DOWN, -1, 0 },
    { "1530422400", R, DOWN, -1, 0 },
    { "1530422400.5", R, DOWN, -1, 0 },

    { "0", E, DOWN, 1, 0 },
    { "0", E|Z, DOWN, 0, 0 },
    { "0", M|Z, DOWN, 0, 0 },
    { "1", E|Z, DOWN, 1, 1 },
    { "0.0", E|Z, DOWN, 1, 0 },
    { "null", R, DOWN, 0, 0 },
    { "null", R|W, DOWN, -1, 0 },
    { "true", R|D|N|E|M|Z, DOWN, -1, 0 },
    { "[]", R|D|N|E|M|Z, DOWN, -1, 0 },
    { "{}", R|D|N|E|M|Z, DOWN, -1, 0 }
};


static void
test_when(void)
{
    int                 present, failed;
    char                text[100];
    size_t              i;
    int64_t             out;
    const char         *reason;
    auth_token_when_t   when;
    auth_token_json_t  *root;
    const when_case_t  *c;

    for (i = 0; i < sizeof(when_cases) / sizeof(when_cases[0]); i++) {
        c = &when_cases[i];

        sprintf(text, "{\"t\":%s}", c->value);
        root = auth_token_json_parse(str_of(text), 0, &reason);

        when.pointer = str_of("/t");
        when.forms = c->forms;
        out = 0;

        failed = auth_token_mapping_when(&when, root, c->round, &present,
                                         &out)
                 != NULL;

        ok(failed == (c->present == -1) && present == (c->present == 1)
           && out == c->want, "time %zu: %s", i, c->value);

        when.pointer = str_of("/t/x/y");
        failed = auth_token_mapping_when(&when, root, c->round, &present,
                                         &out)
                 != NULL;
        ok(failed == (c->value[0] != 'n' && c->value[0] != '{')
           && present == 0, "past it");

        auth_token_json_free(root);
    }

    when.pointer.len = 0;
    ok(auth_token_mapping_when(&when, NULL, UP, &present, &out) == NULL
       && present == 0, "no time");
}


int
main(void)
{
    test_when();

    return done();
}
