
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Signed answers of introspection.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_draft.h"
#include "ngx_http_auth_token_issuer.h"
#include "ngx_http_auth_token_keys.h"
#include "ngx_http_auth_token_method.h"
#include "ngx_http_auth_token_signed.h"
#include "ngx_http_auth_token_verify.h"


static ngx_http_auth_token_signed_t *ngx_http_auth_token_signed_get(
    ngx_conf_t *cf, ngx_http_auth_token_provider_t *provider);
static char *ngx_http_auth_token_signed_answer(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_auth_token_signed_option(
    ngx_http_auth_token_signed_t *s, ngx_str_t *arg);
static char *ngx_http_auth_token_signed_keys(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static const char *ngx_http_auth_token_signed_missing(
    ngx_http_auth_token_provider_t *provider);
static ngx_str_t *ngx_http_auth_token_signed_client(
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_signed_check(
    ngx_http_auth_token_signed_t *s, const auth_token_jws_t *jws,
    auth_token_answer_t *answer, ngx_http_auth_token_need_t *need,
    ngx_msec_t deadline);


ngx_command_t  ngx_http_auth_token_signed_words[] = {

    { ngx_string("answer"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_signed_answer,
      0,
      0,
      NULL },

    { ngx_string("keys"),
      NGX_CONF_TAKE12,
      ngx_http_auth_token_signed_keys,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_auth_token_signed_t *
ngx_http_auth_token_signed_get(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    if (provider->answer == NULL) {
        provider->answer = ngx_pcalloc(cf->pool,
                                       sizeof(ngx_http_auth_token_signed_t));
    }

    return provider->answer;
}


static char *
ngx_http_auth_token_signed_answer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                     *value;
    ngx_uint_t                     i;
    ngx_http_auth_token_signed_t  *s;

    s = ngx_http_auth_token_signed_get(cf, provider);
    if (s == NULL) {
        return NGX_CONF_ERROR;
    }

    if (s->jwt) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "jwt") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    s->jwt = 1;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_auth_token_signed_option(s, &value[i]) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_auth_token_signed_option(ngx_http_auth_token_signed_t *s,
    ngx_str_t *arg)
{
    ngx_str_t                text;
    auth_token_str_t         name;
    const auth_token_alg_t  *alg;

    if (arg->len <= 4) {
        return NGX_ERROR;
    }

    text.len = arg->len - 4;
    text.data = arg->data + 4;

    if (ngx_strncmp(arg->data, "iss=", 4) == 0 && s->issuer.len == 0
        && ngx_strchr(text.data, '$') == NULL)
    {
        s->issuer = text;
        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "aud=", 4) == 0 && s->audience.len == 0) {
        s->audience = text;
        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "alg=", 4) != 0) {
        return NGX_ERROR;
    }

    name.len = text.len;
    name.data = text.data;

    alg = auth_token_alg_find(name);

    if (alg == NULL || (s->want.algs & alg->bit)) {
        return NGX_ERROR;
    }

    s->want.algs |= alg->bit;

    return NGX_OK;
}


static char *
ngx_http_auth_token_signed_keys(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                     *value;
    ngx_http_auth_token_signed_t  *s;

    s = ngx_http_auth_token_signed_get(cf, provider);
    if (s == NULL) {
        return NGX_CONF_ERROR;
    }

    if (s->place.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "is empty";
    }

    s->place = value[1];
    ngx_http_auth_token_place_note(cf, &s->keys_place);

    if (cf->args->nelts == 3
        && (ngx_strncmp(s->place.data, "file:", 5) == 0
            || ngx_http_auth_token_issuer_valid(&value[2], &s->valid)
               != NGX_OK))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_auth_token_signed_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_str_t                     *iss, *aud;
    const char                    *missing;
    ngx_http_auth_token_draft_t   *draft;
    ngx_http_auth_token_signed_t  *s;

    s = provider->answer;

    if (s == NULL) {
        return NGX_OK;
    }

    missing = ngx_http_auth_token_signed_missing(provider);

    if (missing) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in provider \"%V\"", missing, &provider->name);
        return NGX_ERROR;
    }

    iss = s->issuer.len ? &s->issuer : &provider->issuer;
    aud = s->audience.len ? &s->audience
                          : ngx_http_auth_token_signed_client(provider);

    s->want.issuer.len = iss->len;
    s->want.issuer.data = iss->data;
    s->want.audience.len = aud->len;
    s->want.audience.data = aud->data;
    s->want.leeway = provider->leeway;

    if (s->want.algs == 0) {
        s->want.algs = AUTH_TOKEN_ALG_DEFAULT;
    }

    draft = ngx_http_auth_token_draft_current(cf, provider, 1);
    if (draft == NULL) {
        return NGX_ERROR;
    }

    draft->step.jwt = &s->want;

    return ngx_http_auth_token_keys_finish(cf, provider);
}


static const char *
ngx_http_auth_token_signed_missing(ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_signed_t  *s;

    s = provider->answer;

    if (!s->jwt) {
        return "\"keys\" needs \"answer jwt\"";
    }

    if (!ngx_http_auth_token_issuer_fits(provider)) {
        return "\"answer jwt\" needs \"preset introspection\"";
    }

    if (s->place.len == 0 && provider->issuer.len == 0) {
        return "\"answer jwt\" needs \"keys\" or \"issuer\"";
    }

    if (s->issuer.len == 0 && provider->issuer.len == 0) {
        return "\"answer jwt\" needs \"iss=\" or \"issuer\"";
    }

    if (s->audience.len == 0
        && ngx_http_auth_token_signed_client(provider) == NULL)
    {
        return "\"answer jwt\" needs \"aud=\" or a credential with an id";
    }

    return NULL;
}


/* who we are for the authority, or NULL */

static ngx_str_t *
ngx_http_auth_token_signed_client(ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_credential_t  *credential;

    credential = provider->credential;

    return (credential == NULL || credential->method->field
            || credential->name.len == 0)
           ? NULL : &credential->name;
}


ngx_int_t
ngx_http_auth_token_signed_open(ngx_http_auth_token_provider_t *provider,
    auth_token_answer_t *answer, auth_token_buf_t *claims,
    ngx_http_auth_token_need_t *need, ngx_msec_t deadline)
{
    ngx_int_t         rc;
    auth_token_jws_t  jws;

    rc = NGX_OK;

    answer->claims.len = 0;
    answer->unverified = auth_token_jws_parse(answer->body, &jws);

    if (answer->unverified == NULL) {
        answer->unverified = auth_token_signed_header(&provider->answer->want,
                                                      &jws);
    }

    if (answer->unverified == NULL) {
        rc = ngx_http_auth_token_signed_check(provider->answer, &jws, answer,
                                              need, deadline);
    }

    if (rc == NGX_OK && answer->unverified == NULL) {
        *claims = jws.payload;
        answer->claims = auth_token_buf_str(claims);

        auth_token_buf_init(&jws.payload, 0);
    }

    auth_token_jws_free(&jws);

    return rc;
}


static ngx_int_t
ngx_http_auth_token_signed_check(ngx_http_auth_token_signed_t *s,
    const auth_token_jws_t *jws, auth_token_answer_t *answer,
    ngx_http_auth_token_need_t *need, ngx_msec_t deadline)
{
    ngx_int_t           rc;
    auth_token_jwks_t  *set;

    set = s->set;

    if (s->keys) {
        rc = ngx_http_auth_token_fetch_get(s->keys, need, deadline);

        if (rc != NGX_OK) {
            answer->unverified = "there is no key set";
            return (rc == NGX_AGAIN) ? NGX_AGAIN : NGX_OK;
        }

        set = s->keys->value;
    }

    rc = ngx_http_auth_token_verify(set, jws);

    if (rc == NGX_DECLINED && s->keys
        && ngx_http_auth_token_fetch_again(s->keys, need, deadline)
           == NGX_AGAIN)
    {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK) {
        answer->unverified = (rc == NGX_DECLINED)
                             ? "no key of the set has made the signature"
                             : "the signature of the JWT is wrong";
    }

    return NGX_OK;
}
