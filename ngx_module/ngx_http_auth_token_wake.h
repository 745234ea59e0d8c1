
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Waking the workers that wait for a look-up of another one: an eventfd for
 * each worker of a configuration.  Knows nothing of what they wait for.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_WAKE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_WAKE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_auth_token_cache.h"


/* called in a worker when somebody woke it, from the event loop */
typedef void (*ngx_http_auth_token_wake_pt)(void);


/*
 * Makes the descriptors of a configuration before its workers are forked;
 * they are closed with the cycle.  NGX_ERROR: none can be had.
 */
ngx_int_t ngx_http_auth_token_wake_init_module(ngx_cycle_t *cycle);

/*
 * Listens in a worker, or in a single process; other processes are left alone.
 * The event does not keep the worker alive.
 */
ngx_int_t ngx_http_auth_token_wake_init_process(ngx_cycle_t *cycle,
    ngx_http_auth_token_wake_pt handler);

/*
 * Our own bit and configuration; no bit in a process that does not listen and
 * in workers beyond the 64th, which have to look for themselves.
 */
void ngx_http_auth_token_wake_self(ngx_http_auth_token_waiters_t *self);

/*
 * Wakes those of our own configuration; the descriptors of another one are
 * not ours.  Never blocks; a lost wake-up is made good by the waiters' timer.
 */
void ngx_http_auth_token_wake(ngx_http_auth_token_waiters_t *waiters);


#endif /* _NGX_HTTP_AUTH_TOKEN_WAKE_H_INCLUDED_ */
