
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where secrets come from: a file, systemd, the environment, the
 * configuration; and whether a file has changed since.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_SECRET_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_SECRET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_stamp.h"


/* longer ones are no header field of anybody */
#define NGX_HTTP_AUTH_TOKEN_MAX_SECRET  8192


/* "path" is empty for a secret that is in no file */

typedef struct {
    ngx_str_t                    path;
    ngx_http_auth_token_stamp_t  stamp;
    time_t                       checked;
    unsigned                     lines:1;    /* may have some, as PEM has */
    unsigned                     gone:1;     /* and it was said */
} ngx_http_auth_token_secret_t;


/*
 * Reads a SECRET argument: "file:PATH", "credential:NAME", "env:NAME", or a
 * literal.  *text is borrowed: in "room", of NGX_HTTP_AUTH_TOKEN_MAX_SECRET
 * bytes, or elsewhere.  NGX_ERROR after logging what is wrong, never what it
 * holds.
 */
ngx_int_t ngx_http_auth_token_secret_read(ngx_conf_t *cf, ngx_str_t *arg,
    ngx_http_auth_token_secret_t *secret, u_char *room, ngx_str_t *text);

/*
 * The same of the file secret->path, whose name is made a full one.
 */
ngx_int_t ngx_http_auth_token_secret_file(ngx_conf_t *cf,
    ngx_http_auth_token_secret_t *secret, u_char *room, ngx_str_t *text);

/*
 * In a worker, once a second at most: NGX_OK if the file may have changed and
 * holds a secret, *text in "room".  NGX_DECLINED: nothing was read.  NGX_ERROR:
 * it cannot be used, but may be in "room".  Logs that once for each change.
 */
ngx_int_t ngx_http_auth_token_secret_renew(
    ngx_http_auth_token_secret_t *secret, u_char *room, ngx_str_t *text,
    ngx_log_t *log);


#endif /* _NGX_HTTP_AUTH_TOKEN_SECRET_H_INCLUDED_ */
