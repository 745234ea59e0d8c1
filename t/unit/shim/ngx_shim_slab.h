/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Stand-ins for nginx's slab allocator and mutex where only its headers are
 * installed.  The zone takes all pages at once, so a slab that can do no more
 * will do; the mutex knows its owner by pid, as nginx's does.
 */


#ifndef _NGX_SHIM_SLAB_H_INCLUDED_
#define _NGX_SHIM_SLAB_H_INCLUDED_


#include <ngx_core.h>


static ngx_uint_t  ngx_slab_exact_size;


void
ngx_slab_sizes_init(void)
{
    ngx_slab_exact_size = ngx_pagesize / (8 * sizeof(uintptr_t));
}


/* a page of the slab costs a page and what nginx's keeps about it */

void
ngx_slab_init(ngx_slab_pool_t *pool)
{
    u_char  *start;

    start = (u_char *) pool + sizeof(ngx_slab_pool_t);

    pool->pfree = (pool->end - start)
                  / (ngx_pagesize + sizeof(ngx_slab_page_t));
    pool->start = pool->end - pool->pfree * ngx_pagesize;
}


void *
ngx_slab_alloc_locked(ngx_slab_pool_t *pool, size_t size)
{
    u_char  *p;

    size = (size + ngx_pagesize - 1) / ngx_pagesize;

    if (size == 0 || size > pool->pfree) {
        return NULL;
    }

    p = pool->start;

    pool->start += size * ngx_pagesize;
    pool->pfree -= size;

    return p;
}


ngx_int_t
ngx_shmtx_create(ngx_shmtx_t *mtx, ngx_shmtx_sh_t *addr, u_char *name)
{
    (void) name;

    mtx->lock = &addr->lock;

    return NGX_OK;
}


void
ngx_shmtx_lock(ngx_shmtx_t *mtx)
{
    while (!ngx_atomic_cmp_set(mtx->lock, 0, (ngx_atomic_uint_t) ngx_pid)) {
        ngx_sched_yield();
    }
}


void
ngx_shmtx_unlock(ngx_shmtx_t *mtx)
{
    (void) ngx_atomic_cmp_set(mtx->lock, (ngx_atomic_uint_t) ngx_pid, 0);
}


ngx_uint_t
ngx_shmtx_force_unlock(ngx_shmtx_t *mtx, ngx_pid_t pid)
{
    return ngx_atomic_cmp_set(mtx->lock, (ngx_atomic_uint_t) pid, 0);
}


#endif /* _NGX_SHIM_SLAB_H_INCLUDED_ */
