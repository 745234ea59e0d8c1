
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Reading the cache: the records of a chain of steps, with rule 3 judged on
 * the whole record where it lies, and heads copied out.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_pack.h"
#include "ngx_http_auth_token_copy.h"
#include "ngx_http_auth_token_limit.h"
#include "ngx_http_auth_token_shctx.h"


#define ngx_http_auth_token_cache_align(n)  ngx_align(n, sizeof(uint64_t))


/* of a process; records wait here until the lock is released */

static struct {
    u_char                      *data;
    size_t                       size;
} ngx_http_auth_token_cache_copy;

static ngx_http_auth_token_seen_t  ngx_http_auth_token_cache_seen
                                       [NGX_HTTP_AUTH_TOKEN_MAX_STEPS];


static ngx_int_t ngx_http_auth_token_cache_locked(
    ngx_http_auth_token_query_t *q);
static size_t ngx_http_auth_token_cache_chain(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_query_t *q);
static ngx_http_auth_token_entry_t *ngx_http_auth_token_cache_step(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_query_t *q,
    ngx_http_auth_token_hit_t *hit);
static ngx_uint_t ngx_http_auth_token_cache_refresh(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_query_t *q,
    ngx_http_auth_token_hit_t *hit);
static void ngx_http_auth_token_cache_negative(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_query_t *q);
static void ngx_http_auth_token_cache_count(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_query_t *q);
static ngx_int_t ngx_http_auth_token_cache_grow(ngx_log_t *log, size_t size);
static ngx_int_t ngx_http_auth_token_cache_heads(
    ngx_http_auth_token_query_t *q);


ngx_int_t
ngx_http_auth_token_cache_query(ngx_http_auth_token_query_t *q)
{
    if (ngx_http_auth_token_copy_find(q) == NGX_OK) {
        return NGX_OK;
    }

    if (ngx_http_auth_token_cache_locked(q) != NGX_OK) {
        q->nhits = 0;
        q->state = NGX_HTTP_AUTH_TOKEN_CACHE_MISS;

        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_cache_locked(ngx_http_auth_token_query_t *q)
{
    size_t                        size;
    ngx_http_auth_token_key_t     key;
    ngx_http_auth_token_shctx_t  *sh;

    key = q->key;

    for ( ;; ) {
        q->key = key;
        q->nhits = 0;
        q->state = NGX_HTTP_AUTH_TOKEN_CACHE_MISS;
        q->retry_after = 0;

        sh = ngx_http_auth_token_zone_lock(q->zone);
        if (sh == NULL) {
            return NGX_OK;
        }

        size = ngx_http_auth_token_cache_chain(sh, q);

        ngx_http_auth_token_zone_unlock(q->zone);

        if (size <= ngx_http_auth_token_cache_copy.size) {
            break;
        }

        if (ngx_http_auth_token_cache_grow(q->pool->log, size) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_auth_token_cache_heads(q) != NGX_OK) {
        return NGX_ERROR;
    }

    if (q->state == NGX_HTTP_AUTH_TOKEN_CACHE_HIT) {
        ngx_http_auth_token_copy_keep(q, ngx_http_auth_token_cache_seen,
                                      ngx_http_auth_token_cache_copy.data);
    }

    return NGX_OK;
}


/*
 * Returns the bytes that were taken, whole records unless they are large, else
 * their heads.  Nothing is copied beyond the end of the process's copy, which
 * the caller then makes larger.
 */

static size_t
ngx_http_auth_token_cache_chain(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_query_t *q)
{
    size_t                        size, n;
    auth_token_record_t          *r;
    ngx_http_auth_token_hit_t    *hit;
    ngx_http_auth_token_seen_t   *seen;
    ngx_http_auth_token_entry_t  *e;

    size = 0;

    while (q->nhits < q->nsteps) {

        hit = &q->hits[q->nhits];

        e = ngx_http_auth_token_cache_step(sh, q, hit);

        if (e == NULL) {
            ngx_http_auth_token_cache_negative(sh, q);
            break;
        }

        r = (auth_token_record_t *) &e[1];

        hit->address = auth_token_record_address(r, q->addr);

        seen = &ngx_http_auth_token_cache_seen[q->nhits];

        ngx_http_auth_token_copy_see(sh, e, seen);

        n = ngx_http_auth_token_cache_align(seen->size);

        if (size + n <= ngx_http_auth_token_cache_copy.size) {
            ngx_memcpy(ngx_http_auth_token_cache_copy.data + size, r,
                       seen->size);
        }

        size += n;

        /* written once for many hits: others keep the line in their caches */

        if (!e->used) {
            e->used = 1;
        }

        q->nhits++;

        if (q->nhits == q->nsteps) {
            q->state = NGX_HTTP_AUTH_TOKEN_CACHE_HIT;
            break;
        }

        q->key = hit->link;

        if (ngx_http_auth_token_key_is_none(&q->key)) {
            /* no record is an answer to more than one step */
            break;
        }
    }

    if (size <= ngx_http_auth_token_cache_copy.size) {
        ngx_http_auth_token_cache_count(sh, q);
    }

    return size;
}


/* the record of q->key if it may be used, and "hit" filled from it */

static ngx_http_auth_token_entry_t *
ngx_http_auth_token_cache_step(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_query_t *q, ngx_http_auth_token_hit_t *hit)
{
    int64_t                       age;
    auth_token_record_t          *r;
    ngx_http_auth_token_entry_t  *e;
    ngx_http_auth_token_entry_e   state;

    e = ngx_http_auth_token_entry_find(sh, &q->key);

    if (e == NULL || e->slot != q->slot) {
        return NULL;
    }

    r = (auth_token_record_t *) &e[1];

    state = ngx_http_auth_token_entry_state(e, q->lives, q->now, &age);

    /* the budget knows a token by it that was let in, as long as it is there */

    if (state == NGX_HTTP_AUTH_TOKEN_ENTRY_DEAD && e->allowed && age != -1) {
        return NULL;
    }

    if (state == NGX_HTTP_AUTH_TOKEN_ENTRY_DEAD
        || r->magic != AUTH_TOKEN_RECORD_MAGIC
        || r->size > e->node.size - sizeof(ngx_http_auth_token_entry_t)
        || r->head > r->size)
    {
        ngx_http_auth_token_entry_remove(sh, e);
        return NULL;
    }

    if (state == NGX_HTTP_AUTH_TOKEN_ENTRY_STALE && !q->use_stale) {
        return NULL;
    }

    hit->key = q->key;
    hit->link = e->link;
    hit->age = (ngx_msec_t) age;
    hit->sequence = e->sequence;
    hit->stale = (state == NGX_HTTP_AUTH_TOKEN_ENTRY_STALE);
    hit->allowed = e->allowed;
    hit->refresh = ngx_http_auth_token_cache_refresh(sh, q, hit);

    return e;
}


/* one worker renews it, and not at once after a failure: the others hit on */

static ngx_uint_t
ngx_http_auth_token_cache_refresh(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_query_t *q, ngx_http_auth_token_hit_t *hit)
{
    ngx_msec_t                   left;
    ngx_http_auth_token_mark_t  *m;

    if (q->lives->refresh == 0
        || hit->age <= q->lives->refresh
        || !hit->allowed
        || hit->stale)
    {
        return 0;
    }

    m = ngx_http_auth_token_index_find(&sh->marks, &hit->key);

    if (m && ngx_http_auth_token_mark_current(m, q->now)) {
        return 0;
    }

    return ngx_http_auth_token_negative_state(sh, &hit->key, q->lives, q->now,
                                              &left)
           == NGX_HTTP_AUTH_TOKEN_CACHE_MISS;
}


static void
ngx_http_auth_token_cache_negative(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_query_t *q)
{
    ngx_msec_t  left;
    ngx_uint_t  closed;

    q->state = ngx_http_auth_token_negative_state(sh, &q->key, q->lives,
                                                  q->now, &left);

    if (q->state != NGX_HTTP_AUTH_TOKEN_CACHE_FAILED) {
        return;
    }

    closed = ngx_http_auth_token_limit_closed(&sh->slots[q->slot], q->now);

    q->retry_after = ngx_max((left + 999) / 1000, closed);
}


static void
ngx_http_auth_token_cache_count(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_query_t *q)
{
    ngx_uint_t  i;

    /* those of this worker that took no lock */

    sh->stats.hits += q->zone->hits;
    q->zone->hits = 0;

    switch (q->state) {

    case NGX_HTTP_AUTH_TOKEN_CACHE_HIT:
        sh->stats.hits++;

        for (i = 0; i < q->nhits; i++) {
            if (q->hits[i].stale) {
                sh->stats.stale++;
                break;
            }
        }

        break;

    case NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED:
        sh->stats.refused++;
        break;

    case NGX_HTTP_AUTH_TOKEN_CACHE_FAILED:
        sh->stats.failed++;
        break;

    default:
        sh->stats.misses++;
    }
}


static ngx_int_t
ngx_http_auth_token_cache_grow(ngx_log_t *log, size_t size)
{
    u_char  *data;

    size = ngx_align(size, 4096);

    data = ngx_alloc(size, log);
    if (data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_auth_token_cache_copy.data) {
        ngx_free(ngx_http_auth_token_cache_copy.data);
    }

    ngx_http_auth_token_cache_copy.data = data;
    ngx_http_auth_token_cache_copy.size = size;

    return NGX_OK;
}


/* one piece of the pool for all of them */

static ngx_int_t
ngx_http_auth_token_cache_heads(ngx_http_auth_token_query_t *q)
{
    size_t                       size;
    u_char                      *p, *out;
    ngx_uint_t                   i;
    auth_token_record_t         *r;
    ngx_http_auth_token_hit_t   *hit;
    ngx_http_auth_token_seen_t  *seen;

    if (q->nhits == 0) {
        return NGX_OK;
    }

    seen = ngx_http_auth_token_cache_seen;

    size = AUTH_TOKEN_PACK_SLACK;
    p = ngx_http_auth_token_cache_copy.data;

    for (i = 0; i < q->nhits; i++) {
        r = (auth_token_record_t *) p;

        size += ngx_http_auth_token_cache_align(
                                            ngx_http_auth_token_blob_size(r));
        p += ngx_http_auth_token_cache_align(seen[i].size);
    }

    out = ngx_palloc(q->pool, size);
    if (out == NULL) {
        return NGX_ERROR;
    }

    p = ngx_http_auth_token_cache_copy.data;

    for (i = 0; i < q->nhits; i++) {
        hit = &q->hits[i];
        r = (auth_token_record_t *) p;

        hit->record = (auth_token_record_t *) out;

        if (ngx_http_auth_token_blob_read(r, hit->record) != NGX_OK) {
            return NGX_ERROR;
        }

        p += ngx_http_auth_token_cache_align(seen[i].size);
        out += ngx_http_auth_token_cache_align(hit->record->head);
    }

    return NGX_OK;
}
