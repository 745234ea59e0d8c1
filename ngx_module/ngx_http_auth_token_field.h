
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Takes a header field out of a request.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_FIELD_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_FIELD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Removes "h", an element of r->headers_in.headers, without moving the others,
 * which nginx has pointers to.  A walk along the list has to start anew.
 * NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_auth_token_field_remove(ngx_http_request_t *r,
    ngx_table_elt_t *h);


#endif /* _NGX_HTTP_AUTH_TOKEN_FIELD_H_INCLUDED_ */
