
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Negative entries: refusals and failures by key, 64 bytes each, in an index
 * of their own and at most a quarter of the zone.  They displace each other
 * only, never a record.  Called by cache, flight and purge, under the lock.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


static ngx_http_auth_token_negative_t *ngx_http_auth_token_negative_create(
    ngx_http_auth_token_zone_t *zone, ngx_http_auth_token_key_t *key);


ngx_http_auth_token_cache_e
ngx_http_auth_token_negative_state(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_http_auth_token_lives_t *lives,
    ngx_msec_t now, ngx_msec_t *left)
{
    int64_t                          age;
    uint64_t                         stored;
    ngx_msec_t                       life;
    ngx_http_auth_token_negative_t  *n;

    n = ngx_http_auth_token_index_find(&sh->negatives, key);

    if (n == NULL || n->lo != key->lo) {
        return NGX_HTTP_AUTH_TOKEN_CACHE_MISS;
    }

    life = (n->state == NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED) ? lives->negative
                                                           : lives->failure;

    /* 40 bits last for 34 years; the upper ones are those of the clock */

    stored = ((uint64_t) n->stored_hi << 32) | n->stored_lo;
    age = ngx_http_auth_token_age(stored, now & 0xffffffffff);

    if (age == -1 || (ngx_msec_t) age >= life) {
        return NGX_HTTP_AUTH_TOKEN_CACHE_MISS;
    }

    *left = life - (ngx_msec_t) age;

    ngx_queue_remove(&n->queue);
    ngx_queue_insert_head(&sh->negatives.queue, &n->queue);

    return n->state;
}


void
ngx_http_auth_token_negative_store(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_key_t *key, ngx_uint_t slot,
    ngx_http_auth_token_cache_e state, ngx_msec_t now)
{
    ngx_http_auth_token_shctx_t     *sh;
    ngx_http_auth_token_negative_t  *n;

    sh = zone->sh;

    n = ngx_http_auth_token_index_find(&sh->negatives, key);

    if (n == NULL) {
        n = ngx_http_auth_token_negative_create(zone, key);

        if (n == NULL) {
            sh->stats.nomem++;
            return;
        }

    } else {
        sh->slots[n->slot].negatives--;
    }

    /* also in place of another key's with the same first half */

    n->lo = key->lo;
    n->slot = slot;
    n->state = state;
    n->stored_hi = (u_char) ((uint64_t) now >> 32);
    n->stored_lo = (uint32_t) now;

    sh->slots[slot].negatives++;
}


static ngx_http_auth_token_negative_t *
ngx_http_auth_token_negative_create(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_key_t *key)
{
    size_t                           size;
    ngx_rbtree_node_t               *node;
    ngx_http_auth_token_shctx_t     *sh;
    ngx_http_auth_token_negative_t  *n;

    sh = zone->sh;

    size = offsetof(ngx_rbtree_node_t, color)
           + sizeof(ngx_http_auth_token_negative_t);

    if (sh->negatives.count >= sh->negatives_max) {
        (void) ngx_http_auth_token_negative_evict(zone);
    }

    node = ngx_slab_alloc_locked(zone->shpool, size);

    if (node == NULL) {

        if (!ngx_http_auth_token_negative_evict(zone)) {
            return NULL;
        }

        node = ngx_slab_alloc_locked(zone->shpool, size);
        if (node == NULL) {
            return NULL;
        }
    }

    n = (ngx_http_auth_token_negative_t *) &node->color;

    node->key = (ngx_rbtree_key_t) key->hi;

    ngx_rbtree_insert(&sh->negatives.rbtree, node);
    ngx_http_auth_token_crash_point();
    ngx_queue_insert_head(&sh->negatives.queue, &n->queue);

    sh->negatives.count++;

    return n;
}


ngx_uint_t
ngx_http_auth_token_negative_drop(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_key_t *key)
{
    ngx_http_auth_token_negative_t  *n;

    n = ngx_http_auth_token_index_find(&zone->sh->negatives, key);

    if (n == NULL || n->lo != key->lo) {
        return 0;
    }

    ngx_http_auth_token_negative_remove(zone, n);

    return 1;
}


ngx_uint_t
ngx_http_auth_token_negative_evict(ngx_http_auth_token_zone_t *zone)
{
    ngx_queue_t                     *q;
    ngx_http_auth_token_shctx_t     *sh;
    ngx_http_auth_token_negative_t  *n;

    sh = zone->sh;

    if (ngx_queue_empty(&sh->negatives.queue)) {
        return 0;
    }

    q = ngx_queue_last(&sh->negatives.queue);
    n = ngx_queue_data(q, ngx_http_auth_token_negative_t, queue);

    ngx_http_auth_token_negative_remove(zone, n);

    return 1;
}


void
ngx_http_auth_token_negative_remove(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_negative_t *n)
{
    ngx_rbtree_node_t            *node;
    ngx_http_auth_token_shctx_t  *sh;

    sh = zone->sh;
    node = ngx_http_auth_token_entry_node(n);

    sh->slots[n->slot].negatives--;
    sh->negatives.count--;

    ngx_queue_remove(&n->queue);
    ngx_http_auth_token_crash_point();
    ngx_rbtree_delete(&sh->negatives.rbtree, node);

    ngx_slab_free_locked(zone->shpool, node);
}
