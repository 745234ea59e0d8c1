/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What those parts that read strings use of nginx, beside the shim's headers.
 */


#ifndef _NGX_SHIM_STRING_H_INCLUDED_
#define _NGX_SHIM_STRING_H_INCLUDED_


#include <ngx_core.h>


void *ngx_pnalloc(ngx_pool_t *pool, size_t size);


static inline u_char *
ngx_strlchr(u_char *p, u_char *last, u_char c)
{
    return memchr(p, c, (size_t) (last - p));
}


/* both callers have looked at the digits */

static inline ngx_int_t
ngx_hextoi(u_char *line, size_t n)
{
    char  text[8];

    memcpy(text, line, n);
    text[n] = '\0';

    return (ngx_int_t) strtol(text, NULL, 16);
}


#endif /* _NGX_SHIM_STRING_H_INCLUDED_ */
