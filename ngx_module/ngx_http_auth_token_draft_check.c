
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What must be true of a step once all of its words have been read, and what
 * goes without saying.  Called when a provider's drafts are finished.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_draft.h"
#include "ngx_http_auth_token_method.h"


static const char *ngx_http_auth_token_draft_wrong(
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_draft_t *draft, ngx_uint_t first, ngx_uint_t last);
static ngx_uint_t ngx_http_auth_token_draft_demands(
    ngx_http_auth_token_draft_t *draft);
static ngx_uint_t ngx_http_auth_token_draft_needs(ngx_array_t *conditions);
static ngx_uint_t ngx_http_auth_token_draft_as_client(
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_draft_t *draft);
static ngx_uint_t ngx_http_auth_token_draft_shows_token(
    ngx_http_auth_token_draft_t *draft);
static ngx_uint_t ngx_http_auth_token_draft_clash(
    ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_draft_t *draft);
static ngx_uint_t ngx_http_auth_token_draft_has_field(
    ngx_http_auth_token_draft_t *draft, const char *name);
static ngx_uint_t ngx_http_auth_token_draft_has_id(
    ngx_http_auth_token_draft_t *draft);


static auth_token_condition_t  ngx_http_auth_token_draft_object = {
    .pointer = auth_token_str(""),
    .expect = AUTH_TOKEN_EXPECT_OBJECT
};

static auth_token_status_t  ngx_http_auth_token_draft_statuses[] = {
    { .status = 200, .outcome = AUTH_TOKEN_OUTCOME_RECORD },
    { .status = 401, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the credential was refused", .bare = 1, .credential = 1 },
    { .status = 403, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the credential was refused", .bare = 1, .credential = 1 }
};


ngx_int_t
ngx_http_auth_token_draft_check(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_uint_t n)
{
    ngx_str_t                     name;
    const char                   *wrong;
    auth_token_str_t              variable;
    ngx_http_auth_token_draft_t  *drafts;

    drafts = provider->drafts->elts;

    name.len = drafts[n].step.name.len;
    name.data = drafts[n].step.name.data;

    wrong = ngx_http_auth_token_draft_wrong(provider, &drafts[n], n == 0,
                                            n == provider->drafts->nelts - 1);

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "step \"%V\" of provider \"%V\" %s", &name,
                           &provider->name, wrong);
        return NGX_ERROR;
    }

    if (ngx_http_auth_token_draft_strange(drafts, n, &variable)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "step \"%V\" of provider \"%V\" has the variable "
                           "\"$%*s\", which no step before it keeps", &name,
                           &provider->name, variable.len, variable.data);
        return NGX_ERROR;
    }

    if (!drafts[n].preset && !ngx_http_auth_token_draft_demands(&drafts[n])) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "step \"%V\" of provider \"%V\" takes any JSON "
                           "object with status 200 for a good token, add "
                           "\"id\", \"active\" or \"success\"", &name,
                           &provider->name);
    }

    return NGX_OK;
}


/* whether there is a member that a good answer must have */

static ngx_uint_t
ngx_http_auth_token_draft_demands(ngx_http_auth_token_draft_t *draft)
{
    ngx_uint_t           i;
    auth_token_field_t  *field;

    field = draft->fields.elts;

    for (i = 0; i < draft->fields.nelts; i++) {
        if (field[i].required && field[i].pointer.len) {
            return 1;
        }
    }

    return ngx_http_auth_token_draft_needs(&draft->success)
           || ngx_http_auth_token_draft_needs(&draft->active);
}


/* what is absent is empty, and as good as null */

static ngx_uint_t
ngx_http_auth_token_draft_needs(ngx_array_t *conditions)
{
    ngx_uint_t               i, j;
    auth_token_condition_t  *condition;

    condition = conditions->elts;

    for (i = 0; i < conditions->nelts; i++) {

        if (condition[i].pointer.len == 0
            || condition[i].expect == AUTH_TOKEN_EXPECT_EMPTY)
        {
            continue;
        }

        for (j = 0; j < condition[i].nvalues; j++) {
            if (condition[i].values[j].type == AUTH_TOKEN_DOC_NULL) {
                break;
            }
        }

        if (j == condition[i].nvalues) {
            return 1;
        }
    }

    return 0;
}


static const char *
ngx_http_auth_token_draft_wrong(ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_draft_t *draft, ngx_uint_t first, ngx_uint_t last)
{
    ngx_uint_t          get;
    auth_token_step_t  *step;

    step = &draft->step;

    if (step->method.len == 0) {
        return "must have \"request\"";
    }

    get = auth_token_str_eq_lit(&step->method, "GET");

    if (get && step->body != AUTH_TOKEN_BODY_NONE) {
        return "sends a body with the method \"GET\"";
    }

    if (ngx_http_auth_token_draft_as_client(provider, draft)
        && ngx_http_auth_token_draft_has_field(draft, "Authorization"))
    {
        return "has a \"header\" that takes the place of the client's token";
    }

    if (step->credential == AUTH_TOKEN_CREDENTIAL_PROVIDER
        && ngx_http_auth_token_draft_clash(provider, draft))
    {
        return "has a \"header\" that the credential writes too";
    }

    if (first && (draft->step.mapping.id == AUTH_TOKEN_ID_EARLIER)) {
        return "is the first and has no earlier id";
    }

    if (!first && ngx_http_auth_token_draft_shows_token(draft)) {
        return "is not the first and is asked with the client's token";
    }

    if (!first && step->mapping.echo.len) {
        return "is not the first and has \"echo\"";
    }

    if (!first && step->mapping.id == AUTH_TOKEN_ID_TOKEN) {
        return "is not the first and has \"match=token\"";
    }

    /* an answer about whom else but the client: everybody would be admitted */

    if (first && !draft->preset
        && !ngx_http_auth_token_draft_as_client(provider, draft)
        && !ngx_http_auth_token_draft_shows_token(draft))
    {
        return "is the first and is not asked with the client's token";
    }

    /* what a step that follows is asked, and kept, by */

    if ((!last || step->mapping.id != AUTH_TOKEN_ID_ANY)
        && !ngx_http_auth_token_draft_has_id(draft))
    {
        return "must have \"id\"";
    }

    return NULL;
}


/* "credential token" is not yet applied to the steps */

static ngx_uint_t
ngx_http_auth_token_draft_as_client(ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_draft_t *draft)
{
    return draft->step.credential == AUTH_TOKEN_CREDENTIAL_TOKEN
           || (draft->step.credential == AUTH_TOKEN_CREDENTIAL_PROVIDER
               && provider->credential
               && provider->credential->method->token);
}


/*
 * Answers of later steps are kept under the id, which several tokens may have:
 * what is said of one of them must not be taken for the others', nor what was
 * compared with it.
 */

static ngx_uint_t
ngx_http_auth_token_draft_shows_token(ngx_http_auth_token_draft_t *draft)
{
    return draft->step.credential == AUTH_TOKEN_CREDENTIAL_TOKEN
           || ngx_http_auth_token_draft_sends(draft, "token");
}


static ngx_uint_t
ngx_http_auth_token_draft_clash(ngx_http_auth_token_provider_t *provider,
    ngx_http_auth_token_draft_t *draft)
{
    ngx_str_t          *line;
    ngx_uint_t          i;
    auth_token_pair_t  *pair;
    static ngx_str_t    bearer = ngx_string("Authorization: Bearer");

    if (provider->credential == NULL) {
        return 0;
    }

    line = provider->credential->grant ? &bearer
                                       : &provider->credential->held.header;
    pair = draft->headers.elts;

    for (i = 0; i < draft->headers.nelts; i++) {
        if (line->len > pair[i].name.len
            && line->data[pair[i].name.len] == ':'
            && ngx_strncasecmp(line->data, (u_char *) pair[i].name.data,
                               pair[i].name.len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_auth_token_draft_has_field(ngx_http_auth_token_draft_t *draft,
    const char *name)
{
    size_t              len;
    ngx_uint_t          i;
    auth_token_pair_t  *pair;

    len = ngx_strlen(name);
    pair = draft->headers.elts;

    for (i = 0; i < draft->headers.nelts; i++) {
        if (pair[i].name.len == len
            && ngx_strncasecmp((u_char *) pair[i].name.data, (u_char *) name,
                               len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_auth_token_draft_has_id(ngx_http_auth_token_draft_t *draft)
{
    ngx_uint_t           i;
    auth_token_field_t  *field;

    field = draft->fields.elts;

    for (i = 0; i < draft->fields.nelts; i++) {
        if (auth_token_str_eq_lit(&field[i].name, "id")) {
            return 1;
        }
    }

    return 0;
}


/*
 * Who is asked about an id must answer about that id, and a refusal must at
 * least be a JSON object, unless the configuration says otherwise.
 */

ngx_int_t
ngx_http_auth_token_draft_defaults(ngx_conf_t *cf,
    ngx_http_auth_token_draft_t *draft, ngx_uint_t last)
{
    size_t                   i;
    ngx_uint_t               n;
    auth_token_step_t       *step;
    auth_token_field_t      *field;
    auth_token_status_t     *status;
    auth_token_condition_t  *condition;

    step = &draft->step;

    if (draft->preset) {
        return NGX_OK;
    }

    if (!draft->identity && ngx_http_auth_token_draft_has_id(draft)) {
        if (ngx_http_auth_token_draft_names(step->path, "id")) {
            step->mapping.id = AUTH_TOKEN_ID_EARLIER;

        } else if (ngx_http_auth_token_draft_names(step->path, "token")) {
            step->mapping.id = AUTH_TOKEN_ID_TOKEN;
        }
    }

    if (!last || step->mapping.id != AUTH_TOKEN_ID_ANY) {
        field = draft->fields.elts;

        for (i = 0; i < draft->fields.nelts; i++) {
            if (auth_token_str_eq_lit(&field[i].name, "id")) {
                field[i].required = 1;
            }
        }
    }

    if (draft->refusal.nelts == 0) {
        condition = ngx_array_push(&draft->refusal);
        if (condition == NULL) {
            return NGX_ERROR;
        }

        *condition = ngx_http_auth_token_draft_object;
    }

    /* the first rule for a status wins: these are what is not configured */

    n = (step->credential == AUTH_TOKEN_CREDENTIAL_PROVIDER)
        ? sizeof(ngx_http_auth_token_draft_statuses)
          / sizeof(ngx_http_auth_token_draft_statuses[0])
        : 1;

    status = ngx_array_push_n(&draft->statuses, n);
    if (status == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(status, ngx_http_auth_token_draft_statuses,
               n * sizeof(auth_token_status_t));

    return NGX_OK;
}
