
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Purges.  An answer is good if its look-up started after the last purge that
 * names it; purges are numbered, and the numbers stand in a table of fixed
 * size by key.  Two keys in one place of the table end each other's answers,
 * which costs a look-up and nothing else.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_purge.h"
#include "ngx_http_auth_token_shctx.h"


/* under one lock: entries visited, and chains, most of which are short */
#define NGX_HTTP_AUTH_TOKEN_PURGE_CHUNK   128
#define NGX_HTTP_AUTH_TOKEN_PURGE_CHAINS  1024


/* what a sweep goes through, one after the other */

typedef enum {
    NGX_HTTP_AUTH_TOKEN_PURGE_ENTRIES = 0,
    NGX_HTTP_AUTH_TOKEN_PURGE_NEGATIVES,
    NGX_HTTP_AUTH_TOKEN_PURGE_DONE
} ngx_http_auth_token_purge_phase_e;


static void ngx_http_auth_token_purge_slot(ngx_http_auth_token_shctx_t *sh,
    ngx_uint_t slot, uint64_t sequence);
static void ngx_http_auth_token_purge_rest(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p);
static ngx_uint_t ngx_http_auth_token_purge_spares(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_purge_t *p,
    ngx_uint_t slot);
static void ngx_http_auth_token_purge_key(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p);
static ngx_uint_t ngx_http_auth_token_purge_chain(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_purge_t *p,
    ngx_http_auth_token_index_t *index);
static void ngx_http_auth_token_purge_entry(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p, ngx_http_auth_token_entry_t *e);
static void ngx_http_auth_token_purge_negative(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_purge_t *p,
    ngx_http_auth_token_negative_t *n);


ngx_uint_t
ngx_http_auth_token_purge_ended(ngx_http_auth_token_zone_t *zone,
    ngx_uint_t slot, ngx_http_auth_token_hit_t *hits, ngx_uint_t n)
{
    ngx_uint_t                    i, ended;
    ngx_http_auth_token_shctx_t  *sh;

    sh = ngx_http_auth_token_zone_lock(zone);
    if (sh == NULL) {
        return 1;
    }

    ended = 0;

    for (i = 0; i < n; i++) {
        ended |= ngx_http_auth_token_index_purged(sh, &hits[i].key,
                                                  &hits[i].link, slot,
                                                  hits[i].sequence);
    }

    ngx_http_auth_token_zone_unlock(zone);

    return ended;
}


ngx_int_t
ngx_http_auth_token_purge_begin(ngx_http_auth_token_purge_t *p)
{
    ngx_uint_t                    i;
    ngx_http_auth_token_shctx_t  *sh;

    p->records = 0;
    p->negatives = 0;
    p->cursor = 0;
    p->phase = NGX_HTTP_AUTH_TOKEN_PURGE_ENTRIES;
    p->link.hi = 0;
    p->link.lo = 0;

    sh = ngx_http_auth_token_zone_lock(p->zone);
    if (sh == NULL) {
        return NGX_ERROR;
    }

    p->sequence = ++sh->sequence;

    switch (p->kind) {

    case NGX_HTTP_AUTH_TOKEN_PURGE_KEY:
        ngx_http_auth_token_purge_key(sh, p);
        p->phase = NGX_HTTP_AUTH_TOKEN_PURGE_DONE;
        break;

    case NGX_HTTP_AUTH_TOKEN_PURGE_LINK:
        ngx_http_auth_token_purge_key(sh, p);
        break;

    case NGX_HTTP_AUTH_TOKEN_PURGE_SLOT:
        ngx_http_auth_token_purge_slot(sh, p->slot, p->sequence);
        break;

    case NGX_HTTP_AUTH_TOKEN_PURGE_REST:
        ngx_http_auth_token_purge_rest(sh, p);
        break;

    case NGX_HTTP_AUTH_TOKEN_PURGE_ALL:

        for (i = 0; i < NGX_HTTP_AUTH_TOKEN_SLOTS; i++) {
            ngx_http_auth_token_purge_slot(sh, i, p->sequence);
        }

        break;
    }

    ngx_http_auth_token_zone_unlock(p->zone);

    return NGX_OK;
}


/* the generation changes the keys: what nobody can name, nobody can find */

static void
ngx_http_auth_token_purge_slot(ngx_http_auth_token_shctx_t *sh,
    ngx_uint_t slot, uint64_t sequence)
{
    sh->slots[slot].purged = sequence;
    sh->slots[slot].generation = sequence;
}


/* a configuration that comes back must not bring back what was purged */

static void
ngx_http_auth_token_purge_rest(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p)
{
    ngx_uint_t                   i;
    ngx_http_auth_token_slot_t  *slot;

    p->phase = NGX_HTTP_AUTH_TOKEN_PURGE_DONE;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_SLOTS; i++) {
        slot = &sh->slots[i];

        if (!slot->in_use || ngx_http_auth_token_purge_spares(sh, p, i)) {
            continue;
        }

        ngx_http_auth_token_purge_slot(sh, i, p->sequence);

        if (slot->entries || slot->negatives) {
            p->phase = NGX_HTTP_AUTH_TOKEN_PURGE_ENTRIES;
        }
    }
}


/* to a worker that is about to go, the newest is another one too */

static ngx_uint_t
ngx_http_auth_token_purge_spares(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p, ngx_uint_t slot)
{
    return sh->slots[slot].taken > p->zone->since
           || ((p->spared[slot / 64] >> (slot % 64)) & 1);
}


static void
ngx_http_auth_token_purge_key(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p)
{
    ngx_http_auth_token_entry_t  *e;

    /*
     * Also one that another purge has ended, by a place in the table that both
     * share: where it leads to has to be known.
     */

    e = ngx_http_auth_token_index_find(&sh->entries, &p->key);

    if (e) {
        p->link = e->link;

        ngx_http_auth_token_entry_remove(sh, e);
        p->records++;
    }

    p->negatives += ngx_http_auth_token_negative_drop(sh, &p->key);

    sh->purged[p->key.hi & sh->purge_mask] = p->sequence;
    ngx_http_auth_token_count_change(sh, &p->key);
}


ngx_int_t
ngx_http_auth_token_purge_sweep(ngx_http_auth_token_purge_t *p)
{
    ngx_uint_t                    chains, visits;
    ngx_http_auth_token_index_t  *index;
    ngx_http_auth_token_shctx_t  *sh;

    if (p->phase == NGX_HTTP_AUTH_TOKEN_PURGE_DONE) {
        return NGX_OK;
    }

    sh = ngx_http_auth_token_zone_lock(p->zone);
    if (sh == NULL) {
        return NGX_OK;
    }

    index = (p->phase == NGX_HTTP_AUTH_TOKEN_PURGE_ENTRIES) ? &sh->entries
                                                            : &sh->negatives;
    visits = 0;

    for (chains = 0; chains < NGX_HTTP_AUTH_TOKEN_PURGE_CHAINS; chains++) {

        if (p->cursor > index->mask) {
            p->phase++;
            p->cursor = 0;
            break;
        }

        visits += ngx_http_auth_token_purge_chain(sh, p, index);
        p->cursor++;

        if (visits >= NGX_HTTP_AUTH_TOKEN_PURGE_CHUNK) {
            break;
        }
    }

    ngx_http_auth_token_zone_unlock(p->zone);

    /* an id has a negative entry by its own key only, which is gone already */

    if (p->kind == NGX_HTTP_AUTH_TOKEN_PURGE_LINK
        && p->phase == NGX_HTTP_AUTH_TOKEN_PURGE_NEGATIVES)
    {
        p->phase = NGX_HTTP_AUTH_TOKEN_PURGE_DONE;
    }

    return (p->phase == NGX_HTTP_AUTH_TOKEN_PURGE_DONE) ? NGX_OK : NGX_AGAIN;
}


static ngx_uint_t
ngx_http_auth_token_purge_chain(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p, ngx_http_auth_token_index_t *index)
{
    ngx_uint_t                   n;
    ngx_http_auth_token_node_t  *node, *next;

    n = 0;

    for (node = ngx_http_auth_token_index_first(index, p->cursor);
         node;
         node = next)
    {
        next = ngx_http_auth_token_index_next(index, node);

        if (p->phase == NGX_HTTP_AUTH_TOKEN_PURGE_ENTRIES) {
            ngx_http_auth_token_purge_entry(sh, p,
                                        (ngx_http_auth_token_entry_t *) node);

        } else {
            ngx_http_auth_token_purge_negative(sh, p,
                                     (ngx_http_auth_token_negative_t *) node);
        }

        n++;
    }

    return n;
}


/* a walk through all of them is the time to drop what any purge has ended */

static void
ngx_http_auth_token_purge_entry(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p, ngx_http_auth_token_entry_t *e)
{
    ngx_uint_t  named;

    if (!ngx_http_auth_token_index_purged(sh, &e->node.key, &e->link, e->slot,
                                          e->sequence))
    {
        return;
    }

    switch (p->kind) {

    case NGX_HTTP_AUTH_TOKEN_PURGE_LINK:
        named = ngx_http_auth_token_key_equal(&e->link, &p->key);
        break;

    case NGX_HTTP_AUTH_TOKEN_PURGE_SLOT:
        named = (e->slot == p->slot);
        break;

    case NGX_HTTP_AUTH_TOKEN_PURGE_REST:
        /* nobody has asked for them by name */
        named = 0;
        break;

    default:
        named = 1;
        break;
    }

    p->records += named;

    ngx_http_auth_token_entry_remove(sh, e);
}


/*
 * Negative entries do not say when their look-up started.  One that came after
 * the purge may go as well; it would have lived for seconds.
 */

static void
ngx_http_auth_token_purge_negative(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_purge_t *p, ngx_http_auth_token_negative_t *n)
{
    if (p->kind == NGX_HTTP_AUTH_TOKEN_PURGE_SLOT && n->slot != p->slot) {
        return;
    }

    if (p->kind == NGX_HTTP_AUTH_TOKEN_PURGE_REST) {

        if (ngx_http_auth_token_purge_spares(sh, p, n->slot)) {
            return;
        }

    } else {
        p->negatives++;
    }

    ngx_http_auth_token_negative_remove(sh, n);
}
