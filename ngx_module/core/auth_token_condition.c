/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Conditions.  A value of a type nobody expected is told from one that merely
 * differs: "disabled" is an answer, a number in its place is not.
 */


#include "auth_token_condition.h"


static auth_token_condition_e auth_token_condition_value(
    const auth_token_condition_t *c, const auth_token_json_t *v);
static int auth_token_condition_equal(const auth_token_scalar_t *s,
    auth_token_doc_type_e type, const auth_token_json_t *v);
static int auth_token_condition_kind(auth_token_doc_type_e accepted,
    auth_token_doc_type_e type);


auth_token_condition_e
auth_token_condition(const auth_token_condition_t *c,
    const auth_token_json_t *root)
{
    int                       holds;
    auth_token_doc_type_e     type;
    const auth_token_json_t  *v;

    if (auth_token_json_find(root, c->pointer, &v) == AUTH_TOKEN_JSON_WRONG) {
        return AUTH_TOKEN_CONDITION_WRONG;
    }

    type = auth_token_json_type(v);

    switch (c->expect) {

    case AUTH_TOKEN_EXPECT_EMPTY:
        holds = type == AUTH_TOKEN_DOC_ABSENT
                || type == AUTH_TOKEN_DOC_NULL
                || (type == AUTH_TOKEN_DOC_ARRAY
                    && auth_token_json_size(v) == 0);
        break;

    case AUTH_TOKEN_EXPECT_LIST:
        holds = type == AUTH_TOKEN_DOC_ARRAY;
        break;

    case AUTH_TOKEN_EXPECT_OBJECT:
        holds = type == AUTH_TOKEN_DOC_OBJECT;
        break;

    case AUTH_TOKEN_EXPECT_STRING:
        holds = type == AUTH_TOKEN_DOC_STRING;
        break;

    default: /* AUTH_TOKEN_EXPECT_VALUE */
        return auth_token_condition_value(c, v);
    }

    return holds ? AUTH_TOKEN_CONDITION_HOLDS : AUTH_TOKEN_CONDITION_WRONG;
}


int
auth_token_conditions_hold(const auth_token_condition_t *c, size_t n,
    const auth_token_json_t *root)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (auth_token_condition(&c[i], root) != AUTH_TOKEN_CONDITION_HOLDS) {
            return 0;
        }
    }

    return 1;
}


static auth_token_condition_e
auth_token_condition_value(const auth_token_condition_t *c,
    const auth_token_json_t *v)
{
    size_t                  i;
    auth_token_doc_type_e   type;
    auth_token_condition_e  result;

    type = auth_token_json_type(v);

    if (type == AUTH_TOKEN_DOC_ABSENT) {
        type = AUTH_TOKEN_DOC_NULL;
    }

    result = AUTH_TOKEN_CONDITION_WRONG;

    for (i = 0; i < c->nvalues; i++) {
        if (auth_token_condition_equal(&c->values[i], type, v)) {
            return AUTH_TOKEN_CONDITION_HOLDS;
        }

        if (auth_token_condition_kind(c->values[i].type, type)) {
            result = AUTH_TOKEN_CONDITION_DIFFERS;
        }
    }

    return result;
}


static int
auth_token_condition_equal(const auth_token_scalar_t *s,
    auth_token_doc_type_e type, const auth_token_json_t *v)
{
    auth_token_str_t  text;

    if (s->type != type) {
        return 0;
    }

    switch (type) {

    case AUTH_TOKEN_DOC_STRING:
        text = auth_token_json_string(v);
        return auth_token_str_eq(&s->text, &text);

    case AUTH_TOKEN_DOC_INTEGER:
        return auth_token_json_integer(v) == s->integer;

    case AUTH_TOKEN_DOC_NULL:
    case AUTH_TOKEN_DOC_FALSE:
    case AUTH_TOKEN_DOC_TRUE:
        return 1;

    default:
        return 0;
    }
}


/*
 * What is accepted tells which types can stand there: where null is good
 * ("deleted_at"), any scalar says something else.
 */

static int
auth_token_condition_kind(auth_token_doc_type_e accepted,
    auth_token_doc_type_e type)
{
    switch (type) {

    case AUTH_TOKEN_DOC_FALSE:
    case AUTH_TOKEN_DOC_TRUE:
        return accepted == AUTH_TOKEN_DOC_NULL
               || accepted == AUTH_TOKEN_DOC_FALSE
               || accepted == AUTH_TOKEN_DOC_TRUE;

    case AUTH_TOKEN_DOC_INTEGER:
    case AUTH_TOKEN_DOC_STRING:
        return accepted == AUTH_TOKEN_DOC_NULL || accepted == type;

    default:
        return 0;
    }
}
