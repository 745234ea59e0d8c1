/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Operators over one value of a document.  Called by auth_token_require.c
 * only.
 */

#ifndef _AUTH_TOKEN_CLAIM_H_INCLUDED_
#define _AUTH_TOKEN_CLAIM_H_INCLUDED_


#include <stdint.h>

#include "auth_token_doc.h"
#include "auth_token_require.h"


/*
 * Applies req->op to a claim; negation is left to the caller.  Numbers in
 * req->value are written as in JSON and compared exactly.
 */
auth_token_truth_e auth_token_claim_eval(auth_token_doc_value_t claim,
    const auth_token_requirement_t *req);

/*
 * Whether "seconds" (text, not negative) is at least the distance of the time
 * in the claim from "now", in either direction: clocks differ a little.
 */
auth_token_truth_e auth_token_claim_age(auth_token_doc_value_t claim,
    auth_token_str_t seconds, int64_t now);


#endif /* _AUTH_TOKEN_CLAIM_H_INCLUDED_ */
