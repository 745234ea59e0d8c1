
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The certificate by which nginx authenticates to an authority.  Files that
 * change are taken over together or not at all: OpenSSL refuses a key that is
 * not that of the certificate, as between two renames.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ngx_http_auth_token_secret.h"
#include "ngx_http_auth_token_tls_certificate.h"


/* what went wrong with which file */

typedef struct {
    const char  *what;
    char        *file;
    char         text[256];
} ngx_http_auth_token_tls_trouble_t;


static ngx_int_t ngx_http_auth_token_tls_certificate_phrases(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach,
    ngx_http_auth_token_tls_certificate_t *certificate);
static SSL_CTX *ngx_http_auth_token_tls_certificate_load(
    ngx_http_auth_token_tls_certificate_t *certificate,
    ngx_http_auth_token_tls_trouble_t *trouble);
static int ngx_http_auth_token_tls_certificate_key(
    ngx_http_auth_token_tls_certificate_t *certificate, SSL_CTX *ctx);
static int ngx_http_auth_token_tls_certificate_phrase(char *buf, int size,
    int rwflag, void *data);
static ngx_uint_t ngx_http_auth_token_tls_certificate_changed(
    ngx_http_auth_token_tls_certificate_t *certificate, ngx_uint_t *same);
static void ngx_http_auth_token_tls_certificate_renew(
    ngx_http_auth_token_tls_certificate_t *certificate, ngx_log_t *log);
static ngx_uint_t ngx_http_auth_token_tls_certificate_equal(SSL_CTX *one,
    SSL_CTX *two);


ngx_int_t
ngx_http_auth_token_tls_certificate_read(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach,
    ngx_http_auth_token_tls_certificate_t *certificate)
{
    ngx_uint_t                          same;
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

    /* full names, with a NUL at the end */
    certificate->files[0] = (char *) reach->ssl_certificate.data;
    certificate->files[1] = (char *) reach->ssl_certificate_key.data;

    /* a change while they are read is one that comes after */
    (void) ngx_http_auth_token_tls_certificate_changed(certificate, &same);

    certificate->ctx = ngx_http_auth_token_tls_certificate_load(certificate,
                                                                &trouble);
    if (certificate->ctx == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s(\"%s\") failed (SSL: %s)", trouble.what,
                           trouble.file, trouble.text);
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

    if (certificate->checked != ngx_time()) {
        certificate->checked = ngx_time();
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
    ngx_uint_t                          same;
    ngx_http_auth_token_tls_trouble_t   trouble;

    if (!ngx_http_auth_token_tls_certificate_changed(certificate, &same)) {
        return;
    }

    ctx = ngx_http_auth_token_tls_certificate_load(certificate, &trouble);

    if (ctx == NULL) {
        if (!same) {
            ngx_log_error(NGX_LOG_ERR, log, 0,
                          "auth token: certificate \"%s\" or its key has "
                          "changed and cannot be used, the old one stays in "
                          "use: %s(\"%s\") failed (SSL: %s)",
                          certificate->files[0], trouble.what, trouble.file,
                          trouble.text);
        }

        return;
    }

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


/* whether either may have; *same: no more than when it was looked at last */

static ngx_uint_t
ngx_http_auth_token_tls_certificate_changed(
    ngx_http_auth_token_tls_certificate_t *certificate, ngx_uint_t *same)
{
    ngx_uint_t                    i, settled;
    ngx_file_info_t               fi;
    ngx_http_auth_token_stamp_t   stamp;

    *same = 1;
    settled = 1;

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

        *same &= ngx_http_auth_token_stamp_same(&stamp,
                                                &certificate->stamps[i]);
        settled &= certificate->stamps[i].settled;

        certificate->stamps[i] = stamp;
    }

    return !*same || !settled;
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


static SSL_CTX *
ngx_http_auth_token_tls_certificate_load(
    ngx_http_auth_token_tls_certificate_t *certificate,
    ngx_http_auth_token_tls_trouble_t *trouble)
{
    SSL_CTX  *ctx;

    ERR_clear_error();

    ctx = SSL_CTX_new(TLS_client_method());

    trouble->file = certificate->files[0];

    if (ctx == NULL) {
        trouble->what = "SSL_CTX_new";

    } else if (SSL_CTX_use_certificate_chain_file(ctx, trouble->file) != 1) {
        trouble->what = "SSL_CTX_use_certificate_chain_file";

    } else if (ngx_http_auth_token_tls_certificate_key(certificate, ctx) != 1) {
        trouble->what = "SSL_CTX_use_PrivateKey_file";
        trouble->file = certificate->files[1];

    } else {
        ERR_clear_error();
        return ctx;
    }

    ERR_error_string_n(ERR_peek_error(), trouble->text,
                       sizeof(trouble->text));
    ERR_clear_error();

    SSL_CTX_free(ctx);

    return NULL;
}


/* of a key with a pass phrase, OpenSSL asks for one at each reading */

static int
ngx_http_auth_token_tls_certificate_key(
    ngx_http_auth_token_tls_certificate_t *certificate, SSL_CTX *ctx)
{
    u_char     *p, *last, *end;
    ngx_str_t   phrase;

    p = certificate->phrases.data;
    last = p + certificate->phrases.len;

    SSL_CTX_set_default_passwd_cb(ctx,
                                  ngx_http_auth_token_tls_certificate_phrase);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &phrase);

    for ( ;; ) {
        end = ngx_strlchr(p, last, LF);

        if (end == NULL) {
            end = last;
        }

        phrase.data = p;
        phrase.len = end - p;

        if (phrase.len && p[phrase.len - 1] == CR) {
            phrase.len--;
        }

        if (SSL_CTX_use_PrivateKey_file(ctx, certificate->files[1],
                                        SSL_FILETYPE_PEM)
            == 1)
        {
            SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
            return 1;
        }

        if (end == last) {
            return 0;
        }

        ERR_clear_error();

        p = end + 1;
    }
}


/* OpenSSL's own callback would ask the terminal, and wait */

static int
ngx_http_auth_token_tls_certificate_phrase(char *buf, int size, int rwflag,
    void *data)
{
    ngx_str_t *phrase = data;

    if (phrase->len > (size_t) size) {
        return 0;
    }

    ngx_memcpy(buf, phrase->data, phrase->len);

    return (int) phrase->len;
}
