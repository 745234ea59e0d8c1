/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The functions behind the shim's headers, a zone to test with, and the
 * sources under test.  nginx's own slab allocator, tree and mutex are taken if
 * its sources are there (NGINX_SHIM_REAL), else stand-ins.
 */


#ifndef _NGX_SHIM_H_INCLUDED_
#define _NGX_SHIM_H_INCLUDED_


#include <stdarg.h>
#include <sys/mman.h>

#include <ngx_core.h>

#include "tap.h"


#ifdef NGINX_SHIM_REAL

#include <core/ngx_shmtx.c>
#include <core/ngx_slab.c>

#else

#include "ngx_shim_slab.h"

#endif

/* what measures the mutex stands between it and those who take it */

#ifdef NGINX_SHIM_MUTEX
#include NGINX_SHIM_MUTEX
#endif

#include "ngx_http_auth_token_arena.c"
#include "ngx_http_auth_token_index.c"
#include "ngx_http_auth_token_blob.c"
#include "ngx_http_auth_token_entry.c"
#include "ngx_http_auth_token_negative.c"
#include "ngx_http_auth_token_mark.c"
#include "ngx_http_auth_token_crash.c"
#include "ngx_http_auth_token_limit.c"
#include "ngx_http_auth_token_copy.c"
#include "ngx_http_auth_token_cache.c"
#include "ngx_http_auth_token_flight.c"
#include "ngx_http_auth_token_purge.c"
#include "ngx_http_auth_token_zone.c"


static ngx_log_t              shim_log;
static ngx_cycle_t            shim_cycle = { &shim_log };

volatile ngx_cycle_t         *ngx_cycle = &shim_cycle;
volatile ngx_msec_t           ngx_current_msec = 1000000;

ngx_pid_t                     ngx_pid;
ngx_int_t                     ngx_ncpu = 1;
ngx_uint_t                    ngx_pagesize = 4096;
ngx_uint_t                    ngx_pagesize_shift = 12;

static ngx_http_auth_token_waiters_t  shim_self = { 1, 1 };
static ngx_uint_t                     shim_alloc_fails;


/* messages are counted; what they say needs nginx's own formats */

void
ngx_shim_log(ngx_uint_t level, ngx_log_t *log, const char *fmt, ...)
{
    (void) level;

    if (log) {
        log->lines++;
        log->last = fmt;
    }
}


u_char *
ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...)
{
    int  n;

    n = snprintf((char *) buf, max, "%s", fmt);

    return buf + n;
}


void *
ngx_palloc(ngx_pool_t *pool, size_t size)
{
    void  *p;

    size = ngx_align(size, NGX_ALIGNMENT);

    if (size > sizeof(pool->data) - pool->used) {
        return NULL;
    }

    p = pool->data + pool->used;
    pool->used += size;

    return p;
}


void *
ngx_alloc(size_t size, ngx_log_t *log)
{
    (void) log;

    return shim_alloc_fails ? NULL : malloc(size);
}


ngx_int_t
ngx_atoi(u_char *line, size_t n)
{
    (void) n;

    return (ngx_int_t) strtol((char *) line, NULL, 10);
}


/* the test says who we are; nobody is woken */

void
ngx_http_auth_token_wake_self(ngx_http_auth_token_waiters_t *self)
{
    *self = shim_self;
}


/* a fresh zone of "size" bytes that processes can share; NULL: too small */

static inline ngx_http_auth_token_zone_t *
shim_zone(size_t size)
{
    ngx_shm_zone_t              *shm_zone;
    ngx_slab_pool_t             *shpool;
    ngx_http_auth_token_zone_t  *zone;

    ngx_pid = getpid();

    zone = calloc(1, sizeof(ngx_http_auth_token_zone_t));
    shm_zone = calloc(1, sizeof(ngx_shm_zone_t));

    /* behind it a page that nobody may touch */

    shm_zone->shm.addr = mmap(NULL, size + ngx_pagesize, PROT_READ|PROT_WRITE,
                              MAP_ANON|MAP_SHARED, -1, 0);

    if (shm_zone->shm.addr == MAP_FAILED
        || mprotect(shm_zone->shm.addr + size, ngx_pagesize, PROT_NONE) != 0)
    {
        perror("mmap");
        exit(2);
    }

    shm_zone->shm.size = size;
    shm_zone->shm.log = &shim_log;
    shm_zone->data = zone;

    if (ngx_slab_exact_size == 0) {
        ngx_slab_sizes_init();
    }

    /* as ngx_init_zone_pool() */

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    shpool->end = shm_zone->shm.addr + size;
    shpool->min_shift = 3;
    shpool->addr = shm_zone->shm.addr;

    if (ngx_shmtx_create(&shpool->mutex, &shpool->lock, NULL) != NGX_OK) {
        return NULL;
    }

    ngx_slab_init(shpool);

    return (ngx_http_auth_token_zone_init(shm_zone, NULL) == NGX_OK)
               ? zone : NULL;
}


#endif /* _NGX_SHIM_H_INCLUDED_ */
