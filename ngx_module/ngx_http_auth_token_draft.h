
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The steps of a provider while its block is read: lists that grow, which
 * become the constant tables of a protocol at the end of the block.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_DRAFT_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_DRAFT_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/* the arrays hold what the step's lists of the same names will */

typedef struct {
    auth_token_step_t     step;
    ngx_array_t           headers;
    ngx_array_t           form;
    ngx_array_t           statuses;
    ngx_array_t           success;
    ngx_array_t           refusal;
    ngx_array_t           active;
    ngx_array_t           allow;
    ngx_array_t           deny;
    ngx_array_t           closed;
    ngx_array_t           fields;
    unsigned              preset:1;      /* a copy of a preset's step */
    unsigned              identity:1;    /* mapping.id was configured */
    unsigned              sender:1;      /* step.credential was */
    unsigned              state:1;       /* what "inactive" means was */
} ngx_http_auth_token_draft_t;


/*
 * Opens a step of a custom provider.  NULL after logging what is wrong.
 */
ngx_http_auth_token_draft_t *ngx_http_auth_token_draft_open(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_str_t *name);

/*
 * The step that the word being read belongs to; with "extend", also the last
 * step of a preset, which is copied.  NULL after logging that there is none.
 */
ngx_http_auth_token_draft_t *ngx_http_auth_token_draft_current(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_uint_t extend);

/*
 * At the end of the block: makes provider->protocol of the steps, if there
 * are any.  NGX_ERROR after logging what is missing.
 */
ngx_int_t ngx_http_auth_token_draft_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);

/*
 * The parts of it for one step.  The first logs what is wrong with the n-th,
 * the second adds what is not said: NGX_ERROR is "out of memory" there.
 */
ngx_int_t ngx_http_auth_token_draft_check(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider, ngx_uint_t n);
ngx_int_t ngx_http_auth_token_draft_defaults(ngx_conf_t *cf,
    ngx_http_auth_token_draft_t *draft, ngx_uint_t last);

/*
 * Whether a template, or any that the step sends, has the variable "name".
 */
ngx_uint_t ngx_http_auth_token_draft_names(auth_token_str_t text,
    const char *name);
ngx_uint_t ngx_http_auth_token_draft_sends(ngx_http_auth_token_draft_t *draft,
    const char *name);

/*
 * Whether the n-th step sends a variable that is neither the token nor kept,
 * as a string, by a step before it; *name is its name then, borrowed.
 */
ngx_uint_t ngx_http_auth_token_draft_strange(
    ngx_http_auth_token_draft_t *drafts, ngx_uint_t n, auth_token_str_t *name);


#endif /* _NGX_HTTP_AUTH_TOKEN_DRAFT_H_INCLUDED_ */
