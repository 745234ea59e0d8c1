
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * From an order to purges: one for each provider, key or zone that it
 * concerns, all of them begun at once and swept out piece by piece.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_module.h"
#include "ngx_http_auth_token_purge_work.h"
#include "ngx_http_auth_token_resolve.h"


static ngx_int_t ngx_http_auth_token_purge_work_zones(
    ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_main_conf_t *mcf);
static ngx_int_t ngx_http_auth_token_purge_work_rest(
    ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_main_conf_t *mcf);
static ngx_int_t ngx_http_auth_token_purge_work_provider(
    ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_purge_work_slot(
    ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_purge_work_token(
    ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_purge_work_id(
    ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_purge_work_add(
    ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_purge_t *purge);


ngx_int_t
ngx_http_auth_token_purge_work_start(ngx_http_auth_token_purge_work_t *work,
    ngx_http_request_t *r, ngx_http_auth_token_purge_order_t *order)
{
    ngx_int_t                          rc;
    ngx_uint_t                         i;
    ngx_http_auth_token_provider_t    *provider, **providers;
    ngx_http_auth_token_main_conf_t   *mcf;

    work->order = order;
    work->log = r->connection->log;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_auth_token_module);

    if (ngx_array_init(&work->purges, r->pool, 4,
                       sizeof(ngx_http_auth_token_purge_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (work->order->all) {
        return ngx_http_auth_token_purge_work_zones(work, mcf);
    }

    if (work->order->provider.len) {
        provider = ngx_http_auth_token_conf_provider(mcf,
                                                     &work->order->provider);
        if (provider == NULL) {
            ngx_log_error(NGX_LOG_INFO, work->log, 0,
                          "auth token: a purge names no provider");
            return NGX_HTTP_BAD_REQUEST;
        }

        rc = ngx_http_auth_token_purge_work_provider(work, provider);

        return (rc == NGX_OK) ? ngx_http_auth_token_purge_work_rest(work, mcf)
                              : rc;
    }

    rc = NGX_OK;
    providers = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts && rc == NGX_OK; i++) {
        rc = ngx_http_auth_token_purge_work_provider(work, providers[i]);
    }

    return (rc == NGX_OK) ? ngx_http_auth_token_purge_work_rest(work, mcf) : rc;
}


/*
 * What providers of other configurations have left in the zones: whether it is
 * of the token, of the id, of the provider cannot be told, so all of it goes.
 */

static ngx_int_t
ngx_http_auth_token_purge_work_rest(ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_main_conf_t *mcf)
{
    ngx_int_t                          rc;
    ngx_uint_t                         i, j;
    ngx_http_auth_token_zone_t       **zones;
    ngx_http_auth_token_purge_t        purge;
    ngx_http_auth_token_provider_t   **providers, *p;

    rc = NGX_OK;
    zones = mcf->zones.elts;
    providers = mcf->providers.elts;

    for (i = 0; i < mcf->zones.nelts && rc == NGX_OK; i++) {

        if (zones[i]->sh == NULL) {
            continue;
        }

        ngx_memzero(&purge, sizeof(ngx_http_auth_token_purge_t));

        purge.zone = zones[i];
        purge.kind = NGX_HTTP_AUTH_TOKEN_PURGE_REST;

        for (j = 0; j < mcf->providers.nelts; j++) {
            p = providers[j];

            if (p->zone == zones[i]
                && ngx_http_auth_token_resolve_slot(p) == NGX_OK)
            {
                purge.spared[p->slot / 64] |= (uint64_t) 1 << (p->slot % 64);
            }
        }

        rc = ngx_http_auth_token_purge_work_add(work, &purge);
    }

    return rc;
}


static ngx_int_t
ngx_http_auth_token_purge_work_zones(ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_main_conf_t *mcf)
{
    ngx_int_t                      rc;
    ngx_uint_t                     i;
    ngx_http_auth_token_zone_t   **zones;
    ngx_http_auth_token_purge_t    purge;

    rc = NGX_OK;
    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts && rc == NGX_OK; i++) {

        if (zones[i]->sh == NULL) {
            continue;
        }

        ngx_memzero(&purge, sizeof(ngx_http_auth_token_purge_t));

        purge.zone = zones[i];
        purge.kind = NGX_HTTP_AUTH_TOKEN_PURGE_ALL;

        rc = ngx_http_auth_token_purge_work_add(work, &purge);
    }

    return rc;
}


static ngx_int_t
ngx_http_auth_token_purge_work_provider(ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_provider_t *provider)
{
    if (ngx_http_auth_token_resolve_slot(provider) != NGX_OK) {
        /* the zone is of another layout, and not of these answers */
        return NGX_OK;
    }

    if (work->order->token.len) {
        return ngx_http_auth_token_purge_work_token(work, provider);
    }

    if (work->order->id.len) {
        return ngx_http_auth_token_purge_work_id(work, provider);
    }

    return ngx_http_auth_token_purge_work_slot(work, provider);
}


static ngx_int_t
ngx_http_auth_token_purge_work_slot(ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_purge_t  purge;

    ngx_memzero(&purge, sizeof(ngx_http_auth_token_purge_t));

    purge.zone = provider->zone;
    purge.kind = NGX_HTTP_AUTH_TOKEN_PURGE_SLOT;
    purge.slot = provider->slot;

    return ngx_http_auth_token_purge_work_add(work, &purge);
}


/* the token's own answer, and all that it leads to, step by step */

static ngx_int_t
ngx_http_auth_token_purge_work_token(ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_int_t                     rc;
    ngx_uint_t                    step;
    ngx_http_auth_token_purge_t   purge, *added;

    ngx_memzero(&purge, sizeof(ngx_http_auth_token_purge_t));

    purge.zone = provider->zone;
    purge.kind = NGX_HTTP_AUTH_TOKEN_PURGE_KEY;

    ngx_http_auth_token_zone_digest(provider->zone, provider->slot, 0,
                                    provider->fingerprint, &work->order->token,
                                    &purge.key);

    rc = ngx_http_auth_token_purge_work_add(work, &purge);

    purge.kind = NGX_HTTP_AUTH_TOKEN_PURGE_LINK;

    for (step = 1; step < provider->protocol->nsteps && rc == NGX_OK; step++) {
        added = work->purges.elts;
        purge.key = added[work->purges.nelts - 1].link;

        if (purge.key.hi == 0 && purge.key.lo == 0) {
            break;
        }

        rc = ngx_http_auth_token_purge_work_add(work, &purge);
    }

    return rc;
}


static ngx_int_t
ngx_http_auth_token_purge_work_id(ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_int_t                    rc;
    ngx_uint_t                   step, last;
    ngx_http_auth_token_purge_t  purge;

    /* what else the answers are kept under is not known here */

    if (provider->protocol->varies) {
        return ngx_http_auth_token_purge_work_slot(work, provider);
    }

    /* as ngx_http_auth_token_ask.c links them */
    last = ngx_max(provider->protocol->nsteps, 2) - 1;

    rc = NGX_OK;

    for (step = 1; step <= last && rc == NGX_OK; step++) {

        ngx_memzero(&purge, sizeof(ngx_http_auth_token_purge_t));

        purge.zone = provider->zone;
        purge.kind = NGX_HTTP_AUTH_TOKEN_PURGE_LINK;

        ngx_http_auth_token_zone_digest(provider->zone, provider->slot, step,
                                        provider->fingerprint,
                                        &work->order->id, &purge.key);

        rc = ngx_http_auth_token_purge_work_add(work, &purge);
    }

    return rc;
}


static ngx_int_t
ngx_http_auth_token_purge_work_add(ngx_http_auth_token_purge_work_t *work,
    ngx_http_auth_token_purge_t *purge)
{
    ngx_http_auth_token_purge_t  *added;

    added = ngx_array_push(&work->purges);
    if (added == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *added = *purge;

    return (ngx_http_auth_token_purge_begin(added) == NGX_OK)
           ? NGX_OK : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
ngx_http_auth_token_purge_work_sweep(ngx_http_auth_token_purge_work_t *work)
{
    ngx_http_auth_token_purge_t  *purge;

    if (work->swept == work->purges.nelts) {
        return NGX_OK;
    }

    purge = work->purges.elts;
    purge += work->swept;

    if (ngx_http_auth_token_purge_sweep(purge) != NGX_OK) {
        return NGX_AGAIN;
    }

    work->records += purge->records;
    work->negatives += purge->negatives;
    work->swept++;

    return (work->swept == work->purges.nelts) ? NGX_OK : NGX_AGAIN;
}
