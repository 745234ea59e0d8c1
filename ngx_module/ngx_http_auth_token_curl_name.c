
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Bounds the threads that resolve names: one at a time for each authority,
 * and few in all, counting those that were left behind.
 */

#include "ngx_http_auth_token_curl_transfer.h"


/*
 * A thread that resolves a name cannot be stopped, only left behind, and
 * lives as long as the system's resolver tries.
 */
#define NGX_HTTP_AUTH_TOKEN_CURL_NAMES      16
#define NGX_HTTP_AUTH_TOKEN_CURL_NAME_LIFE  30000


typedef struct {
    ngx_http_auth_token_transfer_t  *transfer;   /* that waits for it */
    ngx_msec_t                       until;      /* it may live, if left */
    ngx_uint_t                       left;
} ngx_http_auth_token_curl_name_t;


static ngx_http_auth_token_curl_name_t
    ngx_http_auth_token_curl_names[NGX_HTTP_AUTH_TOKEN_CURL_NAMES];


int
ngx_http_auth_token_curl_name_start(void *state, void *reserved, void *data)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_transfer_t   *t = data;
    ngx_http_auth_token_curl_name_t  *name;

    if (t->hub->resolving == t) {
        return 0;
    }

    if (t->hub->resolving) {
        /* with a cold cache each transfer would start a thread */
        t->held = 1;
        return 1;
    }

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_CURL_NAMES; i++) {
        name = &ngx_http_auth_token_curl_names[i];

        if (name->transfer) {
            continue;
        }

        if (name->left
            && (ngx_msec_int_t) (name->until - ngx_current_msec) > 0)
        {
            continue;
        }

        name->left = 0;
        name->transfer = t;
        t->hub->resolving = t;

        return 0;
    }

    t->crowded = 1;

    return 1;
}


void
ngx_http_auth_token_curl_name_end(ngx_http_auth_token_transfer_t *t,
    ngx_uint_t left)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_curl_name_t  *name;

    if (t->hub->resolving != t) {
        return;
    }

    t->hub->resolving = NULL;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_CURL_NAMES; i++) {
        name = &ngx_http_auth_token_curl_names[i];

        if (name->transfer == t) {
            name->transfer = NULL;
            name->left = left;
            name->until = ngx_current_msec
                          + NGX_HTTP_AUTH_TOKEN_CURL_NAME_LIFE;
        }
    }
}


ngx_uint_t
ngx_http_auth_token_curl_name_busy(void)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_curl_name_t  *name;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_CURL_NAMES; i++) {
        name = &ngx_http_auth_token_curl_names[i];

        if (name->transfer
            || (name->left
                && (ngx_msec_int_t) (name->until - ngx_current_msec) > 0))
        {
            return 1;
        }
    }

    return 0;
}
