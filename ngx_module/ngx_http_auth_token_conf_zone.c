
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Configuration: zones, and which provider uses which.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_zone_conf.h"


/* room for the shared context, the purge table and a few entries */
#define NGX_HTTP_AUTH_TOKEN_MIN_ZONE  (32 * ngx_pagesize)


static ngx_http_auth_token_zone_t *ngx_http_auth_token_conf_add_zone(
    ngx_conf_t *cf, ngx_http_auth_token_main_conf_t *mcf, ngx_str_t *name,
    size_t size);
static char *ngx_http_auth_token_conf_bind(ngx_conf_t *cf,
    ngx_http_auth_token_main_conf_t *mcf,
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_conf_room(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t **providers, ngx_uint_t n);


static ngx_str_t  ngx_http_auth_token_default_zone = ngx_string("tokens");


char *
ngx_http_auth_token_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_auth_token_main_conf_t *mcf = conf;

    ngx_uint_t                        i;
    ngx_http_auth_token_provider_t  **providers;

    if (mcf->providers.nelts == 0) {
        return NGX_CONF_OK;
    }

    if (mcf->zones.nelts == 0
        && ngx_http_auth_token_conf_add_zone(cf, mcf,
                                             &ngx_http_auth_token_default_zone,
                                             10 * 1024 * 1024)
           == NULL)
    {
        return NGX_CONF_ERROR;
    }

    providers = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (ngx_http_auth_token_conf_bind(cf, mcf, providers[i])
            != NGX_CONF_OK
            || ngx_http_auth_token_conf_room(cf, providers, i) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* a provider that names no zone uses the first */

static char *
ngx_http_auth_token_conf_bind(ngx_conf_t *cf,
    ngx_http_auth_token_main_conf_t *mcf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_uint_t                    i;
    ngx_http_auth_token_zone_t  **zones;

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (provider->zone_name.len == 0
            || (provider->zone_name.len == zones[i]->name.len
                && ngx_strncmp(provider->zone_name.data, zones[i]->name.data,
                               zones[i]->name.len)
                   == 0))
        {
            provider->zone = zones[i];
            return NGX_CONF_OK;
        }
    }

    ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &provider->cache_place,
                                    "unknown auth_token_zone \"%V\"",
                                    &provider->zone_name);

    return NGX_CONF_ERROR;
}


/* as the zone counts them: those that ask alike are one */

static ngx_int_t
ngx_http_auth_token_conf_room(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t **providers, ngx_uint_t n)
{
    ngx_uint_t                       i, j, others;
    ngx_http_auth_token_provider_t  *provider;

    provider = providers[n];
    others = 0;

    for (i = 0; i < n; i++) {

        for (j = i + 1; j <= n; j++) {
            if (providers[j]->zone == providers[i]->zone
                && ngx_memcmp(providers[j]->fingerprint,
                              providers[i]->fingerprint,
                              NGX_HTTP_AUTH_TOKEN_FINGERPRINT)
                   == 0)
            {
                break;
            }
        }

        others += (j > n && providers[i]->zone == provider->zone);
    }

    if (others < NGX_HTTP_AUTH_TOKEN_MAX_PROVIDERS) {
        return NGX_OK;
    }

    ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &provider->place,
                                    "zone \"%V\" has room for %d providers",
                                    &provider->zone->name,
                                    NGX_HTTP_AUTH_TOKEN_MAX_PROVIDERS);
    return NGX_ERROR;
}


char *
ngx_http_auth_token_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_main_conf_t *mcf = conf;

    u_char                       *p;
    ssize_t                       size;
    ngx_str_t                    *value, name, s;
    ngx_uint_t                    i;
    ngx_http_auth_token_zone_t  **zones;

    value = cf->args->elts;

    p = (u_char *) ngx_strchr(value[1].data, ':');

    if (p == NULL || p == value[1].data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    name.data = value[1].data;
    name.len = p - name.data;

    s.data = p + 1;
    s.len = value[1].data + value[1].len - s.data;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone size \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (size < (ssize_t) NGX_HTTP_AUTH_TOKEN_MIN_ZONE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small", &value[1]);
        return NGX_CONF_ERROR;
    }

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (zones[i]->name.len == name.len
            && ngx_strncmp(zones[i]->name.data, name.data, name.len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate zone \"%V\"", &name);
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_auth_token_conf_add_zone(cf, mcf, &name, size)
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_http_auth_token_zone_t *
ngx_http_auth_token_conf_add_zone(ngx_conf_t *cf,
    ngx_http_auth_token_main_conf_t *mcf, ngx_str_t *name, size_t size)
{
    ngx_http_auth_token_zone_t  *zone, **zp;

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_http_auth_token_zone_t));
    zp = ngx_array_push(&mcf->zones);

    if (zone == NULL || zp == NULL) {
        return NULL;
    }

    *zp = zone;

    zone->name = *name;

    if (ngx_http_auth_token_zone_conf_add(cf, zone, size) != NGX_OK) {
        return NULL;
    }

    return zone;
}
