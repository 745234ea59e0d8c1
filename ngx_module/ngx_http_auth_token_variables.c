
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The $auth_token_... variables: what the request's own judgement found, and
 * nothing before it was made.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_handler.h"
#include "ngx_http_auth_token_module.h"
#include "ngx_http_auth_token_value.h"
#include "ngx_http_auth_token_variables.h"


static ngx_int_t ngx_http_auth_token_variable_verdict(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_auth_token_variable_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_auth_token_variable_provider(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_auth_token_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_auth_token_variable_age(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_auth_token_variable_field(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


/* in the order of ngx_http_auth_token_cached_e */

static ngx_str_t  ngx_http_auth_token_cached[] = {
    ngx_string("-"),
    ngx_string("HIT"),
    ngx_string("MISS"),
    ngx_string("NEGATIVE"),
    ngx_string("STALE"),
    ngx_string("REFRESH"),
    ngx_string("COALESCED")
};


static ngx_http_variable_t  ngx_http_auth_token_vars[] = {

    { ngx_string("auth_token_verdict"), NULL,
      ngx_http_auth_token_variable_verdict, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_cache"), NULL,
      ngx_http_auth_token_variable_cache, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_age"), NULL,
      ngx_http_auth_token_variable_age, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_provider"), NULL,
      ngx_http_auth_token_variable_provider, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_expires_on"), NULL,
      ngx_http_auth_token_variable_time, AUTH_TOKEN_RECORD_HAS_EXPIRES_ON,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_not_before"), NULL,
      ngx_http_auth_token_variable_time, AUTH_TOKEN_RECORD_HAS_NOT_BEFORE,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_id"), NULL, ngx_http_auth_token_variable_field,
      (uintptr_t) "id", NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_name"), NULL, ngx_http_auth_token_variable_field,
      (uintptr_t) "name", NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_status"), NULL,
      ngx_http_auth_token_variable_field, (uintptr_t) "status",
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_policies"), NULL,
      ngx_http_auth_token_variable_field, (uintptr_t) "policies",
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_scope"), NULL, ngx_http_auth_token_variable_field,
      (uintptr_t) "scope", NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_subject"), NULL,
      ngx_http_auth_token_variable_field, (uintptr_t) "sub",
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_issuer"), NULL,
      ngx_http_auth_token_variable_field, (uintptr_t) "iss",
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_audience"), NULL,
      ngx_http_auth_token_variable_field, (uintptr_t) "aud",
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_username"), NULL,
      ngx_http_auth_token_variable_field, (uintptr_t) "username",
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_record"), NULL,
      ngx_http_auth_token_value_record, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("auth_token_field_"), NULL,
      ngx_http_auth_token_value_prefix, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("auth_token_client_id"), NULL,
      ngx_http_auth_token_variable_field, (uintptr_t) "client_id",
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_auth_token_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_auth_token_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_variable_verdict(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const char                 *name;
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ngx_http_auth_token_judged(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    name = auth_token_verdict_name(ctx->verdict);

    return ngx_http_auth_token_value_set(r, v, name, ngx_strlen(name));
}


static ngx_int_t
ngx_http_auth_token_variable_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                  *s;
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ngx_http_auth_token_judged(r);

    s = &ngx_http_auth_token_cached[ctx ? ctx->cached : 0];

    return ngx_http_auth_token_value_set(r, v, s->data, s->len);
}


static ngx_int_t
ngx_http_auth_token_variable_provider(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ngx_http_auth_token_judged(r);

    if (ctx == NULL || ctx->provider == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_auth_token_value_set(r, v, ctx->provider->name.data,
                                            ctx->provider->name.len);
}


/* of several steps the narrowest limit counts */

static ngx_int_t
ngx_http_auth_token_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    int64_t                     t, limit;
    u_char                      buf[NGX_INT64_LEN];
    ngx_uint_t                  i, found;
    auth_token_record_t        *record;
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ngx_http_auth_token_value_identity(r);

    limit = 0;
    found = 0;

    for (i = 0; ctx != NULL && i < ctx->nhits; i++) {
        record = ctx->hits[i].record;

        if (!(record->flags & data)) {
            continue;
        }

        if (data == AUTH_TOKEN_RECORD_HAS_EXPIRES_ON) {
            t = record->expires_on;
            limit = found ? ngx_min(limit, t) : t;

        } else {
            t = record->not_before;
            limit = found ? ngx_max(limit, t) : t;
        }

        found = 1;
    }

    if (!found) {
        v->not_found = 1;
        return NGX_OK;
    }

    /* cppcheck-suppress uninitvar ; filled by ngx_sprintf() */
    return ngx_http_auth_token_value_set(r, v, buf,
                                            ngx_sprintf(buf, "%L", limit)
                                            - buf);
}


/* of several steps the oldest answer counts */

static ngx_int_t
ngx_http_auth_token_variable_age(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                      buf[NGX_INT_T_LEN];
    ngx_uint_t                  i;
    ngx_msec_t                  age;
    ngx_http_auth_token_ctx_t  *ctx;

    ctx = ngx_http_auth_token_judged(r);

    if (ctx == NULL || ctx->nhits == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    age = 0;

    for (i = 0; i < ctx->nhits; i++) {
        age = ngx_max(age, ctx->hits[i].age);
    }

    /* cppcheck-suppress uninitvar ; filled by ngx_sprintf() */
    return ngx_http_auth_token_value_set(r, v, buf,
                                            ngx_sprintf(buf, "%M", age / 1000)
                                            - buf);
}


static ngx_int_t
ngx_http_auth_token_variable_field(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    auth_token_str_t  name;

    name.data = (u_char *) data;
    name.len = ngx_strlen(name.data);

    return ngx_http_auth_token_value_member(r, v, name);
}
