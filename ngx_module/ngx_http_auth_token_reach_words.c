
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The words of a provider that say how its authority is reached.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_module.h"
#include "ngx_http_auth_token_words.h"


static char *ngx_http_auth_token_reach_timeout(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_reach_max_answer(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_reach_verify(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_reach_text(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_reach_host(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_reach_file(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_reach_command(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_reach_proxy(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_reach_name(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);


#define ngx_http_auth_token_reach_offset(field)                               \
    offsetof(ngx_http_auth_token_provider_t, field)


static ngx_conf_bitmask_t  ngx_http_auth_token_reach_protocols[] = {
    { ngx_string("TLSv1.2"), NGX_HTTP_AUTH_TOKEN_TLSV1_2 },
    { ngx_string("TLSv1.3"), NGX_HTTP_AUTH_TOKEN_TLSV1_3 },
    { ngx_null_string, 0 }
};


static ngx_conf_num_bounds_t  ngx_http_auth_token_reach_depth = {
    ngx_conf_check_num_bounds, 0, 100
};


ngx_command_t  ngx_http_auth_token_reach_words[] = {

    { ngx_string("timeout"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_timeout,
      0,
      ngx_http_auth_token_reach_offset(timeout),
      NULL },

    { ngx_string("connect_timeout"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_timeout,
      0,
      ngx_http_auth_token_reach_offset(reach.connect_timeout),
      NULL },

    { ngx_string("max_answer"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_max_answer,
      0,
      ngx_http_auth_token_reach_offset(reach.max_body),
      NULL },

    { ngx_string("ssl_verify"),
      NGX_CONF_FLAG,
      ngx_http_auth_token_reach_verify,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_verify),
      NULL },

    { ngx_string("ssl_verify_depth"),
      NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_verify_depth),
      &ngx_http_auth_token_reach_depth },

    { ngx_string("ssl_name"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_host,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_name),
      NULL },

    { ngx_string("ssl_ciphers"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_text,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_ciphers),
      NULL },

    { ngx_string("ssl_trusted_certificate"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_file,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_trusted_certificate),
      NULL },

    { ngx_string("ssl_crl"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_file,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_crl),
      NULL },

    { ngx_string("ssl_certificate"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_file,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_certificate),
      NULL },

    { ngx_string("ssl_certificate_key"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_file,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_certificate_key),
      NULL },

    { ngx_string("ssl_password_file"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_file,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_password_file),
      NULL },

    { ngx_string("ssl_protocols"),
      NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_protocols),
      &ngx_http_auth_token_reach_protocols },

    { ngx_string("ssl_conf_command"),
      NGX_CONF_TAKE2,
      ngx_http_auth_token_reach_command,
      0,
      ngx_http_auth_token_reach_offset(reach.ssl_conf_commands),
      NULL },

    { ngx_string("allow_http"),
      NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      ngx_http_auth_token_reach_offset(allow_http),
      NULL },

    { ngx_string("proxy"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_proxy,
      0,
      ngx_http_auth_token_reach_offset(reach.proxy),
      NULL },

    { ngx_string("resolve"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_reach_name,
      0,
      0,
      NULL },

      ngx_null_command
};


/* to libcurl a time of 0 is no limit */

static char *
ngx_http_auth_token_reach_timeout(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char  *p = conf;

    char  *rv;

    rv = ngx_conf_set_msec_slot(cf, cmd, conf);

    if (rv == NGX_CONF_OK && *(ngx_msec_t *) (p + cmd->offset) == 0) {
        return "invalid value";
    }

    return rv;
}


static char *
ngx_http_auth_token_reach_max_answer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    char  *rv;

    rv = ngx_conf_set_size_slot(cf, cmd, conf);

    return (rv == NGX_CONF_OK && provider->reach.max_body == 0)
           ? "invalid value" : rv;
}


static char *
ngx_http_auth_token_reach_verify(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    char  *rv;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);

    if (rv == NGX_CONF_OK && !provider->reach.ssl_verify) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"ssl_verify\" is off: tokens are sent to "
                           "whoever answers at the endpoint");
    }

    return rv;
}


/* an empty one would be taken for none */

static char *
ngx_http_auth_token_reach_text(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    ngx_str_t  *text;

    rv = ngx_conf_set_str_slot(cf, cmd, conf);

    text = (ngx_str_t *) ((char *) conf + cmd->offset);

    return (rv == NGX_CONF_OK && text->len == 0) ? "invalid value" : rv;
}


static char *
ngx_http_auth_token_reach_host(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char      ch, addr[16];
    size_t      i;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (value[1].len > 2 && value[1].data[0] == '['
        && value[1].data[value[1].len - 1] == ']'
        && ngx_inet6_addr(value[1].data + 1, value[1].len - 2, addr)
           == NGX_OK)
    {
        return ngx_http_auth_token_reach_text(cf, cmd, conf);
    }

    for (i = 0; i < value[1].len; i++) {
        ch = value[1].data[i];

        if ((ch < '0' || ch > '9') && (ch < 'A' || ch > 'Z')
            && (ch < 'a' || ch > 'z') && ch != '-' && ch != '_' && ch != '.')
        {
            return "invalid value";
        }
    }

    return ngx_http_auth_token_reach_text(cf, cmd, conf);
}


static char *
ngx_http_auth_token_reach_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    ngx_str_t  *file;

    rv = ngx_http_auth_token_reach_text(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    file = (ngx_str_t *) ((char *) conf + cmd->offset);

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* what has a word of its own here must not be undone behind its back */

static char *
ngx_http_auth_token_reach_command(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_str_t    *value;
    ngx_uint_t    i;
    static char  *others[] = {
        "Protocol", "ssl_protocols",
        "MinProtocol", "ssl_protocols",
        "MaxProtocol", "ssl_protocols",
        "VerifyMode", "ssl_verify",
        NULL
    };

    value = cf->args->elts;

    for (i = 0; others[i]; i += 2) {
        if (ngx_strcasecmp(value[1].data, (u_char *) others[i]) == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "command \"%V\" is not for "
                               "\"ssl_conf_command\", use \"%s\"",
                               &value[1], others[i + 1]);
            return NGX_CONF_ERROR;
        }
    }

    return ngx_conf_set_keyval_slot(cf, cmd, conf);
}


static char *
ngx_http_auth_token_reach_proxy(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    if (provider->proxy_place.line) {
        return "is duplicate";
    }

    ngx_http_auth_token_place_note(cf, &provider->proxy_place);

    return ngx_http_auth_token_reach_text(cf, cmd, conf);
}


/* the port is the endpoint's, so it is put together at the end of the block */

static char *
ngx_http_auth_token_reach_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    u_char            *p;
    ngx_str_t         *value, addr;
    ngx_uint_t         i;
    ngx_addr_t         a;
    ngx_keyval_t      *kv;

    value = cf->args->elts;

    p = (u_char *) ngx_strchr(value[1].data, '=');

    if (p == NULL || p == value[1].data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    addr.data = p + 1;
    addr.len = value[1].data + value[1].len - addr.data;

    if (ngx_parse_addr(cf->pool, &a, addr.data, addr.len) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid address \"%V\"", &addr);
        return NGX_CONF_ERROR;
    }

    if (provider->names == NULL) {
        provider->names = ngx_array_create(cf->pool, 2, sizeof(ngx_keyval_t));
        if (provider->names == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    kv = provider->names->elts;

    for (i = 0; i < provider->names->nelts; i++) {
        if (kv[i].key.len == (size_t) (p - value[1].data)
            && ngx_strncasecmp(kv[i].key.data, value[1].data, kv[i].key.len)
               == 0)
        {
            return "is duplicate";
        }
    }

    kv = ngx_array_push(provider->names);
    if (kv == NULL) {
        return NGX_CONF_ERROR;
    }

    kv->key.data = value[1].data;
    kv->key.len = p - value[1].data;
    kv->value = addr;

    return NGX_CONF_OK;
}
