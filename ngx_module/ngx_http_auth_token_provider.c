
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The auth_token_provider block: its words and what is checked at its end.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_draft.h"
#include "ngx_http_auth_token_endpoint.h"
#include "ngx_http_auth_token_issuer.h"
#include "ngx_http_auth_token_provider.h"
#include "ngx_http_auth_token_reach.h"
#include "ngx_http_auth_token_signed.h"
#include "ngx_http_auth_token_step_words.h"
#include "ngx_http_auth_token_words.h"


static ngx_http_auth_token_provider_t *ngx_http_auth_token_provider_create(
    ngx_conf_t *cf);
static char *ngx_http_auth_token_provider_word(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static ngx_command_t *ngx_http_auth_token_provider_find(ngx_str_t *name);
static char *ngx_http_auth_token_provider_check(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);
static void ngx_http_auth_token_provider_defaults(
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_provider_fingerprint(
    ngx_http_auth_token_provider_t *provider);


static ngx_command_t  *ngx_http_auth_token_provider_tables[] = {
    ngx_http_auth_token_words,
    ngx_http_auth_token_issuer_words,
    ngx_http_auth_token_signed_words,
    ngx_http_auth_token_reach_words,
    ngx_http_auth_token_step_words,
    ngx_http_auth_token_status_words,
    ngx_http_auth_token_fact_words,
    ngx_http_auth_token_field_words,
    NULL
};


char *
ngx_http_auth_token_provider_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_main_conf_t *mcf = conf;

    char                             *rv;
    ngx_str_t                        *value;
    ngx_conf_t                        save;
    ngx_http_auth_token_provider_t   *provider, **pp;

    value = cf->args->elts;

    if (!ngx_http_auth_token_provider_is_name(&value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid provider name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    /* once is enough, and without a provider it makes no difference */

    if (mcf->providers.nelts == 0
        && ngx_http_auth_token_curl_check(cf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_auth_token_conf_provider(mcf, &value[1]) != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate auth_token_provider \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    provider = ngx_http_auth_token_provider_create(cf);
    pp = ngx_array_push(&mcf->providers);

    if (provider == NULL || pp == NULL) {
        return NGX_CONF_ERROR;
    }

    *pp = provider;

    provider->name = value[1];

    save = *cf;
    cf->handler = ngx_http_auth_token_provider_word;
    cf->handler_conf = (char *) provider;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_auth_token_provider_check(cf, provider);
}


ngx_uint_t
ngx_http_auth_token_provider_is_name(ngx_str_t *name)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if (ch <= 0x20 || ch == 0x7f || ch == '$' || ch == '=' || ch == '"') {
            return 0;
        }
    }

    return name->len != 0 && ngx_strcmp(name->data, "off") != 0;
}


static ngx_http_auth_token_provider_t *
ngx_http_auth_token_provider_create(ngx_conf_t *cf)
{
    ngx_http_auth_token_reach_t     *reach;
    ngx_http_auth_token_provider_t  *provider;

    provider = ngx_pcalloc(cf->pool, sizeof(ngx_http_auth_token_provider_t));
    if (provider == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     provider->protocol = NULL;
     *     provider->drafts = NULL;
     *     provider->credential = NULL;
     *     provider->zone = NULL;
     *     provider->limit = { 0 };
     *     all ngx_str_t = { 0, NULL };
     */

    ngx_http_auth_token_place_note(cf, &provider->place);

    provider->slot = -1;
    provider->timeout = NGX_CONF_UNSET_MSEC;
    provider->leeway = NGX_CONF_UNSET;
    provider->allow_http = NGX_CONF_UNSET;
    provider->max_lookups = NGX_CONF_UNSET_UINT;

    provider->lives.valid = NGX_CONF_UNSET_MSEC;
    provider->lives.negative = NGX_CONF_UNSET_MSEC;
    provider->lives.refresh = NGX_CONF_UNSET_MSEC;
    provider->lives.stale = NGX_CONF_UNSET_MSEC;
    provider->lives.failure = 1000;

    provider->limit.breaker = NGX_CONF_UNSET_UINT;
    provider->limit.breaker_delay = NGX_CONF_UNSET_MSEC;

    reach = &provider->reach;

    reach->connect_timeout = NGX_CONF_UNSET_MSEC;
    reach->max_body = NGX_CONF_UNSET_SIZE;
    reach->max_header = 16 * 1024;
    reach->max_connections = NGX_CONF_UNSET_UINT;
    reach->ssl_verify = NGX_CONF_UNSET;
    reach->ssl_verify_depth = NGX_CONF_UNSET_UINT;
    reach->ssl_conf_commands = NGX_CONF_UNSET_PTR;

    return provider;
}


static char *
ngx_http_auth_token_provider_word(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    char           *rv;
    ngx_str_t      *value;
    ngx_uint_t      nargs;
    ngx_command_t  *cmd;

    value = cf->args->elts;
    nargs = cf->args->nelts - 1;

    if (nargs == 1 && ngx_strcmp(value[0].data, "include") == 0) {
        return ngx_conf_include(cf, dummy, conf);
    }

    cmd = ngx_http_auth_token_provider_find(&value[0]);

    if (cmd == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown directive \"%V\" in a provider",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    if (!((cmd->type & NGX_CONF_1MORE) && nargs > 0)
        && !((cmd->type & NGX_CONF_2MORE) && nargs > 1)
        && !((cmd->type & NGX_CONF_FLAG) && nargs == 1)
        && !(nargs < NGX_CONF_MAX_ARGS
             && (cmd->type & NGX_CONF_ARGS_NUMBER & (1 << nargs))))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" directive",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    rv = cmd->set(cf, cmd, conf);

    if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR) {
        return rv;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" directive %s",
                       &value[0], rv);

    return NGX_CONF_ERROR;
}


static ngx_command_t *
ngx_http_auth_token_provider_find(ngx_str_t *name)
{
    ngx_uint_t      i;
    ngx_command_t  *cmd;

    for (i = 0; ngx_http_auth_token_provider_tables[i]; i++) {

        for (cmd = ngx_http_auth_token_provider_tables[i];
             cmd->name.len;
             cmd++)
        {
            if (cmd->name.len == name->len
                && ngx_strcmp(cmd->name.data, name->data) == 0)
            {
                return cmd;
            }
        }
    }

    return NULL;
}


static char *
ngx_http_auth_token_provider_check(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    char  *missing;

    ngx_http_auth_token_provider_defaults(provider);

    if (ngx_http_auth_token_signed_finish(cf, provider) != NGX_OK
        || ngx_http_auth_token_draft_finish(cf, provider) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    missing = (provider->protocol == NULL) ? "preset\" or \"step"
              : (provider->endpoints.nelts == 0 && provider->issuer.len == 0)
                ? "endpoint"
              : (provider->credential == NULL) ? "credential"
              : NULL;

    if (missing) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "provider \"%V\" must have \"%s\"",
                           &provider->name, missing);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_auth_token_reach_finish(cf, provider) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_auth_token_credential_finish(cf, provider) != NGX_OK
        || ngx_http_auth_token_issuer_finish(cf, provider) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->lives.refresh != 0
        && provider->lives.refresh >= provider->lives.valid)
    {
        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf,
                                        &provider->cache_place,
                                        "\"refresh\" must be less than "
                                        "\"valid\" in provider \"%V\"",
                                        &provider->name);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_auth_token_provider_fingerprint(provider) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_auth_token_curl_configure(cf, &provider->reach) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    /*
     * documents come from other hosts too, and on connections of their own:
     * look-ups that wait for them may hold all of the others
     */

    provider->aside = provider->reach;

    ngx_str_null(&provider->aside.ssl_name);

    ngx_http_auth_token_endpoint_finish(provider);

    return NGX_CONF_OK;
}


static void
ngx_http_auth_token_provider_defaults(ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_reach_t  *reach;
    ngx_http_auth_token_lives_t  *lives;

    reach = &provider->reach;
    lives = &provider->lives;

    ngx_conf_init_msec_value(provider->timeout, 5000);
    ngx_conf_init_value(provider->leeway, 0);
    ngx_conf_init_value(provider->allow_http, 0);
    ngx_conf_init_uint_value(provider->max_lookups, 1024);
    ngx_conf_init_uint_value(provider->reach.max_connections, 16);

    ngx_conf_init_msec_value(lives->valid, 60000);
    ngx_conf_init_msec_value(lives->negative, 10000);
    ngx_conf_init_msec_value(lives->refresh, 0);
    ngx_conf_init_msec_value(lives->stale, 0);

    ngx_conf_init_uint_value(provider->limit.breaker, 10);
    ngx_conf_init_msec_value(provider->limit.breaker_delay, 5000);

    ngx_conf_init_msec_value(reach->connect_timeout, provider->timeout);
    ngx_conf_init_size_value(reach->max_body, 64 * 1024);
    ngx_conf_init_value(reach->ssl_verify, 1);
    ngx_conf_init_uint_value(reach->ssl_verify_depth, 4);
    ngx_conf_init_ptr_value(reach->ssl_conf_commands, NULL);

    if (reach->ssl_protocols == 0) {
        reach->ssl_protocols = NGX_HTTP_AUTH_TOKEN_TLSV1_2
                               |NGX_HTTP_AUTH_TOKEN_TLSV1_3;
    }
}


/* answers got another way, or by another identity, are other answers */

static ngx_int_t
ngx_http_auth_token_provider_fingerprint(
    ngx_http_auth_token_provider_t *provider)
{
    u_char                            ssl[NGX_INT_T_LEN * 2 + 2];
    ngx_str_t                        *name, parts[24];
    ngx_uint_t                        i, n;
    auth_token_buf_t                  steps, names;
    ngx_http_auth_token_reach_t      *reach;

    reach = &provider->reach;

    auth_token_buf_init(&steps, 1024 * 1024);
    auth_token_buf_init(&names, 1024 * 1024);

    if (auth_token_protocol_fingerprint(provider->protocol, &steps) != 0
        || ngx_http_auth_token_endpoint_fingerprint(provider, &steps) != 0)
    {
        auth_token_buf_free(&steps);
        return NGX_ERROR;
    }

    n = 0;

    parts[n].len = steps.len;
    parts[n++].data = steps.data;

    parts[n++] = provider->issuer;

    if (provider->answer) {
        parts[n++] = provider->answer->place;
    }

    parts[n++] = reach->proxy;

    n += ngx_http_auth_token_credential_identity(provider->credential,
                                                 &parts[n]);

    parts[n].data = ssl;
    parts[n++].len = ngx_sprintf(ssl, "%i %ui", reach->ssl_verify,
                                 reach->ssl_verify_depth)
                     - ssl;

    parts[n++] = reach->ssl_trusted_certificate;
    parts[n++] = reach->ssl_name;
    parts[n++] = reach->ssl_certificate;
    parts[n++] = reach->ssl_crl;

    name = reach->resolve ? reach->resolve->elts : NULL;

    for (i = 0; name && i < reach->resolve->nelts; i++) {
        if (auth_token_buf_add(&names, name[i].data, name[i].len) != 0
            || auth_token_buf_add(&names, " ", 1) != 0)
        {
            auth_token_buf_free(&steps);
            auth_token_buf_free(&names);
            return NGX_ERROR;
        }
    }

    parts[n].len = names.len;
    parts[n++].data = names.data;

    ngx_http_auth_token_zone_fingerprint(parts, n, provider->fingerprint);

    auth_token_buf_free(&steps);
    auth_token_buf_free(&names);

    return NGX_OK;
}
