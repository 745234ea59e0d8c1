
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The certificate by which nginx authenticates to an authority.  Files that
 * change are taken over together or not at all, as they are no pair between
 * two renames.  In a worker nothing may wait: they are read as secrets are,
 * and a key that is as it was is not decrypted once more.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ngx_http_auth_token_secret.h"
#include "ngx_http_auth_token_tls_certificate.h"
#include "ngx_http_auth_token_tls_pem.h"


/* seconds until files that could not be used are tried once more */
#define NGX_HTTP_AUTH_TOKEN_TLS_CERTIFICATE_AGAIN  10


static ngx_int_t ngx_http_auth_token_tls_certificate_phrases(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach,
    ngx_http_auth_token_tls_certificate_t *certificate);
static ngx_uint_t ngx_http_auth_token_tls_certificate_changed(
    ngx_http_auth_token_tls_certificate_t *certificate, ngx_uint_t *same,
    ngx_uint_t *key);
static void ngx_http_auth_token_tls_certificate_renew(
    ngx_http_auth_token_tls_certificate_t *certificate, ngx_log_t *log);
static SSL_CTX *ngx_http_auth_token_tls_certificate_load(
    ngx_http_auth_token_tls_certificate_t *certificate, EVP_PKEY *key,
    ngx_http_auth_token_tls_trouble_t *trouble);
static ngx_uint_t ngx_http_auth_token_tls_certificate_equal(SSL_CTX *one,
    SSL_CTX *two);


ngx_int_t
ngx_http_auth_token_tls_certificate_read(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach,
    ngx_http_auth_token_tls_certificate_t *certificate)
{
    ngx_uint_t                          same, key;
    ngx_http_auth_token_tls_trouble_t   trouble;

    if (reach->ssl_certificate.len == 0) {

        if (reach->ssl_certificate_key.len || reach->ssl_password_file.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "no \"ssl_certificate\" is defined for "
                               "\"%s\"", reach->ssl_certificate_key.len
                               ? "ssl_certificate_key" : "ssl_password_file");
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    if (reach->ssl_certificate_key.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no \"ssl_certificate_key\" is defined "
                           "for certificate \"%V\"", &reach->ssl_certificate);
        return NGX_ERROR;
    }

    if (ngx_http_auth_token_tls_certificate_phrases(cf, reach, certificate)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    certificate->reach = reach;

    /* full names, with a NUL at the end */
    certificate->files[0] = (char *) reach->ssl_certificate.data;
    certificate->files[1] = (char *) reach->ssl_certificate_key.data;

    /* a change while they are read is one that comes after */
    (void) ngx_http_auth_token_tls_certificate_changed(certificate, &same,
                                                       &key);

    certificate->ctx = ngx_http_auth_token_tls_certificate_load(certificate,
                                                                NULL,
                                                                &trouble);
    if (certificate->ctx == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, trouble.err,
                           "%s(\"%s\") failed%s", trouble.what, trouble.file,
                           trouble.text);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_tls_certificate_phrases(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach,
    ngx_http_auth_token_tls_certificate_t *certificate)
{
    u_char                        room[NGX_HTTP_AUTH_TOKEN_MAX_SECRET];
    ngx_int_t                     rc;
    ngx_str_t                     text;
    ngx_http_auth_token_secret_t  secret;

    if (reach->ssl_password_file.len == 0) {
        return NGX_OK;
    }

    ngx_memzero(&secret, sizeof(ngx_http_auth_token_secret_t));

    secret.path = reach->ssl_password_file;
    secret.lines = 1;

    rc = ngx_http_auth_token_secret_file(cf, &secret, room, &text);

    if (rc == NGX_OK) {
        certificate->phrases.data = ngx_alloc(text.len, cf->log);

        if (certificate->phrases.data == NULL) {
            rc = NGX_ERROR;

        } else {
            ngx_memcpy(certificate->phrases.data, text.data, text.len);
            certificate->phrases.len = text.len;
        }
    }

    ngx_explicit_memzero(room, sizeof(room));

    return rc;
}


void
ngx_http_auth_token_tls_certificate_free(
    ngx_http_auth_token_tls_certificate_t *certificate)
{
    SSL_CTX_free(certificate->ctx);

    if (certificate->phrases.data) {
        ngx_explicit_memzero(certificate->phrases.data,
                             certificate->phrases.len);
        ngx_free(certificate->phrases.data);
    }
}


ngx_int_t
ngx_http_auth_token_tls_certificate_lend(
    ngx_http_auth_token_tls_certificate_t *certificate, SSL_CTX *ctx)
{
    X509            *cert;
    EVP_PKEY        *key;
    STACK_OF(X509)  *chain;

    if (certificate->ctx == NULL) {
        return NGX_OK;
    }

    if (ngx_time() >= certificate->next) {
        ngx_http_auth_token_tls_certificate_renew(certificate, ngx_cycle->log);
    }

    cert = SSL_CTX_get0_certificate(certificate->ctx);
    key = SSL_CTX_get0_privatekey(certificate->ctx);

    return (SSL_CTX_use_certificate(ctx, cert) == 1
            && SSL_CTX_get0_chain_certs(certificate->ctx, &chain) == 1
            && SSL_CTX_set1_chain(ctx, chain) == 1
            && SSL_CTX_use_PrivateKey(ctx, key) == 1)
           ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_auth_token_tls_certificate_renew(
    ngx_http_auth_token_tls_certificate_t *certificate, ngx_log_t *log)
{
    SSL_CTX                            *ctx;
    EVP_PKEY                           *known;
    ngx_uint_t                          changed, same, key;
    ngx_http_auth_token_tls_trouble_t   trouble;

    certificate->next = ngx_time() + 1;

    changed = ngx_http_auth_token_tls_certificate_changed(certificate, &same,
                                                          &key);

    if (!changed && !certificate->failed) {
        return;
    }

    known = (key || certificate->failed)
            ? NULL : SSL_CTX_get0_privatekey(certificate->ctx);

    ctx = ngx_http_auth_token_tls_certificate_load(certificate, known,
                                                   &trouble);

    if (ctx == NULL) {
        certificate->failed = 1;
        certificate->next = ngx_time()
                            + (changed ? 1
                               : NGX_HTTP_AUTH_TOKEN_TLS_CERTIFICATE_AGAIN);

        if (!same) {
            ngx_log_error(NGX_LOG_ERR, log, trouble.err,
                          "auth token: certificate \"%s\" or its key has "
                          "changed and cannot be used, the old one stays in "
                          "use: %s(\"%s\") failed%s", certificate->files[0],
                          trouble.what, trouble.file, trouble.text);
        }

        return;
    }

    certificate->failed = 0;

    if (ngx_http_auth_token_tls_certificate_equal(ctx, certificate->ctx)) {
        SSL_CTX_free(ctx);
        return;
    }

    SSL_CTX_free(certificate->ctx);
    certificate->ctx = ctx;

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "auth token: certificate \"%s\" has changed and is in use",
                  certificate->files[0]);
}


/*
 * Whether either may have, and whether the key may.  *same: no more than when
 * it was looked at last.
 */

static ngx_uint_t
ngx_http_auth_token_tls_certificate_changed(
    ngx_http_auth_token_tls_certificate_t *certificate, ngx_uint_t *same,
    ngx_uint_t *key)
{
    ngx_uint_t                    i, equal, changed;
    ngx_file_info_t               fi;
    ngx_http_auth_token_stamp_t   stamp;

    *same = 1;
    *key = 0;
    changed = 0;

    for (i = 0; i < 2; i++) {
        ngx_memzero(&stamp, sizeof(ngx_http_auth_token_stamp_t));

        if (ngx_file_info(certificate->files[i], &fi) != NGX_FILE_ERROR) {
            ngx_http_auth_token_stamp_take(&fi, &stamp);

        } else if (ngx_errno == NGX_EACCES) {
            /* a worker that may not look into the directory never could */
            continue;

        } else {
            stamp.settled = 1;
        }

        equal = ngx_http_auth_token_stamp_same(&stamp,
                                               &certificate->stamps[i]);

        if (!equal || !certificate->stamps[i].settled) {
            changed = 1;
            *key = i;
        }

        *same &= equal;

        certificate->stamps[i] = stamp;
    }

    return changed;
}


static SSL_CTX *
ngx_http_auth_token_tls_certificate_load(
    ngx_http_auth_token_tls_certificate_t *certificate, EVP_PKEY *key,
    ngx_http_auth_token_tls_trouble_t *trouble)
{
    SSL_CTX  *ctx;

    ctx = ngx_http_auth_token_tls_pem_create(certificate->reach, trouble);

    if (ctx == NULL) {
        return NULL;
    }

    if (ngx_http_auth_token_tls_pem_chain(ctx, certificate->files[0], trouble)
        == NGX_OK
        && (key ? ngx_http_auth_token_tls_pem_known(ctx, key,
                                                    certificate->files[1],
                                                    trouble)
                : ngx_http_auth_token_tls_pem_key(ctx, certificate->files[1],
                                                  &certificate->phrases,
                                                  &certificate->fits,
                                                  trouble))
           == NGX_OK)
    {
        return ctx;
    }

    SSL_CTX_free(ctx);

    return NULL;
}


static ngx_uint_t
ngx_http_auth_token_tls_certificate_equal(SSL_CTX *one, SSL_CTX *two)
{
    int              i;
    STACK_OF(X509)  *a, *b;

    if (X509_cmp(SSL_CTX_get0_certificate(one), SSL_CTX_get0_certificate(two))
        || EVP_PKEY_eq(SSL_CTX_get0_privatekey(one),
                       SSL_CTX_get0_privatekey(two))
           != 1
        || SSL_CTX_get0_chain_certs(one, &a) != 1
        || SSL_CTX_get0_chain_certs(two, &b) != 1
        || sk_X509_num(a) != sk_X509_num(b))
    {
        return 0;
    }

    for (i = 0; i < sk_X509_num(a); i++) {
        if (X509_cmp(sk_X509_value(a, i), sk_X509_value(b, i))) {
            return 0;
        }
    }

    return 1;
}
