
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The endpoints of a provider.  They are asked in the order of the
 * configuration; one that failed is passed over for a while, and then tried
 * by one look-up, as upstream servers are.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_endpoint.h"


static ngx_int_t ngx_http_auth_token_endpoint_parameter(
    ngx_http_auth_token_endpoint_t *endpoint, ngx_str_t *arg);
static ngx_uint_t ngx_http_auth_token_endpoint_same(ngx_str_t *one,
    ngx_str_t *two);
static ngx_int_t ngx_http_auth_token_endpoint_order(
    ngx_http_auth_token_endpoint_t *one, ngx_http_auth_token_endpoint_t *two);
static int ngx_http_auth_token_endpoint_text(auth_token_buf_t *out,
    ngx_str_t *text);
static ngx_uint_t ngx_http_auth_token_endpoint_failed(
    ngx_http_auth_token_endpoint_t *endpoint);
static ngx_uint_t ngx_http_auth_token_endpoint_aside(
    ngx_http_auth_token_endpoint_t *endpoint);
static ngx_uint_t ngx_http_auth_token_endpoint_untried(
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_tries_t *tries);
static ngx_uint_t ngx_http_auth_token_endpoint_unanswered(
    const auth_token_step_t *step, ngx_http_auth_token_fetch_t *fetch);
static void ngx_http_auth_token_endpoint_count(
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_endpoint_t *endpoint, const char *reason,
    ngx_log_t *log);


char *
ngx_http_auth_token_endpoint_word(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_http_auth_token_endpoint_t  *endpoint;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "is empty";
    }

    if (provider->endpoints.elts == NULL
        && ngx_array_init(&provider->endpoints, cf->pool, 1,
                          sizeof(ngx_http_auth_token_endpoint_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    endpoint = provider->endpoints.elts;

    for (i = 0; i < provider->endpoints.nelts; i++) {
        if (ngx_http_auth_token_endpoint_same(&endpoint[i].url, &value[1])) {
            return "is duplicate";
        }
    }

    if (i == NGX_HTTP_AUTH_TOKEN_MAX_ENDPOINTS) {
        return "is given too often";
    }

    endpoint = ngx_array_push(&provider->endpoints);
    if (endpoint == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(endpoint, sizeof(ngx_http_auth_token_endpoint_t));

    endpoint->url = value[1];
    ngx_http_auth_token_place_note(cf, &endpoint->place);

    endpoint->max_fails = NGX_CONF_UNSET_UINT;
    endpoint->fail_timeout = NGX_CONF_UNSET_MSEC;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_http_auth_token_endpoint_parameter(endpoint, &value[i])
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    ngx_conf_init_uint_value(endpoint->max_fails, 1);
    ngx_conf_init_msec_value(endpoint->fail_timeout, 10000);

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_auth_token_endpoint_parameter(
    ngx_http_auth_token_endpoint_t *endpoint, ngx_str_t *arg)
{
    ngx_int_t  n;
    ngx_str_t  s;

    if (ngx_strncmp(arg->data, "max_fails=", 10) == 0) {
        n = ngx_atoi(arg->data + 10, arg->len - 10);

        if (n == NGX_ERROR || endpoint->max_fails != NGX_CONF_UNSET_UINT) {
            return NGX_ERROR;
        }

        endpoint->max_fails = n;

        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "fail_timeout=", 13) == 0 && arg->len > 13) {
        s.len = arg->len - 13;
        s.data = arg->data + 13;

        n = ngx_parse_time(&s, 0);

        if (n == NGX_ERROR
            || endpoint->fail_timeout != NGX_CONF_UNSET_MSEC)
        {
            return NGX_ERROR;
        }

        endpoint->fail_timeout = n;

        return NGX_OK;
    }

    return NGX_ERROR;
}


static ngx_uint_t
ngx_http_auth_token_endpoint_same(ngx_str_t *one, ngx_str_t *two)
{
    return one->len == two->len
           && ngx_strncmp(one->data, two->data, one->len) == 0;
}


void
ngx_http_auth_token_endpoint_finish(ngx_http_auth_token_provider_t *provider)
{
    ngx_str_t                        socket;
    ngx_uint_t                       i;
    ngx_http_auth_token_endpoint_t  *endpoint;

    endpoint = provider->endpoints.elts;

    for (i = 0; i < provider->endpoints.nelts; i++) {
        socket = endpoint[i].reach.unix_socket;

        endpoint[i].reach = provider->reach;
        endpoint[i].reach.unix_socket = socket;
    }
}


/*
 * Sorted: which of them gave an answer, and which is asked first, makes no
 * difference to what was answered.
 */

int
ngx_http_auth_token_endpoint_fingerprint(
    ngx_http_auth_token_provider_t *provider, auth_token_buf_t *out)
{
    ngx_uint_t                       i, j, n;
    ngx_http_auth_token_endpoint_t  *endpoint, *sorted, *e;
    ngx_http_auth_token_endpoint_t  *list[NGX_HTTP_AUTH_TOKEN_MAX_ENDPOINTS];

    n = provider->endpoints.nelts;
    endpoint = provider->endpoints.elts;

    for (i = 0; i < n; i++) {
        e = &endpoint[i];

        for (j = 0; j < i; j++) {

            if (ngx_http_auth_token_endpoint_order(e, list[j]) < 0) {
                sorted = list[j];
                list[j] = e;
                e = sorted;
            }
        }

        list[i] = e;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_auth_token_endpoint_text(out, &list[i]->url) != 0
            || ngx_http_auth_token_endpoint_text(out,
                                              &list[i]->reach.unix_socket)
               != 0)
        {
            return -1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_auth_token_endpoint_order(ngx_http_auth_token_endpoint_t *one,
    ngx_http_auth_token_endpoint_t *two)
{
    ngx_int_t  rc;

    rc = ngx_memn2cmp(one->url.data, two->url.data, one->url.len,
                      two->url.len);

    return rc ? rc : ngx_memn2cmp(one->reach.unix_socket.data,
                                  two->reach.unix_socket.data,
                                  one->reach.unix_socket.len,
                                  two->reach.unix_socket.len);
}


static int
ngx_http_auth_token_endpoint_text(auth_token_buf_t *out, ngx_str_t *text)
{
    uint64_t  len;

    len = text->len;

    return (auth_token_buf_add(out, (u_char *) &len, sizeof(uint64_t)) == 0
            && auth_token_buf_add(out, text->data, text->len) == 0)
           ? 0 : -1;
}


ngx_int_t
ngx_http_auth_token_endpoint_next(ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_tries_t *tries)
{
    ngx_uint_t                       i, n;
    ngx_http_auth_token_endpoint_t  *endpoint, *next;

    n = provider->endpoints.nelts;
    endpoint = provider->endpoints.elts;

    for ( ;; ) {
        next = NULL;
        tries->left = 0;

        for (i = 0; i < n; i++) {

            if ((tries->tried & (1u << i))
                || (!tries->all
                    && ngx_http_auth_token_endpoint_aside(&endpoint[i])))
            {
                continue;
            }

            tries->left++;

            if (next == NULL) {
                next = &endpoint[i];
            }
        }

        if (next || tries->all) {
            break;
        }

        /* the others failed lately: better to ask than to fail for sure */

        tries->all = 1;
    }

    if (next == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_http_auth_token_endpoint_failed(next)) {
        /* one look-up is enough to find out whether it is back */
        next->checked = ngx_current_msec;
    }

    tries->tried |= 1u << (next - endpoint);
    tries->endpoint = next;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_auth_token_endpoint_failed(ngx_http_auth_token_endpoint_t *endpoint)
{
    return endpoint->max_fails && endpoint->fails >= endpoint->max_fails;
}


static ngx_uint_t
ngx_http_auth_token_endpoint_aside(ngx_http_auth_token_endpoint_t *endpoint)
{
    return ngx_http_auth_token_endpoint_failed(endpoint)
           && ngx_current_msec - endpoint->checked < endpoint->fail_timeout;
}


ngx_int_t
ngx_http_auth_token_endpoint_ended(ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_tries_t *tries, const auth_token_step_t *step,
    ngx_http_auth_token_fetch_t *fetch, const char *reason)
{
    ngx_http_auth_token_endpoint_t  *endpoint;

    endpoint = tries->endpoint;

    /* an only one cannot be passed over, and has the breaker */

    if (endpoint == NULL || provider->endpoints.nelts == 1) {
        return NGX_OK;
    }

    if (!ngx_http_auth_token_endpoint_unanswered(step, fetch)) {
        endpoint->fails = 0;
        return NGX_OK;
    }

    ngx_http_auth_token_endpoint_count(provider, endpoint, reason, fetch->log);

    return ngx_http_auth_token_endpoint_untried(provider, tries)
           ? NGX_AGAIN : NGX_OK;
}


static ngx_uint_t
ngx_http_auth_token_endpoint_untried(ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_tries_t *tries)
{
    ngx_uint_t  i;

    for (i = 0; i < provider->endpoints.nelts; i++) {
        if ((tries->tried & (1u << i)) == 0) {
            return 1;
        }
    }

    return 0;
}


/*
 * Look-ups only read, so any may be repeated; but what the authority itself
 * has said stands, and its "429" is meant for all of its endpoints.
 */

static ngx_uint_t
ngx_http_auth_token_endpoint_unanswered(const auth_token_step_t *step,
    ngx_http_auth_token_fetch_t *fetch)
{
    size_t  i;

    if (fetch->status == 0) {
        return fetch->again;
    }

    if (fetch->status != NGX_HTTP_BAD_GATEWAY
        && fetch->status != NGX_HTTP_SERVICE_UNAVAILABLE
        && fetch->status != NGX_HTTP_GATEWAY_TIME_OUT)
    {
        return 0;
    }

    /* what the configuration gives a meaning is an answer */

    for (i = 0; i < step->nstatuses; i++) {
        if (step->statuses[i].status == fetch->status) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_http_auth_token_endpoint_count(ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_endpoint_t *endpoint, const char *reason,
    ngx_log_t *log)
{
    ngx_uint_t  failed, level;

    failed = ngx_http_auth_token_endpoint_failed(endpoint);

    if (!failed
        && ngx_current_msec - endpoint->checked >= endpoint->fail_timeout)
    {
        endpoint->fails = 0;
    }

    endpoint->fails++;
    endpoint->checked = ngx_current_msec;

    level = failed ? NGX_LOG_INFO : NGX_LOG_WARN;

    ngx_log_error(level, log, 0,
                  "auth token: provider \"%V\", endpoint \"%V\": %s%s",
                  &provider->name, &endpoint->name, reason,
                  ngx_http_auth_token_endpoint_failed(endpoint)
                  ? ", temporarily disabled" : "");
}
