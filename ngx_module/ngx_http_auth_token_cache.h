
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Answers of authorities in a shared zone: records by digest with a life of
 * their own, refusals and failures as small negative entries, marks of
 * look-ups in flight.  Every function takes the lock itself, briefly; time is
 * a parameter ("now": monotonic milliseconds, ngx_current_msec).
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_CACHE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_CACHE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_record.h"
#include "ngx_http_auth_token_zone.h"


/* no pause is longer, whatever the authority says: seconds */
#define NGX_HTTP_AUTH_TOKEN_MAX_PAUSE  3600


/* how long answers live; set once at configuration, then read-only */

typedef struct {
    ngx_msec_t                   valid;        /* allowed when stored */
    ngx_msec_t                   negative;     /* refused when stored */
    ngx_msec_t                   refresh;      /* 0: off */
    ngx_msec_t                   stale;        /* 0: off */
    ngx_msec_t                   failure;      /* 1 s */
} ngx_http_auth_token_lives_t;


typedef enum {
    NGX_HTTP_AUTH_TOKEN_CACHE_MISS = 0,
    NGX_HTTP_AUTH_TOKEN_CACHE_HIT,
    NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED,         /* authority: unknown */
    NGX_HTTP_AUTH_TOKEN_CACHE_FAILED           /* no usable answer lately */
} ngx_http_auth_token_cache_e;


/* one step's entry as copied out under the lock */

typedef struct {
    ngx_http_auth_token_key_t    key;
    ngx_http_auth_token_key_t    link;         /* the next step's, or none */
    auth_token_record_t         *record;       /* head only, in the pool */
    auth_token_address_e         address;      /* rule 3 on the whole blob */
    ngx_msec_t                   age;
    uint64_t                     sequence;     /* of purges, when asked for */
    unsigned                     refresh:1;    /* old enough to be renewed */
    unsigned                     stale:1;      /* past its life, in grace */
    unsigned                     allowed:1;    /* when it was stored */
} ngx_http_auth_token_hit_t;


/* a look-up in the cache of one provider's chain of steps */

typedef struct {
    /* in */
    ngx_http_auth_token_zone_t   *zone;
    ngx_http_auth_token_lives_t  *lives;
    ngx_uint_t                    slot;
    ngx_uint_t                    nsteps;
    auth_token_addr_t            *addr;
    ngx_msec_t                    now;
    ngx_pool_t                   *pool;
    unsigned                      use_stale:1; /* the authority is silent */

    /* in: key of the first step; out: key of the step that "state" is of */
    ngx_http_auth_token_key_t     key;

    /* out */
    ngx_http_auth_token_cache_e   state;       /* HIT: the chain is whole */
    ngx_uint_t                    nhits;       /* steps found, in order */
    ngx_http_auth_token_hit_t     hits[NGX_HTTP_AUTH_TOKEN_MAX_STEPS];
    ngx_uint_t                    retry_after; /* FAILED: seconds */
} ngx_http_auth_token_query_t;


/* what a worker may do about a miss */

typedef enum {
    NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD = 0,       /* look it up, then _land() */
    NGX_HTTP_AUTH_TOKEN_FLIGHT_WAIT,           /* another worker does */
    NGX_HTTP_AUTH_TOKEN_FLIGHT_READY,          /* answered meanwhile: query */
    NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED         /* budget or breaker */
} ngx_http_auth_token_flight_e;


/* a look-up in flight, as its leader holds it; not shared */

typedef struct {
    ngx_http_auth_token_zone_t   *zone;
    ngx_http_auth_token_lives_t  *lives;
    ngx_uint_t                    slot;
    ngx_uint_t                    step;        /* that the key is of */
    ngx_http_auth_token_key_t     key;
    uint64_t                      sequence;    /* purge sequence at start */
    uint64_t                      nonce;       /* of our mark; 0: no mark */
    uint64_t                      started;     /* monotonic ms */
    ngx_uint_t                    closed;      /* failed: seconds, 0: none */
    ngx_msec_t                    budget;      /* refused: when it has one
                                                  again, 0: by the breaker */
    unsigned                      refresh:1;   /* of an entry still served */
    unsigned                      last:1;      /* no step follows */
    unsigned                      known:1;     /* it was let in by it before */
    unsigned                      probe:1;     /* half-open probe */
} ngx_http_auth_token_flight_t;


/* workers to wake: bit N is worker N of configuration "generation" */

typedef struct {
    uint64_t                     workers;
    uint64_t                     generation;
} ngx_http_auth_token_waiters_t;


/* what a look-up that brought no usable answer says about the authority */

typedef enum {
    NGX_HTTP_AUTH_TOKEN_FAULT_NONE = 0,
    NGX_HTTP_AUTH_TOKEN_FAULT_FAILED,          /* counts for the breaker */
    NGX_HTTP_AUTH_TOKEN_FAULT_BUSY,            /* 429 to us: opens it */
    NGX_HTTP_AUTH_TOKEN_FAULT_OURS             /* it was not asked at all */
} ngx_http_auth_token_fault_e;


typedef struct {
    ngx_uint_t                   rate;         /* 1/1000 look-up a second */
    ngx_uint_t                   burst;        /* 1/1000 look-up */
    ngx_uint_t                   breaker;      /* failures that open it */
    ngx_msec_t                   breaker_delay;
} ngx_http_auth_token_limit_t;


/*
 * Looks up the chain q->key -> link -> ... in the worker's copies, else under
 * one lock; copies record heads into q->pool.  The chain ends after q->nsteps
 * or at a record without a link.  NGX_ERROR: out of memory (the caller
 * denies); else NGX_OK and q->state.
 */
ngx_int_t ngx_http_auth_token_cache_query(ngx_http_auth_token_query_t *q);

/*
 * Asks for the right to look f->key up until "deadline".  WAIT leaves our bit
 * in the mark; REFUSED sets *retry_after (seconds) and f->budget.  READY: an
 * entry that may be used came meanwhile.  A zone too full for a mark still
 * gives LEAD.
 */
ngx_http_auth_token_flight_e ngx_http_auth_token_flight_take(
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_limit_t *limit,
    ngx_msec_t now, ngx_msec_t deadline, ngx_uint_t *retry_after);

/*
 * End a flight: a record that would admit somebody now ("allowed") or not, a
 * refusal, a failure (the authority wants a pause of "retry_after" seconds).
 * Set whom to wake.  NGX_DECLINED: not stored, as a purge came between or
 * another took over; who came meanwhile must ask again.
 */
ngx_int_t ngx_http_auth_token_flight_land_record(
    ngx_http_auth_token_flight_t *f, auth_token_str_t record,
    ngx_http_auth_token_key_t *link, ngx_uint_t allowed, ngx_msec_t now,
    ngx_http_auth_token_waiters_t *waiters);
ngx_int_t ngx_http_auth_token_flight_land_refusal(
    ngx_http_auth_token_flight_t *f, ngx_msec_t now,
    ngx_http_auth_token_waiters_t *waiters);
ngx_int_t ngx_http_auth_token_flight_land_failure(
    ngx_http_auth_token_flight_t *f, ngx_http_auth_token_limit_t *limit,
    ngx_http_auth_token_fault_e fault, ngx_uint_t retry_after, ngx_msec_t now,
    ngx_http_auth_token_waiters_t *waiters);

/*
 * Tells the budget what the authority said it has left: "remaining" look-ups
 * until "reset" seconds from now.  With none left all misses wait until then.
 */
void ngx_http_auth_token_flight_observe(ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_limit_t *limit, ngx_uint_t remaining,
    ngx_uint_t reset, ngx_msec_t now);


#endif /* _NGX_HTTP_AUTH_TOKEN_CACHE_H_INCLUDED_ */
