
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Orders to purge: a token, an id, a provider, or all.  An order is understood
 * as a whole or not at all: a misspelt member must not make it a larger one.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_escape.h"
#include "auth_token_json.h"
#include "ngx_http_auth_token_purge_order.h"


static ngx_int_t ngx_http_auth_token_purge_order_member(ngx_pool_t *pool,
    const auth_token_json_t *v, auth_token_str_t *name,
    ngx_http_auth_token_purge_order_t *order, const char **reason);
static ngx_int_t ngx_http_auth_token_purge_order_field(ngx_pool_t *pool,
    ngx_str_t *field, ngx_http_auth_token_purge_order_t *order,
    const char **reason);
static ngx_str_t *ngx_http_auth_token_purge_order_place(
    ngx_http_auth_token_purge_order_t *order, u_char *name, size_t len);
static ngx_int_t ngx_http_auth_token_purge_order_decode(ngx_pool_t *pool,
    u_char *p, u_char *last, ngx_str_t *value);
static ngx_int_t ngx_http_auth_token_purge_order_check(
    ngx_http_auth_token_purge_order_t *order, const char **reason);


ngx_int_t
ngx_http_auth_token_purge_order_json(ngx_pool_t *pool, ngx_str_t *body,
    ngx_http_auth_token_purge_order_t *order, const char **reason)
{
    void                     *cursor;
    ngx_int_t                 rc;
    auth_token_str_t          text, name;
    auth_token_json_t        *root;
    const auth_token_json_t  *v;

    text.len = body->len;
    text.data = body->data;

    root = auth_token_json_parse(text, 0, reason);

    if (root == NULL) {
        return (*reason == auth_token_json_starved) ? NGX_ERROR : NGX_DECLINED;
    }

    rc = NGX_OK;
    cursor = NULL;

    while (rc == NGX_OK
           && (v = auth_token_json_next(root, &cursor, &name)) != NULL)
    {
        rc = ngx_http_auth_token_purge_order_member(pool, v, &name, order,
                                                    reason);
    }

    auth_token_json_free(root);

    return (rc == NGX_OK)
           ? ngx_http_auth_token_purge_order_check(order, reason) : rc;
}


static ngx_int_t
ngx_http_auth_token_purge_order_member(ngx_pool_t *pool,
    const auth_token_json_t *v, auth_token_str_t *name,
    ngx_http_auth_token_purge_order_t *order, const char **reason)
{
    ngx_str_t              *place;
    auth_token_str_t        text;
    auth_token_doc_type_e   type;

    type = auth_token_json_type(v);

    if (name->len == 3 && ngx_memcmp(name->data, "all", 3) == 0) {

        if (type != AUTH_TOKEN_DOC_TRUE) {
            *reason = "\"all\" is not true";
            return NGX_DECLINED;
        }

        order->all = 1;
        return NGX_OK;
    }

    place = ngx_http_auth_token_purge_order_place(order,
                                                  (u_char *) name->data,
                                                  name->len);
    if (place == NULL) {
        *reason = "there is an unknown member";
        return NGX_DECLINED;
    }

    text = auth_token_json_string(v);

    if (type != AUTH_TOKEN_DOC_STRING || text.len == 0) {
        *reason = "a member is no string, or empty";
        return NGX_DECLINED;
    }

    place->data = ngx_pnalloc(pool, text.len);
    if (place->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(place->data, text.data, text.len);
    place->len = text.len;

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_purge_order_form(ngx_pool_t *pool, ngx_str_t *body,
    ngx_http_auth_token_purge_order_t *order, const char **reason)
{
    u_char     *p, *last, *end;
    ngx_int_t   rc;
    ngx_str_t   field;

    p = body->data;
    last = p + body->len;

    while (p < last) {
        end = ngx_strlchr(p, last, '&');

        if (end == NULL) {
            end = last;
        }

        field.data = p;
        field.len = end - p;

        rc = ngx_http_auth_token_purge_order_field(pool, &field, order,
                                                   reason);
        if (rc != NGX_OK) {
            return rc;
        }

        p = end + 1;
    }

    return ngx_http_auth_token_purge_order_check(order, reason);
}


static ngx_int_t
ngx_http_auth_token_purge_order_field(ngx_pool_t *pool, ngx_str_t *field,
    ngx_http_auth_token_purge_order_t *order, const char **reason)
{
    u_char     *p, *last;
    ngx_int_t   rc;
    ngx_str_t  *place, all;

    last = field->data + field->len;
    p = ngx_strlchr(field->data, last, '=');

    if (p == NULL) {
        *reason = "a field has no value";
        return NGX_DECLINED;
    }

    all.len = 0;

    if (p - field->data == 3 && ngx_memcmp(field->data, "all", 3) == 0) {
        place = order->all ? NULL : &all;

    } else {
        place = ngx_http_auth_token_purge_order_place(order, field->data,
                                                      p - field->data);
    }

    if (place == NULL || place->len) {
        *reason = "a field is unknown, or comes twice";
        return NGX_DECLINED;
    }

    rc = ngx_http_auth_token_purge_order_decode(pool, p + 1, last, place);

    if (rc == NGX_DECLINED || (rc == NGX_OK && place->len == 0)) {
        *reason = "a value is not encoded as it should be, or empty";
        return NGX_DECLINED;
    }

    if (rc != NGX_OK || place != &all) {
        return rc;
    }

    if (all.len != 4 || ngx_memcmp(all.data, "true", 4) != 0) {
        *reason = "\"all\" is not true";
        return NGX_DECLINED;
    }

    order->all = 1;

    return NGX_OK;
}


static ngx_str_t *
ngx_http_auth_token_purge_order_place(ngx_http_auth_token_purge_order_t *order,
    u_char *name, size_t len)
{
    if (len == 5 && ngx_memcmp(name, "token", 5) == 0) {
        return &order->token;
    }

    if (len == 2 && ngx_memcmp(name, "id", 2) == 0) {
        return &order->id;
    }

    if (len == 8 && ngx_memcmp(name, "provider", 8) == 0) {
        return &order->provider;
    }

    return NULL;
}


static ngx_int_t
ngx_http_auth_token_purge_order_decode(ngx_pool_t *pool, u_char *p,
    u_char *last, ngx_str_t *value)
{
    u_char  *d;

    d = ngx_pnalloc(pool, last - p + 1);
    if (d == NULL) {
        return NGX_ERROR;
    }

    value->data = d;

    while (p < last) {

        if (*p != '%') {
            *d++ = (*p == '+') ? ' ' : *p;
            p++;
            continue;
        }

        if (last - p < 3 || !auth_token_escape_is_hex(p[1])
            || !auth_token_escape_is_hex(p[2]))
        {
            return NGX_DECLINED;
        }

        *d++ = (u_char) ngx_hextoi(p + 1, 2);
        p += 3;
    }

    value->len = d - value->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_purge_order_check(ngx_http_auth_token_purge_order_t *order,
    const char **reason)
{
    ngx_uint_t  n;

    n = (order->token.len != 0) + (order->id.len != 0) + order->all;

    if (n > 1 || (order->all && order->provider.len)
        || (n == 0 && order->provider.len == 0))
    {
        *reason = "it has to be a token, an id, a provider, or all";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


void
ngx_http_auth_token_purge_order_wipe(ngx_http_auth_token_purge_order_t *order)
{
    if (order->token.len) {
        ngx_explicit_memzero(order->token.data, order->token.len);
        order->token.len = 0;
    }
}
