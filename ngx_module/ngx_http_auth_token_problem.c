
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A denial as application/problem+json.  It tells what the challenge tells.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_doc.h"
#include "ngx_http_auth_token_challenge.h"
#include "ngx_http_auth_token_problem.h"


#define NGX_HTTP_AUTH_TOKEN_MAX_PROBLEM  8192


typedef struct {
    ngx_uint_t   status;
    const char  *title;
} ngx_http_auth_token_problem_t;


static ngx_int_t ngx_http_auth_token_problem_delay(ngx_http_request_t *r);
static void ngx_http_auth_token_problem_delayed(ngx_http_request_t *r);
static ngx_uint_t ngx_http_auth_token_problem_status(ngx_http_request_t *r,
    ngx_uint_t status);
static ngx_uint_t ngx_http_auth_token_problem_is_nginx(ngx_http_request_t *r,
    ngx_uint_t status);
static ngx_buf_t *ngx_http_auth_token_problem_body(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status);
static ngx_int_t ngx_http_auth_token_problem_write(auth_token_buf_t *b,
    ngx_uint_t status, auth_token_challenge_t *challenge);
static void ngx_http_auth_token_problem_member(auth_token_buf_t *b,
    const char *name, auth_token_str_t value);
static ngx_int_t ngx_http_auth_token_problem_send(ngx_http_request_t *r,
    ngx_uint_t status, ngx_buf_t *b);


/* RFC 9110, 15.5 and 15.6; RFC 6585 */

static ngx_http_auth_token_problem_t  ngx_http_auth_token_problems[] = {
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 402, "Payment Required" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 421, "Misdirected Request" },
    { 429, "Too Many Requests" },
    { 451, "Unavailable For Legal Reasons" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 0, NULL }
};


ngx_int_t
ngx_http_auth_token_problem(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status)
{
    ngx_int_t   rc;
    ngx_uint_t  final;
    ngx_buf_t  *b;

    final = ngx_http_auth_token_problem_status(r, status);

    if (ngx_http_auth_token_problem_is_nginx(r, final)) {
        return status;
    }

    if (final == NGX_HTTP_UNAUTHORIZED && !ctx->delayed) {
        ctx->delayed = 1;

        rc = ngx_http_auth_token_problem_delay(r);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    b = ngx_http_auth_token_problem_body(r, lcf, ctx, final);
    if (b == NULL) {
        return status;
    }

    rc = ngx_http_auth_token_problem_send(r, final, b);

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


/*
 * As ngx_http_core_auth_delay(), which is for a 401 that nginx itself sends.
 * NGX_DECLINED: there is none.
 */

static ngx_int_t
ngx_http_auth_token_problem_delay(ngx_http_request_t *r)
{
    ngx_connection_t          *c;
    ngx_http_core_loc_conf_t  *clcf;

    c = r->connection;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->auth_delay == 0) {
        return NGX_DECLINED;
    }

    ngx_log_error(NGX_LOG_INFO, c->log, 0, "delaying unauthorized request");

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);

    } else {
        if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_auth_token_problem_delayed;

    c->write->delayed = 1;
    ngx_add_timer(c->write, clcf->auth_delay);

    /* one more turn of the event loop, whatever the verdict has cost */

    ngx_post_event(c->write, &ngx_posted_next_events);

    return NGX_DONE;
}


static void
ngx_http_auth_token_problem_delayed(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_event_t                     *wev;
    ngx_http_auth_token_ctx_t       *ctx;
    ngx_http_auth_token_loc_conf_t  *lcf;

    wev = r->connection->write;

    if (wev->delayed) {

        if (ngx_handle_write_event(wev, 0) != NGX_OK) {
            ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        }

        return;
    }

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    ctx = ngx_http_get_module_ctx(r, ngx_http_auth_token_module);
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_auth_token_module);

    rc = ngx_http_auth_token_problem(r, lcf, ctx, NGX_HTTP_UNAUTHORIZED);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


/* under "satisfy any", a 401 of those before has the word over a 403 */

static ngx_uint_t
ngx_http_auth_token_problem_status(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->satisfy == NGX_HTTP_SATISFY_ANY
        && status == NGX_HTTP_FORBIDDEN
        && r->access_code == NGX_HTTP_UNAUTHORIZED)
    {
        return NGX_HTTP_UNAUTHORIZED;
    }

    return status;
}


/* as ngx_http_special_response_handler() finds it out */

static ngx_uint_t
ngx_http_auth_token_problem_is_nginx(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_uint_t                 i;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    switch (status) {
    case NGX_HTTP_REQUEST_TIME_OUT:
    case NGX_HTTP_CLOSE:
    case NGX_HTTP_CLIENT_CLOSED_REQUEST:
        return 1;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (r->error_page || clcf->error_pages == NULL || r->uri_changes == 0) {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].status == (ngx_int_t) status) {
            return 1;
        }
    }

    return 0;
}


static ngx_buf_t *
ngx_http_auth_token_problem_body(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status)
{
    ngx_buf_t               *b;
    auth_token_buf_t         json;
    auth_token_challenge_t   challenge;

    ngx_memzero(&challenge, sizeof(auth_token_challenge_t));

    if (ngx_http_auth_token_challenge_due(ctx, status)
        && ngx_http_auth_token_challenge_fill(r, lcf, ctx, status, &challenge)
           != NGX_OK)
    {
        return NULL;
    }

    auth_token_buf_init(&json, NGX_HTTP_AUTH_TOKEN_MAX_PROBLEM);

    b = NULL;

    if (ngx_http_auth_token_problem_write(&json, status, &challenge) == NGX_OK)
    {
        b = ngx_create_temp_buf(r->pool, json.len);
    }

    if (b != NULL) {
        b->last = ngx_cpymem(b->pos, json.data, json.len);
        b->last_buf = 1;
        b->last_in_chain = 1;
    }

    auth_token_buf_free(&json);

    return b;
}


static ngx_int_t
ngx_http_auth_token_problem_write(auth_token_buf_t *b, ngx_uint_t status,
    auth_token_challenge_t *challenge)
{
    u_char                          text[NGX_INT_T_LEN];
    auth_token_str_t                s;
    ngx_http_auth_token_problem_t  *p;

    (void) auth_token_buf_adds(b, "{\"type\":\"about:blank\"");

    for (p = ngx_http_auth_token_problems; p->status != 0; p++) {

        if (p->status == status) {
            s.data = (u_char *) p->title;
            s.len = ngx_strlen(p->title);

            ngx_http_auth_token_problem_member(b, "title", s);
        }
    }

    (void) auth_token_buf_adds(b, ",\"status\":");
    /* cppcheck-suppress uninitvar ; filled by ngx_sprintf() */
    (void) auth_token_buf_add(b, text, ngx_sprintf(text, "%ui", status) - text);

    if (challenge->error != NULL) {
        s.data = (u_char *) challenge->error;
        s.len = ngx_strlen(challenge->error);

        ngx_http_auth_token_problem_member(b, "error", s);
    }

    ngx_http_auth_token_problem_member(b, "scope", challenge->scope);
    ngx_http_auth_token_problem_member(b, "acr_values", challenge->acr_values);
    ngx_http_auth_token_problem_member(b, "resource_metadata",
                                       challenge->resource_metadata);

    return auth_token_buf_adds(b, "}\n") == 0 ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_auth_token_problem_member(auth_token_buf_t *b, const char *name,
    auth_token_str_t value)
{
    auth_token_doc_value_t  v;

    if (value.len == 0) {
        return;
    }

    ngx_memzero(&v, sizeof(auth_token_doc_value_t));

    v.type = AUTH_TOKEN_DOC_STRING;
    v.bytes = value;

    (void) auth_token_buf_adds(b, ",\"");
    (void) auth_token_buf_adds(b, name);
    (void) auth_token_buf_adds(b, "\":");
    (void) auth_token_doc_json(b, v);
}


static ngx_int_t
ngx_http_auth_token_problem_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_buf_t *b)
{
    ngx_int_t    rc;
    ngx_chain_t  out;

    /* what nginx does for its own pages */

    r->err_status = 0;
    r->expect_tested = 1;

    if (status == NGX_HTTP_BAD_REQUEST
        || status == NGX_HTTP_INTERNAL_SERVER_ERROR
        || status == NGX_HTTP_NOT_IMPLEMENTED)
    {
        r->keepalive = 0;
    }

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;
    r->headers_out.content_length_n = b->last - b->pos;

    ngx_str_set(&r->headers_out.content_type, "application/problem+json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
