/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A JWS in compact form (RFC 7515) and the algorithms it may have: those with
 * a public key.  What is parsed here is not verified.
 */

#ifndef _AUTH_TOKEN_JWS_H_INCLUDED_
#define _AUTH_TOKEN_JWS_H_INCLUDED_


#include <stddef.h>

#include "auth_token_buf.h"
#include "auth_token_json.h"
#include "auth_token_str.h"


typedef enum {
    AUTH_TOKEN_CURVE_NONE = 0,         /* RSA */
    AUTH_TOKEN_CURVE_P256,
    AUTH_TOKEN_CURVE_P384,
    AUTH_TOKEN_CURVE_P521,
    AUTH_TOKEN_CURVE_ED25519
} auth_token_curve_e;


/* RFC 7518, 3; RFC 8037.  "bit" is of a set of algorithms */

typedef struct {
    auth_token_str_t     name;
    unsigned             bit;
    auth_token_curve_e   curve;
    unsigned             hash;         /* bits of SHA-2; 0: the curve's own */
    unsigned             pss:1;
} auth_token_alg_t;


/* what may sign where nothing else is said: RS256, PS256, ES256, EdDSA */
#define AUTH_TOKEN_ALG_DEFAULT  0x0249


typedef struct {
    const auth_token_alg_t  *alg;
    auth_token_str_t         kid;      /* borrowed from "header" */
    auth_token_str_t         typ;      /* likewise; length 0: none */
    auth_token_str_t         input;    /* what is signed; borrowed */
    auth_token_buf_t         payload;
    auth_token_buf_t         signature;
    auth_token_json_t       *header;
    unsigned                 has_kid:1;
} auth_token_jws_t;


/*
 * An algorithm by its name, or NULL: unknown, or without a public key.
 */
const auth_token_alg_t *auth_token_alg_find(auth_token_str_t name);

/*
 * Parses the whole text.  Returns NULL, or static text: why it is none that
 * can be verified.  "out" (any content) is to be freed after either.
 */
const char *auth_token_jws_parse(auth_token_str_t text, auth_token_jws_t *out);
void auth_token_jws_free(auth_token_jws_t *jws);


#endif /* _AUTH_TOKEN_JWS_H_INCLUDED_ */
