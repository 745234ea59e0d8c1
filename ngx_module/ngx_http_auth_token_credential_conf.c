
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The arguments of "credential", and what they ask of the rest of a provider.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_method.h"


static ngx_int_t ngx_http_auth_token_credential_args(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential);
static ngx_int_t ngx_http_auth_token_credential_name(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential);
static ngx_int_t ngx_http_auth_token_credential_option(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *arg);
static ngx_uint_t ngx_http_auth_token_credential_printable(ngx_str_t *s);
static ngx_int_t ngx_http_auth_token_credential_steps(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);
static void ngx_http_auth_token_credential_cleanup(void *data);


ngx_http_auth_token_credential_t *
ngx_http_auth_token_credential_parse(ngx_conf_t *cf)
{
    ngx_str_t                           *value;
    ngx_uint_t                           nargs;
    ngx_pool_cleanup_t                  *cln;
    ngx_http_auth_token_credential_t    *credential;
    const ngx_http_auth_token_method_t  *m;

    value = cf->args->elts;
    nargs = cf->args->nelts - 2;

    m = ngx_http_auth_token_method_find(&value[1]);

    if (m == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown credential method \"%V\"", &value[1]);
        return NULL;
    }

    if (nargs < m->nargs || (nargs > m->nargs && !m->shared && !m->private)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "credential method \"%V\" takes %ui parameters",
                           &value[1], m->nargs);
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool,
                               sizeof(ngx_http_auth_token_credential_t));
    if (cln == NULL) {
        return NULL;
    }

    credential = cln->data;

    ngx_memzero(credential, sizeof(ngx_http_auth_token_credential_t));

    cln->handler = ngx_http_auth_token_credential_cleanup;

    credential->method = m;

    if (ngx_http_auth_token_credential_args(cf, credential) != NGX_OK) {
        return NULL;
    }

    return credential;
}


static ngx_int_t
ngx_http_auth_token_credential_args(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential)
{
    u_char                               room[NGX_HTTP_AUTH_TOKEN_MAX_SECRET];
    ngx_str_t                           *value, text;
    ngx_uint_t                           i;
    const char                          *wrong;
    const ngx_http_auth_token_method_t  *m;

    m = credential->method;
    value = cf->args->elts;

    if (ngx_http_auth_token_credential_name(cf, credential) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = m->nargs + 2; i < cf->args->nelts; i++) {
        if (ngx_http_auth_token_credential_option(credential, &value[i])
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_ERROR;
        }
    }

    ngx_str_null(&text);

    credential->secret.lines = m->private;

    if (m->secret != 0
        && ngx_http_auth_token_secret_read(cf, &value[m->secret + 1],
                                           &credential->secret, room, &text)
           != NGX_OK)
    {
        ngx_explicit_memzero(room, sizeof(room));
        return NGX_ERROR;
    }

    wrong = ngx_http_auth_token_credential_take(credential, &text);

    ngx_explicit_memzero(room, sizeof(room));

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the secret of credential method \"%V\" %s",
                           &m->name, wrong);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_credential_name(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential)
{
    u_char                               ch;
    size_t                               i;
    ngx_str_t                           *value;
    const ngx_http_auth_token_method_t  *m;

    m = credential->method;

    if (!m->client && !m->field) {
        return NGX_OK;
    }

    value = cf->args->elts;

    credential->name = value[2];

    if (m->client) {
        if ((!m->shared && !m->private && !m->tls)
            || ngx_http_auth_token_credential_printable(&value[2]))
        {
            return NGX_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid client id \"%V\"", &value[2]);
        return NGX_ERROR;
    }

    for (i = 0; i < value[2].len; i++) {
        ch = value[2].data[i];

        if ((ch < '0' || ch > '9') && (ch < 'A' || ch > 'Z')
            && (ch < 'a' || ch > 'z') && ch != '-' && ch != '_')
        {
            break;
        }
    }

    if (i == 0 || i != value[2].len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid header name \"%V\"", &value[2]);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_credential_option(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *arg)
{
    ngx_str_t                         s;
    ngx_http_auth_token_assertion_t  *assertion;

    assertion = &credential->assertion;

    if (arg->len <= 4) {
        return NGX_ERROR;
    }

    s.len = arg->len - 4;
    s.data = arg->data + 4;

    if (!ngx_http_auth_token_credential_printable(&s)) {
        return NGX_ERROR;
    }

    if (ngx_strncmp(arg->data, "aud=", 4) == 0 && assertion->audience.len == 0)
    {
        assertion->audience = s;
        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "kid=", 4) == 0 && assertion->kid.len == 0) {
        assertion->kid = s;
        return NGX_OK;
    }

    if (ngx_strncmp(arg->data, "alg=", 4) == 0 && assertion->alg == NULL) {
        assertion->alg = ngx_http_auth_token_assertion_alg(&s,
                                                  credential->method->shared);
        return assertion->alg ? NGX_OK : NGX_ERROR;
    }

    return NGX_ERROR;
}


/* RFC 6749, appendix A.1; other bytes would have to be known as UTF-8 */

static ngx_uint_t
ngx_http_auth_token_credential_printable(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] < 0x20 || s->data[i] > 0x7e) {
            return 0;
        }
    }

    return s->len != 0;
}


ngx_int_t
ngx_http_auth_token_credential_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_http_auth_token_reach_t         *reach;
    ngx_http_auth_token_credential_t    *credential;
    const ngx_http_auth_token_method_t  *m;

    reach = &provider->reach;
    credential = provider->credential;
    m = credential->method;

    if (m->form && !provider->protocol->form_credentials) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "credential method \"%V\" needs a form, "
                           "which provider \"%V\" does not send",
                           &m->name, &provider->name);
        return NGX_ERROR;
    }

    if (m->tls && (reach->ssl_certificate.len == 0
                   || reach->ssl_certificate_key.len == 0))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "credential method \"%V\" needs "
                           "\"ssl_certificate\" and \"ssl_certificate_key\" "
                           "in provider \"%V\"", &m->name, &provider->name);
        return NGX_ERROR;
    }

    if (credential->assertion.audience.len == 0) {
        credential->assertion.audience = provider->issuer.len
                                         ? provider->issuer
                                         : provider->endpoint;
    }

    return m->token ? ngx_http_auth_token_credential_steps(cf, provider)
                    : NGX_OK;
}


/*
 * "token": the steps are asked with the client's token.  What a later step
 * answers is kept for an id, which more than one token may lead to.
 */

static ngx_int_t
ngx_http_auth_token_credential_steps(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    size_t                  i;
    auth_token_step_t      *steps;
    auth_token_protocol_t  *protocol;

    protocol = ngx_palloc(cf->pool, sizeof(auth_token_protocol_t));
    if (protocol == NULL) {
        return NGX_ERROR;
    }

    *protocol = *provider->protocol;

    steps = ngx_palloc(cf->pool, protocol->nsteps * sizeof(auth_token_step_t));
    if (steps == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < protocol->nsteps; i++) {
        steps[i] = protocol->steps[i];

        if (steps[i].credential != AUTH_TOKEN_CREDENTIAL_PROVIDER) {
            continue;
        }

        if (i > 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "credential method \"%V\" cannot be used with "
                               "a second step, as in provider \"%V\"",
                               &provider->credential->method->name,
                               &provider->name);
            return NGX_ERROR;
        }

        steps[i].credential = AUTH_TOKEN_CREDENTIAL_TOKEN;
    }

    protocol->steps = steps;
    provider->protocol = protocol;

    return NGX_OK;
}


static void
ngx_http_auth_token_credential_cleanup(void *data)
{
    ngx_http_auth_token_credential_t *credential = data;

    ngx_http_auth_token_credential_drop(&credential->held);
}
