
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The judgement: rules 1 to 3 over the facts of all the steps' records, made
 * afresh on every request.  Pure; no clock, no allocation, no state.
 */

#ifndef _AUTH_TOKEN_DECISION_H_INCLUDED_
#define _AUTH_TOKEN_DECISION_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_record.h"


/*
 * The order is part of the shared memory layout.  0 must never be an allow:
 * a verdict nobody set denies.
 */

typedef enum {
    AUTH_TOKEN_UNAVAILABLE = 0,
    AUTH_TOKEN_MISSING,
    AUTH_TOKEN_MALFORMED,
    AUTH_TOKEN_UNKNOWN,
    AUTH_TOKEN_INACTIVE,
    AUTH_TOKEN_EXPIRED,
    AUTH_TOKEN_NOT_YET_VALID,
    AUTH_TOKEN_ADDRESS_DENIED,
    AUTH_TOKEN_INSUFFICIENT,
    AUTH_TOKEN_FOREIGN,
    AUTH_TOKEN_ALLOWED,
    AUTH_TOKEN_NVERDICTS
} auth_token_verdict_e;


/* one step's record, or its head, and rule 3 as evaluated on the whole blob */

typedef struct {
    const auth_token_record_t  *record;
    auth_token_address_e        address;
} auth_token_evidence_t;


/*
 * Judges "n" records in order; the first that does not allow gives the
 * verdict.  "now" is the wall clock in epoch seconds, "leeway" is in seconds
 * and not negative.  No record, or a NULL one: AUTH_TOKEN_UNAVAILABLE.
 */
auth_token_verdict_e auth_token_decide(const auth_token_evidence_t *evidence,
    size_t n, int64_t now, int64_t leeway);

/*
 * The earliest expires_on of the records; returns 0 if none has one, else 1.
 */
int auth_token_expiry(const auth_token_evidence_t *evidence, size_t n,
    int64_t *expires_on);

/*
 * The name of a verdict as in $auth_token_verdict ("ALLOWED"); a number that
 * is no verdict reads "UNAVAILABLE".
 */
const char *auth_token_verdict_name(auth_token_verdict_e verdict);


#endif /* _AUTH_TOKEN_DECISION_H_INCLUDED_ */
