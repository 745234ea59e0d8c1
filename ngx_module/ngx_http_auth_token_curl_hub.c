
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns the multi handles and what happens on their sockets: libcurl asks for
 * events, timers, descriptors and names here, and idle connections are
 * guarded here.  No callback fails on purpose with -1: that would end all
 * transfers of the handle for good.
 */

#include "ngx_http_auth_token_curl_transfer.h"
#include "ngx_http_auth_token_tls.h"


static ngx_int_t ngx_http_auth_token_curl_hub_create(
    ngx_http_auth_token_hub_t *hub);
static ngx_int_t ngx_http_auth_token_curl_hub_resolve(
    ngx_http_auth_token_hub_t *hub);
static void ngx_http_auth_token_curl_hub_act(ngx_http_auth_token_hub_t *hub,
    curl_socket_t fd, int mask);
static int ngx_http_auth_token_curl_hub_socket(CURL *easy, curl_socket_t fd,
    int what, void *data, void *socketp);
static int ngx_http_auth_token_curl_hub_timer(CURLM *multi, long ms,
    void *data);
static void ngx_http_auth_token_curl_hub_ready(ngx_http_auth_token_slot_t *slot,
    ngx_uint_t ready);
static void ngx_http_auth_token_curl_hub_tick(ngx_event_t *ev);


ngx_uint_t  ngx_http_auth_token_curl_closing;


ngx_http_auth_token_hub_t *
ngx_http_auth_token_curl_hub_get(ngx_http_auth_token_reach_t *reach)
{
    ngx_http_auth_token_hub_t  *hub;

    if (reach->hub) {
        return reach->hub;
    }

    hub = ngx_calloc(sizeof(ngx_http_auth_token_hub_t), ngx_cycle->log);
    if (hub == NULL) {
        return NULL;
    }

    hub->reach = reach;

    ngx_queue_init(&hub->slots);
    ngx_queue_init(&hub->active);
    ngx_queue_init(&hub->waiting);

    ngx_http_auth_token_event_init(&hub->tick,
                                   ngx_http_auth_token_curl_hub_tick);

    /* as the transfers' deadlines: it may be left at exit */
    hub->tick.cancelable = 1;

    if (ngx_http_auth_token_curl_hub_resolve(hub) != NGX_OK
        || ngx_http_auth_token_curl_hub_create(hub) != NGX_OK)
    {
        ngx_http_auth_token_curl_hub_free(hub);
        return NULL;
    }

    reach->hub = hub;

    return hub;
}


CURLM *
ngx_http_auth_token_curl_hub_multi(ngx_http_auth_token_hub_t *hub)
{
    if (hub->multi == NULL
        && ngx_http_auth_token_curl_hub_create(hub) != NGX_OK)
    {
        ngx_http_auth_token_curl_hub_drop(hub);
    }

    return hub->multi;
}


static ngx_int_t
ngx_http_auth_token_curl_hub_create(ngx_http_auth_token_hub_t *hub)
{
    long       max;
    CURLM     *multi;
    unsigned   failed;

    multi = curl_multi_init();

    if (multi == NULL) {
        return NGX_ERROR;
    }

    hub->multi = multi;

    max = (long) ngx_max(hub->reach->max_connections, 1);

    failed = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
                               ngx_http_auth_token_curl_hub_socket);
    failed |= curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, hub);
    failed |= curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION,
                                ngx_http_auth_token_curl_hub_timer);
    failed |= curl_multi_setopt(multi, CURLMOPT_TIMERDATA, hub);
    failed |= curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, max);
    failed |= curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, max);
    failed |= curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                                CURLPIPE_MULTIPLEX);
#if (LIBCURL_VERSION_NUM >= 0x081400)
    failed |= curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L);
#endif

    return failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_curl_hub_resolve(ngx_http_auth_token_hub_t *hub)
{
    char               *text;
    ngx_str_t          *name;
    ngx_uint_t          i;
    struct curl_slist  *list;

    if (hub->reach->resolve == NULL) {
        return NGX_OK;
    }

    name = hub->reach->resolve->elts;

    for (i = 0; i < hub->reach->resolve->nelts; i++) {

        text = ngx_alloc(name[i].len + 1, ngx_cycle->log);
        if (text == NULL) {
            return NGX_ERROR;
        }

        *ngx_cpymem(text, name[i].data, name[i].len) = '\0';

        list = curl_slist_append(hub->resolve, text);

        ngx_free(text);

        if (list == NULL) {
            return NGX_ERROR;
        }

        hub->resolve = list;
    }

    return NGX_OK;
}


void
ngx_http_auth_token_curl_hub_drop(ngx_http_auth_token_hub_t *hub)
{
    if (hub->multi) {
        (void) curl_multi_cleanup(hub->multi);
        hub->multi = NULL;
    }

    ngx_http_auth_token_event_timer(&hub->tick, -1);
}


void
ngx_http_auth_token_curl_hub_free(ngx_http_auth_token_hub_t *hub)
{
    ngx_http_auth_token_curl_easy_clear(hub);
    ngx_http_auth_token_curl_hub_drop(hub);

    curl_slist_free_all(hub->resolve);

    ngx_http_auth_token_tls_clear();

    hub->reach->hub = NULL;

    ngx_free(hub);
}


static int
ngx_http_auth_token_curl_hub_socket(CURL *easy, curl_socket_t fd, int what,
    void *data, void *socketp)
{
    ngx_uint_t                   waits;
    ngx_http_auth_token_hub_t   *hub = data;
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
        slot = ngx_http_auth_token_event_get(fd, 0,
                                             ngx_http_auth_token_curl_hub_ready,
                                             hub);
    }

    /* on failure the transfer ends by its deadline */

    if (slot) {
        slot->idle = 0;
        (void) ngx_http_auth_token_event_wait(slot, waits);
    }

    return 0;
}


static int
ngx_http_auth_token_curl_hub_timer(CURLM *multi, long ms, void *data)
{
    ngx_http_auth_token_hub_t  *hub = data;

    /* never run from here: libcurl refuses to be called by its callbacks */

    ngx_http_auth_token_event_timer(&hub->tick,
                                    ngx_http_auth_token_curl_closing ? -1
                                                                     : ms);

    return 0;
}


static void
ngx_http_auth_token_curl_hub_ready(ngx_http_auth_token_slot_t *slot,
    ngx_uint_t ready)
{
    int                         mask;
    ngx_http_auth_token_hub_t  *hub;

    if (slot->idle) {
        /*
         * Nobody asked, so these bytes would be taken for the answer to
         * the next request; or it is the end, which is no loss.
         */
        ngx_http_auth_token_curl_guard_intrusion(slot);
        return;
    }

    hub = slot->data;

    mask = (ready == NGX_HTTP_AUTH_TOKEN_EVENT_READ) ? CURL_CSELECT_IN
                                                     : CURL_CSELECT_OUT;

    ngx_http_auth_token_curl_hub_act(hub, slot->fd, mask);
}


static void
ngx_http_auth_token_curl_hub_tick(ngx_event_t *ev)
{
    ngx_http_auth_token_hub_t  *hub;

    hub = (ngx_http_auth_token_hub_t *)
              ((u_char *) ev - offsetof(ngx_http_auth_token_hub_t, tick));

    ngx_http_auth_token_curl_hub_act(hub, CURL_SOCKET_TIMEOUT, 0);
}


static void
ngx_http_auth_token_curl_hub_act(ngx_http_auth_token_hub_t *hub,
    curl_socket_t fd, int mask)
{
    int  running;

    if (hub->multi == NULL) {
        return;
    }

    if (curl_multi_socket_action(hub->multi, fd, mask, &running)
        != CURLM_OK)
    {
        /*
         * Out of memory.  libcurl 7.88.1 leaves a socket's table of transfers
         * destroyed, and divides by its size when that is used the next time.
         */
        ngx_http_auth_token_curl_transfer_abandon(hub);
        ngx_http_auth_token_curl_hub_drop(hub);
    }

    ngx_http_auth_token_curl_transfer_turn(hub);
}


curl_socket_t
ngx_http_auth_token_curl_hub_open(void *data, curlsocktype purpose,
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
        return CURL_SOCKET_BAD;
    }

    slot = ngx_http_auth_token_event_get(fd, 1,
                                         ngx_http_auth_token_curl_hub_ready,
                                         t->hub);
    if (slot == NULL) {
        (void) ngx_close_socket(fd);
        return CURL_SOCKET_BAD;
    }

    ngx_queue_insert_tail(&t->hub->slots, &slot->queue);

    t->opened = slot;

    return fd;
}


int
ngx_http_auth_token_curl_hub_close(void *data, curl_socket_t fd)
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
