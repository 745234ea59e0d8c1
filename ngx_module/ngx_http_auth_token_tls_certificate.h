
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The certificate by which nginx authenticates to an authority, and its key:
 * read at configuration, and again when the files change.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_TLS_CERTIFICATE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_TLS_CERTIFICATE_H_INCLUDED_


#include <openssl/ssl.h>

#include "ngx_http_auth_token_curl.h"
#include "ngx_http_auth_token_stamp.h"


/* of the certificate and its key; set at configuration, renewed by a worker */

typedef struct {
    ngx_http_auth_token_reach_t  *reach;
    SSL_CTX                      *ctx;      /* holds them; NULL: none */
    char                         *files[2];
    ngx_http_auth_token_stamp_t   stamps[2];
    time_t                        next;     /* look at the files, seconds */
    ngx_str_t                     phrases;  /* a line each */
    size_t                        fits;     /* where the last good one is */
    unsigned                      failed:1; /* the files are no pair */
} ngx_http_auth_token_tls_certificate_t;


/*
 * Reads ssl_certificate, ssl_certificate_key and ssl_password_file of "reach",
 * if there are any.  NGX_ERROR after logging what is wrong.  _free() wipes
 * what it holds, in either case.
 */
ngx_int_t ngx_http_auth_token_tls_certificate_read(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach,
    ngx_http_auth_token_tls_certificate_t *certificate);
void ngx_http_auth_token_tls_certificate_free(
    ngx_http_auth_token_tls_certificate_t *certificate);

/*
 * In a worker: lends them to "ctx", after a look at the files, once a second
 * at most.  NGX_ERROR: the connection must not be made.
 */
ngx_int_t ngx_http_auth_token_tls_certificate_lend(
    ngx_http_auth_token_tls_certificate_t *certificate, SSL_CTX *ctx);


#endif /* _NGX_HTTP_AUTH_TOKEN_TLS_CERTIFICATE_H_INCLUDED_ */
