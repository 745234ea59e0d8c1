
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where an authority is: its URL and what else leads there.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_REACH_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_REACH_H_INCLUDED_


#include "ngx_http_auth_token_module.h"


/* the parts of a URL, as they stand in it */

typedef struct {
    ngx_str_t     authority;           /* host, and port if it is given */
    ngx_str_t     host;
    in_port_t     port;
    unsigned      https:1;
    unsigned      loopback:1;          /* the host is this machine */
    unsigned      query:1;             /* there is a "?" */
} ngx_http_auth_token_url_t;


/*
 * At the end of the block: checks endpoints or issuer, proxy and names, and
 * prepares provider->reach for them.  NGX_ERROR after logging what is wrong.
 */
ngx_int_t ngx_http_auth_token_reach_finish(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider);

/*
 * Splits and checks "http[s]://host[:port][/path][?query]".  NGX_ERROR: it is
 * none, or has user information, a fragment or blanks.
 */
ngx_int_t ngx_http_auth_token_reach_url(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_auth_token_url_t *out);

/*
 * The same for a URL of the configuration, which is taken as it is written:
 * NGX_ERROR also for a "$", as of a variable.
 */
ngx_int_t ngx_http_auth_token_reach_given(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_auth_token_url_t *out);

/*
 * Whether secrets may be sent there: by https, to this machine, or where the
 * provider allows everything.
 */
ngx_uint_t ngx_http_auth_token_reach_safe(
    ngx_http_auth_token_provider_t *provider, ngx_http_auth_token_url_t *url);


#endif /* _NGX_HTTP_AUTH_TOKEN_REACH_H_INCLUDED_ */
