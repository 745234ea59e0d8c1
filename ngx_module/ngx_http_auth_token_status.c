
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The status that a denial is answered with; always 400 to 599.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_challenge.h"
#include "ngx_http_auth_token_require.h"
#include "ngx_http_auth_token_status.h"


static ngx_int_t ngx_http_auth_token_status_read(ngx_uint_t *statuses,
    ngx_str_t *arg);


char *
ngx_http_auth_token_status_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_auth_token_loc_conf_t *lcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (lcf->statuses == NULL) {
        lcf->statuses = ngx_pcalloc(cf->pool, AUTH_TOKEN_NVERDICTS
                                              * sizeof(ngx_uint_t));
        if (lcf->statuses == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_http_auth_token_status_read(lcf->statuses, &value[i])
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* a failure of the authority must not make clients throw their tokens away */

static ngx_int_t
ngx_http_auth_token_status_read(ngx_uint_t *statuses, ngx_str_t *arg)
{
    u_char      *p;
    size_t       len;
    ngx_int_t    status;
    ngx_uint_t   verdict;
    const char  *name;

    p = ngx_strlchr(arg->data, arg->data + arg->len, '=');
    if (p == NULL) {
        return NGX_ERROR;
    }

    len = p - arg->data;

    status = ngx_atoi(p + 1, arg->len - len - 1);

    if (status < 400 || status > 599) {
        return NGX_ERROR;
    }

    for (verdict = 0; verdict < AUTH_TOKEN_NVERDICTS; verdict++) {
        name = auth_token_verdict_name(verdict);

        if (len != ngx_strlen(name) || ngx_strncmp(arg->data, name, len) != 0)
        {
            continue;
        }

        if (verdict == AUTH_TOKEN_ALLOWED
            || (verdict == AUTH_TOKEN_UNAVAILABLE
                && status == NGX_HTTP_UNAUTHORIZED)
            || statuses[verdict] != 0)
        {
            return NGX_ERROR;
        }

        statuses[verdict] = status;

        return NGX_OK;
    }

    return NGX_ERROR;
}


ngx_uint_t
ngx_http_auth_token_status(ngx_http_auth_token_loc_conf_t *lcf,
    ngx_http_auth_token_ctx_t *ctx)
{
    if (ctx->unmet != NULL && ctx->unmet->status != 0) {
        return ctx->unmet->status;
    }

    if (lcf->statuses != NULL && lcf->statuses[ctx->verdict] != 0) {
        return lcf->statuses[ctx->verdict];
    }

    /* RFC 9470, 3: a new login helps where new rights would not */

    if (ctx->unmet != NULL
        && ngx_http_auth_token_require_steps_up(ctx->unmet))
    {
        return NGX_HTTP_UNAUTHORIZED;
    }

    return auth_token_verdict_status(ctx->verdict);
}
