
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The words of a provider block and their setters.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_WORDS_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_WORDS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* ends with ngx_null_command; conf is ngx_http_auth_token_provider_t */
extern ngx_command_t  ngx_http_auth_token_words[];
extern ngx_command_t  ngx_http_auth_token_reach_words[];


#endif /* _NGX_HTTP_AUTH_TOKEN_WORDS_H_INCLUDED_ */
