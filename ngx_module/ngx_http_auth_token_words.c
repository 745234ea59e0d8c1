
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The words of a provider block and their setters.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_endpoint.h"
#include "ngx_http_auth_token_module.h"
#include "ngx_http_auth_token_pattern.h"
#include "ngx_http_auth_token_words.h"


static char *ngx_http_auth_token_word_preset(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_word_credential(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_word_cache(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_auth_token_word_time(ngx_str_t *arg,
    const char *name, ngx_msec_t *msec);
static char *ngx_http_auth_token_word_limit(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_auth_token_word_rate(ngx_str_t *arg,
    ngx_uint_t *rate);
static char *ngx_http_auth_token_word_breaker(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_auth_token_word_number(ngx_str_t *arg,
    const char *name, ngx_uint_t *number);
static char *ngx_http_auth_token_word_max(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);


#define ngx_http_auth_token_offset(field)                                     \
    offsetof(ngx_http_auth_token_provider_t, field)


ngx_command_t  ngx_http_auth_token_words[] = {

    { ngx_string("preset"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_word_preset,
      0,
      0,
      NULL },

    { ngx_string("token_pattern"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_pattern_word,
      0,
      0,
      NULL },

    { ngx_string("endpoint"),
      NGX_CONF_TAKE123,
      ngx_http_auth_token_endpoint_word,
      0,
      0,
      NULL },

    { ngx_string("credential"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_word_credential,
      0,
      0,
      NULL },

    { ngx_string("cache"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_word_cache,
      0,
      0,
      NULL },

    { ngx_string("limit_lookups"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_word_limit,
      0,
      0,
      NULL },

    { ngx_string("breaker"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_word_breaker,
      0,
      0,
      NULL },

    { ngx_string("max_lookups"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_word_max,
      0,
      ngx_http_auth_token_offset(max_lookups),
      NULL },

    { ngx_string("max_connections"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_word_max,
      0,
      ngx_http_auth_token_offset(reach.max_connections),
      NULL },

    { ngx_string("realm"),
      NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      0,
      ngx_http_auth_token_offset(realm),
      NULL },

    { ngx_string("leeway"),
      NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      0,
      ngx_http_auth_token_offset(leeway),
      NULL },

      ngx_null_command
};


static char *
ngx_http_auth_token_word_preset(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t         *value;
    auth_token_str_t   name;

    if (provider->protocol != NULL) {
        return "is duplicate";
    }

    if (provider->drafts != NULL) {
        return "cannot be used with \"step\"";
    }

    value = cf->args->elts;

    name.len = value[1].len;
    name.data = value[1].data;

    provider->protocol = auth_token_preset_find(name);

    if (provider->protocol == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown preset \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_word_credential(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    if (provider->credential != NULL) {
        return "is duplicate";
    }

    provider->credential = ngx_http_auth_token_credential_parse(cf);

    return provider->credential ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_auth_token_word_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_int_t                     rc;
    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_http_auth_token_lives_t  *lives;

    if (provider->cache_place.line) {
        return "is duplicate";
    }

    ngx_http_auth_token_place_note(cf, &provider->cache_place);

    value = cf->args->elts;
    lives = &provider->lives;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "zone=", 5) == 0
            && value[i].len > 5 && provider->zone_name.len == 0)
        {
            provider->zone_name.len = value[i].len - 5;
            provider->zone_name.data = value[i].data + 5;
            continue;
        }

        rc = ngx_http_auth_token_word_time(&value[i], "valid=",
                                           &lives->valid);
        if (rc == NGX_DECLINED) {
            rc = ngx_http_auth_token_word_time(&value[i], "negative=",
                                               &lives->negative);
        }

        if (rc == NGX_DECLINED) {
            rc = ngx_http_auth_token_word_time(&value[i], "refresh=",
                                               &lives->refresh);
        }

        if (rc == NGX_DECLINED) {
            rc = ngx_http_auth_token_word_time(&value[i], "stale=",
                                               &lives->stale);
        }

        if (rc != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* NGX_DECLINED: another parameter; NGX_ERROR: no time, or the second one */

static ngx_int_t
ngx_http_auth_token_word_time(ngx_str_t *arg, const char *name,
    ngx_msec_t *msec)
{
    size_t     len;
    ngx_int_t  n;
    ngx_str_t  s;

    len = ngx_strlen(name);

    if (arg->len < len || ngx_strncmp(arg->data, name, len) != 0) {
        return NGX_DECLINED;
    }

    s.len = arg->len - len;
    s.data = arg->data + len;

    n = s.len ? ngx_parse_time(&s, 0) : NGX_ERROR;

    if (n == NGX_ERROR || *msec != NGX_CONF_UNSET_MSEC) {
        return NGX_ERROR;
    }

    *msec = n;

    return NGX_OK;
}


static char *
ngx_http_auth_token_word_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_int_t    rc;
    ngx_str_t   *value;
    ngx_uint_t   i, rate, burst, queue;

    if (provider->limit.rate != 0) {
        return "is duplicate";
    }

    value = cf->args->elts;

    rate = 0;
    burst = NGX_CONF_UNSET_UINT;
    queue = NGX_CONF_UNSET_UINT;

    for (i = 1; i < cf->args->nelts; i++) {

        rc = NGX_DECLINED;

        if (rate == 0) {
            rc = ngx_http_auth_token_word_rate(&value[i], &rate);
        }

        if (rc == NGX_DECLINED) {
            rc = ngx_http_auth_token_word_number(&value[i], "burst=", &burst);
        }

        if (rc == NGX_DECLINED) {
            rc = ngx_http_auth_token_word_number(&value[i], "queue=", &queue);
        }

        if (rc != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    if (rate == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must have \"rate\" parameter",
                           &cmd->name);
        return NGX_CONF_ERROR;
    }

    provider->limit.rate = rate;
    provider->limit.burst = (burst == NGX_CONF_UNSET_UINT) ? 0 : burst * 1000;
    provider->queue = (queue == NGX_CONF_UNSET_UINT) ? 0 : queue;

    return NGX_CONF_OK;
}


/* in 1/1000 look-up a second, as limit_req */

static ngx_int_t
ngx_http_auth_token_word_rate(ngx_str_t *arg, ngx_uint_t *rate)
{
    size_t      len;
    u_char     *p;
    ngx_int_t   n;
    ngx_uint_t  scale;

    if (ngx_strncmp(arg->data, "rate=", 5) != 0) {
        return NGX_DECLINED;
    }

    len = arg->len;
    scale = 1;

    p = arg->data + len - 3;

    if (len > 8 && ngx_strncmp(p, "r/s", 3) == 0) {
        len -= 3;

    } else if (len > 8 && ngx_strncmp(p, "r/m", 3) == 0) {
        scale = 60;
        len -= 3;
    }

    n = ngx_atoi(arg->data + 5, len - 5);

    if (n <= 0 || n > 1000000 || n * 1000 / scale == 0) {
        return NGX_ERROR;
    }

    *rate = n * 1000 / scale;

    return NGX_OK;
}


static char *
ngx_http_auth_token_word_breaker(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_int_t    rc;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (provider->limit.breaker != NGX_CONF_UNSET_UINT
        || provider->limit.breaker_delay != NGX_CONF_UNSET_MSEC)
    {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        rc = ngx_http_auth_token_word_number(&value[i], "failures=",
                                             &provider->limit.breaker);

        if (rc == NGX_DECLINED) {
            rc = ngx_http_auth_token_word_time(&value[i], "delay=",
                                             &provider->limit.breaker_delay);
        }

        if (rc != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* returns as ngx_http_auth_token_word_time() does */

static ngx_int_t
ngx_http_auth_token_word_number(ngx_str_t *arg, const char *name,
    ngx_uint_t *number)
{
    size_t     len;
    ngx_int_t  n;

    len = ngx_strlen(name);

    if (arg->len < len || ngx_strncmp(arg->data, name, len) != 0) {
        return NGX_DECLINED;
    }

    n = ngx_atoi(arg->data + len, arg->len - len);

    if (n == NGX_ERROR || n > 1000000 || *number != NGX_CONF_UNSET_UINT) {
        return NGX_ERROR;
    }

    *number = n;

    return NGX_OK;
}


static char *
ngx_http_auth_token_word_max(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    ngx_int_t  *max;

    rv = ngx_conf_set_num_slot(cf, cmd, conf);

    max = (ngx_int_t *) ((char *) conf + cmd->offset);

    return (rv == NGX_CONF_OK && *max == 0) ? "invalid value" : rv;
}
