
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The content handler of auth_token_purge: reads the order, ends the answers
 * it names at once, sweeps them out a few at a time between other events, and
 * tells how many there were.  Who may purge is for access rules to say.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_purge_handler.h"
#include "ngx_http_auth_token_purge_order.h"
#include "ngx_http_auth_token_purge_work.h"


/* of the body; the longest token, all of it escaped, and some more */
#define NGX_HTTP_AUTH_TOKEN_PURGE_BODY    (16 * 1024)

/* sweeps before other events get their turn */
#define NGX_HTTP_AUTH_TOKEN_PURGE_SWEEPS  8


/* of a request */

typedef struct {
    ngx_http_request_t                *request;
    ngx_http_auth_token_purge_order_t  order;
    ngx_http_auth_token_purge_work_t   work;
    ngx_event_t                        event;
} ngx_http_auth_token_purge_ctx_t;


static ngx_int_t ngx_http_auth_token_purge_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_auth_token_purge_allow(ngx_http_request_t *r);
static ngx_uint_t ngx_http_auth_token_purge_type(ngx_http_request_t *r,
    const char *type);
static void ngx_http_auth_token_purge_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_auth_token_purge_read(ngx_http_request_t *r,
    ngx_str_t *body);
static ngx_int_t ngx_http_auth_token_purge_parse(ngx_http_request_t *r,
    ngx_str_t *body, ngx_http_auth_token_purge_order_t *order);
static void ngx_http_auth_token_purge_run(
    ngx_http_auth_token_purge_ctx_t *ctx);
static void ngx_http_auth_token_purge_event(ngx_event_t *ev);
static void ngx_http_auth_token_purge_cleanup(void *data);
static ngx_int_t ngx_http_auth_token_purge_answer(
    ngx_http_auth_token_purge_ctx_t *ctx);


char *
ngx_http_auth_token_purge_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == ngx_http_auth_token_purge_handler) {
        return "is duplicate";
    }

    clcf->handler = ngx_http_auth_token_purge_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_auth_token_purge_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (r->method != NGX_HTTP_POST) {
        return ngx_http_auth_token_purge_allow(r);
    }

    /* a token in a URL would stand in logs */

    if (r->args.len) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "auth token: a purge takes no arguments");
        return NGX_HTTP_BAD_REQUEST;
    }

    if (!ngx_http_auth_token_purge_type(r, "application/json")
        && !ngx_http_auth_token_purge_type(r,
                                        "application/x-www-form-urlencoded"))
    {
        return NGX_HTTP_UNSUPPORTED_MEDIA_TYPE;
    }

    if (r->headers_in.content_length_n > NGX_HTTP_AUTH_TOKEN_PURGE_BODY) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    rc = ngx_http_read_client_request_body(r, ngx_http_auth_token_purge_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/* RFC 9110, section 15.5.6 */

static ngx_int_t
ngx_http_auth_token_purge_allow(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    ngx_str_set(&h->key, "Allow");
    ngx_str_set(&h->value, "POST");

    return NGX_HTTP_NOT_ALLOWED;
}


static ngx_uint_t
ngx_http_auth_token_purge_type(ngx_http_request_t *r, const char *type)
{
    size_t            len;
    ngx_table_elt_t  *h;

    h = r->headers_in.content_type;
    len = ngx_strlen(type);

    return h != NULL
           && h->value.len >= len
           && ngx_strncasecmp(h->value.data, (u_char *) type, len) == 0
           && (h->value.len == len || h->value.data[len] == ';'
               || h->value.data[len] == ' ');
}


static void
ngx_http_auth_token_purge_body(ngx_http_request_t *r)
{
    ngx_int_t                         rc;
    ngx_str_t                         body;
    ngx_http_cleanup_t               *cln;
    ngx_http_auth_token_purge_ctx_t  *ctx;

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_auth_token_purge_ctx_t));
    if (cln == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ctx = cln->data;

    ngx_memzero(ctx, sizeof(ngx_http_auth_token_purge_ctx_t));

    ctx->request = r;
    ctx->event.handler = ngx_http_auth_token_purge_event;
    ctx->event.data = ctx;
    ctx->event.log = r->connection->log;

    cln->handler = ngx_http_auth_token_purge_cleanup;

    rc = ngx_http_auth_token_purge_read(r, &body);

    if (rc == NGX_OK) {
        rc = ngx_http_auth_token_purge_parse(r, &body, &ctx->order);
        ngx_explicit_memzero(body.data, body.len);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_auth_token_purge_work_start(&ctx->work, r, &ctx->order);
    }

    ngx_http_auth_token_purge_order_wipe(&ctx->order);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    /* notices a client that leaves; what was purged stays purged */
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_auth_token_purge_run(ctx);
}


/* the body in one piece; it is wiped where it came from */

static ngx_int_t
ngx_http_auth_token_purge_read(ngx_http_request_t *r, ngx_str_t *body)
{
    u_char       *p;
    size_t        size;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    body->len = 0;

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_HTTP_BAD_REQUEST;
    }

    size = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        if (cl->buf->in_file) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "auth token: the body of a purge was written to "
                          "a file, see \"client_body_buffer_size\" and "
                          "\"client_body_in_file_only\"");
            return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
        }

        size += cl->buf->last - cl->buf->pos;
    }

    if (size > NGX_HTTP_AUTH_TOKEN_PURGE_BODY) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    body->data = ngx_pnalloc(r->pool, size + 1);
    if (body->data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = body->data;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (b->pos == b->last) {
            /* the end of a body in chunks, and nowhere */
            continue;
        }

        p = ngx_cpymem(p, b->pos, b->last - b->pos);
        ngx_explicit_memzero(b->pos, b->last - b->pos);
    }

    body->len = size;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_purge_parse(ngx_http_request_t *r, ngx_str_t *body,
    ngx_http_auth_token_purge_order_t *order)
{
    ngx_int_t    rc;
    const char  *reason;

    reason = "";

    rc = ngx_http_auth_token_purge_type(r, "application/json")
         ? ngx_http_auth_token_purge_order_json(r->pool, body, order, &reason)
         : ngx_http_auth_token_purge_order_form(r->pool, body, order, &reason);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "auth token: a purge that is not understood: %s",
                      reason);
        return NGX_HTTP_BAD_REQUEST;
    }

    /* the order may be fine, and can be given again */

    return (rc == NGX_OK) ? NGX_OK : NGX_HTTP_SERVICE_UNAVAILABLE;
}


static void
ngx_http_auth_token_purge_run(ngx_http_auth_token_purge_ctx_t *ctx)
{
    ngx_uint_t  n;

    for (n = 0; n < NGX_HTTP_AUTH_TOKEN_PURGE_SWEEPS; n++) {

        if (ngx_http_auth_token_purge_work_sweep(&ctx->work) == NGX_OK) {
            ngx_http_finalize_request(ctx->request,
                                      ngx_http_auth_token_purge_answer(ctx));
            return;
        }
    }

    ngx_add_timer(&ctx->event, 1);
}


static void
ngx_http_auth_token_purge_event(ngx_event_t *ev)
{
    ngx_connection_t                 *c;
    ngx_http_auth_token_purge_ctx_t  *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_auth_token_purge_run(ctx);

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_auth_token_purge_cleanup(void *data)
{
    ngx_http_auth_token_purge_ctx_t  *ctx = data;

    if (ctx->event.timer_set) {
        ngx_del_timer(&ctx->event);
    }
}


static ngx_int_t
ngx_http_auth_token_purge_answer(ngx_http_auth_token_purge_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = ctx->request;

    b = ngx_create_temp_buf(r->pool,
                            sizeof("{\"records\":,\"negatives\":}\n")
                            + 2 * NGX_INT_T_LEN);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_sprintf(b->last, "{\"records\":%ui,\"negatives\":%ui}\n",
                          ctx->work.records, ctx->work.negatives);
    b->last_buf = 1;

    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  "auth token: %ui records and %ui negative entries purged",
                  ctx->work.records, ctx->work.negatives);

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b->last - b->pos;
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
