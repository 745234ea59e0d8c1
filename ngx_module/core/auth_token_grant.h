/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a token endpoint answers (RFC 6749, 5.1 and 5.2) to a client that asks
 * for an access token of its own.
 */

#ifndef _AUTH_TOKEN_GRANT_H_INCLUDED_
#define _AUTH_TOKEN_GRANT_H_INCLUDED_


#include "auth_token_json.h"
#include "auth_token_str.h"


#define AUTH_TOKEN_GRANT_MAX_TOKEN  8192


typedef struct {
    auth_token_str_t  token;           /* borrowed from the answer */
    int64_t           seconds;         /* of its life; -1: not told */
} auth_token_grant_t;


/*
 * Reads the body of a 200.  Returns NULL, or static text: why there is no
 * bearer token in it that could be sent.
 */
const char *auth_token_grant_read(const auth_token_json_t *root,
    auth_token_grant_t *out);

/*
 * What the body of a refusal says, as static text; "root" may be NULL.
 */
const char *auth_token_grant_refusal(const auth_token_json_t *root);


#endif /* _AUTH_TOKEN_GRANT_H_INCLUDED_ */
