/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Stands in for nginx's header of this name: what the zone's parts use of the
 * core, no more.  What it declares is defined in ngx_shim.h.
 */


#ifndef _NGX_CORE_H_INCLUDED_
#define _NGX_CORE_H_INCLUDED_


#include <ngx_config.h>


#define NGX_OK         0
#define NGX_ERROR     -1
#define NGX_AGAIN     -2
#define NGX_DECLINED  -5

#define NGX_EINTR      EINTR
#define NGX_EAGAIN     EAGAIN

#define NGX_LOG_EMERG  1
#define NGX_LOG_ALERT  2
#define NGX_LOG_CRIT   3
#define NGX_LOG_ERR    4
#define NGX_LOG_WARN   5

#define ngx_errno      errno

#define ngx_min(a, b)  ((a > b) ? (b) : (a))
#define ngx_max(a, b)  ((a < b) ? (b) : (a))

#define ngx_memzero(buf, n)       (void) memset(buf, 0, n)
#define ngx_memset(buf, c, n)     (void) memset(buf, c, n)
#define ngx_memmove(dst, src, n)  (void) memmove(dst, src, n)
#define ngx_memcpy(dst, src, n)   (void) memcpy(dst, src, n)
#define ngx_cpymem(dst, src, n)                                               \
    (((unsigned char *) memcpy(dst, src, n)) + (n))
#define ngx_strlen(s)             strlen((const char *) s)
#define ngx_memcmp(s1, s2, n)     memcmp(s1, s2, n)
#define ngx_explicit_memzero(buf, n)                                          \
    do { memset(buf, 0, n); ngx_memory_barrier(); } while (0)

#define ngx_memory_barrier()      __sync_synchronize()
#define ngx_atomic_cmp_set(lock, old, set)                                    \
    __sync_bool_compare_and_swap(lock, old, set)
#define ngx_atomic_fetch_add(value, add)                                      \
    __sync_fetch_and_add(value, add)
#define ngx_cpu_pause()           __asm__ (".byte 0xf3, 0x90")
#define ngx_sched_yield()         sched_yield()

#define ngx_debug_point()         abort()

#define ngx_log_debug0(level, log, err, fmt)
#define ngx_log_debug1(level, log, err, fmt, a)
#define ngx_log_debug2(level, log, err, fmt, a, b)

#define ngx_log_error(level, log, err, ...)                                   \
    ngx_shim_log(level, log, __VA_ARGS__)

#define ngx_free                  free


typedef struct {
    size_t            len;
    u_char           *data;
} ngx_str_t;


typedef struct {
    ngx_uint_t        lines;
    const char       *last;
} ngx_log_t;


typedef struct {
    ngx_log_t        *log;
    u_char            data[65536];
    size_t            used;
} ngx_pool_t;


typedef struct {
    void             *elts;
    ngx_uint_t        nelts;
} ngx_array_t;


typedef struct {
    ngx_log_t        *log;
} ngx_cycle_t;


typedef struct {
    u_char           *addr;
    size_t            size;
    ngx_str_t         name;
    ngx_log_t        *log;
    ngx_uint_t        exists;
} ngx_shm_t;


typedef struct {
    void             *data;
    ngx_shm_t         shm;
} ngx_shm_zone_t;


extern volatile ngx_cycle_t  *ngx_cycle;
extern volatile ngx_msec_t    ngx_current_msec;

extern ngx_pid_t              ngx_pid;
extern ngx_int_t              ngx_ncpu;
extern ngx_uint_t             ngx_pagesize;
extern ngx_uint_t             ngx_pagesize_shift;


void ngx_shim_log(ngx_uint_t level, ngx_log_t *log, const char *fmt, ...);
u_char *ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...);
void *ngx_palloc(ngx_pool_t *pool, size_t size);
void *ngx_alloc(size_t size, ngx_log_t *log);
ngx_int_t ngx_atoi(u_char *line, size_t n);


#include <ngx_shmtx.h>
#include <ngx_slab.h>


#endif /* _NGX_CORE_H_INCLUDED_ */
