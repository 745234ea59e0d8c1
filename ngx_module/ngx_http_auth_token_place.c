
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where in the configuration something stood, for what is found out later.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_place.h"


void
ngx_http_auth_token_place_note(ngx_conf_t *cf,
    ngx_http_auth_token_place_t *place)
{
    if (cf->conf_file->file.fd == NGX_INVALID_FILE) {
        ngx_str_set(&place->file, "command line");

    } else {
        place->file = cf->conf_file->file.name;
    }

    place->line = cf->conf_file->line;
}


void
ngx_http_auth_token_place_error(ngx_uint_t level, ngx_conf_t *cf,
    ngx_http_auth_token_place_t *place, const char *fmt, ...)
{
    u_char   text[NGX_MAX_CONF_ERRSTR], *last;
    va_list  args;

    va_start(args, fmt);
    last = ngx_vslprintf(text, text + NGX_MAX_CONF_ERRSTR, fmt, args);
    va_end(args);

    ngx_log_error(level, cf->log, 0, "%*s in %V:%ui", last - text, text,
                  &place->file, place->line);
}
