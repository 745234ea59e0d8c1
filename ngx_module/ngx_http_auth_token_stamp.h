
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A file as it was at some time, to tell whether it has changed since.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_STAMP_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_STAMP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* all zero: a file that is not there */

typedef struct {
    struct timespec  mtime;
    struct timespec  ctime;
    off_t            size;
    ngx_file_uniq_t  uniq;
    unsigned         settled:1;    /* a write would have shown */
} ngx_http_auth_token_stamp_t;


/*
 * Takes a file down as "fi" tells of it.
 */
void ngx_http_auth_token_stamp_take(ngx_file_info_t *fi,
    ngx_http_auth_token_stamp_t *stamp);

/*
 * Whether both are of the same file, unchanged as far as can be told: surely
 * so if the earlier one is settled.
 */
ngx_uint_t ngx_http_auth_token_stamp_same(ngx_http_auth_token_stamp_t *a,
    ngx_http_auth_token_stamp_t *b);


#endif /* _NGX_HTTP_AUTH_TOKEN_STAMP_H_INCLUDED_ */
