
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where an authority is.  Called when a provider's block has been read.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_reach.h"


static ngx_int_t ngx_http_auth_token_reach_proxy(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_http_auth_token_url_t *proxy);
static ngx_int_t ngx_http_auth_token_reach_issuer(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_http_auth_token_url_t *url);
static ngx_int_t ngx_http_auth_token_reach_endpoint(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_endpoint_t *endpoint, ngx_http_auth_token_url_t *url);
static ngx_int_t ngx_http_auth_token_reach_clear(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, const char *word,
    ngx_http_auth_token_place_t *place, ngx_str_t *given,
    ngx_http_auth_token_url_t *url);
static ngx_int_t ngx_http_auth_token_reach_unix(ngx_conf_t *cf,
    ngx_str_t *url, ngx_str_t *socket);
static ngx_int_t ngx_http_auth_token_reach_query(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_place_t *place, ngx_str_t *given);
static ngx_int_t ngx_http_auth_token_reach_names(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_http_auth_token_url_t *urls,
    ngx_uint_t n);
static ngx_int_t ngx_http_auth_token_reach_name(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_keyval_t *kv,
    ngx_http_auth_token_url_t *url);
static ngx_uint_t ngx_http_auth_token_reach_loopback(ngx_str_t *host);


ngx_int_t
ngx_http_auth_token_reach_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_uint_t                       i, n;
    ngx_http_auth_token_url_t        proxy, *urls;
    ngx_http_auth_token_endpoint_t  *endpoint;

    endpoint = provider->endpoints.elts;
    n = provider->issuer.len ? 1 : provider->endpoints.nelts;

    urls = ngx_pcalloc(cf->temp_pool, n * sizeof(ngx_http_auth_token_url_t));
    if (urls == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_auth_token_reach_proxy(cf, provider, &proxy) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {

        if ((provider->issuer.len
             ? ngx_http_auth_token_reach_issuer(cf, provider, urls)
             : ngx_http_auth_token_reach_endpoint(cf, provider, &endpoint[i],
                                                  &urls[i]))
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (urls[i].https) {
            provider->reach.https = 1;
        }
    }

    /* behind a proxy only its own name is resolved here */

    return provider->reach.proxy.len
           ? ngx_http_auth_token_reach_names(cf, provider, &proxy, 1)
           : ngx_http_auth_token_reach_names(cf, provider, urls, n);
}


static ngx_int_t
ngx_http_auth_token_reach_proxy(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_http_auth_token_url_t *proxy)
{
    if (provider->reach.proxy.len == 0) {
        return NGX_OK;
    }

    if (ngx_http_auth_token_reach_given(cf->pool, &provider->reach.proxy, proxy)
        == NGX_OK
        && !proxy->https && !proxy->query)
    {
        return NGX_OK;
    }

    ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &provider->proxy_place,
                                    "invalid proxy \"%V\" in provider \"%V\"",
                                    &provider->reach.proxy, &provider->name);
    return NGX_ERROR;
}


static ngx_int_t
ngx_http_auth_token_reach_issuer(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_http_auth_token_url_t *url)
{
    if (ngx_http_auth_token_reach_given(cf->pool, &provider->issuer, url)
        != NGX_OK
        || url->query)
    {
        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf,
                                        &provider->issuer_place,
                                        "invalid issuer \"%V\" in provider "
                                        "\"%V\"", &provider->issuer,
                                        &provider->name);
        return NGX_ERROR;
    }

    return ngx_http_auth_token_reach_clear(cf, provider, "issuer",
                                           &provider->issuer_place,
                                           &provider->issuer, url);
}


static ngx_int_t
ngx_http_auth_token_reach_endpoint(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_endpoint_t *endpoint, ngx_http_auth_token_url_t *url)
{
    ngx_str_t  given, *socket;

    given = endpoint->url;
    socket = &endpoint->reach.unix_socket;

    if (ngx_http_auth_token_reach_unix(cf, &endpoint->url, socket) != NGX_OK
        || ngx_http_auth_token_reach_given(cf->pool, &endpoint->url, url)
           != NGX_OK)
    {
        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &endpoint->place,
                                        "invalid endpoint \"%V\" in provider "
                                        "\"%V\"", &given, &provider->name);
        return NGX_ERROR;
    }

    endpoint->name = socket->len ? *socket : url->authority;

    if (provider->reach.proxy.len && socket->len) {
        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf,
                                        &provider->proxy_place,
                                        "invalid proxy \"%V\" in provider "
                                        "\"%V\"", &provider->reach.proxy,
                                        &provider->name);
        return NGX_ERROR;
    }

    if (ngx_http_auth_token_reach_clear(cf, provider, "endpoint",
                                        &endpoint->place, &given, url)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return url->query ? ngx_http_auth_token_reach_query(cf, provider,
                                                        &endpoint->place,
                                                        &given)
                      : NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_reach_clear(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, const char *word,
    ngx_http_auth_token_place_t *place, ngx_str_t *given,
    ngx_http_auth_token_url_t *url)
{
    if (ngx_http_auth_token_reach_safe(provider, url)) {
        return NGX_OK;
    }

    ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, place,
                                    "%s \"%V\" in provider \"%V\" sends "
                                    "tokens in clear text, use https or "
                                    "\"allow_http on\"", word, given,
                                    &provider->name);
    return NGX_ERROR;
}


/* a path would end up among the arguments */

static ngx_int_t
ngx_http_auth_token_reach_query(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_place_t *place, ngx_str_t *given)
{
    size_t                    i;
    ngx_str_t                 name;
    const auth_token_step_t  *step;

    for (i = 0; i < provider->protocol->nsteps; i++) {
        step = &provider->protocol->steps[i];

        if (step->path.len == 0) {
            continue;
        }

        name.len = step->name.len;
        name.data = step->name.data;

        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, place,
                                        "endpoint \"%V\" in provider \"%V\" "
                                        "has arguments, to which step \"%V\" "
                                        "cannot add a path", given,
                                        &provider->name, &name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* a proxy may be anywhere */

ngx_uint_t
ngx_http_auth_token_reach_safe(ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_url_t *url)
{
    return url->https || (url->loopback && provider->reach.proxy.len == 0)
           || provider->allow_http == 1;
}


/* "http://unix:PATH:/uri", as proxy_pass has it */

static ngx_int_t
ngx_http_auth_token_reach_unix(ngx_conf_t *cf, ngx_str_t *url,
    ngx_str_t *socket)
{
    size_t      len;
    u_char     *p, *last, *colon;
    ngx_str_t   uri;

    last = url->data + url->len;

    len = (url->len > 5 && ngx_strncasecmp(url->data, (u_char *) "https", 5)
                           == 0)
          ? sizeof("https://") - 1 : sizeof("http://") - 1;

    p = url->data + len;

    if (url->len < len + 5 || ngx_strncasecmp(p, (u_char *) "unix:", 5) != 0) {
        return NGX_OK;
    }

    p += 5;
    colon = ngx_strlchr(p, last, ':');

    ngx_str_null(&uri);

    if (colon != NULL) {
        uri.data = colon + 1;
        uri.len = last - uri.data;

        if (uri.len == 0 || uri.data[0] != '/') {
            return NGX_ERROR;
        }

        last = colon;
    }

    /* sun_path holds 108 bytes with its NUL */

    if (p == last || *p != '/' || last - p > 107) {
        return NGX_ERROR;
    }

    socket->data = p;
    socket->len = last - p;

    p = ngx_pnalloc(cf->pool, len + sizeof("localhost") - 1 + uri.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    url->len = ngx_sprintf(p, "%*slocalhost%V%Z", len, url->data, &uri) - p
               - 1;
    url->data = p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_reach_names(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_http_auth_token_url_t *urls,
    ngx_uint_t n)
{
    ngx_int_t      rc;
    ngx_uint_t     i, j, found;
    ngx_keyval_t  *kv;

    if (provider->names == NULL) {
        return NGX_OK;
    }

    provider->reach.resolve = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (provider->reach.resolve == NULL) {
        return NGX_ERROR;
    }

    kv = provider->names->elts;

    for (i = 0; i < provider->names->nelts; i++) {
        found = 0;

        for (j = 0; j < n; j++) {
            rc = ngx_http_auth_token_reach_name(cf, provider, &kv[i],
                                                &urls[j]);
            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            found |= (rc == NGX_OK);
        }

        if (!found) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"resolve\" of \"%V\" in provider \"%V\", "
                               "which connects to \"%V\"", &kv[i].key,
                               &provider->name, &urls[0].host);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* NGX_DECLINED: the name of another host */

static ngx_int_t
ngx_http_auth_token_reach_name(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_keyval_t *kv,
    ngx_http_auth_token_url_t *url)
{
    ngx_str_t  *line;

    if (kv->key.len != url->host.len
        || ngx_strncasecmp(kv->key.data, url->host.data, url->host.len) != 0)
    {
        return NGX_DECLINED;
    }

    line = ngx_array_push(provider->reach.resolve);
    if (line == NULL) {
        return NGX_ERROR;
    }

    line->data = ngx_pnalloc(cf->pool, kv->key.len + kv->value.len
                                       + sizeof(":65535:"));
    if (line->data == NULL) {
        return NGX_ERROR;
    }

    line->len = ngx_sprintf(line->data, "%V:%ui:%V%Z", &kv->key,
                            (ngx_uint_t) url->port, &kv->value)
                - line->data - 1;

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_reach_given(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_auth_token_url_t *out)
{
    if (ngx_strlchr(url->data, url->data + url->len, '$') != NULL) {
        return NGX_ERROR;
    }

    return ngx_http_auth_token_reach_url(pool, url, out);
}


ngx_int_t
ngx_http_auth_token_reach_url(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_auth_token_url_t *out)
{
    size_t      i;
    u_char     *p, *last, *path, *query;
    ngx_url_t   u;

    for (i = 0; i < url->len; i++) {
        if (url->data[i] <= 0x20 || url->data[i] >= 0x7f
            || ngx_strchr("#@\\\"<>{}|^`", url->data[i]))
        {
            return NGX_ERROR;
        }
    }

    if (url->len > 8 && ngx_strncasecmp(url->data, (u_char *) "https://", 8)
                        == 0)
    {
        out->https = 1;
        p = url->data + 8;

    } else if (url->len > 7
               && ngx_strncasecmp(url->data, (u_char *) "http://", 7) == 0)
    {
        out->https = 0;
        p = url->data + 7;

    } else {
        return NGX_ERROR;
    }

    last = url->data + url->len;

    query = ngx_strlchr(p, last, '?');
    path = ngx_strlchr(p, query ? query : last, '/');

    if (path == NULL) {
        path = query;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url.data = p;
    u.url.len = (path ? path : last) - p;
    u.default_port = out->https ? 443 : 80;
    u.no_resolve = 1;

    /* nginx would take other forms too, such as "unix:" */

    if (u.url.len == 0
        || (u.url.len >= 5 && ngx_strncasecmp(p, (u_char *) "unix:", 5) == 0)
        || ngx_parse_url(pool, &u) != NGX_OK)
    {
        return NGX_ERROR;
    }

    out->authority = u.url;
    out->host = u.host;
    out->port = u.port;
    out->query = (query != NULL);
    out->loopback = ngx_http_auth_token_reach_loopback(&u.host);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_auth_token_reach_loopback(ngx_str_t *host)
{
    u_char  addr[4], text[NGX_INET_ADDRSTRLEN + 1];

    if ((host->len == 9
         && ngx_strncasecmp(host->data, (u_char *) "localhost", 9) == 0)
        || (host->len == 5 && ngx_strncmp(host->data, "[::1]", 5) == 0)
        || (host->len == 3 && ngx_strncmp(host->data, "::1", 3) == 0))
    {
        return 1;
    }

    if (host->len > NGX_INET_ADDRSTRLEN) {
        return 0;
    }

    /* ngx_inet_addr() reads more than curl does as an address */

    ngx_cpystrn(text, host->data, host->len + 1);

    return inet_pton(AF_INET, (char *) text, addr) == 1 && addr[0] == 127;
}
