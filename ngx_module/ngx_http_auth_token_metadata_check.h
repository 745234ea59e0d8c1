
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Values of auth_token_resource_metadata.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_METADATA_CHECK_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_METADATA_CHECK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* lists from _TEXTS on */

typedef enum {
    NGX_HTTP_AUTH_TOKEN_MEMBER_TEXT = 0,
    NGX_HTTP_AUTH_TOKEN_MEMBER_URL,
    NGX_HTTP_AUTH_TOKEN_MEMBER_FLAG,
    NGX_HTTP_AUTH_TOKEN_MEMBER_TEXTS,
    NGX_HTTP_AUTH_TOKEN_MEMBER_URLS,
    NGX_HTTP_AUTH_TOKEN_MEMBER_SCOPES,
    NGX_HTTP_AUTH_TOKEN_MEMBER_METHODS,
    NGX_HTTP_AUTH_TOKEN_MEMBER_ALGS
} ngx_http_auth_token_member_type_e;


/*
 * Whether one value of a member may stand in the document; "resource" is the
 * stricter rule for that one's URL.  NGX_ERROR: not.
 */
ngx_int_t ngx_http_auth_token_metadata_check(ngx_str_t *value,
    ngx_http_auth_token_member_type_e type, ngx_uint_t resource);


#endif /* _NGX_HTTP_AUTH_TOKEN_METADATA_CHECK_H_INCLUDED_ */
