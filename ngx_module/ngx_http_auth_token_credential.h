
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How the provider itself authenticates at its authority.  A method is one
 * table line in the .c file.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_CREDENTIAL_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_CREDENTIAL_H_INCLUDED_


#include "auth_token_buf.h"
#include "ngx_http_auth_token_fetch.h"
#include "ngx_http_auth_token_module.h"


/* set once at configuration, then read-only; empty: not used */

struct ngx_http_auth_token_credential_s {
    ngx_str_t                    method;       /* the word in nginx.conf */
    ngx_str_t                    header;       /* "Name: value" */
    ngx_str_t                    form;         /* "name=value&..." */
    ngx_http_auth_token_fetched_t
                                *fetched;      /* NULL, or what must be there
                                                  before _apply() */
};


/*
 * Parses "credential METHOD ..." from cf->args.  Returns NULL after logging
 * what is wrong.
 */
ngx_http_auth_token_credential_t *ngx_http_auth_token_credential_parse(
    ngx_conf_t *cf);

/*
 * Adds what authenticates the provider to a request as it was built: a header
 * line with its NUL, form pairs.  NGX_ERROR: out of memory.
 */
ngx_int_t ngx_http_auth_token_credential_apply(
    ngx_http_auth_token_credential_t *credential, auth_token_buf_t *headers,
    auth_token_buf_t *body);


#endif /* _NGX_HTTP_AUTH_TOKEN_CREDENTIAL_H_INCLUDED_ */
