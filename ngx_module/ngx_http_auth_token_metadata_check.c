
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Values of auth_token_resource_metadata.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_metadata_check.h"


static ngx_int_t ngx_http_auth_token_metadata_url(ngx_str_t *value,
    ngx_uint_t resource);
static ngx_uint_t ngx_http_auth_token_metadata_loopback(ngx_str_t *url);


ngx_int_t
ngx_http_auth_token_metadata_check(ngx_str_t *value,
    ngx_http_auth_token_member_type_e type, ngx_uint_t resource)
{
    size_t  i;
    u_char  ch;

    switch (type) {

    case NGX_HTTP_AUTH_TOKEN_MEMBER_URL:
    case NGX_HTTP_AUTH_TOKEN_MEMBER_URLS:

        return ngx_http_auth_token_metadata_url(value, resource);

    case NGX_HTTP_AUTH_TOKEN_MEMBER_SCOPES:

        /* RFC 6749, 3.3 */

        for (i = 0; i < value->len; i++) {
            ch = value->data[i];

            if (ch <= 0x20 || ch >= 0x7f || ch == '"' || ch == '\\') {
                return NGX_ERROR;
            }
        }

        break;

    case NGX_HTTP_AUTH_TOKEN_MEMBER_METHODS:

        if (ngx_strcmp(value->data, "header") != 0
            && ngx_strcmp(value->data, "body") != 0
            && ngx_strcmp(value->data, "query") != 0)
        {
            return NGX_ERROR;
        }

        break;

    case NGX_HTTP_AUTH_TOKEN_MEMBER_ALGS:

        if (ngx_strcmp(value->data, "none") == 0) {
            return NGX_ERROR;
        }

        break;

    default:
        break;
    }

    return value->len ? NGX_OK : NGX_ERROR;
}


/* the path of a resource is compared with a decoded one, and is not decoded */

static ngx_int_t
ngx_http_auth_token_metadata_url(ngx_str_t *value, ngx_uint_t resource)
{
    size_t  i;
    u_char  ch;

    if (ngx_strncmp(value->data, "https://", 8) != 0
        && !ngx_http_auth_token_metadata_loopback(value))
    {
        return NGX_ERROR;
    }

    for (i = 0; i < value->len; i++) {
        ch = value->data[i];

        if (ch <= 0x20 || ch >= 0x7f || ch == '"' || ch == '\\' || ch == '#'
            || ch == '$'
            || (resource && (ch == '?' || ch == '%')))
        {
            return NGX_ERROR;
        }
    }

    i = (value->data[4] == 's') ? 8 : 7;

    if (i == value->len || value->data[i] == '/') {
        return NGX_ERROR;
    }

    while (i < value->len && value->data[i] != '/' && value->data[i] != '?') {

        if (value->data[i++] == '@') {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_auth_token_metadata_loopback(ngx_str_t *url)
{
    size_t                   len;
    u_char                   end;
    ngx_uint_t               i;
    static const ngx_str_t   hosts[] = {
        ngx_string("http://localhost"),
        ngx_string("http://127.0.0.1"),
        ngx_string("http://[::1]")
    };

    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        len = hosts[i].len;

        if (url->len < len || ngx_strncmp(url->data, hosts[i].data, len) != 0)
        {
            continue;
        }

        end = (url->len > len) ? url->data[len] : '/';

        return end == '/' || end == ':';
    }

    return 0;
}
