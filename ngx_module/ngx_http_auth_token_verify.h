
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Signatures with public keys: the only place that has OpenSSL verify one.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_VERIFY_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_VERIFY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_jwks.h"
#include "auth_token_jws.h"


/*
 * NGX_OK: one of the keys has made the signature.  NGX_ERROR: the key that
 * the JWS names has not.  NGX_DECLINED: none has, and a newer set may have
 * one that did.
 */
ngx_int_t ngx_http_auth_token_verify(const auth_token_jwks_t *set,
    const auth_token_jws_t *jws);


#endif /* _NGX_HTTP_AUTH_TOKEN_VERIFY_H_INCLUDED_ */
