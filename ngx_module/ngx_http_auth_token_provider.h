
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
 * Whether it can be a provider's: a word that means nothing else.
 */
ngx_uint_t ngx_http_auth_token_provider_is_name(ngx_str_t *name);


#endif /* _NGX_HTTP_AUTH_TOKEN_PROVIDER_H_INCLUDED_ */
