/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Stands between the zone and its mutex: counts how often it is taken, how
 * often it was not free, and, if asked to, how long it is held and waited for.
 * Included by ngx_shim.h after the mutex.
 */


#ifndef _CONTENTION_MUTEX_H_INCLUDED_
#define _CONTENTION_MUTEX_H_INCLUDED_


#include <ngx_core.h>


/* buckets of a quarter of a power of two, in ns */
#define CONTENTION_BUCKETS  128


typedef struct {
    uint64_t            count[CONTENTION_BUCKETS];
    uint64_t            n;
    uint64_t            sum;
} contention_times_t;


/* of a process */

typedef struct {
    uint64_t            taken;
    uint64_t            contended;
    contention_times_t  held;
    contention_times_t  waited;
} contention_mutex_t;


static contention_mutex_t  contention_mutex;
static int                 contention_timed;
static uint64_t            contention_since;


static inline uint64_t
contention_clock(clockid_t id)
{
    struct timespec  ts;

    clock_gettime(id, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}


static inline uint64_t
contention_ns(void)
{
    return contention_clock(CLOCK_MONOTONIC);
}


static inline void
contention_note(contention_times_t *times, uint64_t ns)
{
    unsigned  log, bucket;

    times->n++;
    times->sum += ns;

    if (ns < 4) {
        times->count[ns]++;
        return;
    }

    log = 63 - (unsigned) __builtin_clzll(ns);
    bucket = (log - 1) * 4 + (unsigned) (ns >> (log - 2) & 3);

    times->count[ngx_min(bucket, CONTENTION_BUCKETS - 1)]++;
}


/* the upper end of the bucket below which that share lies, in ns */

static inline uint64_t
contention_share(contention_times_t *times, double share)
{
    unsigned  i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < CONTENTION_BUCKETS; i++) {
        n += times->count[i];

        if (n && (double) n >= share * (double) times->n) {
            break;
        }
    }

    return (i < 4) ? i : ((uint64_t) (i % 4) + 5) << (i / 4 - 1);
}


static inline void
contention_lock(ngx_shmtx_t *mtx)
{
    uint64_t  begun;

    begun = contention_timed ? contention_ns() : 0;

    contention_mutex.taken++;

    if (!ngx_atomic_cmp_set(mtx->lock, 0, (ngx_atomic_uint_t) ngx_pid)) {
        contention_mutex.contended++;
        ngx_shmtx_lock(mtx);
    }

    if (contention_timed) {
        contention_since = contention_ns();
        contention_note(&contention_mutex.waited, contention_since - begun);
    }
}


static inline void
contention_unlock(ngx_shmtx_t *mtx)
{
    if (contention_timed) {
        contention_note(&contention_mutex.held,
                        contention_ns() - contention_since);
    }

    ngx_shmtx_unlock(mtx);
}


#define ngx_shmtx_lock    contention_lock
#define ngx_shmtx_unlock  contention_unlock


#endif /* _CONTENTION_MUTEX_H_INCLUDED_ */
