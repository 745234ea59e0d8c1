
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The header fields of a denial.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_challenge.h"
#include "ngx_http_auth_token_metadata.h"
#include "ngx_http_auth_token_require.h"


#define NGX_HTTP_AUTH_TOKEN_MAX_CHALLENGE  8192


static const char *ngx_http_auth_token_challenge_error(
    ngx_http_auth_token_ctx_t *ctx, ngx_uint_t status);
static ngx_int_t ngx_http_auth_token_challenge_all(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status);
static ngx_int_t ngx_http_auth_token_challenge_bearer(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_http_auth_token_provider_t *provider, ngx_uint_t status);
static ngx_int_t ngx_http_auth_token_challenge_retry(ngx_http_request_t *r,
    ngx_uint_t seconds);
static void ngx_http_auth_token_challenge_clear(ngx_http_request_t *r);
static ngx_table_elt_t *ngx_http_auth_token_challenge_add(
    ngx_http_request_t *r, ngx_str_t *key, u_char *data, size_t len);


/*
 * their addresses tell fields of our own from those of others: arrays, as a
 * linker makes one of equal literals
 */

static u_char  ngx_http_auth_token_www_name[] = "WWW-Authenticate";
static u_char  ngx_http_auth_token_retry_name[] = "Retry-After";

static ngx_str_t  ngx_http_auth_token_www = {
    sizeof(ngx_http_auth_token_www_name) - 1,
    ngx_http_auth_token_www_name
};

static ngx_str_t  ngx_http_auth_token_retry = {
    sizeof(ngx_http_auth_token_retry_name) - 1,
    ngx_http_auth_token_retry_name
};


ngx_int_t
ngx_http_auth_token_challenge(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status)
{
    ngx_http_auth_token_challenge_clear(r);

    if (ngx_http_auth_token_challenge_due(ctx, status)
        && ngx_http_auth_token_challenge_all(r, lcf, ctx, status) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (auth_token_verdict_retries(ctx->verdict)) {
        return ngx_http_auth_token_challenge_retry(r, ctx->retry_after);
    }

    return NGX_OK;
}


/*
 * With a status that was chosen to tell less (404), there is none; a 401
 * always has one (RFC 9110, 15.5.2).
 */

ngx_uint_t
ngx_http_auth_token_challenge_due(ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_UNAUTHORIZED:
        return ctx->verdict != AUTH_TOKEN_UNAVAILABLE;

    case NGX_HTTP_BAD_REQUEST:
    case NGX_HTTP_FORBIDDEN:
        return auth_token_verdict_challenges(ctx->verdict);

    default:
        return 0;
    }
}


/* an address refused by 401 looks like a token that nobody knows */

static const char *
ngx_http_auth_token_challenge_error(ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status)
{
    if (ctx->verdict == AUTH_TOKEN_ADDRESS_DENIED
        && status == NGX_HTTP_UNAUTHORIZED)
    {
        return auth_token_verdict_error(AUTH_TOKEN_UNKNOWN);
    }

    if (ctx->verdict == AUTH_TOKEN_INSUFFICIENT
        && ngx_http_auth_token_require_steps_up(ctx->unmet))
    {
        return "insufficient_user_authentication";
    }

    return auth_token_verdict_error(ctx->verdict);
}


ngx_int_t
ngx_http_auth_token_challenge_fill(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status, auth_token_challenge_t *challenge)
{
    ngx_str_t  realm;

    ngx_memzero(challenge, sizeof(auth_token_challenge_t));

    if (ngx_http_complex_value(r, lcf->realm, &realm) != NGX_OK) {
        return NGX_ERROR;
    }

    challenge->realm.len = realm.len;
    challenge->realm.data = realm.data;
    challenge->error = ngx_http_auth_token_challenge_error(ctx, status);

    if (lcf->metadata != NULL) {
        challenge->resource_metadata.len = lcf->metadata->url.len;
        challenge->resource_metadata.data = lcf->metadata->url.data;
    }

    /* a client that brought no token may ask for the right one at once */

    if (ctx->verdict != AUTH_TOKEN_INSUFFICIENT
        && ctx->verdict != AUTH_TOKEN_MISSING)
    {
        return NGX_OK;
    }

    return ngx_http_auth_token_require_challenge(r, lcf->requirements,
                                                 ctx->unmet, challenge);
}


/* without a token any of the providers may give one; those alike need one */

static ngx_int_t
ngx_http_auth_token_challenge_all(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_uint_t status)
{
    ngx_uint_t                        i, plain;
    ngx_http_auth_token_provider_t  **providers;

    if (ctx->verdict != AUTH_TOKEN_MISSING || lcf->rule->providers == NULL) {
        return ngx_http_auth_token_challenge_bearer(r, lcf, ctx, ctx->provider,
                                                    status);
    }

    providers = lcf->rule->providers->elts;
    plain = 0;

    for (i = 0; i < lcf->rule->providers->nelts; i++) {

        if (providers[i]->realm == NULL && plain++) {
            continue;
        }

        if (ngx_http_auth_token_challenge_bearer(r, lcf, ctx, providers[i],
                                                 status)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_challenge_bearer(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx,
    ngx_http_auth_token_provider_t *provider, ngx_uint_t status)
{
    ngx_str_t                realm;
    ngx_table_elt_t         *h;
    auth_token_buf_t         buf;
    auth_token_challenge_t   challenge;

    if (ngx_http_auth_token_challenge_fill(r, lcf, ctx, status, &challenge)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (provider != NULL && provider->realm != NULL) {

        if (ngx_http_complex_value(r, provider->realm, &realm) != NGX_OK) {
            return NGX_ERROR;
        }

        challenge.realm.len = realm.len;
        challenge.realm.data = realm.data;
    }

    auth_token_buf_init(&buf, NGX_HTTP_AUTH_TOKEN_MAX_CHALLENGE);

    h = NULL;

    if (auth_token_challenge_format(&buf, &challenge) == 0) {
        h = ngx_http_auth_token_challenge_add(r, &ngx_http_auth_token_www,
                                              buf.data, buf.len);
    }

    auth_token_buf_free(&buf);

    if (h == NULL) {
        return NGX_ERROR;
    }

    /* those of others stand beside it */

#if (nginx_version >= 1023000)
    h->next = r->headers_out.www_authenticate;
#endif

    r->headers_out.www_authenticate = h;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_challenge_retry(ngx_http_request_t *r, ngx_uint_t seconds)
{
    size_t  len;
    u_char  buf[NGX_INT_T_LEN];

    len = ngx_sprintf(buf, "%ui", seconds) - buf;

    return ngx_http_auth_token_challenge_add(r, &ngx_http_auth_token_retry,
                                             buf, len)
           ? NGX_OK : NGX_ERROR;
}


/* an error_page that is protected itself may deny a second time */

static void
ngx_http_auth_token_challenge_clear(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.data != ngx_http_auth_token_www.data
            && h[i].key.data != ngx_http_auth_token_retry.data)
        {
            continue;
        }

        h[i].hash = 0;

        if (r->headers_out.www_authenticate == &h[i]) {
#if (nginx_version >= 1023000)
            r->headers_out.www_authenticate = h[i].next;
#else
            r->headers_out.www_authenticate = NULL;
#endif
        }
    }
}


static ngx_table_elt_t *
ngx_http_auth_token_challenge_add(ngx_http_request_t *r, ngx_str_t *key,
    u_char *data, size_t len)
{
    u_char           *p;
    ngx_table_elt_t  *h;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NULL;
    }

    ngx_memcpy(p, data, len);

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key = *key;
    h->value.len = len;
    h->value.data = p;

    return h;
}
