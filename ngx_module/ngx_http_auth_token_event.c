
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

#if (NGX_LINUX)
#include <sys/ioctl.h>
#include <linux/sockios.h>
#endif

#include "ngx_http_auth_token_event.h"


#define NGX_HTTP_AUTH_TOKEN_EVENT_BATCH  32


static ngx_int_t ngx_http_auth_token_event_grow(ngx_socket_t fd);
static ngx_http_auth_token_slot_t *ngx_http_auth_token_event_alloc(void);
static void ngx_http_auth_token_event_reset(ngx_http_auth_token_slot_t *slot);
static ngx_int_t ngx_http_auth_token_event_set(ngx_event_t *ev,
    ngx_int_t event, ngx_uint_t on);
static void ngx_http_auth_token_event_handler(ngx_event_t *ev);


static ngx_http_auth_token_slot_t  **ngx_http_auth_token_event_slots;
static ngx_uint_t                    ngx_http_auth_token_event_nslots;
static ngx_http_auth_token_slot_t   *ngx_http_auth_token_event_free;

/* the debug log asks a timer's data for the descriptor of a connection */
static ngx_connection_t              ngx_http_auth_token_event_dummy;


ngx_http_auth_token_slot_t *
ngx_http_auth_token_event_get(ngx_socket_t fd, ngx_uint_t owned,
    ngx_http_auth_token_event_pt handler, void *data)
{
    ngx_socket_t                 watched;
    ngx_http_auth_token_slot_t  *slot;

    slot = ngx_http_auth_token_event_find(fd);

    if (slot) {
        /* the number is used anew: its former owner did not tell */
        ngx_http_auth_token_event_release(slot);
    }

    if (ngx_http_auth_token_event_grow(fd) != NGX_OK) {
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
    size_t                       size;
    ngx_uint_t                   i;
    ngx_http_auth_token_slot_t  *slot;

    if (ngx_http_auth_token_event_free == NULL) {
        size = NGX_HTTP_AUTH_TOKEN_EVENT_BATCH
               * sizeof(ngx_http_auth_token_slot_t);

        /* aligned, as epoll keeps "instance" in the lowest bit */
        slot = ngx_memalign(64, size, ngx_cycle->log);
        if (slot == NULL) {
            return NULL;
        }

        ngx_memzero(slot, size);

        for (i = 0; i < NGX_HTTP_AUTH_TOKEN_EVENT_BATCH; i++) {
            slot[i].connection.fd = (ngx_socket_t) -1;
            slot[i].next = ngx_http_auth_token_event_free;
            ngx_http_auth_token_event_free = &slot[i];
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
    if (on) {
        return ev->active ? NGX_OK
                          : ngx_add_event(ev, event, NGX_LEVEL_EVENT);
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    return ev->active ? ngx_del_event(ev, event, NGX_LEVEL_EVENT) : NGX_OK;
}


void
ngx_http_auth_token_event_release(ngx_http_auth_token_slot_t *slot)
{
    ngx_socket_t  fd;

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


ngx_int_t
ngx_http_auth_token_event_silent(ngx_http_auth_token_slot_t *slot)
{
    u_char   buf[1];
    ssize_t  n;

    n = recv(slot->connection.fd, buf, 1, MSG_PEEK|MSG_DONTWAIT);

    if (n == -1 && ngx_socket_errno == NGX_EAGAIN) {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_auth_token_event_kill(ngx_http_auth_token_slot_t *slot)
{
    u_char      buf[4096];
    ssize_t     n;
    ngx_int_t   rc;
    ngx_uint_t  i;

    slot->dirty = 1;

    if (!slot->idle) {
        /* its owner is told by the event */
        (void) ngx_shutdown_socket(slot->connection.fd, SHUT_RDWR);
        return NGX_OK;
    }

    (void) ngx_http_auth_token_event_wait(slot, 0);

    /*
     * libcurl 7.88 takes a connection for dead only if recv() finds the end,
     * so what was sent must be gone; bounded, the peer may go on sending
     */

    n = 1;

    for (i = 0; i < 256 && n > 0; i++) {
        n = recv(slot->connection.fd, buf, sizeof(buf), MSG_DONTWAIT);
    }

    rc = (n > 0 || (n == -1 && ngx_socket_errno == NGX_EAGAIN)) ? NGX_OK
                                                                : NGX_DONE;

    (void) ngx_shutdown_socket(slot->connection.fd, SHUT_RDWR);

    return rc;
}


in_port_t
ngx_http_auth_token_event_port(ngx_http_auth_token_slot_t *slot)
{
    socklen_t       len;
    ngx_sockaddr_t  sa;

    if (slot->port == 0) {
        len = sizeof(ngx_sockaddr_t);

        if (getsockname(slot->connection.fd, &sa.sockaddr, &len) == 0) {
            slot->port = ngx_inet_get_port(&sa.sockaddr);
        }
    }

    return slot->port;
}


ngx_int_t
ngx_http_auth_token_event_unacked(ngx_http_auth_token_slot_t *slot)
{
#ifdef SIOCOUTQ
    int  n;

    if (ioctl(slot->connection.fd, SIOCOUTQ, &n) == 0) {
        return n;
    }
#endif

    return -1;
}


ngx_int_t
ngx_http_auth_token_event_silence(ngx_http_auth_token_slot_t *slot)
{
#if (NGX_LINUX && NGX_HAVE_TCP_INFO)
    socklen_t        len;
    struct tcp_info  ti;

    len = sizeof(struct tcp_info);

    if (getsockopt(slot->connection.fd, IPPROTO_TCP, TCP_INFO, &ti, &len)
        == 0)
    {
        return ti.tcpi_last_data_recv;
    }
#endif

    return -1;
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
