
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The steps of a provider while its block is read.  Called by the words of
 * the steps and at the end of the block only.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_subject.h"
#include "ngx_http_auth_token_draft.h"


static ngx_http_auth_token_draft_t *ngx_http_auth_token_draft_push(
    ngx_conf_t *cf, ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_draft_preset(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);
static ngx_int_t ngx_http_auth_token_draft_copy(ngx_conf_t *cf,
    ngx_http_auth_token_draft_t *draft, const auth_token_step_t *step);
static ngx_int_t ngx_http_auth_token_draft_list(ngx_conf_t *cf,
    ngx_array_t *a, const void *elts, size_t n, size_t size);
static void ngx_http_auth_token_draft_freeze(
    ngx_http_auth_token_draft_t *draft);


ngx_http_auth_token_draft_t *
ngx_http_auth_token_draft_open(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_str_t *name)
{
    ngx_uint_t                    i;
    ngx_http_auth_token_draft_t  *draft;

    if (provider->protocol != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"step\" cannot be used with \"preset\"");
        return NULL;
    }

    if (provider->drafts != NULL) {
        draft = provider->drafts->elts;

        for (i = 0; i < provider->drafts->nelts; i++) {
            if (draft[i].step.name.len == name->len
                && ngx_strncmp(draft[i].step.name.data, name->data, name->len)
                   == 0)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate step \"%V\"", name);
                return NULL;
            }
        }

        if (provider->drafts->nelts == NGX_HTTP_AUTH_TOKEN_MAX_STEPS) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "a provider has at most %d steps",
                               NGX_HTTP_AUTH_TOKEN_MAX_STEPS);
            return NULL;
        }
    }

    draft = ngx_http_auth_token_draft_push(cf, provider);
    if (draft == NULL) {
        return NULL;
    }

    draft->step.name.len = name->len;
    draft->step.name.data = name->data;
    draft->step.credential = AUTH_TOKEN_CREDENTIAL_PROVIDER;

    return draft;
}


static ngx_http_auth_token_draft_t *
ngx_http_auth_token_draft_push(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    auth_token_step_t             empty;
    ngx_http_auth_token_draft_t  *draft;

    if (provider->drafts == NULL) {
        provider->drafts = ngx_array_create(cf->pool,
                                          NGX_HTTP_AUTH_TOKEN_MAX_STEPS,
                                          sizeof(ngx_http_auth_token_draft_t));
        if (provider->drafts == NULL) {
            return NULL;
        }
    }

    draft = ngx_array_push(provider->drafts);
    if (draft == NULL) {
        return NULL;
    }

    ngx_memzero(draft, sizeof(ngx_http_auth_token_draft_t));
    ngx_memzero(&empty, sizeof(auth_token_step_t));

    return ngx_http_auth_token_draft_copy(cf, draft, &empty) == NGX_OK
           ? draft : NULL;
}


ngx_http_auth_token_draft_t *
ngx_http_auth_token_draft_current(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_uint_t extend)
{
    ngx_str_t                    *value;
    ngx_http_auth_token_draft_t  *drafts;

    if (provider->drafts == NULL && provider->protocol != NULL && extend) {
        if (ngx_http_auth_token_draft_preset(cf, provider) != NGX_OK) {
            return NULL;
        }
    }

    if (provider->drafts == NULL || (provider->protocol != NULL && !extend)) {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" directive must follow \"step\"%s",
                           &value[0], extend ? " or \"preset\"" : "");
        return NULL;
    }

    drafts = provider->drafts->elts;

    return &drafts[provider->drafts->nelts - 1];
}


/* the tables of a preset are constant: what is added goes to a copy */

static ngx_int_t
ngx_http_auth_token_draft_preset(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_uint_t                    i;
    ngx_http_auth_token_draft_t  *draft;

    for (i = 0; i < provider->protocol->nsteps; i++) {
        draft = ngx_http_auth_token_draft_push(cf, provider);

        if (draft == NULL
            || ngx_http_auth_token_draft_copy(cf, draft,
                                              &provider->protocol->steps[i])
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        draft->preset = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_draft_copy(ngx_conf_t *cf,
    ngx_http_auth_token_draft_t *draft, const auth_token_step_t *step)
{
    const auth_token_mapping_t  *m;

    draft->step = *step;
    m = &step->mapping;

    if (ngx_http_auth_token_draft_list(cf, &draft->headers, step->headers,
                                       step->nheaders,
                                       sizeof(auth_token_pair_t)) != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->form, step->form,
                                          step->nform,
                                          sizeof(auth_token_pair_t)) != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->statuses, step->statuses,
                                          step->nstatuses,
                                          sizeof(auth_token_status_t))
           != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->success, step->success,
                                          step->nsuccess,
                                          sizeof(auth_token_condition_t))
           != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->refusal, step->refusal,
                                          step->nrefusal,
                                          sizeof(auth_token_condition_t))
           != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->active, m->active,
                                          m->nactive,
                                          sizeof(auth_token_condition_t))
           != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->allow, m->allow,
                                          m->nallow,
                                          sizeof(auth_token_cidrs_t)) != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->deny, m->deny, m->ndeny,
                                          sizeof(auth_token_cidrs_t)) != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->closed, m->closed,
                                          m->nclosed,
                                          sizeof(auth_token_closed_t))
           != NGX_OK
        || ngx_http_auth_token_draft_list(cf, &draft->fields, m->fields,
                                          m->nfields,
                                          sizeof(auth_token_field_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_draft_list(ngx_conf_t *cf, ngx_array_t *a,
    const void *elts, size_t n, size_t size)
{
    void  *p;

    if (ngx_array_init(a, cf->pool, n + 4, size) != NGX_OK) {
        return NGX_ERROR;
    }

    if (n != 0) {
        p = ngx_array_push_n(a, n);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, elts, n * size);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_draft_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_uint_t                    i, n;
    auth_token_step_t            *steps;
    auth_token_protocol_t        *protocol;
    ngx_http_auth_token_draft_t  *drafts;

    if (provider->drafts == NULL) {
        return NGX_OK;
    }

    n = provider->drafts->nelts;
    drafts = provider->drafts->elts;

    protocol = ngx_pcalloc(cf->pool, sizeof(auth_token_protocol_t));
    steps = ngx_pcalloc(cf->pool, n * sizeof(auth_token_step_t));

    if (protocol == NULL || steps == NULL) {
        return NGX_ERROR;
    }

    if (provider->protocol != NULL) {
        *protocol = *provider->protocol;

    } else {
        protocol->name.len = provider->name.len;
        protocol->name.data = provider->name.data;
        protocol->token.min = 1;
        protocol->token.max = NGX_HTTP_AUTH_TOKEN_MAX_TOKEN;
        protocol->form_credentials = 1;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_auth_token_draft_check(cf, provider, i) != NGX_OK
            || ngx_http_auth_token_draft_defaults(cf, &drafts[i], i == n - 1)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_http_auth_token_draft_freeze(&drafts[i]);

        steps[i] = drafts[i].step;

        if (steps[i].credential == AUTH_TOKEN_CREDENTIAL_PROVIDER
            && steps[i].body != AUTH_TOKEN_BODY_FORM)
        {
            protocol->form_credentials = 0;
        }
    }

    protocol->nsteps = n;
    protocol->steps = steps;
    protocol->varies = auth_token_subject_varies(protocol);

    provider->protocol = protocol;

    return NGX_OK;
}


static void
ngx_http_auth_token_draft_freeze(ngx_http_auth_token_draft_t *draft)
{
    auth_token_step_t     *step;
    auth_token_mapping_t  *m;

    step = &draft->step;
    m = &step->mapping;

    step->nheaders = draft->headers.nelts;
    step->headers = draft->headers.elts;
    step->nform = draft->form.nelts;
    step->form = draft->form.elts;
    step->nstatuses = draft->statuses.nelts;
    step->statuses = draft->statuses.elts;
    step->nsuccess = draft->success.nelts;
    step->success = draft->success.elts;
    step->nrefusal = draft->refusal.nelts;
    step->refusal = draft->refusal.elts;

    m->nactive = draft->active.nelts;
    m->active = draft->active.elts;
    m->nallow = draft->allow.nelts;
    m->allow = draft->allow.elts;
    m->ndeny = draft->deny.nelts;
    m->deny = draft->deny.elts;
    m->nclosed = draft->closed.nelts;
    m->closed = draft->closed.elts;
    m->nfields = draft->fields.nelts;
    m->fields = draft->fields.elts;
}
