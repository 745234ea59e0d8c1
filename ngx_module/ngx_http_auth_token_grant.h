
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * "credential client_credentials": access tokens that the provider gets from
 * a token endpoint (RFC 6749, 4.4), kept in the memory of the worker.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_GRANT_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_GRANT_H_INCLUDED_


#include "auth_token_buf.h"
#include "ngx_http_auth_token_fetch.h"
#include "ngx_http_auth_token_module.h"


typedef struct {
    ngx_str_t                          url;
    ngx_http_auth_token_place_t        place;
    auth_token_buf_t                   form;       /* but for the client */
    ngx_http_auth_token_credential_t  *client;
    ngx_http_auth_token_provider_t    *provider;

    unsigned                           issuer:1;   /* it publishes the URL */
    unsigned                           scope:1;    /* given */
    unsigned                           audience:1;
} ngx_http_auth_token_grant_t;


/*
 * Makes one for the token endpoint at "url", or "issuer".  NULL: no memory.
 */
ngx_http_auth_token_grant_t *ngx_http_auth_token_grant_create(ngx_conf_t *cf,
    ngx_str_t *url);

/*
 * Reads "scope=", "resource=", "audience=".  NGX_DECLINED: it is none of
 * these, or one too many.
 */
ngx_int_t ngx_http_auth_token_grant_option(ngx_http_auth_token_grant_t *grant,
    ngx_str_t *arg);

/*
 * At the end of the block: checks the URL and prepares credential->fetched.
 * NGX_ERROR after logging what is wrong.
 */
ngx_int_t ngx_http_auth_token_grant_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);

/*
 * Adds the token that the worker has as a header line, with its NUL.
 * NGX_ERROR: it has none, or no memory.
 */
ngx_int_t ngx_http_auth_token_grant_apply(
    ngx_http_auth_token_credential_t *credential, auth_token_buf_t *headers);

/*
 * Tells by a number which token that was; 0 if the worker has none.
 */
ngx_uint_t ngx_http_auth_token_grant_serial(
    ngx_http_auth_token_credential_t *credential);

/*
 * The token "serial" was refused: 1 if it is worth while to ask with another
 * one, which is there or is going to be fetched; 0 if not so soon.
 */
ngx_uint_t ngx_http_auth_token_grant_refused(
    ngx_http_auth_token_credential_t *credential, ngx_uint_t serial);


#endif /* _NGX_HTTP_AUTH_TOKEN_GRANT_H_INCLUDED_ */
