/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Base64url as JOSE has it: RFC 7515, 2.  One text for each run of bytes, so
 * that nothing which is signed or compared can be written in another way.
 */

#ifndef _AUTH_TOKEN_BASE64URL_H_INCLUDED_
#define _AUTH_TOKEN_BASE64URL_H_INCLUDED_


#include "auth_token_buf.h"
#include "auth_token_str.h"


/*
 * Appends the bytes of "text".  Returns 0, or -1: another character, padding,
 * bits that are left over and not zero, an impossible length, no memory.
 */
int auth_token_base64url_decode(auth_token_str_t text, auth_token_buf_t *out);


#endif /* _AUTH_TOKEN_BASE64URL_H_INCLUDED_ */
