
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The requests that wait for a look-up.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_WAITER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_WAITER_H_INCLUDED_


#include "ngx_http_auth_token_ask.h"
#include "ngx_http_auth_token_module.h"


/* called once when a waiting ctx may go on; must not run the request itself */
typedef void (*ngx_http_auth_token_resume_pt)(ngx_http_auth_token_ctx_t *ctx);


/*
 * Sets whom to call; once in a worker.
 */
void ngx_http_auth_token_waiter_init(ngx_http_auth_token_resume_pt resume);

/*
 * Puts a ctx into the queue of a look-up with "ask" until ctx->deadline; past
 * it the ctx fails and goes on.
 */
void ngx_http_auth_token_waiter_attach(ngx_http_auth_token_ctx_t *ctx,
    ngx_http_auth_token_ask_t *ask, ngx_queue_t *waiters);

/*
 * Takes a ctx off the queue it waits in, if it does; the look-up goes on.
 */
void ngx_http_auth_token_waiter_detach(ngx_http_auth_token_ctx_t *ctx);

/*
 * Empties a queue: every ctx gets the answer of "ask", or (ask == NULL) a
 * failure with "retry_after" seconds, or (0) looks again.
 */
void ngx_http_auth_token_waiter_resume(ngx_queue_t *waiters,
    ngx_http_auth_token_ask_t *ask, ngx_uint_t retry_after);


#endif /* _NGX_HTTP_AUTH_TOKEN_WAITER_H_INCLUDED_ */
