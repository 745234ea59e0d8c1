
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The variables in what a step sends: which there are, and whether the steps
 * before it give them a value.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_template.h"
#include "ngx_http_auth_token_draft.h"


static ngx_uint_t ngx_http_auth_token_draft_templates(
    ngx_http_auth_token_draft_t *draft, ngx_uint_t i, auth_token_str_t *text);
static ngx_uint_t ngx_http_auth_token_draft_keeps(
    ngx_http_auth_token_draft_t *drafts, ngx_uint_t n, auth_token_str_t *name);


ngx_uint_t
ngx_http_auth_token_draft_names(auth_token_str_t text, const char *name)
{
    size_t            len;
    auth_token_str_t  found;

    len = ngx_strlen(name);

    while (auth_token_template_variable(&text, &found)) {
        if (found.len == len && ngx_strncmp(found.data, name, len) == 0) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_auth_token_draft_sends(ngx_http_auth_token_draft_t *draft,
    const char *name)
{
    ngx_uint_t        i;
    auth_token_str_t  text;

    for (i = 0; ngx_http_auth_token_draft_templates(draft, i, &text); i++) {
        if (ngx_http_auth_token_draft_names(text, name)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_auth_token_draft_strange(ngx_http_auth_token_draft_t *drafts,
    ngx_uint_t n, auth_token_str_t *name)
{
    ngx_uint_t        i;
    auth_token_str_t  text;

    for (i = 0;
         ngx_http_auth_token_draft_templates(&drafts[n], i, &text);
         i++)
    {
        while (auth_token_template_variable(&text, name)) {
            if (!auth_token_str_eq_lit(name, "token")
                && !ngx_http_auth_token_draft_keeps(drafts, n, name))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* the i-th template of all that a step sends; 0 after the last one */

static ngx_uint_t
ngx_http_auth_token_draft_templates(ngx_http_auth_token_draft_t *draft,
    ngx_uint_t i, auth_token_str_t *text)
{
    auth_token_pair_t  *headers, *form;

    headers = draft->headers.elts;
    form = draft->form.elts;

    if (i == 0) {
        *text = draft->step.path;
        return 1;
    }

    if (i == 1) {
        *text = draft->step.json;
        return 1;
    }

    i -= 2;

    if (i < draft->headers.nelts) {
        *text = headers[i].value;
        return 1;
    }

    i -= draft->headers.nelts;

    if (i < draft->form.nelts) {
        *text = form[i].value;
        return 1;
    }

    return 0;
}


/* lists have no text that could stand in a request */

static ngx_uint_t
ngx_http_auth_token_draft_keeps(ngx_http_auth_token_draft_t *drafts,
    ngx_uint_t n, auth_token_str_t *name)
{
    ngx_uint_t           i, j;
    auth_token_field_t  *field;

    for (i = 0; i < n; i++) {
        field = drafts[i].fields.elts;

        for (j = 0; j < drafts[i].fields.nelts; j++) {
            if (auth_token_str_eq(&field[j].name, name)
                && (field[j].type == AUTH_TOKEN_FIELD_STRING
                    || field[j].type == AUTH_TOKEN_FIELD_LABEL
                    || field[j].type == AUTH_TOKEN_FIELD_ANY))
            {
                return 1;
            }
        }
    }

    return 0;
}
