
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a TLS connection to an authority trusts and shows: read once at
 * configuration, lent to each SSL_CTX that libcurl makes.  The only part of
 * the curl glue that knows OpenSSL.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_TLS_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_TLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_curl.h"


/*
 * Reads certificates, keys and CRLs of "reach" and keeps them in
 * reach->store until the end of the cycle.  NGX_ERROR after logging which
 * file is wrong.
 */
ngx_int_t ngx_http_auth_token_tls_configure(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach);

/*
 * Before workers are started: what OpenSSL does but once, of its algorithms
 * and of certificates, a STACK_OF(X509), is done.
 */
void ngx_http_auth_token_tls_algorithms(void);
void ngx_http_auth_token_tls_extensions(void *certs);

/*
 * Lends the trust store and the client certificate to "ctx", an SSL_CTX, and
 * sets its options.  NGX_ERROR: the connection must not be made.
 */
ngx_int_t ngx_http_auth_token_tls_setup(void *ctx,
    ngx_http_auth_token_reach_t *reach);

/*
 * One of the trusted certificates in PEM, the smallest set that libcurl can
 * be told to trust by itself.  Empty if nothing is verified.
 */
ngx_str_t *ngx_http_auth_token_tls_anchor(ngx_http_auth_token_reach_t *reach);

/* of an SSL: bytes that were read, but not taken; ALPN chose HTTP/2 */
ngx_uint_t ngx_http_auth_token_tls_pending(void *ssl);
ngx_uint_t ngx_http_auth_token_tls_http2(void *ssl);

/* static text of why a certificate was refused */
const char *ngx_http_auth_token_tls_verify_text(long result);

/*
 * Empties the error queue of the thread.  nginx takes what is left in it for
 * an error of its own connections.
 */
void ngx_http_auth_token_tls_clear(void);


#endif /* _NGX_HTTP_AUTH_TOKEN_TLS_H_INCLUDED_ */
