
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns the hubs, each with what its transfers share, and decides which of its
 * lanes takes a transfer.
 */

#include "ngx_http_auth_token_curl_transfer.h"
#include "ngx_http_auth_token_tls.h"


/* milliseconds; after so long without use a lane's connections are closed */
#define NGX_HTTP_AUTH_TOKEN_CURL_LANE_IDLE   60000
#define NGX_HTTP_AUTH_TOKEN_CURL_LANE_SWEEP  1000


static ngx_int_t ngx_http_auth_token_curl_hub_lanes(
    ngx_http_auth_token_hub_t *hub);
static ngx_int_t ngx_http_auth_token_curl_hub_names(
    ngx_http_auth_token_hub_t *hub);
static ngx_int_t ngx_http_auth_token_curl_hub_resolve(
    ngx_http_auth_token_hub_t *hub);
static void ngx_http_auth_token_curl_hub_sweep(ngx_http_auth_token_hub_t *hub);


ngx_http_auth_token_hub_t *
ngx_http_auth_token_curl_hub_get(ngx_http_auth_token_reach_t *reach)
{
    ngx_http_auth_token_hub_t  *hub;

    if (reach->hub) {
        return reach->hub;
    }

    hub = ngx_calloc(sizeof(ngx_http_auth_token_hub_t), ngx_cycle->log);
    if (hub == NULL) {
        return NULL;
    }

    hub->reach = reach;
    hub->swept = ngx_current_msec;

#if (LIBCURL_VERSION_NUM < 0x075000)
    /* an older one does not tell before the end */
    hub->known = 1;
#endif

    ngx_queue_init(&hub->waiting);

    if (ngx_http_auth_token_curl_hub_lanes(hub) != NGX_OK
        || ngx_http_auth_token_curl_easy_init(hub) != NGX_OK
        || ngx_http_auth_token_curl_hub_names(hub) != NGX_OK
        || ngx_http_auth_token_curl_hub_resolve(hub) != NGX_OK
        || ngx_http_auth_token_curl_lane_multi(&hub->lanes[0]) == NULL)
    {
        ngx_http_auth_token_curl_hub_free(hub);
        return NULL;
    }

    reach->hub = hub;

    return hub;
}


/* each but the last has as many connections as a lane can have */

static ngx_int_t
ngx_http_auth_token_curl_hub_lanes(ngx_http_auth_token_hub_t *hub)
{
    ngx_uint_t  i, n, max, share;

    max = ngx_max(hub->reach->max_connections, 1);
    n = (max - 1) / NGX_HTTP_AUTH_TOKEN_CURL_LANE + 1;

    hub->lanes = ngx_calloc(n * sizeof(ngx_http_auth_token_lane_t),
                            ngx_cycle->log);
    if (hub->lanes == NULL) {
        return NGX_ERROR;
    }

    hub->nlanes = n;

    for (i = 0; i < n; i++) {
        share = ngx_min(max, NGX_HTTP_AUTH_TOKEN_CURL_LANE);
        max -= share;

        ngx_http_auth_token_curl_lane_init(&hub->lanes[i], hub, share);
    }

    return NGX_OK;
}


/*
 * A name that one lane has resolved is known to all.  Not so with libcurl 8.16
 * and newer: what is shared cannot be made to forget that there is no name.
 */

static ngx_int_t
ngx_http_auth_token_curl_hub_names(ngx_http_auth_token_hub_t *hub)
{
#if (LIBCURL_VERSION_NUM < 0x081000)
    if (hub->nlanes == 1) {
        return NGX_OK;
    }

    hub->names = curl_share_init();

    if (hub->names == NULL
        || curl_share_setopt(hub->names, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS)
           != CURLSHE_OK)
    {
        return NGX_ERROR;
    }
#endif

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_curl_hub_resolve(ngx_http_auth_token_hub_t *hub)
{
    char               *text;
    ngx_str_t          *name;
    ngx_uint_t          i;
    struct curl_slist  *list;

    if (hub->reach->resolve == NULL) {
        return NGX_OK;
    }

    name = hub->reach->resolve->elts;

    for (i = 0; i < hub->reach->resolve->nelts; i++) {

        text = ngx_alloc(name[i].len + 1, ngx_cycle->log);
        if (text == NULL) {
            return NGX_ERROR;
        }

        *ngx_cpymem(text, name[i].data, name[i].len) = '\0';

        list = curl_slist_append(hub->resolve, text);

        ngx_free(text);

        if (list == NULL) {
            return NGX_ERROR;
        }

        hub->resolve = list;
    }

    return NGX_OK;
}


void
ngx_http_auth_token_curl_hub_free(ngx_http_auth_token_hub_t *hub)
{
    ngx_uint_t  i;

    ngx_http_auth_token_curl_easy_clear(hub);

    for (i = 0; i < hub->nlanes; i++) {
        ngx_http_auth_token_curl_lane_drop(&hub->lanes[i]);
    }

    if (hub->names) {
        (void) curl_share_cleanup(hub->names);
    }

    curl_slist_free_all(hub->resolve);

    ngx_http_auth_token_tls_clear();

    hub->reach->hub = NULL;

    if (hub->lanes) {
        ngx_free(hub->lanes);
    }

    ngx_free(hub);
}


/*
 * The first lane that has room, so that connections are used where most of
 * them are, and an authority that speaks HTTP/2 sees few.  That it does is
 * known from the first connection only, for which libcurl makes all others
 * wait that are in the same lane.
 */

ngx_http_auth_token_lane_t *
ngx_http_auth_token_curl_hub_lane(ngx_http_auth_token_transfer_t *t)
{
    ngx_uint_t                   i, n, each, nameless;
    ngx_http_auth_token_hub_t   *hub;
    ngx_http_auth_token_lane_t  *lane;

    hub = t->hub;

    if (ngx_current_msec - hub->swept >= NGX_HTTP_AUTH_TOKEN_CURL_LANE_SWEEP) {
        ngx_http_auth_token_curl_hub_sweep(hub);
    }

    each = hub->http2 ? NGX_HTTP_AUTH_TOKEN_CURL_STREAMS : 1;

    if (hub->nactive >= ngx_max(hub->reach->max_connections, 1) * each) {
        return NULL;
    }

    n = (t->https && !hub->known) ? 1 : hub->nlanes;

    /* a connection that became free needs no name */
    nameless = t->held && hub->resolving;

    for (i = 0; i < n; i++) {
        lane = &hub->lanes[i];

        if (lane->nactive < lane->max * each && (!nameless || lane->freed)) {
            return lane;
        }
    }

    return NULL;
}


/*
 * libcurl closes connections that are old or dead when the next transfer
 * comes; a lane that was needed once may never see one again.
 */

static void
ngx_http_auth_token_curl_hub_sweep(ngx_http_auth_token_hub_t *hub)
{
    ngx_uint_t                   i;
    ngx_http_auth_token_lane_t  *lane;

    hub->swept = ngx_current_msec;

    for (i = 1; i < hub->nlanes; i++) {
        lane = &hub->lanes[i];

        if (lane->multi && lane->nactive == 0
            && ngx_current_msec - lane->since
               >= NGX_HTTP_AUTH_TOKEN_CURL_LANE_IDLE)
        {
            ngx_http_auth_token_curl_lane_drop(lane);
        }
    }
}
