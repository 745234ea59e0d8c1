
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Certificates and keys in files.  OpenSSL's own readers of files wait for
 * whatever the file is; it is given bytes instead.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "ngx_http_auth_token_tls_options.h"
#include "ngx_http_auth_token_tls_pem.h"


#define NGX_HTTP_AUTH_TOKEN_TLS_PEM_MAX  (256 * 1024)


static ngx_int_t ngx_http_auth_token_tls_pem_read(char *file, ngx_str_t *text,
    ngx_http_auth_token_tls_trouble_t *trouble);
static ngx_int_t ngx_http_auth_token_tls_pem_take(ngx_fd_t fd, char *file,
    ngx_str_t *text, ngx_http_auth_token_tls_trouble_t *trouble);
static ngx_int_t ngx_http_auth_token_tls_pem_certificates(SSL_CTX *ctx,
    BIO *bio);
static EVP_PKEY *ngx_http_auth_token_tls_pem_decrypt(ngx_str_t *text,
    ngx_str_t *phrases, size_t *fits);
static EVP_PKEY *ngx_http_auth_token_tls_pem_try(ngx_str_t *text,
    ngx_str_t *phrases, size_t at);
static int ngx_http_auth_token_tls_pem_phrase(char *buf, int size,
    int rwflag, void *data);
static ngx_int_t ngx_http_auth_token_tls_pem_trouble(
    ngx_http_auth_token_tls_trouble_t *trouble, const char *what, char *file,
    ngx_err_t err);


SSL_CTX *
ngx_http_auth_token_tls_pem_create(ngx_http_auth_token_reach_t *reach,
    ngx_http_auth_token_tls_trouble_t *trouble)
{
    char     *wrong;
    SSL_CTX  *ctx;

    ERR_clear_error();

    ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL) {
        (void) ngx_http_auth_token_tls_pem_trouble(trouble, "SSL_CTX_new", "",
                                                   0);
        return NULL;
    }

    /* they say what a certificate must be like to be used */

    wrong = ngx_http_auth_token_tls_options_set(reach, ctx);

    if (wrong) {
        (void) ngx_http_auth_token_tls_pem_trouble(trouble, "TLS option",
                                                   wrong, 0);
        SSL_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


ngx_int_t
ngx_http_auth_token_tls_pem_chain(SSL_CTX *ctx, char *file,
    ngx_http_auth_token_tls_trouble_t *trouble)
{
    BIO        *bio;
    ngx_int_t   rc;
    ngx_str_t   text;

    if (ngx_http_auth_token_tls_pem_read(file, &text, trouble) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;
    bio = BIO_new_mem_buf(text.data, (int) text.len);

    if (bio) {
        rc = ngx_http_auth_token_tls_pem_certificates(ctx, bio);
        BIO_free(bio);
    }

    ngx_free(text.data);

    if (rc != NGX_OK) {
        return ngx_http_auth_token_tls_pem_trouble(trouble,
                                         "PEM_read_bio_X509", file, 0);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_tls_pem_certificates(SSL_CTX *ctx, BIO *bio)
{
    int        ok;
    X509      *cert;
    u_long     n;
    ngx_str_t  none;

    ngx_str_null(&none);

    cert = PEM_read_bio_X509_AUX(bio, NULL, ngx_http_auth_token_tls_pem_phrase,
                                 &none);
    if (cert == NULL) {
        return NGX_ERROR;
    }

    ok = SSL_CTX_use_certificate(ctx, cert);

    X509_free(cert);

    while (ok == 1) {
        cert = PEM_read_bio_X509(bio, NULL, ngx_http_auth_token_tls_pem_phrase,
                                 &none);
        if (cert == NULL) {
            break;
        }

        ok = SSL_CTX_add0_chain_cert(ctx, cert);

        if (ok != 1) {
            X509_free(cert);
        }
    }

    if (ok != 1) {
        return NGX_ERROR;
    }

    n = ERR_peek_last_error();

    if (ERR_GET_LIB(n) != ERR_LIB_PEM
        || ERR_GET_REASON(n) != PEM_R_NO_START_LINE)
    {
        return NGX_ERROR;
    }

    ERR_clear_error();

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_tls_pem_key(SSL_CTX *ctx, char *file, ngx_str_t *phrases,
    size_t *fits, ngx_http_auth_token_tls_trouble_t *trouble)
{
    EVP_PKEY   *key;
    ngx_int_t   rc;
    ngx_str_t   text;

    if (ngx_http_auth_token_tls_pem_read(file, &text, trouble) != NGX_OK) {
        return NGX_ERROR;
    }

    key = ngx_http_auth_token_tls_pem_decrypt(&text, phrases, fits);

    ngx_explicit_memzero(text.data, text.len);
    ngx_free(text.data);

    if (key == NULL) {
        return ngx_http_auth_token_tls_pem_trouble(trouble,
                                         "PEM_read_bio_PrivateKey", file, 0);
    }

    rc = ngx_http_auth_token_tls_pem_known(ctx, key, file, trouble);

    EVP_PKEY_free(key);

    return rc;
}


/* a key of another type than the certificate's would only be put beside it */

ngx_int_t
ngx_http_auth_token_tls_pem_known(SSL_CTX *ctx, EVP_PKEY *known, char *file,
    ngx_http_auth_token_tls_trouble_t *trouble)
{
    if (SSL_CTX_use_PrivateKey(ctx, known) == 1
        && SSL_CTX_check_private_key(ctx) == 1)
    {
        ERR_clear_error();
        return NGX_OK;
    }

    return ngx_http_auth_token_tls_pem_trouble(trouble,
                                         "SSL_CTX_use_PrivateKey", file, 0);
}


/* the one that fitted is tried first, then each of them */

static EVP_PKEY *
ngx_http_auth_token_tls_pem_decrypt(ngx_str_t *text, ngx_str_t *phrases,
    size_t *fits)
{
    u_char          *p;
    size_t           at;
    EVP_PKEY        *key;
    ngx_str_t        lines;
    static u_char    none[1];

    lines = *phrases;

    if (lines.data == NULL) {
        lines.data = none;
    }

    key = ngx_http_auth_token_tls_pem_try(text, &lines, *fits);

    for (at = 0; key == NULL; at = p + 1 - lines.data) {

        if (at != *fits) {
            ERR_clear_error();

            key = ngx_http_auth_token_tls_pem_try(text, &lines, at);

            if (key) {
                *fits = at;
                break;
            }
        }

        p = ngx_strlchr(lines.data + at, lines.data + lines.len, LF);

        if (p == NULL) {
            break;
        }
    }

    return key;
}


/* with the phrase that begins "at" a place among all */

static EVP_PKEY *
ngx_http_auth_token_tls_pem_try(ngx_str_t *text, ngx_str_t *phrases,
    size_t at)
{
    BIO        *bio;
    u_char     *end;
    EVP_PKEY   *key;
    ngx_str_t   phrase;

    phrase.data = phrases->data + at;
    phrase.len = phrases->len - at;

    end = ngx_strlchr(phrase.data, phrase.data + phrase.len, LF);

    if (end) {
        phrase.len = end - phrase.data;
    }

    if (phrase.len && phrase.data[phrase.len - 1] == CR) {
        phrase.len--;
    }

    bio = BIO_new_mem_buf(text->data, (int) text->len);
    if (bio == NULL) {
        return NULL;
    }

    key = PEM_read_bio_PrivateKey(bio, NULL,
                                  ngx_http_auth_token_tls_pem_phrase,
                                  &phrase);
    BIO_free(bio);

    return key;
}


/* OpenSSL's own callback would ask the terminal, and wait */

static int
ngx_http_auth_token_tls_pem_phrase(char *buf, int size, int rwflag,
    void *data)
{
    ngx_str_t *phrase = data;

    if (phrase->len > (size_t) size) {
        return 0;
    }

    ngx_memcpy(buf, phrase->data, phrase->len);

    return (int) phrase->len;
}


static ngx_int_t
ngx_http_auth_token_tls_pem_read(char *file, ngx_str_t *text,
    ngx_http_auth_token_tls_trouble_t *trouble)
{
    ngx_fd_t   fd;
    ngx_int_t  rc;

    fd = ngx_open_file((u_char *) file, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return ngx_http_auth_token_tls_pem_trouble(trouble, "open", file,
                                                   ngx_errno);
    }

    rc = ngx_http_auth_token_tls_pem_take(fd, file, text, trouble);

    (void) ngx_close_file(fd);

    return rc;
}


static ngx_int_t
ngx_http_auth_token_tls_pem_take(ngx_fd_t fd, char *file, ngx_str_t *text,
    ngx_http_auth_token_tls_trouble_t *trouble)
{
    off_t            size;
    ssize_t          n;
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        return ngx_http_auth_token_tls_pem_trouble(trouble, "fstat", file,
                                                   ngx_errno);
    }

    size = ngx_file_size(&fi);

    if (!ngx_is_file(&fi) || size > NGX_HTTP_AUTH_TOKEN_TLS_PEM_MAX) {
        return ngx_http_auth_token_tls_pem_trouble(trouble, "read", file,
                                                   ngx_is_file(&fi) ? EFBIG
                                                                    : EINVAL);
    }

    text->data = ngx_alloc((size_t) size + 1, ngx_cycle->log);
    if (text->data == NULL) {
        return ngx_http_auth_token_tls_pem_trouble(trouble, "malloc", file,
                                                   NGX_ENOMEM);
    }

    n = ngx_read_fd(fd, text->data, (size_t) size);

    if (n == -1) {
        (void) ngx_http_auth_token_tls_pem_trouble(trouble, "read", file,
                                                   ngx_errno);
        ngx_free(text->data);
        return NGX_ERROR;
    }

    text->len = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_tls_pem_trouble(
    ngx_http_auth_token_tls_trouble_t *trouble, const char *what, char *file,
    ngx_err_t err)
{
    char  text[240];

    trouble->what = what;
    trouble->file = file;
    trouble->err = err;
    trouble->text[0] = '\0';

    if (err == 0) {
        ERR_error_string_n(ERR_peek_error(), text, sizeof(text));
        (void) ngx_snprintf((u_char *) trouble->text, sizeof(trouble->text),
                            " (SSL: %s)%Z", text);
    }

    ERR_clear_error();

    return NGX_ERROR;
}
