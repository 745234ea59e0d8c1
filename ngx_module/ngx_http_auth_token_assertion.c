
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Assertions by which a client authenticates (RFC 7523): made afresh for each
 * request and signed by OpenSSL.  Knows no configuration.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "auth_token_escape.h"
#include "ngx_http_auth_token_assertion.h"


/* seconds */
#define NGX_HTTP_AUTH_TOKEN_ASSERTION_LIFE      60

#define NGX_HTTP_AUTH_TOKEN_ASSERTION_MAX       16384

/* a signature of the largest RSA key; larger ones hold up the worker */
#define NGX_HTTP_AUTH_TOKEN_ASSERTION_RSA_MIN   2048
#define NGX_HTTP_AUTH_TOKEN_ASSERTION_RSA_MAX   4096
#define NGX_HTTP_AUTH_TOKEN_ASSERTION_SIGNATURE 512


static const char *ngx_http_auth_token_assertion_fits(EVP_PKEY *key,
    const ngx_http_auth_token_assertion_alg_t **alg);
static int ngx_http_auth_token_assertion_password(char *buf, int size,
    int rwflag, void *data);
static void ngx_http_auth_token_assertion_head(
    ngx_http_auth_token_assertion_t *assertion, auth_token_buf_t *out);
static void ngx_http_auth_token_assertion_claims(
    ngx_http_auth_token_assertion_t *assertion, time_t now,
    auth_token_buf_t *out);
static void ngx_http_auth_token_assertion_member(auth_token_buf_t *out,
    const char *name, ngx_str_t *value);
static void ngx_http_auth_token_assertion_base64(auth_token_buf_t *out,
    u_char *data, size_t len);
static ngx_int_t ngx_http_auth_token_assertion_sign(
    ngx_http_auth_token_assertion_t *assertion, u_char *data, size_t len,
    u_char *sig, size_t *n);
static ngx_int_t ngx_http_auth_token_assertion_raw(u_char *sig, size_t *n);
static const EVP_MD *ngx_http_auth_token_assertion_md(ngx_uint_t bits);


/* RFC 7518, 3.1; RFC 8037; the first of a type is what its keys choose */

static const ngx_http_auth_token_assertion_alg_t
    ngx_http_auth_token_assertion_algs[] =
{
    { ngx_string("HS256"), EVP_PKEY_HMAC, 256, 0 },
    { ngx_string("HS384"), EVP_PKEY_HMAC, 384, 0 },
    { ngx_string("HS512"), EVP_PKEY_HMAC, 512, 0 },
    { ngx_string("RS256"), EVP_PKEY_RSA, 256, 0 },
    { ngx_string("PS256"), EVP_PKEY_RSA, 256, 1 },
    { ngx_string("ES256"), EVP_PKEY_EC, 256, 0 },
    { ngx_string("EdDSA"), EVP_PKEY_ED25519, 0, 0 },
    { ngx_null_string, 0, 0, 0 }
};


const ngx_http_auth_token_assertion_alg_t *
ngx_http_auth_token_assertion_alg(ngx_str_t *name, ngx_uint_t shared)
{
    const ngx_http_auth_token_assertion_alg_t  *alg;

    for (alg = ngx_http_auth_token_assertion_algs; alg->name.len; alg++) {
        if (alg->name.len == name->len
            && ngx_strncmp(alg->name.data, name->data, name->len) == 0
            && (alg->type == EVP_PKEY_HMAC) == (shared != 0))
        {
            return alg;
        }
    }

    return NULL;
}


const char *
ngx_http_auth_token_assertion_secret(ngx_str_t *secret,
    const ngx_http_auth_token_assertion_alg_t *alg)
{
    return (secret->len < alg->bits / 8)
           ? "is shorter than the hash of the algorithm" : NULL;
}


const char *
ngx_http_auth_token_assertion_key(ngx_str_t *pem,
    const ngx_http_auth_token_assertion_alg_t **alg, void **key)
{
    BIO         *bio;
    EVP_PKEY    *pkey;
    const char  *wrong;
    ngx_uint_t   encrypted;

    bio = BIO_new_mem_buf(pem->data, (int) pem->len);
    if (bio == NULL) {
        return "cannot be read";
    }

    encrypted = 0;

    pkey = PEM_read_bio_PrivateKey(bio, NULL,
                                   ngx_http_auth_token_assertion_password,
                                   &encrypted);
    BIO_free(bio);
    ERR_clear_error();

    if (pkey == NULL) {
        return encrypted ? "is a private key with a pass phrase"
                         : "is no private key in PEM";
    }

    wrong = ngx_http_auth_token_assertion_fits(pkey, alg);

    if (wrong) {
        EVP_PKEY_free(pkey);
        return wrong;
    }

    *key = pkey;

    return NULL;
}


static const char *
ngx_http_auth_token_assertion_fits(EVP_PKEY *key,
    const ngx_http_auth_token_assertion_alg_t **alg)
{
    int                                         bits;
    char                                        group[32];
    const ngx_http_auth_token_assertion_alg_t  *a;

    a = *alg;

    if (a == NULL) {
        for (a = ngx_http_auth_token_assertion_algs; a->name.len; a++) {
            if (a->type == EVP_PKEY_base_id(key)) {
                break;
            }
        }
    }

    if (a->name.len == 0 || a->type != EVP_PKEY_base_id(key)) {
        return "is a key of another algorithm";
    }

    bits = EVP_PKEY_bits(key);

    if (a->type == EVP_PKEY_RSA
        && (bits < NGX_HTTP_AUTH_TOKEN_ASSERTION_RSA_MIN
            || bits > NGX_HTTP_AUTH_TOKEN_ASSERTION_RSA_MAX))
    {
        return "is an RSA key of less than 2048 or more than 4096 bits";
    }

    /* other curves have 256 bits, too */

    if (a->type == EVP_PKEY_EC
        && (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1
            || ngx_strcmp(group, "prime256v1") != 0))
    {
        return "is a key on another curve than P-256";
    }

    *alg = a;

    return NULL;
}


/* nobody is there to be asked for one */

static int
ngx_http_auth_token_assertion_password(char *buf, int size, int rwflag,
    void *data)
{
    ngx_uint_t *encrypted = data;

    *encrypted = 1;

    return -1;
}


void
ngx_http_auth_token_assertion_key_free(void *key)
{
    EVP_PKEY_free(key);
}


ngx_int_t
ngx_http_auth_token_assertion_make(ngx_http_auth_token_assertion_t *assertion,
    time_t now, auth_token_buf_t *out)
{
    u_char            sig[NGX_HTTP_AUTH_TOKEN_ASSERTION_SIGNATURE];
    size_t            n;
    ngx_int_t         rc;
    auth_token_buf_t  part, text;

    rc = NGX_ERROR;

    auth_token_buf_init(&part, NGX_HTTP_AUTH_TOKEN_ASSERTION_MAX);
    auth_token_buf_init(&text, NGX_HTTP_AUTH_TOKEN_ASSERTION_MAX);

    ngx_http_auth_token_assertion_head(assertion, &part);
    ngx_http_auth_token_assertion_base64(&text, part.data, part.len);

    (void) auth_token_buf_addc(&text, '.');

    auth_token_buf_reset(&part);

    ngx_http_auth_token_assertion_claims(assertion, now, &part);
    ngx_http_auth_token_assertion_base64(&text, part.data, part.len);

    n = sizeof(sig);

    if (!part.failed && !text.failed) {
        rc = ngx_http_auth_token_assertion_sign(assertion, text.data, text.len,
                                                sig, &n);
        ERR_clear_error();
    }

    if (rc == NGX_OK) {
        (void) auth_token_buf_add(out, text.data, text.len);
        (void) auth_token_buf_addc(out, '.');
        ngx_http_auth_token_assertion_base64(out, sig, n);

        rc = out->failed ? NGX_ERROR : NGX_OK;
    }

    auth_token_buf_free(&part);
    auth_token_buf_free(&text);

    return rc;
}


static void
ngx_http_auth_token_assertion_head(ngx_http_auth_token_assertion_t *assertion,
    auth_token_buf_t *out)
{
    ngx_str_t  name;

    name = assertion->alg->name;

    (void) auth_token_buf_adds(out, "{\"typ\":\"JWT\"");
    ngx_http_auth_token_assertion_member(out, "alg", &name);

    if (assertion->kid.len) {
        ngx_http_auth_token_assertion_member(out, "kid", &assertion->kid);
    }

    (void) auth_token_buf_addc(out, '}');
}


static void
ngx_http_auth_token_assertion_claims(
    ngx_http_auth_token_assertion_t *assertion, time_t now,
    auth_token_buf_t *out)
{
    u_char     random[16], id[32], times[64], *p;
    ngx_str_t  jti;

    if (RAND_bytes(random, sizeof(random)) != 1) {
        out->failed = 1;
        return;
    }

    jti.data = id;
    jti.len = ngx_hex_dump(id, random, sizeof(random)) - id;

    p = ngx_sprintf(times, "{\"iat\":%T,\"exp\":%T", now,
                    now + NGX_HTTP_AUTH_TOKEN_ASSERTION_LIFE);

    (void) auth_token_buf_add(out, times, p - times);
    ngx_http_auth_token_assertion_member(out, "iss", &assertion->client);
    ngx_http_auth_token_assertion_member(out, "sub", &assertion->client);
    ngx_http_auth_token_assertion_member(out, "aud", &assertion->audience);
    ngx_http_auth_token_assertion_member(out, "jti", &jti);
    (void) auth_token_buf_addc(out, '}');
}


static void
ngx_http_auth_token_assertion_member(auth_token_buf_t *out, const char *name,
    ngx_str_t *value)
{
    auth_token_str_t  text;

    text.len = value->len;
    text.data = value->data;

    (void) auth_token_buf_adds(out, ",\"");
    (void) auth_token_buf_adds(out, name);
    (void) auth_token_buf_adds(out, "\":\"");

    if (auth_token_escape(text, AUTH_TOKEN_PLACE_JSON, out) != 0) {
        out->failed = 1;
    }

    (void) auth_token_buf_addc(out, '"');
}


static void
ngx_http_auth_token_assertion_base64(auth_token_buf_t *out, u_char *data,
    size_t len)
{
    u_char     room[64];
    size_t     n;
    ngx_str_t  src, dst;

    /* pieces of whole groups of three bytes, but for the last */

    while (len) {
        n = ngx_min(len, 45);

        src.data = data;
        src.len = n;
        dst.data = room;

        ngx_encode_base64url(&dst, &src);

        (void) auth_token_buf_add(out, dst.data, dst.len);

        data += n;
        len -= n;
    }
}


static ngx_int_t
ngx_http_auth_token_assertion_sign(ngx_http_auth_token_assertion_t *assertion,
    u_char *data, size_t len, u_char *sig, size_t *n)
{
    unsigned       size;
    ngx_int_t      rc;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;
    const EVP_MD  *md;

    md = ngx_http_auth_token_assertion_md(assertion->alg->bits);

    if (assertion->alg->type == EVP_PKEY_HMAC) {
        if (HMAC(md, assertion->secret.data, (int) assertion->secret.len, data,
                 len, sig, &size)
            == NULL)
        {
            return NGX_ERROR;
        }

        *n = size;

        return NGX_OK;
    }

    ctx = EVP_MD_CTX_new();
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (EVP_DigestSignInit(ctx, &pctx, md, NULL, assertion->key) == 1
        && (!assertion->alg->pss
            || (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx,
                                                    RSA_PSS_SALTLEN_DIGEST)
                   > 0))
        && EVP_DigestSign(ctx, sig, n, data, len) == 1)
    {
        rc = NGX_OK;
    }

    EVP_MD_CTX_free(ctx);

    if (rc == NGX_OK && assertion->alg->type == EVP_PKEY_EC) {
        return ngx_http_auth_token_assertion_raw(sig, n);
    }

    return rc;
}


/* RFC 7518, 3.4: two numbers of 32 bytes, where OpenSSL gives DER */

static ngx_int_t
ngx_http_auth_token_assertion_raw(u_char *sig, size_t *n)
{
    int            ok;
    ECDSA_SIG     *ec;
    const u_char  *p;
    const BIGNUM  *r, *s;

    p = sig;

    ec = d2i_ECDSA_SIG(NULL, &p, (long) *n);
    if (ec == NULL) {
        return NGX_ERROR;
    }

    ECDSA_SIG_get0(ec, &r, &s);

    ok = BN_bn2binpad(r, sig, 32) == 32 && BN_bn2binpad(s, sig + 32, 32) == 32;

    ECDSA_SIG_free(ec);

    *n = 64;

    return ok ? NGX_OK : NGX_ERROR;
}


static const EVP_MD *
ngx_http_auth_token_assertion_md(ngx_uint_t bits)
{
    switch (bits) {

    case 0:
        /* Ed25519 has its own */
        return NULL;

    case 384:
        return EVP_sha384();

    case 512:
        return EVP_sha512();

    default:
        return EVP_sha256();
    }
}
