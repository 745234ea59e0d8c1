
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Takes the credential out of header fields, cookies and the query.  What
 * passes requests on copies the list of fields as it is, so that one that
 * must not go has to leave the list.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_bearer.h"
#include "ngx_http_auth_token_field.h"
#include "ngx_http_auth_token_keep.h"
#include "ngx_http_auth_token_pair.h"
#include "ngx_http_auth_token_source.h"
#include "ngx_http_auth_token_strip.h"


/* what is taken out: by the names of sources, or by being the token */

typedef struct {
    ngx_http_auth_token_rule_t  *rule;
    ngx_str_t                    token;        /* empty: not known */
    unsigned                     other:1;      /* a source without a name */
} ngx_http_auth_token_strip_t;


static ngx_int_t ngx_http_auth_token_strip_fields(ngx_http_request_t *r,
    ngx_http_auth_token_strip_t *strip);
static ngx_uint_t ngx_http_auth_token_strip_is_field(ngx_http_request_t *r,
    ngx_http_auth_token_strip_t *strip, ngx_table_elt_t *h);
static ngx_int_t ngx_http_auth_token_strip_query(ngx_http_request_t *r,
    ngx_http_auth_token_strip_t *strip);
static ngx_int_t ngx_http_auth_token_strip_pairs(ngx_http_request_t *r,
    ngx_http_auth_token_strip_t *strip, ngx_http_auth_token_source_e kind,
    ngx_str_t *text);
static ngx_uint_t ngx_http_auth_token_strip_is_pair(
    ngx_http_auth_token_strip_t *strip, ngx_http_auth_token_source_e kind,
    ngx_http_auth_token_pair_t *pair);
static ngx_http_auth_token_source_t *ngx_http_auth_token_strip_named(
    ngx_http_auth_token_strip_t *strip, ngx_http_auth_token_source_e kind,
    ngx_http_auth_token_source_t *after);
static ngx_uint_t ngx_http_auth_token_strip_holds(ngx_str_t *text,
    ngx_str_t *token);
static void ngx_http_auth_token_strip_variables(ngx_http_request_t *r);


static ngx_str_t  ngx_http_auth_token_strip_cookie = ngx_string("cookie");


ngx_int_t
ngx_http_auth_token_strip_handler(ngx_http_request_t *r)
{
    ngx_http_auth_token_strip_t      strip;
    ngx_http_auth_token_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_auth_token_module);

    if (!lcf->strip || lcf->rule == NULL || lcf->rule->off) {
        return NGX_DECLINED;
    }

    strip.rule = lcf->rule;
    strip.other = (ngx_http_auth_token_strip_named(&strip,
                                NGX_HTTP_AUTH_TOKEN_SOURCE_OTHER, NULL)
                   != NULL);

    /* of a malformed one nothing is known but where it stands */

    (void) ngx_http_auth_token_source(r, strip.rule, &strip.token);

    if (ngx_http_auth_token_keep(r, strip.rule) != NGX_OK
        || ngx_http_auth_token_strip_query(r, &strip) != NGX_OK
        || ngx_http_auth_token_strip_fields(r, &strip) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_auth_token_strip_variables(r);

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_auth_token_strip_fields(ngx_http_request_t *r,
    ngx_http_auth_token_strip_t *strip)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

again:

    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NGX_OK;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (ngx_http_auth_token_source_is_field(&h[i],
                                           &ngx_http_auth_token_strip_cookie))
        {
            if (ngx_http_auth_token_strip_pairs(r, strip,
                                             NGX_HTTP_AUTH_TOKEN_SOURCE_COOKIE,
                                             &h[i].value)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            if (h[i].value.len != 0) {
                continue;
            }

        } else if (!ngx_http_auth_token_strip_is_field(r, strip, &h[i])) {
            continue;
        }

        if (ngx_http_auth_token_field_remove(r, &h[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        goto again;
    }
}


static ngx_uint_t
ngx_http_auth_token_strip_is_field(ngx_http_request_t *r,
    ngx_http_auth_token_strip_t *strip, ngx_table_elt_t *h)
{
    auth_token_str_t               bearer;
    ngx_http_core_main_conf_t     *cmcf;
    ngx_http_auth_token_source_t  *source;

    if (h == r->headers_in.authorization
        && auth_token_bearer_parse(h->value.data, h->value.len, &bearer)
           != AUTH_TOKEN_BEARER_MISSING)
    {
        return 1;
    }

    source = NULL;

    while ((source = ngx_http_auth_token_strip_named(strip,
                                  NGX_HTTP_AUTH_TOKEN_SOURCE_FIELD, source)))
    {
        if (ngx_http_auth_token_source_is_field(h, &source->name)) {
            return 1;
        }
    }

    if (!strip->other
        || !ngx_http_auth_token_strip_holds(&h->value, &strip->token))
    {
        return 0;
    }

    /* Host and the like are no place for a token, and nginx needs them */

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    return h == r->headers_in.authorization
           || ngx_hash_find(&cmcf->headers_in_hash, h->hash, h->lowcase_key,
                            h->key.len)
              == NULL;
}


static ngx_int_t
ngx_http_auth_token_strip_query(ngx_http_request_t *r,
    ngx_http_auth_token_strip_t *strip)
{
    u_char     *p;
    ngx_str_t   query, uri;

    if (ngx_http_auth_token_strip_pairs(r, strip,
                                        NGX_HTTP_AUTH_TOKEN_SOURCE_ARGUMENT,
                                        &r->args)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* proxy_pass without a path sends this one */

    uri = r->unparsed_uri;

    p = ngx_strlchr(uri.data, uri.data + uri.len, '?');
    if (p == NULL) {
        return NGX_OK;
    }

    query.data = p + 1;
    query.len = uri.data + uri.len - query.data;

    if (ngx_http_auth_token_strip_pairs(r, strip,
                                        NGX_HTTP_AUTH_TOKEN_SOURCE_ARGUMENT,
                                        &query)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (query.data == p + 1) {
        return NGX_OK;
    }

    uri.len = p - uri.data;

    r->unparsed_uri.data = ngx_pnalloc(r->pool, uri.len + 1 + query.len);
    if (r->unparsed_uri.data == NULL) {
        r->unparsed_uri.len = 0;
        return NGX_ERROR;
    }

    r->unparsed_uri.len = ngx_sprintf(r->unparsed_uri.data, "%V%s%V", &uri,
                                      query.len ? "?" : "", &query)
                          - r->unparsed_uri.data;

    return NGX_OK;
}


/* "text" is replaced if a pair goes, else left as it is */

static ngx_int_t
ngx_http_auth_token_strip_pairs(ngx_http_request_t *r,
    ngx_http_auth_token_strip_t *strip, ngx_http_auth_token_source_e kind,
    ngx_str_t *text)
{
    u_char                      *p, separator;
    ngx_str_t                    rest, copy;
    ngx_uint_t                   found;
    ngx_http_auth_token_pair_t   pair;

    separator = (kind == NGX_HTTP_AUTH_TOKEN_SOURCE_COOKIE) ? ';' : '&';

    rest = *text;
    found = 0;

    while (ngx_http_auth_token_pair_next(&rest, separator, &pair)) {
        found |= ngx_http_auth_token_strip_is_pair(strip, kind, &pair);
    }

    if (!found) {
        return NGX_OK;
    }

    copy.data = ngx_pnalloc(r->pool, text->len + 1);
    if (copy.data == NULL) {
        return NGX_ERROR;
    }

    p = copy.data;
    rest = *text;

    while (ngx_http_auth_token_pair_next(&rest, separator, &pair)) {

        if (ngx_http_auth_token_strip_is_pair(strip, kind, &pair)) {
            continue;
        }

        if (p != copy.data) {
            *p++ = separator;

        } else if (separator == ';') {
            pair.whole.len -= pair.name.data - pair.whole.data;
            pair.whole.data = pair.name.data;
        }

        p = ngx_cpymem(p, pair.whole.data, pair.whole.len);
    }

    copy.len = p - copy.data;
    *p = '\0';

    *text = copy;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_auth_token_strip_is_pair(ngx_http_auth_token_strip_t *strip,
    ngx_http_auth_token_source_e kind, ngx_http_auth_token_pair_t *pair)
{
    ngx_http_auth_token_source_t  *source;

    source = NULL;

    while ((source = ngx_http_auth_token_strip_named(strip, kind, source))) {
        if (ngx_http_auth_token_pair_is(pair, &source->name)) {
            return 1;
        }
    }

    return strip->other
           && ngx_http_auth_token_strip_holds(&pair->value, &strip->token);
}


/* the next source of that kind; NULL: there is none */

static ngx_http_auth_token_source_t *
ngx_http_auth_token_strip_named(ngx_http_auth_token_strip_t *strip,
    ngx_http_auth_token_source_e kind, ngx_http_auth_token_source_t *after)
{
    ngx_http_auth_token_source_t  *source, *last;

    if (strip->rule->sources == NULL) {
        return NULL;
    }

    source = strip->rule->sources->elts;
    last = source + strip->rule->sources->nelts;

    for (source = after ? after + 1 : source; source < last; source++) {
        if (source->kind == kind) {
            return source;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_auth_token_strip_holds(ngx_str_t *text, ngx_str_t *token)
{
    size_t  i;

    if (token->len == 0) {
        return 0;
    }

    for (i = 0; i + token->len <= text->len; i++) {
        if (ngx_memcmp(text->data + i, token->data, token->len) == 0) {
            return 1;
        }
    }

    return 0;
}


/* what was made of fields and arguments before is to be made again */

static void
ngx_http_auth_token_strip_variables(ngx_http_request_t *r)
{
    size_t                      len;
    ngx_uint_t                  i, n;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    static ngx_str_t  names[] = {
        ngx_string("http_"),
        ngx_string("arg_"),
        ngx_string("cookie_"),
        ngx_string("args"),
        ngx_string("is_args"),
        ngx_string("query_string"),
        ngx_string("request_uri")
    };

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        for (n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
            len = names[n].len;

            if (v[i].name.len >= len
                && ngx_strncmp(v[i].name.data, names[n].data, len) == 0
                && (v[i].name.len == len || names[n].data[len - 1] == '_'))
            {
                r->variables[i].valid = 0;
                r->variables[i].not_found = 0;
                break;
            }
        }
    }
}
