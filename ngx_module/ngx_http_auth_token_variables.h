
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The $auth_token_... variables.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_VARIABLES_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_VARIABLES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Registers the variables; called before http{} is parsed.
 */
ngx_int_t ngx_http_auth_token_add_variables(ngx_conf_t *cf);


#endif /* _NGX_HTTP_AUTH_TOKEN_VARIABLES_H_INCLUDED_ */
