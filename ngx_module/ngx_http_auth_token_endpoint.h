
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The endpoints of a provider: which of them is asked next, and which are
 * left alone for a while because they failed.  What is known of failures is
 * this worker's own.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_ENDPOINT_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_ENDPOINT_H_INCLUDED_


#include "auth_token_buf.h"
#include "ngx_http_auth_token_module.h"


#define NGX_HTTP_AUTH_TOKEN_MAX_ENDPOINTS  32


/* of one look-up; zeroed before its first try */

typedef struct {
    ngx_http_auth_token_endpoint_t    *endpoint;     /* NULL: none yet */
    ngx_uint_t                         left;         /* to share the time */
    uint32_t                           tried;
    unsigned                           all:1;        /* none is left out */
} ngx_http_auth_token_tries_t;


/*
 * The setter of "endpoint": adds one to provider->endpoints.
 */
char *ngx_http_auth_token_endpoint_word(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * At the end of the block: gives every endpoint a reach of its own, made of
 * provider->reach, which must be complete.
 */
void ngx_http_auth_token_endpoint_finish(
    ngx_http_auth_token_provider_t *provider);

/*
 * Appends what the endpoints are, whatever their order.  0, or -1 when the
 * buffer fails.
 */
int ngx_http_auth_token_endpoint_fingerprint(
    ngx_http_auth_token_provider_t *provider, auth_token_buf_t *out);

/*
 * Sets tries->endpoint to the next one to be asked.  NGX_DECLINED: none is
 * left.
 */
ngx_int_t ngx_http_auth_token_endpoint_next(
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_tries_t *tries);

/*
 * Takes down how the try of tries->endpoint ended.  NGX_AGAIN: there was no
 * answer that counts, for "reason", and another endpoint is left.
 */
ngx_int_t ngx_http_auth_token_endpoint_ended(
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_tries_t *tries, const auth_token_step_t *step,
    ngx_http_auth_token_fetch_t *fetch, const char *reason);


#endif /* _NGX_HTTP_AUTH_TOKEN_ENDPOINT_H_INCLUDED_ */
