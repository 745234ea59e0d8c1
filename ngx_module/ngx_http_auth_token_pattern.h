
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a provider's tokens look like, and which provider of a list a token
 * is for.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PATTERN_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PATTERN_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/*
 * The setter of "token_pattern" in a provider.
 */
char *ngx_http_auth_token_pattern_word(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Whether the provider may be asked about the token.  What does not fit must
 * never be sent to it.
 */
ngx_uint_t ngx_http_auth_token_pattern_fits(
    ngx_http_auth_token_provider_t *provider, ngx_str_t *token);

/*
 * The first provider of the rule that the token fits, or the first at all.
 */
ngx_http_auth_token_provider_t *ngx_http_auth_token_pattern_pick(
    ngx_http_auth_token_rule_t *rule, ngx_str_t *token);

/*
 * Takes one more name of "auth_token A B..."; NGX_DECLINED: it is something
 * else; NGX_ERROR: the same one again, which is logged, or no memory.  When
 * all providers are known, _resolve() finds those of the names.
 */
ngx_int_t ngx_http_auth_token_pattern_more(ngx_conf_t *cf,
    ngx_http_auth_token_rule_t *rule, ngx_str_t *arg);
char *ngx_http_auth_token_pattern_resolve(ngx_conf_t *cf,
    ngx_http_auth_token_main_conf_t *mcf, ngx_http_auth_token_rule_t *rule);


#endif /* _NGX_HTTP_AUTH_TOKEN_PATTERN_H_INCLUDED_ */
