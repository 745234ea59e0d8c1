
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Signed answers of introspection (RFC 9701): the words "answer" and "keys",
 * the key set from a file or a URL, and the way from a JWT to its claims.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_SIGNED_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_SIGNED_H_INCLUDED_


#include "auth_token_answer.h"
#include "auth_token_jwks.h"
#include "ngx_http_auth_token_module.h"


/* of a provider that wants its answers signed */

struct ngx_http_auth_token_signed_s {
    auth_token_signed_t             want;
    ngx_str_t                       issuer;     /* of "answer"; or empty */
    ngx_str_t                       audience;
    ngx_str_t                       place;      /* of "keys", as written */
    ngx_http_auth_token_place_t     keys_place;
    ngx_msec_t                      valid;
    auth_token_jwks_t              *set;        /* from a file, or NULL */
    ngx_http_auth_token_fetched_t  *keys;       /* from a URL, or NULL */
    unsigned                        jwt:1;
};


extern ngx_command_t  ngx_http_auth_token_signed_words[];


/*
 * At the end of the block, while steps are still drafts: checks the words and
 * applies them.  NGX_ERROR after logging what is wrong.
 */
ngx_int_t ngx_http_auth_token_signed_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);

/*
 * Verifies answer->body.  NGX_OK: answer->claims is in "claims", or else
 * answer->unverified says why not.  NGX_AGAIN: need->handler is called when
 * the keys may have come, "deadline" at the latest; then once more.
 */
ngx_int_t ngx_http_auth_token_signed_open(
    ngx_http_auth_token_provider_t *provider, auth_token_answer_t *answer,
    auth_token_buf_t *claims, ngx_http_auth_token_need_t *need,
    ngx_msec_t deadline);


#endif /* _NGX_HTTP_AUTH_TOKEN_SIGNED_H_INCLUDED_ */
