
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * auth_token_require: what a location asks of a token beyond its being good.
 * Read at configuration, judged on every request from the request's records.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_REQUIRE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_REQUIRE_H_INCLUDED_


#include "auth_token_buf.h"
#include "auth_token_challenge.h"
#include "auth_token_require.h"
#include "ngx_http_auth_token_module.h"


typedef enum {
    NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT = 0,      /* as "core" says */
    NGX_HTTP_AUTH_TOKEN_REQUIRE_ACR,           /* one of the words of value */
    NGX_HTTP_AUTH_TOKEN_REQUIRE_VARIABLES      /* values: neither "" nor "0" */
} ngx_http_auth_token_require_form_e;


/* set at configuration; what may hold variables is expanded for a request */

struct ngx_http_auth_token_requirement_s {
    ngx_http_auth_token_require_form_e   form;
    ngx_http_auth_token_place_t          place;
    auth_token_requirement_t             core;
    ngx_http_complex_value_t            *value;
    ngx_http_complex_value_t            *resource;
    ngx_http_complex_value_t            *parent;
    ngx_array_t                         *values;   /* of pointers, or NULL */
    ngx_uint_t                           status;   /* 0: the verdict's */
};


/*
 * The setter of auth_token_require; "conf" is a location's.
 */
char *ngx_http_auth_token_require_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/*
 * Judges the records of "ctx" by all requirements (NULL: there are none).
 * ALLOWED, FOREIGN, INSUFFICIENT, or UNAVAILABLE when memory ends; the one
 * that was not met goes to ctx->unmet, else NULL.
 */
auth_token_verdict_e ngx_http_auth_token_require(ngx_http_request_t *r,
    ngx_array_t *requirements, ngx_http_auth_token_ctx_t *ctx);

/*
 * Whether a requirement asks for a fresh or stronger login (RFC 9470).
 */
ngx_uint_t ngx_http_auth_token_require_steps_up(
    ngx_http_auth_token_requirement_t *req);

/*
 * Sets the scope of a challenge, and acr_values and max_age if "failed" asks
 * for a login: what "failed" asks for, or the scopes of all if it is NULL.
 * In r->pool.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_auth_token_require_challenge(ngx_http_request_t *r,
    ngx_array_t *requirements, ngx_http_auth_token_requirement_t *failed,
    auth_token_challenge_t *challenge);


#endif /* _NGX_HTTP_AUTH_TOKEN_REQUIRE_H_INCLUDED_ */
