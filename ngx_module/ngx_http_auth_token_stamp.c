
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Files that change while nginx runs.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_stamp.h"


/* a second write may leave the same times, if it comes at once */
#define NGX_HTTP_AUTH_TOKEN_STAMP_SETTLES  2


void
ngx_http_auth_token_stamp_take(ngx_file_info_t *fi,
    ngx_http_auth_token_stamp_t *stamp)
{
    time_t  age;

    age = ngx_time() - fi->st_mtim.tv_sec;

    stamp->mtime = fi->st_mtim;
    stamp->ctime = fi->st_ctim;
    stamp->size = ngx_file_size(fi);
    stamp->uniq = ngx_file_uniq(fi);
    stamp->settled = (age >= NGX_HTTP_AUTH_TOKEN_STAMP_SETTLES
                      || age <= -NGX_HTTP_AUTH_TOKEN_STAMP_SETTLES);
}


ngx_uint_t
ngx_http_auth_token_stamp_same(ngx_http_auth_token_stamp_t *a,
    ngx_http_auth_token_stamp_t *b)
{
    return a->mtime.tv_sec == b->mtime.tv_sec
           && a->mtime.tv_nsec == b->mtime.tv_nsec
           && a->ctime.tv_sec == b->ctime.tv_sec
           && a->ctime.tv_nsec == b->ctime.tv_nsec
           && a->size == b->size
           && a->uniq == b->uniq;
}
