
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Reads auth_token_require: its arguments one by one, but for claims.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_require_conf.h"


/* "NAME=VALUE" */

typedef struct {
    ngx_str_t                            name;
    ngx_http_auth_token_require_form_e   form;
    auth_token_require_kind_e            kind;
} ngx_http_auth_token_require_name_t;


static ngx_array_t *ngx_http_auth_token_require_args(ngx_conf_t *cf);
static char *ngx_http_auth_token_require_arg(
    ngx_http_auth_token_require_reader_t *reader, ngx_str_t *arg);
static char *ngx_http_auth_token_require_named(
    ngx_http_auth_token_require_reader_t *reader,
    ngx_http_auth_token_require_name_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_auth_token_require_check(ngx_conf_t *cf,
    ngx_http_auth_token_requirement_t *req, ngx_str_t *value);
static char *ngx_http_auth_token_require_resource(
    ngx_http_auth_token_require_reader_t *reader, ngx_str_t *arg);
static char *ngx_http_auth_token_require_variable(
    ngx_http_auth_token_require_reader_t *reader, ngx_str_t *arg);
static char *ngx_http_auth_token_require_invalid(ngx_conf_t *cf,
    ngx_str_t *arg);


static ngx_http_auth_token_require_name_t
    ngx_http_auth_token_require_names[] =
{
    { ngx_string("permission="), NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT,
      AUTH_TOKEN_REQUIRE_PERMISSION },
    { ngx_string("scope="), NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT,
      AUTH_TOKEN_REQUIRE_SCOPE },
    { ngx_string("scope_any="), NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT,
      AUTH_TOKEN_REQUIRE_SCOPE_ANY },
    { ngx_string("audience="), NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT,
      AUTH_TOKEN_REQUIRE_AUDIENCE },
    { ngx_string("issuer="), NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT,
      AUTH_TOKEN_REQUIRE_ISSUER },
    { ngx_string("max_age="), NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT,
      AUTH_TOKEN_REQUIRE_MAX_AGE },
    { ngx_string("acr_values="), NGX_HTTP_AUTH_TOKEN_REQUIRE_ACR,
      AUTH_TOKEN_REQUIRE_CLAIM },
    { ngx_null_string, 0, 0 }
};


char *
ngx_http_auth_token_require_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_loc_conf_t *lcf = conf;

    char                                  *rv;
    ngx_str_t                             *arg;
    ngx_uint_t                             i, first;
    ngx_http_auth_token_requirement_t     *reqs;
    ngx_http_auth_token_require_reader_t   reader;

    if (lcf->requirements == NULL) {
        lcf->requirements = ngx_array_create(cf->pool, 2,
                                    sizeof(ngx_http_auth_token_requirement_t));
        if (lcf->requirements == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    ngx_memzero(&reader, sizeof(ngx_http_auth_token_require_reader_t));

    reader.cf = cf;
    reader.requirements = lcf->requirements;
    reader.args = ngx_http_auth_token_require_args(cf);

    if (reader.args == NULL) {
        return NGX_CONF_ERROR;
    }

    first = lcf->requirements->nelts;

    while ((arg = ngx_http_auth_token_require_next(&reader)) != NULL) {
        rv = ngx_http_auth_token_require_arg(&reader, arg);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (lcf->requirements->nelts == first) {
        return "requires nothing";
    }

    reqs = lcf->requirements->elts;

    for (i = first; i < lcf->requirements->nelts; i++) {
        reqs[i].status = reader.status;
    }

    return NGX_CONF_OK;
}


/*
 * nginx knows quotes around a whole argument only, but scope="a b" reads so
 * naturally that it is put together again; runs of blanks become one.
 * The values of claims are left as they are.
 */

static ngx_array_t *
ngx_http_auth_token_require_args(ngx_conf_t *cf)
{
    u_char       *p;
    ngx_str_t    *value, *arg;
    ngx_uint_t    i, open, claim;
    ngx_array_t  *args;

    args = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ngx_str_t));
    if (args == NULL) {
        return NULL;
    }

    value = cf->args->elts;
    arg = NULL;
    open = 0;
    claim = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        if (!open) {
            arg = ngx_array_push(args);
            *arg = value[i];

            claim |= (ngx_strcmp(arg->data, "claim") == 0);

            p = ngx_strlchr(arg->data, arg->data + arg->len, '=');

            if (claim || p == NULL || arg->data + arg->len - p < 2
                || p[1] != '"')
            {
                continue;
            }

            ngx_memmove(p + 1, p + 2, arg->data + arg->len - p - 2);
            arg->len--;

        } else {
            p = ngx_pnalloc(cf->pool, arg->len + 1 + value[i].len + 1);
            if (p == NULL) {
                return NULL;
            }

            arg->len = ngx_sprintf(p, "%V %V", arg, &value[i]) - p;
            arg->data = p;
        }

        open = (arg->data[arg->len - 1] != '"');

        if (!open) {
            arg->len--;
        }

        arg->data[arg->len] = '\0';
    }

    if (open) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no closing quote in \"%V\"", arg);
        return NULL;
    }

    return args;
}


ngx_str_t *
ngx_http_auth_token_require_next(ngx_http_auth_token_require_reader_t *reader)
{
    ngx_str_t  *args;

    if (reader->next == reader->args->nelts) {
        return NULL;
    }

    args = reader->args->elts;

    return &args[reader->next++];
}


static char *
ngx_http_auth_token_require_arg(ngx_http_auth_token_require_reader_t *reader,
    ngx_str_t *arg)
{
    ngx_int_t                            n;
    ngx_str_t                            value;
    ngx_http_auth_token_require_name_t  *name;

    if (ngx_http_auth_token_require_starts(arg, "status=", &value)) {
        n = ngx_atoi(value.data, value.len);

        if (n < 400 || n > 599 || reader->status != 0) {
            return ngx_http_auth_token_require_invalid(reader->cf, arg);
        }

        reader->status = n;

        return NGX_CONF_OK;
    }

    for (name = ngx_http_auth_token_require_names; name->name.len; name++) {

        if (ngx_http_auth_token_require_starts(arg, (char *) name->name.data,
                                               &value))
        {
            return ngx_http_auth_token_require_named(reader, name, &value);
        }
    }

    if (ngx_strcmp(arg->data, "claim") == 0) {
        return ngx_http_auth_token_require_claim(reader);
    }

    if (arg->len > 1 && arg->data[0] == '$') {
        return ngx_http_auth_token_require_variable(reader, arg);
    }

    return ngx_http_auth_token_require_resource(reader, arg);
}


ngx_http_auth_token_requirement_t *
ngx_http_auth_token_require_add(ngx_http_auth_token_require_reader_t *reader)
{
    ngx_http_auth_token_requirement_t  *req;

    /* elements may move */

    reader->permission = NULL;

    req = ngx_array_push(reader->requirements);

    if (req != NULL) {
        ngx_memzero(req, sizeof(ngx_http_auth_token_requirement_t));
        ngx_http_auth_token_place_note(reader->cf, &req->place);
    }

    return req;
}


static char *
ngx_http_auth_token_require_named(ngx_http_auth_token_require_reader_t *reader,
    ngx_http_auth_token_require_name_t *name, ngx_str_t *value)
{
    ngx_str_t                           arg;
    ngx_http_auth_token_requirement_t  *req;

    arg.data = value->data - name->name.len;
    arg.len = value->len + name->name.len;

    req = ngx_http_auth_token_require_add(reader);
    if (req == NULL) {
        return NGX_CONF_ERROR;
    }

    req->form = name->form;
    req->core.kind = name->kind;

    if (name->form == NGX_HTTP_AUTH_TOKEN_REQUIRE_ACR) {
        req->core.op = AUTH_TOKEN_REQUIRE_ONE_OF;
        req->core.pointer.data = (u_char *) "/acr";
        req->core.pointer.len = sizeof("/acr") - 1;
    }

    if (name->kind == AUTH_TOKEN_REQUIRE_PERMISSION) {
        req->core.any_resource = 1;
        req->core.any_parent = 1;

        reader->permission = req;
    }

    if (value->len == 0
        || ngx_http_auth_token_require_check(reader->cf, req, value) != NGX_OK)
    {
        return ngx_http_auth_token_require_invalid(reader->cf, &arg);
    }

    req->value = ngx_http_auth_token_conf_value(reader->cf, value);

    return req->value ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* a constant that can never be met, or not as it was meant, is an error */

static ngx_int_t
ngx_http_auth_token_require_check(ngx_conf_t *cf,
    ngx_http_auth_token_requirement_t *req, ngx_str_t *value)
{
    size_t      i;
    u_char     *p;
    ngx_int_t   seconds;

    if (ngx_http_script_variables_count(value)) {
        return NGX_OK;
    }

    switch (req->core.kind) {

    case AUTH_TOKEN_REQUIRE_MAX_AGE:

        seconds = ngx_parse_time(value, 1);
        if (seconds == NGX_ERROR) {
            return NGX_ERROR;
        }

        p = ngx_pnalloc(cf->pool, NGX_INT_T_LEN + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value->data = p;
        value->len = ngx_sprintf(p, "%i%Z", seconds) - p - 1;

        return NGX_OK;

    case AUTH_TOKEN_REQUIRE_SCOPE:
    case AUTH_TOKEN_REQUIRE_SCOPE_ANY:
    case AUTH_TOKEN_REQUIRE_CLAIM:

        for (i = 0; i < value->len; i++) {
            if (value->data[i] == ' '
                && (i == 0 || i == value->len - 1
                    || value->data[i + 1] == ' '))
            {
                return NGX_ERROR;
            }
        }

        return NGX_OK;

    default:
        return NGX_OK;
    }
}


static char *
ngx_http_auth_token_require_resource(
    ngx_http_auth_token_require_reader_t *reader, ngx_str_t *arg)
{
    ngx_str_t                           value;
    ngx_http_complex_value_t          **place;
    ngx_http_auth_token_requirement_t  *req;

    req = reader->permission;

    if (req == NULL) {
        return ngx_http_auth_token_require_invalid(reader->cf, arg);
    }

    if (ngx_http_auth_token_require_starts(arg, "resource=", &value)) {
        req->core.any_resource = 0;
        place = &req->resource;

    } else if (ngx_http_auth_token_require_starts(arg, "parent=", &value)
               && req->resource != NULL)
    {
        req->core.any_parent = 0;
        place = &req->parent;

    } else {
        return ngx_http_auth_token_require_invalid(reader->cf, arg);
    }

    if (value.len == 0 || *place != NULL) {
        return ngx_http_auth_token_require_invalid(reader->cf, arg);
    }

    *place = ngx_http_auth_token_conf_value(reader->cf, &value);

    return *place ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_auth_token_require_variable(
    ngx_http_auth_token_require_reader_t *reader, ngx_str_t *arg)
{
    ngx_http_auth_token_requirement_t  *req;

    req = ngx_http_auth_token_require_add(reader);
    if (req == NULL) {
        return NGX_CONF_ERROR;
    }

    req->form = NGX_HTTP_AUTH_TOKEN_REQUIRE_VARIABLES;

    return ngx_http_auth_token_require_push(reader->cf, &req->values, arg);
}


char *
ngx_http_auth_token_require_push(ngx_conf_t *cf, ngx_array_t **values,
    ngx_str_t *value)
{
    ngx_http_complex_value_t  **cv;

    if (value->len == 0) {
        return ngx_http_auth_token_require_invalid(cf, value);
    }

    if (*values == NULL) {
        *values = ngx_array_create(cf->pool, 2, sizeof(void *));
        if (*values == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    cv = ngx_array_push(*values);
    if (cv == NULL) {
        return NGX_CONF_ERROR;
    }

    *cv = ngx_http_auth_token_conf_value(cf, value);

    return *cv ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_auth_token_require_invalid(ngx_conf_t *cf, ngx_str_t *arg)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", arg);

    return NGX_CONF_ERROR;
}


ngx_uint_t
ngx_http_auth_token_require_starts(ngx_str_t *arg, const char *prefix,
    ngx_str_t *rest)
{
    size_t  len;

    len = ngx_strlen(prefix);

    if (arg->len < len || ngx_strncmp(arg->data, prefix, len) != 0) {
        return 0;
    }

    rest->data = arg->data + len;
    rest->len = arg->len - len;

    return 1;
}
