
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a verdict does to the request: the line in the log, then the answer.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_challenge.h"
#include "ngx_http_auth_token_problem.h"
#include "ngx_http_auth_token_require.h"
#include "ngx_http_auth_token_response.h"
#include "ngx_http_auth_token_status.h"


/* of a token id in the log; an authority may send any string */
#define NGX_HTTP_AUTH_TOKEN_LOG_ID  64


static void ngx_http_auth_token_log_denial(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx);
static void ngx_http_auth_token_log_id(ngx_http_auth_token_ctx_t *ctx,
    ngx_str_t *id, u_char *buf);


ngx_int_t
ngx_http_auth_token_response(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx)
{
    ngx_uint_t  status;

    if (ctx->verdict == AUTH_TOKEN_ALLOWED) {
        return NGX_OK;
    }

    ngx_http_auth_token_log_denial(r, lcf, ctx);

    if (lcf->dry_run) {
        return NGX_OK;
    }

    status = ngx_http_auth_token_status(lcf, ctx);

    if (ngx_http_auth_token_challenge(r, lcf, ctx, status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (lcf->error_format) {
        return ngx_http_auth_token_problem(r, lcf, ctx, status);
    }

    return status;
}


static void
ngx_http_auth_token_log_denial(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx)
{
    u_char                         buf[NGX_HTTP_AUTH_TOKEN_LOG_ID];
    ngx_str_t                      id;
    static ngx_str_t               none = ngx_string("-");
    ngx_http_auth_token_place_t   *where;

    if (r->connection->log->log_level < lcf->log_level) {
        return;
    }

    ngx_http_auth_token_log_id(ctx, &id, buf);

    if (ctx->unmet != NULL) {
        where = &ctx->unmet->place;

        ngx_log_error(lcf->log_level, r->connection->log, 0,
                      "auth token: access denied%s, verdict %s, "
                      "provider \"%V\", token id \"%V\", "
                      "requirement in %V:%ui",
                      lcf->dry_run ? ", dry run" : "",
                      auth_token_verdict_name(ctx->verdict),
                      &ctx->provider->name, &id, &where->file, where->line);
        return;
    }

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
