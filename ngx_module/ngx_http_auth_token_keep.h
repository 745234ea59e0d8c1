
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What auth_token_strip took out of a request, for the locations that the
 * request may yet come to.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_KEEP_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_KEEP_H_INCLUDED_


#include "ngx_http_auth_token_source.h"


/*
 * Remembers the values of a rule's sources; called before they are taken out.
 * NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_auth_token_keep(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule);

/*
 * Sets *token to what a source had; 0 if nothing was remembered.
 */
ngx_uint_t ngx_http_auth_token_keep_find(ngx_http_request_t *r,
    ngx_http_auth_token_source_t *source, ngx_str_t *token);


#endif /* _NGX_HTTP_AUTH_TOKEN_KEEP_H_INCLUDED_ */
