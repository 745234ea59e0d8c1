
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A worker's own copies.  A copy is good while the counters of its keys stand
 * where they stood.  Purges count before they are answered, so no copy is used
 * after a purge.  What only copies are used of looks unused in the zone: they
 * end with each lap of its ring.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_blob.h"
#include "ngx_http_auth_token_copy.h"


/* two places for each row; a row is found by the key */
#define NGX_HTTP_AUTH_TOKEN_COPY_ROWS    1024
#define NGX_HTTP_AUTH_TOKEN_COPY_PLACES  2

/* ms; whatever happens */
#define NGX_HTTP_AUTH_TOKEN_COPY_LIFE    1000

/* bytes: larger records are not copied; of a worker in all */
#define NGX_HTTP_AUTH_TOKEN_COPY_RECORD  65536
#define NGX_HTTP_AUTH_TOKEN_COPY_TOTAL   (8 * 1024 * 1024)


#define ngx_http_auth_token_copy_align(n)  ngx_align(n, sizeof(uint64_t))


/* the records follow, each with its sets */

typedef struct {
    ngx_http_auth_token_zone_t   *zone;
    ngx_uint_t                    slot;
    ngx_uint_t                    nsteps;      /* that were asked for */
    ngx_uint_t                    n;           /* that there are */
    ngx_msec_t                    kept;
    size_t                        size;        /* bytes that it takes */
    size_t                        heads;       /* bytes that a hit takes */
    ngx_http_auth_token_seen_t    seen[NGX_HTTP_AUTH_TOKEN_MAX_STEPS];
} ngx_http_auth_token_copy_t;


static ngx_uint_t ngx_http_auth_token_copy_good(
    ngx_http_auth_token_copy_t *copy, ngx_http_auth_token_query_t *q);
static ngx_uint_t ngx_http_auth_token_copy_current(
    ngx_http_auth_token_seen_t *seen, ngx_http_auth_token_query_t *q,
    ngx_http_auth_token_hit_t *hit);
static ngx_int_t ngx_http_auth_token_copy_give(
    ngx_http_auth_token_copy_t *copy, ngx_http_auth_token_query_t *q);
static ngx_http_auth_token_copy_t **ngx_http_auth_token_copy_row(
    ngx_http_auth_token_key_t *key);
static ngx_http_auth_token_copy_t *ngx_http_auth_token_copy_place(
    ngx_http_auth_token_query_t *q, ngx_http_auth_token_key_t *key,
    size_t room);
static void ngx_http_auth_token_copy_room(size_t size);


/* of this worker */

static ngx_http_auth_token_copy_t  *ngx_http_auth_token_copies
                                        [NGX_HTTP_AUTH_TOKEN_COPY_ROWS
                                         * NGX_HTTP_AUTH_TOKEN_COPY_PLACES];
static size_t                       ngx_http_auth_token_copy_total;
static ngx_uint_t                   ngx_http_auth_token_copy_hand;


ngx_int_t
ngx_http_auth_token_copy_find(ngx_http_auth_token_query_t *q)
{
    ngx_uint_t                    i;
    ngx_http_auth_token_copy_t  **row;

    row = ngx_http_auth_token_copy_row(&q->key);

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_COPY_PLACES; i++) {

        if (row[i] && ngx_http_auth_token_key_equal(&row[i]->seen[0].key,
                                                    &q->key))
        {
            return ngx_http_auth_token_copy_good(row[i], q)
                       ? ngx_http_auth_token_copy_give(row[i], q)
                       : NGX_DECLINED;
        }
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_auth_token_copy_good(ngx_http_auth_token_copy_t *copy,
    ngx_http_auth_token_query_t *q)
{
    ngx_uint_t                    i;
    ngx_http_auth_token_shctx_t  *sh;

    sh = q->zone->sh;

    /* a zone that was made anew by others is not ours to look at */

    if (copy->zone != q->zone
        || copy->slot != q->slot
        || copy->nsteps != q->nsteps
        || q->now - copy->kept >= NGX_HTTP_AUTH_TOKEN_COPY_LIFE
        || ngx_http_auth_token_word(sh->layout)
           != NGX_HTTP_AUTH_TOKEN_LAYOUT
        || ngx_http_auth_token_word(sh->slots[copy->slot].generation)
           != copy->seen[0].generation
        || ngx_http_auth_token_word(sh->laps) != copy->seen[0].laps)
    {
        return 0;
    }

    for (i = 0; i < copy->n; i++) {
        if (!ngx_http_auth_token_copy_current(&copy->seen[i], q, &q->hits[i]))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_auth_token_copy_current(ngx_http_auth_token_seen_t *seen,
    ngx_http_auth_token_query_t *q, ngx_http_auth_token_hit_t *hit)
{
    int64_t  age;

    if (ngx_http_auth_token_word(*seen->counters[0]) != seen->counts[0]
        || ngx_http_auth_token_word(*seen->counters[1]) != seen->counts[1]
        || ngx_http_auth_token_entry_life(seen->stored, seen->allowed,
                                          q->lives, q->now, &age)
           != NGX_HTTP_AUTH_TOKEN_ENTRY_FRESH
        || (q->lives->refresh && seen->allowed
            && (ngx_msec_t) age > q->lives->refresh))
    {
        return 0;
    }

    hit->key = seen->key;
    hit->link = seen->link;
    hit->age = (ngx_msec_t) age;
    hit->refresh = 0;
    hit->stale = 0;
    hit->allowed = seen->allowed;

    return 1;
}


static ngx_int_t
ngx_http_auth_token_copy_give(ngx_http_auth_token_copy_t *copy,
    ngx_http_auth_token_query_t *q)
{
    u_char               *p, *out;
    ngx_uint_t            i;
    auth_token_record_t  *r;

    out = ngx_palloc(q->pool, copy->heads);
    if (out == NULL) {
        return NGX_DECLINED;
    }

    p = (u_char *) &copy[1];

    for (i = 0; i < copy->n; i++) {
        r = (auth_token_record_t *) p;

        q->hits[i].record = (auth_token_record_t *) out;
        q->hits[i].address = auth_token_record_address(r, q->addr);

        ngx_memcpy(out, r, r->head);

        p += ngx_http_auth_token_copy_align(r->size);
        out += ngx_http_auth_token_copy_align(r->head);
    }

    q->key = copy->seen[copy->n - 1].key;
    q->nhits = copy->n;
    q->state = NGX_HTTP_AUTH_TOKEN_CACHE_HIT;
    q->retry_after = 0;

    q->zone->hits++;

    return NGX_OK;
}


void
ngx_http_auth_token_copy_see(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_entry_t *e, ngx_http_auth_token_seen_t *seen)
{
    auth_token_record_t  *r;

    r = (auth_token_record_t *) &e[1];

    seen->key = e->node.key;
    seen->link = e->link;
    seen->stored = e->stored;
    seen->generation = sh->slots[e->slot].generation;
    seen->laps = sh->laps;
    seen->counters[0] = ngx_http_auth_token_counter(sh, &e->node.key);
    seen->counters[1] = ngx_http_auth_token_counter(sh, &e->link);
    seen->counts[0] = *seen->counters[0];
    seen->counts[1] = *seen->counters[1];
    seen->allowed = e->allowed;
    seen->whole = (r->size <= NGX_HTTP_AUTH_TOKEN_COPY_RECORD);
    seen->size = seen->whole ? r->size : r->head;
}


void
ngx_http_auth_token_copy_keep(ngx_http_auth_token_query_t *q,
    ngx_http_auth_token_seen_t *seen, u_char *taken)
{
    size_t                       n, room, heads;
    u_char                      *p;
    ngx_uint_t                   i;
    auth_token_record_t         *r, *packed;
    ngx_http_auth_token_copy_t  *copy;

    room = 0;
    heads = 0;

    for (i = 0; i < q->nhits; i++) {

        if (!seen[i].whole || q->hits[i].stale || q->hits[i].refresh) {
            return;
        }

        r = q->hits[i].record;

        room += ngx_http_auth_token_copy_align(r->size);
        heads += ngx_http_auth_token_copy_align(r->head);
    }

    copy = ngx_http_auth_token_copy_place(q, &seen[0].key, room);
    if (copy == NULL) {
        return;
    }

    copy->zone = q->zone;
    copy->slot = q->slot;
    copy->nsteps = q->nsteps;
    copy->n = q->nhits;
    copy->kept = q->now;
    copy->heads = heads;

    p = (u_char *) &copy[1];

    for (i = 0; i < q->nhits; i++) {
        r = q->hits[i].record;
        packed = (auth_token_record_t *) taken;

        copy->seen[i] = seen[i];

        ngx_memcpy(p, r, r->head);

        if (r->size > r->head) {
            n = ngx_http_auth_token_copy_align(packed->head);

            ngx_memcpy(p + ngx_http_auth_token_copy_align(r->head),
                       taken + n, packed->size - n);
        }

        p += ngx_http_auth_token_copy_align(r->size);
        taken += ngx_http_auth_token_copy_align(seen[i].size);
    }
}


static ngx_http_auth_token_copy_t **
ngx_http_auth_token_copy_row(ngx_http_auth_token_key_t *key)
{
    return &ngx_http_auth_token_copies[NGX_HTTP_AUTH_TOKEN_COPY_PLACES
                                 * (key->lo % NGX_HTTP_AUTH_TOKEN_COPY_ROWS)];
}


/* the place of the older copy of the key, else of the oldest of its row */

static ngx_http_auth_token_copy_t *
ngx_http_auth_token_copy_place(ngx_http_auth_token_query_t *q,
    ngx_http_auth_token_key_t *key, size_t room)
{
    size_t                        size;
    ngx_uint_t                    i, n;
    ngx_http_auth_token_copy_t  **row;

    row = ngx_http_auth_token_copy_row(key);
    size = sizeof(ngx_http_auth_token_copy_t) + room;
    n = 0;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_COPY_PLACES; i++) {

        if (row[i] == NULL) {
            n = i;
            continue;
        }

        if (ngx_http_auth_token_key_equal(&row[i]->seen[0].key, key)) {
            n = i;
            break;
        }

        if (row[n] && q->now - row[i]->kept > q->now - row[n]->kept) {
            n = i;
        }
    }

    if (row[n]) {

        if (row[n]->size >= size) {
            return row[n];
        }

        ngx_http_auth_token_copy_total -= row[n]->size;

        ngx_free(row[n]);
        row[n] = NULL;
    }

    ngx_http_auth_token_copy_room(size);

    row[n] = ngx_alloc(size, q->pool->log);

    if (row[n]) {
        row[n]->size = size;
        ngx_http_auth_token_copy_total += size;
    }

    return row[n];
}


/* copies that are no longer good are not looked for: all of them go in turn */

static void
ngx_http_auth_token_copy_room(size_t size)
{
    ngx_http_auth_token_copy_t  **place;

    while (size > NGX_HTTP_AUTH_TOKEN_COPY_TOTAL
                  - ngx_http_auth_token_copy_total)
    {
        place = &ngx_http_auth_token_copies[ngx_http_auth_token_copy_hand];

        ngx_http_auth_token_copy_hand =
            (ngx_http_auth_token_copy_hand + 1)
            % (NGX_HTTP_AUTH_TOKEN_COPY_ROWS
               * NGX_HTTP_AUTH_TOKEN_COPY_PLACES);

        if (*place) {
            ngx_http_auth_token_copy_total -= (*place)->size;

            ngx_free(*place);
            *place = NULL;
        }
    }
}
