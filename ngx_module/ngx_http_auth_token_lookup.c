
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Look-ups.  A worker has at most one for a key; the requests that need it
 * wait in its queue.  A look-up leads (it asks the authority), follows one led
 * by another worker, or waits for the budget.  It belongs to no request: it
 * goes on when its waiters leave.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_lookup.h"
#include "ngx_http_auth_token_waiter.h"
#include "ngx_http_auth_token_wake.h"


#define NGX_HTTP_AUTH_TOKEN_LOOKUP_TABLE  1024

/* how long to trust that the leader's worker will wake us, doubled each time */
#ifndef NGX_HTTP_AUTH_TOKEN_POLL_MIN
#define NGX_HTTP_AUTH_TOKEN_POLL_MIN      10
#define NGX_HTTP_AUTH_TOKEN_POLL_MAX      100
#endif


static ngx_int_t ngx_http_auth_token_lookup_copy(
    ngx_http_auth_token_lookup_t *lookup,
    ngx_http_auth_token_ctx_t *ctx, ngx_uint_t step);
static void ngx_http_auth_token_lookup_follow(
    ngx_http_auth_token_lookup_t *lookup);
static void ngx_http_auth_token_lookup_dequeue(
    ngx_http_auth_token_lookup_t *lookup);
static void ngx_http_auth_token_lookup_timer(ngx_event_t *ev);
static void ngx_http_auth_token_lookup_again(
    ngx_http_auth_token_lookup_t *lookup);
static void ngx_http_auth_token_lookup_done(ngx_http_auth_token_ask_t *ask);
static void ngx_http_auth_token_lookup_release(
    ngx_http_auth_token_lookup_t *lookup,
    ngx_uint_t retry_after);
static void ngx_http_auth_token_lookup_limited(
    ngx_http_auth_token_lookup_t *lookup, ngx_uint_t limited);
static void ngx_http_auth_token_lookup_woken(void);


/* of this worker */
static ngx_queue_t  ngx_http_auth_token_lookups
                        [NGX_HTTP_AUTH_TOKEN_LOOKUP_TABLE];
static ngx_queue_t  ngx_http_auth_token_followers;


ngx_http_auth_token_lookup_t *
ngx_http_auth_token_lookup_find(ngx_http_auth_token_key_t *key)
{
    ngx_queue_t                   *q, *head;
    ngx_http_auth_token_lookup_t  *lookup;

    head = &ngx_http_auth_token_lookups[key->lo
                                        % NGX_HTTP_AUTH_TOKEN_LOOKUP_TABLE];

    for (q = ngx_queue_head(head);
         q != ngx_queue_sentinel(head);
         q = ngx_queue_next(q))
    {
        lookup = ngx_queue_data(q, ngx_http_auth_token_lookup_t, link);

        if (lookup->ask.flight.key.hi == key->hi
            && lookup->ask.flight.key.lo == key->lo)
        {
            return lookup;
        }
    }

    return NULL;
}


ngx_http_auth_token_lookup_t *
ngx_http_auth_token_lookup_create(ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t step, ngx_http_auth_token_key_t *key)
{
    ngx_pool_t                      *pool;
    ngx_queue_t                     *head;
    ngx_http_auth_token_ask_t       *ask;
    ngx_http_auth_token_lookup_t    *lookup;
    ngx_http_auth_token_provider_t  *provider;

    pool = ngx_create_pool(2048, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    lookup = ngx_pcalloc(pool, sizeof(ngx_http_auth_token_lookup_t));
    if (lookup == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    lookup->pool = pool;
    provider = ctx->provider;

    if (ngx_http_auth_token_lookup_copy(lookup, ctx, step) != NGX_OK) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    ask = &lookup->ask;

    ask->provider = provider;
    ask->step = step;
    ask->handler = ngx_http_auth_token_lookup_done;
    ask->data = lookup;
    ask->log = ngx_cycle->log;
    ask->flight.zone = provider->zone;
    ask->flight.lives = &provider->lives;
    ask->flight.slot = provider->slot;
    ask->flight.step = step;
    ask->flight.last = (step == provider->protocol->nsteps - 1);
    ask->flight.key = *key;

    lookup->poll = NGX_HTTP_AUTH_TOKEN_POLL_MIN;

    lookup->timer.handler = ngx_http_auth_token_lookup_timer;
    lookup->timer.data = lookup;
    lookup->timer.log = ngx_cycle->log;

    ngx_queue_init(&lookup->waiters);

    head = &ngx_http_auth_token_lookups[key->lo
                                        % NGX_HTTP_AUTH_TOKEN_LOOKUP_TABLE];
    ngx_queue_insert_tail(head, &lookup->link);

    provider->lookups++;

    return lookup;
}


/* the request may be gone before the answer comes */

static ngx_int_t
ngx_http_auth_token_lookup_copy(ngx_http_auth_token_lookup_t *lookup,
    ngx_http_auth_token_ctx_t *ctx, ngx_uint_t step)
{
    void                 *p;
    ngx_uint_t            i;
    auth_token_vars_t    *vars;
    auth_token_record_t  *record;

    vars = &lookup->ask.vars;

    vars->token.data = ngx_pnalloc(lookup->pool, ctx->token.len);
    if (vars->token.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(vars->token.data, ctx->token.data, ctx->token.len);
    vars->token.len = ctx->token.len;

    for (i = 0; i < step; i++) {
        record = ctx->hits[i].record;

        p = ngx_palloc(lookup->pool, record->head);
        if (p == NULL) {
            ngx_explicit_memzero(vars->token.data, vars->token.len);
            return NGX_ERROR;
        }

        ngx_memcpy(p, record, record->head);
        lookup->records[i] = p;
    }

    vars->records = lookup->records;
    vars->nrecords = step;

    return NGX_OK;
}


void
ngx_http_auth_token_lookup_destroy(ngx_http_auth_token_lookup_t *lookup)
{
    ngx_queue_remove(&lookup->link);

    lookup->ask.provider->lookups--;

    ngx_http_auth_token_lookup_dequeue(lookup);

    if (lookup->timer.timer_set) {
        ngx_del_timer(&lookup->timer);
    }

    if (lookup->follows) {
        ngx_queue_remove(&lookup->follow);
    }

    ngx_explicit_memzero(lookup->ask.vars.token.data,
                         lookup->ask.vars.token.len);

    ngx_destroy_pool(lookup->pool);
}


ngx_http_auth_token_flight_e
ngx_http_auth_token_lookup_start(ngx_http_auth_token_lookup_t *lookup,
    ngx_uint_t *retry_after)
{
    ngx_http_auth_token_ask_t       *ask;
    ngx_http_auth_token_flight_e     rc;
    ngx_http_auth_token_provider_t  *provider;

    ask = &lookup->ask;
    provider = ask->provider;

    rc = ngx_http_auth_token_flight_take(&ask->flight, &provider->limit,
                                         ngx_current_msec,
                                         ngx_current_msec + provider->timeout,
                                         retry_after);

    if (rc == NGX_HTTP_AUTH_TOKEN_FLIGHT_WAIT) {
        ngx_http_auth_token_lookup_follow(lookup);
        return rc;
    }

    if (rc != NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD) {
        return rc;
    }

    if (lookup->follows) {
        lookup->follows = 0;
        ngx_queue_remove(&lookup->follow);
    }

    if (ngx_http_auth_token_ask_start(ask, provider->timeout) != NGX_OK) {
        ngx_http_auth_token_wake(&ask->waiters);

        *retry_after = ask->retry_after;

        return NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED;
    }

    return NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD;
}


static void
ngx_http_auth_token_lookup_follow(ngx_http_auth_token_lookup_t *lookup)
{
    if (!lookup->follows) {
        lookup->follows = 1;
        ngx_queue_insert_tail(&ngx_http_auth_token_followers, &lookup->follow);
    }

    ngx_add_timer(&lookup->timer, lookup->poll);

    lookup->poll = ngx_min(lookup->poll * 2, NGX_HTTP_AUTH_TOKEN_POLL_MAX);
}


/* over the budget, a look-up may wait for it if that comes in time */

ngx_uint_t
ngx_http_auth_token_lookup_queued(ngx_http_auth_token_lookup_t *lookup)
{
    ngx_msec_t                       wait;
    ngx_http_auth_token_provider_t  *provider;

    provider = lookup->ask.provider;
    wait = lookup->ask.flight.budget;

    if (lookup->ask.flight.refresh
        || wait == 0
        || wait > provider->timeout
        || provider->queued >= provider->queue)
    {
        return 0;
    }

    lookup->queued = 1;
    provider->queued++;

    lookup->poll = NGX_HTTP_AUTH_TOKEN_POLL_MAX;

    ngx_http_auth_token_lookup_follow(lookup);

    return 1;
}


static void
ngx_http_auth_token_lookup_dequeue(ngx_http_auth_token_lookup_t *lookup)
{
    if (lookup->queued) {
        lookup->queued = 0;
        lookup->ask.provider->queued--;
    }
}


static void
ngx_http_auth_token_lookup_timer(ngx_event_t *ev)
{
    ngx_http_auth_token_lookup_again(ev->data);
}


/* a follower looks whether it is over, or its own turn */

static void
ngx_http_auth_token_lookup_again(ngx_http_auth_token_lookup_t *lookup)
{
    ngx_uint_t  retry_after;

    if (lookup->timer.timer_set) {
        ngx_del_timer(&lookup->timer);
    }

    if (ngx_queue_empty(&lookup->waiters)) {
        ngx_http_auth_token_lookup_destroy(lookup);
        return;
    }

    ngx_http_auth_token_lookup_dequeue(lookup);

    retry_after = 1;

    switch (ngx_http_auth_token_lookup_start(lookup, &retry_after)) {

    case NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD:
    case NGX_HTTP_AUTH_TOKEN_FLIGHT_WAIT:
        return;

    case NGX_HTTP_AUTH_TOKEN_FLIGHT_READY:
        ngx_http_auth_token_lookup_release(lookup, 0);
        return;

    default: /* NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED */

        if (!ngx_http_auth_token_lookup_queued(lookup)) {
            ngx_http_auth_token_lookup_release(lookup, retry_after);
        }

        return;
    }
}


static void
ngx_http_auth_token_lookup_done(ngx_http_auth_token_ask_t *ask)
{
    ngx_http_auth_token_lookup_t  *lookup;

    lookup = ask->data;

    ngx_http_auth_token_wake(&ask->waiters);
    ngx_http_auth_token_lookup_limited(lookup, ask->limited);

    /*
     * an answer that a purge came before is not for those who came after the
     * purge, and nobody can tell who did: all look again
     */

    ngx_http_auth_token_waiter_resume(&lookup->waiters,
                                      ask->overtaken ? NULL : ask, 0);
    ngx_http_auth_token_lookup_destroy(lookup);
}


/* lets the waiters look again (retry_after == 0), or fail */

static void
ngx_http_auth_token_lookup_release(ngx_http_auth_token_lookup_t *lookup,
    ngx_uint_t retry_after)
{
    ngx_http_auth_token_lookup_limited(lookup, lookup->ask.flight.budget != 0);

    ngx_http_auth_token_waiter_resume(&lookup->waiters, NULL, retry_after);
    ngx_http_auth_token_lookup_destroy(lookup);
}


/*
 * Whether it is our limit that keeps the waiters from an answer.  Whoever has
 * waited for it stays so: what the authority would have said in the time that
 * is gone is not known.
 */

static void
ngx_http_auth_token_lookup_limited(ngx_http_auth_token_lookup_t *lookup,
    ngx_uint_t limited)
{
    ngx_queue_t                *q;
    ngx_http_auth_token_ctx_t  *ctx;

    for (q = ngx_queue_head(&lookup->waiters);
         q != ngx_queue_sentinel(&lookup->waiters);
         q = ngx_queue_next(q))
    {
        ctx = ngx_queue_data(q, ngx_http_auth_token_ctx_t, queue);

        ctx->limited |= (limited != 0);
    }
}


/* another worker has landed something */

static void
ngx_http_auth_token_lookup_woken(void)
{
    ngx_queue_t                   *q, *next;
    ngx_http_auth_token_lookup_t  *lookup;

    for (q = ngx_queue_head(&ngx_http_auth_token_followers);
         q != ngx_queue_sentinel(&ngx_http_auth_token_followers);
         q = next)
    {
        next = ngx_queue_next(q);

        lookup = ngx_queue_data(q, ngx_http_auth_token_lookup_t, follow);

        ngx_http_auth_token_lookup_again(lookup);
    }
}


ngx_int_t
ngx_http_auth_token_lookup_init_process(ngx_cycle_t *cycle,
    ngx_http_auth_token_resume_pt resume)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_LOOKUP_TABLE; i++) {
        ngx_queue_init(&ngx_http_auth_token_lookups[i]);
    }

    ngx_queue_init(&ngx_http_auth_token_followers);

    ngx_http_auth_token_waiter_init(resume);

    if (ngx_http_auth_token_curl_init_process(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_auth_token_wake_init_process(cycle,
                                            ngx_http_auth_token_lookup_woken);
}


void
ngx_http_auth_token_lookup_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_auth_token_curl_exit_process(cycle);
}
