
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Look-ups in flight: who may make one, who waits for it, and what becomes of
 * its answer.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_limit.h"
#include "ngx_http_auth_token_shctx.h"
#include "ngx_http_auth_token_wake.h"


static ngx_http_auth_token_flight_e ngx_http_auth_token_flight_locked(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_limit_t *limit, ngx_msec_t now, ngx_msec_t deadline,
    ngx_uint_t *retry_after);
static ngx_uint_t ngx_http_auth_token_flight_known(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_entry_t *e);
static ngx_uint_t ngx_http_auth_token_flight_answered(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_entry_t *e, ngx_msec_t now);
static void ngx_http_auth_token_flight_join(ngx_http_auth_token_mark_t *m);
static ngx_http_auth_token_shctx_t *ngx_http_auth_token_flight_land(
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_key_t *link,
    ngx_msec_t now, ngx_http_auth_token_waiters_t *waiters, ngx_uint_t *good);
static ngx_uint_t ngx_http_auth_token_flight_counts(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_key_t *link, ngx_uint_t allowed, ngx_msec_t now);
static ngx_uint_t ngx_http_auth_token_flight_outdone(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_flight_t *f,
    ngx_msec_t now);


ngx_http_auth_token_flight_e
ngx_http_auth_token_flight_take(ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_limit_t *limit, ngx_msec_t now, ngx_msec_t deadline,
    ngx_uint_t *retry_after)
{
    ngx_http_auth_token_shctx_t   *sh;
    ngx_http_auth_token_flight_e   rc;

    f->nonce = 0;
    f->sequence = 0;
    f->started = now;
    f->closed = 0;
    f->probe = 0;
    f->budget = 0;
    *retry_after = 0;

    sh = ngx_http_auth_token_zone_lock(f->zone);

    if (sh == NULL) {
        /* no zone, no budget to keep: the authority must not pay for that */
        *retry_after = 1;
        return NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED;
    }

    rc = ngx_http_auth_token_flight_locked(sh, f, limit, now, deadline,
                                           retry_after);

    switch (rc) {

    case NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD:
        sh->stats.leads++;
        break;

    case NGX_HTTP_AUTH_TOKEN_FLIGHT_WAIT:
        sh->stats.waits++;
        break;

    case NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED:
        sh->stats.limited++;
        break;

    default:
        break;
    }

    ngx_http_auth_token_zone_unlock(f->zone);

    return rc;
}


static ngx_http_auth_token_flight_e
ngx_http_auth_token_flight_locked(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_limit_t *limit,
    ngx_msec_t now, ngx_msec_t deadline, ngx_uint_t *retry_after)
{
    ngx_http_auth_token_mark_t   *m;
    ngx_http_auth_token_slot_t   *slot;
    ngx_http_auth_token_entry_t  *e;

    e = ngx_http_auth_token_entry_find(sh, &f->key);

    if (e && e->slot != f->slot) {
        e = NULL;
    }

    if (ngx_http_auth_token_flight_answered(sh, f, e, now)) {
        return NGX_HTTP_AUTH_TOKEN_FLIGHT_READY;
    }

    m = ngx_http_auth_token_index_find(&sh->marks, &f->key);

    if (m
        && ngx_http_auth_token_mark_current(m, now)
        && ngx_http_auth_token_mark_owned(m, now)
        && !ngx_http_auth_token_index_purged(sh, &f->key, NULL, f->slot,
                                             m->sequence))
    {
        /* nobody waits for an entry that is still served */

        if (!f->refresh) {
            ngx_http_auth_token_flight_join(m);
        }

        return NGX_HTTP_AUTH_TOKEN_FLIGHT_WAIT;
    }

    slot = &sh->slots[f->slot];

    f->known = ngx_http_auth_token_flight_known(sh, f, e);

    if (ngx_http_auth_token_limit_take(slot, limit, f, now, deadline,
                                       retry_after)
        != NGX_OK)
    {
        return NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED;
    }

    f->sequence = sh->sequence;
    slot->used = now;

    if (m) {
        /* those who wait for it wait on */
        m->nonce = ++sh->nonce;
        sh->stats.takeovers++;

    } else {
        m = ngx_http_auth_token_mark_create(sh, &f->key, now);
    }

    if (m) {
        m->owner = ngx_pid;
        m->started = now;
        m->deadline = deadline;
        m->sequence = f->sequence;

        f->nonce = m->nonce;
    }

    return NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD;
}


/*
 * Whether the token was let in before, as far as the zone remembers.  Tokens of
 * strangers may have a first answer that allowed, but none that follows; and
 * they reach a later step, once: then there is a negative entry, of any age.
 */

static ngx_uint_t
ngx_http_auth_token_flight_known(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_entry_t *e)
{
    ngx_http_auth_token_entry_t  *next;

    if (e && e->allowed) {

        if (f->last || ngx_http_auth_token_key_is_none(&e->link)) {
            return 1;
        }

        next = ngx_http_auth_token_index_find(&sh->entries, &e->link);

        return next && next->allowed;
    }

    return f->step
           && ngx_http_auth_token_index_find(&sh->negatives, &f->key) == NULL;
}


static ngx_uint_t
ngx_http_auth_token_flight_answered(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_entry_t *e,
    ngx_msec_t now)
{
    int64_t     age;
    ngx_msec_t  left;

    if (e
        && ngx_http_auth_token_entry_state(e, f->lives, now, &age)
           == NGX_HTTP_AUTH_TOKEN_ENTRY_FRESH
        && (!f->refresh || (ngx_msec_t) age <= f->lives->refresh))
    {
        return 1;
    }

    return ngx_http_auth_token_negative_state(sh, &f->key, f->lives, now,
                                              &left)
           != NGX_HTTP_AUTH_TOKEN_CACHE_MISS;
}


/*
 * Workers of two configurations may wait for one look-up.  One bitmap is
 * enough: it belongs to the configuration that came last, and the workers of
 * the other one look for themselves now and then.
 */

static void
ngx_http_auth_token_flight_join(ngx_http_auth_token_mark_t *m)
{
    ngx_http_auth_token_waiters_t  self;

    ngx_http_auth_token_wake_self(&self);

    if (m->waiters.generation != self.generation) {
        m->waiters = self;

    } else {
        m->waiters.workers |= self.workers;
    }
}


ngx_int_t
ngx_http_auth_token_flight_land_record(ngx_http_auth_token_flight_t *f,
    auth_token_str_t record, ngx_http_auth_token_key_t *link,
    ngx_uint_t allowed, ngx_msec_t now,
    ngx_http_auth_token_waiters_t *waiters)
{
    size_t                        size;
    ngx_uint_t                    good;
    ngx_http_auth_token_blob_t    blob;
    ngx_http_auth_token_shctx_t  *sh;

    size = ngx_http_auth_token_blob_make(&blob, record);

    sh = ngx_http_auth_token_flight_land(f, link, now, waiters, &good);
    if (sh == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_auth_token_limit_success(&sh->slots[f->slot], f, now);

    good |= ngx_http_auth_token_flight_counts(sh, f, link, allowed, now);

    if (good) {
        (void) ngx_http_auth_token_negative_drop(sh, &f->key);
        ngx_http_auth_token_entry_store(sh, f, &blob, size, link, allowed,
                                        now);
    }

    ngx_http_auth_token_zone_unlock(f->zone);

    return good ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_auth_token_flight_land_refusal(ngx_http_auth_token_flight_t *f,
    ngx_msec_t now, ngx_http_auth_token_waiters_t *waiters)
{
    ngx_uint_t                    good;
    ngx_http_auth_token_entry_t  *e;
    ngx_http_auth_token_shctx_t  *sh;

    sh = ngx_http_auth_token_flight_land(f, NULL, now, waiters, &good);
    if (sh == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_auth_token_limit_success(&sh->slots[f->slot], f, now);

    good |= ngx_http_auth_token_flight_counts(sh, f, NULL, 0, now);

    if (good) {
        e = ngx_http_auth_token_entry_find(sh, &f->key);
        if (e) {
            ngx_http_auth_token_entry_remove(sh, e);
        }

        ngx_http_auth_token_negative_store(sh, &f->key, f->slot,
                                           NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED,
                                           now);
    }

    ngx_http_auth_token_zone_unlock(f->zone);

    return good ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_auth_token_flight_land_failure(ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_limit_t *limit, ngx_http_auth_token_fault_e fault,
    ngx_uint_t retry_after, ngx_msec_t now,
    ngx_http_auth_token_waiters_t *waiters)
{
    ngx_uint_t                    good;
    ngx_http_auth_token_slot_t   *slot;
    ngx_http_auth_token_shctx_t  *sh;

    sh = ngx_http_auth_token_flight_land(f, NULL, now, waiters, &good);
    if (sh == NULL) {
        return NGX_DECLINED;
    }

    slot = &sh->slots[f->slot];

    if (fault == NGX_HTTP_AUTH_TOKEN_FAULT_FAILED
        || fault == NGX_HTTP_AUTH_TOKEN_FAULT_BUSY
        || retry_after)
    {
        ngx_http_auth_token_limit_failure(slot, limit, f, fault, retry_after,
                                          now);

    } else {
        ngx_http_auth_token_limit_neutral(slot, f);
    }

    f->closed = ngx_http_auth_token_limit_closed(slot, now);

    /*
     * A record stays: it may be used while the authority does not answer.  Of
     * what we did not ask there is nothing to be kept.
     */

    if (good && fault != NGX_HTTP_AUTH_TOKEN_FAULT_OURS) {
        ngx_http_auth_token_negative_store(sh, &f->key, f->slot,
                                           NGX_HTTP_AUTH_TOKEN_CACHE_FAILED,
                                           now);
    }

    ngx_http_auth_token_zone_unlock(f->zone);

    return good ? NGX_OK : NGX_DECLINED;
}


void
ngx_http_auth_token_flight_observe(ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_limit_t *limit, ngx_uint_t remaining,
    ngx_uint_t reset, ngx_msec_t now)
{
    ngx_http_auth_token_shctx_t  *sh;

    sh = ngx_http_auth_token_zone_lock(f->zone);
    if (sh == NULL) {
        return;
    }

    ngx_http_auth_token_limit_observe(&sh->slots[f->slot], limit, remaining,
                                      reset, now);

    ngx_http_auth_token_zone_unlock(f->zone);
}


/*
 * Ends our mark and returns with the zone locked, or NULL.  "good": the answer
 * may be stored.  It may not if a purge came between, or if the mark is no
 * longer ours: somebody took over, and his answer is the newer one.
 */

static ngx_http_auth_token_shctx_t *
ngx_http_auth_token_flight_land(ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_key_t *link, ngx_msec_t now,
    ngx_http_auth_token_waiters_t *waiters, ngx_uint_t *good)
{
    ngx_http_auth_token_mark_t   *m;
    ngx_http_auth_token_shctx_t  *sh;

    waiters->workers = 0;
    waiters->generation = 0;
    *good = 0;

    sh = ngx_http_auth_token_zone_lock(f->zone);
    if (sh == NULL) {
        return NULL;
    }

    if (f->nonce == 0) {
        *good = !ngx_http_auth_token_flight_outdone(sh, f, now);

    } else {
        m = ngx_http_auth_token_index_find(&sh->marks, &f->key);

        if (m && m->nonce == f->nonce) {
            *waiters = m->waiters;
            *good = 1;

            ngx_http_auth_token_mark_remove(sh, m);
        }
    }

    if (*good
        && ngx_http_auth_token_index_purged(sh, &f->key, link, f->slot,
                                            f->sequence))
    {
        sh->stats.purged++;
        *good = 0;
    }

    return sh;
}


/*
 * An answer counts even if somebody else took over, or met a failure since:
 * what was there when it was asked for is older than it, and must not be used
 * in its place.  Only what came after the question outdoes it.
 */

static ngx_uint_t
ngx_http_auth_token_flight_counts(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_key_t *link,
    ngx_uint_t allowed, ngx_msec_t now)
{
    int64_t                       later;
    ngx_msec_t                    left;
    ngx_http_auth_token_entry_t  *e;

    if (ngx_http_auth_token_index_purged(sh, &f->key, link, f->slot,
                                         f->sequence))
    {
        return 0;
    }

    e = ngx_http_auth_token_entry_find(sh, &f->key);

    if (e) {
        later = (int64_t) (e->stored - f->started);

        /* of the same millisecond, the one that denies is the later one */

        if (later > 0 || (later == 0 && allowed)) {
            return 0;
        }

    } else if (allowed && f->nonce) {
        /* there is nothing to be put right, and who took over asks anew */
        return 0;
    }

    return ngx_http_auth_token_negative_state(sh, &f->key, f->lives, now,
                                              &left)
           != NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED;
}


/*
 * Whether another answer came since "f" started, which never had a mark.  A
 * negative entry did if there is one, as it would have kept "f" from starting.
 */

static ngx_uint_t
ngx_http_auth_token_flight_outdone(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_flight_t *f, ngx_msec_t now)
{
    ngx_msec_t                    left;
    ngx_http_auth_token_entry_t  *e;

    e = ngx_http_auth_token_entry_find(sh, &f->key);

    if (e && ngx_http_auth_token_index_age(e->stored, f->started) <= 0) {
        return 1;
    }

    return ngx_http_auth_token_negative_state(sh, &f->key, f->lives, now,
                                              &left)
           != NGX_HTTP_AUTH_TOKEN_CACHE_MISS;
}
