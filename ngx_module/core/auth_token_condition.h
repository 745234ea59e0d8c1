/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Whether a member of an answer has an expected value.
 */

#ifndef _AUTH_TOKEN_CONDITION_H_INCLUDED_
#define _AUTH_TOKEN_CONDITION_H_INCLUDED_


#include <stddef.h>

#include "auth_token_json.h"
#include "auth_token_step.h"


typedef enum {
    AUTH_TOKEN_CONDITION_WRONG = -1,   /* absent, or of another type */
    AUTH_TOKEN_CONDITION_DIFFERS = 0,
    AUTH_TOKEN_CONDITION_HOLDS
} auth_token_condition_e;


/*
 * Judges one condition.  DIFFERS is a value of a type that was expected.
 */
auth_token_condition_e auth_token_condition(const auth_token_condition_t *c,
    const auth_token_json_t *root);

/*
 * 1 if all of "n" conditions hold (so for none), else 0.
 */
int auth_token_conditions_hold(const auth_token_condition_t *c, size_t n,
    const auth_token_json_t *root);


#endif /* _AUTH_TOKEN_CONDITION_H_INCLUDED_ */
