
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What entries, negative entries and marks have in common: how they are found
 * by key, ages, and whether a purge came between.  Keys are keyed digests, so
 * nobody outside can make chains long.  Called by those parts, under the lock.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


static ngx_http_auth_token_node_t *ngx_http_auth_token_index_node(
    ngx_http_auth_token_index_t *index, uint32_t place);


void *
ngx_http_auth_token_index_find(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_key_t *key)
{
    ngx_http_auth_token_node_t  *node;

    node = ngx_http_auth_token_index_first(index, key->hi & index->mask);

    while (node && !ngx_http_auth_token_key_equal(&node->key, key)) {
        node = ngx_http_auth_token_index_next(index, node);
    }

    return node;
}


ngx_http_auth_token_node_t *
ngx_http_auth_token_index_first(ngx_http_auth_token_index_t *index,
    uint64_t bucket)
{
    return ngx_http_auth_token_index_node(index, index->buckets[bucket]);
}


ngx_http_auth_token_node_t *
ngx_http_auth_token_index_next(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_node_t *node)
{
    return ngx_http_auth_token_index_node(index, node->next);
}


static ngx_http_auth_token_node_t *
ngx_http_auth_token_index_node(ngx_http_auth_token_index_t *index,
    uint32_t place)
{
    if (place == 0) {
        return NULL;
    }

    return (ngx_http_auth_token_node_t *)
               (index->base + (place - 1) * index->unit);
}


void
ngx_http_auth_token_index_insert(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_node_t *node)
{
    uint32_t  *bucket;

    bucket = &index->buckets[node->key.hi & index->mask];

    node->next = *bucket;

    ngx_http_auth_token_crash_point();

    *bucket = (uint32_t) (((u_char *) node - index->base) / index->unit + 1);

    index->count++;
}


void
ngx_http_auth_token_index_remove(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_node_t *node)
{
    uint32_t  *place, self;

    place = &index->buckets[node->key.hi & index->mask];
    self = (uint32_t) (((u_char *) node - index->base) / index->unit + 1);

    while (*place != self) {
        place = &ngx_http_auth_token_index_node(index, *place)->next;
    }

    *place = node->next;

    ngx_http_auth_token_crash_point();

    node->next = 0;
    index->count--;
}


int64_t
ngx_http_auth_token_index_age(uint64_t then, ngx_msec_t now)
{
    int64_t  age;

    age = (int64_t) ((uint64_t) now - then);

    if (age >= 0) {
        return age;
    }

    return (age >= -NGX_HTTP_AUTH_TOKEN_SKEW) ? 0 : -1;
}


ngx_uint_t
ngx_http_auth_token_index_purged(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_http_auth_token_key_t *link,
    ngx_uint_t slot, uint64_t sequence)
{
    /* nothing was purged since: the table need not be read */

    if (sequence == sh->sequence) {
        return 0;
    }

    return sequence < sh->slots[slot].purged
           || sequence < sh->purged[key->hi & sh->purge_mask]
           || (link
               && !ngx_http_auth_token_key_is_none(link)
               && sequence < sh->purged[link->hi & sh->purge_mask]);
}
