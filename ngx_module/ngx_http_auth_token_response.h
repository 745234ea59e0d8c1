
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a verdict does to the request: the line in the log, then the answer.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_RESPONSE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_RESPONSE_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * NGX_OK if ctx->verdict is ALLOWED or lcf says dry run; else the status to
 * answer with, its header fields set (RFC 6750 section 3) and the denial
 * logged, or NGX_DONE if it was answered.  Never NGX_DECLINED.
 */
ngx_int_t ngx_http_auth_token_response(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx);


#endif /* _NGX_HTTP_AUTH_TOKEN_RESPONSE_H_INCLUDED_ */
