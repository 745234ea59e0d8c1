
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The words that say what an answer means: by its status, by its form, and
 * by what it calls active.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_json.h"
#include "ngx_http_auth_token_draft.h"
#include "ngx_http_auth_token_step_words.h"


static char *ngx_http_auth_token_status_rule(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_auth_token_status_add(ngx_conf_t *cf,
    ngx_http_auth_token_draft_t *draft, ngx_str_t *arg,
    const auth_token_status_t *like);
static char *ngx_http_auth_token_status_condition(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_auth_token_status_expect(ngx_str_t *arg,
    auth_token_condition_t *condition);
static ngx_int_t ngx_http_auth_token_status_scalar(ngx_conf_t *cf,
    ngx_str_t *arg, auth_token_scalar_t *scalar);
static ngx_int_t ngx_http_auth_token_status_text(ngx_conf_t *cf, ngx_str_t *arg,
    auth_token_scalar_t *scalar);
static char *ngx_http_auth_token_status_inactive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_status_code(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#define ngx_http_auth_token_status_offset(field)                              \
    offsetof(ngx_http_auth_token_draft_t, field)


typedef struct {
    ngx_str_t            name;
    auth_token_expect_e  expect;
} ngx_http_auth_token_expect_t;


static ngx_http_auth_token_expect_t  ngx_http_auth_token_status_expects[] = {
    { ngx_string("is=empty"), AUTH_TOKEN_EXPECT_EMPTY },
    { ngx_string("is=list"), AUTH_TOKEN_EXPECT_LIST },
    { ngx_string("is=object"), AUTH_TOKEN_EXPECT_OBJECT },
    { ngx_string("is=string"), AUTH_TOKEN_EXPECT_STRING },
    { ngx_null_string, 0 }
};


/* what the words of statuses mean; "post" points here */

static auth_token_status_t  ngx_http_auth_token_status_unknown = {
    .outcome = AUTH_TOKEN_OUTCOME_UNKNOWN,
    .reason = "the authority does not know the token"
};

static auth_token_status_t  ngx_http_auth_token_status_later = {
    .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
    .reason = "the authority asks us to wait", .bare = 1, .health = 1
};

static auth_token_status_t  ngx_http_auth_token_status_refused = {
    .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
    .reason = "the credential was refused", .bare = 1, .credential = 1
};


ngx_command_t  ngx_http_auth_token_status_words[] = {

    { ngx_string("unknown"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_status_rule,
      0,
      0,
      &ngx_http_auth_token_status_unknown },

    { ngx_string("later"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_status_rule,
      0,
      0,
      &ngx_http_auth_token_status_later },

    { ngx_string("refused"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_status_rule,
      0,
      0,
      &ngx_http_auth_token_status_refused },

    { ngx_string("success"),
      NGX_CONF_2MORE,
      ngx_http_auth_token_status_condition,
      0,
      ngx_http_auth_token_status_offset(success),
      NULL },

    { ngx_string("refusal"),
      NGX_CONF_2MORE,
      ngx_http_auth_token_status_condition,
      0,
      ngx_http_auth_token_status_offset(refusal),
      NULL },

    { ngx_string("active"),
      NGX_CONF_2MORE,
      ngx_http_auth_token_status_condition,
      0,
      ngx_http_auth_token_status_offset(active),
      NULL },

    { ngx_string("inactive"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_status_inactive,
      0,
      0,
      NULL },

    { ngx_string("code"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_status_code,
      0,
      0,
      NULL },

      ngx_null_command
};


static char *
ngx_http_auth_token_status_rule(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i, n;
    auth_token_status_t           like;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    n = cf->args->nelts;

    like = *(auth_token_status_t *) cmd->post;

    if (like.outcome == AUTH_TOKEN_OUTCOME_UNKNOWN
        && ngx_strcmp(value[n - 1].data, "body=any") == 0)
    {
        like.bare = 1;
        n--;
    }

    if (n == 1) {
        return "has no status";
    }

    for (i = 1; i < n; i++) {
        if (ngx_http_auth_token_status_add(cf, draft, &value[i], &like)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_auth_token_status_add(ngx_conf_t *cf,
    ngx_http_auth_token_draft_t *draft, ngx_str_t *arg,
    const auth_token_status_t *like)
{
    ngx_int_t             n;
    ngx_uint_t            i;
    auth_token_status_t  *status;

    n = ngx_atoi(arg->data, arg->len);

    if (n < 400 || n > 599) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid status \"%V\", it must be 400 to 599",
                           arg);
        return NGX_ERROR;
    }

    status = draft->statuses.elts;

    for (i = 0; i < draft->statuses.nelts; i++) {
        if (status[i].status == (unsigned) n) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate status \"%V\"", arg);
            return NGX_ERROR;
        }
    }

    status = ngx_array_push(&draft->statuses);
    if (status == NULL) {
        return NGX_ERROR;
    }

    *status = *like;
    status->status = n;

    return NGX_OK;
}


static char *
ngx_http_auth_token_status_condition(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i, n;
    auth_token_scalar_t          *scalars;
    auth_token_condition_t       *condition;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    condition = ngx_array_push((ngx_array_t *) ((char *) draft + cmd->offset));
    if (condition == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(condition, sizeof(auth_token_condition_t));

    value = cf->args->elts;
    n = cf->args->nelts - 2;

    if (ngx_http_auth_token_fact_pointer(cf, &value[1], 0,
                                         &condition->pointer)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (n == 1
        && ngx_http_auth_token_status_expect(&value[2], condition) == NGX_OK)
    {
        return NGX_CONF_OK;
    }

    scalars = ngx_pcalloc(cf->pool, n * sizeof(auth_token_scalar_t));
    if (scalars == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_auth_token_status_scalar(cf, &value[i + 2], &scalars[i])
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\"", &value[i + 2]);
            return NGX_CONF_ERROR;
        }
    }

    condition->expect = AUTH_TOKEN_EXPECT_VALUE;
    condition->nvalues = n;
    condition->values = scalars;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_auth_token_status_expect(ngx_str_t *arg,
    auth_token_condition_t *condition)
{
    ngx_http_auth_token_expect_t  *expect;

    for (expect = ngx_http_auth_token_status_expects;
         expect->name.len;
         expect++)
    {
        if (ngx_strcmp(expect->name.data, arg->data) == 0) {
            condition->expect = expect->expect;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* as in JSON, but that a plain word needs no quotes */

static ngx_int_t
ngx_http_auth_token_status_scalar(ngx_conf_t *cf, ngx_str_t *arg,
    auth_token_scalar_t *scalar)
{
    u_char     *p;
    ngx_int_t   n;
    ngx_uint_t  minus;

    if (arg->len == 0 || ngx_strncmp(arg->data, "is=", 3) == 0) {
        return NGX_ERROR;
    }

    if (arg->data[0] == '"') {
        return ngx_http_auth_token_status_text(cf, arg, scalar);
    }

    if (ngx_strcmp(arg->data, "true") == 0) {
        scalar->type = AUTH_TOKEN_DOC_TRUE;
        return NGX_OK;
    }

    if (ngx_strcmp(arg->data, "false") == 0) {
        scalar->type = AUTH_TOKEN_DOC_FALSE;
        return NGX_OK;
    }

    if (ngx_strcmp(arg->data, "null") == 0) {
        scalar->type = AUTH_TOKEN_DOC_NULL;
        return NGX_OK;
    }

    minus = arg->data[0] == '-';
    p = arg->data + minus;
    n = ngx_atoi(p, arg->len - minus);

    if (n != NGX_ERROR) {
        scalar->type = AUTH_TOKEN_DOC_INTEGER;
        scalar->integer = minus ? -n : n;
        return NGX_OK;
    }

    scalar->type = AUTH_TOKEN_DOC_STRING;
    scalar->text.len = arg->len;
    scalar->text.data = arg->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_status_text(ngx_conf_t *cf, ngx_str_t *arg,
    auth_token_scalar_t *scalar)
{
    u_char                   *p;
    ngx_int_t                 rc;
    const char               *error;
    auth_token_str_t          text, found;
    auth_token_json_t        *root;
    const auth_token_json_t  *v;

    text.len = arg->len + 2;
    text.data = p = ngx_pnalloc(cf->pool, text.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *p++ = '[';
    p = ngx_cpymem(p, arg->data, arg->len);
    *p = ']';

    root = auth_token_json_parse(text, 1, &error);
    if (root == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;
    v = auth_token_json_at(root, 0);

    if (auth_token_json_size(root) == 1
        && auth_token_json_type(v) == AUTH_TOKEN_DOC_STRING)
    {
        found = auth_token_json_string(v);

        scalar->type = AUTH_TOKEN_DOC_STRING;
        scalar->text.len = found.len;
        scalar->text.data = ngx_pnalloc(cf->pool, found.len + 1);

        if (scalar->text.data != NULL) {
            ngx_memcpy((u_char *) scalar->text.data, found.data, found.len);
            rc = NGX_OK;
        }
    }

    auth_token_json_free(root);

    return rc;
}


static char *
ngx_http_auth_token_status_inactive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    if (draft->state) {
        return "is duplicate";
    }

    draft->state = 1;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "unknown") == 0) {
        draft->step.mapping.inactive_is_unknown = 1;

    } else if (ngx_strcmp(value[1].data, "inactive") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be \"unknown\" or \"inactive\"",
                           &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_status_code(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    if (draft->step.code.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_http_auth_token_fact_pointer(cf, &value[1], 0,
                                            &draft->step.code)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}
