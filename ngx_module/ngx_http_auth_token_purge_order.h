
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a client asks to have purged, read from the body of its request.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PURGE_ORDER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PURGE_ORDER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* strings are empty where they were not given; they lie in the pool */

typedef struct {
    ngx_str_t                    token;
    ngx_str_t                    id;
    ngx_str_t                    provider;
    ngx_uint_t                   all;
} ngx_http_auth_token_purge_order_t;


/*
 * Read an order from JSON, or from a form.  NGX_DECLINED: it is none, "reason"
 * is static text; NGX_ERROR: out of memory.
 */
ngx_int_t ngx_http_auth_token_purge_order_json(ngx_pool_t *pool,
    ngx_str_t *body, ngx_http_auth_token_purge_order_t *order,
    const char **reason);
ngx_int_t ngx_http_auth_token_purge_order_form(ngx_pool_t *pool,
    ngx_str_t *body, ngx_http_auth_token_purge_order_t *order,
    const char **reason);

/*
 * Overwrites the token, which is a secret.
 */
void ngx_http_auth_token_purge_order_wipe(
    ngx_http_auth_token_purge_order_t *order);


#endif /* _NGX_HTTP_AUTH_TOKEN_PURGE_ORDER_H_INCLUDED_ */
