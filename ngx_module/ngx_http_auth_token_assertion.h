
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Assertions by which a client authenticates (RFC 7523): made afresh for each
 * request and signed by OpenSSL.  Knows no configuration.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_ASSERTION_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_ASSERTION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_buf.h"


typedef struct {
    ngx_str_t                           name;      /* "RS256" */
    ngx_int_t                           type;      /* of key, EVP_PKEY_... */
    ngx_uint_t                          bits;      /* of the hash; 0: none */
    unsigned                            pss:1;
} ngx_http_auth_token_assertion_alg_t;


/* what an assertion says; "key" and "secret" as the algorithm asks */

typedef struct {
    const ngx_http_auth_token_assertion_alg_t  *alg;
    ngx_str_t                                   client;
    ngx_str_t                                   audience;
    ngx_str_t                                   kid;       /* empty: none */
    void                                       *key;       /* EVP_PKEY */
    ngx_str_t                                   secret;    /* of HS256... */
} ngx_http_auth_token_assertion_t;


/*
 * The algorithm of that name, for a shared secret or a private key; NULL.
 */
const ngx_http_auth_token_assertion_alg_t *ngx_http_auth_token_assertion_alg(
    ngx_str_t *name, ngx_uint_t shared);

/*
 * NULL if the secret is long enough (RFC 7518, 3.2), or what is wrong with it.
 */
const char *ngx_http_auth_token_assertion_secret(ngx_str_t *secret,
    const ngx_http_auth_token_assertion_alg_t *alg);

/*
 * Takes the private key out of PEM text.  With *alg NULL, chooses the
 * algorithm.  NULL, or what is wrong as static text.  The key is the caller's
 * to free.
 */
const char *ngx_http_auth_token_assertion_key(ngx_str_t *pem,
    const ngx_http_auth_token_assertion_alg_t **alg, void **key);
void ngx_http_auth_token_assertion_key_free(void *key);

/*
 * Appends a signed assertion that is good for a minute from "now", Unix time.
 * NGX_ERROR: out of memory, or OpenSSL failed.
 */
ngx_int_t ngx_http_auth_token_assertion_make(
    ngx_http_auth_token_assertion_t *assertion, time_t now,
    auth_token_buf_t *out);


#endif /* _NGX_HTTP_AUTH_TOKEN_ASSERTION_H_INCLUDED_ */
