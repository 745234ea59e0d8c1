
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * auth_token_set $NAME POINTER [join=SEPARATOR].
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_pointer.h"
#include "ngx_http_auth_token_set.h"
#include "ngx_http_auth_token_value.h"


#define NGX_HTTP_AUTH_TOKEN_MAX_JOIN  16


/* what the variable stands for; set once at configuration */

typedef struct {
    auth_token_str_t  pointer;
    auth_token_str_t  join;            /* empty: lists are JSON */
} ngx_http_auth_token_set_t;


static ngx_int_t ngx_http_auth_token_set_join(ngx_http_auth_token_set_t *set,
    ngx_str_t *arg);
static ngx_int_t ngx_http_auth_token_set_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


char *
ngx_http_auth_token_set_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_str_t                  *value, name;
    const char                 *reason;
    ngx_http_variable_t        *var;
    ngx_http_auth_token_set_t  *set;

    value = cf->args->elts;

    if (value[1].len < 2 || value[1].data[0] != '$') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid variable name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    name.data = value[1].data + 1;
    name.len = value[1].len - 1;

    set = ngx_pcalloc(cf->pool, sizeof(ngx_http_auth_token_set_t));
    if (set == NULL) {
        return NGX_CONF_ERROR;
    }

    set->pointer.data = value[2].data;
    set->pointer.len = value[2].len;

    reason = (set->pointer.len != 0)
             ? auth_token_pointer_check(set->pointer, 0) : "it is empty";

    if (reason != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid pointer \"%V\": %s", &value[2], reason);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 4
        && ngx_http_auth_token_set_join(set, &value[3]) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[3]);
        return NGX_CONF_ERROR;
    }

    var = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (var == NULL) {
        return NGX_CONF_ERROR;
    }

    /* one that another module defines as changeable is not ours to change */

    if (var->get_handler != NULL || var->set_handler != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the duplicate \"%V\" variable", &name);
        return NGX_CONF_ERROR;
    }

    var->get_handler = ngx_http_auth_token_set_variable;
    var->data = (uintptr_t) set;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_auth_token_set_join(ngx_http_auth_token_set_t *set, ngx_str_t *arg)
{
    size_t  i;

    if (arg->len <= 5
        || arg->len > 5 + NGX_HTTP_AUTH_TOKEN_MAX_JOIN
        || ngx_strncmp(arg->data, "join=", 5) != 0)
    {
        return NGX_ERROR;
    }

    for (i = 5; i < arg->len; i++) {
        if (arg->data[i] < 0x20 || arg->data[i] > 0x7e) {
            return NGX_ERROR;
        }
    }

    set->join.data = arg->data + 5;
    set->join.len = arg->len - 5;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_set_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_auth_token_set_t *set = (ngx_http_auth_token_set_t *) data;

    return ngx_http_auth_token_value_pointer(r, v, set->pointer, set->join);
}
