
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The bytes of one answer as they arrive, counted against their limits.
 * Filled by the curl glue; knows neither libcurl nor what the bytes mean.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_ANSWER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_ANSWER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    u_char                        *data;
    size_t                         len;
    size_t                         size;
} ngx_http_auth_token_bytes_t;


typedef struct {
    ngx_http_auth_token_bytes_t    head;    /* fields of the last head */
    ngx_http_auth_token_bytes_t    body;
    size_t                         seen;    /* bytes of all heads */
    size_t                         max_head;
    size_t                         max_body;
    ngx_uint_t                     framed;  /* fields that say how long */
    unsigned                       begun:1;
    unsigned                       ended:1;       /* the last head did */
    unsigned                       malformed:1;
    unsigned                       too_large:1;
    unsigned                       no_memory:1;
} ngx_http_auth_token_answer_t;


/*
 * Takes one line of a head, with its end, or a piece of the body.  NGX_ERROR:
 * a limit or the memory is exhausted, the answer is of no use.
 */
ngx_int_t ngx_http_auth_token_answer_line(ngx_http_auth_token_answer_t *a,
    u_char *data, size_t len);
ngx_int_t ngx_http_auth_token_answer_body(ngx_http_auth_token_answer_t *a,
    u_char *data, size_t len);

/*
 * Forgets all bytes, and wipes them: an answer can carry a credential.  The
 * limits stay.
 */
void ngx_http_auth_token_answer_reset(ngx_http_auth_token_answer_t *a);


#endif /* _NGX_HTTP_AUTH_TOKEN_ANSWER_H_INCLUDED_ */
