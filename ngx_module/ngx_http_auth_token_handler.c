
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The access phase: token, look-up, judgement, answer.  Every way through it
 * that is not an explicit allow denies.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_handler.h"
#include "ngx_http_auth_token_metadata.h"
#include "ngx_http_auth_token_pattern.h"
#include "ngx_http_auth_token_preflight.h"
#include "ngx_http_auth_token_require.h"
#include "ngx_http_auth_token_resolve.h"
#include "ngx_http_auth_token_response.h"
#include "ngx_http_auth_token_source.h"
#include "ngx_http_auth_token_waiter.h"


/* the judgements of a request; internal redirects clear module contexts */

typedef struct {
    ngx_http_auth_token_ctx_t  *first;
    ngx_http_auth_token_ctx_t  *current;
} ngx_http_auth_token_judgements_t;


static ngx_int_t ngx_http_auth_token_choose(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule,
    ngx_http_auth_token_provider_t **provider);
static ngx_http_auth_token_ctx_t *ngx_http_auth_token_get_ctx(
    ngx_http_request_t *r, ngx_http_auth_token_rule_t *rule,
    ngx_http_auth_token_provider_t *provider, ngx_str_t *token);
static ngx_http_auth_token_judgements_t *ngx_http_auth_token_judgements(
    ngx_http_request_t *r, ngx_uint_t create);
static void ngx_http_auth_token_cleanup(void *data);
static ngx_int_t ngx_http_auth_token_begin(ngx_http_auth_token_ctx_t *ctx);
static void ngx_http_auth_token_address(ngx_http_auth_token_ctx_t *ctx);
static void ngx_http_auth_token_judge(ngx_http_auth_token_ctx_t *ctx);
static void ngx_http_auth_token_weigh(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx);
static ngx_int_t ngx_http_auth_token_suspend(ngx_http_auth_token_ctx_t *ctx);


ngx_int_t
ngx_http_auth_token_handler(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_str_t                        token;
    auth_token_verdict_e             verdict;
    ngx_http_auth_token_ctx_t       *ctx;
    ngx_http_auth_token_rule_t      *rule;
    ngx_http_auth_token_provider_t  *provider;
    ngx_http_auth_token_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_auth_token_module);

    rule = lcf->rule;

    if (rule == NULL || rule->off) {
        return NGX_DECLINED;
    }

    /* nothing but the document is served there */

    if (ngx_http_auth_token_metadata_find(r) != NULL) {
        return NGX_OK;
    }

    if (lcf->preflight && ngx_http_auth_token_preflight(r, rule)) {
        return NGX_OK;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_auth_token_module);

    if (ctx != NULL && ctx->waiting) {
        return NGX_AGAIN;
    }

    if (ctx == NULL || ctx->rule != rule) {
        rc = ngx_http_auth_token_choose(r, rule, &provider);

        if (rc != NGX_OK) {
            return rc;
        }

        verdict = ngx_http_auth_token_source(r, rule, &token);

        if (rule->providers != NULL && verdict == AUTH_TOKEN_ALLOWED) {
            provider = ngx_http_auth_token_pattern_pick(rule, &token);
        }

        ctx = ngx_http_auth_token_get_ctx(r, rule, provider, &token);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (!ctx->done && (provider == NULL || verdict != AUTH_TOKEN_ALLOWED))
        {
            ctx->facts = provider ? verdict : AUTH_TOKEN_UNAVAILABLE;
            ctx->done = 1;
            ctx->judged = 1;
        }
    }

    if (!ctx->judged) {
        rc = ngx_http_auth_token_begin(ctx);

        if (rc == NGX_OK) {
            rc = ngx_http_auth_token_resolve(ctx);
        }

        if (rc == NGX_AGAIN) {
            return ngx_http_auth_token_suspend(ctx);
        }

        r->read_event_handler = ngx_http_block_reading;

        if (rc != NGX_OK) {
            /* nor must it go on, half begun, where this may be sent to */
            ctx->nhits = 0;
            ctx->verdict = AUTH_TOKEN_UNAVAILABLE;
            ctx->done = 1;
        }

        ngx_http_auth_token_judge(ctx);
    }

    ngx_http_auth_token_weigh(r, lcf, ctx);

    return ngx_http_auth_token_response(r, lcf, ctx);
}


/*
 * NGX_OK: *provider, or NULL if a variable names none; NGX_DECLINED: a
 * variable says "off"
 */

static ngx_int_t
ngx_http_auth_token_choose(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule,
    ngx_http_auth_token_provider_t **provider)
{
    ngx_str_t                         name;
    ngx_http_auth_token_main_conf_t  *mcf;

    *provider = rule->provider;

    if (rule->variable == NULL) {
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, rule->variable, &name) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (name.len == 3 && ngx_strncmp(name.data, "off", 3) == 0) {
        return NGX_DECLINED;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_auth_token_module);

    *provider = ngx_http_auth_token_conf_provider(mcf, &name);

    if (*provider == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "auth token: the value of \"%V\" names no provider",
                      &rule->name);
    }

    return NGX_OK;
}


static ngx_http_auth_token_ctx_t *
ngx_http_auth_token_get_ctx(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule,
    ngx_http_auth_token_provider_t *provider, ngx_str_t *token)
{
    ngx_http_auth_token_ctx_t         *ctx;
    ngx_http_auth_token_judgements_t  *js;

    js = ngx_http_auth_token_judgements(r, 1);
    if (js == NULL) {
        return NULL;
    }

    /* who waits may be sent elsewhere: by post_action, when the client left */

    ngx_http_auth_token_cleanup(js);

    /* without a token there is nothing that would be looked up twice */

    for (ctx = js->first; ctx != NULL && token->len != 0; ctx = ctx->next) {
        if (ctx->provider == provider
            && ctx->token.len == token->len
            && ngx_memcmp(ctx->token.data, token->data, token->len) == 0)
        {
            goto found;
        }
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_auth_token_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    ctx->request = r;
    ctx->provider = provider;
    ctx->token = *token;
    ctx->verdict = AUTH_TOKEN_UNAVAILABLE;
    ctx->retry_after = 1;

    ctx->next = js->first;
    js->first = ctx;

found:

    ctx->rule = rule;

    js->current = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_auth_token_module);

    return ctx;
}


/*
 * found by a cleanup of the pool, which is still there when the request is
 * logged; the one of the request runs before and ends the waiting
 */

static ngx_http_auth_token_judgements_t *
ngx_http_auth_token_judgements(ngx_http_request_t *r, ngx_uint_t create)
{
    ngx_http_cleanup_t                *end;
    ngx_pool_cleanup_t                *cln;
    ngx_http_auth_token_judgements_t  *js;

    for (cln = r->main->pool->cleanup; cln != NULL; cln = cln->next) {
        if (cln->handler == ngx_http_auth_token_cleanup) {
            return cln->data;
        }
    }

    if (!create) {
        return NULL;
    }

    end = ngx_http_cleanup_add(r, 0);
    if (end == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(r->main->pool,
                               sizeof(ngx_http_auth_token_judgements_t));
    if (cln == NULL) {
        return NULL;
    }

    js = cln->data;
    js->first = NULL;
    js->current = NULL;

    cln->handler = ngx_http_auth_token_cleanup;

    end->handler = ngx_http_auth_token_cleanup;
    end->data = js;

    return js;
}


static void
ngx_http_auth_token_cleanup(void *data)
{
    ngx_http_auth_token_judgements_t  *js = data;

    ngx_http_auth_token_ctx_t  *ctx;

    for (ctx = js->first; ctx != NULL; ctx = ctx->next) {
        ngx_http_auth_token_waiter_detach(ctx);
    }
}


ngx_http_auth_token_ctx_t *
ngx_http_auth_token_judged(ngx_http_request_t *r)
{
    ngx_http_auth_token_judgements_t  *js;

    js = ngx_http_auth_token_judgements(r, 0);

    if (js == NULL || js->current == NULL || !js->current->judged) {
        return NULL;
    }

    return js->current;
}


/* the first time here: deadline, address, key of the first step */

static ngx_int_t
ngx_http_auth_token_begin(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_http_auth_token_provider_t  *provider;

    if (ctx->begun) {
        return NGX_OK;
    }

    ctx->begun = 1;

    provider = ctx->provider;

    if (!ngx_http_auth_token_pattern_fits(provider, &ctx->token)) {
        ctx->refused = 1;
        return NGX_OK;
    }

    ngx_http_auth_token_address(ctx);

    ctx->deadline = ngx_current_msec + provider->timeout;

    return ngx_http_auth_token_resolve_begin(ctx);
}


static void
ngx_http_auth_token_address(ngx_http_auth_token_ctx_t *ctx)
{
    struct sockaddr      *sa;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    sa = ctx->request->connection->sockaddr;

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        ctx->addr = auth_token_addr_v4((u_char *) &sin->sin_addr);
        return;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        ctx->addr = auth_token_addr_v6(sin6->sin6_addr.s6_addr);
        return;
#endif

    default: /* AF_UNIX: no address, refused by any list */
        ngx_memzero(&ctx->addr, sizeof(auth_token_addr_t));
        return;
    }
}


static void
ngx_http_auth_token_judge(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_uint_t             i;
    auth_token_evidence_t  evidence[NGX_HTTP_AUTH_TOKEN_MAX_STEPS];

    ctx->judged = 1;

    if (ctx->nhits == 0) {
        /* the look-up's word: UNKNOWN or UNAVAILABLE */
        ctx->facts = ctx->verdict;
        return;
    }

    for (i = 0; i < ctx->nhits; i++) {
        evidence[i].record = ctx->hits[i].record;
        evidence[i].address = ctx->hits[i].address;
    }

    ctx->facts = auth_token_decide(evidence, ctx->nhits, ngx_time(),
                                   ctx->provider->leeway);

    if (ctx->facts == AUTH_TOKEN_ALLOWED
        && ctx->nhits != ctx->provider->protocol->nsteps)
    {
        ctx->facts = AUTH_TOKEN_UNAVAILABLE;
    }
}


/* made again wherever the request comes: each location asks for other things */

static void
ngx_http_auth_token_weigh(ngx_http_request_t *r,
    ngx_http_auth_token_loc_conf_t *lcf, ngx_http_auth_token_ctx_t *ctx)
{
    ctx->verdict = ctx->facts;
    ctx->unmet = NULL;

    if (ctx->facts == AUTH_TOKEN_ALLOWED) {
        ctx->verdict = ngx_http_auth_token_require(r, lcf->requirements, ctx);
    }
}


static ngx_int_t
ngx_http_auth_token_suspend(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);

    } else {
        if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
            ngx_http_auth_token_waiter_detach(ctx);
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    /* notices a client that leaves while it waits */
    r->read_event_handler = ngx_http_test_reading;

    return NGX_AGAIN;
}


void
ngx_http_auth_token_handler_resume(ngx_http_auth_token_ctx_t *ctx)
{
    ngx_event_t  *wev;

    wev = ctx->request->connection->write;

    ngx_post_event(wev, &ngx_posted_events);
}
