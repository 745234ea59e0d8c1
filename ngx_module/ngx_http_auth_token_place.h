
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where in the configuration something stood, for what is found out later.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PLACE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PLACE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_str_t     file;
    ngx_uint_t    line;                /* 0: nothing was noted */
} ngx_http_auth_token_place_t;


/*
 * Notes where the directive being read stands.
 */
void ngx_http_auth_token_place_note(ngx_conf_t *cf,
    ngx_http_auth_token_place_t *place);

/*
 * Logs as ngx_conf_log_error() does, but with a place that was noted.
 */
void ngx_http_auth_token_place_error(ngx_uint_t level, ngx_conf_t *cf,
    ngx_http_auth_token_place_t *place, const char *fmt, ...);


#endif /* _NGX_HTTP_AUTH_TOKEN_PLACE_H_INCLUDED_ */
