
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The header fields of a denial: WWW-Authenticate, Retry-After.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_CHALLENGE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_CHALLENGE_H_INCLUDED_


#include "auth_token_challenge.h"
#include "ngx_http_auth_token_module.h"


/*
 * Sets the fields that go with ctx->verdict answered by "status", in place of
 * those of an earlier denial of the same request.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_auth_token_challenge(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status);

/*
 * Whether a challenge goes with ctx->verdict answered by "status".
 */
ngx_uint_t ngx_http_auth_token_challenge_due(ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status);

/*
 * What a client is told of ctx->verdict (RFC 6750, 9470, 9728), be it in the
 * challenge or in a body; allocated in r->pool.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_auth_token_challenge_fill(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status, auth_token_challenge_t *challenge);


#endif /* _NGX_HTTP_AUTH_TOKEN_CHALLENGE_H_INCLUDED_ */
