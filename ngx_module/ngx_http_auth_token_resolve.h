
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * From a token to its records: cache, one look-up for all who wait, the
 * authority.  Fills ctx->hits, or a final verdict; does not judge.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_RESOLVE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_RESOLVE_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * Sets ctx->key for the first step; once, before _resolve().  NGX_ERROR: the
 * zone cannot be used, and _resolve() must not be called.
 */
ngx_int_t ngx_http_auth_token_resolve_begin(ngx_http_auth_token_ctx_t *ctx);

/*
 * Sees to it that provider->slot is the provider's place in its zone.  As
 * above.
 */
ngx_int_t ngx_http_auth_token_resolve_slot(
    ngx_http_auth_token_provider_t *provider);

/*
 * Goes on with the look-up of ctx->token as far as possible.  NGX_OK: the
 * records, or ctx->verdict if there are none, tell; NGX_AGAIN: ctx waits and
 * will be resumed once; NGX_ERROR: out of memory.
 */
ngx_int_t ngx_http_auth_token_resolve(ngx_http_auth_token_ctx_t *ctx);


#endif /* _NGX_HTTP_AUTH_TOKEN_RESOLVE_H_INCLUDED_ */
