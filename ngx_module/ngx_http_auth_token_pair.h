
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Pairs NAME=VALUE as they stand in a query or a Cookie field.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PAIR_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PAIR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* all slices of the text that is walked */

typedef struct {
    ngx_str_t  whole;                  /* from separator to separator */
    ngx_str_t  name;
    ngx_str_t  value;
} ngx_http_auth_token_pair_t;


/*
 * Takes the first pair and the separator ('&' or ';') after it off "rest".
 * 0 when "rest" is empty.  A pair without "=" has an empty value.
 */
ngx_uint_t ngx_http_auth_token_pair_next(ngx_str_t *rest, u_char separator,
    ngx_http_auth_token_pair_t *pair);

/*
 * Whether names are the same as nginx sees them in $arg_ and $cookie_:
 * without case.
 */
ngx_uint_t ngx_http_auth_token_pair_is(ngx_http_auth_token_pair_t *pair,
    ngx_str_t *name);


#endif /* _NGX_HTTP_AUTH_TOKEN_PAIR_H_INCLUDED_ */
