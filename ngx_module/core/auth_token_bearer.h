/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Reads the value of an Authorization field (RFC 6750, 2.1).  Called by the
 * access handler for every request, hence a single pass and no copy.
 */


#ifndef _AUTH_TOKEN_BEARER_H_INCLUDED_
#define _AUTH_TOKEN_BEARER_H_INCLUDED_


#include "auth_token_str.h"


typedef enum {
    AUTH_TOKEN_BEARER_MISSING = 0,
    AUTH_TOKEN_BEARER_MALFORMED,
    AUTH_TOKEN_BEARER_OK
} auth_token_bearer_e;


/*
 * MISSING: empty, or the leading run of RFC 7230 token characters is not
 * "Bearer".  MALFORMED: it is, but 1*SP b64token and the end do not follow.
 * OK: *token points into data.  Otherwise *token is set empty.
 */
auth_token_bearer_e auth_token_bearer_parse(const unsigned char *data,
    size_t len, auth_token_str_t *token);

/*
 * Returns 1 if the whole of data is a b64token of RFC 6750, else 0.
 * For tokens that do not come from the Authorization field.
 */
int auth_token_bearer_is_b64token(const unsigned char *data, size_t len);


#endif /* _AUTH_TOKEN_BEARER_H_INCLUDED_ */
