
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The auth_token_provider block: its words and what is checked at its end.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PROVIDER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PROVIDER_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * The setter of auth_token_provider: reads the block into a provider of the
 * main configuration.
 */
char *ngx_http_auth_token_provider_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Splits and checks "http[s]://host[:port][/path]".  NGX_ERROR: it is none,
 * or has user information, a query, a fragment or blanks.  *loopback: the
 * host is this machine.
 */
ngx_int_t ngx_http_auth_token_provider_url(ngx_conf_t *cf, ngx_str_t *url,
    ngx_uint_t *https, ngx_uint_t *loopback);


#endif /* _NGX_HTTP_AUTH_TOKEN_PROVIDER_H_INCLUDED_ */
