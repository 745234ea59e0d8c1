/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Keys that must not verify, and keys taken for another.
 */


#include "../../ngx_module/core/auth_token_jwks.c"

#include "protocol.h"


#define X31  "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
#define X32  "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define X48  \
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
#define X66                                                                   \
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"           \
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEB"

#define EC                                                                    \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" X32 "\""
#define OKP  "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32 "\""


/* whether a set of this key alone has a key */

static const struct {
    const char  *name;
    const char  *key;
    int          good;
} key_cases[] = {
    { "P-256", "{" EC "}", 1 },
    { "P-384", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X48
      "\",\"y\":\"" X48 "\"}", 1 },
    { "P-521", "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" X66
      "\",\"y\":\"" X66 "\"}", 1 },
    { "Ed25519", "{" OKP "}", 1 },
    { "with all members", "{" EC ",\"kid\":\"a\",\"alg\":\"ES256\","
      "\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"],\"x5c\":[]}", 1 },

    { "a number", "7", 0 },
    { "null", "null", 0 },
    { "a list", "[]", 0 },
    { "nothing", "{}", 0 },
    { "kty is a list", "{\"kty\":[\"EC\"]}", 0 },
    { "a secret", "{\"kty\":\"oct\",\"k\":\"" X32 "\"}", 0 },
    { "no curve", "{\"kty\":\"EC\",\"x\":\"" X32 "\",\"y\":\"" X32 "\"}", 0 },
    { "an unknown curve", "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\""
      X32 "\",\"y\":\"" X32 "\"}", 0 },
    { "the curve of another kind", "{\"kty\":\"EC\",\"crv\":\"Ed25519\","
      "\"x\":\"" X32 "\",\"y\":\"" X32 "\"}", 0 },
    { "kty in small letters", "{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\""
      X32 "\",\"y\":\"" X32 "\"}", 0 },
    { "x too short", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X31
      "\",\"y\":\"" X32 "\"}", 0 },
    { "y too short", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32
      "\",\"y\":\"" X31 "\"}", 0 },
    { "no x", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"y\":\"" X32 "\"}", 0 },
    { "no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\"}", 0 },
    { "x with padding", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32
      "=\"}", 0 },
    { "x is a number", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":1}", 0 },
    { "kid is a number", "{" EC ",\"kid\":1}", 0 },
    { "alg is a list", "{" EC ",\"alg\":[]}", 0 },
    { "use is a list", "{" EC ",\"use\":[\"sig\"]}", 0 },
    { "for encryption", "{" EC ",\"use\":\"enc\"}", 0 },
    { "for signing only", "{" EC ",\"key_ops\":[\"sign\"]}", 0 },
    { "for nothing", "{" EC ",\"key_ops\":[]}", 0 },
    { "key_ops is a text", "{" EC ",\"key_ops\":\"verify\"}", 0 },
    { "an operation is a number", "{" EC ",\"key_ops\":[1,\"verify\"]}", 0 }
};


/* RSA: bits of the modulus, whether a zero stands before it, exponent */

static const struct {
    size_t       bits;
    int          zero;
    const char  *e;
    int          good;
} rsa_cases[] = {
    { 2048, 0, "AQAB", 1 }, { 2048, 1, "AQAB", 1 }, { 8192, 0, "AQAB", 1 },
    { 2048, 0, "Aw", 1 }, { 2048, 0, "AAAAAQAB", 1 }, { 2048, 0, "_____w", 1 },
    { 2047, 0, "AQAB", 0 }, { 2047, 1, "AQAB", 0 }, { 1024, 0, "AQAB", 0 },
    { 8193, 0, "AQAB", 0 }, { 16384, 0, "AQAB", 0 }, { 0, 1, "AQAB", 0 },
    { 2048, 0, "AQ", 0 }, { 2048, 0, "Ag", 0 }, { 2048, 0, "AA", 0 },
    { 2048, 0, "", 0 }, { 2048, 0, "AQAA", 0 }, { 2048, 0, "AQAAAAE", 0 },
    { 2048, 0, "AQAB=", 0 }, { 2048, 0, NULL, 0 }, { 0, 0, "AQAB", 0 }
};


static const struct {
    const char        *key;
    const char        *alg;
    const char        *kid;          /* NULL: none */
    auth_token_jwk_e   fits;
} fit_cases[] = {
    { "{" EC "}", "ES256", NULL, AUTH_TOKEN_JWK_MAYBE },
    { "{" EC "}", "ES256", "a", AUTH_TOKEN_JWK_MAYBE },
    { "{" EC ",\"kid\":\"a\"}", "ES256", NULL, AUTH_TOKEN_JWK_MAYBE },
    { "{" EC ",\"kid\":\"a\"}", "ES256", "a", AUTH_TOKEN_JWK_NAMED },
    { "{" EC ",\"kid\":\"\"}", "ES256", "", AUTH_TOKEN_JWK_NAMED },
    { "{" EC ",\"kid\":\"a\"}", "ES256", "b", AUTH_TOKEN_JWK_OTHER },
    { "{" EC ",\"kid\":\"a\"}", "ES256", "A", AUTH_TOKEN_JWK_OTHER },
    { "{" EC ",\"kid\":\"a\"}", "ES256", "", AUTH_TOKEN_JWK_OTHER },
    { "{" EC ",\"alg\":\"ES256\"}", "ES256", NULL, AUTH_TOKEN_JWK_MAYBE },
    { "{" EC ",\"alg\":\"ES384\"}", "ES256", NULL, AUTH_TOKEN_JWK_OTHER },
    { "{" EC "}", "ES384", NULL, AUTH_TOKEN_JWK_OTHER },
    { "{" EC "}", "RS256", NULL, AUTH_TOKEN_JWK_OTHER },
    { "{" EC "}", "EdDSA", NULL, AUTH_TOKEN_JWK_OTHER },
    { "{" OKP "}", "EdDSA", NULL, AUTH_TOKEN_JWK_MAYBE },
    { "{" OKP "}", "ES256", NULL, AUTH_TOKEN_JWK_OTHER }
};


/* a set of "n" times the key, to be freed */

static const char *
read_set(const char *key, size_t n, auth_token_jwks_t *set)
{
    const char        *reason;
    auth_token_buf_t   text;

    auth_token_buf_init(&text, 1 << 20);
    auth_token_buf_adds(&text, "{\"keys\":[");

    while (n--) {
        auth_token_buf_adds(&text, key);
        auth_token_buf_adds(&text, n ? "," : "");
    }

    auth_token_buf_adds(&text, "]}");

    reason = auth_token_jwks_read(
        auth_token_json_parse(auth_token_buf_str(&text), 0, &reason), set);

    auth_token_buf_free(&text);

    return reason;
}


static void
test_rsa(void)
{
    char                key[4096], *p;
    size_t              i, j, digits, bits;
    const char         *reason;
    auth_token_jwks_t   set;

    for (i = 0; i < sizeof(rsa_cases) / sizeof(rsa_cases[0]); i++) {
        bits = rsa_cases[i].bits;

        p = key + sprintf(key, "{\"kty\":\"RSA\",\"n\":\"");

        digits = (bits + 7) / 8 + (rsa_cases[i].zero ? 1 : 0);

        for (j = 0; j < digits; j += 3) {
            unsigned       k, word, left;

            word = 0;
            left = digits - j < 3 ? digits - j : 3;

            for (k = 0; k < 3; k++) {
                unsigned  byte = 0;

                if (k < left && !(rsa_cases[i].zero && j + k == 0)) {
                    byte = 0xff;

                    if (j + k == (rsa_cases[i].zero ? 1u : 0u) && bits % 8) {
                        byte = (1u << bits % 8) - 1;
                    }
                }

                word = word << 8 | byte;
            }

            for (k = 0; k <= left; k++) {
                *p++ = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                       "0123456789-_"[word >> (18 - 6 * k) & 63];
            }
        }

        if (rsa_cases[i].e) {
            sprintf(p, "\",\"e\":\"%s\"}", rsa_cases[i].e);

        } else {
            strcpy(p, "\"}");
        }

        reason = read_set(key, 1, &set);

        ok((reason == NULL) == rsa_cases[i].good, "RSA of %zu bits%s, e=%s",
           bits, rsa_cases[i].zero ? " after a zero" : "",
           rsa_cases[i].e ? rsa_cases[i].e : "none");

        if (reason == NULL) {
            ok(set.keys[0].first.len == (bits + 7) / 8
               && set.keys[0].first.data[0] != 0
               && set.keys[0].second.data[0] != 0, "no zero before it");
        }

        auth_token_jwks_free(&set);
    }
}


static void
test_fits(void)
{
    size_t              i;
    auth_token_jws_t    jws;
    auth_token_jwks_t   set;

    for (i = 0; i < sizeof(fit_cases) / sizeof(fit_cases[0]); i++) {
        memset(&jws, 0, sizeof(jws));

        jws.alg = auth_token_alg_find(str_of(fit_cases[i].alg));
        jws.has_kid = fit_cases[i].kid != NULL;
        jws.kid = str_of(fit_cases[i].kid);

        (void) read_set(fit_cases[i].key, 1, &set);

        ok(set.n == 1
           && auth_token_jwk_fits(&set.keys[0], &jws) == fit_cases[i].fits,
           "%s %s", fit_cases[i].alg,
           fit_cases[i].kid ? fit_cases[i].kid : "-");

        auth_token_jwks_free(&set);
    }
}


int
main(void)
{
    size_t              i;
    const char         *reason;
    auth_token_jwks_t   set;

    for (i = 0; i < sizeof(key_cases) / sizeof(key_cases[0]); i++) {
        is_str(read_set(key_cases[i].key, 1, &set),
               key_cases[i].good ? NULL
                                 : "the key set has no key that can verify",
               key_cases[i].name);
        auth_token_jwks_free(&set);
    }

    test_rsa();
    test_fits();

    is_str(read_set("{" EC "}", 0, &set),
           "the key set has no key that can verify", "an empty set");
    auth_token_jwks_free(&set);

    ok(read_set("{" OKP "}", AUTH_TOKEN_JWKS_MAX + 1, &set) == NULL
       && set.n == AUTH_TOKEN_JWKS_MAX, "more keys than are read");
    auth_token_jwks_free(&set);

    is_str(auth_token_jwks_read(auth_token_json_parse(
               str_of("{\"keys\":{}}"), 0, &reason), &set),
           "it is not a key set", "keys is an object");
    auth_token_jwks_free(&set);

    is_str(auth_token_jwks_read(auth_token_json_parse(
               str_of("{\"key\":[]}"), 0, &reason), &set),
           "it is not a key set", "no keys");
    auth_token_jwks_free(&set);

    return done();
}
