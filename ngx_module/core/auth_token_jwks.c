/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A set of public keys.  A key that is not certainly good for verifying is
 * left out: a secret one ("oct") above all, which would let everybody sign
 * who can read the set.
 */


#include "auth_token_base64url.h"
#include "auth_token_jwks.h"


/* an exponent of more bytes makes each verification slow */
#define AUTH_TOKEN_JWKS_MAX_EXPONENT  4


typedef struct {
    const char          *kty;
    const char          *crv;
    auth_token_curve_e   curve;
    size_t               size;         /* of each coordinate */
    unsigned             two:1;        /* coordinates */
} auth_token_jwks_curve_t;


static int auth_token_jwks_key(const auth_token_json_t *v,
    auth_token_jwk_t *key);
static int auth_token_jwks_use(const auth_token_json_t *v);
static int auth_token_jwks_numbers(const auth_token_json_t *v,
    auth_token_jwk_t *key);
static int auth_token_jwks_rsa(const auth_token_json_t *v,
    auth_token_jwk_t *key);
static int auth_token_jwks_bytes(const auth_token_json_t *v,
    const char *pointer, auth_token_buf_t *out);
static int auth_token_jwks_trim(auth_token_buf_t *b);


static const auth_token_jwks_curve_t  auth_token_jwks_curves[] = {
    { "EC", "P-256", AUTH_TOKEN_CURVE_P256, 32, 1 },
    { "EC", "P-384", AUTH_TOKEN_CURVE_P384, 48, 1 },
    { "EC", "P-521", AUTH_TOKEN_CURVE_P521, 66, 1 },
    { "OKP", "Ed25519", AUTH_TOKEN_CURVE_ED25519, 32, 0 }
};


const char *
auth_token_jwks_read(auth_token_json_t *root, auth_token_jwks_t *out)
{
    size_t                    i, n;
    auth_token_jwk_t         *key;
    const auth_token_json_t  *keys;

    memset(out, 0, sizeof(auth_token_jwks_t));

    out->root = root;

    keys = auth_token_json_member(root, "/keys");

    if (auth_token_json_type(keys) != AUTH_TOKEN_DOC_ARRAY) {
        return "it is not a key set";
    }

    n = auth_token_json_size(keys);

    for (i = 0; i < n && out->n < AUTH_TOKEN_JWKS_MAX; i++) {
        key = &out->keys[out->n];

        memset(key, 0, sizeof(auth_token_jwk_t));

        auth_token_buf_init(&key->first, AUTH_TOKEN_JWKS_MAX_BITS / 8 + 1);
        auth_token_buf_init(&key->second, AUTH_TOKEN_JWKS_MAX_BITS / 8 + 1);

        if (auth_token_jwks_key(auth_token_json_at(keys, i), key) != 0) {
            auth_token_buf_free(&key->first);
            auth_token_buf_free(&key->second);
            continue;
        }

        out->n++;
    }

    return out->n ? NULL : "the key set has no key that can verify";
}


void
auth_token_jwks_free(auth_token_jwks_t *set)
{
    size_t  i;

    for (i = 0; i < set->n; i++) {
        auth_token_buf_free(&set->keys[i].first);
        auth_token_buf_free(&set->keys[i].second);
    }

    auth_token_json_free(set->root);

    set->root = NULL;
    set->n = 0;
}


static int
auth_token_jwks_key(const auth_token_json_t *v, auth_token_jwk_t *key)
{
    int  kid;

    kid = auth_token_json_member_text(v, "/kid", &key->kid);
    key->has_kid = (kid == 1);

    if (kid == -1
        || auth_token_json_member_text(v, "/alg", &key->alg) == -1
        || auth_token_jwks_use(v) != 0)
    {
        return -1;
    }

    return auth_token_jwks_numbers(v, key);
}


/* RFC 7517, 4.2 and 4.3 */

static int
auth_token_jwks_use(const auth_token_json_t *v)
{
    int                       rc;
    size_t                    i, n;
    auth_token_str_t          text;
    const auth_token_json_t  *ops, *op;

    rc = auth_token_json_member_text(v, "/use", &text);

    if (rc == -1 || (rc == 1 && !auth_token_str_eq_lit(&text, "sig"))) {
        return -1;
    }

    ops = auth_token_json_member(v, "/key_ops");

    if (ops == NULL) {
        return 0;
    }

    if (auth_token_json_type(ops) != AUTH_TOKEN_DOC_ARRAY) {
        return -1;
    }

    n = auth_token_json_size(ops);

    for (i = 0; i < n; i++) {
        op = auth_token_json_at(ops, i);

        if (auth_token_json_type(op) != AUTH_TOKEN_DOC_STRING) {
            return -1;
        }

        text = auth_token_json_string(op);

        if (auth_token_str_eq_lit(&text, "verify")) {
            return 0;
        }
    }

    return -1;
}


static int
auth_token_jwks_numbers(const auth_token_json_t *v, auth_token_jwk_t *key)
{
    size_t                          i, n;
    auth_token_str_t                kty, crv;
    const auth_token_jwks_curve_t  *c;

    if (auth_token_json_member_text(v, "/kty", &kty) != 1) {
        return -1;
    }

    if (auth_token_str_eq_lit(&kty, "RSA")) {
        return auth_token_jwks_rsa(v, key);
    }

    if (auth_token_json_member_text(v, "/crv", &crv) != 1) {
        return -1;
    }

    n = sizeof(auth_token_jwks_curves) / sizeof(auth_token_jwks_curves[0]);

    for (i = 0; i < n; i++) {
        c = &auth_token_jwks_curves[i];

        if (!auth_token_str_eq_mem(&kty, c->kty, strlen(c->kty))
            || !auth_token_str_eq_mem(&crv, c->crv, strlen(c->crv)))
        {
            continue;
        }

        key->curve = c->curve;

        if (auth_token_jwks_bytes(v, "/x", &key->first) != 0
            || key->first.len != c->size)
        {
            return -1;
        }

        if (!c->two) {
            return 0;
        }

        return (auth_token_jwks_bytes(v, "/y", &key->second) == 0
                && key->second.len == c->size)
               ? 0 : -1;
    }

    return -1;
}


static int
auth_token_jwks_rsa(const auth_token_json_t *v, auth_token_jwk_t *key)
{
    size_t                bits;
    unsigned char         top;
    const unsigned char  *e;

    if (auth_token_jwks_bytes(v, "/n", &key->first) != 0
        || auth_token_jwks_bytes(v, "/e", &key->second) != 0
        || auth_token_jwks_trim(&key->first) != 0
        || auth_token_jwks_trim(&key->second) != 0)
    {
        return -1;
    }

    bits = key->first.len * 8;

    for (top = key->first.data[0]; !(top & 0x80); top <<= 1) {
        bits--;
    }

    if (bits < AUTH_TOKEN_JWKS_MIN_BITS || bits > AUTH_TOKEN_JWKS_MAX_BITS
        || key->second.len > AUTH_TOKEN_JWKS_MAX_EXPONENT)
    {
        return -1;
    }

    /* with 1 the signature is the message; an even one has no private key */

    e = key->second.data;

    return ((e[key->second.len - 1] & 1)
            && (key->second.len > 1 || e[0] > 1))
           ? 0 : -1;
}


static int
auth_token_jwks_bytes(const auth_token_json_t *v, const char *pointer,
    auth_token_buf_t *out)
{
    auth_token_str_t  text;

    return (auth_token_json_member_text(v, pointer, &text) == 1
            && auth_token_base64url_decode(text, out) == 0)
           ? 0 : -1;
}


/* some writers put a zero before numbers whose first bit is set */

static int
auth_token_jwks_trim(auth_token_buf_t *b)
{
    size_t  i;

    for (i = 0; i < b->len && b->data[i] == 0; i++) { /* void */ }

    if (i == b->len) {
        return -1;
    }

    memmove(b->data, b->data + i, b->len - i);
    b->len -= i;

    return 0;
}


auth_token_jwk_e
auth_token_jwk_fits(const auth_token_jwk_t *key, const auth_token_jws_t *jws)
{
    if (key->curve != jws->alg->curve
        || (key->alg.len && !auth_token_str_eq(&key->alg, &jws->alg->name)))
    {
        return AUTH_TOKEN_JWK_OTHER;
    }

    if (!key->has_kid || !jws->has_kid) {
        return AUTH_TOKEN_JWK_MAYBE;
    }

    return auth_token_str_eq(&key->kid, &jws->kid)
           ? AUTH_TOKEN_JWK_NAMED : AUTH_TOKEN_JWK_OTHER;
}
