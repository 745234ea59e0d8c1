
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The layout of the shared memory, for the parts that keep it: zone, entry,
 * negative, cache, flight, purge.  All of it is used between _zone_lock() and
 * _zone_unlock() only, except where a field says otherwise.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_SHCTX_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_SHCTX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_cache.h"
#include "ngx_http_auth_token_zone.h"


/* "atz", and the number of the layout: to be raised with every change of it */
#define NGX_HTTP_AUTH_TOKEN_LAYOUT    0x61747a0000000001

/* entries that one insertion may throw out; then it is given up */
#define NGX_HTTP_AUTH_TOKEN_EVICT     16

/*
 * Workers read the clock at different times: an entry stored by another one
 * this much later than our "now" is new.  Further ahead, the clock jumped.
 */
#define NGX_HTTP_AUTH_TOKEN_SKEW      2000

#define NGX_HTTP_AUTH_TOKEN_SECRET    16


/* shared; a record.  Lies over ngx_rbtree_node_t from "color" on */

typedef struct {
    u_char                       color;
    u_char                       slot;
    u_char                       allowed;      /* when it was stored */
    u_char                       touched;      /* seconds, of the LRU move */
    uint32_t                     size;         /* of the blob that follows */
    ngx_queue_t                  queue;
    uint64_t                     lo;           /* the key's; hi: the tree's */
    ngx_http_auth_token_key_t    link;
    uint64_t                     stored;       /* monotonic ms */
    uint64_t                     sequence;     /* of purges, at its start */
} ngx_http_auth_token_entry_t;


/* shared; a refusal or a failure: 64 bytes.  Lies over the tree's node too */

typedef struct {
    u_char                       color;
    u_char                       state;        /* of the cache, low bits */
    u_char                       slot;
    u_char                       stored_hi;    /* 40 bits: monotonic ms */
    uint32_t                     stored_lo;
    ngx_queue_t                  queue;
    uint64_t                     lo;
} ngx_http_auth_token_negative_t;


/* shared; a look-up in flight.  Lies over the tree's node too */

typedef struct {
    u_char                       color;
    u_char                       slot;
    u_char                       refresh;
    u_char                       pad;
    int32_t                      owner;        /* pid */
    ngx_queue_t                  queue;        /* oldest first */
    uint64_t                     lo;
    uint64_t                     started;      /* monotonic ms */
    uint64_t                     deadline;
    uint64_t                     nonce;
    ngx_http_auth_token_waiters_t  waiters;
} ngx_http_auth_token_mark_t;


/* shared; a tree by the key's first half and a list by use */

typedef struct {
    ngx_rbtree_t                 rbtree;
    ngx_rbtree_node_t            sentinel;
    ngx_queue_t                  queue;
    ngx_uint_t                   count;
} ngx_http_auth_token_index_t;


struct ngx_http_auth_token_shctx_s {
    /* set when the zone is made, then read-only, also without the lock */
    uint64_t                     layout;
    u_char                       identity[NGX_HTTP_AUTH_TOKEN_SECRET];
    u_char                       log_ctx[96];
    uint64_t                     negatives_max;
    uint64_t                     purge_mask;

    /* set when the zone is made or reset; read without the lock */
    u_char                       secret[NGX_HTTP_AUTH_TOKEN_SECRET];

    /* set while somebody is inside the lock; found set: he died there */
    volatile ngx_atomic_uint_t   dirty;

    ngx_http_auth_token_index_t  entries;
    ngx_http_auth_token_index_t  negatives;
    ngx_http_auth_token_index_t  flights;

    uint64_t                     sequence;     /* of purges */
    uint64_t                     nonce;

    ngx_http_auth_token_stats_t  stats;

    ngx_http_auth_token_slot_t   slots[NGX_HTTP_AUTH_TOKEN_MAX_PROVIDERS];

    /* sequence of the last purge of a key, by the low bits of the key */
    uint64_t                     purged[];
};


/* what an entry's age makes of it */

typedef enum {
    NGX_HTTP_AUTH_TOKEN_ENTRY_DEAD = 0,
    NGX_HTTP_AUTH_TOKEN_ENTRY_STALE,           /* for lives->stale longer */
    NGX_HTTP_AUTH_TOKEN_ENTRY_FRESH
} ngx_http_auth_token_entry_e;


#define ngx_http_auth_token_entry_node(p)                                     \
    ((ngx_rbtree_node_t *)                                                    \
         ((u_char *) (p) - offsetof(ngx_rbtree_node_t, color)))

#if (NGX_HTTP_AUTH_TOKEN_TEST_HOOKS)

/*
 * For tests only: a place inside the lock where the process may be made to
 * die, see ngx_http_auth_token_crash.c.
 */
void ngx_http_auth_token_crash_point(void);

#else
#define ngx_http_auth_token_crash_point()
#endif

#define ngx_http_auth_token_key_is_none(key)                                  \
    ((key)->hi == 0 && (key)->lo == 0)


/*
 * Take and release the zone.  _lock() makes a zone anew in which somebody died
 * and returns its context; NULL, and not locked: the zone has another layout
 * or could not be made anew.  Between the two nothing may block or log.
 */
ngx_http_auth_token_shctx_t *ngx_http_auth_token_zone_lock(
    ngx_http_auth_token_zone_t *zone);
void ngx_http_auth_token_zone_unlock(ngx_http_auth_token_zone_t *zone);

/*
 * The node of a key in an index from its "color" on, or NULL; and an empty
 * index.  A tree holds one node for each first half of a key.
 */
void *ngx_http_auth_token_index_find(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_key_t *key);
void ngx_http_auth_token_index_init(ngx_http_auth_token_index_t *index);

/*
 * Milliseconds from "then" to "now", 0 for a moment that another worker's
 * clock is ahead by, -1 if "then" lies in the future.
 */
int64_t ngx_http_auth_token_age(uint64_t then, ngx_msec_t now);

/*
 * Whether a purge made "key", "link" or all of "slot" unusable after
 * "sequence", the number of purges when the look-up started.  1 or 0.
 */
ngx_uint_t ngx_http_auth_token_purged(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_http_auth_token_key_t *link,
    ngx_uint_t slot, uint64_t sequence);

/*
 * The record of a key, whatever its age but not one that was purged, or NULL;
 * and what its age makes of it.
 */
ngx_http_auth_token_entry_t *ngx_http_auth_token_entry_find(
    ngx_http_auth_token_zone_t *zone, ngx_http_auth_token_key_t *key);
ngx_http_auth_token_entry_e ngx_http_auth_token_entry_state(
    ngx_http_auth_token_entry_t *e, ngx_http_auth_token_lives_t *lives,
    ngx_msec_t now, int64_t *age);

/*
 * Notes a use of a record for the LRU; removes a record.
 */
void ngx_http_auth_token_entry_touch(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_entry_t *e, ngx_msec_t now);
void ngx_http_auth_token_entry_remove(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_entry_t *e);

/*
 * Stores the record that "f" brought in place of an older one; throws out
 * what was used least if the zone is full, or does not store.
 */
void ngx_http_auth_token_entry_store(ngx_http_auth_token_flight_t *f,
    auth_token_str_t record, ngx_http_auth_token_key_t *link,
    ngx_uint_t allowed, ngx_msec_t now);

/*
 * REFUSED or FAILED if a key has a negative entry within its life, else MISS;
 * "left" is set to the milliseconds that it has left.
 */
ngx_http_auth_token_cache_e ngx_http_auth_token_negative_state(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_key_t *key,
    ngx_http_auth_token_lives_t *lives, ngx_msec_t now, ngx_msec_t *left);

/*
 * Store, drop by key (nothing if there is none) and remove negative entries.
 * _evict() removes the one used least, 0 if there is none.
 */
void ngx_http_auth_token_negative_store(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_key_t *key, ngx_uint_t slot,
    ngx_http_auth_token_cache_e state, ngx_msec_t now);
ngx_uint_t ngx_http_auth_token_negative_drop(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_key_t *key);
void ngx_http_auth_token_negative_remove(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_negative_t *n);
ngx_uint_t ngx_http_auth_token_negative_evict(
    ngx_http_auth_token_zone_t *zone);

/*
 * Whether a look-up of a key is in flight and its mark still good at "now".
 */
ngx_uint_t ngx_http_auth_token_flight_exists(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_msec_t now);


#endif /* _NGX_HTTP_AUTH_TOKEN_SHCTX_H_INCLUDED_ */
