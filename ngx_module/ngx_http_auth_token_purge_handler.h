
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The location that purges.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PURGE_HANDLER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PURGE_HANDLER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * The setter of auth_token_purge: makes the location purge what it is told to
 * by POST.
 */
char *ngx_http_auth_token_purge_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_AUTH_TOKEN_PURGE_HANDLER_H_INCLUDED_ */
