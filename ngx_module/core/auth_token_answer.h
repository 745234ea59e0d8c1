/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Reads one answer of an authority: status, header lines and body, all of
 * them hostile input.  What is not certainly a record or a refusal is
 * UNAVAILABLE.
 */

#ifndef _AUTH_TOKEN_ANSWER_H_INCLUDED_
#define _AUTH_TOKEN_ANSWER_H_INCLUDED_


#include <stdint.h>

#include "auth_token_buf.h"
#include "auth_token_step.h"
#include "auth_token_str.h"


/* longer header blocks are unusable; the transport has its own limit */
#define AUTH_TOKEN_ANSWER_MAX_HEADERS  65536


typedef struct {
    long                  status;
    auth_token_str_t      headers;     /* raw lines of the final head */
    auth_token_str_t      body;

    /* of a JWT: the claims if its signature is good, else why they are not */
    auth_token_str_t      claims;
    const char           *unverified;
} auth_token_answer_t;


/* numbers are -1 if the answer does not say; code is 0 then */

typedef struct {
    auth_token_outcome_e  outcome;
    const char           *reason;      /* static text; NULL of a RECORD */
    int64_t               code;        /* the authority's, for the log */
    int64_t               retry_after; /* seconds */
    int64_t               ratelimit_remaining;
    int64_t               ratelimit_reset;    /* seconds */
    unsigned              health:1;    /* a failure of the authority itself */
    unsigned              credential:1;       /* the provider's was refused */
} auth_token_result_t;


/*
 * Judges an answer to "step".  "vars" are those the request was built from,
 * "now" is epoch seconds.  A RECORD leaves its blob in the empty buffer
 * "record"; otherwise that is empty.
 */
void auth_token_answer_read(const auth_token_step_t *step,
    const auth_token_answer_t *answer, const auth_token_vars_t *vars,
    int64_t now, auth_token_buf_t *record, auth_token_result_t *result);


#endif /* _AUTH_TOKEN_ANSWER_H_INCLUDED_ */
