
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The words that say where the facts of a token that decide stand in an
 * answer: its times and the addresses it is bound to.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_pointer.h"
#include "ngx_http_auth_token_draft.h"
#include "ngx_http_auth_token_step_words.h"


static char *ngx_http_auth_token_fact_when(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_auth_token_fact_cidrs(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_fact_restriction(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);


#define ngx_http_auth_token_fact_offset(field)                                \
    offsetof(ngx_http_auth_token_draft_t, field)


typedef struct {
    ngx_str_t    name;
    ngx_uint_t   form;
} ngx_http_auth_token_form_t;


static ngx_http_auth_token_form_t  ngx_http_auth_token_fact_forms[] = {
    { ngx_string("rfc3339"), AUTH_TOKEN_TIME_RFC3339 },
    { ngx_string("date"), AUTH_TOKEN_TIME_DATE_ONLY },
    { ngx_string("local"), AUTH_TOKEN_TIME_NO_ZONE },
    { ngx_string("seconds"), AUTH_TOKEN_TIME_SECONDS },
    { ngx_string("milliseconds"), AUTH_TOKEN_TIME_MILLISECONDS },
    { ngx_string("zero=never"), AUTH_TOKEN_TIME_ZERO_IS_NONE },
    { ngx_null_string, 0 }
};


ngx_command_t  ngx_http_auth_token_fact_words[] = {

    { ngx_string("not_before"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_fact_when,
      0,
      ngx_http_auth_token_fact_offset(step.mapping.not_before),
      NULL },

    { ngx_string("expires_on"),
      NGX_CONF_1MORE,
      ngx_http_auth_token_fact_when,
      0,
      ngx_http_auth_token_fact_offset(step.mapping.expires_on),
      NULL },

    { ngx_string("allow"),
      NGX_CONF_TAKE12,
      ngx_http_auth_token_fact_cidrs,
      0,
      ngx_http_auth_token_fact_offset(allow),
      NULL },

    { ngx_string("deny"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_fact_cidrs,
      0,
      ngx_http_auth_token_fact_offset(deny),
      NULL },

    { ngx_string("restriction"),
      NGX_CONF_2MORE,
      ngx_http_auth_token_fact_restriction,
      0,
      0,
      NULL },

      ngx_null_command
};


static char *
ngx_http_auth_token_fact_when(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i;
    auth_token_when_t            *when;
    ngx_http_auth_token_form_t   *form;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    when = (auth_token_when_t *) ((char *) draft + cmd->offset);

    if (when->pointer.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty pointer";
    }

    if (ngx_http_auth_token_fact_pointer(cf, &value[1], 0, &when->pointer)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        for (form = ngx_http_auth_token_fact_forms; form->name.len; form++) {
            if (ngx_strcmp(form->name.data, value[i].data) == 0) {
                break;
            }
        }

        if (form->name.len == 0 || (when->forms & form->form)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        when->forms |= form->form;
    }

    if ((when->forms & AUTH_TOKEN_TIME_SECONDS)
        && (when->forms & AUTH_TOKEN_TIME_MILLISECONDS))
    {
        return "cannot be both seconds and milliseconds";
    }

    if ((when->forms & ~AUTH_TOKEN_TIME_ZERO_IS_NONE) == 0) {
        when->forms |= AUTH_TOKEN_TIME_RFC3339|AUTH_TOKEN_TIME_SECONDS;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_fact_cidrs(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_array_t                  *lists;
    auth_token_cidrs_t           *cidrs;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    lists = (ngx_array_t *) ((char *) draft + cmd->offset);

    /* one set may be added for what an empty object means */

    if (lists->nelts == AUTH_TOKEN_RECORD_MAX_SETS - 1) {
        return "is given too often";
    }

    cidrs = ngx_array_push(lists);
    if (cidrs == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(cidrs, sizeof(auth_token_cidrs_t));

    value = cf->args->elts;

    if (ngx_http_auth_token_fact_pointer(cf, &value[1], 1, &cidrs->pointer)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 3) {
        if (ngx_strcmp(value[2].data, "empty=any") == 0) {
            cidrs->empty_is_any = 1;

        } else if (ngx_strcmp(value[2].data, "empty=nobody") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[2]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_fact_restriction(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i, n;
    auth_token_str_t             *members;
    auth_token_closed_t          *closed;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    closed = ngx_array_push(&draft->closed);
    if (closed == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(closed, sizeof(auth_token_closed_t));

    value = cf->args->elts;
    n = cf->args->nelts;

    if (ngx_http_auth_token_fact_pointer(cf, &value[1], 0, &closed->pointer)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    closed->empty_is_nobody = 1;

    if (ngx_strcmp(value[n - 1].data, "empty=any") == 0) {
        closed->empty_is_nobody = 0;
        n--;
    }

    members = ngx_pcalloc(cf->pool, n * sizeof(auth_token_str_t));
    if (members == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < n; i++) {
        members[i - 2].len = value[i].len;
        members[i - 2].data = value[i].data;
    }

    closed->nmembers = n - 2;
    closed->members = members;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_auth_token_fact_pointer(ngx_conf_t *cf, ngx_str_t *arg,
    size_t max_any, auth_token_str_t *pointer)
{
    const char  *wrong;

    pointer->len = arg->len;
    pointer->data = arg->data;

    wrong = auth_token_pointer_check(*pointer, max_any);

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "pointer \"%V\" %s", arg,
                           wrong);
        return NGX_ERROR;
    }

    return NGX_OK;
}
