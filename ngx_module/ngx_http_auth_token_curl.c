
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns fetches from _start() to the call of their handler: their turn, their
 * deadline, one more try, and their end.  Handlers are only called from a
 * posted event, so that no code of a request runs inside libcurl.
 */

#include "ngx_http_auth_token_curl_transfer.h"
#include "ngx_http_auth_token_tls.h"

#include <dlfcn.h>


/* libcurl's own timeout comes first; this one comes for sure */
#define NGX_HTTP_AUTH_TOKEN_CURL_SLACK       50

/* DNS cannot be left behind by an older one */
#define NGX_HTTP_AUTH_TOKEN_CURL_QUICK_EXIT  0x075700


static const char *ngx_http_auth_token_curl_wrong(void);
static void ngx_http_auth_token_curl_pin(ngx_cycle_t *cycle);
static void ngx_http_auth_token_curl_drop(ngx_queue_t *queue);
static ngx_http_auth_token_transfer_t *ngx_http_auth_token_curl_create(
    ngx_http_auth_token_fetch_t *f, ngx_http_auth_token_send_t *send);
static void ngx_http_auth_token_curl_done(ngx_event_t *ev);


/* transfers that have ended, until their handlers are called */
ngx_queue_t         ngx_http_auth_token_curl_finished;
ngx_event_t         ngx_http_auth_token_curl_event;

static ngx_uint_t   ngx_http_auth_token_curl_usable;
static ngx_queue_t  ngx_http_auth_token_curl_hubs;


/* the library is chosen by the system when nginx starts */

static const char *
ngx_http_auth_token_curl_wrong(void)
{
    curl_version_info_data  *info;

    info = curl_version_info(CURLVERSION_NOW);

    if (info->version_num == 0x075700) {
        /* sockets are not announced: curl issue 10146 */
        return "the event interface of 7.87.0 does not work";
    }

    if (info->ssl_version == NULL
        || ngx_strncmp(info->ssl_version, "OpenSSL/", 8) != 0)
    {
        return "it was not built with OpenSSL";
    }

    return NULL;
}


ngx_int_t
ngx_http_auth_token_curl_check(ngx_conf_t *cf)
{
    const char              *wrong;
    curl_version_info_data  *info;

    wrong = ngx_http_auth_token_curl_wrong();

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "libcurl cannot be used, %s", wrong);
        return NGX_ERROR;
    }

    info = curl_version_info(CURLVERSION_NOW);

    if (info->version_num < NGX_HTTP_AUTH_TOKEN_CURL_QUICK_EXIT
        || !(info->features & CURL_VERSION_ASYNCHDNS))
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "libcurl %s can block while a name is resolved",
                           info->version);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_curl_configure(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach)
{
    if (reach->proxy.len
        && ngx_strncasecmp(reach->proxy.data, (u_char *) "http://",
                           ngx_min(reach->proxy.len, 7))
           != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid proxy \"%V\"",
                           &reach->proxy);
        return NGX_ERROR;
    }

    ngx_http_auth_token_tls_algorithms();

    return ngx_http_auth_token_tls_configure(cf, reach);
}


ngx_int_t
ngx_http_auth_token_curl_init_process(ngx_cycle_t *cycle)
{
    const char  *wrong;

    /* cache manager and loader are helpers, and need no connections */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    wrong = ngx_http_auth_token_curl_wrong();

    if (wrong) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "libcurl cannot be used, %s", wrong);
        return NGX_ERROR;
    }

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "curl_global_init() failed");
        return NGX_ERROR;
    }

    ngx_http_auth_token_tls_clear();
    ngx_http_auth_token_curl_pin(cycle);

    ngx_queue_init(&ngx_http_auth_token_curl_hubs);
    ngx_queue_init(&ngx_http_auth_token_curl_finished);
    ngx_http_auth_token_event_init(&ngx_http_auth_token_curl_event,
                                   ngx_http_auth_token_curl_done);

    ngx_http_auth_token_curl_usable = 1;

    return NGX_OK;
}


/*
 * nginx unloads modules when a worker exits, and libcurl with them, while a
 * thread that resolves a name may be about to return into its code.
 */

static void
ngx_http_auth_token_curl_pin(ngx_cycle_t *cycle)
{
    Dl_info  info;

    if (dladdr((void *) (uintptr_t) curl_multi_init, &info) == 0
        /* cppcheck-suppress leakReturnValNotUsed ; it stays, by NODELETE */
        || dlopen(info.dli_fname, RTLD_LAZY|RTLD_NOLOAD|RTLD_NODELETE) == NULL)
    {
        ngx_log_debug0(NGX_LOG_DEBUG_CORE, cycle->log, 0,
                       "auth token libcurl is not pinned");
    }
}


void
ngx_http_auth_token_curl_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                  i;
    ngx_queue_t                *q;
    ngx_http_auth_token_hub_t  *hub;

    if (!ngx_http_auth_token_curl_usable) {
        return;
    }

    ngx_http_auth_token_curl_usable = 0;
    ngx_http_auth_token_curl_closing = 1;

    ngx_http_auth_token_curl_drop(&ngx_http_auth_token_curl_finished);

    while (!ngx_queue_empty(&ngx_http_auth_token_curl_hubs)) {
        q = ngx_queue_head(&ngx_http_auth_token_curl_hubs);
        hub = ngx_queue_data(q, ngx_http_auth_token_hub_t, queue);

        ngx_queue_remove(q);

        for (i = 0; i < hub->nlanes; i++) {
            ngx_http_auth_token_curl_drop(&hub->lanes[i].active);
        }

        ngx_http_auth_token_curl_drop(&hub->waiting);
        ngx_http_auth_token_curl_hub_free(hub);
    }

    ngx_http_auth_token_event_exit();

    if (!ngx_http_auth_token_curl_name_busy()) {
        curl_global_cleanup();
    }

    ngx_http_auth_token_tls_clear();
}


static void
ngx_http_auth_token_curl_drop(ngx_queue_t *queue)
{
    ngx_queue_t                     *q;
    ngx_http_auth_token_transfer_t  *t;

    while (!ngx_queue_empty(queue)) {
        q = ngx_queue_head(queue);
        t = ngx_queue_data(q, ngx_http_auth_token_transfer_t, queue);

        if (t->fetch) {
            t->fetch->transfer = NULL;
        }

        ngx_http_auth_token_curl_transfer_remove(t);
        ngx_http_auth_token_curl_transfer_free(t);
    }
}


ngx_int_t
ngx_http_auth_token_curl_start(ngx_http_auth_token_fetch_t *f,
    ngx_http_auth_token_send_t *send)
{
    ngx_http_auth_token_lane_t      *lane;
    ngx_http_auth_token_transfer_t  *t;

    f->status = 0;
    ngx_str_null(&f->headers);
    ngx_str_null(&f->body);
    f->error = NULL;
    f->detail = NULL;
    f->err = 0;
    f->sent = 0;
    f->unserved = 0;
    f->again = 0;
    f->transfer = NULL;

    if (!ngx_http_auth_token_curl_usable || send->timeout == 0) {
        return NGX_ERROR;
    }

    t = ngx_http_auth_token_curl_create(f, send);
    if (t == NULL) {
        ngx_http_auth_token_tls_clear();
        return NGX_ERROR;
    }

    f->transfer = t;

    t->end = ngx_current_msec + send->timeout;
    t->answered = t->hub->answered;
    ngx_add_timer(&t->deadline, send->timeout + NGX_HTTP_AUTH_TOKEN_CURL_SLACK);

    ngx_queue_insert_tail(&t->hub->waiting, &t->queue);

    lane = ngx_http_auth_token_curl_hub_lane(t);

    if (lane) {
        ngx_http_auth_token_curl_transfer_begin(t, lane);

    } else {
        t->queued = 1;
    }

    ngx_http_auth_token_tls_clear();

    return NGX_OK;
}


static ngx_http_auth_token_transfer_t *
ngx_http_auth_token_curl_create(ngx_http_auth_token_fetch_t *f,
    ngx_http_auth_token_send_t *send)
{
    ngx_http_auth_token_hub_t       *hub;
    ngx_http_auth_token_transfer_t  *t;

    hub = f->reach->hub;

    if (hub == NULL) {
        hub = ngx_http_auth_token_curl_hub_get(f->reach);
        if (hub == NULL) {
            return NULL;
        }

        ngx_queue_insert_tail(&ngx_http_auth_token_curl_hubs, &hub->queue);
    }

    t = ngx_calloc(sizeof(ngx_http_auth_token_transfer_t), ngx_cycle->log);
    if (t == NULL) {
        return NULL;
    }

    t->hub = hub;
    t->fetch = f;
    t->answer.max_head = f->reach->max_header;
    t->answer.max_body = f->reach->max_body;

    ngx_http_auth_token_event_init(&t->deadline,
                                   ngx_http_auth_token_curl_transfer_late);

    /*
     * A request that waits has a timer of its own that a worker stays for; for
     * an answer that nobody waits for it does not.
     */
    t->deadline.cancelable = 1;

    if (ngx_http_auth_token_curl_request_create(t, send) != NGX_OK) {
        ngx_http_auth_token_curl_transfer_free(t);
        return NULL;
    }

    return t;
}


static void
ngx_http_auth_token_curl_done(ngx_event_t *ev)
{
    ngx_queue_t                     *q, queue;
    ngx_http_auth_token_fetch_t     *f;
    ngx_http_auth_token_transfer_t  *t;

    /* those only that are here by now: a handler may start another one */

    ngx_queue_init(&queue);

    if (!ngx_queue_empty(&ngx_http_auth_token_curl_finished)) {
        ngx_queue_add(&queue, &ngx_http_auth_token_curl_finished);
        ngx_queue_init(&ngx_http_auth_token_curl_finished);
    }

    while (!ngx_queue_empty(&queue)) {
        q = ngx_queue_head(&queue);
        t = ngx_queue_data(q, ngx_http_auth_token_transfer_t, queue);

        ngx_queue_remove(q);

        f = t->fetch;

        f->transfer = NULL;
        f->sent = t->sent;

        if (t->result == CURLE_OK) {
            f->status = t->status;
            f->headers.data = t->answer.head.data;
            f->headers.len = t->answer.head.len;
            f->body.data = t->answer.body.data;
            f->body.len = t->answer.body.len;

        } else {
            f->error = ngx_http_auth_token_curl_option_error(t);
            f->detail = t->detail;
            f->err = t->err;
            f->again = ngx_http_auth_token_curl_option_again(t);
            f->unserved = (t->result == CURLE_OPERATION_TIMEDOUT
                           && ngx_http_auth_token_curl_transfer_unserved(t));
        }

        f->handler(f);

        ngx_http_auth_token_curl_transfer_free(t);
    }

    ngx_http_auth_token_tls_clear();
}


void
ngx_http_auth_token_curl_cancel(ngx_http_auth_token_fetch_t *f)
{
    ngx_http_auth_token_hub_t       *hub;
    ngx_http_auth_token_transfer_t  *t;

    t = f->transfer;

    if (t == NULL) {
        return;
    }

    f->transfer = NULL;
    hub = t->hub;

    if (hub->resolving == t) {
        /*
         * The thread cannot be stopped, and others wait for the same name;
         * libcurl is refused a socket when it is known.
         */
        t->fetch = NULL;
        return;
    }

    ngx_http_auth_token_curl_transfer_remove(t);
    ngx_http_auth_token_curl_transfer_free(t);

    ngx_http_auth_token_curl_transfer_next(hub);

    ngx_http_auth_token_tls_clear();
}


ngx_uint_t
ngx_http_auth_token_curl_unserved(ngx_http_auth_token_fetch_t *f)
{
    return f->transfer
           && ngx_http_auth_token_curl_transfer_unserved(f->transfer);
}
