
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Look-ups of a worker, shared by all its requests that wait for the same
 * key; in step with those of other workers through the zone.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_LOOKUP_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_LOOKUP_H_INCLUDED_


#include "ngx_http_auth_token_ask.h"
#include "ngx_http_auth_token_module.h"
#include "ngx_http_auth_token_waiter.h"


typedef struct {
    ngx_queue_t                 link;         /* of the table */
    ngx_queue_t                 waiters;      /* of ctx->queue */
    ngx_queue_t                 follow;       /* of followers */
    ngx_http_auth_token_ask_t   ask;
    ngx_msec_t                  poll;
    ngx_event_t                 timer;        /* of a follower */
    ngx_pool_t                 *pool;
    const auth_token_record_t  *records[NGX_HTTP_AUTH_TOKEN_MAX_STEPS];
    unsigned                    follows:1;
    unsigned                    queued:1;     /* waits for the budget */
} ngx_http_auth_token_lookup_t;


/*
 * The worker's look-up of "key", or NULL.
 */
ngx_http_auth_token_lookup_t *ngx_http_auth_token_lookup_find(
    ngx_http_auth_token_key_t *key);

/*
 * Makes a look-up of one step for ctx->token, with copies of all it needs of
 * "ctx".  NULL: out of memory.  Not yet started; destroy it if it does not
 * start.
 */
ngx_http_auth_token_lookup_t *ngx_http_auth_token_lookup_create(
    ngx_http_auth_token_ctx_t *ctx, ngx_uint_t step,
    ngx_http_auth_token_key_t *key);
void ngx_http_auth_token_lookup_destroy(ngx_http_auth_token_lookup_t *lookup);

/*
 * Takes the lead, or follows the worker that has it.  LEAD and WAIT: the
 * look-up ends by itself.  READY: the cache has an answer.  REFUSED: not now;
 * *retry_after is in seconds.
 */
ngx_http_auth_token_flight_e ngx_http_auth_token_lookup_start(
    ngx_http_auth_token_lookup_t *lookup, ngx_uint_t *retry_after);

/*
 * Lets a refused look-up wait for the budget.  0: it may not, it is not the
 * budget that refused it, or that would come too late.
 */
ngx_uint_t ngx_http_auth_token_lookup_queued(
    ngx_http_auth_token_lookup_t *lookup);

/*
 * Prepare and end the look-ups of a worker; "resume" is called for every
 * waiter whose wait is over.
 */
ngx_int_t ngx_http_auth_token_lookup_init_process(ngx_cycle_t *cycle,
    ngx_http_auth_token_resume_pt resume);
void ngx_http_auth_token_lookup_exit_process(ngx_cycle_t *cycle);


#endif /* _NGX_HTTP_AUTH_TOKEN_LOOKUP_H_INCLUDED_ */
