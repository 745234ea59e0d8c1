
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Configuration: what the directives outside of a provider block do, and what
 * is checked once http{} has been read.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_CONF_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_CONF_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/* the hooks of ngx_http_module_t */
void *ngx_http_auth_token_create_main_conf(ngx_conf_t *cf);
char *ngx_http_auth_token_init_main_conf(ngx_conf_t *cf, void *conf);
void *ngx_http_auth_token_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_auth_token_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);

/* the setters of the directives */
char *ngx_http_auth_token_conf_rule(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_auth_token_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_auth_token_conf_dry_run(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Compiles a value that may hold variables; NULL: an error, which is logged.
 */
ngx_http_complex_value_t *ngx_http_auth_token_conf_value(ngx_conf_t *cf,
    ngx_str_t *value);

/*
 * The provider of that name, or NULL.
 */
ngx_http_auth_token_provider_t *ngx_http_auth_token_conf_provider(
    ngx_http_auth_token_main_conf_t *mcf, ngx_str_t *name);


#endif /* _NGX_HTTP_AUTH_TOKEN_CONF_H_INCLUDED_ */
