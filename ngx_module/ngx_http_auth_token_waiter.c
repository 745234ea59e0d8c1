
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The requests that wait for a look-up: each is in its look-up's queue, has a
 * deadline of its own, and may leave at any time.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_purge.h"
#include "ngx_http_auth_token_waiter.h"


static void ngx_http_auth_token_waiter_expired(ngx_event_t *ev);
static void ngx_http_auth_token_waiter_give(ngx_http_auth_token_ctx_t *ctx,
    ngx_http_auth_token_ask_t *ask);
static ngx_uint_t ngx_http_auth_token_waiter_purged(
    ngx_http_auth_token_ctx_t *ctx);


/* of this worker */
static ngx_http_auth_token_resume_pt  ngx_http_auth_token_resume;


void
ngx_http_auth_token_waiter_init(ngx_http_auth_token_resume_pt resume)
{
    ngx_http_auth_token_resume = resume;
}


void
ngx_http_auth_token_waiter_attach(ngx_http_auth_token_ctx_t *ctx,
    ngx_http_auth_token_ask_t *ask, ngx_queue_t *waiters)
{
    ngx_msec_int_t  left;

    ngx_queue_insert_tail(waiters, &ctx->queue);

    ctx->ask = ask;
    ctx->waiting = 1;

    /*
     * not cancelable: a worker that is told to quit counts timers only, and
     * must not leave while requests wait
     */

    ctx->timer.handler = ngx_http_auth_token_waiter_expired;
    ctx->timer.data = ctx;
    ctx->timer.log = ctx->request->connection->log;

    left = ctx->deadline - ngx_current_msec;

    ngx_add_timer(&ctx->timer, left > 0 ? (ngx_msec_t) left : 1);
}


void
ngx_http_auth_token_waiter_detach(ngx_http_auth_token_ctx_t *ctx)
{
    if (!ctx->waiting) {
        return;
    }

    ctx->waiting = 0;

    ngx_queue_remove(&ctx->queue);

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }
}


static void
ngx_http_auth_token_waiter_expired(ngx_event_t *ev)
{
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ev->data;

    ngx_http_auth_token_waiter_detach(ctx);

    ctx->failed = 1;
    ctx->retry_after = 1;
    ctx->limited |= ngx_http_auth_token_ask_unserved(ctx->ask);

    ngx_http_auth_token_resume(ctx);
}


/* the answer itself, since a full zone may not have kept it */

static void
ngx_http_auth_token_waiter_give(ngx_http_auth_token_ctx_t *ctx,
    ngx_http_auth_token_ask_t *ask)
{
    auth_token_record_t        *record, *copy;
    ngx_http_auth_token_hit_t  *hit;

    switch (ask->outcome) {

    case AUTH_TOKEN_OUTCOME_RECORD:
        break;

    case AUTH_TOKEN_OUTCOME_UNKNOWN:
        ctx->refused = 1;
        return;

    default: /* AUTH_TOKEN_OUTCOME_UNAVAILABLE */
        ctx->failed = 1;
        ctx->retry_after = ask->retry_after;
        return;
    }

    record = (auth_token_record_t *) ask->record.data;

    copy = ngx_palloc(ctx->request->pool, record->head);
    if (copy == NULL) {
        ctx->failed = 1;
        ctx->retry_after = 1;
        return;
    }

    ngx_memcpy(copy, record, record->head);

    hit = &ctx->hits[ctx->nhits++];

    ngx_memzero(hit, sizeof(ngx_http_auth_token_hit_t));

    hit->key = ask->flight.key;
    hit->link = ask->link;
    hit->sequence = ask->flight.sequence;
    hit->record = copy;
    hit->address = auth_token_record_address(record, &ctx->addr);
    hit->allowed = ask->allowed;

    ctx->key = ask->link;
}


/*
 * Whether what a request knew when it began to wait may have been purged: it
 * then begins anew, and finds in the cache what was not.
 */

static ngx_uint_t
ngx_http_auth_token_waiter_purged(ngx_http_auth_token_ctx_t *ctx)
{
    return ctx->nhits != 0
           && ngx_http_auth_token_purge_ended(ctx->provider->zone,
                                              ctx->provider->slot, ctx->hits,
                                              ctx->nhits);
}


void
ngx_http_auth_token_waiter_resume(ngx_queue_t *waiters,
    ngx_http_auth_token_ask_t *ask, ngx_uint_t retry_after)
{
    ngx_queue_t                *q;
    ngx_http_auth_token_ctx_t  *ctx;

    while (!ngx_queue_empty(waiters)) {
        q = ngx_queue_head(waiters);
        ctx = ngx_queue_data(q, ngx_http_auth_token_ctx_t, queue);

        ngx_http_auth_token_waiter_detach(ctx);

        if (ngx_http_auth_token_waiter_purged(ctx)) {
            ctx->nhits = 0;

        } else if (ask != NULL) {
            ngx_http_auth_token_waiter_give(ctx, ask);

        } else if (retry_after) {
            ctx->failed = 1;
            ctx->retry_after = retry_after;
        }

        ngx_http_auth_token_resume(ctx);
    }
}
