
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * auth_token_preflight: requests that browsers make before the one that has
 * the token.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PREFLIGHT_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PREFLIGHT_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * Whether a request is a CORS preflight as a browser sends it: OPTIONS with
 * one Origin and one Access-Control-Request-Method, without a body, without
 * any credential.
 */
ngx_uint_t ngx_http_auth_token_preflight(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule);


#endif /* _NGX_HTTP_AUTH_TOKEN_PREFLIGHT_H_INCLUDED_ */
