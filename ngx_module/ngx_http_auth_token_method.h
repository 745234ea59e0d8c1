
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The methods of "credential": what each takes and what it sends.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_METHOD_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_METHOD_H_INCLUDED_


#include "ngx_http_auth_token_credential.h"


/* makes the header line and the form out of arguments and secret */

typedef void (*ngx_http_auth_token_method_pt)(
    ngx_http_auth_token_credential_t *credential, ngx_str_t *secret,
    auth_token_buf_t *header, auth_token_buf_t *form);


struct ngx_http_auth_token_method_s {
    ngx_str_t                          name;
    ngx_uint_t                         nargs;      /* after the name */
    ngx_uint_t                         secret;     /* which of them, or 0 */
    ngx_http_auth_token_method_pt      make;       /* or NULL */
    unsigned                           client:1;   /* an id is the first */
    unsigned                           field:1;    /* a header field is */
    unsigned                           form:1;     /* it stands in a form */
    unsigned                           shared:1;   /* signs with a secret */
    unsigned                           private:1;  /* signs with a key */
    unsigned                           tls:1;
    unsigned                           token:1;    /* the client's as bearer */
    unsigned                           grant:1;    /* another one gets it */
};


/*
 * The method of that name, or NULL.
 */
const ngx_http_auth_token_method_t *ngx_http_auth_token_method_find(
    ngx_str_t *name);


#endif /* _NGX_HTTP_AUTH_TOKEN_METHOD_H_INCLUDED_ */
