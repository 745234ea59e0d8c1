
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Bounds the threads that resolve names: for each authority one that is
 * waited for, few that were left behind, and few in all.
 */

#include "ngx_http_auth_token_curl_transfer.h"


/*
 * A thread that resolves a name cannot be stopped, only left behind, and
 * lives as long as the system's resolver tries: 5 to 30 seconds.
 */
#define NGX_HTTP_AUTH_TOKEN_CURL_NAMES       16
#define NGX_HTTP_AUTH_TOKEN_CURL_NAMES_HUB   4
#define NGX_HTTP_AUTH_TOKEN_CURL_NAME_LIFE   15000

/* a resolver that took so long is not asked again for as long */
#define NGX_HTTP_AUTH_TOKEN_CURL_NAME_SLOW   1000


typedef struct {
    ngx_http_auth_token_hub_t       *hub;        /* NULL: free */
    ngx_http_auth_token_transfer_t  *transfer;   /* NULL: left behind */
    ngx_msec_t                       since;
    ngx_msec_t                       until;
} ngx_http_auth_token_curl_name_t;


static void ngx_http_auth_token_curl_name_forget(
    ngx_http_auth_token_lane_t *lane);
static ngx_uint_t ngx_http_auth_token_curl_name_over(ngx_msec_t until);


static ngx_http_auth_token_curl_name_t
    ngx_http_auth_token_curl_names[NGX_HTTP_AUTH_TOKEN_CURL_NAMES];


int
ngx_http_auth_token_curl_name_start(void *state, void *reserved, void *data)
{
    ngx_uint_t                        i, n;
    ngx_http_auth_token_hub_t        *hub;
    ngx_http_auth_token_transfer_t   *t = data;
    ngx_http_auth_token_curl_name_t  *name, *found;

    hub = t->hub;

    /*
     * Newer versions of libcurl ask for an address too, and start no thread;
     * a proxy in between may have a name.
     */

    if ((t->numeric && hub->reach->proxy.len == 0) || hub->resolving == t) {
        return 0;
    }

    if (hub->resolving) {
        /* with a cold cache each transfer would start a thread */
        t->held = 1;
        return 1;
    }

    n = 0;
    found = NULL;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_CURL_NAMES; i++) {
        name = &ngx_http_auth_token_curl_names[i];

        if (name->hub && name->transfer == NULL
            && ngx_http_auth_token_curl_name_over(name->until))
        {
            name->hub = NULL;
        }

        if (name->hub == NULL) {
            found = name;

        } else if (name->hub == hub) {
            n++;
        }
    }

    if (found == NULL
        || n >= NGX_HTTP_AUTH_TOKEN_CURL_NAMES_HUB
        || (hub->slow && !ngx_http_auth_token_curl_name_over(hub->slow_until)))
    {
        t->crowded = 1;
        return 1;
    }

    found->hub = hub;
    found->transfer = t;
    found->since = ngx_current_msec;

    hub->resolving = t;
    hub->slow = 0;

    return 0;
}


void
ngx_http_auth_token_curl_name_end(ngx_http_auth_token_transfer_t *t,
    ngx_uint_t left)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_hub_t        *hub;
    ngx_http_auth_token_curl_name_t  *name;

    hub = t->hub;

    if (hub->resolving != t) {
        return;
    }

    hub->resolving = NULL;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_CURL_NAMES; i++) {
        name = &ngx_http_auth_token_curl_names[i];

        if (name->hub == NULL || name->transfer != t) {
            continue;
        }

        name->transfer = NULL;

        if (!left) {
            name->hub = NULL;
            ngx_http_auth_token_curl_name_forget(t->lane);
            return;
        }

        name->until = ngx_current_msec + NGX_HTTP_AUTH_TOKEN_CURL_NAME_LIFE;

        if (ngx_current_msec - name->since
            >= NGX_HTTP_AUTH_TOKEN_CURL_NAME_SLOW)
        {
            hub->slow = 1;
            hub->slow_until = ngx_current_msec
                              + NGX_HTTP_AUTH_TOKEN_CURL_NAME_SLOW;
        }

        return;
    }
}


/* libcurl 8.16 and newer remember for half a minute that there is no name */

static void
ngx_http_auth_token_curl_name_forget(ngx_http_auth_token_lane_t *lane)
{
#if (LIBCURL_VERSION_NUM >= 0x081000)
    if (lane->multi) {
        (void) curl_multi_setopt(lane->multi, CURLMOPT_NETWORK_CHANGED,
                                 CURLMNWC_CLEAR_DNS);
    }
#endif
}


ngx_uint_t
ngx_http_auth_token_curl_name_busy(void)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_curl_name_t  *name;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_CURL_NAMES; i++) {
        name = &ngx_http_auth_token_curl_names[i];

        if (name->hub
            && (name->transfer
                || !ngx_http_auth_token_curl_name_over(name->until)))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_auth_token_curl_name_over(ngx_msec_t until)
{
    return (ngx_msec_int_t) (until - ngx_current_msec) <= 0;
}
