
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * auth_token_set: variables of an administrator's own.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_SET_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_SET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * The setter of auth_token_set.
 */
char *ngx_http_auth_token_set_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_AUTH_TOKEN_SET_H_INCLUDED_ */
