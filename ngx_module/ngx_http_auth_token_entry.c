
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Records in the zone: found by key, kept in the order of their use, thrown
 * out from its end.  Called by cache, flight and purge, under the lock.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


/* touches are told apart by these milliseconds, in 8 bits */
#define ngx_http_auth_token_entry_second(now)  ((u_char) ((now) >> 10))


static ngx_http_auth_token_entry_t *ngx_http_auth_token_entry_create(
    ngx_http_auth_token_zone_t *zone, ngx_http_auth_token_key_t *key,
    size_t size);
static void *ngx_http_auth_token_entry_alloc(ngx_http_auth_token_zone_t *zone,
    size_t size);


ngx_http_auth_token_entry_t *
ngx_http_auth_token_entry_find(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_key_t *key)
{
    ngx_http_auth_token_entry_t  *e;
    ngx_http_auth_token_shctx_t  *sh;

    sh = zone->sh;

    e = ngx_http_auth_token_index_find(&sh->entries, key);

    if (e == NULL || e->lo != key->lo) {
        return NULL;
    }

    if (ngx_http_auth_token_purged(sh, key, &e->link, e->slot, e->sequence)) {
        ngx_http_auth_token_entry_remove(zone, e);
        return NULL;
    }

    return e;
}


ngx_http_auth_token_entry_e
ngx_http_auth_token_entry_state(ngx_http_auth_token_entry_t *e,
    ngx_http_auth_token_lives_t *lives, ngx_msec_t now, int64_t *age)
{
    ngx_msec_t  past;

    *age = ngx_http_auth_token_age(e->stored, now);

    if (*age == -1) {
        return NGX_HTTP_AUTH_TOKEN_ENTRY_DEAD;
    }

    past = (ngx_msec_t) *age;

    if (!e->allowed) {
        return (past < lives->negative) ? NGX_HTTP_AUTH_TOKEN_ENTRY_FRESH
                                        : NGX_HTTP_AUTH_TOKEN_ENTRY_DEAD;
    }

    if (past < lives->valid) {
        return NGX_HTTP_AUTH_TOKEN_ENTRY_FRESH;
    }

    return (past - lives->valid < lives->stale)
               ? NGX_HTTP_AUTH_TOKEN_ENTRY_STALE
               : NGX_HTTP_AUTH_TOKEN_ENTRY_DEAD;
}


void
ngx_http_auth_token_entry_touch(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_entry_t *e, ngx_msec_t now)
{
    u_char  second;

    second = ngx_http_auth_token_entry_second(now);

    if (e->touched == second) {
        return;
    }

    e->touched = second;

    ngx_queue_remove(&e->queue);
    ngx_queue_insert_head(&sh->entries.queue, &e->queue);
}


void
ngx_http_auth_token_entry_remove(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_entry_t *e)
{
    ngx_rbtree_node_t            *node;
    ngx_http_auth_token_shctx_t  *sh;

    sh = zone->sh;
    node = ngx_http_auth_token_entry_node(e);

    sh->slots[e->slot].entries--;
    sh->entries.count--;

    ngx_queue_remove(&e->queue);
    ngx_http_auth_token_crash_point();
    ngx_rbtree_delete(&sh->entries.rbtree, node);

    ngx_slab_free_locked(zone->shpool, node);
}


void
ngx_http_auth_token_entry_store(ngx_http_auth_token_flight_t *f,
    auth_token_str_t record, ngx_http_auth_token_key_t *link,
    ngx_uint_t allowed, ngx_msec_t now)
{
    ngx_http_auth_token_zone_t   *zone;
    ngx_http_auth_token_entry_t  *e;
    ngx_http_auth_token_shctx_t  *sh;

    zone = f->zone;
    sh = zone->sh;

    /* also one of another key with the same first half */

    e = ngx_http_auth_token_index_find(&sh->entries, &f->key);

    if (e && (e->size != record.len || e->lo != f->key.lo)) {
        ngx_http_auth_token_entry_remove(zone, e);
        e = NULL;
    }

    if (e == NULL) {
        e = ngx_http_auth_token_entry_create(zone, &f->key, record.len);

        if (e == NULL) {
            sh->stats.nomem++;
            return;
        }

        e->slot = f->slot;
        sh->slots[f->slot].entries++;
    }

    e->allowed = (allowed != 0);
    e->stored = now;
    e->sequence = f->sequence;

    if (link) {
        e->link = *link;

    } else {
        e->link.hi = 0;
        e->link.lo = 0;
    }

    ngx_memcpy(&e[1], record.data, record.len);

    ngx_http_auth_token_entry_touch(sh, e, now);

    sh->stats.stores++;
}


static ngx_http_auth_token_entry_t *
ngx_http_auth_token_entry_create(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_key_t *key, size_t size)
{
    ngx_rbtree_node_t            *node;
    ngx_http_auth_token_entry_t  *e;
    ngx_http_auth_token_shctx_t  *sh;

    sh = zone->sh;

    node = ngx_http_auth_token_entry_alloc(zone,
                                       offsetof(ngx_rbtree_node_t, color)
                                       + sizeof(ngx_http_auth_token_entry_t)
                                       + size);
    if (node == NULL) {
        return NULL;
    }

    e = (ngx_http_auth_token_entry_t *) &node->color;

    ngx_memzero(e, sizeof(ngx_http_auth_token_entry_t));

    e->size = (uint32_t) size;
    e->lo = key->lo;

    node->key = (ngx_rbtree_key_t) key->hi;

    ngx_rbtree_insert(&sh->entries.rbtree, node);
    ngx_http_auth_token_crash_point();
    ngx_queue_insert_head(&sh->entries.queue, &e->queue);

    sh->entries.count++;

    return e;
}


/* room is made at the expense of records used least, never of many at once */

static void *
ngx_http_auth_token_entry_alloc(ngx_http_auth_token_zone_t *zone, size_t size)
{
    void                         *p;
    ngx_uint_t                    i;
    ngx_queue_t                  *q;
    ngx_http_auth_token_entry_t  *e;
    ngx_http_auth_token_shctx_t  *sh;

    sh = zone->sh;

    for (i = 0; /* void */ ; i++) {

        p = ngx_slab_alloc_locked(zone->shpool, size);

        if (p || i == NGX_HTTP_AUTH_TOKEN_EVICT) {
            return p;
        }

        if (ngx_queue_empty(&sh->entries.queue)) {
            return NULL;
        }

        q = ngx_queue_last(&sh->entries.queue);
        e = ngx_queue_data(q, ngx_http_auth_token_entry_t, queue);

        ngx_http_auth_token_entry_remove(zone, e);

        sh->stats.evictions++;
    }
}
