
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * auth_token_resource_metadata: what clients need to know to get a token for
 * a resource (RFC 9728).
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_METADATA_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_METADATA_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/* set at configuration */

struct ngx_http_auth_token_metadata_s {
    ngx_str_t                  path;           /* under /.well-known/ */
    ngx_str_t                  url;
    ngx_http_complex_value_t   json;           /* a constant */
};


/*
 * The documents of a server, made with its configuration.
 */
void *ngx_http_auth_token_metadata_create(ngx_conf_t *cf);

/*
 * The setter of the block auth_token_resource_metadata.
 */
char *ngx_http_auth_token_metadata_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * The document that a request asks for, or NULL.
 */
ngx_http_auth_token_metadata_t *ngx_http_auth_token_metadata_find(
    ngx_http_request_t *r);

/*
 * A handler between access and content that serves it.
 */
ngx_int_t ngx_http_auth_token_metadata_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_AUTH_TOKEN_METADATA_H_INCLUDED_ */
