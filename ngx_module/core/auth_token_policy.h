/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Permission policies in Cloudflare's form: effect, permission groups and
 * resources.  Called by auth_token_require.c only.
 */

#ifndef _AUTH_TOKEN_POLICY_H_INCLUDED_
#define _AUTH_TOKEN_POLICY_H_INCLUDED_


#include "auth_token_doc.h"
#include "auth_token_require.h"


/*
 * Whether the policies grant req->value (on req->resource): a deny wins, then
 * an allow counts, else FALSE.  ERROR if any policy is not understood.
 */
auth_token_truth_e auth_token_policy_eval(auth_token_doc_value_t policies,
    const auth_token_requirement_t *req);


#endif /* _AUTH_TOKEN_POLICY_H_INCLUDED_ */
