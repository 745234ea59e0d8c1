
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Signatures by OpenSSL's EVP (3.0 and later).  The key decides what kind of
 * signature is looked for, and auth_token_jwk_fits() has seen to it that the
 * algorithm of the JWS is of that kind.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "ngx_http_auth_token_verify.h"


/* a point of P-521, uncompressed */
#define NGX_HTTP_AUTH_TOKEN_VERIFY_POINT  (1 + 2 * 66)

/* its signature as DER: a sequence of two integers with their heads */
#define NGX_HTTP_AUTH_TOKEN_VERIFY_DER    (3 + 2 * (3 + 66))


static ngx_int_t ngx_http_auth_token_verify_key(const auth_token_jwk_t *key,
    const auth_token_jws_t *jws);
static EVP_PKEY *ngx_http_auth_token_verify_public(
    const auth_token_jwk_t *key);
static ngx_int_t ngx_http_auth_token_verify_params(OSSL_PARAM_BLD *bld,
    const auth_token_jwk_t *key, BIGNUM *n, BIGNUM *e);
static EVP_PKEY *ngx_http_auth_token_verify_from(OSSL_PARAM_BLD *bld,
    const char *type);
static ngx_int_t ngx_http_auth_token_verify_signature(EVP_PKEY *pkey,
    const auth_token_jws_t *jws);
static ngx_int_t ngx_http_auth_token_verify_der(const auth_token_jws_t *jws,
    size_t size, u_char *der, size_t *len);
static u_char *ngx_http_auth_token_verify_integer(u_char *p, u_char *n,
    size_t size);


ngx_int_t
ngx_http_auth_token_verify(const auth_token_jwks_t *set,
    const auth_token_jws_t *jws)
{
    size_t                   i;
    ngx_int_t                rc;
    auth_token_jwk_e         fits;
    const auth_token_jwk_t  *key;

    rc = NGX_DECLINED;

    for (i = 0; i < set->n; i++) {
        key = &set->keys[i];

        fits = auth_token_jwk_fits(key, jws);

        if (fits == AUTH_TOKEN_JWK_OTHER) {
            continue;
        }

        if (ngx_http_auth_token_verify_key(key, jws) == NGX_OK) {
            return NGX_OK;
        }

        if (fits == AUTH_TOKEN_JWK_NAMED) {
            rc = NGX_ERROR;
        }
    }

    return rc;
}


static ngx_int_t
ngx_http_auth_token_verify_key(const auth_token_jwk_t *key,
    const auth_token_jws_t *jws)
{
    EVP_PKEY   *pkey;
    ngx_int_t   rc;

    rc = NGX_ERROR;

    pkey = ngx_http_auth_token_verify_public(key);

    if (pkey != NULL) {
        rc = ngx_http_auth_token_verify_signature(pkey, jws);
        EVP_PKEY_free(pkey);
    }

    /* nginx would report what is left there as its own */

    ERR_clear_error();

    return rc;
}


/* NULL: out of memory, or a point that is not on its curve */

static EVP_PKEY *
ngx_http_auth_token_verify_public(const auth_token_jwk_t *key)
{
    BIGNUM          *n, *e;
    EVP_PKEY        *pkey;
    OSSL_PARAM_BLD  *bld;

    if (key->curve == AUTH_TOKEN_CURVE_ED25519) {
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                           key->first.data, key->first.len);
    }

    pkey = NULL;
    n = BN_bin2bn(key->first.data, key->first.len, NULL);
    e = BN_bin2bn(key->second.data, key->second.len, NULL);
    bld = OSSL_PARAM_BLD_new();

    if (n != NULL && e != NULL && bld != NULL
        && ngx_http_auth_token_verify_params(bld, key, n, e) == NGX_OK)
    {
        pkey = ngx_http_auth_token_verify_from(bld,
                               key->curve == AUTH_TOKEN_CURVE_NONE ? "RSA"
                                                                   : "EC");
    }

    OSSL_PARAM_BLD_free(bld);
    BN_free(n);
    BN_free(e);

    return pkey;
}


/* a point is pushed by reference, and copied when the parameters are made */

static ngx_int_t
ngx_http_auth_token_verify_params(OSSL_PARAM_BLD *bld,
    const auth_token_jwk_t *key, BIGNUM *n, BIGNUM *e)
{
    u_char             *p;
    const char         *group;
    static u_char       point[NGX_HTTP_AUTH_TOKEN_VERIFY_POINT];

    switch (key->curve) {

    case AUTH_TOKEN_CURVE_NONE:
        return (OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1
                && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1)
               ? NGX_OK : NGX_ERROR;

    case AUTH_TOKEN_CURVE_P256:
        group = "P-256";
        break;

    case AUTH_TOKEN_CURVE_P384:
        group = "P-384";
        break;

    default: /* AUTH_TOKEN_CURVE_P521 */
        group = "P-521";
        break;
    }

    p = point;
    *p++ = POINT_CONVERSION_UNCOMPRESSED;
    p = ngx_cpymem(p, key->first.data, key->first.len);
    p = ngx_cpymem(p, key->second.data, key->second.len);

    return (OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
                                            group, 0) == 1
            && OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
                                                point, p - point) == 1)
           ? NGX_OK : NGX_ERROR;
}


static EVP_PKEY *
ngx_http_auth_token_verify_from(OSSL_PARAM_BLD *bld, const char *type)
{
    EVP_PKEY      *pkey;
    OSSL_PARAM    *params;
    EVP_PKEY_CTX  *ctx;

    pkey = NULL;
    params = OSSL_PARAM_BLD_to_param(bld);
    ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (params == NULL || ctx == NULL
        || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
    {
        pkey = NULL;
    }

    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);

    return pkey;
}


static ngx_int_t
ngx_http_auth_token_verify_signature(EVP_PKEY *pkey,
    const auth_token_jws_t *jws)
{
    size_t         len;
    u_char        *signature, der[NGX_HTTP_AUTH_TOKEN_VERIFY_DER];
    ngx_int_t      rc;
    EVP_MD_CTX    *md;
    EVP_PKEY_CTX  *ctx;
    const EVP_MD  *hash;

    signature = jws->signature.data;
    len = jws->signature.len;

    hash = (jws->alg->hash == 256) ? EVP_sha256()
           : (jws->alg->hash == 384) ? EVP_sha384()
           : (jws->alg->hash == 512) ? EVP_sha512() : NULL;

    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC) {
        if (ngx_http_auth_token_verify_der(jws,
                                          (EVP_PKEY_get_bits(pkey) + 7) / 8,
                                          der, &len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        signature = der;
    }

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NGX_ERROR;
    }

    /* RFC 7518, 3.5: MGF1 has the same hash, the salt is as long as it */

    rc = (EVP_DigestVerifyInit(md, &ctx, hash, NULL, pkey) == 1
          && (!jws->alg->pss
              || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1
                  && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
                                                 RSA_PSS_SALTLEN_DIGEST) == 1))
          && EVP_DigestVerify(md, signature, len, jws->input.data,
                              jws->input.len) == 1)
         ? NGX_OK : NGX_ERROR;

    EVP_MD_CTX_free(md);

    return rc;
}


/* RFC 7518, 3.4: two numbers of a fixed size, which OpenSSL wants as DER */

static ngx_int_t
ngx_http_auth_token_verify_der(const auth_token_jws_t *jws, size_t size,
    u_char *der, size_t *len)
{
    u_char  *p, *body, room[NGX_HTTP_AUTH_TOKEN_VERIFY_DER];

    if (jws->signature.len != 2 * size) {
        return NGX_ERROR;
    }

    body = room;
    p = ngx_http_auth_token_verify_integer(body, jws->signature.data, size);
    p = ngx_http_auth_token_verify_integer(p, jws->signature.data + size,
                                           size);

    *len = p - body;

    p = der;
    *p++ = 0x30;

    if (*len > 127) {
        *p++ = 0x81;
    }

    *p++ = (u_char) *len;
    p = ngx_cpymem(p, body, *len);

    *len = p - der;

    return NGX_OK;
}


static u_char *
ngx_http_auth_token_verify_integer(u_char *p, u_char *n, size_t size)
{
    while (size > 1 && *n == 0) {
        n++;
        size--;
    }

    *p++ = 0x02;

    if (*n & 0x80) {
        *p++ = (u_char) (size + 1);
        *p++ = 0;

    } else {
        *p++ = (u_char) size;
    }

    return ngx_cpymem(p, n, size);
}
