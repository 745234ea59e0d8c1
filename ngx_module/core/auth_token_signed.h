/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Signed answers of introspection: RFC 9701.  What their header and their
 * claims must say; whether the signature is good is asked elsewhere.
 */

#ifndef _AUTH_TOKEN_SIGNED_H_INCLUDED_
#define _AUTH_TOKEN_SIGNED_H_INCLUDED_


#include <stdint.h>

#include "auth_token_json.h"
#include "auth_token_jws.h"
#include "auth_token_str.h"


/* how far "iat" and our clock may be apart, in seconds, besides the leeway */
#define AUTH_TOKEN_SIGNED_SKEW  300


/* set once at configuration */

typedef struct {
    auth_token_str_t      issuer;
    auth_token_str_t      audience;
    unsigned              algs;        /* bits of auth_token_alg_t */
    int64_t               leeway;      /* seconds */
} auth_token_signed_t;


/*
 * Whether a JWS of that header may be such an answer.  NULL, or static text.
 */
const char *auth_token_signed_header(const auth_token_signed_t *want,
    const auth_token_jws_t *jws);

/*
 * Reads the claims of a JWS whose signature is good.  NULL, or static text;
 * "*inner" is what an answer in plain JSON would have been.
 */
const char *auth_token_signed_claims(const auth_token_signed_t *want,
    const auth_token_json_t *root, int64_t now,
    const auth_token_json_t **inner);


#endif /* _AUTH_TOKEN_SIGNED_H_INCLUDED_ */
