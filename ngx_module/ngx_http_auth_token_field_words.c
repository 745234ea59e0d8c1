
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The words that say which members of an answer are kept.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_pointer.h"
#include "ngx_http_auth_token_draft.h"
#include "ngx_http_auth_token_step_words.h"


static char *ngx_http_auth_token_field_id(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_auth_token_field_named(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_auth_token_field_any(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_auth_token_field_echo(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_auth_token_field_option(ngx_str_t *arg,
    auth_token_field_t *field);
static ngx_int_t ngx_http_auth_token_field_add(ngx_conf_t *cf,
    ngx_http_auth_token_draft_t *draft, const auth_token_field_t *field);
static ngx_uint_t ngx_http_auth_token_field_name_ok(auth_token_str_t name);


typedef struct {
    ngx_str_t           name;
    auth_token_field_e  type;
} ngx_http_auth_token_field_type_t;


static ngx_http_auth_token_field_type_t  ngx_http_auth_token_field_types[] = {
    { ngx_string("as=string"), AUTH_TOKEN_FIELD_STRING },
    { ngx_string("as=label"), AUTH_TOKEN_FIELD_LABEL },
    { ngx_string("as=strings"), AUTH_TOKEN_FIELD_STRINGS },
    { ngx_string("as=words"), AUTH_TOKEN_FIELD_WORDS },
    { ngx_string("as=list"), AUTH_TOKEN_FIELD_LIST },
    { ngx_null_string, AUTH_TOKEN_FIELD_ANY }
};

static auth_token_field_t  ngx_http_auth_token_field_name = {
    .name = auth_token_str("name"), .type = AUTH_TOKEN_FIELD_STRING
};

/* the name under which requirements look for it */

static auth_token_field_t  ngx_http_auth_token_field_permissions = {
    .name = auth_token_str("scope"), .type = AUTH_TOKEN_FIELD_WORDS
};


ngx_command_t  ngx_http_auth_token_field_words[] = {

    { ngx_string("id"),
      NGX_CONF_TAKE12,
      ngx_http_auth_token_field_id,
      0,
      0,
      NULL },

    { ngx_string("name"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_field_named,
      0,
      0,
      &ngx_http_auth_token_field_name },

    { ngx_string("permissions"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_field_named,
      0,
      0,
      &ngx_http_auth_token_field_permissions },

    { ngx_string("field"),
      NGX_CONF_2MORE,
      ngx_http_auth_token_field_any,
      0,
      0,
      NULL },

    { ngx_string("echo"),
      NGX_CONF_TAKE1,
      ngx_http_auth_token_field_echo,
      0,
      0,
      NULL },

      ngx_null_command
};


static char *
ngx_http_auth_token_field_id(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    auth_token_field_t            field;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memzero(&field, sizeof(auth_token_field_t));

    field.name.len = value[0].len;
    field.name.data = value[0].data;
    field.type = AUTH_TOKEN_FIELD_LABEL;
    field.required = 1;

    if (ngx_http_auth_token_fact_pointer(cf, &value[1], 0, &field.pointer)
        != NGX_OK
        || ngx_http_auth_token_field_add(cf, draft, &field) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    draft->identity = 1;

    if (ngx_strcmp(value[2].data, "match=token") == 0) {
        draft->step.mapping.id = AUTH_TOKEN_ID_TOKEN;

    } else if (ngx_strcmp(value[2].data, "match=earlier") == 0) {
        draft->step.mapping.id = AUTH_TOKEN_ID_EARLIER;

    } else if (ngx_strcmp(value[2].data, "match=any") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_field_named(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    auth_token_field_t            field;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    field = *(auth_token_field_t *) cmd->post;

    if (ngx_http_auth_token_fact_pointer(cf, &value[1],
                                         field.type == AUTH_TOKEN_FIELD_WORDS,
                                         &field.pointer)
        != NGX_OK
        || ngx_http_auth_token_field_add(cf, draft, &field) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_token_field_any(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i;
    auth_token_field_t            field;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 1);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memzero(&field, sizeof(auth_token_field_t));

    field.name.len = value[1].len;
    field.name.data = value[1].data;

    if (ngx_http_auth_token_fact_pointer(cf, &value[2], 1, &field.pointer)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 3; i < cf->args->nelts; i++) {
        if (ngx_http_auth_token_field_option(&value[i], &field) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    /* only a list of words is gathered from several places */

    if (auth_token_pointer_has_any(field.pointer)) {
        if (field.type == AUTH_TOKEN_FIELD_ANY) {
            field.type = AUTH_TOKEN_FIELD_WORDS;
        }

        if (field.type != AUTH_TOKEN_FIELD_WORDS) {
            return "has a \"*\" step, so it must be \"as=words\"";
        }
    }

    return ngx_http_auth_token_field_add(cf, draft, &field) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* where the answer repeats the token; it is compared and never kept */

static char *
ngx_http_auth_token_field_echo(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_auth_token_provider_t *provider = conf;

    ngx_str_t                    *value;
    ngx_http_auth_token_draft_t  *draft;

    draft = ngx_http_auth_token_draft_current(cf, provider, 0);
    if (draft == NULL) {
        return NGX_CONF_ERROR;
    }

    if (draft->step.mapping.echo.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty pointer";
    }

    return ngx_http_auth_token_fact_pointer(cf, &value[1], 0,
                                            &draft->step.mapping.echo)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_auth_token_field_option(ngx_str_t *arg, auth_token_field_t *field)
{
    ngx_http_auth_token_field_type_t  *type;

    if (ngx_strcmp(arg->data, "required") == 0 && !field->required) {
        field->required = 1;
        return NGX_OK;
    }

    for (type = ngx_http_auth_token_field_types; type->name.len; type++) {
        if (ngx_strcmp(type->name.data, arg->data) == 0
            && field->type == AUTH_TOKEN_FIELD_ANY)
        {
            field->type = type->type;
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_auth_token_field_add(ngx_conf_t *cf,
    ngx_http_auth_token_draft_t *draft, const auth_token_field_t *field)
{
    ngx_str_t            name;
    ngx_uint_t           i;
    auth_token_field_t  *fields;

    name.len = field->name.len;
    name.data = (u_char *) field->name.data;

    if (!ngx_http_auth_token_field_name_ok(field->name)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid field name \"%V\"", &name);
        return NGX_ERROR;
    }

    fields = draft->fields.elts;

    for (i = 0; i < draft->fields.nelts; i++) {
        if (auth_token_str_eq(&fields[i].name, &field->name)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate field \"%V\"", &name);
            return NGX_ERROR;
        }
    }

    fields = ngx_array_push(&draft->fields);
    if (fields == NULL) {
        return NGX_ERROR;
    }

    *fields = *field;

    return NGX_OK;
}


/* a name is a variable of templates too, where "token" is taken */

static ngx_uint_t
ngx_http_auth_token_field_name_ok(auth_token_str_t name)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < name.len; i++) {
        ch = name.data[i];

        if ((ch < '0' || ch > '9') && (ch < 'A' || ch > 'Z')
            && (ch < 'a' || ch > 'z') && ch != '_')
        {
            return 0;
        }
    }

    return name.len != 0 && !auth_token_str_eq_lit(&name, "token");
}
