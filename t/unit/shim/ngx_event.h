/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Stands in for nginx's header of this name.  The zone's parts need it for
 * prototypes only.
 */


#include <ngx_core.h>
