
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Sees to it that an answer belongs to its request.  A connection of
 * HTTP/1.1 may be used again only if nothing at all came on it meanwhile;
 * libcurl 7.88.0 and 7.88.1 do not mind, and give each request the answer to
 * the one before.
 */

#include "ngx_http_auth_token_curl_transfer.h"
#include "ngx_http_auth_token_peer.h"
#include "ngx_http_auth_token_tls.h"


/* milliseconds without reuse after an authority spoke unasked */
#define NGX_HTTP_AUTH_TOKEN_CURL_DISTRUST  60000

#define NGX_HTTP_AUTH_TOKEN_CURL_ALERT      21    /* record type of TLS */
#define NGX_HTTP_AUTH_TOKEN_CURL_ALERT_MAX  19    /* sealed, in TLS 1.3 */


static ngx_uint_t ngx_http_auth_token_curl_guard_mine(
    ngx_http_auth_token_transfer_t *t, ngx_http_auth_token_slot_t *slot,
    int port);
static void *ngx_http_auth_token_curl_guard_ssl(
    ngx_http_auth_token_transfer_t *t);
static ngx_int_t ngx_http_auth_token_curl_guard_clean(
    ngx_http_auth_token_transfer_t *t, ngx_http_auth_token_slot_t *slot,
    void *ssl);
static ngx_uint_t ngx_http_auth_token_curl_guard_spoke(
    ngx_http_auth_token_slot_t *slot);
static void ngx_http_auth_token_curl_guard_clear(
    ngx_http_auth_token_lane_t *lane);
static void ngx_http_auth_token_curl_guard_suspect(
    ngx_http_auth_token_transfer_t *t, ngx_http_auth_token_slot_t *slot);


/*
 * The last look before a request is sent: is there anything to read that
 * would pass for its answer?  libcurl 7.88 does not mind.
 */

int
ngx_http_auth_token_curl_guard_prereq(void *data, char *ip, char *local_ip,
    int port, int local_port)
{
    void                            *ssl;
    ngx_uint_t                       http2;
    ngx_queue_t                     *q;
    ngx_http_auth_token_slot_t      *slot;
    ngx_http_auth_token_transfer_t  *t = data;

    t->sent = 1;
    t->slot = NULL;

    ssl = ngx_http_auth_token_curl_guard_ssl(t);

    http2 = ssl && ngx_http_auth_token_tls_http2(ssl);

    if (ssl) {
        t->hub->http2 = http2 ? 1 : 0;
        t->hub->known = 1;
    }

    for (q = ngx_queue_head(&t->lane->slots);
         q != ngx_queue_sentinel(&t->lane->slots);
         q = ngx_queue_next(q))
    {
        slot = ngx_queue_data(q, ngx_http_auth_token_slot_t, queue);

        if (!ngx_http_auth_token_curl_guard_mine(t, slot, local_port)) {
            continue;
        }

        if (http2) {
            /* frames tell their stream: nothing can be mixed up */
            slot->used = 1;
            continue;
        }

        if (ngx_http_auth_token_curl_guard_clean(t, slot, ssl) != NGX_OK) {
            ngx_http_auth_token_curl_guard_intrusion(slot);
            t->dirty = 1;
        }

        if (local_port > 0) {
            slot->used = 1;
            t->slot = slot;
        }
    }

    return t->dirty ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}


/*
 * Whether the transfer is, or may be, on this connection: libcurl tells the
 * port, but not the descriptor.  A unix socket has no port; if it was not
 * opened for this transfer, it is any of those that are idle.
 */

static ngx_uint_t
ngx_http_auth_token_curl_guard_mine(ngx_http_auth_token_transfer_t *t,
    ngx_http_auth_token_slot_t *slot, int port)
{
    if (port > 0) {
        return ngx_http_auth_token_peer_port(slot) == port;
    }

    return t->opened ? slot == t->opened : (slot->idle && !slot->dirty);
}


static void *
ngx_http_auth_token_curl_guard_ssl(ngx_http_auth_token_transfer_t *t)
{
    struct curl_tlssessioninfo  *info;

    info = NULL;

    if (!t->https
        || curl_easy_getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK
        || info == NULL
        || info->backend != CURLSSLBACKEND_OPENSSL)
    {
        return NULL;
    }

    return info->internals;
}


static ngx_int_t
ngx_http_auth_token_curl_guard_clean(ngx_http_auth_token_transfer_t *t,
    ngx_http_auth_token_slot_t *slot, void *ssl)
{
    if (slot->dirty) {
        return NGX_DECLINED;
    }

    if (t->https && !slot->used) {
        /* session tickets of TLS 1.3 may be on their way */
        return NGX_OK;
    }

    /*
     * The end of an answer and the start of another can share a TLS record:
     * then the socket is silent, and OpenSSL holds the bytes.
     */

    if (ssl && ngx_http_auth_token_tls_pending(ssl)) {
        ngx_http_auth_token_curl_guard_distrust(t->hub);
        return NGX_DECLINED;
    }

    return ngx_http_auth_token_peer_silent(slot);
}


void
ngx_http_auth_token_curl_guard_intrusion(ngx_http_auth_token_slot_t *slot)
{
    ngx_uint_t                   spoke;
    ngx_http_auth_token_lane_t  *lane;

    if (slot->dirty) {
        return;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, ngx_cycle->log, 0,
                   "auth token idle connection fd:%d is readable", slot->fd);

    lane = slot->data;
    spoke = ngx_http_auth_token_curl_guard_spoke(slot);

    if (ngx_http_auth_token_peer_kill(slot) != NGX_DONE && spoke) {
        ngx_http_auth_token_curl_guard_distrust(lane->hub);
    }
}


/*
 * Bytes that do not just announce the end: not an alert of TLS, and not the
 * 408 that common servers send before they close an idle connection.
 */

static ngx_uint_t
ngx_http_auth_token_curl_guard_spoke(ngx_http_auth_token_slot_t *slot)
{
    u_char   buf[12];
    ssize_t  n;

    n = recv(slot->connection.fd, buf, sizeof(buf), MSG_PEEK|MSG_DONTWAIT);

    if (n <= 0) {
        return 0;
    }

    if (buf[0] == NGX_HTTP_AUTH_TOKEN_CURL_ALERT) {
        return 0;
    }

    if (buf[0] < ' ') {
        return n < 5 || buf[3] != 0
               || buf[4] > NGX_HTTP_AUTH_TOKEN_CURL_ALERT_MAX;
    }

    return n < 12 || ngx_strncmp(buf, "HTTP/1.", 7) != 0
           || ngx_strncmp(buf + 8, " 408", 4) != 0;
}


/*
 * A server that speaks unasked can do so while the next request is on its
 * way, and then nothing tells that answer from the right one.  So each
 * request gets a connection of its own for a while.
 */

void
ngx_http_auth_token_curl_guard_distrust(ngx_http_auth_token_hub_t *hub)
{
    ngx_uint_t  i;

    if (ngx_http_auth_token_curl_guard_trusts(hub)) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "token authority \"%V\" sent an answer that nobody "
                      "asked for, its connections are not used again for "
                      "%d seconds", &hub->reach->name,
                      NGX_HTTP_AUTH_TOKEN_CURL_DISTRUST / 1000);
    }

    hub->distrusts = 1;
    hub->distrust = ngx_current_msec + NGX_HTTP_AUTH_TOKEN_CURL_DISTRUST;

    for (i = 0; i < hub->nlanes; i++) {
        ngx_http_auth_token_curl_guard_clear(&hub->lanes[i]);
    }
}


static void
ngx_http_auth_token_curl_guard_clear(ngx_http_auth_token_lane_t *lane)
{
    ngx_queue_t                 *q;
    ngx_http_auth_token_slot_t  *slot;

    for (q = ngx_queue_head(&lane->slots);
         q != ngx_queue_sentinel(&lane->slots);
         q = ngx_queue_next(q))
    {
        slot = ngx_queue_data(q, ngx_http_auth_token_slot_t, queue);

        if (slot->idle && !slot->dirty) {
            (void) ngx_http_auth_token_peer_kill(slot);
        }
    }
}


ngx_uint_t
ngx_http_auth_token_curl_guard_trusts(ngx_http_auth_token_hub_t *hub)
{
    if (hub->distrusts
        && (ngx_msec_int_t) (hub->distrust - ngx_current_msec) <= 0)
    {
        hub->distrusts = 0;
    }

    return !hub->distrusts;
}


void
ngx_http_auth_token_curl_guard_leave(ngx_http_auth_token_transfer_t *t)
{
    long                         version;
    curl_socket_t                fd;
    ngx_http_auth_token_slot_t  *slot;

    if (t->early
        || (t->reused && (t->result == CURLE_WEIRD_SERVER_REPLY
                          || t->result == CURLE_UNSUPPORTED_PROTOCOL)))
    {
        ngx_http_auth_token_curl_guard_distrust(t->hub);
        return;
    }

    if (curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK
        || fd == CURL_SOCKET_BAD)
    {
        return;
    }

    slot = ngx_http_auth_token_event_find(fd);

    if (slot == NULL || !slot->owned || slot->data != t->lane) {
        return;
    }

    if (t->result == CURLE_OPERATION_TIMEDOUT) {
        ngx_http_auth_token_curl_guard_suspect(t, slot);
        return;
    }

    if (slot->waits
        || curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version)
           != CURLE_OK
        || version >= CURL_HTTP_VERSION_2_0)
    {
        return;
    }

    /* libcurl does not watch idle connections */

    t->lane->freed++;

    slot->idle = 1;
    slot->used = 1;
    (void) ngx_http_auth_token_event_wait(slot,
                                          NGX_HTTP_AUTH_TOKEN_EVENT_READ);
}


/*
 * An HTTP/2 connection survives a stream that timed out.  If the peer sent
 * nothing at all meanwhile, the connection is dead, and all that follow on it
 * would time out as well.
 */

static void
ngx_http_auth_token_curl_guard_suspect(ngx_http_auth_token_transfer_t *t,
    ngx_http_auth_token_slot_t *slot)
{
    ngx_int_t   silence;
    curl_off_t  total, sent;

    if (curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &total) != CURLE_OK
        || curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent)
           != CURLE_OK)
    {
        return;
    }

    silence = ngx_http_auth_token_peer_silence(slot);

    /* half: the frames that follow a handshake come a little later */

    if (silence >= 0 && silence * 2000 >= total - sent) {
        (void) ngx_http_auth_token_peer_kill(slot);
    }
}
