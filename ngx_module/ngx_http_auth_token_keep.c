
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Tokens that were taken out of a request.  They live as long as it does, in
 * a cleanup, since internal redirects clear module contexts.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_keep.h"


typedef struct ngx_http_auth_token_kept_s  ngx_http_auth_token_kept_t;

struct ngx_http_auth_token_kept_s {
    ngx_http_auth_token_source_t  *source;
    ngx_str_t                      token;
    ngx_http_auth_token_kept_t    *next;
};


static ngx_http_auth_token_kept_t **ngx_http_auth_token_keep_first(
    ngx_http_request_t *r);
static void ngx_http_auth_token_keep_cleanup(void *data);


ngx_int_t
ngx_http_auth_token_keep(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule)
{
    ngx_str_t                      token;
    ngx_uint_t                     i, n;
    ngx_http_cleanup_t            *cln;
    ngx_http_auth_token_kept_t    *kept, **first;
    ngx_http_auth_token_source_t  *source;

    first = ngx_http_auth_token_keep_first(r);

    if (first == NULL) {
        cln = ngx_http_cleanup_add(r, sizeof(ngx_http_auth_token_kept_t *));
        if (cln == NULL) {
            return NGX_ERROR;
        }

        cln->handler = ngx_http_auth_token_keep_cleanup;

        first = cln->data;
        *first = NULL;
    }

    source = ngx_http_auth_token_source_list(rule, &n);

    for (i = 0; i < n; i++) {

        if (ngx_http_auth_token_source_one(r, &source[i], &token)
            != AUTH_TOKEN_ALLOWED)
        {
            continue;
        }

        kept = ngx_palloc(r->pool, sizeof(ngx_http_auth_token_kept_t));
        if (kept == NULL) {
            return NGX_ERROR;
        }

        /* nothing writes over what the client sent */

        kept->source = &source[i];
        kept->token = token;
        kept->next = *first;
        *first = kept;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_auth_token_keep_find(ngx_http_request_t *r,
    ngx_http_auth_token_source_t *source, ngx_str_t *token)
{
    ngx_http_auth_token_kept_t  *kept, **first;

    first = ngx_http_auth_token_keep_first(r);

    for (kept = first ? *first : NULL; kept != NULL; kept = kept->next) {

        if (ngx_http_auth_token_source_same(kept->source, source)) {
            *token = kept->token;
            return 1;
        }
    }

    return 0;
}


static ngx_http_auth_token_kept_t **
ngx_http_auth_token_keep_first(ngx_http_request_t *r)
{
    ngx_http_cleanup_t  *cln;

    for (cln = r->main->cleanup; cln != NULL; cln = cln->next) {
        if (cln->handler == ngx_http_auth_token_keep_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


static void
ngx_http_auth_token_keep_cleanup(void *data)
{
    /* it is the handler that is looked for; the pool frees the rest */
}
