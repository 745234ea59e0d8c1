
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
#include "ngx_http_auth_token_step_words.h"


static ngx_http_auth_token_credential_t *
    ngx_http_auth_token_credential_create(ngx_conf_t *cf, ngx_str_t *value,
    ngx_uint_t nargs, ngx_http_auth_token_grant_t *grant);
static ngx_int_t ngx_http_auth_token_credential_options(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *value,
    ngx_uint_t nargs, ngx_http_auth_token_grant_t *grant);
static ngx_int_t ngx_http_auth_token_credential_secret(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *value);
static ngx_int_t ngx_http_auth_token_credential_name(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *value);
static ngx_int_t ngx_http_auth_token_credential_option(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *arg);
static ngx_uint_t ngx_http_auth_token_credential_printable(ngx_str_t *s);
static ngx_int_t ngx_http_auth_token_credential_steps(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_credential_statuses(ngx_conf_t *cf,
    auth_token_step_t *step);
static void ngx_http_auth_token_credential_cleanup(void *data);


/* RFC 7662, 2.3, and RFC 6750, 3.1: what is refused is the token itself */

static const auth_token_scalar_t  ngx_http_auth_token_credential_error[] = {
    { .type = AUTH_TOKEN_DOC_STRING, .text = auth_token_str("invalid_token") }
};

static const auth_token_condition_t
    ngx_http_auth_token_credential_refusal[] =
{
    { auth_token_str("/error"), AUTH_TOKEN_EXPECT_VALUE, 1,
      ngx_http_auth_token_credential_error }
};


ngx_http_auth_token_credential_t *
ngx_http_auth_token_credential_parse(ngx_conf_t *cf)
{
    ngx_str_t                         *value;
    ngx_uint_t                         nargs;
    ngx_http_auth_token_credential_t  *credential;

    value = cf->args->elts;
    nargs = cf->args->nelts - 1;

    credential = ngx_http_auth_token_credential_create(cf, &value[1], nargs,
                                                       NULL);

    if (credential == NULL || !credential->method->grant) {
        return credential;
    }

    /* "client_credentials URL METHOD ..." */

    credential->grant = ngx_http_auth_token_grant_create(cf, &value[2]);

    if (credential->grant == NULL) {
        return NULL;
    }

    credential->grant->client =
        ngx_http_auth_token_credential_create(cf, &value[3], nargs - 2,
                                              credential->grant);

    return credential->grant->client ? credential : NULL;
}


/* "value" is the name of the method, and nargs - 1 parameters */

static ngx_http_auth_token_credential_t *
ngx_http_auth_token_credential_create(ngx_conf_t *cf, ngx_str_t *value,
    ngx_uint_t nargs, ngx_http_auth_token_grant_t *grant)
{
    ngx_pool_cleanup_t                  *cln;
    ngx_http_auth_token_credential_t    *credential;
    const ngx_http_auth_token_method_t  *m;

    m = ngx_http_auth_token_method_find(value);

    if (m == NULL || (grant && !m->client)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           m ? "credential method \"%V\" is none of a client"
                             : "unknown credential method \"%V\"", value);
        return NULL;
    }

    if (nargs - 1 < m->nargs
        || (nargs - 1 > m->nargs
            && !m->shared && !m->private && !m->grant && !grant))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "credential method \"%V\" takes %ui parameters",
                           value, m->nargs);
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
    ngx_http_auth_token_place_note(cf, &credential->place);

    if (ngx_http_auth_token_credential_name(cf, credential, value) != NGX_OK
        || ngx_http_auth_token_credential_options(cf, credential, value, nargs,
                                                  grant)
           != NGX_OK
        || ngx_http_auth_token_credential_secret(cf, credential, value)
           != NGX_OK)
    {
        return NULL;
    }

    return credential;
}


static ngx_int_t
ngx_http_auth_token_credential_options(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *value,
    ngx_uint_t nargs, ngx_http_auth_token_grant_t *grant)
{
    ngx_uint_t                           i;
    const ngx_http_auth_token_method_t  *m;

    m = credential->method;

    if (m->grant) {
        return NGX_OK;
    }

    for (i = m->nargs + 1; i < nargs; i++) {

        if ((m->shared || m->private)
            && ngx_http_auth_token_credential_option(credential, &value[i])
               == NGX_OK)
        {
            continue;
        }

        if (grant && ngx_http_auth_token_credential_printable(&value[i])
            && ngx_http_auth_token_grant_option(grant, &value[i]) == NGX_OK)
        {
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[i]);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_credential_secret(ngx_conf_t *cf,
    ngx_http_auth_token_credential_t *credential, ngx_str_t *value)
{
    u_char                               room[NGX_HTTP_AUTH_TOKEN_MAX_SECRET];
    ngx_str_t                            text;
    const char                          *wrong;
    const ngx_http_auth_token_method_t  *m;

    m = credential->method;

    ngx_str_null(&text);

    credential->secret.lines = m->private;

    if (m->secret != 0
        && ngx_http_auth_token_secret_read(cf, &value[m->secret],
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
    ngx_http_auth_token_credential_t *credential, ngx_str_t *value)
{
    const ngx_http_auth_token_method_t  *m;

    m = credential->method;

    if (!m->client && !m->field) {
        return NGX_OK;
    }

    credential->name = value[1];

    if (m->client) {
        if (ngx_http_auth_token_credential_printable(&value[1])
            || (value[1].len && !m->shared && !m->private && !m->tls))
        {
            return NGX_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid client id \"%V\"", &value[1]);
        return NGX_ERROR;
    }

    return ngx_http_auth_token_step_field(cf, &value[1]);
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
    ngx_str_t                           *audience;
    ngx_http_auth_token_grant_t         *grant;
    ngx_http_auth_token_reach_t         *reach;
    ngx_http_auth_token_endpoint_t      *endpoint;
    ngx_http_auth_token_credential_t    *client;
    const ngx_http_auth_token_method_t  *m;

    reach = &provider->reach;
    grant = provider->credential->grant;
    client = grant ? grant->client : provider->credential;
    m = client->method;

    if (m->form && grant == NULL
        && ngx_http_auth_token_credential_form(cf, provider) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (m->tls && (reach->ssl_certificate.len == 0
                   || reach->ssl_certificate_key.len == 0))
    {
        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &client->place,
                           "credential method \"%V\" needs "
                           "\"ssl_certificate\" and \"ssl_certificate_key\" "
                           "in provider \"%V\"", &m->name, &provider->name);
        return NGX_ERROR;
    }

    audience = &client->assertion.audience;
    endpoint = provider->endpoints.elts;

    if (audience->len == 0) {
        *audience = provider->issuer.len ? provider->issuer
                    : grant ? grant->url : endpoint->url;
    }

    if (grant) {
        return ngx_http_auth_token_grant_finish(cf, provider);
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

        if (ngx_http_auth_token_credential_statuses(cf, &steps[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    protocol->steps = steps;
    provider->protocol = protocol;

    return NGX_OK;
}


/* where a step does not say what its refusals look like */

static ngx_int_t
ngx_http_auth_token_credential_statuses(ngx_conf_t *cf,
    auth_token_step_t *step)
{
    size_t                i;
    auth_token_status_t  *statuses;

    if (step->nrefusal != 0) {
        return NGX_OK;
    }

    statuses = ngx_palloc(cf->pool,
                          step->nstatuses * sizeof(auth_token_status_t));
    if (statuses == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < step->nstatuses; i++) {
        statuses[i] = step->statuses[i];

        if (statuses[i].status == NGX_HTTP_UNAUTHORIZED) {
            statuses[i].outcome = AUTH_TOKEN_OUTCOME_UNKNOWN;
            statuses[i].reason = "the authority does not know the token";
            statuses[i].credential = 0;
            statuses[i].bare = 0;
        }
    }

    step->statuses = statuses;
    step->nrefusal = 1;
    step->refusal = ngx_http_auth_token_credential_refusal;

    return NGX_OK;
}


static void
ngx_http_auth_token_credential_cleanup(void *data)
{
    ngx_http_auth_token_credential_t *credential = data;

    ngx_http_auth_token_credential_drop(&credential->held);
}
