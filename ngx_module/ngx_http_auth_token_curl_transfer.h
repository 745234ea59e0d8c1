
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Private to the ngx_http_auth_token_curl*.c files, the only ones that know
 * libcurl: a hub for each authority, with lanes, a transfer for each fetch.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_CURL_TRANSFER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_CURL_TRANSFER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <curl/curl.h>

#include "ngx_http_auth_token_answer.h"
#include "ngx_http_auth_token_curl.h"
#include "ngx_http_auth_token_event.h"


/* streams of an HTTP/2 connection */
#define NGX_HTTP_AUTH_TOKEN_CURL_STREAMS  100

/*
 * Connections of a multi handle, at most: libcurl looks through all of them
 * for each transfer.
 */
#define NGX_HTTP_AUTH_TOKEN_CURL_LANE     64

/*
 * Easy handles that wait for a transfer; each has a buffer of 16k.  As many as
 * may end in one turn of the event loop: at least so many, and one for so many
 * connections.
 */
#define NGX_HTTP_AUTH_TOKEN_CURL_SPARE    32
#define NGX_HTTP_AUTH_TOKEN_CURL_SPARES   4


typedef struct ngx_http_auth_token_hub_s  ngx_http_auth_token_hub_t;
typedef struct ngx_http_auth_token_transfer_s  ngx_http_auth_token_transfer_t;


typedef struct {
    ngx_uint_t                       n;
    CURL                           **easy;
} ngx_http_auth_token_spare_t;


/* a multi handle, which has a share of the hub's connections */

typedef struct {
    ngx_http_auth_token_hub_t       *hub;        /* set once */
    ngx_uint_t                       max;        /* connections, set once */
    CURLM                           *multi;      /* NULL: none yet */
    ngx_event_t                      tick;       /* libcurl's only timer */

    ngx_queue_t                      slots;      /* open connections */
    ngx_queue_t                      active;     /* in the multi handle */
    ngx_uint_t                       nactive;
    ngx_uint_t                       freed;      /* connections, this turn */
    ngx_msec_t                       since;      /* nothing is active */
} ngx_http_auth_token_lane_t;


/*
 * A worker's multi handles for one authority.  Not those of all: libcurl
 * compares what it knows of before it reuses a connection, and it knows nothing
 * of the trust store and the client certificate, which an SSL_CTX callback
 * sets.
 */

struct ngx_http_auth_token_hub_s {
    ngx_queue_t                      queue;      /* all hubs */
    ngx_http_auth_token_reach_t     *reach;
    struct curl_slist               *resolve;
    CURLSH                          *names;      /* of all lanes, or NULL */
    ngx_http_auth_token_spare_t      spare[2];   /* of http, of https */
    ngx_uint_t                       nspare;     /* at most, of each */

    ngx_http_auth_token_lane_t      *lanes;
    ngx_uint_t                       nlanes;
    ngx_uint_t                       nactive;    /* in all lanes */
    ngx_msec_t                       swept;
    ngx_queue_t                      waiting;    /* for their turn */
    ngx_http_auth_token_transfer_t  *resolving;
    ngx_uint_t                       answered;   /* transfers, so far */
    ngx_msec_t                       slow_until;
    unsigned                         slow:1;     /* the resolver was */
    ngx_msec_t                       distrust;   /* until then */
    unsigned                         distrusts:1;
    unsigned                         http2:1;    /* the last of TLS is */
    unsigned                         known:1;    /* there was one */
};


typedef enum {
    NGX_HTTP_AUTH_TOKEN_TRANSFER_WAITING = 0,
    NGX_HTTP_AUTH_TOKEN_TRANSFER_ACTIVE,
    NGX_HTTP_AUTH_TOKEN_TRANSFER_DONE
} ngx_http_auth_token_transfer_state_e;


struct ngx_http_auth_token_transfer_s {
    ngx_queue_t                      queue;
    ngx_http_auth_token_hub_t       *hub;
    ngx_http_auth_token_lane_t      *lane;       /* the last it was in */
    ngx_http_auth_token_fetch_t     *fetch;      /* NULL: canceled */
    CURL                            *easy;       /* NULL: waits, or ended */
    ngx_http_auth_token_answer_t     answer;

    /*
     * Not cancelable, and set until the handler was called: nothing else
     * keeps an exiting worker alive for those who wait.
     */
    ngx_event_t                      deadline;
    ngx_msec_t                       end;
    ngx_uint_t                       answered;   /* when it came */

    /* the request: one piece of memory, wiped at the end */
    u_char                          *memory;
    size_t                           size;
    char                            *method;
    char                            *url;
    u_char                          *body;
    size_t                           body_len;
    struct curl_slist               *headers;
    struct curl_slist               *connect_to;

    ngx_http_auth_token_slot_t      *opened;     /* NULL: none yet */
    ngx_http_auth_token_slot_t      *slot;       /* NULL: not known */
    CURLcode                         result;
    ngx_uint_t                       status;
    const char                      *error;
    const char                      *detail;
    ngx_err_t                        err;

    ngx_http_auth_token_transfer_state_e  state;
    unsigned                         https:1;
    unsigned                         numeric:1;  /* the host is an address */
    unsigned                         idempotent:1;
    unsigned                         retried:1;
    unsigned                         reused:1;   /* no connection was made */
    unsigned                         crowded:1;  /* too many name look-ups */
    unsigned                         sent:1;     /* or about to be */
    unsigned                         held:1;     /* no name look-up now */
    unsigned                         dirty:1;    /* nothing was sent */
    unsigned                         early:1;    /* answer before request */
    unsigned                         whole:1;    /* went well to its end */
    unsigned                         queued:1;   /* no connection was free */
};


/* ngx_http_auth_token_curl.c */

/* transfers that have ended, and the event that calls their handlers */
extern ngx_queue_t  ngx_http_auth_token_curl_finished;
extern ngx_event_t  ngx_http_auth_token_curl_event;


/* ngx_http_auth_token_curl_transfer.c */

/*
 * Gives a waiting transfer to libcurl, or takes one out of whatever queue it
 * is in.  A transfer that cannot be given is posted as failed.
 */
void ngx_http_auth_token_curl_transfer_begin(
    ngx_http_auth_token_transfer_t *t, ngx_http_auth_token_lane_t *lane);
void ngx_http_auth_token_curl_transfer_remove(
    ngx_http_auth_token_transfer_t *t);

/* frees it, and all that it holds */
void ngx_http_auth_token_curl_transfer_free(
    ngx_http_auth_token_transfer_t *t);

/*
 * _turn() is due after each call that may have ended transfers, _next()
 * after one was removed.  Never from inside a callback of libcurl.
 */
void ngx_http_auth_token_curl_transfer_turn(ngx_http_auth_token_lane_t *lane);
void ngx_http_auth_token_curl_transfer_next(ngx_http_auth_token_hub_t *hub);

/* the handler of t->deadline */
void ngx_http_auth_token_curl_transfer_late(ngx_event_t *ev);

/* whether it had to wait for a connection, while others were answered */
ngx_uint_t ngx_http_auth_token_curl_transfer_unserved(
    ngx_http_auth_token_transfer_t *t);

/* ends all that the multi handle has, as failed */
void ngx_http_auth_token_curl_transfer_abandon(
    ngx_http_auth_token_lane_t *lane);


/* ngx_http_auth_token_curl_request.c */

/*
 * Copies what is borrowed in "send" into the transfer, as libcurl will want
 * it.  NGX_ERROR: not a URL that may be asked, or no memory.
 */
ngx_int_t ngx_http_auth_token_curl_request_create(
    ngx_http_auth_token_transfer_t *t, ngx_http_auth_token_send_t *send);

/* wipes and frees the above */
void ngx_http_auth_token_curl_request_wipe(ngx_http_auth_token_transfer_t *t);


/* ngx_http_auth_token_curl_option.c */

/*
 * Options of a new t->easy that are the same for all of the hub's transfers
 * with t->https, and those of this one; the rest are those of the moment.
 * NGX_ERROR: libcurl refused one.
 */
ngx_int_t ngx_http_auth_token_curl_option_init(
    ngx_http_auth_token_transfer_t *t);
ngx_int_t ngx_http_auth_token_curl_option_set(
    ngx_http_auth_token_transfer_t *t);

/*
 * Static text for what went wrong; whether it was the server or the way there,
 * before there was a whole answer.
 */
const char *ngx_http_auth_token_curl_option_error(
    ngx_http_auth_token_transfer_t *t);
ngx_uint_t ngx_http_auth_token_curl_option_again(
    ngx_http_auth_token_transfer_t *t);


/* ngx_http_auth_token_curl_easy.c */

/*
 * Sets t->easy, with all options but those of the moment; gives it back, or
 * frees it.  NGX_ERROR: no memory; give it back all the same.
 */
ngx_int_t ngx_http_auth_token_curl_easy_take(
    ngx_http_auth_token_transfer_t *t);
void ngx_http_auth_token_curl_easy_leave(ngx_http_auth_token_transfer_t *t);

/* room for those that no transfer has, of a new hub; frees them, and it */
ngx_int_t ngx_http_auth_token_curl_easy_init(ngx_http_auth_token_hub_t *hub);
void ngx_http_auth_token_curl_easy_clear(ngx_http_auth_token_hub_t *hub);


/* ngx_http_auth_token_curl_hub.c */

/*
 * The hub of "reach" in this worker, made at its first use; NULL: no memory.
 */
ngx_http_auth_token_hub_t *ngx_http_auth_token_curl_hub_get(
    ngx_http_auth_token_reach_t *reach);
void ngx_http_auth_token_curl_hub_free(ngx_http_auth_token_hub_t *hub);

/*
 * The lane that can take the transfer now; NULL: it waits.  Not from inside a
 * callback of libcurl.
 */
ngx_http_auth_token_lane_t *ngx_http_auth_token_curl_hub_lane(
    ngx_http_auth_token_transfer_t *t);


/* ngx_http_auth_token_curl_lane.c */

/* set before the multi handles are taken down */
extern ngx_uint_t  ngx_http_auth_token_curl_closing;

/* a lane of zeroes becomes one of "hub", with "max" connections */
void ngx_http_auth_token_curl_lane_init(ngx_http_auth_token_lane_t *lane,
    ngx_http_auth_token_hub_t *hub, ngx_uint_t max);

/*
 * _multi(): the multi handle, made when there is none; NULL: no memory.
 * _drop(): closes it and its connections; no transfer may be in it.
 */
CURLM *ngx_http_auth_token_curl_lane_multi(ngx_http_auth_token_lane_t *lane);
void ngx_http_auth_token_curl_lane_drop(ngx_http_auth_token_lane_t *lane);

/* callbacks of libcurl */
curl_socket_t ngx_http_auth_token_curl_lane_open(void *data,
    curlsocktype purpose, struct curl_sockaddr *addr);
int ngx_http_auth_token_curl_lane_close(void *data, curl_socket_t fd);


/* ngx_http_auth_token_curl_guard.c */

/* callback of libcurl: the last look at a connection before it is used */
int ngx_http_auth_token_curl_guard_prereq(void *data, char *ip,
    char *local_ip, int port, int local_port);

/* bytes or an end came on a connection that is idle: it is not used again */
void ngx_http_auth_token_curl_guard_intrusion(
    ngx_http_auth_token_slot_t *slot);

/*
 * The authority was seen to send answers unasked; whether connections to it
 * may be used more than once.
 */
void ngx_http_auth_token_curl_guard_distrust(ngx_http_auth_token_hub_t *hub);
ngx_uint_t ngx_http_auth_token_curl_guard_trusts(
    ngx_http_auth_token_hub_t *hub);

/*
 * To be called when libcurl reports the end of a transfer: its connection,
 * if it is kept, is watched from now on.
 */
void ngx_http_auth_token_curl_guard_leave(ngx_http_auth_token_transfer_t *t);


/* ngx_http_auth_token_curl_name.c */

/* callback of libcurl: a name is about to be resolved */
int ngx_http_auth_token_curl_name_start(void *state, void *reserved,
    void *data);

/*
 * The transfer needs its name no more.  "left": the thread may still be at
 * work.
 */
void ngx_http_auth_token_curl_name_end(ngx_http_auth_token_transfer_t *t,
    ngx_uint_t left);

/* whether any thread may be at work */
ngx_uint_t ngx_http_auth_token_curl_name_busy(void);


#endif /* _NGX_HTTP_AUTH_TOKEN_CURL_TRANSFER_H_INCLUDED_ */
