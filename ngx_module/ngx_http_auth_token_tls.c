
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns the trust store of an authority, and what else its connections are
 * made with.  A CA bundle costs tens of milliseconds to parse: libcurl would
 * do that for each connection, in the worker; here it is done once, in the
 * master, which is also the one that may read a private key.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "ngx_http_auth_token_tls.h"
#include "ngx_http_auth_token_tls_certificate.h"
#include "ngx_http_auth_token_tls_options.h"


/* a whole SSL_CTX, as OpenSSL then checks options at configuration */

typedef struct {
    SSL_CTX                                *ctx;
    ngx_http_auth_token_tls_certificate_t   certificate;
    ngx_str_t                               anchor;
    ngx_cycle_t                            *cycle;
} ngx_http_auth_token_tls_t;


static ngx_int_t ngx_http_auth_token_tls_trust(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach, ngx_http_auth_token_tls_t *tls);
static ngx_int_t ngx_http_auth_token_tls_system(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach, SSL_CTX *ctx);
static ngx_int_t ngx_http_auth_token_tls_load(ngx_conf_t *cf, SSL_CTX *ctx,
    char *file);
static ngx_int_t ngx_http_auth_token_tls_pick(ngx_conf_t *cf,
    ngx_http_auth_token_tls_t *tls);
static ngx_int_t ngx_http_auth_token_tls_crl(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach, SSL_CTX *ctx);
static char *ngx_http_auth_token_tls_path(ngx_conf_t *cf, ngx_str_t *name);
static void ngx_http_auth_token_tls_error(ngx_conf_t *cf, const char *what,
    char *file);
static void ngx_http_auth_token_tls_cleanup(void *data);


/* as libcurl looks for them when it is built; the environment is not asked */

static const char  *ngx_http_auth_token_tls_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    NULL
};


/* the system's store, shared by the authorities of one configuration */

static X509_STORE   *ngx_http_auth_token_tls_store;
static ngx_cycle_t  *ngx_http_auth_token_tls_cycle;


ngx_int_t
ngx_http_auth_token_tls_configure(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach)
{
    char                       *wrong;
    ngx_int_t                   rc;
    ngx_pool_cleanup_t         *cln;
    ngx_http_auth_token_tls_t  *tls;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_auth_token_tls_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    tls = cln->data;
    ngx_memzero(tls, sizeof(ngx_http_auth_token_tls_t));

    tls->cycle = cf->cycle;

    tls->ctx = SSL_CTX_new(TLS_client_method());
    if (tls->ctx == NULL) {
        ngx_http_auth_token_tls_error(cf, "SSL_CTX_new", NULL);
        return NGX_ERROR;
    }

    cln->handler = ngx_http_auth_token_tls_cleanup;

    wrong = ngx_http_auth_token_tls_options_set(reach, tls->ctx);

    if (wrong) {
        ngx_http_auth_token_tls_error(cf, "TLS option", wrong);
        return NGX_ERROR;
    }

    rc = reach->ssl_verify ? ngx_http_auth_token_tls_trust(cf, reach, tls)
                           : NGX_OK;

    if (rc == NGX_ERROR
        || ngx_http_auth_token_tls_certificate_read(cf, reach,
                                                    &tls->certificate)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ERR_clear_error();

    /* without a store there is no TLS */
    reach->store = (rc == NGX_OK) ? tls : NULL;

    return NGX_OK;
}


/* NGX_DECLINED: there is nothing to trust, and no need of it */

static ngx_int_t
ngx_http_auth_token_tls_trust(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach, ngx_http_auth_token_tls_t *tls)
{
    char       *file;
    ngx_int_t   rc;

    if (reach->ssl_trusted_certificate.len == 0) {
        rc = ngx_http_auth_token_tls_system(cf, reach, tls->ctx);

    } else {
        file = ngx_http_auth_token_tls_path(cf,
                                            &reach->ssl_trusted_certificate);
        rc = file ? ngx_http_auth_token_tls_load(cf, tls->ctx, file)
                  : NGX_ERROR;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_auth_token_tls_pick(cf, tls) == NGX_OK
           ? ngx_http_auth_token_tls_crl(cf, reach, tls->ctx) : NGX_ERROR;
}


static ngx_int_t
ngx_http_auth_token_tls_system(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach, SSL_CTX *ctx)
{
    char        *file;
    ngx_uint_t   i;
    X509_STORE  *store;

    /* one with a CRL is its own: the CRL goes into the store */

    if (reach->ssl_crl.len == 0
        && ngx_http_auth_token_tls_store
        && ngx_http_auth_token_tls_cycle == cf->cycle)
    {
        SSL_CTX_set1_cert_store(ctx, ngx_http_auth_token_tls_store);
        return NGX_OK;
    }

    for (i = 0; ngx_http_auth_token_tls_bundles[i]; i++) {
        file = (char *) ngx_http_auth_token_tls_bundles[i];

        if (access(file, R_OK) != 0) {
            continue;
        }

        if (ngx_http_auth_token_tls_load(cf, ctx, file) != NGX_OK) {
            return NGX_ERROR;
        }

        if (reach->ssl_crl.len == 0) {
            store = SSL_CTX_get_cert_store(ctx);

            if (X509_STORE_up_ref(store) == 1) {
                X509_STORE_free(ngx_http_auth_token_tls_store);
                ngx_http_auth_token_tls_store = store;
                ngx_http_auth_token_tls_cycle = cf->cycle;
            }
        }

        return NGX_OK;
    }

    if (!reach->https && reach->ssl_crl.len == 0) {
        /* clear text to this machine needs none */
        return NGX_DECLINED;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "the system has no file of trusted certificates, "
                       "\"ssl_trusted_certificate\" is needed");
    return NGX_ERROR;
}


static ngx_int_t
ngx_http_auth_token_tls_load(ngx_conf_t *cf, SSL_CTX *ctx, char *file)
{
    if (SSL_CTX_load_verify_locations(ctx, file, NULL) != 1) {
        ngx_http_auth_token_tls_error(cf, "SSL_CTX_load_verify_locations",
                                      file);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_tls_pick(ngx_conf_t *cf, ngx_http_auth_token_tls_t *tls)
{
    BIO             *bio;
    long             len;
    char            *pem;
    ngx_int_t        rc;
    STACK_OF(X509)  *certs;

    rc = NGX_ERROR;
    bio = BIO_new(BIO_s_mem());
    certs = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(tls->ctx));
    ngx_http_auth_token_tls_extensions(certs);

    if (bio && certs && sk_X509_num(certs) > 0
        && PEM_write_bio_X509(bio, sk_X509_value(certs, 0)) == 1)
    {
        len = BIO_get_mem_data(bio, &pem);

        tls->anchor.data = ngx_pnalloc(cf->pool, len);

        if (tls->anchor.data) {
            ngx_memcpy(tls->anchor.data, pem, len);
            tls->anchor.len = len;
            rc = NGX_OK;
        }
    }

    if (rc != NGX_OK) {
        ngx_http_auth_token_tls_error(cf, "X509_STORE_get1_all_certs", NULL);
    }

    sk_X509_pop_free(certs, X509_free);
    BIO_free(bio);

    return rc;
}


static ngx_int_t
ngx_http_auth_token_tls_crl(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach, SSL_CTX *ctx)
{
    char         *file;
    X509_STORE   *store;
    X509_LOOKUP  *lookup;

    if (reach->ssl_crl.len == 0) {
        return NGX_OK;
    }

    file = ngx_http_auth_token_tls_path(cf, &reach->ssl_crl);
    if (file == NULL) {
        return NGX_ERROR;
    }

    store = SSL_CTX_get_cert_store(ctx);

    lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    if (lookup == NULL
        || X509_load_crl_file(lookup, file, X509_FILETYPE_PEM) <= 0)
    {
        ngx_http_auth_token_tls_error(cf, "X509_load_crl_file", file);
        return NGX_ERROR;
    }

    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK
                                |X509_V_FLAG_CRL_CHECK_ALL);

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_tls_setup(void *data, ngx_http_auth_token_reach_t *reach)
{
    SSL_CTX                    *ctx;
    ngx_http_auth_token_tls_t  *tls;

    ctx = data;
    tls = reach->store;

    if (tls == NULL) {
        return NGX_ERROR;
    }

    /* bytes in a buffer of OpenSSL are bytes that a look at a socket misses */
    SSL_CTX_set_read_ahead(ctx, 0);

    if (ngx_http_auth_token_tls_options_set(reach, ctx) != NULL) {
        return NGX_ERROR;
    }

    if (reach->ssl_verify) {
        SSL_CTX_set1_cert_store(ctx, SSL_CTX_get_cert_store(tls->ctx));
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_verify_depth(ctx, (int) reach->ssl_verify_depth);
    }

    return ngx_http_auth_token_tls_certificate_lend(&tls->certificate, ctx);
}


ngx_str_t *
ngx_http_auth_token_tls_anchor(ngx_http_auth_token_reach_t *reach)
{
    ngx_http_auth_token_tls_t  *tls;

    tls = reach->store;

    return tls ? &tls->anchor : NULL;
}


ngx_uint_t
ngx_http_auth_token_tls_pending(void *ssl)
{
    return SSL_has_pending(ssl) ? 1 : 0;
}


ngx_uint_t
ngx_http_auth_token_tls_http2(void *ssl)
{
    unsigned int          len;
    const unsigned char  *data;

    SSL_get0_alpn_selected(ssl, &data, &len);

    return len == 2 && data[0] == 'h' && data[1] == '2';
}


const char *
ngx_http_auth_token_tls_verify_text(long result)
{
    if (result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED) {
        /* the chain was not the problem */
        return "the name does not match";
    }

    return X509_verify_cert_error_string(result);
}


void
ngx_http_auth_token_tls_clear(void)
{
    ERR_clear_error();
}


/* zero-terminated, relative to the directory of the configuration */

static char *
ngx_http_auth_token_tls_path(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_str_t  path;

    path = *name;

    return ngx_conf_full_name(cf->cycle, &path, 1) == NGX_OK
           ? (char *) path.data : NULL;
}


static void
ngx_http_auth_token_tls_error(ngx_conf_t *cf, const char *what, char *file)
{
    u_long  n;
    char    text[256];

    n = ERR_peek_error();

    ERR_error_string_n(n, text, sizeof(text));

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s(\"%s\") failed (SSL: %s)",
                       what, file ? file : "", text);

    ERR_clear_error();
}


static void
ngx_http_auth_token_tls_cleanup(void *data)
{
    ngx_http_auth_token_tls_t  *tls = data;

    SSL_CTX_free(tls->ctx);
    ngx_http_auth_token_tls_certificate_free(&tls->certificate);

    /* the next cycle may get the same address, and other certificates */

    if (ngx_http_auth_token_tls_cycle == tls->cycle) {
        X509_STORE_free(ngx_http_auth_token_tls_store);
        ngx_http_auth_token_tls_store = NULL;
        ngx_http_auth_token_tls_cycle = NULL;
    }
}
