
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How TLS is spoken with an authority.  Words of the configuration end with a
 * NUL.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_tls_options.h"


static char *ngx_http_auth_token_tls_options_commands(
    ngx_http_auth_token_reach_t *reach, SSL_CTX *ctx);
static int ngx_http_auth_token_tls_options_protocols(
    ngx_http_auth_token_reach_t *reach, SSL_CTX *ctx);


char *
ngx_http_auth_token_tls_options_set(ngx_http_auth_token_reach_t *reach,
    SSL_CTX *ctx)
{
    char  *wrong, *ciphers;

    ciphers = (char *) reach->ssl_ciphers.data;

    if (reach->ssl_ciphers.len
        && SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
    {
        return ciphers;
    }

    wrong = ngx_http_auth_token_tls_options_commands(reach, ctx);

    if (wrong) {
        return wrong;
    }

    return ngx_http_auth_token_tls_options_protocols(reach, ctx) == 1
           ? NULL : "ssl_protocols";
}


/* commands that name files are not known to it without another flag */

static char *
ngx_http_auth_token_tls_options_commands(ngx_http_auth_token_reach_t *reach,
    SSL_CTX *ctx)
{
    char          *wrong;
    ngx_uint_t     i;
    SSL_CONF_CTX  *commands;
    ngx_keyval_t  *kv;

    if (reach->ssl_conf_commands == NULL) {
        return NULL;
    }

    kv = reach->ssl_conf_commands->elts;
    wrong = NULL;

    commands = SSL_CONF_CTX_new();
    if (commands == NULL) {
        return (char *) kv[0].key.data;
    }

    SSL_CONF_CTX_set_flags(commands, SSL_CONF_FLAG_FILE|SSL_CONF_FLAG_CLIENT
                                     |SSL_CONF_FLAG_SHOW_ERRORS);
    SSL_CONF_CTX_set_ssl_ctx(commands, ctx);

    for (i = 0; i < reach->ssl_conf_commands->nelts; i++) {
        if (SSL_CONF_cmd(commands, (char *) kv[i].key.data,
                         (char *) kv[i].value.data)
            <= 0)
        {
            wrong = (char *) kv[i].key.data;
            break;
        }
    }

    if (wrong == NULL && SSL_CONF_CTX_finish(commands) != 1) {
        wrong = (char *) kv[0].key.data;
    }

    SSL_CONF_CTX_free(commands);

    return wrong;
}


static int
ngx_http_auth_token_tls_options_protocols(ngx_http_auth_token_reach_t *reach,
    SSL_CTX *ctx)
{
    int  min, max;

    min = (reach->ssl_protocols & NGX_HTTP_AUTH_TOKEN_TLSV1_2)
          ? TLS1_2_VERSION : TLS1_3_VERSION;

    /* 0 is the newest there is */
    max = (reach->ssl_protocols & NGX_HTTP_AUTH_TOKEN_TLSV1_3)
          ? 0 : TLS1_2_VERSION;

    return SSL_CTX_set_min_proto_version(ctx, min)
           && SSL_CTX_set_max_proto_version(ctx, max);
}
