
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Finds the one token of a request.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_bearer.h"
#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_keep.h"
#include "ngx_http_auth_token_pair.h"
#include "ngx_http_auth_token_source.h"


static ngx_int_t ngx_http_auth_token_source_variable(ngx_conf_t *cf,
    ngx_str_t *text, ngx_str_t *name);
static auth_token_verdict_e ngx_http_auth_token_source_bearer(
    ngx_http_request_t *r, ngx_str_t *token);
static auth_token_verdict_e ngx_http_auth_token_source_value(
    ngx_http_request_t *r, ngx_http_auth_token_source_t *source,
    ngx_str_t *token);
static ngx_int_t ngx_http_auth_token_source_decode(ngx_http_request_t *r,
    ngx_str_t *token);
static ngx_uint_t ngx_http_auth_token_source_count(ngx_http_request_t *r,
    ngx_http_auth_token_source_t *source);
static ngx_uint_t ngx_http_auth_token_source_pairs(ngx_str_t text,
    u_char separator, ngx_str_t *name);


static ngx_http_auth_token_source_t  ngx_http_auth_token_source_default = {
    NGX_HTTP_AUTH_TOKEN_SOURCE_BEARER, ngx_null_string, NULL
};

static ngx_str_t  ngx_http_auth_token_source_cookie = ngx_string("cookie");


char *
ngx_http_auth_token_source_add(ngx_conf_t *cf,
    ngx_http_auth_token_rule_t *rule, ngx_str_t *text)
{
    ngx_int_t                      rc;
    ngx_str_t                      name;
    ngx_uint_t                     i;
    ngx_http_auth_token_source_t  *source, *old;

    if (rule->sources == NULL) {
        rule->sources = ngx_array_create(cf->pool, 1,
                                         sizeof(ngx_http_auth_token_source_t));
        if (rule->sources == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    source = ngx_array_push(rule->sources);
    if (source == NULL) {
        return NGX_CONF_ERROR;
    }

    source->kind = NGX_HTTP_AUTH_TOKEN_SOURCE_OTHER;
    source->name = *text;

    rc = ngx_http_auth_token_source_variable(cf, text, &name);

    if (rc == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    if (rc == NGX_OK) {

        if (ngx_strcmp(name.data, "http_authorization") == 0) {
            source->kind = NGX_HTTP_AUTH_TOKEN_SOURCE_BEARER;
            ngx_str_null(&source->name);

        } else if (ngx_strncmp(name.data, "http_", 5) == 0) {
            source->kind = NGX_HTTP_AUTH_TOKEN_SOURCE_FIELD;
            source->name.data = name.data + 5;
            source->name.len = name.len - 5;

        } else if (ngx_strncmp(name.data, "arg_", 4) == 0) {
            source->kind = NGX_HTTP_AUTH_TOKEN_SOURCE_ARGUMENT;
            source->name.data = name.data + 4;
            source->name.len = name.len - 4;

        } else if (ngx_strncmp(name.data, "cookie_", 7) == 0) {
            source->kind = NGX_HTTP_AUTH_TOKEN_SOURCE_COOKIE;
            source->name.data = name.data + 7;
            source->name.len = name.len - 7;
        }
    }

    old = rule->sources->elts;

    for (i = 0; i < rule->sources->nelts - 1; i++) {
        if (ngx_http_auth_token_source_same(&old[i], source)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate source \"%V\"", text);
            return NGX_CONF_ERROR;
        }
    }

    source->value = ngx_http_auth_token_conf_value(cf, text);

    return source->value ? NGX_CONF_OK : NGX_CONF_ERROR;
}


ngx_uint_t
ngx_http_auth_token_source_same(ngx_http_auth_token_source_t *one,
    ngx_http_auth_token_source_t *two)
{
    return one->kind == two->kind
           && one->name.len == two->name.len
           && (one->name.len == 0
               || ngx_strncmp(one->name.data, two->name.data, one->name.len)
                  == 0);
}


/* "$NAME" or "${NAME}" and nothing else; the name in lower case */

static ngx_int_t
ngx_http_auth_token_source_variable(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *name)
{
    size_t  i;
    u_char  ch, *p;

    p = text->data + 1;
    name->len = text->len - 1;

    if (name->len > 2 && p[0] == '{' && p[name->len - 1] == '}') {
        p++;
        name->len -= 2;
    }

    if (text->data[0] != '$' || name->len == 0) {
        return NGX_DECLINED;
    }

    for (i = 0; i < name->len; i++) {
        ch = ngx_tolower(p[i]);

        if ((ch < 'a' || ch > 'z') && (ch < '0' || ch > '9') && ch != '_') {
            return NGX_DECLINED;
        }
    }

    name->data = ngx_pnalloc(cf->pool, name->len + 1);
    if (name->data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(name->data, p, name->len);
    name->data[name->len] = '\0';

    return NGX_OK;
}


ngx_http_auth_token_source_t *
ngx_http_auth_token_source_list(ngx_http_auth_token_rule_t *rule,
    ngx_uint_t *n)
{
    if (rule->sources == NULL) {
        *n = 1;
        return &ngx_http_auth_token_source_default;
    }

    *n = rule->sources->nelts;

    return rule->sources->elts;
}


auth_token_verdict_e
ngx_http_auth_token_source(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule, ngx_str_t *token)
{
    ngx_str_t                      value;
    ngx_uint_t                     i, n, bearer, made;
    auth_token_verdict_e           rc, verdict;
    ngx_http_auth_token_source_t  *source;

    ngx_str_null(token);

    source = ngx_http_auth_token_source_list(rule, &n);
    verdict = AUTH_TOKEN_MISSING;
    bearer = 0;
    made = 0;

    for (i = 0; i < n; i++) {
        bearer |= (source[i].kind == NGX_HTTP_AUTH_TOKEN_SOURCE_BEARER);

        rc = ngx_http_auth_token_source_one(r, &source[i], &value);

        if (rc == AUTH_TOKEN_MISSING) {
            continue;
        }

        if (rc == AUTH_TOKEN_ALLOWED && verdict != AUTH_TOKEN_MISSING) {
            rc = AUTH_TOKEN_MALFORMED;
        }

        if (rc != AUTH_TOKEN_ALLOWED) {
            ngx_str_null(token);
            return rc;
        }

        verdict = rc;
        made = (source[i].kind == NGX_HTTP_AUTH_TOKEN_SOURCE_OTHER);
        *token = value;
    }

    if (verdict == AUTH_TOKEN_MISSING || bearer) {
        return verdict;
    }

    /* of a map, say, the value may be that field's own */

    rc = ngx_http_auth_token_source_bearer(r, &value);

    if (rc == AUTH_TOKEN_MISSING
        || (made && rc == AUTH_TOKEN_ALLOWED && value.len == token->len
            && ngx_memcmp(value.data, token->data, value.len) == 0))
    {
        return verdict;
    }

    ngx_str_null(token);

    return AUTH_TOKEN_MALFORMED;
}


auth_token_verdict_e
ngx_http_auth_token_source_one(ngx_http_request_t *r,
    ngx_http_auth_token_source_t *source, ngx_str_t *token)
{
    auth_token_verdict_e  verdict;

    verdict = (source->kind == NGX_HTTP_AUTH_TOKEN_SOURCE_BEARER)
              ? ngx_http_auth_token_source_bearer(r, token)
              : ngx_http_auth_token_source_value(r, source, token);

    if (verdict == AUTH_TOKEN_MISSING
        && ngx_http_auth_token_keep_find(r, source, token))
    {
        return AUTH_TOKEN_ALLOWED;
    }

    return verdict;
}


static auth_token_verdict_e
ngx_http_auth_token_source_bearer(ngx_http_request_t *r, ngx_str_t *token)
{
    ngx_table_elt_t   *h;
    auth_token_str_t   bearer;

    ngx_str_null(token);

    h = r->headers_in.authorization;

    if (h == NULL) {
        return AUTH_TOKEN_MISSING;
    }

    switch (auth_token_bearer_parse(h->value.data, h->value.len, &bearer)) {

    case AUTH_TOKEN_BEARER_OK:
        token->len = bearer.len;
        token->data = bearer.data;
        return AUTH_TOKEN_ALLOWED;

    case AUTH_TOKEN_BEARER_MISSING:
        return AUTH_TOKEN_MISSING;

    default: /* AUTH_TOKEN_BEARER_MALFORMED */
        return AUTH_TOKEN_MALFORMED;
    }
}


static auth_token_verdict_e
ngx_http_auth_token_source_value(ngx_http_request_t *r,
    ngx_http_auth_token_source_t *source, ngx_str_t *token)
{
    if (ngx_http_complex_value(r, source->value, token) != NGX_OK) {
        return AUTH_TOKEN_UNAVAILABLE;
    }

    if (ngx_http_auth_token_source_count(r, source) > 1) {
        return AUTH_TOKEN_MALFORMED;
    }

    if (token->len == 0) {
        return AUTH_TOKEN_MISSING;
    }

    if (source->kind == NGX_HTTP_AUTH_TOKEN_SOURCE_ARGUMENT
        && ngx_http_auth_token_source_decode(r, token) != NGX_OK)
    {
        return AUTH_TOKEN_UNAVAILABLE;
    }

    return auth_token_bearer_is_b64token(token->data, token->len)
           ? AUTH_TOKEN_ALLOWED : AUTH_TOKEN_MALFORMED;
}


static ngx_int_t
ngx_http_auth_token_source_decode(ngx_http_request_t *r, ngx_str_t *token)
{
    u_char  *src, *dst;

    if (ngx_strlchr(token->data, token->data + token->len, '%') == NULL) {
        return NGX_OK;
    }

    dst = ngx_pnalloc(r->pool, token->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    src = token->data;
    token->data = dst;

    ngx_unescape_uri(&dst, &src, token->len, 0);

    token->len = dst - token->data;

    return NGX_OK;
}


/* nginx takes the first of several; somebody else might take the last */

static ngx_uint_t
ngx_http_auth_token_source_count(ngx_http_request_t *r,
    ngx_http_auth_token_source_t *source)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (source->kind == NGX_HTTP_AUTH_TOKEN_SOURCE_ARGUMENT) {
        return ngx_http_auth_token_source_pairs(r->args, '&', &source->name);
    }

    if (source->kind == NGX_HTTP_AUTH_TOKEN_SOURCE_OTHER) {
        return 1;
    }

    part = &r->headers_in.headers.part;
    h = part->elts;
    n = 0;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return n;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (source->kind == NGX_HTTP_AUTH_TOKEN_SOURCE_FIELD) {
            n += ngx_http_auth_token_source_is_field(&h[i], &source->name);

        } else if (ngx_http_auth_token_source_is_field(&h[i],
                                          &ngx_http_auth_token_source_cookie))
        {
            n += ngx_http_auth_token_source_pairs(h[i].value, ';',
                                                  &source->name);
        }
    }
}


static ngx_uint_t
ngx_http_auth_token_source_pairs(ngx_str_t text, u_char separator,
    ngx_str_t *name)
{
    ngx_uint_t                  n;
    ngx_http_auth_token_pair_t  pair;

    n = 0;

    while (ngx_http_auth_token_pair_next(&text, separator, &pair)) {
        n += ngx_http_auth_token_pair_is(&pair, name);
    }

    return n;
}


ngx_uint_t
ngx_http_auth_token_source_is_field(ngx_table_elt_t *h, ngx_str_t *name)
{
    size_t  i;
    u_char  ch;

    if (h->key.len != name->len) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        ch = h->lowcase_key[i];

        if (ch == '-') {
            ch = '_';
        }

        if (ch != name->data[i]) {
            return 0;
        }
    }

    return 1;
}
