
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The key set of a provider whose answers are signed: from a file, from a
 * URL, or from the URL that its issuer publishes.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_KEYS_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_KEYS_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * Prepares provider->answer->set or ->keys for what ->place says.  NGX_ERROR
 * after logging what is wrong.
 */
ngx_int_t ngx_http_auth_token_keys_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);


#endif /* _NGX_HTTP_AUTH_TOKEN_KEYS_H_INCLUDED_ */
