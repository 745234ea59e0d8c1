/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Rules 1 to 3.  A token that is both not yet valid and expired, in a window
 * that ends before it starts, counts as expired: that one is final.
 */


#include "auth_token_decision.h"


static auth_token_verdict_e auth_token_decide_one(
    const auth_token_evidence_t *evidence, int64_t now, int64_t leeway);


static const char  *auth_token_verdict_names[AUTH_TOKEN_NVERDICTS] = {
    [AUTH_TOKEN_UNAVAILABLE] = "UNAVAILABLE",
    [AUTH_TOKEN_MISSING] = "MISSING",
    [AUTH_TOKEN_MALFORMED] = "MALFORMED",
    [AUTH_TOKEN_UNKNOWN] = "UNKNOWN",
    [AUTH_TOKEN_INACTIVE] = "INACTIVE",
    [AUTH_TOKEN_EXPIRED] = "EXPIRED",
    [AUTH_TOKEN_NOT_YET_VALID] = "NOT_YET_VALID",
    [AUTH_TOKEN_ADDRESS_DENIED] = "ADDRESS_DENIED",
    [AUTH_TOKEN_INSUFFICIENT] = "INSUFFICIENT",
    [AUTH_TOKEN_FOREIGN] = "FOREIGN",
    [AUTH_TOKEN_ALLOWED] = "ALLOWED"
};


auth_token_verdict_e
auth_token_decide(const auth_token_evidence_t *evidence, size_t n,
    int64_t now, int64_t leeway)
{
    size_t                i;
    auth_token_verdict_e  verdict;

    verdict = AUTH_TOKEN_UNAVAILABLE;

    if (leeway < 0) {
        return verdict;
    }

    for (i = 0; i < n; i++) {
        verdict = auth_token_decide_one(&evidence[i], now, leeway);

        if (verdict != AUTH_TOKEN_ALLOWED) {
            return verdict;
        }
    }

    return verdict;
}


int
auth_token_expiry(const auth_token_evidence_t *evidence, size_t n,
    int64_t *expires_on)
{
    int                         found;
    size_t                      i;
    const auth_token_record_t  *r;

    found = 0;

    for (i = 0; i < n; i++) {
        r = evidence[i].record;

        if (r == NULL || !(r->flags & AUTH_TOKEN_RECORD_HAS_EXPIRES_ON)) {
            continue;
        }

        if (!found || r->expires_on < *expires_on) {
            *expires_on = r->expires_on;
        }

        found = 1;
    }

    return found;
}


const char *
auth_token_verdict_name(auth_token_verdict_e verdict)
{
    if ((unsigned) verdict >= AUTH_TOKEN_NVERDICTS) {
        verdict = AUTH_TOKEN_UNAVAILABLE;
    }

    return auth_token_verdict_names[verdict];
}


static auth_token_verdict_e
auth_token_decide_one(const auth_token_evidence_t *evidence, int64_t now,
    int64_t leeway)
{
    int64_t                     early, late;
    const auth_token_record_t  *r;

    r = evidence->record;

    if (r == NULL || r->magic != AUTH_TOKEN_RECORD_MAGIC) {
        return AUTH_TOKEN_UNAVAILABLE;
    }

    if (!(r->flags & AUTH_TOKEN_RECORD_ACTIVE)) {
        return AUTH_TOKEN_INACTIVE;
    }

    early = (now < INT64_MIN + leeway) ? INT64_MIN : now - leeway;
    late = (now > INT64_MAX - leeway) ? INT64_MAX : now + leeway;

    if ((r->flags & AUTH_TOKEN_RECORD_HAS_EXPIRES_ON)
        && early >= r->expires_on)
    {
        return AUTH_TOKEN_EXPIRED;
    }

    if ((r->flags & AUTH_TOKEN_RECORD_HAS_NOT_BEFORE)
        && late < r->not_before)
    {
        return AUTH_TOKEN_NOT_YET_VALID;
    }

    if (evidence->address != AUTH_TOKEN_ADDRESS_ADMITTED) {
        return AUTH_TOKEN_ADDRESS_DENIED;
    }

    return AUTH_TOKEN_ALLOWED;
}
