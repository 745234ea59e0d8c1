
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The key set of a provider whose answers are signed.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_issuer.h"
#include "ngx_http_auth_token_keys.h"
#include "ngx_http_auth_token_reach.h"
#include "ngx_http_auth_token_signed.h"


#define NGX_HTTP_AUTH_TOKEN_KEYS_FILE  (256 * 1024)


static ngx_int_t ngx_http_auth_token_keys_url(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_keys_file(ngx_conf_t *cf,
    ngx_http_auth_token_signed_t *s);
static const char *ngx_http_auth_token_keys_load(ngx_str_t *path,
    u_char *text, size_t *len, ngx_err_t *err);
static auth_token_jwks_t *ngx_http_auth_token_keys_set(ngx_pool_t *pool,
    auth_token_json_t *root, const char **error);
static void ngx_http_auth_token_keys_cleanup(void *data);
static ngx_int_t ngx_http_auth_token_keys_build(
    ngx_http_auth_token_fetched_t *doc, auth_token_request_t *request);
static ngx_int_t ngx_http_auth_token_keys_read(
    ngx_http_auth_token_fetched_t *doc, ngx_http_auth_token_fetch_t *f,
    ngx_http_auth_token_reading_t *out);


ngx_int_t
ngx_http_auth_token_keys_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_signed_t   *s;
    ngx_http_auth_token_fetched_t  *doc;

    s = provider->answer;

    if (s->place.len > 5 && ngx_strncmp(s->place.data, "file:", 5) == 0) {
        return ngx_http_auth_token_keys_file(cf, s);
    }

    if (s->place.len
        && ngx_http_auth_token_keys_url(cf, provider) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (s->valid == 0) {
        s->valid = 3600 * 1000;
    }

    doc = ngx_http_auth_token_fetch_create(cf, "key set");
    if (doc == NULL) {
        return NGX_ERROR;
    }

    doc->provider = &provider->name;
    doc->reach = &provider->aside;
    doc->timeout = provider->timeout;
    doc->build = ngx_http_auth_token_keys_build;
    doc->read = ngx_http_auth_token_keys_read;
    doc->data = provider;

    s->keys = doc;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_keys_url(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_str_t                  *place;
    ngx_http_auth_token_url_t   url;

    place = &provider->answer->place;

    if (ngx_http_auth_token_reach_given(cf->pool, place, &url) == NGX_OK
        && ngx_http_auth_token_reach_safe(provider, &url))
    {
        if (url.https) {
            provider->reach.https = 1;
        }

        return NGX_OK;
    }

    ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf,
                                    &provider->answer->keys_place,
                                    "invalid keys \"%V\" in provider \"%V\", "
                                    "it must be \"file:PATH\" or an https "
                                    "URL", place, &provider->name);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_auth_token_keys_file(ngx_conf_t *cf,
    ngx_http_auth_token_signed_t *s)
{
    size_t              len;
    u_char             *text;
    ngx_err_t           err;
    ngx_str_t           path;
    const char         *error;
    auth_token_str_t    json;
    auth_token_json_t  *root;

    path.len = s->place.len - 5;
    path.data = s->place.data + 5;

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    text = ngx_palloc(cf->temp_pool, NGX_HTTP_AUTH_TOKEN_KEYS_FILE + 1);
    if (text == NULL) {
        return NGX_ERROR;
    }

    err = 0;
    error = ngx_http_auth_token_keys_load(&path, text, &len, &err);

    if (error == NULL) {
        json.len = len;
        json.data = text;

        root = auth_token_json_parse(json, 0, &error);

        if (root) {
            s->set = ngx_http_auth_token_keys_set(cf->pool, root, &error);
        }
    }

    if (s->set == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, err,
                           "key set \"%V\" cannot be used: %s", &path, error);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static const char *
ngx_http_auth_token_keys_load(ngx_str_t *path, u_char *text, size_t *len,
    ngx_err_t *err)
{
    ssize_t   n;
    ngx_fd_t  fd;

    /* a FIFO must not hold up the start */

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        *err = ngx_errno;
        return "it cannot be opened";
    }

    n = ngx_read_fd(fd, text, NGX_HTTP_AUTH_TOKEN_KEYS_FILE + 1);

    if (n == -1) {
        *err = ngx_errno;
    }

    (void) ngx_close_file(fd);

    if (n == -1) {
        return "it cannot be read";
    }

    *len = n;

    return (n > NGX_HTTP_AUTH_TOKEN_KEYS_FILE) ? "it is too large" : NULL;
}


/* takes over "root"; the set goes with the pool */

static auth_token_jwks_t *
ngx_http_auth_token_keys_set(ngx_pool_t *pool, auth_token_json_t *root,
    const char **error)
{
    auth_token_jwks_t   *set;
    ngx_pool_cleanup_t  *cln;

    set = ngx_pcalloc(pool, sizeof(auth_token_jwks_t));
    cln = ngx_pool_cleanup_add(pool, 0);

    if (set == NULL || cln == NULL) {
        auth_token_json_free(root);
        *error = "out of memory";
        return NULL;
    }

    cln->handler = ngx_http_auth_token_keys_cleanup;
    cln->data = set;

    *error = auth_token_jwks_read(root, set);

    return *error ? NULL : set;
}


static void
ngx_http_auth_token_keys_cleanup(void *data)
{
    auth_token_jwks_free(data);
}


static ngx_int_t
ngx_http_auth_token_keys_build(ngx_http_auth_token_fetched_t *doc,
    auth_token_request_t *request)
{
    ngx_str_t                        *url;
    ngx_http_auth_token_provider_t   *provider;
    ngx_http_auth_token_endpoints_t  *found;

    provider = doc->data;
    url = &provider->answer->place;

    if (url->len == 0) {
        found = ngx_http_auth_token_issuer_endpoints(provider);

        if (found == NULL || found->keys.len == 0) {
            doc->error = "the issuer publishes none";
            return NGX_ERROR;
        }

        url = &found->keys;
    }

    return ngx_http_auth_token_fetch_page(request, url,
                                  "application/jwk-set+json, "
                                  "application/json");
}


static ngx_int_t
ngx_http_auth_token_keys_read(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_fetch_t *f, ngx_http_auth_token_reading_t *out)
{
    auth_token_json_t               *root;
    ngx_http_auth_token_provider_t  *provider;

    provider = doc->data;

    if (f->status != NGX_HTTP_OK) {
        out->error = "there is none";
        return NGX_ERROR;
    }

    root = ngx_http_auth_token_fetch_json(f, &out->error);
    if (root == NULL) {
        return NGX_ERROR;
    }

    out->value = ngx_http_auth_token_keys_set(out->pool, root, &out->error);
    out->life = provider->answer->valid;

    return out->value ? NGX_OK : NGX_ERROR;
}
