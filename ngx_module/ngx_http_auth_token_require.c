
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Rule 4 for a request: expands what a location requires and has the core
 * judge it.  What cannot be expanded or evaluated is not met.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_require.h"


/* a claim that long is nothing a pattern was written for */
#define NGX_HTTP_AUTH_TOKEN_REQUIRE_MAX_TEXT   4096

#define NGX_HTTP_AUTH_TOKEN_REQUIRE_MAX_WORDS  32


static auth_token_require_e ngx_http_auth_token_require_one(
    ngx_http_request_t *r, ngx_http_auth_token_requirement_t *req,
    ngx_http_auth_token_ctx_t *ctx);
static ngx_int_t ngx_http_auth_token_require_expand(ngx_http_request_t *r,
    ngx_http_auth_token_requirement_t *req, auth_token_requirement_t *core);
static ngx_int_t ngx_http_auth_token_require_text(ngx_http_request_t *r,
    ngx_http_complex_value_t *cv, auth_token_str_t *text);
static ngx_int_t ngx_http_auth_token_require_values(ngx_http_request_t *r,
    ngx_array_t *values, auth_token_requirement_t *core);
static ngx_int_t ngx_http_auth_token_require_words(ngx_http_request_t *r,
    auth_token_requirement_t *core);
static ngx_uint_t ngx_http_auth_token_require_truths(
    auth_token_requirement_t *core);
static int ngx_http_auth_token_require_match(void *data,
    auth_token_str_t text);
static ngx_int_t ngx_http_auth_token_require_join(ngx_http_request_t *r,
    auth_token_str_t *list, auth_token_str_t *more);


/* a token for somebody else is told so before its rights are looked at */

auth_token_verdict_e
ngx_http_auth_token_require(ngx_http_request_t *r, ngx_array_t *requirements,
    ngx_http_auth_token_ctx_t *ctx)
{
    ngx_uint_t                          i;
    auth_token_require_e                rc;
    auth_token_verdict_e                verdict;
    ngx_http_auth_token_requirement_t  *req;

    ctx->unmet = NULL;

    if (requirements == NULL) {
        return AUTH_TOKEN_ALLOWED;
    }

    req = requirements->elts;
    verdict = AUTH_TOKEN_ALLOWED;

    for (i = 0; i < requirements->nelts; i++) {
        rc = ngx_http_auth_token_require_one(r, &req[i], ctx);

        if (rc == AUTH_TOKEN_REQUIRE_MET) {
            continue;
        }

        if (rc == AUTH_TOKEN_REQUIRE_FOREIGN) {
            ctx->unmet = &req[i];
            return AUTH_TOKEN_FOREIGN;
        }

        if (verdict == AUTH_TOKEN_ALLOWED) {
            ctx->unmet = &req[i];
            verdict = AUTH_TOKEN_INSUFFICIENT;
        }
    }

    return verdict;
}


static auth_token_require_e
ngx_http_auth_token_require_one(ngx_http_request_t *r,
    ngx_http_auth_token_requirement_t *req, ngx_http_auth_token_ctx_t *ctx)
{
    ngx_uint_t                  i;
    auth_token_requirement_t    core;
    const auth_token_record_t  *records[NGX_HTTP_AUTH_TOKEN_MAX_STEPS];

    if (ngx_http_auth_token_require_expand(r, req, &core) != NGX_OK) {
        return AUTH_TOKEN_REQUIRE_INSUFFICIENT;
    }

    if (req->form == NGX_HTTP_AUTH_TOKEN_REQUIRE_VARIABLES) {
        return ngx_http_auth_token_require_truths(&core)
               ? AUTH_TOKEN_REQUIRE_MET : AUTH_TOKEN_REQUIRE_INSUFFICIENT;
    }

    for (i = 0; i < ctx->nhits; i++) {
        records[i] = ctx->hits[i].record;
    }

    return auth_token_require_eval(&core, records, ctx->nhits, ngx_time());
}


static ngx_int_t
ngx_http_auth_token_require_expand(ngx_http_request_t *r,
    ngx_http_auth_token_requirement_t *req, auth_token_requirement_t *core)
{
    *core = req->core;

    if (core->op == AUTH_TOKEN_REQUIRE_MATCH) {
        core->match = ngx_http_auth_token_require_match;
    }

    if (ngx_http_auth_token_require_text(r, req->value, &core->value) != NGX_OK
        || ngx_http_auth_token_require_text(r, req->resource, &core->resource)
           != NGX_OK
        || ngx_http_auth_token_require_text(r, req->parent, &core->parent)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (req->form == NGX_HTTP_AUTH_TOKEN_REQUIRE_ACR) {
        return ngx_http_auth_token_require_words(r, core);
    }

    return ngx_http_auth_token_require_values(r, req->values, core);
}


static ngx_int_t
ngx_http_auth_token_require_text(ngx_http_request_t *r,
    ngx_http_complex_value_t *cv, auth_token_str_t *text)
{
    ngx_str_t  s;

    if (cv == NULL) {
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, cv, &s) != NGX_OK) {
        return NGX_ERROR;
    }

    text->len = s.len;
    text->data = s.data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_require_values(ngx_http_request_t *r, ngx_array_t *values,
    auth_token_requirement_t *core)
{
    ngx_uint_t                  i;
    auth_token_str_t           *texts;
    ngx_http_complex_value_t  **cv;

    if (values == NULL) {
        return NGX_OK;
    }

    texts = ngx_pcalloc(r->pool, values->nelts * sizeof(auth_token_str_t));
    if (texts == NULL) {
        return NGX_ERROR;
    }

    cv = values->elts;

    for (i = 0; i < values->nelts; i++) {
        if (ngx_http_auth_token_require_text(r, cv[i], &texts[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    core->values = texts;
    core->nvalues = values->nelts;

    return NGX_OK;
}


/* an empty word in "a  b" makes the requirement one that nothing meets */

static ngx_int_t
ngx_http_auth_token_require_words(ngx_http_request_t *r,
    auth_token_requirement_t *core)
{
    u_char            *p, *last, *space;
    ngx_uint_t         n;
    auth_token_str_t  *words;

    words = ngx_palloc(r->pool, NGX_HTTP_AUTH_TOKEN_REQUIRE_MAX_WORDS
                                * sizeof(auth_token_str_t));
    if (words == NULL) {
        return NGX_ERROR;
    }

    p = core->value.data;
    last = p + core->value.len;

    for (n = 0; n < NGX_HTTP_AUTH_TOKEN_REQUIRE_MAX_WORDS; n++) {
        space = ngx_strlchr(p, last, ' ');

        words[n].data = p;
        words[n].len = (space ? space : last) - p;

        if (words[n].len == 0) {
            return NGX_ERROR;
        }

        if (space == NULL) {
            core->values = words;
            core->nvalues = n + 1;
            return NGX_OK;
        }

        p = space + 1;
    }

    return NGX_ERROR;
}


static ngx_uint_t
ngx_http_auth_token_require_truths(auth_token_requirement_t *core)
{
    size_t  i;

    for (i = 0; i < core->nvalues; i++) {
        if (core->values[i].len == 0
            || auth_token_str_eq_lit(&core->values[i], "0"))
        {
            return 0;
        }
    }

    return core->nvalues != 0;
}


/* "$" also matches before a newline at the end: such a text is an error */

static int
ngx_http_auth_token_require_match(void *data, auth_token_str_t text)
{
#if (NGX_PCRE)

    size_t      i;
    ngx_int_t   rc;
    ngx_str_t   s;

    if (text.len > NGX_HTTP_AUTH_TOKEN_REQUIRE_MAX_TEXT) {
        return -1;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return -1;
        }
    }

    s.len = text.len;
    s.data = text.data;

    rc = ngx_regex_exec((ngx_regex_t *) data, &s, NULL, 0);

    if (rc == NGX_REGEX_NO_MATCHED) {
        return 0;
    }

    return (rc >= 0) ? 1 : -1;

#else

    return -1;

#endif
}


ngx_uint_t
ngx_http_auth_token_require_steps_up(ngx_http_auth_token_requirement_t *req)
{
    return req->form == NGX_HTTP_AUTH_TOKEN_REQUIRE_ACR
           || (req->form == NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT
               && req->core.kind == AUTH_TOKEN_REQUIRE_MAX_AGE);
}


/*
 * A client that has to step up is told all of it at once, or it would come
 * back for each part.
 */

ngx_int_t
ngx_http_auth_token_require_challenge(ngx_http_request_t *r,
    ngx_array_t *requirements, ngx_http_auth_token_requirement_t *failed,
    auth_token_challenge_t *challenge)
{
    ngx_int_t                           age;
    ngx_uint_t                          i, step_up;
    auth_token_str_t                    text;
    ngx_http_auth_token_requirement_t  *req;

    if (requirements == NULL) {
        return NGX_OK;
    }

    req = requirements->elts;
    step_up = (failed && ngx_http_auth_token_require_steps_up(failed));

    for (i = 0; i < requirements->nelts; i++) {
        text.len = 0;
        text.data = NULL;

        if (ngx_http_auth_token_require_text(r, req[i].value, &text) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_auth_token_require_steps_up(&req[i])) {

            if (!step_up) {
                continue;
            }

            if (req[i].form == NGX_HTTP_AUTH_TOKEN_REQUIRE_ACR) {
                challenge->acr_values = text;
                continue;
            }

            age = ngx_atoi(text.data, text.len);

            if (age != NGX_ERROR) {
                challenge->max_age = age;
                challenge->has_max_age = 1;
            }

            continue;
        }

        if (req[i].form == NGX_HTTP_AUTH_TOKEN_REQUIRE_FACT
            && (req[i].core.kind == AUTH_TOKEN_REQUIRE_SCOPE
                || req[i].core.kind == AUTH_TOKEN_REQUIRE_SCOPE_ANY)
            && (failed == NULL || failed == &req[i])
            && ngx_http_auth_token_require_join(r, &challenge->scope, &text)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_require_join(ngx_http_request_t *r,
    auth_token_str_t *list, auth_token_str_t *more)
{
    u_char  *p;

    if (list->len == 0 || more->len == 0) {
        if (more->len != 0) {
            *list = *more;
        }

        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, list->len + 1 + more->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, list->data, list->len);
    p[list->len] = ' ';
    ngx_memcpy(p + list->len + 1, more->data, more->len);

    list->len += 1 + more->len;
    list->data = p;

    return NGX_OK;
}
