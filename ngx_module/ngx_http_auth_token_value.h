
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Values of a request's records, as variables: bounded, and without control
 * characters, so that they can stand in a header field.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_VALUE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_VALUE_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/* longer values count as not known; they would fit no header */
#define NGX_HTTP_AUTH_TOKEN_MAX_VALUE  (16 * 1024)


/*
 * The judgement whose records say who the token is, or NULL.
 */
ngx_http_auth_token_ctx_t *ngx_http_auth_token_value_identity(
    ngx_http_request_t *r);

/*
 * A field by its name; what a pointer (RFC 6901) leads to, the members of an
 * array joined by "join" unless that is empty.  NGX_OK, also if not found, or
 * NGX_ERROR.
 */
ngx_int_t ngx_http_auth_token_value_member(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_str_t name);
ngx_int_t ngx_http_auth_token_value_pointer(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, auth_token_str_t pointer,
    auth_token_str_t join);

/*
 * Get handlers: the field after "auth_token_field_"; the whole last record as
 * JSON in base64url.
 */
ngx_int_t ngx_http_auth_token_value_prefix(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
ngx_int_t ngx_http_auth_token_value_record(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);

/*
 * Sets a variable to a copy of "data" in r->pool.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_auth_token_value_set(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, const void *data, size_t len);


#endif /* _NGX_HTTP_AUTH_TOKEN_VALUE_H_INCLUDED_ */
