
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Endpoints that an issuer publishes.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_issuer.h"
#include "ngx_http_auth_token_draft.h"
#include "ngx_http_auth_token_issuer.h"
#include "ngx_http_auth_token_reach.h"


static char *ngx_http_auth_token_issuer_word(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_auth_token_issuer_build(
    ngx_http_auth_token_fetched_t *doc, auth_token_request_t *request);
static ngx_int_t ngx_http_auth_token_issuer_read(
    ngx_http_auth_token_fetched_t *doc, ngx_http_auth_token_fetch_t *f,
    ngx_http_auth_token_reading_t *out);
static ngx_int_t ngx_http_auth_token_issuer_take(
    ngx_http_auth_token_fetched_t *doc, auth_token_json_t *root,
    ngx_http_auth_token_reading_t *out);
static ngx_int_t ngx_http_auth_token_issuer_copy(
    ngx_http_auth_token_provider_t *provider, auth_token_str_t *url,
    ngx_str_t *copy, ngx_pool_t *pool);


ngx_command_t  ngx_http_auth_token_issuer_words[] = {

    { ngx_string("issuer"),
      NGX_CONF_TAKE12,
      ngx_http_auth_token_issuer_word,
      0,
      0,
      NULL },

      ngx_null_command
};


static char *
ngx_http_auth_token_issuer_word(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t  *value;

    if (provider->issuer.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    provider->issuer = value[1];
    ngx_http_auth_token_place_note(cf, &provider->issuer_place);

    provider->issuer_valid = 3600 * 1000;

    if (cf->args->nelts == 3
        && ngx_http_auth_token_issuer_valid(&value[2], &provider->issuer_valid)
           != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    return value[1].len ? NGX_CONF_OK : "is empty";
}


ngx_int_t
ngx_http_auth_token_issuer_valid(ngx_str_t *arg, ngx_msec_t *valid)
{
    ngx_int_t  n;
    ngx_str_t  s;

    if (arg->len <= 6 || ngx_strncmp(arg->data, "valid=", 6) != 0) {
        return NGX_ERROR;
    }

    s.len = arg->len - 6;
    s.data = arg->data + 6;

    n = ngx_parse_time(&s, 0);

    if (n == NGX_ERROR || n == 0) {
        return NGX_ERROR;
    }

    *valid = n;

    return NGX_OK;
}


ngx_uint_t
ngx_http_auth_token_issuer_fits(ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_draft_t  *drafts;

    if (provider->protocol == NULL
        || !auth_token_str_eq_lit(&provider->protocol->name, "introspection"))
    {
        return 0;
    }

    /* a provider with steps of its own may have any name */

    drafts = provider->drafts ? provider->drafts->elts : NULL;

    return drafts == NULL || drafts[0].preset;
}


ngx_int_t
ngx_http_auth_token_issuer_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_fetched_t  *doc;

    if (provider->issuer.len == 0) {
        return NGX_OK;
    }

    if (provider->endpoints.nelts) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"issuer\" cannot be used with \"endpoint\" "
                           "in provider \"%V\"", &provider->name);
        return NGX_ERROR;
    }

    if (!ngx_http_auth_token_issuer_fits(provider)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"issuer\" needs \"preset introspection\" "
                           "in provider \"%V\"", &provider->name);
        return NGX_ERROR;
    }

    doc = ngx_http_auth_token_fetch_create(cf, "metadata of the issuer");
    if (doc == NULL) {
        return NGX_ERROR;
    }

    doc->provider = &provider->name;
    doc->reach = &provider->aside;
    doc->timeout = provider->timeout;
    doc->build = ngx_http_auth_token_issuer_build;
    doc->read = ngx_http_auth_token_issuer_read;
    doc->data = provider;

    provider->discovery = doc;

    return NGX_OK;
}


ngx_http_auth_token_endpoints_t *
ngx_http_auth_token_issuer_endpoints(ngx_http_auth_token_provider_t *provider)
{
    return provider->discovery ? provider->discovery->value : NULL;
}


static ngx_int_t
ngx_http_auth_token_issuer_build(ngx_http_auth_token_fetched_t *doc,
    auth_token_request_t *request)
{
    ngx_int_t                        rc;
    ngx_str_t                        url;
    auth_token_buf_t                 place;
    auth_token_str_t                 issuer;
    ngx_http_auth_token_provider_t  *provider;

    provider = doc->data;

    issuer.len = provider->issuer.len;
    issuer.data = provider->issuer.data;

    auth_token_buf_init(&place, AUTH_TOKEN_REQUEST_MAX_URL - 1);

    if (auth_token_issuer_place(issuer, doc->attempt, &place) != 0) {
        rc = NGX_DECLINED;

    } else {
        url.len = place.len;
        url.data = place.data;

        rc = ngx_http_auth_token_fetch_page(request, &url, "application/json");
    }

    auth_token_buf_free(&place);

    return rc;
}


/* a site may have pages of its own at the first place, and errors as well */

static ngx_int_t
ngx_http_auth_token_issuer_read(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_fetch_t *f, ngx_http_auth_token_reading_t *out)
{
    ngx_int_t           rc;
    auth_token_json_t  *root;

    if (f->status != NGX_HTTP_OK) {
        out->error = "there is no document";

        return (f->status >= 300 && f->status < 500
                && f->status != NGX_HTTP_TOO_MANY_REQUESTS)
               ? NGX_DECLINED : NGX_ERROR;
    }

    root = ngx_http_auth_token_fetch_json(f, &out->error);

    if (root == NULL) {
        return NGX_DECLINED;
    }

    rc = ngx_http_auth_token_issuer_take(doc, root, out);

    auth_token_json_free(root);

    return rc;
}


static ngx_int_t
ngx_http_auth_token_issuer_take(ngx_http_auth_token_fetched_t *doc,
    auth_token_json_t *root, ngx_http_auth_token_reading_t *out)
{
    auth_token_str_t                  name;
    auth_token_issuer_t               found;
    ngx_http_auth_token_provider_t   *provider;
    ngx_http_auth_token_endpoints_t  *endpoints;

    provider = doc->data;

    name.len = provider->issuer.len;
    name.data = provider->issuer.data;

    out->error = auth_token_issuer_read(root, name, &found);

    if (out->error) {
        return NGX_ERROR;
    }

    endpoints = ngx_pcalloc(out->pool,
                            sizeof(ngx_http_auth_token_endpoints_t));

    if (endpoints == NULL
        || ngx_http_auth_token_issuer_copy(provider, &found.introspection,
                                           &endpoints->endpoint, out->pool)
           != NGX_OK
        || ngx_http_auth_token_issuer_copy(provider, &found.keys,
                                           &endpoints->keys, out->pool)
           != NGX_OK
        || ngx_http_auth_token_issuer_copy(provider, &found.token,
                                           &endpoints->token, out->pool)
           != NGX_OK)
    {
        out->error = "a URL in the document cannot be used";
        return NGX_ERROR;
    }

    out->value = endpoints;
    out->life = provider->issuer_valid;

    return NGX_OK;
}


/* what the document says is held to the rules of the configuration */

static ngx_int_t
ngx_http_auth_token_issuer_copy(ngx_http_auth_token_provider_t *provider,
    auth_token_str_t *url, ngx_str_t *copy, ngx_pool_t *pool)
{
    ngx_http_auth_token_url_t  parts;

    if (url->len == 0) {
        return NGX_OK;
    }

    copy->len = url->len;
    copy->data = ngx_pnalloc(pool, url->len + 1);
    if (copy->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(copy->data, url->data, url->len);
    copy->data[url->len] = '\0';

    if (ngx_http_auth_token_reach_url(pool, copy, &parts) != NGX_OK
        || !ngx_http_auth_token_reach_safe(provider, &parts))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}
