/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Stands in for nginx's header of this name, so that the parts that keep the
 * zone can be tested outside nginx, with "now" as a parameter.  nginx's own
 * slab and shmtx headers are used with it.
 */


#ifndef _NGX_CONFIG_H_INCLUDED_
#define _NGX_CONFIG_H_INCLUDED_


#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>


#define NGX_HAVE_ATOMIC_OPS  1
#define NGX_HAVE_POSIX_SEM   1
#define NGX_PTR_SIZE         8

#define ngx_inline           inline
#define ngx_cdecl

#define NGX_ALIGNMENT        sizeof(unsigned long)

#define ngx_align(d, a)      (((d) + (a - 1)) & ~(a - 1))
#define ngx_align_ptr(p, a)                                                   \
    (u_char *) (((uintptr_t) (p) + ((uintptr_t) a - 1))                       \
                & ~((uintptr_t) a - 1))

typedef intptr_t             ngx_int_t;
typedef uintptr_t            ngx_uint_t;
typedef intptr_t             ngx_flag_t;
typedef int                  ngx_err_t;
typedef pid_t                ngx_pid_t;
typedef int                  ngx_fd_t;
typedef ngx_uint_t           ngx_msec_t;
typedef ngx_int_t            ngx_msec_int_t;
typedef long                 ngx_atomic_int_t;
typedef unsigned long        ngx_atomic_uint_t;

typedef volatile ngx_atomic_uint_t  ngx_atomic_t;


#endif /* _NGX_CONFIG_H_INCLUDED_ */
