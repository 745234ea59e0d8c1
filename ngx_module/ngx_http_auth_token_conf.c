
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Configuration: what the directives outside of a provider block do, and what
 * is checked once http{} has been read.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_pattern.h"
#include "ngx_http_auth_token_provider.h"
#include "ngx_http_auth_token_require.h"
#include "ngx_http_auth_token_source.h"


static void ngx_http_auth_token_conf_unprotected(ngx_conf_t *cf,
    ngx_array_t *requirements);


void *
ngx_http_auth_token_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_auth_token_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_auth_token_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&mcf->providers, cf->pool, 4, sizeof(void *)) != NGX_OK
        || ngx_array_init(&mcf->zones, cf->pool, 2, sizeof(void *)) != NGX_OK)
    {
        return NULL;
    }

    return mcf;
}


void *
ngx_http_auth_token_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_auth_token_loc_conf_t  *lcf;

    lcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_auth_token_loc_conf_t));
    if (lcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     lcf->rule = NULL;
     *     lcf->realm = NULL;
     *     lcf->requirements = NULL;
     *     lcf->statuses = NULL;
     *     lcf->metadata = NULL;
     */

    lcf->dry_run = NGX_CONF_UNSET;
    lcf->strip = NGX_CONF_UNSET;
    lcf->preflight = NGX_CONF_UNSET_UINT;
    lcf->error_format = NGX_CONF_UNSET_UINT;
    lcf->log_level = NGX_CONF_UNSET_UINT;

    return lcf;
}


char *
ngx_http_auth_token_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_auth_token_loc_conf_t *prev = parent;
    ngx_http_auth_token_loc_conf_t *conf = child;

    ngx_http_auth_token_rule_t       *rule;
    ngx_http_auth_token_main_conf_t  *mcf;

    ngx_conf_merge_value(conf->dry_run, prev->dry_run, 0);
    ngx_conf_merge_value(conf->strip, prev->strip, 0);
    ngx_conf_merge_uint_value(conf->preflight, prev->preflight, 0);
    ngx_conf_merge_uint_value(conf->error_format, prev->error_format, 0);

    if (conf->metadata == NULL) {
        conf->metadata = prev->metadata;
    }
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level, NGX_LOG_ERR);

    if (conf->realm == NULL) {
        conf->realm = prev->realm;
    }

    if (conf->rule == NULL) {
        conf->rule = prev->rule;
    }

    if (conf->requirements == NULL) {
        conf->requirements = prev->requirements;

    } else if (conf->rule == NULL) {
        ngx_http_auth_token_conf_unprotected(cf, conf->requirements);
    }

    if (conf->statuses == NULL) {
        conf->statuses = prev->statuses;
    }

    if (conf->realm == NULL) {
        static ngx_str_t  realm = ngx_string("restricted");

        conf->realm = ngx_http_auth_token_conf_value(cf, &realm);
        if (conf->realm == NULL) {
            return NGX_CONF_ERROR;
        }

        /* the levels below inherit it instead of making their own */
        prev->realm = conf->realm;
    }

    rule = conf->rule;

    if (rule == NULL || rule->off || rule->variable || rule->provider) {
        return NGX_CONF_OK;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_auth_token_module);

    return ngx_http_auth_token_pattern_resolve(cf, mcf, rule);
}


/* of http{} and server{} the locations may make use */

static void
ngx_http_auth_token_conf_unprotected(ngx_conf_t *cf,
    ngx_array_t *requirements)
{
    ngx_http_core_loc_conf_t           *clcf;
    ngx_http_auth_token_requirement_t  *req;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->name.len == 0) {
        return;
    }

    req = requirements->elts;

    ngx_http_auth_token_place_error(NGX_LOG_WARN, cf, &req[0].place,
                                    "\"auth_token_require\" has no effect "
                                    "without \"auth_token\" in location "
                                    "\"%V\"", &clcf->name);
}


char *
ngx_http_auth_token_conf_rule(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_loc_conf_t *lcf = conf;

    ngx_int_t                    rc;
    ngx_str_t                   *value, s;
    ngx_uint_t                   i;
    ngx_http_auth_token_rule_t  *rule;

    if (lcf->rule != NULL) {
        return "is duplicate";
    }

    rule = ngx_pcalloc(cf->pool, sizeof(ngx_http_auth_token_rule_t));
    if (rule == NULL) {
        return NGX_CONF_ERROR;
    }

    lcf->rule = rule;

    ngx_http_auth_token_place_note(cf, &rule->place);

    value = cf->args->elts;

    rule->name = value[1];

    if (ngx_strcmp(value[1].data, "off") == 0) {
        rule->off = 1;

    } else if (ngx_http_script_variables_count(&value[1])
               && ngx_strlchr(value[1].data, value[1].data + value[1].len, '=')
                  == NULL)
    {
        rule->variable = ngx_http_auth_token_conf_value(cf, &value[1]);
        if (rule->variable == NULL) {
            return NGX_CONF_ERROR;
        }

    } else if (!ngx_http_auth_token_provider_is_name(&value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid provider name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        rc = ngx_http_auth_token_pattern_more(cf, rule, &value[i]);

        if (rc == NGX_OK) {
            continue;
        }

        if (rc == NGX_ERROR) {
            return NGX_CONF_ERROR;
        }

        if (ngx_strncmp(value[i].data, "token=", 6) == 0
            && value[i].len > 6 && !rule->off)
        {
            s.len = value[i].len - 6;
            s.data = value[i].data + 6;

            /* a constant would be one token for everybody */

            if (ngx_http_script_variables_count(&s)) {

                if (ngx_http_auth_token_source_add(cf, rule, &s)
                    != NGX_CONF_OK)
                {
                    return NGX_CONF_ERROR;
                }

                continue;
            }
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[i]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_http_complex_value_t *
ngx_http_auth_token_conf_value(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_http_complex_value_t          *cv;
    ngx_http_compile_complex_value_t   ccv;

    cv = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (cv == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = value;
    ccv.complex_value = cv;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NULL;
    }

    return cv;
}


char *
ngx_http_auth_token_conf_dry_run(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char                            *rv;
    ngx_http_auth_token_loc_conf_t  *lcf = conf;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);

    if (rv == NGX_CONF_OK && lcf->dry_run) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"auth_token_dry_run\" is on: "
                           "requests are judged but never denied");
    }

    return rv;
}


ngx_http_auth_token_provider_t *
ngx_http_auth_token_conf_provider(ngx_http_auth_token_main_conf_t *mcf,
    ngx_str_t *name)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_provider_t  **providers;

    providers = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (providers[i]->name.len == name->len
            && ngx_strncmp(providers[i]->name.data, name->data, name->len)
               == 0)
        {
            return providers[i];
        }
    }

    return NULL;
}
