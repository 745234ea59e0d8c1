
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The words of a provider's steps: what is asked, and what an answer means.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_STEP_WORDS_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_STEP_WORDS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_str.h"


/*
 * Command tables, each ended by an empty name; "conf" of a setter is the
 * provider.
 */
extern ngx_command_t  ngx_http_auth_token_step_words[];
extern ngx_command_t  ngx_http_auth_token_status_words[];
extern ngx_command_t  ngx_http_auth_token_fact_words[];
extern ngx_command_t  ngx_http_auth_token_field_words[];

/*
 * Takes an argument as a pointer with up to "max_any" steps "*".  NGX_ERROR
 * after logging what is wrong with it.
 */
ngx_int_t ngx_http_auth_token_fact_pointer(ngx_conf_t *cf, ngx_str_t *arg,
    size_t max_any, auth_token_str_t *pointer);

/*
 * Checks the name of a header field that a request is to be sent with.
 * NGX_ERROR after logging: it is none, or one that the transport writes.
 */
ngx_int_t ngx_http_auth_token_step_field(ngx_conf_t *cf, ngx_str_t *name);


#endif /* _NGX_HTTP_AUTH_TOKEN_STEP_WORDS_H_INCLUDED_ */
