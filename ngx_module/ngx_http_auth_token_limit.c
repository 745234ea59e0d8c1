
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How many look-ups a provider may make: a token bucket as in limit_req, and
 * a breaker that stops them while the authority fails or asks for a pause.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_limit.h"


/* a time further ahead is the clock's that jumped */
#define NGX_HTTP_AUTH_TOKEN_LIMIT_PAUSE                                       \
    ((uint64_t) NGX_HTTP_AUTH_TOKEN_MAX_PAUSE * 1000)

/* a budget recovers in full from a time further ahead, as in limit_req */
#define NGX_HTTP_AUTH_TOKEN_LIMIT_SKEW   60000

/* a look-up, in the unit of rates and bursts */
#define NGX_HTTP_AUTH_TOKEN_LIMIT_ONE    1000

#define ngx_http_auth_token_limit_bit(f)  ((uint32_t) 1 << (f)->step)


static uint64_t ngx_http_auth_token_limit_left(uint64_t until, ngx_msec_t now);
static uint64_t ngx_http_auth_token_limit_spent(
    ngx_http_auth_token_slot_t *slot, uint64_t spent,
    ngx_http_auth_token_limit_t *limit, ngx_msec_t now);
static void ngx_http_auth_token_limit_set(ngx_http_auth_token_slot_t *slot,
    uint64_t excess, uint64_t floor, ngx_msec_t now);
static uint64_t ngx_http_auth_token_limit_size(
    ngx_http_auth_token_limit_t *limit);
static ngx_uint_t ngx_http_auth_token_limit_seconds(uint64_t ms);
static void ngx_http_auth_token_limit_close(ngx_http_auth_token_slot_t *slot,
    uint64_t pause, ngx_msec_t now);


ngx_int_t
ngx_http_auth_token_limit_take(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_limit_t *limit, ngx_http_auth_token_flight_t *f,
    ngx_msec_t now, ngx_msec_t deadline, ngx_uint_t *retry_after)
{
    uint64_t    excess, floor, size, wait;
    ngx_uint_t  probe;

    f->probe = 0;
    f->budget = 0;
    *retry_after = 0;

    /* a step that is well need not wait until another one has been tried */

    probe = slot->closed_until
            && (slot->tripped == 0
                || slot->tripped & ngx_http_auth_token_limit_bit(f));

    wait = ngx_http_auth_token_limit_left(slot->closed_until, now);

    if (wait == 0 && probe) {
        wait = ngx_http_auth_token_limit_left(slot->probe_until, now);
    }

    if (wait) {
        *retry_after = ngx_http_auth_token_limit_seconds(wait);
        return NGX_DECLINED;
    }

    if (limit && limit->rate) {
        excess = ngx_http_auth_token_limit_spent(slot, slot->excess, limit, now)
                 + NGX_HTTP_AUTH_TOKEN_LIMIT_ONE;
        floor = ngx_http_auth_token_limit_spent(slot, slot->floor, limit, now);
        size = ngx_http_auth_token_limit_size(limit);

        /* half of what there is, which the authority may say is less */

        if (!f->known) {
            size = floor + ngx_max((size - floor) / 2,
                                   NGX_HTTP_AUTH_TOKEN_LIMIT_ONE);
        }

        if (excess > size) {
            wait = ((excess - size) * 1000 + limit->rate - 1) / limit->rate;
            f->budget = (ngx_msec_t) wait;
            *retry_after = ngx_http_auth_token_limit_seconds(wait);
            return NGX_DECLINED;
        }

        ngx_http_auth_token_limit_set(slot, excess, floor, now);
    }

    if (probe) {
        slot->probe_until = deadline;
        f->probe = 1;
    }

    return NGX_OK;
}


void
ngx_http_auth_token_limit_success(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_flight_t *f, ngx_msec_t now)
{
    ngx_http_auth_token_limit_neutral(slot, f);

    slot->failures[f->step] = 0;
    slot->tripped &= ~ngx_http_auth_token_limit_bit(f);

    /* what was asked before the authority wanted a pause does not end it */

    if (slot->tripped == 0
        && ngx_http_auth_token_limit_left(slot->closed_until, now) == 0)
    {
        slot->closed_until = 0;
    }
}


void
ngx_http_auth_token_limit_failure(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_limit_t *limit, ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_fault_e fault, ngx_uint_t retry_after, ngx_msec_t now)
{
    uint32_t    *failures;
    ngx_uint_t   busy, failed;

    ngx_http_auth_token_limit_neutral(slot, f);

    if (retry_after) {
        ngx_http_auth_token_limit_close(slot, (uint64_t) retry_after * 1000,
                                        now);
    }

    if (limit == NULL || limit->breaker == 0) {

        /* without a breaker nothing but the authority's own word pauses */

        if (retry_after == 0) {
            ngx_http_auth_token_limit_success(slot, f, now);
        }

        return;
    }

    failures = &slot->failures[f->step];

    if (*failures < limit->breaker) {
        (*failures)++;
    }

    busy = (fault == NGX_HTTP_AUTH_TOKEN_FAULT_BUSY);
    failed = (f->probe || *failures >= limit->breaker);

    if (failed || (busy && retry_after == 0)) {
        ngx_http_auth_token_limit_close(slot, limit->breaker_delay, now);
    }

    if (failed || busy) {
        slot->tripped |= ngx_http_auth_token_limit_bit(f);
    }
}


void
ngx_http_auth_token_limit_neutral(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_flight_t *f)
{
    if (f->probe) {
        slot->probe_until = 0;
    }
}


void
ngx_http_auth_token_limit_observe(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_limit_t *limit, ngx_uint_t remaining,
    ngx_uint_t reset, ngx_msec_t now)
{
    uint64_t  excess, floor, size, spent;

    if (remaining == 0) {

        if (reset) {
            ngx_http_auth_token_limit_close(slot, (uint64_t) reset * 1000,
                                            now);
        }

        return;
    }

    if (limit == NULL || limit->rate == 0) {
        return;
    }

    size = ngx_http_auth_token_limit_size(limit);

    if (remaining >= size / NGX_HTTP_AUTH_TOKEN_LIMIT_ONE) {
        return;
    }

    spent = size - remaining * NGX_HTTP_AUTH_TOKEN_LIMIT_ONE;

    excess = ngx_http_auth_token_limit_spent(slot, slot->excess, limit, now);
    floor = ngx_http_auth_token_limit_spent(slot, slot->floor, limit, now);

    ngx_http_auth_token_limit_set(slot, ngx_max(excess, spent),
                                  ngx_max(floor, spent), now);
}


ngx_uint_t
ngx_http_auth_token_limit_closed(ngx_http_auth_token_slot_t *slot,
    ngx_msec_t now)
{
    return ngx_http_auth_token_limit_seconds(
                   ngx_http_auth_token_limit_left(slot->closed_until, now));
}


static uint64_t
ngx_http_auth_token_limit_left(uint64_t until, ngx_msec_t now)
{
    if (until <= now || until - now > NGX_HTTP_AUTH_TOKEN_LIMIT_PAUSE) {
        return 0;
    }

    return until - now;
}


/*
 * What is still spent at "now" of what was at slot->last.  It is written back
 * when a look-up is taken only: what a slow rate gives in a few ms would be
 * lost in rounding.
 */

static uint64_t
ngx_http_auth_token_limit_spent(ngx_http_auth_token_slot_t *slot,
    uint64_t spent, ngx_http_auth_token_limit_t *limit, ngx_msec_t now)
{
    int64_t   ms;
    uint64_t  back, size;

    ms = (int64_t) (now - slot->last);

    size = ngx_http_auth_token_limit_size(limit);

    if (ms < -NGX_HTTP_AUTH_TOKEN_LIMIT_SKEW
        || ms > (int64_t) (size * 1000 / limit->rate))
    {
        return 0;
    }

    back = (uint64_t) limit->rate * (uint64_t) ngx_max(ms, 0) / 1000;

    /* another configuration of the same slot may have allowed more */
    spent = ngx_min(spent, size);

    return (spent > back) ? spent - back : 0;
}


/* a worker whose clock is behind must not give the time of the others twice */

static void
ngx_http_auth_token_limit_set(ngx_http_auth_token_slot_t *slot,
    uint64_t excess, uint64_t floor, ngx_msec_t now)
{
    int64_t  ms;

    ms = (int64_t) (now - slot->last);

    slot->excess = excess;
    slot->floor = floor;

    if (ms > 0 || ms < -NGX_HTTP_AUTH_TOKEN_LIMIT_SKEW) {
        slot->last = now;
    }
}


static uint64_t
ngx_http_auth_token_limit_size(ngx_http_auth_token_limit_t *limit)
{
    return ngx_max(limit->burst, NGX_HTTP_AUTH_TOKEN_LIMIT_ONE);
}


static ngx_uint_t
ngx_http_auth_token_limit_seconds(uint64_t ms)
{
    return (ngx_uint_t) ((ms + 999) / 1000);
}


/* a pause may be made longer, never shorter */

static void
ngx_http_auth_token_limit_close(ngx_http_auth_token_slot_t *slot,
    uint64_t pause, ngx_msec_t now)
{
    uint64_t  until;

    until = now + ngx_min(pause, NGX_HTTP_AUTH_TOKEN_LIMIT_PAUSE);

    if (ngx_http_auth_token_limit_left(slot->closed_until, now) < until - now) {
        slot->closed_until = until;
    }
}
