
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * auth_token_status, and the status that a denial is answered with.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_STATUS_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_STATUS_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * The setter of auth_token_status; "conf" is a location's.
 */
char *ngx_http_auth_token_status_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * The status of ctx->verdict, which is a denial: what the requirement that
 * failed says, then what auth_token_status says, then the table's.
 */
ngx_uint_t ngx_http_auth_token_status(ngx_http_auth_token_loc_conf_t *lcf,
    ngx_http_auth_token_ctx_t *ctx);


#endif /* _NGX_HTTP_AUTH_TOKEN_STATUS_H_INCLUDED_ */
