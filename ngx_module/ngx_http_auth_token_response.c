
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a verdict does to the request: the status, its header fields, the
 * line in the log.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_challenge.h"
#include "ngx_http_auth_token_response.h"


/* of a token id in the log; an authority may send any string */
#define NGX_HTTP_AUTH_TOKEN_LOG_ID         64

#define NGX_HTTP_AUTH_TOKEN_MAX_CHALLENGE  8192


static void ngx_http_auth_token_log_denial(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx);
static void ngx_http_auth_token_log_id(ngx_http_auth_token_ctx_t *ctx,
    ngx_str_t *id, u_char *buf);
static ngx_int_t ngx_http_auth_token_send_challenge(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx);
static ngx_int_t ngx_http_auth_token_send_retry_after(ngx_http_request_t *r,
    ngx_uint_t seconds);


ngx_int_t
ngx_http_auth_token_response(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx)
{
    if (ctx->verdict == AUTH_TOKEN_ALLOWED) {
        return NGX_OK;
    }

    ngx_http_auth_token_log_denial(r, lcf, ctx);

    if (lcf->dry_run) {
        return NGX_OK;
    }

    if (auth_token_verdict_challenges(ctx->verdict)
        && ngx_http_auth_token_send_challenge(r, lcf, ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (auth_token_verdict_retries(ctx->verdict)
        && ngx_http_auth_token_send_retry_after(r, ctx->retry_after) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return auth_token_verdict_status(ctx->verdict);
}


static void
ngx_http_auth_token_log_denial(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx)
{
    u_char            buf[NGX_HTTP_AUTH_TOKEN_LOG_ID];
    ngx_str_t         id;
    static ngx_str_t  none = ngx_string("-");

    if (r->connection->log->log_level < lcf->log_level) {
        return;
    }

    ngx_http_auth_token_log_id(ctx, &id, buf);

    ngx_log_error(lcf->log_level, r->connection->log, 0,
                  "auth token: access denied%s, verdict %s, "
                  "provider \"%V\", token id \"%V\"",
                  lcf->dry_run ? ", dry run" : "",
                  auth_token_verdict_name(ctx->verdict),
                  ctx->provider ? &ctx->provider->name : &none, &id);
}


static void
ngx_http_auth_token_log_id(ngx_http_auth_token_ctx_t *ctx, ngx_str_t *id,
    u_char *buf)
{
    u_char            ch;
    size_t            i;
    ngx_uint_t        n;
    auth_token_str_t  value;

    id->len = 0;
    id->data = buf;

    for (n = ctx->nhits; n > 0; n--) {
        value = auth_token_record_field(ctx->hits[n - 1].record, "id");

        if (value.len == 0) {
            continue;
        }

        id->len = ngx_min(value.len, NGX_HTTP_AUTH_TOKEN_LOG_ID);

        for (i = 0; i < id->len; i++) {
            ch = value.data[i];
            buf[i] = (ch > 0x20 && ch < 0x7f && ch != '"') ? ch : '?';
        }

        return;
    }
}


static ngx_int_t
ngx_http_auth_token_send_challenge(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx)
{
    ngx_str_t                realm;
    ngx_table_elt_t         *h;
    auth_token_buf_t         buf;
    auth_token_challenge_t   challenge;

    if (ngx_http_complex_value(r, lcf->realm, &realm) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&challenge, sizeof(auth_token_challenge_t));

    challenge.realm.len = realm.len;
    challenge.realm.data = realm.data;
    challenge.error = auth_token_verdict_error(ctx->verdict);

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 0;

    auth_token_buf_init(&buf, NGX_HTTP_AUTH_TOKEN_MAX_CHALLENGE);

    if (auth_token_challenge_format(&buf, &challenge) != 0) {
        auth_token_buf_free(&buf);
        return NGX_ERROR;
    }

    h->value.len = buf.len;
    h->value.data = ngx_pnalloc(r->pool, buf.len);

    if (h->value.data == NULL) {
        auth_token_buf_free(&buf);
        return NGX_ERROR;
    }

    ngx_memcpy(h->value.data, buf.data, buf.len);
    auth_token_buf_free(&buf);

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = r->headers_out.www_authenticate;
#endif
    ngx_str_set(&h->key, "WWW-Authenticate");

    r->headers_out.www_authenticate = h;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_send_retry_after(ngx_http_request_t *r,
    ngx_uint_t seconds)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 0;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    h->value.data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (h->value.data == NULL) {
        return NGX_ERROR;
    }

    h->value.len = ngx_sprintf(h->value.data, "%ui", seconds) - h->value.data;

    h->hash = 1;
    ngx_str_set(&h->key, "Retry-After");

    return NGX_OK;
}
