
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns the easy handles that no transfer has: making one, with all that it is
 * told once, costs as much as some of the transfers themselves.  One comes
 * back only from a transfer that went well to its end, as it is then in a
 * state that libcurl knows best; any other is freed.
 */

#include "ngx_http_auth_token_curl_transfer.h"


ngx_int_t
ngx_http_auth_token_curl_easy_init(ngx_http_auth_token_hub_t *hub)
{
    CURL        **easy;
    ngx_uint_t    n;

    n = hub->reach->max_connections / NGX_HTTP_AUTH_TOKEN_CURL_SPARES;
    n = ngx_max(n, NGX_HTTP_AUTH_TOKEN_CURL_SPARE);

    easy = ngx_alloc(2 * n * sizeof(CURL *), ngx_cycle->log);
    if (easy == NULL) {
        return NGX_ERROR;
    }

    hub->nspare = n;
    hub->spare[0].easy = easy;
    hub->spare[1].easy = easy + n;

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_curl_easy_take(ngx_http_auth_token_transfer_t *t)
{
    ngx_http_auth_token_hub_t    *hub;
    ngx_http_auth_token_spare_t  *spare;

    hub = t->hub;
    spare = &hub->spare[t->https];

    if (spare->n) {
        t->easy = spare->easy[--spare->n];

    } else {
        t->easy = curl_easy_init();

        if (t->easy == NULL
            || ngx_http_auth_token_curl_option_init(t) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_auth_token_curl_option_set(t);
}


void
ngx_http_auth_token_curl_easy_leave(ngx_http_auth_token_transfer_t *t)
{
    ngx_http_auth_token_spare_t  *spare;

    if (t->easy == NULL) {
        return;
    }

    spare = &t->hub->spare[t->https];

    if (t->whole
        && !ngx_http_auth_token_curl_closing
        && spare->n < t->hub->nspare)
    {
        spare->easy[spare->n++] = t->easy;

    } else {
        curl_easy_cleanup(t->easy);
    }

    t->easy = NULL;
}


void
ngx_http_auth_token_curl_easy_clear(ngx_http_auth_token_hub_t *hub)
{
    ngx_uint_t                    https;
    ngx_http_auth_token_spare_t  *spare;

    for (https = 0; https < 2; https++) {
        spare = &hub->spare[https];

        while (spare->n) {
            curl_easy_cleanup(spare->easy[--spare->n]);
        }
    }

    if (hub->spare[0].easy) {
        ngx_free(hub->spare[0].easy);
    }
}
