
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * From a token to its records: what the cache has, then one look-up for each
 * step it has not.  Works on the ctx of one request.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_lookup.h"
#include "ngx_http_auth_token_resolve.h"
#include "ngx_http_auth_token_waiter.h"


/* times an answer may vanish between landing and look-up in one request */
#define NGX_HTTP_AUTH_TOKEN_MAX_TRIES  8


static ngx_int_t ngx_http_auth_token_resolve_query(
    ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t use_stale, ngx_http_auth_token_query_t *q);
static ngx_uint_t ngx_http_auth_token_resolve_denied(
    ngx_http_auth_token_ctx_t *ctx);
static ngx_uint_t ngx_http_auth_token_resolve_stuck(
    ngx_http_auth_token_ctx_t *ctx);
static void ngx_http_auth_token_resolve_hit(ngx_http_auth_token_ctx_t *ctx);
static ngx_int_t ngx_http_auth_token_resolve_final(
    ngx_http_auth_token_ctx_t *ctx,
    auth_token_verdict_e verdict);
static ngx_int_t ngx_http_auth_token_resolve_fail(
    ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t retry_after);
static ngx_int_t ngx_http_auth_token_resolve_deny(
    ngx_http_auth_token_ctx_t *ctx, ngx_uint_t retry_after);
static ngx_int_t ngx_http_auth_token_resolve_join(
    ngx_http_auth_token_ctx_t *ctx);


ngx_int_t
ngx_http_auth_token_resolve_begin(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_http_auth_token_provider_t  *provider;

    provider = ctx->provider;

    if (ngx_http_auth_token_resolve_slot(provider) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_auth_token_ask_key(provider, 0, &ctx->token, &ctx->key);

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_resolve_slot(ngx_http_auth_token_provider_t *provider)
{
    if (provider->slot != -1
        && ngx_http_auth_token_zone_owner(provider->zone, provider->slot)
           == provider->owner)
    {
        return NGX_OK;
    }

    provider->slot = ngx_http_auth_token_zone_slot(provider->zone,
                                                   provider->fingerprint);

    if (provider->slot == -1) {
        return NGX_ERROR;
    }

    provider->owner = ngx_http_auth_token_zone_owner(provider->zone,
                                                     provider->slot);

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_resolve(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_int_t                        rc;
    ngx_http_auth_token_query_t      q;
    ngx_http_auth_token_provider_t  *provider;

    provider = ctx->provider;

    if (ctx->refused) {
        return ngx_http_auth_token_resolve_final(ctx, AUTH_TOKEN_UNKNOWN);
    }

    if (ctx->failed) {
        return ngx_http_auth_token_resolve_fail(ctx, ctx->retry_after);
    }

    while (ctx->nhits < provider->protocol->nsteps
           && !ngx_http_auth_token_resolve_denied(ctx))
    {
        if (ctx->tries++ == NGX_HTTP_AUTH_TOKEN_MAX_TRIES
            || ngx_http_auth_token_resolve_stuck(ctx))
        {
            return ngx_http_auth_token_resolve_deny(ctx, 1);
        }

        if (ctx->nhits == 0 && ctx->tries > 1) {
            /* a purge changes the keys of a provider */
            ngx_http_auth_token_ask_key(provider, 0, &ctx->token, &ctx->key);
        }

        if (ngx_http_auth_token_resolve_query(ctx, 0, &q) != NGX_OK) {
            return NGX_ERROR;
        }

        switch (q.state) {

        case NGX_HTTP_AUTH_TOKEN_CACHE_HIT:
            continue;

        case NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED:

            if (ctx->cached == NGX_HTTP_AUTH_TOKEN_CACHED_NONE) {
                ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_NEGATIVE;
            }

            return ngx_http_auth_token_resolve_final(ctx, AUTH_TOKEN_UNKNOWN);

        case NGX_HTTP_AUTH_TOKEN_CACHE_FAILED:

            if (ctx->cached == NGX_HTTP_AUTH_TOKEN_CACHED_NONE) {
                ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_NEGATIVE;
            }

            return ngx_http_auth_token_resolve_fail(ctx, q.retry_after);

        default: /* NGX_HTTP_AUTH_TOKEN_CACHE_MISS */
            break;
        }

        if (ngx_http_auth_token_resolve_denied(ctx)) {
            break;
        }

        if (ngx_http_auth_token_resolve_stuck(ctx)) {
            return ngx_http_auth_token_resolve_deny(ctx, 1);
        }

        rc = ngx_http_auth_token_resolve_join(ctx);

        if (rc != NGX_DECLINED) {
            return rc;
        }

        /* rc == NGX_DECLINED: answered meanwhile */
    }

    ngx_http_auth_token_resolve_hit(ctx);

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_resolve_query(ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t use_stale, ngx_http_auth_token_query_t *q)
{
    ngx_http_auth_token_provider_t  *provider;

    provider = ctx->provider;

    q->zone = provider->zone;
    q->lives = &provider->lives;
    q->slot = provider->slot;
    q->nsteps = provider->protocol->nsteps - ctx->nhits;
    q->addr = &ctx->addr;
    q->now = ngx_current_msec;
    q->pool = ctx->request->pool;
    q->key = ctx->key;
    q->use_stale = use_stale;

    if (ngx_http_auth_token_cache_query(q) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memcpy(&ctx->hits[ctx->nhits], q->hits,
               q->nhits * sizeof(ngx_http_auth_token_hit_t));

    ctx->nhits += q->nhits;
    ctx->key = q->key;

    return NGX_OK;
}


/* a record that does not allow decides: later steps need not be asked */

static ngx_uint_t
ngx_http_auth_token_resolve_denied(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_uint_t             i;
    auth_token_evidence_t  evidence;

    for (i = 0; i < ctx->nhits; i++) {
        evidence.record = ctx->hits[i].record;
        evidence.address = ctx->hits[i].address;

        if (auth_token_decide(&evidence, 1, ngx_time(), ctx->provider->leeway)
            != AUTH_TOKEN_ALLOWED)
        {
            return 1;
        }
    }

    return 0;
}


/* a record that has no id leads to no further step, and is not enough */

static ngx_uint_t
ngx_http_auth_token_resolve_stuck(ngx_http_auth_token_ctx_t *ctx)
{
    return ctx->nhits != 0 && ctx->key.hi == 0 && ctx->key.lo == 0;
}


static void
ngx_http_auth_token_resolve_hit(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_uint_t                       i, retry_after;
    ngx_http_auth_token_hit_t       *hit;
    ngx_http_auth_token_lookup_t    *lookup;
    ngx_http_auth_token_provider_t  *provider;

    provider = ctx->provider;

    ctx->done = 1;

    if (ctx->cached == NGX_HTTP_AUTH_TOKEN_CACHED_NONE) {
        ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_HIT;
    }

    for (i = 0; i < ctx->nhits; i++) {
        hit = &ctx->hits[i];

        if (!hit->refresh
            || provider->lookups >= provider->max_lookups
            || ngx_http_auth_token_lookup_find(&hit->key) != NULL)
        {
            continue;
        }

        lookup = ngx_http_auth_token_lookup_create(ctx, i, &hit->key);
        if (lookup == NULL) {
            return;
        }

        lookup->ask.flight.refresh = 1;

        if (ngx_http_auth_token_lookup_start(lookup, &retry_after)
            != NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD)
        {
            ngx_http_auth_token_lookup_destroy(lookup);
            continue;
        }

        if (ctx->cached == NGX_HTTP_AUTH_TOKEN_CACHED_HIT) {
            ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_REFRESH;
        }
    }
}


static ngx_int_t
ngx_http_auth_token_resolve_final(ngx_http_auth_token_ctx_t *ctx,
    auth_token_verdict_e verdict)
{
    ctx->nhits = 0;
    ctx->verdict = verdict;
    ctx->done = 1;

    return NGX_OK;
}


/*
 * The authority gave no usable answer, or the breaker keeps us from asking.
 * What keeps us from it otherwise, others can bring about at will: by that a
 * token that was revoked must not live on.
 */

static ngx_int_t
ngx_http_auth_token_resolve_fail(ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t retry_after)
{
    ngx_http_auth_token_query_t      q;
    ngx_http_auth_token_provider_t  *provider;

    provider = ctx->provider;

    if (provider->lives.stale != 0 && !ctx->limited) {
        ctx->nhits = 0;
        ngx_http_auth_token_ask_key(provider, 0, &ctx->token, &ctx->key);

        if (ngx_http_auth_token_resolve_query(ctx, 1, &q) != NGX_OK) {
            return NGX_ERROR;
        }

        if (q.state == NGX_HTTP_AUTH_TOKEN_CACHE_HIT) {
            ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_STALE;
            ctx->done = 1;

            return NGX_OK;
        }
    }

    return ngx_http_auth_token_resolve_deny(ctx, retry_after);
}


static ngx_int_t
ngx_http_auth_token_resolve_deny(ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t retry_after)
{
    ctx->retry_after = retry_after ? retry_after : 1;

    return ngx_http_auth_token_resolve_final(ctx, AUTH_TOKEN_UNAVAILABLE);
}


static ngx_int_t
ngx_http_auth_token_resolve_join(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_uint_t                       retry_after;
    ngx_http_auth_token_lookup_t    *lookup;
    ngx_http_auth_token_provider_t  *provider;

    lookup = ngx_http_auth_token_lookup_find(&ctx->key);

    if (lookup != NULL) {
        ctx->limited |= lookup->queued;

        if (ctx->cached == NGX_HTTP_AUTH_TOKEN_CACHED_NONE) {
            ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_COALESCED;
        }

        ngx_http_auth_token_waiter_attach(ctx, &lookup->ask, &lookup->waiters);
        return NGX_AGAIN;
    }

    provider = ctx->provider;

    if (provider->lookups >= provider->max_lookups) {
        return ngx_http_auth_token_resolve_deny(ctx, 1);
    }

    lookup = ngx_http_auth_token_lookup_create(ctx, ctx->nhits, &ctx->key);
    if (lookup == NULL) {
        return NGX_ERROR;
    }

    retry_after = 1;

    switch (ngx_http_auth_token_lookup_start(lookup, &retry_after)) {

    case NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD:
        ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_MISS;
        break;

    case NGX_HTTP_AUTH_TOKEN_FLIGHT_WAIT:

        if (ctx->cached == NGX_HTTP_AUTH_TOKEN_CACHED_NONE) {
            ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_COALESCED;
        }

        break;

    case NGX_HTTP_AUTH_TOKEN_FLIGHT_READY:
        ngx_http_auth_token_lookup_destroy(lookup);
        return NGX_DECLINED;

    default: /* NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED */

        ctx->limited |= (lookup->ask.flight.budget != 0);

        if (!ngx_http_auth_token_lookup_queued(lookup)) {
            ngx_http_auth_token_lookup_destroy(lookup);
            return ngx_http_auth_token_resolve_fail(ctx, retry_after);
        }

        ctx->cached = NGX_HTTP_AUTH_TOKEN_CACHED_MISS;
        break;
    }

    ngx_http_auth_token_waiter_attach(ctx, &lookup->ask, &lookup->waiters);

    return NGX_AGAIN;
}
