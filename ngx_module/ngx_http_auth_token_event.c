
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns the slots that tie foreign descriptors to nginx's event loop, and the
 * table from descriptor to slot.  nginx's own connections are not used: they
 * are counted by worker_connections, closed by worker_shutdown_timeout, and
 * reported at exit when somebody else's socket is still open.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_auth_token_event.h"


#define NGX_HTTP_AUTH_TOKEN_EVENT_BATCH  32


typedef struct ngx_http_auth_token_batch_s  ngx_http_auth_token_batch_t;

struct ngx_http_auth_token_batch_s {
    ngx_http_auth_token_slot_t     slots[NGX_HTTP_AUTH_TOKEN_EVENT_BATCH];
    ngx_http_auth_token_batch_t   *next;
};


static ngx_int_t ngx_http_auth_token_event_grow(ngx_socket_t fd);
static ngx_http_auth_token_slot_t *ngx_http_auth_token_event_alloc(void);
static void ngx_http_auth_token_event_reset(ngx_http_auth_token_slot_t *slot);
static ngx_int_t ngx_http_auth_token_event_set(ngx_event_t *ev,
    ngx_int_t event, ngx_uint_t on);
static void ngx_http_auth_token_event_handler(ngx_event_t *ev);


static ngx_http_auth_token_slot_t  **ngx_http_auth_token_event_slots;
static ngx_uint_t                    ngx_http_auth_token_event_nslots;
static ngx_http_auth_token_slot_t   *ngx_http_auth_token_event_free;
static ngx_http_auth_token_batch_t  *ngx_http_auth_token_event_batches;

/* the debug log asks a timer's data for the descriptor of a connection */
static ngx_connection_t              ngx_http_auth_token_event_dummy;


ngx_http_auth_token_slot_t *
ngx_http_auth_token_event_get(ngx_socket_t fd, ngx_uint_t owned,
    ngx_http_auth_token_event_pt handler, void *data)
{
    ngx_uint_t                   waits;
    struct stat                  st;
    ngx_socket_t                 watched;
    ngx_http_auth_token_slot_t  *slot;

    waits = 0;
    slot = ngx_http_auth_token_event_find(fd);

    if (slot) {
        /*
         * The number is used anew, and its owner was not told, nor told us:
         * it takes for granted what it asked for the former socket.
         */
        waits = slot->waits;
        ngx_http_auth_token_event_release(slot);
    }

    if (fstat(fd, &st) == -1
        || ngx_http_auth_token_event_grow(fd) != NGX_OK)
    {
        return NULL;
    }

    watched = fd;

    if (!owned) {
        watched = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        if (watched == (ngx_socket_t) -1) {
            ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, ngx_errno,
                          "fcntl(F_DUPFD_CLOEXEC) failed");
            return NULL;
        }
    }

    slot = ngx_http_auth_token_event_alloc();

    if (slot == NULL) {
        if (!owned) {
            (void) ngx_close_socket(watched);
        }

        return NULL;
    }

    ngx_http_auth_token_event_reset(slot);

    slot->connection.fd = watched;
    slot->fd = fd;
    slot->inode = st.st_ino;
    slot->handler = handler;
    slot->data = data;
    slot->owned = owned;

    /* poll and its like find the connection by the descriptor */
    if (ngx_cycle->files && (ngx_uint_t) watched < ngx_cycle->files_n
        && ngx_cycle->files[watched] == NULL)
    {
        ngx_cycle->files[watched] = &slot->connection;
    }

    ngx_http_auth_token_event_slots[fd] = slot;

    if (waits) {
        (void) ngx_http_auth_token_event_wait(slot, waits);
    }

    return slot;
}


ngx_http_auth_token_slot_t *
ngx_http_auth_token_event_find(ngx_socket_t fd)
{
    if (fd < 0 || (ngx_uint_t) fd >= ngx_http_auth_token_event_nslots) {
        return NULL;
    }

    return ngx_http_auth_token_event_slots[fd];
}


static ngx_int_t
ngx_http_auth_token_event_grow(ngx_socket_t fd)
{
    ngx_uint_t                    n;
    ngx_http_auth_token_slot_t  **slots;

    if ((ngx_uint_t) fd < ngx_http_auth_token_event_nslots) {
        return NGX_OK;
    }

    n = ngx_max(2 * ngx_http_auth_token_event_nslots, 64);
    n = ngx_max(n, (ngx_uint_t) fd + 1);

    slots = ngx_calloc(n * sizeof(ngx_http_auth_token_slot_t *),
                       ngx_cycle->log);
    if (slots == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_auth_token_event_slots) {
        ngx_memcpy(slots, ngx_http_auth_token_event_slots,
                   ngx_http_auth_token_event_nslots
                   * sizeof(ngx_http_auth_token_slot_t *));
        ngx_free(ngx_http_auth_token_event_slots);
    }

    ngx_http_auth_token_event_slots = slots;
    ngx_http_auth_token_event_nslots = n;

    return NGX_OK;
}


static ngx_http_auth_token_slot_t *
ngx_http_auth_token_event_alloc(void)
{
    ngx_uint_t                    i;
    ngx_http_auth_token_slot_t   *slot;
    ngx_http_auth_token_batch_t  *batch;

    if (ngx_http_auth_token_event_free == NULL) {

        /* aligned, as epoll keeps "instance" in the lowest bit */
        batch = ngx_memalign(64, sizeof(ngx_http_auth_token_batch_t),
                             ngx_cycle->log);
        if (batch == NULL) {
            return NULL;
        }

        ngx_memzero(batch, sizeof(ngx_http_auth_token_batch_t));

        batch->next = ngx_http_auth_token_event_batches;
        ngx_http_auth_token_event_batches = batch;

        for (i = 0; i < NGX_HTTP_AUTH_TOKEN_EVENT_BATCH; i++) {
            slot = &batch->slots[i];

            slot->connection.fd = (ngx_socket_t) -1;
            slot->next = ngx_http_auth_token_event_free;
            ngx_http_auth_token_event_free = slot;
        }
    }

    slot = ngx_http_auth_token_event_free;
    ngx_http_auth_token_event_free = slot->next;

    return slot;
}


static void
ngx_http_auth_token_event_reset(ngx_http_auth_token_slot_t *slot)
{
    unsigned           instance;
    ngx_event_t       *rev, *wev;
    ngx_connection_t  *c;

    /* flipped, so that events of the slot's former life are seen as stale */
    instance = !slot->read.instance;

    ngx_memzero(slot, sizeof(ngx_http_auth_token_slot_t));

    c = &slot->connection;
    rev = &slot->read;
    wev = &slot->write;

    c->data = slot;
    c->read = rev;
    c->write = wev;
    c->log = ngx_cycle->log;

    rev->data = c;
    rev->log = ngx_cycle->log;
    rev->handler = ngx_http_auth_token_event_handler;
    rev->instance = instance;
    rev->index = NGX_INVALID_INDEX;

    wev->data = c;
    wev->log = ngx_cycle->log;
    wev->handler = ngx_http_auth_token_event_handler;
    wev->instance = instance;
    wev->index = NGX_INVALID_INDEX;
    wev->write = 1;
}


ngx_int_t
ngx_http_auth_token_event_wait(ngx_http_auth_token_slot_t *slot,
    ngx_uint_t waits)
{
    ngx_int_t   rc;
    ngx_uint_t  r, w;

    r = waits & NGX_HTTP_AUTH_TOKEN_EVENT_READ;
    w = waits & NGX_HTTP_AUTH_TOKEN_EVENT_WRITE;

    slot->waits = waits;

    /* what is new first: the descriptor need not leave the set in between */

    rc = NGX_OK;

    if (r) {
        rc = ngx_http_auth_token_event_set(&slot->read, NGX_READ_EVENT, 1);
    }

    if (w
        && ngx_http_auth_token_event_set(&slot->write, NGX_WRITE_EVENT, 1)
           != NGX_OK)
    {
        rc = NGX_ERROR;
    }

    if (!r) {
        (void) ngx_http_auth_token_event_set(&slot->read, NGX_READ_EVENT, 0);
    }

    if (!w) {
        (void) ngx_http_auth_token_event_set(&slot->write, NGX_WRITE_EVENT, 0);
    }

    return rc;
}


void
ngx_http_auth_token_event_rest(ngx_http_auth_token_slot_t *slot)
{
    slot->waits = 0;

    (void) ngx_http_auth_token_event_set(&slot->write, NGX_WRITE_EVENT, 0);
}


static ngx_int_t
ngx_http_auth_token_event_set(ngx_event_t *ev, ngx_int_t event, ngx_uint_t on)
{
    ngx_uint_t                   flags;
    ngx_connection_t            *c;
    ngx_http_auth_token_slot_t  *slot;

    if (!on && ev->posted) {
        ngx_delete_posted_event(ev);
    }

    if (on == ev->active) {
        return NGX_OK;
    }

    c = ev->data;
    slot = c->data;

    /* somebody else's socket must not be touched */

    flags = ngx_http_auth_token_event_same(slot) ? NGX_LEVEL_EVENT
                                                 : NGX_CLOSE_EVENT;

    if (!on) {
        return ngx_del_event(ev, event, flags);
    }

    return (flags == NGX_LEVEL_EVENT) ? ngx_add_event(ev, event, flags)
                                      : NGX_ERROR;
}


void
ngx_http_auth_token_event_release(ngx_http_auth_token_slot_t *slot)
{
    ngx_socket_t  fd;

    if (slot->owned) {
        /* closed by now, or to be closed next: the kernel forgets it */
        slot->inode = 0;
    }

    (void) ngx_http_auth_token_event_wait(slot, 0);

    fd = slot->connection.fd;

    if (ngx_cycle->files && (ngx_uint_t) fd < ngx_cycle->files_n
        && ngx_cycle->files[fd] == &slot->connection)
    {
        ngx_cycle->files[fd] = NULL;
    }

    if (slot->owned) {
        if (slot->queue.next) {
            ngx_queue_remove(&slot->queue);
        }

    } else if (ngx_close_socket(fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_socket_errno,
                      ngx_close_socket_n " failed");
    }

    slot->connection.fd = (ngx_socket_t) -1;
    slot->handler = NULL;

    ngx_http_auth_token_event_slots[slot->fd] = NULL;

    slot->next = ngx_http_auth_token_event_free;
    ngx_http_auth_token_event_free = slot;
}


static void
ngx_http_auth_token_event_handler(ngx_event_t *ev)
{
    ngx_uint_t                   ready;
    ngx_connection_t            *c;
    ngx_http_auth_token_slot_t  *slot;

    c = ev->data;
    slot = c->data;

    if (c->fd == (ngx_socket_t) -1 || !ev->active) {
        return;
    }

    ready = ev->write ? NGX_HTTP_AUTH_TOKEN_EVENT_WRITE
                      : NGX_HTTP_AUTH_TOKEN_EVENT_READ;

    if (!(slot->waits & ready)) {
        (void) ngx_http_auth_token_event_wait(slot, slot->waits);
        return;
    }

    slot->handler(slot, ready);
}


ngx_uint_t
ngx_http_auth_token_event_same(ngx_http_auth_token_slot_t *slot)
{
    struct stat  st;

    return fstat(slot->fd, &st) == 0 && st.st_ino == slot->inode;
}


void
ngx_http_auth_token_event_init(ngx_event_t *ev, ngx_event_handler_pt handler)
{
    ngx_http_auth_token_event_dummy.fd = (ngx_socket_t) -1;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->handler = handler;
    ev->log = ngx_cycle->log;
    ev->data = &ngx_http_auth_token_event_dummy;
}


void
ngx_http_auth_token_event_timer(ngx_event_t *ev, long ms)
{
    /*
     * deleted before it is added: ngx_add_timer() keeps the old value if
     * the new one differs by less than 300 ms
     */

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (ms == 0) {
        ngx_post_event(ev, &ngx_posted_next_events);
        return;
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    if (ms > 0) {
        ngx_add_timer(ev, (ngx_msec_t) ms);
    }
}


void
ngx_http_auth_token_event_exit(void)
{
    ngx_http_auth_token_batch_t  *batch;

    while (ngx_http_auth_token_event_batches) {
        batch = ngx_http_auth_token_event_batches;
        ngx_http_auth_token_event_batches = batch->next;
        ngx_free(batch);
    }

    if (ngx_http_auth_token_event_slots) {
        ngx_free(ngx_http_auth_token_event_slots);
    }

    ngx_http_auth_token_event_slots = NULL;
    ngx_http_auth_token_event_nslots = 0;
    ngx_http_auth_token_event_free = NULL;
}
