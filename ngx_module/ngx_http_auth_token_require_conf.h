
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What the files that read auth_token_require share.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_REQUIRE_CONF_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_REQUIRE_CONF_H_INCLUDED_


#include "ngx_http_auth_token_require.h"


/* the arguments of one directive while they are read */

typedef struct {
    ngx_conf_t                          *cf;
    ngx_array_t                         *requirements;
    ngx_array_t                         *args;      /* of ngx_str_t */
    ngx_uint_t                           next;
    ngx_uint_t                           status;
    ngx_http_auth_token_requirement_t   *permission;
} ngx_http_auth_token_require_reader_t;


/*
 * Takes the next argument, or returns NULL.
 */
ngx_str_t *ngx_http_auth_token_require_next(
    ngx_http_auth_token_require_reader_t *reader);

/*
 * Adds an empty requirement of this directive; NULL: out of memory.  Those
 * added before may move.
 */
ngx_http_auth_token_requirement_t *ngx_http_auth_token_require_add(
    ngx_http_auth_token_require_reader_t *reader);

/*
 * Reads what stands after "claim".
 */
char *ngx_http_auth_token_require_claim(
    ngx_http_auth_token_require_reader_t *reader);

/*
 * Adds a value, which may hold variables, to a list made when needed.
 */
char *ngx_http_auth_token_require_push(ngx_conf_t *cf, ngx_array_t **values,
    ngx_str_t *value);

/*
 * 1 if "arg" starts with "prefix"; "rest" is what follows.
 */
ngx_uint_t ngx_http_auth_token_require_starts(ngx_str_t *arg,
    const char *prefix, ngx_str_t *rest);


#endif /* _NGX_HTTP_AUTH_TOKEN_REQUIRE_CONF_H_INCLUDED_ */
