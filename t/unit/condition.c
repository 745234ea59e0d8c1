/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A value that is accepted, or only called different, though nobody knows
 * what it means.
 */


#include "../../ngx_module/core/auth_token_condition.c"

#include "auth_token_json.h"
#include "protocol.h"


static const auth_token_scalar_t  custom_true[] = {
    { .type = AUTH_TOKEN_DOC_TRUE }
};

static const auth_token_scalar_t  custom_false[] = {
    { .type = AUTH_TOKEN_DOC_FALSE }
};

static const auth_token_scalar_t  custom_null[] = {
    { .type = AUTH_TOKEN_DOC_NULL }
};

static const auth_token_scalar_t  custom_numbers[] = {
    { .type = AUTH_TOKEN_DOC_INTEGER, .integer = 1 },
    { .type = AUTH_TOKEN_DOC_INTEGER, .integer = -3 }
};

static const auth_token_scalar_t  custom_mixed[] = {
    { .type = AUTH_TOKEN_DOC_STRING, .text = auth_token_str("valid") },
    { .type = AUTH_TOKEN_DOC_STRING, .text = auth_token_str("ok") },
    { .type = AUTH_TOKEN_DOC_TRUE }
};

static const auth_token_scalar_t  custom_useless[] = {
    { .type = AUTH_TOKEN_DOC_REAL },
    { .type = AUTH_TOKEN_DOC_OBJECT }
};


typedef struct {
    const char                *text;
    auth_token_expect_e        expect;
    const auth_token_scalar_t *values;
    size_t                     nvalues;
    auth_token_condition_e     want;
} condition_case_t;


#define VALUE    AUTH_TOKEN_EXPECT_VALUE
#define EMPTY    AUTH_TOKEN_EXPECT_EMPTY
#define LIST     AUTH_TOKEN_EXPECT_LIST
#define OBJECT   AUTH_TOKEN_EXPECT_OBJECT
#define STRING   AUTH_TOKEN_EXPECT_STRING

#define WRONG    AUTH_TOKEN_CONDITION_WRONG
#define DIFFERS  AUTH_TOKEN_CONDITION_DIFFERS
#define HOLDS    AUTH_TOKEN_CONDITION_HOLDS

static const condition_case_t  condition_cases[] = {
    { "{\"v\":true}", VALUE, custom_true, 1, HOLDS },
    { "{\"v\":false}", VALUE, custom_true, 1, DIFFERS },
    { "{\"v\":false}", VALUE, custom_false, 1, HOLDS },
    { "{\"v\":true}", VALUE, custom_false, 1, DIFFERS },
    { "{\"v\":null}", VALUE, custom_false, 1, WRONG },
    { "{}", VALUE, custom_false, 1, WRONG },
    { "{\"v\":0}", VALUE, custom_false, 1, WRONG },
    { "{\"v\":\"\"}", VALUE, custom_false, 1, WRONG },
    { "{\"v\":true}", VALUE, custom_true, 0, WRONG },

    { "{\"v\":null}", VALUE, custom_null, 1, HOLDS },
    { "{}", VALUE, custom_null, 1, HOLDS },
    { "{\"v\":\"2024-01-01\"}", VALUE, custom_null, 1, DIFFERS },
    { "{\"v\":0}", VALUE, custom_null, 1, DIFFERS },
    { "{\"v\":true}", VALUE, custom_null, 1, DIFFERS },
    { "{\"v\":[]}", VALUE, custom_null, 1, WRONG },
    { "{\"v\":{}}", VALUE, custom_null, 1, WRONG },
    { "{\"v\":0.5}", VALUE, custom_null, 1, WRONG },

    { "{\"v\":1}", VALUE, custom_numbers, 2, HOLDS },
    { "{\"v\":-3}", VALUE, custom_numbers, 2, HOLDS },
    { "{\"v\":2}", VALUE, custom_numbers, 2, DIFFERS },
    { "{\"v\":1.0}", VALUE, custom_numbers, 2, WRONG },
    { "{\"v\":\"1\"}", VALUE, custom_numbers, 2, WRONG },
    { "{\"v\":true}", VALUE, custom_numbers, 2, WRONG },

    { "{\"v\":\"ok\"}", VALUE, custom_mixed, 3, HOLDS },
    { "{\"v\":true}", VALUE, custom_mixed, 3, HOLDS },
    { "{\"v\":false}", VALUE, custom_mixed, 3, DIFFERS },
    { "{\"v\":\"no\"}", VALUE, custom_mixed, 3, DIFFERS },
    { "{\"v\":1}", VALUE, custom_mixed, 3, WRONG },
    { "{\"v\":1.5}", VALUE, custom_useless, 2, WRONG },
    { "{\"v\":{}}", VALUE, custom_useless, 2, WRONG },

    { "{}", EMPTY, NULL, 0, HOLDS },
    { "{\"v\":null}", EMPTY, NULL, 0, HOLDS },
    { "{\"v\":[]}", EMPTY, NULL, 0, HOLDS },
    { "{\"v\":[0]}", EMPTY, NULL, 0, WRONG },
    { "{\"v\":{}}", EMPTY, NULL, 0, WRONG },
    { "{\"v\":\"\"}", EMPTY, NULL, 0, WRONG },
    { "{\"v\":false}", EMPTY, NULL, 0, WRONG },
    { "[]", EMPTY, NULL, 0, WRONG },

    { "{\"v\":[]}", LIST, NULL, 0, HOLDS },
    { "{\"v\":{}}", LIST, NULL, 0, WRONG },
    { "{}", LIST, NULL, 0, WRONG },
    { "{\"v\":{}}", OBJECT, NULL, 0, HOLDS },
    { "{\"v\":[]}", OBJECT, NULL, 0, WRONG },
    { "{\"v\":\"\"}", STRING, NULL, 0, HOLDS },
    { "{\"v\":null}", STRING, NULL, 0, WRONG }
};


static void
test_conditions(void)
{
    size_t                   i;
    const char              *reason;
    auth_token_json_t       *root;
    auth_token_condition_t   c[2];
    const condition_case_t  *k;

    for (i = 0; i < sizeof(condition_cases) / sizeof(condition_cases[0]); i++)
    {
        k = &condition_cases[i];
        root = auth_token_json_parse(str_of(k->text), 1, &reason);

        c[0].pointer = str_of("/v");
        c[0].expect = k->expect;
        c[0].nvalues = k->nvalues;
        c[0].values = k->values;

        c[1] = c[0];
        c[1].pointer = str_of("/w");
        c[1].expect = EMPTY;

        ok(auth_token_condition(c, root) == k->want
           && auth_token_conditions_hold(c, 1, root) == (k->want == HOLDS)
           && (k->want != HOLDS || auth_token_conditions_hold(c, 2, root)),
           "condition %zu: %s", i, k->text);

        auth_token_json_free(root);
    }

    ok(auth_token_conditions_hold(NULL, 0, NULL), "no condition");
}


int
main(void)
{
    test_conditions();

    return done();
}
