
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What entries, negative entries and marks of flights have in common: the
 * index they are found by, ages, and whether a purge came between.  Called by
 * those parts, under the lock.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


void
ngx_http_auth_token_index_init(ngx_http_auth_token_index_t *index)
{
    /* core's own insertion: a pointer into this module must not be shared */
    ngx_rbtree_init(&index->rbtree, &index->sentinel,
                    ngx_rbtree_insert_value);

    ngx_queue_init(&index->queue);

    index->count = 0;
}


void *
ngx_http_auth_token_index_find(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_key_t *key)
{
    ngx_rbtree_key_t    hash;
    ngx_rbtree_node_t  *node, *sentinel;

    hash = (ngx_rbtree_key_t) key->hi;

    node = index->rbtree.root;
    sentinel = &index->sentinel;

    while (node != sentinel) {

        if (hash == node->key) {
            return &node->color;
        }

        node = (hash < node->key) ? node->left : node->right;
    }

    return NULL;
}


int64_t
ngx_http_auth_token_age(uint64_t then, ngx_msec_t now)
{
    int64_t  age;

    age = (int64_t) (now - then);

    if (age >= 0) {
        return age;
    }

    return (age >= -NGX_HTTP_AUTH_TOKEN_SKEW) ? 0 : -1;
}


ngx_uint_t
ngx_http_auth_token_purged(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_http_auth_token_key_t *link,
    ngx_uint_t slot, uint64_t sequence)
{
    /* nothing was purged since: the tables need not be read */

    if (sequence == sh->sequence) {
        return 0;
    }

    return sequence < sh->slots[slot].purged
           || sequence < sh->purged[key->hi & sh->purge_mask]
           || (link
               && !ngx_http_auth_token_key_is_none(link)
               && sequence < sh->purged[link->hi & sh->purge_mask]);
}
