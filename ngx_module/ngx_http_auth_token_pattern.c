
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What tokens look like: by the protocol, by nginx's own regular expressions.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_pattern.h"
#include "ngx_http_auth_token_provider.h"


char *
ngx_http_auth_token_pattern_word(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
#if (NGX_PCRE)
    ngx_http_auth_token_provider_t *provider = conf;

    u_char                errstr[NGX_MAX_CONF_ERRSTR];
    ngx_str_t            *value;
    ngx_regex_compile_t   rc;

    if (provider->pattern != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty pattern";
    }

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern = value[1];
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &rc.err);
        return NGX_CONF_ERROR;
    }

    provider->pattern = rc.regex;

    return NGX_CONF_OK;

#else

    return "requires PCRE library";

#endif
}


ngx_uint_t
ngx_http_auth_token_pattern_fits(ngx_http_auth_token_provider_t *provider,
    ngx_str_t *token)
{
    auth_token_str_t  text;

    if (token->len > NGX_HTTP_AUTH_TOKEN_MAX_TOKEN) {
        return 0;
    }

    text.len = token->len;
    text.data = token->data;

    if (!auth_token_token_fits(provider->protocol, text)) {
        return 0;
    }

#if (NGX_PCRE)

    /* an error, as a limit of the match, is no match either */

    if (provider->pattern != NULL
        && ngx_regex_exec(provider->pattern, token, NULL, 0) < 0)
    {
        return 0;
    }

#endif

    return 1;
}


ngx_http_auth_token_provider_t *
ngx_http_auth_token_pattern_pick(ngx_http_auth_token_rule_t *rule,
    ngx_str_t *token)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_provider_t  **providers;

    /* one alone is not chosen: whether the token fits is asked later */

    if (rule->providers->nelts == 1) {
        return rule->provider;
    }

    providers = rule->providers->elts;

    for (i = 0; i < rule->providers->nelts; i++) {
        if (ngx_http_auth_token_pattern_fits(providers[i], token)) {
            return providers[i];
        }
    }

    return rule->provider;
}


ngx_int_t
ngx_http_auth_token_pattern_more(ngx_conf_t *cf,
    ngx_http_auth_token_rule_t *rule, ngx_str_t *arg)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (rule->off || rule->variable || rule->sources
        || !ngx_http_auth_token_provider_is_name(arg))
    {
        return NGX_DECLINED;
    }

    if (rule->names == NULL) {
        rule->names = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));
        if (rule->names == NULL) {
            return NGX_ERROR;
        }

        name = ngx_array_push(rule->names);
        if (name == NULL) {
            return NGX_ERROR;
        }

        *name = rule->name;
    }

    name = rule->names->elts;

    for (i = 0; i < rule->names->nelts; i++) {
        if (name[i].len == arg->len
            && ngx_strncmp(name[i].data, arg->data, arg->len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate provider \"%V\"", arg);
            return NGX_ERROR;
        }
    }

    name = ngx_array_push(rule->names);
    if (name == NULL) {
        return NGX_ERROR;
    }

    *name = *arg;

    return NGX_OK;
}


char *
ngx_http_auth_token_pattern_resolve(ngx_conf_t *cf,
    ngx_http_auth_token_main_conf_t *mcf, ngx_http_auth_token_rule_t *rule)
{
    ngx_str_t                        *names;
    ngx_uint_t                        i, n;
    ngx_http_auth_token_provider_t  **pp;

    n = 1;
    names = &rule->name;

    if (rule->names != NULL) {
        n = rule->names->nelts;
        names = rule->names->elts;
    }

    rule->providers = ngx_array_create(cf->pool, n, sizeof(void *));
    if (rule->providers == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {
        pp = ngx_array_push(rule->providers);
        if (pp == NULL) {
            return NGX_CONF_ERROR;
        }

        *pp = ngx_http_auth_token_conf_provider(mcf, &names[i]);

        if (*pp == NULL) {
            ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &rule->place,
                                     "unknown auth_token_provider \"%V\"",
                                     &names[i]);
            return NGX_CONF_ERROR;
        }
    }

    pp = rule->providers->elts;
    rule->provider = pp[0];

    return NGX_CONF_OK;
}
