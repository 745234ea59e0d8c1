
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * auth_token_strip: takes the credential out of a request before it is passed
 * on.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_STRIP_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_STRIP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * A handler between access and content.  NGX_DECLINED: go on.
 */
ngx_int_t ngx_http_auth_token_strip_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_AUTH_TOKEN_STRIP_H_INCLUDED_ */
