/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a verdict is in HTTP: status, RFC 6750 error code, challenge.  The
 * response writes what this says and decides nothing of its own.
 */

#ifndef _AUTH_TOKEN_CHALLENGE_H_INCLUDED_
#define _AUTH_TOKEN_CHALLENGE_H_INCLUDED_


#include <stdint.h>

#include "auth_token_buf.h"
#include "auth_token_decision.h"
#include "auth_token_str.h"


/* a parameter of length 0, or a NULL error, is left out; realm never is */

typedef struct {
    auth_token_str_t      realm;
    const char           *error;
    auth_token_str_t      scope;              /* RFC 6750, 3 */
    auth_token_str_t      resource_metadata;  /* RFC 9728, 5.1 */
    auth_token_str_t      acr_values;         /* RFC 9470, 3 */
    int64_t               max_age;            /* seconds, if has_max_age */
    int                   has_max_age;
} auth_token_challenge_t;


/*
 * The HTTP status of a denial; 0 for ALLOWED, 503 for a number that is no
 * verdict.
 */
int auth_token_verdict_status(auth_token_verdict_e verdict);

/*
 * The error code of RFC 6750, 3.1 ("invalid_token"); NULL if there is none.
 */
const char *auth_token_verdict_error(auth_token_verdict_e verdict);

/*
 * Whether WWW-Authenticate goes with the answer; whether Retry-After does.
 * 1 or 0.
 */
int auth_token_verdict_challenges(auth_token_verdict_e verdict);
int auth_token_verdict_retries(auth_token_verdict_e verdict);

/*
 * Appends the value of one WWW-Authenticate field: printable ASCII whatever
 * the parameters hold, other bytes become "?".  Returns 0, or -1 when the
 * buffer fails or max_age is negative.
 */
int auth_token_challenge_format(auth_token_buf_t *b,
    const auth_token_challenge_t *c);


#endif /* _AUTH_TOKEN_CHALLENGE_H_INCLUDED_ */
