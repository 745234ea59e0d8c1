
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * For tests only: places inside the lock of the zone where the process may be
 * made to die.  Empty in any other build.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"


#if (NGX_HTTP_AUTH_TOKEN_TEST_HOOKS)

/* 0: not yet known, from AUTH_TOKEN_CRASH; then counts down to a death at 1 */

ngx_int_t  ngx_http_auth_token_crash_in;


void
ngx_http_auth_token_crash_point(void)
{
    char       *value;
    ngx_int_t   n;

    if (ngx_http_auth_token_crash_in == 0) {
        value = getenv("AUTH_TOKEN_CRASH");
        n = value ? ngx_atoi((u_char *) value, ngx_strlen(value)) : NGX_ERROR;

        /* workers inherit one state: their pids tell them apart */
        srandom(getpid() ^ (unsigned) ngx_current_msec);

        ngx_http_auth_token_crash_in =
            (n > 0) ? 2 + random() % n : -1;
    }

    if (ngx_http_auth_token_crash_in > 0
        && --ngx_http_auth_token_crash_in == 1)
    {
        (void) kill(getpid(), SIGKILL);
    }
}

#endif
