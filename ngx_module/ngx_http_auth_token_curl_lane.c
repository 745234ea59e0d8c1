
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns a multi handle and what happens on its sockets: libcurl asks for
 * events, timers, descriptors and names here.  No callback fails on purpose
 * with -1: that would end all transfers of the handle for good.
 */

#include "ngx_http_auth_token_curl_transfer.h"
#include "ngx_http_auth_token_tls.h"


static ngx_int_t ngx_http_auth_token_curl_lane_create(
    ngx_http_auth_token_lane_t *lane);
static void ngx_http_auth_token_curl_lane_act(ngx_http_auth_token_lane_t *lane,
    curl_socket_t fd, int mask);
static int ngx_http_auth_token_curl_lane_socket(CURL *easy, curl_socket_t fd,
    int what, void *data, void *socketp);
static int ngx_http_auth_token_curl_lane_timer(CURLM *multi, long ms,
    void *data);
static void ngx_http_auth_token_curl_lane_ready(
    ngx_http_auth_token_slot_t *slot, ngx_uint_t ready);
static void ngx_http_auth_token_curl_lane_tick(ngx_event_t *ev);


ngx_uint_t  ngx_http_auth_token_curl_closing;


void
ngx_http_auth_token_curl_lane_init(ngx_http_auth_token_lane_t *lane,
    ngx_http_auth_token_hub_t *hub, ngx_uint_t max)
{
    lane->hub = hub;
    lane->max = max;

    ngx_queue_init(&lane->slots);
    ngx_queue_init(&lane->active);

    ngx_http_auth_token_event_init(&lane->tick,
                                   ngx_http_auth_token_curl_lane_tick);

    /* as the transfers' deadlines: it may be left at exit */
    lane->tick.cancelable = 1;
}


CURLM *
ngx_http_auth_token_curl_lane_multi(ngx_http_auth_token_lane_t *lane)
{
    if (lane->multi == NULL
        && ngx_http_auth_token_curl_lane_create(lane) != NGX_OK)
    {
        ngx_http_auth_token_curl_lane_drop(lane);
    }

    return lane->multi;
}


static ngx_int_t
ngx_http_auth_token_curl_lane_create(ngx_http_auth_token_lane_t *lane)
{
    long       max;
    CURLM     *multi;
    unsigned   failed;

    multi = curl_multi_init();

    if (multi == NULL) {
        return NGX_ERROR;
    }

    lane->multi = multi;

    max = (long) lane->max;

    failed = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
                               ngx_http_auth_token_curl_lane_socket);
    failed |= curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, lane);
    failed |= curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION,
                                ngx_http_auth_token_curl_lane_timer);
    failed |= curl_multi_setopt(multi, CURLMOPT_TIMERDATA, lane);
    failed |= curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, max);
    failed |= curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, max);
    failed |= curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                                CURLPIPE_MULTIPLEX);
#if (LIBCURL_VERSION_NUM >= 0x081400)
    failed |= curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L);
#endif

    return failed ? NGX_ERROR : NGX_OK;
}


void
ngx_http_auth_token_curl_lane_drop(ngx_http_auth_token_lane_t *lane)
{
    if (lane->multi) {
        (void) curl_multi_cleanup(lane->multi);
        lane->multi = NULL;
    }

    ngx_http_auth_token_event_timer(&lane->tick, -1);
}


static int
ngx_http_auth_token_curl_lane_socket(CURL *easy, curl_socket_t fd, int what,
    void *data, void *socketp)
{
    ngx_uint_t                   waits;
    ngx_http_auth_token_lane_t  *lane = data;
    ngx_http_auth_token_slot_t  *slot;

    slot = ngx_http_auth_token_event_find(fd);

    if (slot && !slot->used && !ngx_http_auth_token_event_same(slot)) {
        ngx_http_auth_token_event_release(slot);
        slot = NULL;
    }

    switch (what) {

    case CURL_POLL_IN:
        waits = NGX_HTTP_AUTH_TOKEN_EVENT_READ;
        break;

    case CURL_POLL_OUT:
        waits = NGX_HTTP_AUTH_TOKEN_EVENT_WRITE;
        break;

    case CURL_POLL_INOUT:
        waits = NGX_HTTP_AUTH_TOKEN_EVENT_READ|NGX_HTTP_AUTH_TOKEN_EVENT_WRITE;
        break;

    default: /* CURL_POLL_REMOVE */

        if (slot && slot->owned) {
            /* most often it is idle now, and is watched further */
            ngx_http_auth_token_event_rest(slot);

        } else if (slot) {
            ngx_http_auth_token_event_release(slot);
        }

        return 0;
    }

    if (ngx_http_auth_token_curl_closing) {
        return 0;
    }

    if (slot == NULL) {
        /* of the resolver */
        slot = ngx_http_auth_token_event_get(
                   fd, 0, ngx_http_auth_token_curl_lane_ready, lane);
    }

    /* on failure the transfer ends by its deadline */

    if (slot) {
        slot->idle = 0;
        (void) ngx_http_auth_token_event_wait(slot, waits);
    }

    return 0;
}


static int
ngx_http_auth_token_curl_lane_timer(CURLM *multi, long ms, void *data)
{
    ngx_http_auth_token_lane_t  *lane = data;

    /* never run from here: libcurl refuses to be called by its callbacks */

    ngx_http_auth_token_event_timer(&lane->tick,
                                    ngx_http_auth_token_curl_closing ? -1
                                                                     : ms);

    return 0;
}


static void
ngx_http_auth_token_curl_lane_ready(ngx_http_auth_token_slot_t *slot,
    ngx_uint_t ready)
{
    int                          mask;
    ngx_http_auth_token_lane_t  *lane;

    if (slot->idle) {
        /*
         * Nobody asked, so these bytes would be taken for the answer to
         * the next request; or it is the end, which is no loss.
         */
        ngx_http_auth_token_curl_guard_intrusion(slot);
        return;
    }

    lane = slot->data;

    mask = (ready == NGX_HTTP_AUTH_TOKEN_EVENT_READ) ? CURL_CSELECT_IN
                                                     : CURL_CSELECT_OUT;

    ngx_http_auth_token_curl_lane_act(lane, slot->fd, mask);
}


static void
ngx_http_auth_token_curl_lane_tick(ngx_event_t *ev)
{
    ngx_http_auth_token_lane_t  *lane;

    lane = (ngx_http_auth_token_lane_t *)
               ((u_char *) ev - offsetof(ngx_http_auth_token_lane_t, tick));

    ngx_http_auth_token_curl_lane_act(lane, CURL_SOCKET_TIMEOUT, 0);
}


static void
ngx_http_auth_token_curl_lane_act(ngx_http_auth_token_lane_t *lane,
    curl_socket_t fd, int mask)
{
    int  running;

    if (lane->multi == NULL) {
        return;
    }

    if (curl_multi_socket_action(lane->multi, fd, mask, &running)
        != CURLM_OK)
    {
        /*
         * Out of memory.  libcurl 7.88.1 leaves a socket's table of transfers
         * destroyed, and divides by its size when that is used the next time.
         */
        ngx_http_auth_token_curl_transfer_abandon(lane);
        ngx_http_auth_token_curl_lane_drop(lane);
    }

    ngx_http_auth_token_curl_transfer_turn(lane);
}


curl_socket_t
ngx_http_auth_token_curl_lane_open(void *data, curlsocktype purpose,
    struct curl_sockaddr *addr)
{
    curl_socket_t                    fd;
    ngx_http_auth_token_slot_t      *slot;
    ngx_http_auth_token_transfer_t  *t = data;

    ngx_http_auth_token_curl_name_end(t, 0);

    if (t->fetch == NULL) {
        return CURL_SOCKET_BAD;
    }

    fd = socket(addr->family, addr->socktype|SOCK_CLOEXEC|SOCK_NONBLOCK,
                addr->protocol);

    if (fd == (curl_socket_t) -1) {
        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, ngx_socket_errno,
                      ngx_socket_n " failed");
        /* cppcheck-suppress resourceLeak ; there is none to be closed */
        return CURL_SOCKET_BAD;
    }

    slot = ngx_http_auth_token_event_get(fd, 1,
                                         ngx_http_auth_token_curl_lane_ready,
                                         t->lane);
    if (slot == NULL) {
        (void) ngx_close_socket(fd);
        return CURL_SOCKET_BAD;
    }

    ngx_queue_insert_tail(&t->lane->slots, &slot->queue);

    t->opened = slot;

    return fd;
}


int
ngx_http_auth_token_curl_lane_close(void *data, curl_socket_t fd)
{
    ngx_http_auth_token_slot_t  *slot;

    slot = ngx_http_auth_token_event_find(fd);

    if (slot) {
        ngx_http_auth_token_event_release(slot);
    }

    if (ngx_close_socket(fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_socket_errno,
                      ngx_close_socket_n " failed");
    }

    return 0;
}
