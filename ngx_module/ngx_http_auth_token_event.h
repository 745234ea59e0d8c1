
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Foreign sockets and timers on nginx's event loop: which descriptor waits
 * for what, and whom to call.  Knows neither libcurl nor requests; used by
 * the curl glue alone, in one worker.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_EVENT_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_EVENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


#define NGX_HTTP_AUTH_TOKEN_EVENT_READ   1
#define NGX_HTTP_AUTH_TOKEN_EVENT_WRITE  2


typedef struct ngx_http_auth_token_slot_s  ngx_http_auth_token_slot_t;

typedef void (*ngx_http_auth_token_event_pt)(ngx_http_auth_token_slot_t *slot,
    ngx_uint_t ready);


/*
 * A slot is not returned to the heap before the process ends: an event of
 * the batch in hand may still point to it after it was released.
 */

struct ngx_http_auth_token_slot_s {
    ngx_connection_t               connection;
    ngx_event_t                    read;
    ngx_event_t                    write;

    ngx_socket_t                   fd;      /* as its owner knows it */
    ino_t                          inode;   /* of what "fd" was then */
    ngx_uint_t                     waits;   /* EVENT_READ, EVENT_WRITE */
    ngx_http_auth_token_event_pt   handler;
    void                          *data;

    ngx_http_auth_token_slot_t    *next;    /* free */
    ngx_queue_t                    queue;   /* owned, for the handler's use */

    in_port_t                      port;    /* local, 0: not known yet */
    unsigned                       owned:1;
    unsigned                       used:1;  /* a request was sent */
    unsigned                       idle:1;  /* no request is on it */
    unsigned                       dirty:1; /* never to be used again */
};


/*
 * Gives "fd" a slot.  With "owned" clear the descriptor is not ours, may be
 * closed behind our back, and is watched through a duplicate.  NULL: no
 * memory or no descriptors.
 */
ngx_http_auth_token_slot_t *ngx_http_auth_token_event_get(ngx_socket_t fd,
    ngx_uint_t owned, ngx_http_auth_token_event_pt handler, void *data);
ngx_http_auth_token_slot_t *ngx_http_auth_token_event_find(ngx_socket_t fd);

/*
 * Calls slot->handler(slot, ready) whenever one of "waits" is possible, as
 * long as it is (level-triggered).  NGX_ERROR: the event could not be added.
 */
ngx_int_t ngx_http_auth_token_event_wait(ngx_http_auth_token_slot_t *slot,
    ngx_uint_t waits);

/*
 * Nothing is waited for.  The descriptor may stay registered for reading
 * until it is ready or waited for again, which spares system calls.
 */
void ngx_http_auth_token_event_rest(ngx_http_auth_token_slot_t *slot);

/*
 * Takes the slot back; to be called before the descriptor is closed.
 */
void ngx_http_auth_token_event_release(ngx_http_auth_token_slot_t *slot);

/*
 * Whether slot->fd still is what it was.  libcurl 7.88 closes a socket that
 * is not connected yet without a word, and the number is soon used again.
 */
ngx_uint_t ngx_http_auth_token_event_same(ngx_http_auth_token_slot_t *slot);

/*
 * An event without a descriptor, and its timer: "ms" < 0 deletes it, 0 runs
 * it in the next turn of the loop.
 */
void ngx_http_auth_token_event_init(ngx_event_t *ev,
    ngx_event_handler_pt handler);
void ngx_http_auth_token_event_timer(ngx_event_t *ev, long ms);

/* frees all slots, when there will be no more events */
void ngx_http_auth_token_event_exit(void);


#endif /* _NGX_HTTP_AUTH_TOKEN_EVENT_H_INCLUDED_ */
