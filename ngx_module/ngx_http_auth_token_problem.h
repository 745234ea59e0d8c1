
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * auth_token_error_format problem: denials as RFC 9457 JSON.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PROBLEM_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PROBLEM_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * Answers a denial with a body, in place of nginx's own page: NGX_DONE, the
 * request is over.  Or returns the status to let nginx answer: where an
 * error_page is for it, where the status ends the connection.
 */
ngx_int_t ngx_http_auth_token_problem(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status);


#endif /* _NGX_HTTP_AUTH_TOKEN_PROBLEM_H_INCLUDED_ */
