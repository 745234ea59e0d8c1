
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How the provider itself authenticates at its authority: from the arguments
 * of "credential" to what goes with a request.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_CREDENTIAL_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_CREDENTIAL_H_INCLUDED_


#include "auth_token_buf.h"
#include "ngx_http_auth_token_assertion.h"
#include "ngx_http_auth_token_fetch.h"
#include "ngx_http_auth_token_grant.h"
#include "ngx_http_auth_token_module.h"
#include "ngx_http_auth_token_secret.h"


typedef struct ngx_http_auth_token_method_s  ngx_http_auth_token_method_t;


/* what follows from a secret; replaced as a whole when its file changes */

typedef struct {
    ngx_str_t                        text;
    ngx_str_t                        header;     /* "Name: value" NUL */
    ngx_str_t                        form;       /* "name=value&..." */
    void                            *key;        /* EVP_PKEY */
} ngx_http_auth_token_held_t;


/* read-only but for the secrets of files, which a worker renews */

struct ngx_http_auth_token_credential_s {
    const ngx_http_auth_token_method_t  *method;
    ngx_http_auth_token_place_t          place;
    ngx_str_t                            name;       /* client, header field */
    ngx_http_auth_token_secret_t         secret;
    ngx_http_auth_token_held_t           held;
    ngx_http_auth_token_assertion_t      assertion;  /* alg NULL: none */
    ngx_http_auth_token_grant_t         *grant;      /* NULL: none */
    ngx_http_auth_token_fetched_t       *fetched;    /* NULL, or what must be
                                                        there for _apply() */
};


/*
 * Parses "credential METHOD ..." from cf->args.  Returns NULL after logging
 * what is wrong.
 */
ngx_http_auth_token_credential_t *ngx_http_auth_token_credential_parse(
    ngx_conf_t *cf);

/*
 * At the end of the block: checks what the rest of the provider must be like.
 * Issuer or endpoint are the audience of assertions that have no other.
 * NGX_ERROR after logging what is wrong.
 */
ngx_int_t ngx_http_auth_token_credential_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);

/*
 * The part of it for a credential that goes into the form: each step must
 * send one, and none of what the credential does.
 */
ngx_int_t ngx_http_auth_token_credential_form(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);

/*
 * Adds what tells one identity from another, 10 parts at most; returns how
 * many.
 */
ngx_uint_t ngx_http_auth_token_credential_identity(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *parts);

/*
 * Takes a secret over, and what follows from it.  NULL, or what is wrong as
 * static text, and all stays as it was.  _drop() wipes and frees.
 */
const char *ngx_http_auth_token_credential_take(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret);
void ngx_http_auth_token_credential_drop(ngx_http_auth_token_held_t *held);

/*
 * Adds what authenticates the provider to a request as it was built: a header
 * line with its NUL, form pairs.  Takes over a file that has changed, and logs
 * so.  NGX_ERROR: out of memory, no signature.
 */
ngx_int_t ngx_http_auth_token_credential_apply(
    ngx_http_auth_token_credential_t *credential, auth_token_buf_t *headers,
    auth_token_buf_t *body, ngx_log_t *log);


#endif /* _NGX_HTTP_AUTH_TOKEN_CREDENTIAL_H_INCLUDED_ */
