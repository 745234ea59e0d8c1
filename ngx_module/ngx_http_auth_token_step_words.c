
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The words that say what a step sends.  What an answer means is said by the
 * words of statuses, facts and fields.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_json.h"
#include "auth_token_template.h"
#include "ngx_http_auth_token_draft.h"
#include "ngx_http_auth_token_step_words.h"


static char *ngx_http_auth_token_step_open(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_auth_token_step_request(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_step_sender(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_step_header(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_uint_t ngx_http_auth_token_step_own(ngx_str_t *name);
static ngx_uint_t ngx_http_auth_token_step_secret(ngx_str_t *name,
    ngx_str_t *value);
static char *ngx_http_auth_token_step_form(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_auth_token_step_pair(ngx_conf_t *cf, ngx_array_t *pairs,
    const auth_token_pair_t *preset, size_t n, auth_token_place_e place);
static char *ngx_http_auth_token_step_json(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


ngx_command_t  ngx_http_auth_token_step_words[] = {

    { ngx_string("step"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_step_open,
      0,
      0,
      NULL },

    { ngx_string("request"),
      NGX_CONF_TAKE12,
      ngx_http_auth_token_step_request,
      0,
      0,
      NULL },

    { ngx_string("send_credential"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_step_sender,
      0,
      0,
      NULL },

    { ngx_string("header"),
      NGX_CONF_TAKE2,
      ngx_http_auth_token_step_header,
      0,
      0,
      NULL },

    { ngx_string("form"),
      NGX_CONF_TAKE2,
      ngx_http_auth_token_step_form,
      0,
      0,
      NULL },

    { ngx_string("json"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_step_json,
      0,
      0,
      NULL },

      ngx_null_command
};


static char *
ngx_http_auth_token_step_open(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    return ngx_http_auth_token_draft_open(cf, provider, &value[1])
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_auth_token_step_request(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    const char                   *wrong;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    if (draft->step.method.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "GET") != 0
        && ngx_strcmp(value[1].data, "POST") != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid method \"%V\", it must be \"GET\" or "
                           "\"POST\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    draft->step.method.len = value[1].len;
    draft->step.method.data = value[1].data;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    draft->step.path.len = value[2].len;
    draft->step.path.data = value[2].data;

    wrong = auth_token_template_check(draft->step.path, AUTH_TOKEN_PLACE_PATH);

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "path \"%V\" %s",
                           &value[2], wrong);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_step_sender(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    if (draft->sender) {
        return "is duplicate";
    }

    draft->sender = 1;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "provider") == 0) {
        draft->step.credential = AUTH_TOKEN_CREDENTIAL_PROVIDER;

    } else if (ngx_strcmp(value[1].data, "token") == 0) {
        draft->step.credential = AUTH_TOKEN_CREDENTIAL_TOKEN;

    } else if (ngx_strcmp(value[1].data, "none") == 0) {
        draft->step.credential = AUTH_TOKEN_CREDENTIAL_NONE;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be \"provider\", \"token\" or \"none\"",
                           &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_step_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 1);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (ngx_http_auth_token_step_field(cf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_auth_token_step_secret(&value[1], &value[2])) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "a literal secret in header \"%V\" is shown by "
                           "\"nginx -T\", use \"credential\"", &value[1]);
    }

    return ngx_http_auth_token_step_pair(cf, &draft->headers,
                                         draft->step.headers,
                                         draft->step.nheaders,
                                         AUTH_TOKEN_PLACE_HEADER);
}


ngx_int_t
ngx_http_auth_token_step_field(ngx_conf_t *cf, ngx_str_t *name)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if ((ch < '0' || ch > '9') && (ch < 'A' || ch > 'Z')
            && (ch < 'a' || ch > 'z') && ch != '-' && ch != '_')
        {
            break;
        }
    }

    if (name->len != 0 && i == name->len
        && !ngx_http_auth_token_step_own(name))
    {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid header name \"%V\"",
                       name);
    return NGX_ERROR;
}


/* the fields that frame and route a request are written by the transport */

static ngx_uint_t
ngx_http_auth_token_step_own(ngx_str_t *name)
{
    ngx_uint_t         i;
    static const char  *names[] = {
        "Accept-Encoding", "Connection", "Content-Length", "Expect", "Host",
        "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Range", "TE",
        "Trailer", "Transfer-Encoding", "Upgrade", NULL
    };

    for (i = 0; names[i]; i++) {
        if (ngx_strcasecmp(name->data, (u_char *) names[i]) == 0) {
            return 1;
        }
    }

    return 0;
}


/* by its name only, so others may pass; one with a variable is no literal */

static ngx_uint_t
ngx_http_auth_token_step_secret(ngx_str_t *name, ngx_str_t *value)
{
    ngx_uint_t   i;
    static char *parts[] = {
        "authorization", "token", "secret", "-key", "apikey", NULL
    };

    if (ngx_strlchr(value->data, value->data + value->len, '$')) {
        return 0;
    }

    for (i = 0; parts[i]; i++) {
        if (ngx_strcasestrn(name->data, parts[i], ngx_strlen(parts[i]) - 1)) {
            return 1;
        }
    }

    return 0;
}


static char *
ngx_http_auth_token_step_form(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 1);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    if (draft->step.body == AUTH_TOKEN_BODY_JSON) {
        return "cannot be used with \"json\"";
    }

    if (draft->preset && draft->step.body == AUTH_TOKEN_BODY_NONE) {
        return "cannot be used with this preset, which sends no form";
    }

    draft->step.body = AUTH_TOKEN_BODY_FORM;

    return ngx_http_auth_token_step_pair(cf, &draft->form, draft->step.form,
                                         draft->step.nform,
                                         AUTH_TOKEN_PLACE_FORM);
}


/* of a preset's pairs, the first ones, all but the token may be replaced */

static char *
ngx_http_auth_token_step_pair(ngx_conf_t *cf, ngx_array_t *pairs,
    const auth_token_pair_t *preset, size_t n, auth_token_place_e place)
{
    ngx_str_t          *value;
    const char         *wrong;
    ngx_uint_t          i;
    auth_token_str_t    text;
    auth_token_pair_t  *pair;

    value = cf->args->elts;
    pair = pairs->elts;

    for (i = 0; i < pairs->nelts; i++) {
        if (pair[i].name.len != value[1].len
            || ngx_strncasecmp((u_char *) pair[i].name.data, value[1].data,
                               value[1].len)
               != 0)
        {
            continue;
        }

        if (i >= n || pair[i].value.data != preset[i].value.data
            || auth_token_str_eq_lit(&pair[i].value, "$token"))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate %V \"%V\"", &value[0], &value[1]);
            return NGX_CONF_ERROR;
        }

        break;
    }

    text.len = value[2].len;
    text.data = value[2].data;

    wrong = auth_token_template_check(text, place);

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "value of %V \"%V\" %s",
                           &value[0], &value[1], wrong);
        return NGX_CONF_ERROR;
    }

    if (i != pairs->nelts) {
        pair[i].value = text;
        return NGX_CONF_OK;
    }

    pair = ngx_array_push(pairs);
    if (pair == NULL) {
        return NGX_CONF_ERROR;
    }

    pair->name.len = value[1].len;
    pair->name.data = value[1].data;
    pair->value = text;

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_step_json(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    const char                   *wrong;
    auth_token_str_t              text;
    auth_token_json_t            *root;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    if (draft->step.body == AUTH_TOKEN_BODY_FORM) {
        return "cannot be used with \"form\"";
    }

    if (draft->step.body != AUTH_TOKEN_BODY_NONE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    text.len = value[1].len;
    text.data = value[1].data;

    wrong = auth_token_template_check(text, AUTH_TOKEN_PLACE_JSON);

    if (wrong == NULL) {
        root = auth_token_json_parse(text, 0, &wrong);

        if (root != NULL) {
            auth_token_json_free(root);
            wrong = NULL;

        } else {
            wrong = "is not a JSON object";
        }
    }

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" text %s",
                           &value[0], wrong);
        return NGX_CONF_ERROR;
    }

    draft->step.body = AUTH_TOKEN_BODY_JSON;
    draft->step.json = text;

    return NGX_CONF_OK;
}
