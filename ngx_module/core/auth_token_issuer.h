/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What an issuer publishes about itself: RFC 8414, and OpenID Connect
 * Discovery 1.0.  Where the document may be, and what is taken from it.
 */

#ifndef _AUTH_TOKEN_ISSUER_H_INCLUDED_
#define _AUTH_TOKEN_ISSUER_H_INCLUDED_


#include "auth_token_buf.h"
#include "auth_token_json.h"
#include "auth_token_str.h"


/* URLs as the document has them, borrowed from it; length 0: it has not */

typedef struct {
    auth_token_str_t  introspection;
    auth_token_str_t  keys;
    auth_token_str_t  token;
} auth_token_issuer_t;


/*
 * Appends the n'th URL (from 0) at which the document of "issuer" may be; the
 * issuer is a URL without query and fragment.  Returns 0, or -1: there is no
 * such place, or the buffer fails.
 */
int auth_token_issuer_place(auth_token_str_t issuer, unsigned n,
    auth_token_buf_t *url);

/*
 * Reads the document of exactly that issuer.  Returns NULL, or static text:
 * why it cannot be used.  The URLs themselves are not checked.
 */
const char *auth_token_issuer_read(const auth_token_json_t *root,
    auth_token_str_t issuer, auth_token_issuer_t *out);


#endif /* _AUTH_TOKEN_ISSUER_H_INCLUDED_ */
