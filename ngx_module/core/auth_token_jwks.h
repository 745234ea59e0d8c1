/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A set of public keys (RFC 7517, RFC 7518 section 6, RFC 8037) and the choice
 * among them.
 */

#ifndef _AUTH_TOKEN_JWKS_H_INCLUDED_
#define _AUTH_TOKEN_JWKS_H_INCLUDED_


#include <stddef.h>

#include "auth_token_buf.h"
#include "auth_token_json.h"
#include "auth_token_jws.h"
#include "auth_token_str.h"


/* keys beyond that are not read */
#define AUTH_TOKEN_JWKS_MAX       64

#define AUTH_TOKEN_JWKS_MIN_BITS  2048
#define AUTH_TOKEN_JWKS_MAX_BITS  8192


/* numbers are big-endian, without leading zeroes for RSA */

typedef struct {
    auth_token_curve_e       curve;    /* NONE: RSA */
    auth_token_buf_t         first;    /* n, or x */
    auth_token_buf_t         second;   /* e, or y */
    auth_token_str_t         kid;      /* borrowed from the set */
    auth_token_str_t         alg;      /* likewise; length 0: any */
    unsigned                 has_kid:1;
} auth_token_jwk_t;


typedef struct {
    auth_token_json_t       *root;
    size_t                   n;
    auth_token_jwk_t         keys[AUTH_TOKEN_JWKS_MAX];
} auth_token_jwks_t;


typedef enum {
    AUTH_TOKEN_JWK_OTHER = 0,          /* it cannot have made the signature */
    AUTH_TOKEN_JWK_MAYBE,              /* one of the two names no key */
    AUTH_TOKEN_JWK_NAMED               /* and nothing else can have */
} auth_token_jwk_e;


/*
 * Takes over "root", the JSON of a set, and reads the keys that can verify;
 * others are passed over (RFC 7517, 5).  Returns NULL, or static text: why
 * there is none.  "out" (any content) is to be freed after either.
 */
const char *auth_token_jwks_read(auth_token_json_t *root,
    auth_token_jwks_t *out);
void auth_token_jwks_free(auth_token_jwks_t *set);

/*
 * Whether the key can be the one that a JWS was signed with.
 */
auth_token_jwk_e auth_token_jwk_fits(const auth_token_jwk_t *key,
    const auth_token_jws_t *jws);


#endif /* _AUTH_TOKEN_JWKS_H_INCLUDED_ */
