
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where the token of a request comes from: the Authorization field, or what
 * token= of auth_token says.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_SOURCE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_SOURCE_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


typedef enum {
    NGX_HTTP_AUTH_TOKEN_SOURCE_BEARER = 0,     /* $http_authorization */
    NGX_HTTP_AUTH_TOKEN_SOURCE_FIELD,          /* $http_NAME */
    NGX_HTTP_AUTH_TOKEN_SOURCE_ARGUMENT,       /* $arg_NAME */
    NGX_HTTP_AUTH_TOKEN_SOURCE_COOKIE,         /* $cookie_NAME */
    NGX_HTTP_AUTH_TOKEN_SOURCE_OTHER
} ngx_http_auth_token_source_e;


typedef struct {
    ngx_http_auth_token_source_e   kind;
    ngx_str_t                      name;       /* of OTHER: all of the text */
    ngx_http_complex_value_t      *value;
} ngx_http_auth_token_source_t;


/*
 * Adds what stands after "token=" to the sources of a rule.
 */
char *ngx_http_auth_token_source_add(ngx_conf_t *cf,
    ngx_http_auth_token_rule_t *rule, ngx_str_t *text);

/*
 * The token of a request: ALLOWED means only that there is one to be asked
 * about.  MISSING; MALFORMED, also for more than one (RFC 6750, 2 and 3.1);
 * UNAVAILABLE when memory ends.
 */
auth_token_verdict_e ngx_http_auth_token_source(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule, ngx_str_t *token);

/*
 * Whether a header field is the one that $http_NAME stands for.
 */
ngx_uint_t ngx_http_auth_token_source_is_field(ngx_table_elt_t *h,
    ngx_str_t *name);

/*
 * The sources of a rule, *n of them; without token= the one there is.
 */
ngx_http_auth_token_source_t *ngx_http_auth_token_source_list(
    ngx_http_auth_token_rule_t *rule, ngx_uint_t *n);

/*
 * The same for one source, which also has what was taken out of the request.
 */
auth_token_verdict_e ngx_http_auth_token_source_one(ngx_http_request_t *r,
    ngx_http_auth_token_source_t *source, ngx_str_t *token);

/*
 * Whether two sources are one and the same.
 */
ngx_uint_t ngx_http_auth_token_source_same(ngx_http_auth_token_source_t *one,
    ngx_http_auth_token_source_t *two);


#endif /* _NGX_HTTP_AUTH_TOKEN_SOURCE_H_INCLUDED_ */
