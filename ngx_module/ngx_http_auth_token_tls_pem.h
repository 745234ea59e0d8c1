
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Certificates and keys in files, read so that nothing waits: not for a FIFO,
 * not for a pass phrase that somebody would have to type.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_TLS_PEM_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_TLS_PEM_H_INCLUDED_


#include <openssl/ssl.h>

#include "ngx_http_auth_token_curl.h"


/* what went wrong with which file; text and names are for the log */

typedef struct {
    const char  *what;
    char        *file;
    ngx_err_t    err;        /* of the system, or 0 */
    char         text[256];  /* empty, or begins with a blank */
} ngx_http_auth_token_tls_trouble_t;


/*
 * A context with the options of "reach", which the caller frees.  NULL: as
 * *trouble says.
 */
SSL_CTX *ngx_http_auth_token_tls_pem_create(
    ngx_http_auth_token_reach_t *reach,
    ngx_http_auth_token_tls_trouble_t *trouble);

/*
 * Puts the certificate of a file into "ctx", with its chain.  NGX_ERROR: as
 * *trouble says.
 */
ngx_int_t ngx_http_auth_token_tls_pem_chain(SSL_CTX *ctx, char *file,
    ngx_http_auth_token_tls_trouble_t *trouble);

/*
 * Puts a key to it, of a file or "known": it must be that of the certificate.
 * "phrases" are lines, of which that at *fits is tried first; it is set to the
 * one that fits.
 */
ngx_int_t ngx_http_auth_token_tls_pem_key(SSL_CTX *ctx, char *file,
    ngx_str_t *phrases, size_t *fits,
    ngx_http_auth_token_tls_trouble_t *trouble);
ngx_int_t ngx_http_auth_token_tls_pem_known(SSL_CTX *ctx, EVP_PKEY *known,
    char *file, ngx_http_auth_token_tls_trouble_t *trouble);


#endif /* _NGX_HTTP_AUTH_TOKEN_TLS_PEM_H_INCLUDED_ */
