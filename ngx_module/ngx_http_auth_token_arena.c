
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How the zone is divided.  Every kind of content has an area of its own from
 * the start, so that none can push out another, nothing is allocated later,
 * and a zone can be emptied without a look at what is in it.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


/* parts of the zone; the rest, over four fifths, is for records */
#define NGX_HTTP_AUTH_TOKEN_ARENA_NEGATIVES  8
#define NGX_HTTP_AUTH_TOKEN_ARENA_MARKS      32
#define NGX_HTTP_AUTH_TOKEN_ARENA_PURGED     64

/* a bucket for so many bytes of records: about one for each of the small */
#define NGX_HTTP_AUTH_TOKEN_ARENA_RECORD     256

/* a zone without room for a few records is of no use */
#define NGX_HTTP_AUTH_TOKEN_ARENA_MIN        8192

/* places in an index are 32 bits wide */
#define NGX_HTTP_AUTH_TOKEN_ARENA_MAX        ((uint64_t) 0xffffffff * 8)


static uint64_t ngx_http_auth_token_arena_power(uint64_t n);
static size_t ngx_http_auth_token_arena_table(
    ngx_http_auth_token_index_t *index, u_char *area, size_t size,
    size_t unit, uint64_t *n);
static void ngx_http_auth_token_arena_empty(
    ngx_http_auth_token_index_t *index);


ngx_http_auth_token_shctx_t *
ngx_http_auth_token_arena_create(u_char *area, size_t size)
{
    size_t                        whole;
    uint64_t                      n;
    ngx_http_auth_token_shctx_t  *sh;

    whole = ngx_min(size, NGX_HTTP_AUTH_TOKEN_ARENA_MAX);
    size = sizeof(ngx_http_auth_token_shctx_t);

    if (whole < size + NGX_HTTP_AUTH_TOKEN_ARENA_MIN * 2) {
        return NULL;
    }

    sh = (ngx_http_auth_token_shctx_t *) area;

    ngx_memzero(sh, sizeof(ngx_http_auth_token_shctx_t));

    n = ngx_http_auth_token_arena_power(
            whole / NGX_HTTP_AUTH_TOKEN_ARENA_PURGED / sizeof(uint64_t));

    sh->purged = (uint64_t *) (area + size);
    sh->purge_mask = n - 1;
    ngx_memzero(sh->purged, n * sizeof(uint64_t));
    size += n * sizeof(uint64_t);

    sh->changed = (uint32_t *) (area + size);
    ngx_memzero(sh->changed, n * sizeof(uint32_t));
    size += n * sizeof(uint32_t);

    sh->mark = (ngx_http_auth_token_mark_t *) (area + size);
    size += ngx_http_auth_token_arena_table(&sh->marks, area + size,
                                    whole / NGX_HTTP_AUTH_TOKEN_ARENA_MARKS,
                                    sizeof(ngx_http_auth_token_mark_t),
                                    &sh->nmarks);

    sh->negative = (ngx_http_auth_token_negative_t *) (area + size);
    size += ngx_http_auth_token_arena_table(&sh->negatives, area + size,
                                whole / NGX_HTTP_AUTH_TOKEN_ARENA_NEGATIVES,
                                sizeof(ngx_http_auth_token_negative_t),
                                &sh->nnegatives);

    n = ngx_http_auth_token_arena_power(
            (whole - size) / NGX_HTTP_AUTH_TOKEN_ARENA_RECORD);

    sh->entries.buckets = (uint32_t *) (area + size);
    sh->entries.mask = n - 1;
    size += ngx_align(n * sizeof(uint32_t), sizeof(uint64_t));

    if (whole < size + NGX_HTTP_AUTH_TOKEN_ARENA_MIN) {
        return NULL;
    }

    sh->ring.start = area + size;
    sh->ring.end = area + whole - whole % sizeof(uint64_t);

    sh->entries.base = sh->ring.start;
    sh->entries.unit = sizeof(uint64_t);

    ngx_http_auth_token_arena_clear(sh);

    return sh;
}


/* the largest power of two that is not over n, at least 16 */

static uint64_t
ngx_http_auth_token_arena_power(uint64_t n)
{
    uint64_t  power;

    for (power = 16; power <= n / 2; power *= 2) { /* void */ }

    return power;
}


/* nodes of one size and their buckets; returns the bytes that they take */

static size_t
ngx_http_auth_token_arena_table(ngx_http_auth_token_index_t *index,
    u_char *area, size_t size, size_t unit, uint64_t *n)
{
    uint64_t  buckets;

    *n = ngx_max(size / (unit + sizeof(uint32_t)), 16);
    buckets = ngx_http_auth_token_arena_power(*n);

    index->base = area;
    index->unit = unit;
    index->buckets = (uint32_t *) (area + *n * unit);
    index->mask = buckets - 1;

    return ngx_align(*n * unit + buckets * sizeof(uint32_t), sizeof(uint64_t));
}


/*
 * Also after a crash: nothing here trusts what it finds but the layout, which
 * is written once.  Negative entries and marks tell by a field of their own
 * whether they are free, so these are wiped whole.
 */

void
ngx_http_auth_token_arena_clear(ngx_http_auth_token_shctx_t *sh)
{
    ngx_http_auth_token_arena_empty(&sh->entries);
    ngx_http_auth_token_arena_empty(&sh->negatives);
    ngx_http_auth_token_arena_empty(&sh->marks);

    ngx_memzero(sh->negative,
                sh->nnegatives * sizeof(ngx_http_auth_token_negative_t));
    ngx_memzero(sh->mark, sh->nmarks * sizeof(ngx_http_auth_token_mark_t));

    sh->ring.head = sh->ring.start;
    sh->ring.tail = sh->ring.start;
    sh->ring.empty = 1;
    sh->ring.size = 0;
    sh->ring.passed = 0;

    sh->negative_hand = 0;
    sh->mark_hand = 0;
}


static void
ngx_http_auth_token_arena_empty(ngx_http_auth_token_index_t *index)
{
    ngx_memzero(index->buckets, (index->mask + 1) * sizeof(uint32_t));

    index->count = 0;
}
