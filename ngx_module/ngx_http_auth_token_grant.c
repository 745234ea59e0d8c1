
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * "credential client_credentials": access tokens that the provider gets from
 * a token endpoint (RFC 6749, 4.4), kept in the memory of the worker.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_escape.h"
#include "auth_token_grant.h"
#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_grant.h"
#include "ngx_http_auth_token_issuer.h"
#include "ngx_http_auth_token_reach.h"


/* seconds: of a token that does not tell its life, and of any other */
#define NGX_HTTP_AUTH_TOKEN_GRANT_LIFE     300
#define NGX_HTTP_AUTH_TOKEN_GRANT_LONGEST  86400

/* milliseconds: what the ways there and back may have taken at most */
#define NGX_HTTP_AUTH_TOKEN_GRANT_WAY      5000

#define NGX_HTTP_AUTH_TOKEN_GRANT_FORM     16384


/* what a worker has; in the pool of what was read, which wipes it */

typedef struct {
    ngx_str_t   token;
    ngx_uint_t  serial;
} ngx_http_auth_token_granted_t;


static void ngx_http_auth_token_grant_cleanup(void *data);
static ngx_uint_t ngx_http_auth_token_grant_absolute(
    const auth_token_str_t *uri);
static void ngx_http_auth_token_grant_wipe(void *data);
static ngx_int_t ngx_http_auth_token_grant_build(
    ngx_http_auth_token_fetched_t *doc, auth_token_request_t *request);
static ngx_int_t ngx_http_auth_token_grant_read(
    ngx_http_auth_token_fetched_t *doc, ngx_http_auth_token_fetch_t *f,
    ngx_http_auth_token_reading_t *out);
static ngx_int_t ngx_http_auth_token_grant_take(auth_token_json_t *root,
    ngx_http_auth_token_reading_t *out);


/* of this worker */
static ngx_uint_t  ngx_http_auth_token_grant_serials;


ngx_http_auth_token_grant_t *
ngx_http_auth_token_grant_create(ngx_conf_t *cf, ngx_str_t *url)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_auth_token_grant_t  *grant;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_auth_token_grant_t));
    if (cln == NULL) {
        return NULL;
    }

    grant = cln->data;

    ngx_memzero(grant, sizeof(ngx_http_auth_token_grant_t));

    auth_token_buf_init(&grant->form, NGX_HTTP_AUTH_TOKEN_GRANT_FORM);

    cln->handler = ngx_http_auth_token_grant_cleanup;

    grant->url = *url;
    ngx_http_auth_token_place_note(cf, &grant->place);

    grant->issuer = (ngx_strcmp(url->data, "issuer") == 0);

    (void) auth_token_buf_adds(&grant->form, "grant_type=client_credentials");

    return grant;
}


static void
ngx_http_auth_token_grant_cleanup(void *data)
{
    ngx_http_auth_token_grant_t *grant = data;

    auth_token_buf_free(&grant->form);
}


ngx_int_t
ngx_http_auth_token_grant_option(ngx_http_auth_token_grant_t *grant,
    ngx_str_t *arg)
{
    u_char            *p;
    auth_token_str_t   value;

    if (ngx_strncmp(arg->data, "scope=", 6) == 0 && !grant->scope) {
        grant->scope = 1;

    } else if (ngx_strncmp(arg->data, "audience=", 9) == 0
               && !grant->audience)
    {
        grant->audience = 1;

    } else if (ngx_strncmp(arg->data, "resource=", 9) != 0) {
        return NGX_DECLINED;
    }

    p = (u_char *) ngx_strchr(arg->data, '=') + 1;

    value.data = p;
    value.len = arg->data + arg->len - p;

    (void) auth_token_buf_addc(&grant->form, '&');
    (void) auth_token_buf_add(&grant->form, arg->data, p - arg->data);

    if (value.len == 0
        || (arg->data[0] == 'r'
            && !ngx_http_auth_token_grant_absolute(&value))
        || auth_token_escape(value, AUTH_TOKEN_PLACE_FORM, &grant->form) != 0)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* RFC 8707, 2: an absolute URI without a fragment, of any scheme */

static ngx_uint_t
ngx_http_auth_token_grant_absolute(const auth_token_str_t *uri)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < uri->len; i++) {
        ch = uri->data[i];

        if (ch <= 0x20 || ch >= 0x7f || ngx_strchr("#$\"<>\\^`{|}", ch)) {
            return 0;
        }
    }

    for (i = 0; i < uri->len; i++) {
        ch = uri->data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')) {
            continue;
        }

        if (i == 0
            || ((ch < '0' || ch > '9') && ch != '+' && ch != '-'
                && ch != '.'))
        {
            break;
        }
    }

    return i > 0 && i + 1 < uri->len && uri->data[i] == ':';
}


ngx_int_t
ngx_http_auth_token_grant_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_url_t       url;
    ngx_http_auth_token_grant_t    *grant;
    ngx_http_auth_token_fetched_t  *doc;

    grant = provider->credential->grant;

    if (grant->issuer) {
        if (provider->issuer.len == 0) {
            ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &grant->place,
                                            "the credential of provider "
                                            "\"%V\" needs \"issuer\" or a "
                                            "URL", &provider->name);
            return NGX_ERROR;
        }

    } else if (ngx_http_auth_token_reach_given(cf->pool, &grant->url, &url)
               != NGX_OK)
    {
        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &grant->place,
                                        "invalid token endpoint \"%V\" in "
                                        "provider \"%V\"", &grant->url,
                                        &provider->name);
        return NGX_ERROR;

    } else if (!ngx_http_auth_token_reach_safe(provider, &url)) {
        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &grant->place,
                                        "token endpoint \"%V\" in provider "
                                        "\"%V\" sends secrets in clear text, "
                                        "use https or \"allow_http on\"",
                                        &grant->url, &provider->name);
        return NGX_ERROR;

    } else if (url.https) {
        provider->reach.https = 1;
    }

    doc = ngx_http_auth_token_fetch_create(cf, "access token");

    if (doc == NULL || grant->form.failed) {
        return NGX_ERROR;
    }

    grant->provider = provider;

    doc->provider = &provider->name;
    doc->reach = &provider->aside;
    doc->timeout = provider->timeout;
    doc->build = ngx_http_auth_token_grant_build;
    doc->read = ngx_http_auth_token_grant_read;
    doc->data = grant;

    provider->credential->fetched = doc;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_grant_build(ngx_http_auth_token_fetched_t *doc,
    auth_token_request_t *request)
{
    ngx_str_t                        *url;
    ngx_http_auth_token_grant_t      *grant;
    ngx_http_auth_token_endpoints_t  *found;
    static auth_token_str_t           post = auth_token_str("POST");

    grant = doc->data;
    url = &grant->url;

    if (grant->issuer) {
        found = ngx_http_auth_token_issuer_endpoints(grant->provider);

        if (found == NULL || found->token.len == 0) {
            doc->error = "the issuer publishes no token endpoint";
            return NGX_ERROR;
        }

        url = &found->token;
    }

    if (ngx_http_auth_token_fetch_page(request, url, "application/json")
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    request->method = post;
    request->has_body = 1;

    (void) auth_token_buf_adds(&request->headers,
                           "Content-Type: application/x-www-form-urlencoded");
    (void) auth_token_buf_addc(&request->headers, '\0');
    (void) auth_token_buf_add(&request->body, grant->form.data,
                              grant->form.len);

    return ngx_http_auth_token_credential_apply(grant->client,
                                                &request->headers,
                                                &request->body,
                                                ngx_cycle->log);
}


static ngx_int_t
ngx_http_auth_token_grant_read(ngx_http_auth_token_fetched_t *doc,
    ngx_http_auth_token_fetch_t *f, ngx_http_auth_token_reading_t *out)
{
    ngx_int_t           rc;
    const char         *error;
    auth_token_json_t  *root;

    root = ngx_http_auth_token_fetch_json(f, &error);

    if (f->status != NGX_HTTP_OK) {
        out->error = auth_token_grant_refusal(root);
        rc = NGX_ERROR;

    } else if (root == NULL) {
        out->error = error;
        rc = NGX_ERROR;

    } else {
        rc = ngx_http_auth_token_grant_take(root, out);
    }

    if (root != NULL) {
        auth_token_json_free(root);
    }

    return rc;
}


static ngx_int_t
ngx_http_auth_token_grant_take(auth_token_json_t *root,
    ngx_http_auth_token_reading_t *out)
{
    ngx_msec_t                      life;
    auth_token_grant_t              answer;
    ngx_pool_cleanup_t             *cln;
    ngx_http_auth_token_granted_t  *granted;

    out->error = auth_token_grant_read(root, &answer);

    if (out->error) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(out->pool,
                               sizeof(ngx_http_auth_token_granted_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    granted = cln->data;

    granted->token.data = ngx_pnalloc(out->pool, answer.token.len);
    if (granted->token.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(granted->token.data, answer.token.data, answer.token.len);

    granted->token.len = answer.token.len;
    granted->serial = ++ngx_http_auth_token_grant_serials;

    cln->handler = ngx_http_auth_token_grant_wipe;

    life = 1000 * ((answer.seconds == -1) ? NGX_HTTP_AUTH_TOKEN_GRANT_LIFE
                   : ngx_min(answer.seconds,
                             NGX_HTTP_AUTH_TOKEN_GRANT_LONGEST));

    out->life = life - ngx_min(life / 10, NGX_HTTP_AUTH_TOKEN_GRANT_WAY);
    out->value = granted;

    return NGX_OK;
}


static void
ngx_http_auth_token_grant_wipe(void *data)
{
    ngx_http_auth_token_granted_t *granted = data;

    ngx_explicit_memzero(granted->token.data, granted->token.len);
}


ngx_int_t
ngx_http_auth_token_grant_apply(ngx_http_auth_token_credential_t *credential,
    auth_token_buf_t *headers)
{
    ngx_http_auth_token_granted_t  *granted;

    granted = credential->fetched->value;

    if (granted == NULL) {
        return NGX_ERROR;
    }

    (void) auth_token_buf_adds(headers, "Authorization: Bearer ");
    (void) auth_token_buf_add(headers, granted->token.data,
                              granted->token.len);
    (void) auth_token_buf_addc(headers, '\0');

    return headers->failed ? NGX_ERROR : NGX_OK;
}


ngx_uint_t
ngx_http_auth_token_grant_serial(ngx_http_auth_token_credential_t *credential)
{
    ngx_http_auth_token_granted_t  *granted;

    granted = credential->fetched ? credential->fetched->value : NULL;

    return granted ? granted->serial : 0;
}


ngx_uint_t
ngx_http_auth_token_grant_refused(ngx_http_auth_token_credential_t *credential,
    ngx_uint_t serial)
{
    /* another look-up may have seen to it before */

    if (ngx_http_auth_token_grant_serial(credential) != serial) {
        return 1;
    }

    return ngx_http_auth_token_fetch_forget(credential->fetched) == NGX_OK;
}
