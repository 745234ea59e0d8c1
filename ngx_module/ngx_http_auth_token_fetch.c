
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Documents that a worker fetches for a provider and keeps.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_header.h"
#include "ngx_http_auth_token_fetch.h"


/* of one request: the step's, the credential's */
#define NGX_HTTP_AUTH_TOKEN_FETCH_HEADERS  64

/* the first pause after a failure, doubled by each one that follows */
#define NGX_HTTP_AUTH_TOKEN_FETCH_PAUSE    1000
#define NGX_HTTP_AUTH_TOKEN_FETCH_LONGEST  30000

/* what an answer makes us doubt is fetched anew this often at most */
#define NGX_HTTP_AUTH_TOKEN_FETCH_FORCED   10000

#define ngx_http_auth_token_fetch_before(time)                                \
    ((ngx_msec_int_t) (ngx_current_msec - (time)) < 0)


static void ngx_http_auth_token_fetch_cleanup(void *data);
static ngx_int_t ngx_http_auth_token_fetch_wait(
    ngx_http_auth_token_fetched_t *doc, ngx_http_auth_token_need_t *need,
    ngx_msec_t deadline);
static void ngx_http_auth_token_fetch_late(ngx_event_t *ev);
static ngx_int_t ngx_http_auth_token_fetch_start(
    ngx_http_auth_token_fetched_t *doc);
static ngx_int_t ngx_http_auth_token_fetch_try(
    ngx_http_auth_token_fetched_t *doc);
static void ngx_http_auth_token_fetch_handler(ngx_http_auth_token_fetch_t *f);
static ngx_int_t ngx_http_auth_token_fetch_read(
    ngx_http_auth_token_fetched_t *doc, ngx_http_auth_token_fetch_t *f);
static void ngx_http_auth_token_fetch_fail(
    ngx_http_auth_token_fetched_t *doc, ngx_uint_t status);
static void ngx_http_auth_token_fetch_wake(
    ngx_http_auth_token_fetched_t *doc);


ngx_http_auth_token_fetched_t *
ngx_http_auth_token_fetch_create(ngx_conf_t *cf, const char *what)
{
    ngx_pool_cleanup_t             *cln;
    ngx_http_auth_token_fetched_t  *doc;

    doc = ngx_pcalloc(cf->pool, sizeof(ngx_http_auth_token_fetched_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (doc == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_auth_token_fetch_cleanup;
    cln->data = doc;

    doc->what = what;

    ngx_queue_init(&doc->needs);

    return doc;
}


static void
ngx_http_auth_token_fetch_cleanup(void *data)
{
    ngx_http_auth_token_fetched_t *doc = data;

    ngx_http_auth_token_curl_cancel(&doc->fetch);

    if (doc->pool) {
        ngx_destroy_pool(doc->pool);
        doc->pool = NULL;
    }
}


ngx_int_t
ngx_http_auth_token_fetch_get(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_need_t *need, ngx_msec_t deadline)
{
    if (doc->value != NULL && ngx_http_auth_token_fetch_before(doc->end)) {

        if (!ngx_http_auth_token_fetch_before(doc->renew) && !doc->busy
            && !ngx_http_auth_token_fetch_before(doc->closed))
        {
            /* the old one does if that fails */
            (void) ngx_http_auth_token_fetch_start(doc);
        }

        return NGX_OK;
    }

    if (!doc->busy) {

        if (ngx_http_auth_token_fetch_before(doc->closed)) {
            doc->retry_after = (doc->closed - ngx_current_msec + 999) / 1000;
            return NGX_ERROR;
        }

        if (ngx_http_auth_token_fetch_start(doc) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_auth_token_fetch_wait(doc, need, deadline);
}


ngx_int_t
ngx_http_auth_token_fetch_again(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_need_t *need, ngx_msec_t deadline)
{
    if (!doc->busy) {

        if (ngx_http_auth_token_fetch_before(doc->forced)
            || ngx_http_auth_token_fetch_before(doc->closed))
        {
            return NGX_DECLINED;
        }

        doc->forced = ngx_current_msec + NGX_HTTP_AUTH_TOKEN_FETCH_FORCED;

        if (ngx_http_auth_token_fetch_start(doc) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_auth_token_fetch_wait(doc, need, deadline);
}


ngx_int_t
ngx_http_auth_token_fetch_forget(ngx_http_auth_token_fetched_t *doc)
{
    /* many may have used it, and be refused one after the other */

    if (!ngx_http_auth_token_fetch_before(doc->end)) {
        return NGX_OK;
    }

    if (ngx_http_auth_token_fetch_before(doc->forced)) {
        return NGX_DECLINED;
    }

    doc->forced = ngx_current_msec + NGX_HTTP_AUTH_TOKEN_FETCH_FORCED;
    doc->end = ngx_current_msec;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_fetch_wait(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_need_t *need, ngx_msec_t deadline)
{
    if (need == NULL) {
        return NGX_AGAIN;
    }

    need->waiting = 1;
    need->timer.handler = ngx_http_auth_token_fetch_late;
    need->timer.data = need;
    need->timer.log = ngx_cycle->log;

    ngx_queue_insert_tail(&doc->needs, &need->queue);

    ngx_add_timer(&need->timer, ngx_http_auth_token_fetch_before(deadline)
                                ? deadline - ngx_current_msec : 1);

    return NGX_AGAIN;
}


void
ngx_http_auth_token_fetch_leave(ngx_http_auth_token_need_t *need)
{
    if (!need->waiting) {
        return;
    }

    need->waiting = 0;

    ngx_queue_remove(&need->queue);

    if (need->timer.timer_set) {
        ngx_del_timer(&need->timer);
    }
}


/* who cannot wait any longer goes; the document may still come for others */

static void
ngx_http_auth_token_fetch_late(ngx_event_t *ev)
{
    ngx_http_auth_token_need_t  *need;

    need = ev->data;

    ngx_http_auth_token_fetch_leave(need);

    need->handler(need);
}


static ngx_int_t
ngx_http_auth_token_fetch_start(ngx_http_auth_token_fetched_t *doc)
{
    doc->attempt = 0;
    doc->error = "it cannot be asked for";
    doc->deadline = ngx_current_msec + doc->timeout;
    doc->busy = 1;

    if (ngx_http_auth_token_fetch_try(doc) != NGX_OK) {
        ngx_http_auth_token_fetch_fail(doc, 0);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_fetch_try(ngx_http_auth_token_fetched_t *doc)
{
    ngx_int_t                     rc;
    auth_token_request_t          request;
    ngx_http_auth_token_fetch_t  *f;

    if (!ngx_http_auth_token_fetch_before(doc->deadline)) {
        doc->error = "timed out";
        return NGX_ERROR;
    }

    ngx_memzero(&request, sizeof(auth_token_request_t));

    auth_token_buf_init(&request.url, AUTH_TOKEN_REQUEST_MAX_URL);
    auth_token_buf_init(&request.headers, AUTH_TOKEN_REQUEST_MAX_HEADERS);
    auth_token_buf_init(&request.body, AUTH_TOKEN_REQUEST_MAX_BODY);

    rc = doc->build(doc, &request);

    if (rc == NGX_OK) {
        f = &doc->fetch;

        ngx_memzero(f, sizeof(ngx_http_auth_token_fetch_t));

        f->reach = doc->reach;
        f->handler = ngx_http_auth_token_fetch_handler;
        f->data = doc;
        f->log = ngx_cycle->log;

        rc = ngx_http_auth_token_fetch_send(f, &request,
                                            doc->deadline - ngx_current_msec);
    }

    auth_token_request_free(&request);

    return rc;
}


static void
ngx_http_auth_token_fetch_handler(ngx_http_auth_token_fetch_t *f)
{
    ngx_int_t                       rc;
    ngx_uint_t                      status;
    ngx_http_auth_token_fetched_t  *doc;

    doc = f->data;
    status = f->status;

    if (status == 0) {
        doc->error = f->error;
        rc = NGX_ERROR;

    } else {
        rc = ngx_http_auth_token_fetch_read(doc, f);
    }

    if (rc == NGX_DECLINED) {
        doc->attempt++;

        if (ngx_http_auth_token_fetch_try(doc) == NGX_OK) {
            return;
        }
    }

    if (rc != NGX_OK) {
        ngx_http_auth_token_fetch_fail(doc, status);
    }

    doc->busy = 0;

    ngx_http_auth_token_fetch_wake(doc);
}


static ngx_int_t
ngx_http_auth_token_fetch_read(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_fetch_t *f)
{
    ngx_int_t                      rc;
    ngx_http_auth_token_reading_t  out;

    ngx_memzero(&out, sizeof(ngx_http_auth_token_reading_t));

    out.pool = ngx_create_pool(1024, ngx_cycle->log);
    if (out.pool == NULL) {
        doc->error = "out of memory";
        return NGX_ERROR;
    }

    rc = doc->read(doc, f, &out);

    if (rc != NGX_OK) {
        ngx_destroy_pool(out.pool);
        doc->error = out.error ? out.error : "the answer cannot be used";
        return rc;
    }

    if (doc->pool) {
        ngx_destroy_pool(doc->pool);
    }

    doc->pool = out.pool;
    doc->value = out.value;
    doc->end = ngx_current_msec + out.life;
    doc->renew = ngx_current_msec + out.life / 4 * 3;
    doc->closed = ngx_current_msec;
    doc->failures = 0;

    return NGX_OK;
}


static void
ngx_http_auth_token_fetch_fail(ngx_http_auth_token_fetched_t *doc,
    ngx_uint_t status)
{
    ngx_msec_t  pause;

    pause = NGX_HTTP_AUTH_TOKEN_FETCH_LONGEST;

    if (doc->failures < 5) {
        pause = NGX_HTTP_AUTH_TOKEN_FETCH_PAUSE << doc->failures;
    }

    doc->busy = 0;
    doc->failures++;
    doc->closed = ngx_current_msec + pause;
    doc->retry_after = pause / 1000;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "auth token: provider \"%V\", %s: %s "
                  "(status %ui, next try in %M ms)",
                  doc->provider, doc->what, doc->error, status, pause);
}


/* one of them may ask for it anew: that is for the next time */

static void
ngx_http_auth_token_fetch_wake(ngx_http_auth_token_fetched_t *doc)
{
    ngx_queue_t                 *q, queue;
    ngx_http_auth_token_need_t  *need;

    ngx_queue_init(&queue);

    if (!ngx_queue_empty(&doc->needs)) {
        ngx_queue_add(&queue, &doc->needs);
        ngx_queue_init(&doc->needs);
    }

    while (!ngx_queue_empty(&queue)) {
        q = ngx_queue_head(&queue);
        need = ngx_queue_data(q, ngx_http_auth_token_need_t, queue);

        ngx_http_auth_token_fetch_leave(need);

        need->handler(need);
    }
}


ngx_int_t
ngx_http_auth_token_fetch_send(ngx_http_auth_token_fetch_t *f,
    auth_token_request_t *request, ngx_msec_t timeout)
{
    char                        *p, *end;
    char                        *headers[NGX_HTTP_AUTH_TOKEN_FETCH_HEADERS + 1];
    char                         method[16];
    ngx_uint_t                   n;
    ngx_http_auth_token_send_t   send;

    if (request->method.len >= sizeof(method)) {
        return NGX_ERROR;
    }

    ngx_cpystrn((u_char *) method, request->method.data,
                request->method.len + 1);

    n = 0;
    p = (char *) request->headers.data;
    end = p + request->headers.len;

    while (p < end) {
        if (n == NGX_HTTP_AUTH_TOKEN_FETCH_HEADERS) {
            return NGX_ERROR;
        }

        headers[n++] = p;
        p += ngx_strlen(p) + 1;
    }

    headers[n] = NULL;

    ngx_memzero(&send, sizeof(ngx_http_auth_token_send_t));

    send.method = method;
    send.url = (char *) request->url.data;
    send.headers = headers;
    send.timeout = timeout;

    if (request->has_body) {
        send.body = request->body.data;
        send.body_len = request->body.len;
    }

    return ngx_http_auth_token_curl_start(f, &send);
}


ngx_int_t
ngx_http_auth_token_fetch_page(auth_token_request_t *request, ngx_str_t *url,
    const char *type)
{
    static auth_token_str_t  get = auth_token_str("GET");

    request->method = get;

    if (auth_token_buf_add(&request->url, url->data, url->len) != 0
        || auth_token_buf_addc(&request->url, '\0') != 0
        || auth_token_buf_adds(&request->headers, "Accept: ") != 0
        || auth_token_buf_adds(&request->headers, type) != 0
        || auth_token_buf_addc(&request->headers, '\0') != 0)
    {
        return NGX_ERROR;
    }

    request->url.len--;

    return NGX_OK;
}


auth_token_json_t *
ngx_http_auth_token_fetch_json(ngx_http_auth_token_fetch_t *f,
    const char **error)
{
    auth_token_str_t     lines, body;
    auth_token_header_t  head;

    lines.len = f->headers.len;
    lines.data = f->headers.data;

    if (auth_token_header_read(lines, ngx_time(), &head) != 0) {
        *error = "the header of the answer is malformed";
        return NULL;
    }

    if (head.encoded) {
        *error = "the answer has a content encoding";
        return NULL;
    }

    if (!head.json) {
        *error = "the content type of the answer is not JSON";
        return NULL;
    }

    body.len = f->body.len;
    body.data = f->body.data;

    return auth_token_json_parse(body, 0, error);
}
