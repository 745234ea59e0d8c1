
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Negative entries: refusals and failures by key, 32 bytes each, in a table of
 * their own, where a new one takes the place of the oldest.  They displace
 * each other only, never a record.  Called by cache, flight and purge, under
 * the lock.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


/* entries in use that are passed over for a new one, at most */
#define NGX_HTTP_AUTH_TOKEN_NEGATIVE_PASS  4


static ngx_http_auth_token_negative_t *ngx_http_auth_token_negative_place(
    ngx_http_auth_token_shctx_t *sh);


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

    if (n == NULL) {
        return NGX_HTTP_AUTH_TOKEN_CACHE_MISS;
    }

    life = (n->state == NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED) ? lives->negative
                                                           : lives->failure;

    /* 40 bits last for 34 years; the upper ones are taken from the clock */

    stored = ((uint64_t) n->stored_hi << 32) | n->node.size;
    age = ngx_http_auth_token_index_age(stored, now & 0xffffffffff);

    if (age == -1 || (ngx_msec_t) age >= life) {
        return NGX_HTTP_AUTH_TOKEN_CACHE_MISS;
    }

    *left = life - (ngx_msec_t) age;

    if (!n->used) {
        n->used = 1;
    }

    return n->state;
}


void
ngx_http_auth_token_negative_store(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_uint_t slot,
    ngx_http_auth_token_cache_e state, ngx_msec_t now)
{
    ngx_http_auth_token_negative_t  *n;

    n = ngx_http_auth_token_index_find(&sh->negatives, key);

    if (n == NULL) {
        n = ngx_http_auth_token_negative_place(sh);

        n->node.key = *key;
        n->used = 0;

        ngx_http_auth_token_index_insert(&sh->negatives, &n->node);

    } else {
        sh->slots[n->slot].negatives--;
    }

    n->slot = (u_char) slot;
    n->state = (u_char) state;
    n->stored_hi = (u_char) ((uint64_t) now >> 32);
    n->node.size = (uint32_t) now;

    sh->slots[slot].negatives++;
}


static ngx_http_auth_token_negative_t *
ngx_http_auth_token_negative_place(ngx_http_auth_token_shctx_t *sh)
{
    ngx_uint_t                       i;
    ngx_http_auth_token_negative_t  *n;

    for (i = 0; /* void */ ; i++) {

        n = &sh->negative[sh->negative_hand];

        sh->negative_hand = (sh->negative_hand + 1) % sh->nnegatives;

        if (n->state == NGX_HTTP_AUTH_TOKEN_CACHE_MISS) {
            return n;
        }

        if (!n->used || i == NGX_HTTP_AUTH_TOKEN_NEGATIVE_PASS) {
            ngx_http_auth_token_negative_remove(sh, n);
            return n;
        }

        n->used = 0;
    }
}


ngx_uint_t
ngx_http_auth_token_negative_drop(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key)
{
    ngx_http_auth_token_negative_t  *n;

    n = ngx_http_auth_token_index_find(&sh->negatives, key);

    if (n == NULL) {
        return 0;
    }

    ngx_http_auth_token_negative_remove(sh, n);

    return 1;
}


void
ngx_http_auth_token_negative_remove(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_negative_t *n)
{
    ngx_http_auth_token_index_remove(&sh->negatives, &n->node);

    n->state = NGX_HTTP_AUTH_TOKEN_CACHE_MISS;

    sh->slots[n->slot].negatives--;
}
