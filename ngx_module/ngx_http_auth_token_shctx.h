
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The layout of the shared memory, for the parts that keep it: zone, arena,
 * index, entry, negative, mark, cache, flight, purge.  All of it is used
 * between _zone_lock() and _zone_unlock(), except where a field says so.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_SHCTX_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_SHCTX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_blob.h"
#include "ngx_http_auth_token_cache.h"
#include "ngx_http_auth_token_zone.h"


/* "atz", and the number of the layout: to be raised with every change of it */
#ifndef NGX_HTTP_AUTH_TOKEN_LAYOUT
#define NGX_HTTP_AUTH_TOKEN_LAYOUT    0x61747a0000000005
#endif

/*
 * Workers read the clock at different times: an entry stored by another one
 * this much later than our "now" is new.  Further ahead, the clock jumped.
 */
#define NGX_HTTP_AUTH_TOKEN_SKEW      2000

#define NGX_HTTP_AUTH_TOKEN_SECRET    16


/*
 * Shared; what everything that is found by a key begins with.  "next" is the
 * place of the next one in the chain, plus 1, in units of the index; 0: none.
 */

typedef struct {
    ngx_http_auth_token_key_t      key;
    uint32_t                       next;
    uint32_t                       size;       /* entry: bytes, all of it */
} ngx_http_auth_token_node_t;


/* shared; buckets of chains over nodes that lie in one area */

typedef struct {
    uint32_t                      *buckets;
    u_char                        *base;
    uint64_t                       mask;
    uint64_t                       unit;       /* bytes; place 1 is the 2nd */
    uint64_t                       count;      /* nodes in the chains */
} ngx_http_auth_token_index_t;


/* shared; a record.  The blob follows; both are multiples of 8 bytes */

typedef struct {
    ngx_http_auth_token_node_t     node;
    ngx_http_auth_token_key_t      link;
    uint64_t                       stored;     /* monotonic ms */
    uint64_t                       sequence:48;  /* of purges, at its start */
    uint64_t                       slot:8;
    uint64_t                       allowed:1;  /* when it was stored */
    uint64_t                       used:1;     /* since it came or was moved */
    uint64_t                       live:1;     /* in the index */
} ngx_http_auth_token_entry_t;


/*
 * Shared; records lie one after the other in the order in which they came,
 * from "head" around to "tail".  What lies in between is free.
 */

typedef struct {
    u_char                        *start;
    u_char                        *end;
    u_char                        *head;       /* the oldest */
    u_char                        *tail;       /* where the next one goes */
    uint64_t                       size;       /* of those in the index */
    uint64_t                       passed;     /* by the head, since a lap */
    ngx_uint_t                     empty;      /* nothing came yet */
} ngx_http_auth_token_ring_t;


/* shared; a refusal or a failure: 32 bytes */

typedef struct {
    ngx_http_auth_token_node_t     node;       /* "size": low 32 of 40 bits */
    u_char                         stored_hi;  /* of when it was stored */
    u_char                         slot;
    u_char                         state;      /* of the cache; 0: free */
    u_char                         used;       /* since it came */
    uint32_t                       pad;
} ngx_http_auth_token_negative_t;


/* shared; a look-up in flight */

typedef struct {
    ngx_http_auth_token_node_t     node;
    uint64_t                       started;    /* monotonic ms */
    uint64_t                       deadline;
    uint64_t                       sequence;   /* of purges, at its start */
    uint64_t                       nonce;      /* 0: free */
    ngx_http_auth_token_waiters_t  waiters;
    int32_t                        owner;      /* pid */
    uint32_t                       pad;
} ngx_http_auth_token_mark_t;


struct ngx_http_auth_token_shctx_s {
    /* set when the zone is made, then read-only, also without the lock */
    uint64_t                       layout;
    u_char                         identity[NGX_HTTP_AUTH_TOKEN_SECRET];
    uint64_t                       purge_mask;
    uint64_t                      *purged;     /* by the low bits of a key */
    uint32_t                      *changed;    /* likewise */
    ngx_http_auth_token_negative_t  *negative;
    ngx_http_auth_token_mark_t    *mark;
    uint64_t                       nnegatives;
    uint64_t                       nmarks;

    /* set when the zone is made or reset; read without the lock */
    u_char                         secret[NGX_HTTP_AUTH_TOKEN_SECRET];

    /*
     * a sixteenth of the ring has been passed by its head since: whoever has
     * copies shows what is in use.  Read without the lock
     */
    uint64_t                       laps;

    /* set while somebody is inside the lock; found set: he died there */
    volatile ngx_atomic_uint_t     dirty;

    uint64_t                       sequence;   /* of purges; never goes back */
    uint64_t                       nonce;      /* of marks; never goes back */

    ngx_http_auth_token_ring_t     ring;
    ngx_http_auth_token_index_t    entries;
    ngx_http_auth_token_index_t    negatives;
    ngx_http_auth_token_index_t    marks;
    uint64_t                       negative_hand;  /* where the next one goes */
    uint64_t                       mark_hand;

    ngx_http_auth_token_stats_t    stats;

    ngx_http_auth_token_slot_t     slots[NGX_HTTP_AUTH_TOKEN_SLOTS];
};


/*
 * Counts what happens to records by the low bits of a key: when one is put in
 * place of another or taken out, and when a purge names it.  Written under the
 * lock, read without it by those who have copies.
 */

#define ngx_http_auth_token_counter(sh, key)                                  \
    (&(sh)->changed[(key)->hi & (sh)->purge_mask])

#define ngx_http_auth_token_count_change(sh, key)                             \
    (void) __atomic_add_fetch(ngx_http_auth_token_counter(sh, key), 1,        \
                              __ATOMIC_RELEASE)

/* a word of the zone, read without the lock */
#define ngx_http_auth_token_word(word)                                        \
    __atomic_load_n(&(word), __ATOMIC_ACQUIRE)


/* what an entry's age makes of it */

typedef enum {
    NGX_HTTP_AUTH_TOKEN_ENTRY_DEAD = 0,
    NGX_HTTP_AUTH_TOKEN_ENTRY_STALE,           /* for lives->stale longer */
    NGX_HTTP_AUTH_TOKEN_ENTRY_FRESH
} ngx_http_auth_token_entry_e;


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

#define ngx_http_auth_token_key_equal(a, b)                                   \
    ((a)->hi == (b)->hi && (a)->lo == (b)->lo)


/*
 * Take and release the zone.  _lock() empties a zone in which somebody died
 * and returns its context; NULL, and not locked: the zone has another layout.
 * Between the two nothing may block or log.
 */
ngx_http_auth_token_shctx_t *ngx_http_auth_token_zone_lock(
    ngx_http_auth_token_zone_t *zone);
void ngx_http_auth_token_zone_unlock(ngx_http_auth_token_zone_t *zone);

/*
 * Divides an area of "size" bytes, all of the zone, into the context and what
 * it points to, empty.  NULL: too small.
 */
ngx_http_auth_token_shctx_t *ngx_http_auth_token_arena_create(u_char *area,
    size_t size);

/*
 * Empties it: no entry, no negative entry, no mark.
 */
void ngx_http_auth_token_arena_clear(ngx_http_auth_token_shctx_t *sh);

/*
 * Find a node by its whole key (NULL: none), add and take out a node that
 * lies in the index's area.
 */
void *ngx_http_auth_token_index_find(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_key_t *key);
void ngx_http_auth_token_index_insert(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_node_t *node);
void ngx_http_auth_token_index_remove(ngx_http_auth_token_index_t *index,
    ngx_http_auth_token_node_t *node);

/*
 * The first node of a chain and the one after a node; NULL at the end.
 */
ngx_http_auth_token_node_t *ngx_http_auth_token_index_first(
    ngx_http_auth_token_index_t *index, uint64_t bucket);
ngx_http_auth_token_node_t *ngx_http_auth_token_index_next(
    ngx_http_auth_token_index_t *index, ngx_http_auth_token_node_t *node);

/*
 * Milliseconds from "then" to "now", 0 for a moment that another worker's
 * clock is ahead by, -1 if "then" lies in the future.
 */
int64_t ngx_http_auth_token_index_age(uint64_t then, ngx_msec_t now);

/*
 * Whether a purge made "key", "link" or all of "slot" unusable after
 * "sequence", the number of purges when the look-up started.  1 or 0.
 */
ngx_uint_t ngx_http_auth_token_index_purged(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_http_auth_token_key_t *link,
    ngx_uint_t slot, uint64_t sequence);

/*
 * The record of a key, whatever its age but not one that was purged, or NULL;
 * and what its age makes of it.
 */
ngx_http_auth_token_entry_t *ngx_http_auth_token_entry_find(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_key_t *key);
ngx_http_auth_token_entry_e ngx_http_auth_token_entry_state(
    ngx_http_auth_token_entry_t *e, ngx_http_auth_token_lives_t *lives,
    ngx_msec_t now, int64_t *age);

/*
 * The same of one stored at that time; takes no lock.
 */
ngx_http_auth_token_entry_e ngx_http_auth_token_entry_life(uint64_t stored,
    ngx_uint_t allowed, ngx_http_auth_token_lives_t *lives, ngx_msec_t now,
    int64_t *age);

/*
 * Takes a record out of the index; its place is free when the ring comes to
 * it.
 */
void ngx_http_auth_token_entry_remove(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_entry_t *e);

/*
 * Stores the record that "f" brought, "size" bytes as a blob, in place of an
 * older one, at the expense of the oldest that were not used; if that is not
 * enough, not at all.
 */
void ngx_http_auth_token_entry_store(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_blob_t *blob,
    size_t size, ngx_http_auth_token_key_t *link, ngx_uint_t allowed,
    ngx_msec_t now);

/*
 * REFUSED or FAILED if a key has a negative entry within its life, else MISS;
 * "left" is set to the milliseconds that it has left.
 */
ngx_http_auth_token_cache_e ngx_http_auth_token_negative_state(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_key_t *key,
    ngx_http_auth_token_lives_t *lives, ngx_msec_t now, ngx_msec_t *left);

/*
 * Store a negative entry in place of an old one, drop one by its key (returns
 * 1 if there was one), remove one.
 */
void ngx_http_auth_token_negative_store(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key, ngx_uint_t slot,
    ngx_http_auth_token_cache_e state, ngx_msec_t now);
ngx_uint_t ngx_http_auth_token_negative_drop(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_key_t *key);
void ngx_http_auth_token_negative_remove(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_negative_t *n);

/*
 * A new mark with its key and nonce set, or NULL: none is free.  Marks that
 * were left behind are cleared away on the way.
 */
ngx_http_auth_token_mark_t *ngx_http_auth_token_mark_create(
    ngx_http_auth_token_shctx_t *sh, ngx_http_auth_token_key_t *key,
    ngx_msec_t now);

/*
 * Whether a mark is within its time at "now"; whether the system still knows
 * its owner, as far as that is worth asking; takes a mark out.
 */
ngx_uint_t ngx_http_auth_token_mark_current(ngx_http_auth_token_mark_t *m,
    ngx_msec_t now);
ngx_uint_t ngx_http_auth_token_mark_owned(ngx_http_auth_token_mark_t *m,
    ngx_msec_t now);
void ngx_http_auth_token_mark_remove(ngx_http_auth_token_shctx_t *sh,
    ngx_http_auth_token_mark_t *m);


#endif /* _NGX_HTTP_AUTH_TOKEN_SHCTX_H_INCLUDED_ */
