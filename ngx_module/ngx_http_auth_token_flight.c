
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Look-ups in flight: who may make one, who waits for it, and what becomes of
 * its answer.  Marks outlive their owner until a deadline, no longer.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_limit.h"
#include "ngx_http_auth_token_shctx.h"
#include "ngx_http_auth_token_wake.h"


/* a look-up that takes longer may have lost its owner: the system is asked */
#define NGX_HTTP_AUTH_TOKEN_FLIGHT_OWNER  100

/* marks left behind that are cleared away with every new one */
#define NGX_HTTP_AUTH_TOKEN_FLIGHT_SWEEP  2


static ngx_http_auth_token_flight_e ngx_http_auth_token_flight_locked(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_limit_t *limit, ngx_msec_t now, ngx_msec_t deadline,
    ngx_uint_t *retry_after);
static ngx_uint_t ngx_http_auth_token_flight_answered(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_flight_t *f,
    ngx_msec_t now);
static ngx_http_auth_token_mark_t *ngx_http_auth_token_flight_find(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_key_t *key);
static ngx_uint_t ngx_http_auth_token_flight_alive(
    ngx_http_auth_token_mark_t *m, ngx_msec_t now);
static void ngx_http_auth_token_flight_join(ngx_http_auth_token_mark_t *m);
static ngx_http_auth_token_mark_t *ngx_http_auth_token_flight_create(
    ngx_http_auth_token_zone_t *zone, ngx_http_auth_token_key_t *key,
    ngx_msec_t now);
static void ngx_http_auth_token_flight_remove(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_mark_t *m);
static ngx_http_auth_token_shctx_t *ngx_http_auth_token_flight_land(
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_key_t *link,
    ngx_http_auth_token_waiters_t *waiters, ngx_uint_t *good);


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
    f->probe = 0;
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
    ngx_uint_t                   probe;
    ngx_http_auth_token_mark_t  *m;
    ngx_http_auth_token_slot_t  *slot;

    if (ngx_http_auth_token_flight_answered(sh, f, now)) {
        return NGX_HTTP_AUTH_TOKEN_FLIGHT_READY;
    }

    m = ngx_http_auth_token_flight_find(sh, &f->key);

    if (m && ngx_http_auth_token_flight_alive(m, now)) {

        /* nobody waits for an entry that is still served */

        if (!f->refresh) {
            ngx_http_auth_token_flight_join(m);
        }

        return NGX_HTTP_AUTH_TOKEN_FLIGHT_WAIT;
    }

    slot = &sh->slots[f->slot];

    if (ngx_http_auth_token_limit_take(slot, limit, f->refresh, now, deadline,
                                       &probe, retry_after)
        != NGX_OK)
    {
        return NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED;
    }

    f->probe = probe;
    f->sequence = sh->sequence;
    slot->used = now;

    if (m == NULL) {
        m = ngx_http_auth_token_flight_create(f->zone, &f->key, now);

    } else {
        sh->stats.takeovers++;

        /* keeps those who wait; its place in the list is that of its age */
        ngx_queue_remove(&m->queue);
        ngx_queue_insert_tail(&sh->flights.queue, &m->queue);
    }

    if (m) {
        m->slot = f->slot;
        m->refresh = f->refresh;
        m->owner = ngx_pid;
        m->started = now;
        m->deadline = deadline;
        m->nonce = ++sh->nonce;

        f->nonce = m->nonce;
    }

    return NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD;
}


static ngx_uint_t
ngx_http_auth_token_flight_answered(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_flight_t *f, ngx_msec_t now)
{
    int64_t                       age;
    ngx_msec_t                    left;
    ngx_http_auth_token_entry_t  *e;

    e = ngx_http_auth_token_entry_find(f->zone, &f->key);

    if (e
        && e->slot == f->slot
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


static ngx_http_auth_token_mark_t *
ngx_http_auth_token_flight_find(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key)
{
    ngx_http_auth_token_mark_t  *m;

    m = ngx_http_auth_token_index_find(&sh->flights, key);

    return (m && m->lo == key->lo) ? m : NULL;
}


ngx_uint_t
ngx_http_auth_token_flight_exists(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_msec_t now)
{
    ngx_http_auth_token_mark_t  *m;

    m = ngx_http_auth_token_flight_find(sh, key);

    return m && ngx_http_auth_token_flight_alive(m, now);
}


static ngx_uint_t
ngx_http_auth_token_flight_alive(ngx_http_auth_token_mark_t *m,
    ngx_msec_t now)
{
    int64_t  age;

    age = ngx_http_auth_token_age(m->started, now);

    if (age == -1 || now >= m->deadline) {
        return 0;
    }

    if (age < NGX_HTTP_AUTH_TOKEN_FLIGHT_OWNER || m->owner == ngx_pid) {
        return 1;
    }

    /* the pid may be another's by now: then the deadline ends the mark */

    return !(kill(m->owner, 0) == -1 && ngx_errno == ESRCH);
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


static ngx_http_auth_token_mark_t *
ngx_http_auth_token_flight_create(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_key_t *key, ngx_msec_t now)
{
    size_t                        size;
    ngx_uint_t                    i;
    ngx_queue_t                  *q;
    ngx_rbtree_node_t            *node;
    ngx_http_auth_token_mark_t   *m;
    ngx_http_auth_token_shctx_t  *sh;

    sh = zone->sh;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_FLIGHT_SWEEP; i++) {

        if (ngx_queue_empty(&sh->flights.queue)) {
            break;
        }

        q = ngx_queue_head(&sh->flights.queue);
        m = ngx_queue_data(q, ngx_http_auth_token_mark_t, queue);

        if (ngx_http_auth_token_flight_alive(m, now)) {
            break;
        }

        ngx_http_auth_token_flight_remove(zone, m);
    }

    /* another key with the same first half flies on, without a mark */

    m = ngx_http_auth_token_index_find(&sh->flights, key);
    if (m) {
        ngx_http_auth_token_flight_remove(zone, m);
    }

    size = offsetof(ngx_rbtree_node_t, color)
           + sizeof(ngx_http_auth_token_mark_t);

    for (i = 0; /* void */ ; i++) {

        node = ngx_slab_alloc_locked(zone->shpool, size);
        if (node) {
            break;
        }

        if (i == NGX_HTTP_AUTH_TOKEN_EVICT
            || !ngx_http_auth_token_negative_evict(zone))
        {
            return NULL;
        }
    }

    m = (ngx_http_auth_token_mark_t *) &node->color;

    ngx_memzero(m, sizeof(ngx_http_auth_token_mark_t));

    m->lo = key->lo;
    node->key = (ngx_rbtree_key_t) key->hi;

    ngx_rbtree_insert(&sh->flights.rbtree, node);
    ngx_http_auth_token_crash_point();
    ngx_queue_insert_tail(&sh->flights.queue, &m->queue);

    sh->flights.count++;

    return m;
}


static void
ngx_http_auth_token_flight_remove(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_mark_t *m)
{
    ngx_rbtree_node_t            *node;
    ngx_http_auth_token_shctx_t  *sh;

    sh = zone->sh;
    node = ngx_http_auth_token_entry_node(m);

    sh->flights.count--;

    ngx_queue_remove(&m->queue);
    ngx_http_auth_token_crash_point();
    ngx_rbtree_delete(&sh->flights.rbtree, node);

    ngx_slab_free_locked(zone->shpool, node);
}


void
ngx_http_auth_token_flight_land_record(ngx_http_auth_token_flight_t *f,
    auth_token_str_t record, ngx_http_auth_token_key_t *link,
    ngx_uint_t allowed, ngx_msec_t now,
    ngx_http_auth_token_waiters_t *waiters)
{
    ngx_uint_t                    good;
    ngx_http_auth_token_shctx_t  *sh;

    sh = ngx_http_auth_token_flight_land(f, link, waiters, &good);
    if (sh == NULL) {
        return;
    }

    ngx_http_auth_token_limit_success(&sh->slots[f->slot], f->probe, now);

    if (good) {
        (void) ngx_http_auth_token_negative_drop(f->zone, &f->key);
        ngx_http_auth_token_entry_store(f, record, link, allowed, now);
    }

    ngx_http_auth_token_zone_unlock(f->zone);
}


void
ngx_http_auth_token_flight_land_refusal(ngx_http_auth_token_flight_t *f,
    ngx_msec_t now, ngx_http_auth_token_waiters_t *waiters)
{
    ngx_uint_t                    good;
    ngx_http_auth_token_entry_t  *e;
    ngx_http_auth_token_shctx_t  *sh;

    sh = ngx_http_auth_token_flight_land(f, NULL, waiters, &good);
    if (sh == NULL) {
        return;
    }

    ngx_http_auth_token_limit_success(&sh->slots[f->slot], f->probe, now);

    if (good) {
        e = ngx_http_auth_token_entry_find(f->zone, &f->key);
        if (e) {
            ngx_http_auth_token_entry_remove(f->zone, e);
        }

        ngx_http_auth_token_negative_store(f->zone, &f->key, f->slot,
                                           NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED,
                                           now);
    }

    ngx_http_auth_token_zone_unlock(f->zone);
}


void
ngx_http_auth_token_flight_land_failure(ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_limit_t *limit, ngx_uint_t health,
    ngx_uint_t retry_after, ngx_msec_t now,
    ngx_http_auth_token_waiters_t *waiters)
{
    ngx_uint_t                    good;
    ngx_http_auth_token_slot_t   *slot;
    ngx_http_auth_token_shctx_t  *sh;

    sh = ngx_http_auth_token_flight_land(f, NULL, waiters, &good);
    if (sh == NULL) {
        return;
    }

    slot = &sh->slots[f->slot];

    if (health || retry_after) {
        ngx_http_auth_token_limit_failure(slot, limit, f->probe, retry_after,
                                          now);

    } else {
        ngx_http_auth_token_limit_neutral(slot, f->probe);
    }

    /* a record stays: it may be used while the authority does not answer */

    if (good) {
        ngx_http_auth_token_negative_store(f->zone, &f->key, f->slot,
                                           NGX_HTTP_AUTH_TOKEN_CACHE_FAILED,
                                           now);
    }

    ngx_http_auth_token_zone_unlock(f->zone);
}


/*
 * Ends our mark and returns with the zone locked, or NULL.  "good": the answer
 * may be stored.  It may not if a purge came between, or if the mark is no
 * longer ours: somebody took over, and his answer is the newer one.  A flight
 * that never had a mark gives way to what was stored since it started.
 */

static ngx_http_auth_token_shctx_t *
ngx_http_auth_token_flight_land(ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_key_t *link, ngx_http_auth_token_waiters_t *waiters,
    ngx_uint_t *good)
{
    ngx_http_auth_token_mark_t   *m;
    ngx_http_auth_token_entry_t  *e;
    ngx_http_auth_token_shctx_t  *sh;

    waiters->workers = 0;
    waiters->generation = 0;
    *good = 0;

    sh = ngx_http_auth_token_zone_lock(f->zone);
    if (sh == NULL) {
        return NULL;
    }

    if (f->nonce) {
        m = ngx_http_auth_token_flight_find(sh, &f->key);

        if (m && m->nonce == f->nonce) {
            *waiters = m->waiters;
            *good = 1;

            ngx_http_auth_token_flight_remove(f->zone, m);
        }

    } else {
        e = ngx_http_auth_token_entry_find(f->zone, &f->key);

        *good = (e == NULL
                 || ngx_http_auth_token_age(e->stored, f->started) > 0);
    }

    if (*good
        && ngx_http_auth_token_purged(sh, &f->key, link, f->slot,
                                      f->sequence))
    {
        sh->stats.purged++;
        *good = 0;
    }

    return sh;
}
