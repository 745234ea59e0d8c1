
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Eventfds of the workers, made in the master and inherited by all of them,
 * so that each can write to each.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <sys/eventfd.h>

#include "ngx_http_auth_token_wake.h"


/* bits of the waiters in the zone */
#define NGX_HTTP_AUTH_TOKEN_WAKE_MAX  64


/* of one configuration, in its cycle's pool */

typedef struct {
    uint64_t                     generation;
    ngx_uint_t                   n;
    ngx_log_t                   *log;
    int                          fds[NGX_HTTP_AUTH_TOKEN_WAKE_MAX];
} ngx_http_auth_token_wakes_t;


static void ngx_http_auth_token_wake_close(void *data);
static void ngx_http_auth_token_wake_handler(ngx_event_t *ev);


/* of the configuration that this process belongs to */

static ngx_http_auth_token_wakes_t  *ngx_http_auth_token_wakes;

/* of this worker; not one of nginx's connections, so it is not counted */

static ngx_uint_t                    ngx_http_auth_token_wake_worker;
static ngx_http_auth_token_wake_pt   ngx_http_auth_token_wake_callback;
static ngx_connection_t              ngx_http_auth_token_wake_conn;
static ngx_event_t                   ngx_http_auth_token_wake_read;
static ngx_event_t                   ngx_http_auth_token_wake_write;


ngx_int_t
ngx_http_auth_token_wake_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                    n;
    ngx_core_conf_t              *ccf;
    ngx_pool_cleanup_t           *cln;
    ngx_http_auth_token_wakes_t  *wakes;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    cln = ngx_pool_cleanup_add(cycle->pool,
                               sizeof(ngx_http_auth_token_wakes_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    wakes = cln->data;

    ngx_memzero(wakes, sizeof(ngx_http_auth_token_wakes_t));

    cln->handler = ngx_http_auth_token_wake_close;

    /*
     * A number that no other configuration of this zone has had: masters that
     * share a zone are one, and it does not go back in time.
     */
    wakes->generation = ((uint64_t) ngx_random() << 32)
                        ^ (uint64_t) ngx_current_msec ^ (uintptr_t) cycle;
    wakes->log = cycle->log;

    n = (ccf->master == 0 || ccf->worker_processes < 1)
            ? 1 : (ngx_uint_t) ccf->worker_processes;

    n = ngx_min(n, NGX_HTTP_AUTH_TOKEN_WAKE_MAX);

    while (wakes->n < n) {

        wakes->fds[wakes->n] = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

        if (wakes->fds[wakes->n] == -1) {
            /*
             * nginx would end the master; workers without one look for
             * themselves whether what they wait for has come, and need the
             * last descriptors for better things
             */
            ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                          "eventfd() failed");
            ngx_http_auth_token_wake_close(wakes);
            break;
        }

        wakes->n++;
    }

    ngx_http_auth_token_wakes = wakes;

    return NGX_OK;
}


static void
ngx_http_auth_token_wake_close(void *data)
{
    ngx_http_auth_token_wakes_t *wakes = data;

    ngx_uint_t  i;

    for (i = 0; i < wakes->n; i++) {
        if (close(wakes->fds[i]) == -1) {
            ngx_log_error(NGX_LOG_ALERT, wakes->log, ngx_errno,
                          "close() eventfd failed");
        }
    }

    wakes->n = 0;

    if (ngx_http_auth_token_wakes == wakes) {
        ngx_http_auth_token_wakes = NULL;
    }
}


ngx_int_t
ngx_http_auth_token_wake_init_process(ngx_cycle_t *cycle,
    ngx_http_auth_token_wake_pt handler)
{
    ngx_event_t       *rev, *wev;
    ngx_connection_t  *c;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    ngx_http_auth_token_wake_worker =
        (ngx_process == NGX_PROCESS_WORKER) ? ngx_worker : 0;

    if (ngx_http_auth_token_wakes == NULL
        || ngx_http_auth_token_wake_worker >= ngx_http_auth_token_wakes->n)
    {
        return NGX_OK;
    }

    ngx_http_auth_token_wake_callback = handler;

    c = &ngx_http_auth_token_wake_conn;
    rev = &ngx_http_auth_token_wake_read;
    wev = &ngx_http_auth_token_wake_write;

    /* a single process comes here again on reload, with the old event on */

    if (rev->active) {
        (void) ngx_del_event(rev, NGX_READ_EVENT, 0);
    }

    ngx_memzero(c, sizeof(ngx_connection_t));
    ngx_memzero(rev, sizeof(ngx_event_t));
    ngx_memzero(wev, sizeof(ngx_event_t));

    c->fd = ngx_http_auth_token_wakes->fds[ngx_http_auth_token_wake_worker];
    c->read = rev;
    c->write = wev;
    c->log = cycle->log;

    rev->data = c;
    rev->log = cycle->log;
    rev->handler = ngx_http_auth_token_wake_handler;

    wev->data = c;
    wev->log = cycle->log;

    return ngx_add_event(rev, NGX_READ_EVENT, NGX_LEVEL_EVENT);
}


static void
ngx_http_auth_token_wake_handler(ngx_event_t *ev)
{
    ssize_t            n;
    uint64_t           count;
    ngx_connection_t  *c;

    c = ev->data;

    n = read(c->fd, &count, sizeof(uint64_t));

    if (n != sizeof(uint64_t)) {

        if (n == -1 && ngx_errno != NGX_EAGAIN && ngx_errno != NGX_EINTR) {
            ngx_log_error(NGX_LOG_ALERT, ev->log, ngx_errno,
                          "read() from eventfd failed");
        }

        return;
    }

    ngx_http_auth_token_wake_callback();
}


void
ngx_http_auth_token_wake_self(ngx_http_auth_token_waiters_t *self)
{
    self->workers = 0;
    self->generation = 0;

    if (ngx_http_auth_token_wakes) {
        self->generation = ngx_http_auth_token_wakes->generation;

        if (ngx_http_auth_token_wake_read.active) {
            self->workers = (uint64_t) 1 << ngx_http_auth_token_wake_worker;
        }
    }
}


void
ngx_http_auth_token_wake(ngx_http_auth_token_waiters_t *waiters)
{
    uint64_t    one;
    ngx_uint_t  i;

    if (waiters->workers == 0
        || ngx_http_auth_token_wakes == NULL
        || waiters->generation != ngx_http_auth_token_wakes->generation)
    {
        return;
    }

    one = 1;

    for (i = 0; i < ngx_http_auth_token_wakes->n; i++) {

        if ((waiters->workers & ((uint64_t) 1 << i)) == 0) {
            continue;
        }

        /* EAGAIN: 2^64 - 2 wake-ups wait to be read, one more is no news */

        if (write(ngx_http_auth_token_wakes->fds[i], &one, sizeof(uint64_t))
            == -1 && ngx_errno != NGX_EAGAIN)
        {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                          "write() to eventfd failed");
        }
    }
}
