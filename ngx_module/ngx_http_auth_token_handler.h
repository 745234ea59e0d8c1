
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The access phase: token, look-up, judgement, answer.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_HANDLER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_HANDLER_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * The access handler.  NGX_DECLINED only where auth_token is off; NGX_OK only
 * after a judgement allowed, or in a dry run.
 */
ngx_int_t ngx_http_auth_token_handler(ngx_http_request_t *r);

/*
 * Lets a request whose wait is over run its phases again, soon.
 */
void ngx_http_auth_token_handler_resume(ngx_http_auth_token_ctx_t *ctx);

/*
 * The judgement a request was last given, or NULL before there is one.
 */
ngx_http_auth_token_ctx_t *ngx_http_auth_token_judged(ngx_http_request_t *r);


#endif /* _NGX_HTTP_AUTH_TOKEN_HANDLER_H_INCLUDED_ */
