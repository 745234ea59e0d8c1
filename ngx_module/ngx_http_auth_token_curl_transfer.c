
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns transfers while libcurl has them, or they wait for their turn: when
 * one starts, is tried once more, and ends.
 */

#include "ngx_http_auth_token_curl_transfer.h"
#include "ngx_http_auth_token_tls.h"


#define NGX_HTTP_AUTH_TOKEN_CURL_REQUEST_TIMEOUT  408


static void ngx_http_auth_token_curl_transfer_finish(
    ngx_http_auth_token_transfer_t *t, CURLcode result);
static ngx_uint_t ngx_http_auth_token_curl_transfer_retry(
    ngx_http_auth_token_transfer_t *t);
static void ngx_http_auth_token_curl_transfer_post(
    ngx_http_auth_token_transfer_t *t);
static void ngx_http_auth_token_curl_transfer_judge(
    ngx_http_auth_token_transfer_t *t);
static void ngx_http_auth_token_curl_transfer_end(
    ngx_http_auth_token_transfer_t *t, CURLcode result);


void
ngx_http_auth_token_curl_transfer_begin(ngx_http_auth_token_transfer_t *t,
    ngx_http_auth_token_lane_t *lane)
{
    long                        left, connect;
    CURLM                      *multi;
    unsigned                    failed;
    ngx_uint_t                  trusts;
    ngx_http_auth_token_hub_t  *hub;

    hub = t->hub;
    multi = ngx_http_auth_token_curl_lane_multi(lane);

    left = (long) (ngx_msec_int_t) (t->end - ngx_current_msec);
    left = ngx_max(left, 1);

    connect = (long) hub->reach->connect_timeout;
    connect = (connect && connect < left) ? connect : left;

    trusts = ngx_http_auth_token_curl_guard_trusts(hub);

    t->lane = lane;
    t->held = 0;
    t->dirty = 0;
    t->early = 0;
    t->whole = 0;
    t->opened = NULL;
    t->slot = NULL;

    ngx_queue_remove(&t->queue);

    if (t->easy == NULL && ngx_http_auth_token_curl_easy_take(t) != NGX_OK) {
        t->result = CURLE_FAILED_INIT;
        ngx_http_auth_token_curl_transfer_post(t);
        return;
    }

    failed = curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, left);
    failed |= curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, connect);
    failed |= curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT,
                               (long) (t->retried || !trusts));
    failed |= curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, (long) !trusts);

    if (failed
        || multi == NULL
        || curl_multi_add_handle(multi, t->easy) != CURLM_OK)
    {
        t->result = CURLE_OUT_OF_MEMORY;
        ngx_http_auth_token_curl_transfer_post(t);
        return;
    }

    t->state = NGX_HTTP_AUTH_TOKEN_TRANSFER_ACTIVE;

    ngx_queue_insert_tail(&lane->active, &t->queue);
    lane->nactive++;
    hub->nactive++;

    if (lane->freed) {
        lane->freed--;
    }
}


void
ngx_http_auth_token_curl_transfer_turn(ngx_http_auth_token_lane_t *lane)
{
    int                              left;
    CURLMsg                         *msg;
    CURLcode                         result;
    ngx_http_auth_token_transfer_t  *t;

    while (lane->multi) {
        msg = curl_multi_info_read(lane->multi, &left);

        if (msg == NULL) {
            break;
        }

        if (msg->msg != CURLMSG_DONE) {
            continue;
        }

        /* the message does not outlive its handle's removal */

        result = msg->data.result;
        t = NULL;

        if (curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t)
            == CURLE_OK
            && t)
        {
            ngx_http_auth_token_curl_transfer_finish(t, result);
        }
    }

    ngx_http_auth_token_curl_transfer_next(lane->hub);

    lane->freed = 0;

    ngx_http_auth_token_tls_clear();
}


void
ngx_http_auth_token_curl_transfer_next(ngx_http_auth_token_hub_t *hub)
{
    ngx_queue_t                     *q, *next;
    ngx_http_auth_token_lane_t      *lane;
    ngx_http_auth_token_transfer_t  *t;

    for (q = ngx_queue_head(&hub->waiting);
         q != ngx_queue_sentinel(&hub->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        t = ngx_queue_data(q, ngx_http_auth_token_transfer_t, queue);

        lane = ngx_http_auth_token_curl_hub_lane(t);

        if (lane) {
            ngx_http_auth_token_curl_transfer_begin(t, lane);

        } else if (!t->held || !hub->resolving) {
            break;
        }
    }
}


static void
ngx_http_auth_token_curl_transfer_finish(ngx_http_auth_token_transfer_t *t,
    CURLcode result)
{
    t->result = result;

    ngx_http_auth_token_curl_name_end(t, result != CURLE_COULDNT_RESOLVE_HOST
                                   && result != CURLE_COULDNT_RESOLVE_PROXY);
    ngx_http_auth_token_curl_transfer_judge(t);
    ngx_http_auth_token_curl_guard_leave(t);
    ngx_http_auth_token_curl_transfer_remove(t);

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "auth token fetch %p result:%d status:%ui held:%d",
                   t->fetch, (int) t->result, t->status, t->held);

    if (t->fetch == NULL) {
        ngx_http_auth_token_curl_transfer_free(t);
        return;
    }

    if (ngx_http_auth_token_curl_transfer_retry(t)) {
        ngx_http_auth_token_answer_reset(&t->answer);

        t->state = NGX_HTTP_AUTH_TOKEN_TRANSFER_WAITING;
        ngx_queue_insert_tail(&t->hub->waiting, &t->queue);

        return;
    }

    ngx_http_auth_token_curl_transfer_post(t);
}


/*
 * Once more where nothing was sent, and where a connection that had been used
 * before met its end before the answer: look-ups only read, and libcurl itself
 * repeats any method so, but not over HTTP/2.  A GET also where the answer was
 * none to it.
 */

static ngx_uint_t
ngx_http_auth_token_curl_transfer_retry(ngx_http_auth_token_transfer_t *t)
{
    if (t->held) {
        return 1;
    }

    if (t->retried || (ngx_msec_int_t) (t->end - ngx_current_msec) <= 0) {
        return 0;
    }

    t->retried = 1;

    if (t->dirty) {
        return 1;
    }

    if (t->early) {
        return t->idempotent;
    }

    if (!t->reused) {
        return 0;
    }

    switch (t->result) {

    case CURLE_OK:
        /* said of the connection, shortly before it is closed */
        return t->idempotent
               && t->status == NGX_HTTP_AUTH_TOKEN_CURL_REQUEST_TIMEOUT;

    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return !t->answer.begun;

    default:
        return 0;
    }
}


void
ngx_http_auth_token_curl_transfer_remove(ngx_http_auth_token_transfer_t *t)
{
    ngx_queue_remove(&t->queue);

    if (t->state != NGX_HTTP_AUTH_TOKEN_TRANSFER_ACTIVE) {
        return;
    }

    (void) curl_multi_remove_handle(t->lane->multi, t->easy);

    t->lane->since = ngx_current_msec;
    t->lane->nactive--;
    t->hub->nactive--;
    t->state = NGX_HTTP_AUTH_TOKEN_TRANSFER_DONE;
}


/* what libcurl knows of the outcome, while it knows it */

static void
ngx_http_auth_token_curl_transfer_judge(ngx_http_auth_token_transfer_t *t)
{
    long  n;

    t->status = 0;
    t->err = 0;
    t->detail = NULL;

    t->reused = (curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &n)
                 == CURLE_OK && n == 0);

    if (t->result == CURLE_OK && !t->answer.ended) {
        /* libcurl takes the end of the connection for that of the head */
        t->result = CURLE_PARTIAL_FILE;
    }

    if (t->result == CURLE_OK) {
        if (curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &n) == CURLE_OK
            && n >= 200)
        {
            t->status = n;
            t->whole = 1;
            t->hub->answered++;

        } else {
            t->result = CURLE_WEIRD_SERVER_REPLY;
        }

        return;
    }

    if (curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &n) == CURLE_OK
        && t->result == CURLE_COULDNT_CONNECT)
    {
        t->err = (ngx_err_t) n;
    }

    if (t->result == CURLE_PEER_FAILED_VERIFICATION
        && curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &n)
           == CURLE_OK)
    {
        t->detail = ngx_http_auth_token_tls_verify_text(n);
    }
}


static void
ngx_http_auth_token_curl_transfer_post(ngx_http_auth_token_transfer_t *t)
{
    t->state = NGX_HTTP_AUTH_TOKEN_TRANSFER_DONE;

    /* for the one that begins next */
    ngx_http_auth_token_curl_easy_leave(t);

    ngx_queue_insert_tail(&ngx_http_auth_token_curl_finished, &t->queue);

    ngx_post_event(&ngx_http_auth_token_curl_event, &ngx_posted_events);
}


/* libcurl did not end it in time */

void
ngx_http_auth_token_curl_transfer_late(ngx_event_t *ev)
{
    ngx_http_auth_token_hub_t       *hub;
    ngx_http_auth_token_transfer_t  *t;

    t = (ngx_http_auth_token_transfer_t *)
            ((u_char *) ev
             - offsetof(ngx_http_auth_token_transfer_t, deadline));

    if (t->state == NGX_HTTP_AUTH_TOKEN_TRANSFER_DONE) {
        return;
    }

    hub = t->hub;

    ngx_http_auth_token_curl_transfer_end(t, CURLE_OPERATION_TIMEDOUT);
    ngx_http_auth_token_curl_transfer_next(hub);

    ngx_http_auth_token_tls_clear();
}


/*
 * That the authority is there is known, but not what it would have said in the
 * time that went by.
 */

ngx_uint_t
ngx_http_auth_token_curl_transfer_unserved(ngx_http_auth_token_transfer_t *t)
{
    return t->queued && t->answered != t->hub->answered;
}


void
ngx_http_auth_token_curl_transfer_abandon(ngx_http_auth_token_lane_t *lane)
{
    ngx_queue_t  *q, *next;

    for (q = ngx_queue_head(&lane->active);
         q != ngx_queue_sentinel(&lane->active);
         q = next)
    {
        /* each ends itself only, and may be freed */
        next = ngx_queue_next(q);

        ngx_http_auth_token_curl_transfer_end(
            ngx_queue_data(q, ngx_http_auth_token_transfer_t, queue),
            CURLE_OUT_OF_MEMORY);
    }
}


/* before libcurl says so */

static void
ngx_http_auth_token_curl_transfer_end(ngx_http_auth_token_transfer_t *t,
    CURLcode result)
{
    t->held = 0;
    t->result = result;

    ngx_http_auth_token_curl_name_end(t, 1);
    ngx_http_auth_token_curl_transfer_remove(t);

    if (t->fetch) {
        ngx_http_auth_token_curl_transfer_post(t);

    } else {
        ngx_http_auth_token_curl_transfer_free(t);
    }
}


void
ngx_http_auth_token_curl_transfer_free(ngx_http_auth_token_transfer_t *t)
{
    ngx_http_auth_token_event_timer(&t->deadline, -1);

    ngx_http_auth_token_curl_easy_leave(t);
    ngx_http_auth_token_curl_request_wipe(t);
    ngx_http_auth_token_answer_reset(&t->answer);

    ngx_free(t);
}
