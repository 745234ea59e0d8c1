
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Records in the zone.  They lie in a ring in the order in which they came; a
 * new one takes the place of the oldest, but those that were used since are
 * moved to the front first, so that a hit has nothing to write but a flag.
 * Called by cache, flight and purge, under the lock.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


/*
 * For one new record: the most that are looked at, and that are moved as they
 * were used.  Behind so many in a row that are in use, one has to go.
 */
#define NGX_HTTP_AUTH_TOKEN_ENTRY_VISITS  192
#define NGX_HTTP_AUTH_TOKEN_ENTRY_MOVES   128

/* a record may take this part of the ring; a lap is this part of it */
#define NGX_HTTP_AUTH_TOKEN_ENTRY_SHARE   4
#define NGX_HTTP_AUTH_TOKEN_ENTRY_LAP     16


static ngx_http_auth_token_entry_t *ngx_http_auth_token_entry_create(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_key_t *key,
    size_t size);
static u_char *ngx_http_auth_token_entry_place(
    ngx_http_auth_token_shctx_t *sh, size_t size);
static ngx_uint_t ngx_http_auth_token_entry_fits(
    ngx_http_auth_token_ring_t *ring, size_t size);
static void ngx_http_auth_token_entry_close(ngx_http_auth_token_ring_t *ring);
static void ngx_http_auth_token_entry_advance(ngx_http_auth_token_shctx_t *sh,
    ngx_uint_t *moves);
static void ngx_http_auth_token_entry_move(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_entry_t *e);


ngx_http_auth_token_entry_t *
ngx_http_auth_token_entry_find(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key)
{
    ngx_http_auth_token_entry_t  *e;

    e = ngx_http_auth_token_index_find(&sh->entries, key);

    if (e
        && ngx_http_auth_token_index_purged(sh, key, &e->link, e->slot,
                                            e->sequence))
    {
        ngx_http_auth_token_entry_remove(sh, e);
        return NULL;
    }

    return e;
}


ngx_http_auth_token_entry_e
ngx_http_auth_token_entry_state(ngx_http_auth_token_entry_t *e,
    ngx_http_auth_token_lives_t *lives, ngx_msec_t now, int64_t *age)
{
    return ngx_http_auth_token_entry_life(e->stored, e->allowed, lives, now,
                                          age);
}


ngx_http_auth_token_entry_e
ngx_http_auth_token_entry_life(uint64_t stored, ngx_uint_t allowed,
    ngx_http_auth_token_lives_t *lives, ngx_msec_t now, int64_t *age)
{
    ngx_msec_t  past;

    *age = ngx_http_auth_token_index_age(stored, now);

    if (*age == -1) {
        return NGX_HTTP_AUTH_TOKEN_ENTRY_DEAD;
    }

    past = (ngx_msec_t) *age;

    if (!allowed) {
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
ngx_http_auth_token_entry_remove(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_entry_t *e)
{
    ngx_http_auth_token_index_remove(&sh->entries, &e->node);
    ngx_http_auth_token_count_change(sh, &e->node.key);

    e->live = 0;

    sh->slots[e->slot].entries--;
    sh->ring.size -= e->node.size;
}


void
ngx_http_auth_token_entry_store(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_blob_t *blob,
    size_t size, ngx_http_auth_token_key_t *link, ngx_uint_t allowed,
    ngx_msec_t now)
{
    ngx_http_auth_token_entry_t  *e;

    size = sizeof(ngx_http_auth_token_entry_t)
           + ngx_align(size, sizeof(uint64_t));

    e = ngx_http_auth_token_index_find(&sh->entries, &f->key);

    if (e && (e->node.size != size || e->slot != f->slot)) {
        ngx_http_auth_token_entry_remove(sh, e);
        e = NULL;
    }

    if (e == NULL) {
        e = ngx_http_auth_token_entry_create(sh, &f->key, size);

        if (e == NULL) {
            sh->stats.nomem++;
            return;
        }

        e->slot = f->slot;
        sh->slots[f->slot].entries++;

    } else {
        ngx_http_auth_token_count_change(sh, &f->key);
    }

    e->allowed = (allowed != 0);
    e->stored = now;
    e->sequence = f->sequence;
    e->link.hi = link ? link->hi : 0;
    e->link.lo = link ? link->lo : 0;

    ngx_http_auth_token_crash_point();

    ngx_http_auth_token_blob_write(blob, (u_char *) &e[1]);

    sh->stats.stores++;
}


static ngx_http_auth_token_entry_t *
ngx_http_auth_token_entry_create(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, size_t size)
{
    ngx_http_auth_token_entry_t  *e;

    e = (ngx_http_auth_token_entry_t *)
            ngx_http_auth_token_entry_place(sh, size);

    if (e == NULL) {
        return NULL;
    }

    ngx_memzero(e, sizeof(ngx_http_auth_token_entry_t));

    e->node.key = *key;
    e->node.size = (uint32_t) size;
    e->live = 1;

    ngx_http_auth_token_index_insert(&sh->entries, &e->node);

    sh->ring.size += size;

    return e;
}


/*
 * What has been freed for a record that does not fit in the end serves the
 * next one.
 */

static u_char *
ngx_http_auth_token_entry_place(ngx_http_auth_token_shctx_t *sh, size_t size)
{
    u_char                      *p;
    ngx_uint_t                   visits, moves;
    ngx_http_auth_token_ring_t  *ring;

    ring = &sh->ring;

    if (size > (size_t) (ring->end - ring->start)
               / NGX_HTTP_AUTH_TOKEN_ENTRY_SHARE)
    {
        return NULL;
    }

    visits = 0;
    moves = 0;

    while (!ngx_http_auth_token_entry_fits(ring, size)) {

        if (visits++ == NGX_HTTP_AUTH_TOKEN_ENTRY_VISITS) {
            return NULL;
        }

        if (ring->tail > ring->head) {
            ngx_http_auth_token_entry_close(ring);

        } else {
            ngx_http_auth_token_entry_advance(sh, &moves);
        }
    }

    p = ring->tail;

    ring->tail += size;
    ring->empty = 0;

    return p;
}


static ngx_uint_t
ngx_http_auth_token_entry_fits(ngx_http_auth_token_ring_t *ring, size_t size)
{
    u_char  *end;

    if (ring->empty) {
        ring->head = ring->start;
        ring->tail = ring->start;
    }

    end = (ring->empty || ring->tail > ring->head) ? ring->end : ring->head;

    return (size_t) (end - ring->tail) >= size;
}


/* a record does not go around the end: what is left there is skipped */

static void
ngx_http_auth_token_entry_close(ngx_http_auth_token_ring_t *ring)
{
    size_t                        rest;
    ngx_http_auth_token_entry_t  *e;

    rest = ring->end - ring->tail;

    if (rest >= sizeof(ngx_http_auth_token_entry_t)) {
        e = (ngx_http_auth_token_entry_t *) ring->tail;

        e->node.size = (uint32_t) rest;
        e->live = 0;
    }

    ring->tail = ring->start;
}


static void
ngx_http_auth_token_entry_advance(ngx_http_auth_token_shctx_t *sh,
    ngx_uint_t *moves)
{
    size_t                        size;
    ngx_http_auth_token_ring_t   *ring;
    ngx_http_auth_token_entry_t  *e;

    ring = &sh->ring;

    e = (ngx_http_auth_token_entry_t *) ring->head;

    if ((size_t) (ring->end - ring->head)
        >= sizeof(ngx_http_auth_token_entry_t))
    {
        size = e->node.size;

        if (e->live && e->used
            && *moves < NGX_HTTP_AUTH_TOKEN_ENTRY_MOVES)
        {
            (*moves)++;
            ngx_http_auth_token_entry_move(sh, e);

        } else if (e->live) {
            ngx_http_auth_token_entry_remove(sh, e);
            sh->stats.evictions++;
        }

        ring->head += size;
        ring->passed += size;

        if (ring->passed >= (size_t) (ring->end - ring->start)
                            / NGX_HTTP_AUTH_TOKEN_ENTRY_LAP)
        {
            ring->passed = 0;
            sh->laps++;
        }
    }

    if ((size_t) (ring->end - ring->head)
        < sizeof(ngx_http_auth_token_entry_t))
    {
        ring->head = ring->start;
    }
}


/* over the free space, which then begins behind it: the two may overlap */

static void
ngx_http_auth_token_entry_move(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_entry_t *e)
{
    size_t                        size;
    ngx_http_auth_token_ring_t   *ring;
    ngx_http_auth_token_entry_t  *to;

    ring = &sh->ring;
    to = (ngx_http_auth_token_entry_t *) ring->tail;
    size = e->node.size;

    ngx_http_auth_token_index_remove(&sh->entries, &e->node);

    ngx_memmove(to, e, size);

    to->used = 0;

    ngx_http_auth_token_index_insert(&sh->entries, &to->node);

    ring->tail += size;
}
