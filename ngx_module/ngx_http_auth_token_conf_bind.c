
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Which zone a provider uses, once all of the configuration has been read.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"


static char *ngx_http_auth_token_conf_room(
    ngx_http_auth_token_main_conf_t *mcf, ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);


/* a provider that names no zone uses the first */

char *
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
            break;
        }
    }

    if (provider->zone) {
        return ngx_http_auth_token_conf_room(mcf, cf, provider);
    }

    ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &provider->cache_place,
                                    "unknown auth_token_zone \"%V\"",
                                    &provider->zone_name);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_auth_token_conf_room(ngx_http_auth_token_main_conf_t *mcf,
    ngx_conf_t *cf, ngx_http_auth_token_provider_t *provider)
{
    ngx_uint_t                        i, n;
    ngx_http_auth_token_provider_t  **providers;

    n = 0;
    providers = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        n += (providers[i]->zone == provider->zone);
    }

    if (n <= NGX_HTTP_AUTH_TOKEN_MAX_PROVIDERS) {
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "more than %d providers use the auth_token_zone \"%V\" in "
                  "%V:%ui", NGX_HTTP_AUTH_TOKEN_MAX_PROVIDERS,
                  &provider->zone->name, &provider->place.file,
                  provider->place.line);

    return NGX_CONF_ERROR;
}
