/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A JWS on the first line, a key set or claims after it.  What was parsed
 * lies inside the text, is of an algorithm with a public key, and keys have
 * the size that goes with it.  OpenSSL is given each of them, and does not call
 * a signature good that is another than the one that is.
 */


#include "auth_token_signed.h"
#include "fuzz.h"

#include "ngx_http_auth_token_verify.c"


static void
check_jws(auth_token_str_t text, auth_token_jws_t *jws)
{
    must(jws->alg != NULL && auth_token_alg_find(jws->alg->name) == jws->alg);
    must(jws->alg->bit != 0 && (jws->alg->bit & (jws->alg->bit - 1)) == 0);
    must(jws->input.data == text.data && jws->input.len < text.len);
    must(text.data[jws->input.len] == '.');
    must(jws->signature.len != 0);

    /* three bytes for four characters, and no other way to write them */
    must(jws->signature.len == (text.len - jws->input.len - 1) * 3 / 4);
}


static void
check_key(const auth_token_jwk_t *key)
{
    switch (key->curve) {

    case AUTH_TOKEN_CURVE_NONE:
        must(key->first.len * 8 >= AUTH_TOKEN_JWKS_MIN_BITS);
        must(key->first.len * 8 <= AUTH_TOKEN_JWKS_MAX_BITS);
        must(key->first.data[0] != 0);
        must(key->second.len >= 1 && key->second.len <= 4);
        must(key->second.data[key->second.len - 1] & 1);
        break;

    case AUTH_TOKEN_CURVE_ED25519:
        must(key->first.len == 32 && key->second.len == 0);
        break;

    default:
        must(key->first.len == key->second.len);
        must(key->first.len == 32 || key->first.len == 48
             || key->first.len == 66);
        break;
    }
}


static void
check_signature(const auth_token_jwks_t *set, const auth_token_jws_t *jws)
{
    size_t     i;
    ngx_int_t  rc;

    rc = ngx_http_auth_token_verify(set, jws);

    must(rc == NGX_OK || rc == NGX_DECLINED || rc == NGX_ERROR);
    must(ERR_peek_error() == 0);

    if (rc != NGX_OK) {
        return;
    }

    i = jws->signature.len / 2;

    jws->signature.data[i] ^= 1;
    must(ngx_http_auth_token_verify(set, jws) != NGX_OK);
    jws->signature.data[i] ^= 1;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                       good;
    size_t                    i;
    const char               *reason;
    auth_token_str_t          text, rest;
    auth_token_jws_t          jws;
    auth_token_json_t        *root;
    auth_token_jwks_t         set;
    auth_token_signed_t       want;
    const auth_token_json_t  *inner;

    text = fuzz_line(&data, &size);
    rest = fuzz_exact(data, size);

    want.issuer = fuzz_str("https://as");
    want.audience = fuzz_str("nginx");
    want.algs = AUTH_TOKEN_ALG_DEFAULT;
    want.leeway = 0;

    good = (auth_token_jws_parse(text, &jws) == NULL);

    if (good) {
        check_jws(text, &jws);

        if (auth_token_signed_header(&want, &jws) == NULL) {
            must(jws.alg->bit & AUTH_TOKEN_ALG_DEFAULT);
        }
    }

    root = auth_token_json_parse(rest, 0, &reason);

    if (root != NULL) {
        if (auth_token_signed_claims(&want, root, FUZZ_NOW, &inner) == NULL) {
            must(auth_token_json_type(inner) == AUTH_TOKEN_DOC_OBJECT);
        }

        if (auth_token_jwks_read(root, &set) == NULL) {
            must(set.n >= 1 && set.n <= AUTH_TOKEN_JWKS_MAX);
        }

        for (i = 0; i < set.n; i++) {
            check_key(&set.keys[i]);

            if (good && auth_token_jwk_fits(&set.keys[i], &jws)
                        != AUTH_TOKEN_JWK_OTHER)
            {
                must(set.keys[i].curve == jws.alg->curve);
            }
        }

        if (good) {
            check_signature(&set, &jws);
        }

        auth_token_jwks_free(&set);
    }

    auth_token_jws_free(&jws);

    fuzz_done();

    return 0;
}
