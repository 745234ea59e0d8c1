
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The shared memory of a zone, asked of nginx while the configuration is read.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_ZONE_CONF_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_ZONE_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_zone.h"


/*
 * Asks for the memory of zone->name, "size" bytes: that of the configuration
 * in use, if it has the same size and layout.  NGX_ERROR after logging.
 */
ngx_int_t ngx_http_auth_token_zone_conf_add(ngx_conf_t *cf,
    ngx_http_auth_token_zone_t *zone, size_t size);


#endif /* _NGX_HTTP_AUTH_TOKEN_ZONE_CONF_H_INCLUDED_ */
