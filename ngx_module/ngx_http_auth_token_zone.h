
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The shared memory zone: its lock, its crash safety, its allocator, and the
 * state of the providers that live in it.  The only file pair that touches
 * the zone's mutex; the parts built on it (cache, flight, limit, purge) work
 * between ngx_http_auth_token_zone_lock() and _unlock().
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_ZONE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_decision.h"


#define NGX_HTTP_AUTH_TOKEN_MAX_PROVIDERS    64  /* a zone */
#define NGX_HTTP_AUTH_TOKEN_SLOTS            128 /* and of before a reload */
#define NGX_HTTP_AUTH_TOKEN_MAX_STEPS        4   /* a provider */
#define NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN  32


/* a keyed digest, 128 bits; all zeros: none */

typedef struct {
    uint64_t                     hi;
    uint64_t                     lo;
} ngx_http_auth_token_key_t;


/* shared; one for each provider that uses the zone, found by fingerprint */

typedef struct {
    /* set when the slot is taken, under the lock; keyed by the zone */
    u_char                       fingerprint[16];

    /* set when the slot is taken, under the lock: purges until then */
    uint64_t                     taken;

    /* read without the lock, changed under it; part of every digest */
    uint64_t                     generation;

    /* under the lock: number of the purge that ended all earlier answers */
    uint64_t                     purged;

    /* under the lock: budget (token bucket) and breaker */
    uint64_t                     excess;       /* 1/1000 look-up */
    uint64_t                     floor;        /* as the authority says */
    uint64_t                     last;         /* monotonic ms */
    uint64_t                     closed_until; /* breaker open until then */
    uint64_t                     probe_until;  /* half-open probe deadline */
    uint32_t                     failures      /* of a step, in a row */
                                     [NGX_HTTP_AUTH_TOKEN_MAX_STEPS];
    uint32_t                     tripped;      /* bit N: step N opened it */
    uint32_t                     in_use;
    uint64_t                     used;         /* monotonic ms, for reuse */
    uint64_t                     entries;
    uint64_t                     negatives;
} ngx_http_auth_token_slot_t;


/* shared; counted under the lock since the zone was made */

typedef struct {
    uint64_t                     hits;
    uint64_t                     stale;        /* of the hits */
    uint64_t                     misses;
    uint64_t                     refused;      /* negative entries used */
    uint64_t                     failed;
    uint64_t                     stores;
    uint64_t                     evictions;
    uint64_t                     nomem;        /* not stored: zone full */
    uint64_t                     purged;       /* not stored: purge between */
    uint64_t                     leads;
    uint64_t                     waits;
    uint64_t                     takeovers;
    uint64_t                     limited;
    uint64_t                     resets;
} ngx_http_auth_token_stats_t;


/* a copy of the zone's counters, and what it holds now */

typedef struct {
    ngx_http_auth_token_stats_t  stats;
    uint64_t                     entries;
    uint64_t                     negatives;
    uint64_t                     flights;
    uint64_t                     size;         /* bytes for entries */
    uint64_t                     used;         /* of them, by live ones */
} ngx_http_auth_token_usage_t;


typedef struct ngx_http_auth_token_shctx_s  ngx_http_auth_token_shctx_t;


/* one for each auth_token_zone of a configuration; not shared */

typedef struct {
    ngx_str_t                     name;
    ngx_shm_zone_t               *shm_zone;
    ngx_slab_pool_t              *shpool;
    ngx_http_auth_token_shctx_t  *sh;          /* NULL before init */
    uint64_t                      since;       /* purges before its init */
    uint64_t                      hits;        /* not yet in the zone's */
    unsigned                      reset:1;     /* to be logged after unlock */
} ngx_http_auth_token_zone_t;


/*
 * The init callback of the zone: keeps a compatible old zone whatever the
 * number of workers, else makes a fresh one (other layout version, magic).
 * NGX_ERROR only if the zone is too small to hold anything.
 */
ngx_int_t ngx_http_auth_token_zone_init(ngx_shm_zone_t *shm_zone, void *data);

/*
 * The fingerprint of a provider, NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN bytes,
 * from the "n" parts that decide its answers; where a part ends counts.
 */
void ngx_http_auth_token_zone_fingerprint(ngx_str_t *parts, ngx_uint_t n,
    u_char *fingerprint);

/*
 * Finds or takes the slot of a provider by the digest of all that decides its
 * answers.  -1: the zone is of another layout.
 */
ngx_int_t ngx_http_auth_token_zone_slot(ngx_http_auth_token_zone_t *zone,
    u_char *fingerprint);

/*
 * What tells the owner of a slot from others, to be compared with what it was
 * when the slot was taken: an idle provider may lose it.  Takes no lock.
 */
uint64_t ngx_http_auth_token_zone_owner(ngx_http_auth_token_zone_t *zone,
    ngx_uint_t slot);

/*
 * The digest of (slot's fingerprint and generation, step, subject) under the
 * zone's secret; "subject" is the token, or the id a step asks for.
 */
void ngx_http_auth_token_zone_digest(ngx_http_auth_token_zone_t *zone,
    ngx_uint_t slot, ngx_uint_t step, u_char *fingerprint,
    ngx_str_t *subject, ngx_http_auth_token_key_t *key);

/*
 * Copies the counters of the zone; all 0 if the zone cannot be read.
 */
void ngx_http_auth_token_zone_usage(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_usage_t *usage);


#endif /* _NGX_HTTP_AUTH_TOKEN_ZONE_H_INCLUDED_ */
