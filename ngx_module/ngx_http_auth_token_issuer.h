
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Endpoints that an issuer publishes (RFC 8414, OpenID Connect Discovery),
 * in place of an "endpoint" in the configuration.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_ISSUER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_ISSUER_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/* the value of provider->discovery; length 0: the document has it not */

typedef struct {
    ngx_str_t    endpoint;         /* of introspection, never empty */
    ngx_str_t    keys;
    ngx_str_t    token;
} ngx_http_auth_token_endpoints_t;


extern ngx_command_t  ngx_http_auth_token_issuer_words[];


/*
 * Parses the parameter "valid=TIME".  NGX_ERROR: it is something else.
 */
ngx_int_t ngx_http_auth_token_issuer_valid(ngx_str_t *arg, ngx_msec_t *valid);

/*
 * Whether the provider's only step is that of "preset introspection".
 */
ngx_uint_t ngx_http_auth_token_issuer_fits(
    ngx_http_auth_token_provider_t *provider);

/*
 * At the end of the block: checks "issuer" and prepares provider->discovery.
 * NGX_ERROR after logging what is wrong.
 */
ngx_int_t ngx_http_auth_token_issuer_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);

/*
 * What the issuer's document says, once it has been fetched, else NULL; to be
 * used at once.
 */
ngx_http_auth_token_endpoints_t *ngx_http_auth_token_issuer_endpoints(
    ngx_http_auth_token_provider_t *provider);


#endif /* _NGX_HTTP_AUTH_TOKEN_ISSUER_H_INCLUDED_ */
