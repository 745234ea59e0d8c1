
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where secrets come from: a file, the environment, the configuration.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_SECRET_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_SECRET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* longer ones are no header field of anybody */
#define NGX_HTTP_AUTH_TOKEN_MAX_SECRET  8192


/*
 * Reads a SECRET argument, "file:PATH", "env:NAME" or a literal, into memory
 * of cf->pool.  The newline at the end of a file is not part of it.
 * NGX_ERROR after logging what is wrong, never the secret.
 */
ngx_int_t ngx_http_auth_token_secret_read(ngx_conf_t *cf, ngx_str_t *arg,
    ngx_str_t *secret);


#endif /* _NGX_HTTP_AUTH_TOKEN_SECRET_H_INCLUDED_ */
