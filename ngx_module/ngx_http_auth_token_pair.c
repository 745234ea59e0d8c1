
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Walks the pairs of a query or a Cookie field.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_pair.h"


ngx_uint_t
ngx_http_auth_token_pair_next(ngx_str_t *rest, u_char separator,
    ngx_http_auth_token_pair_t *pair)
{
    u_char  *p, *end, *last;

    if (rest->len == 0) {
        return 0;
    }

    last = rest->data + rest->len;

    end = ngx_strlchr(rest->data, last, separator);
    if (end == NULL) {
        end = last;
    }

    pair->whole.data = rest->data;
    pair->whole.len = end - rest->data;

    for (p = rest->data; p < end && *p == ' '; p++) { /* void */ }

    pair->name.data = p;

    p = ngx_strlchr(p, end, '=');

    pair->name.len = (p ? p : end) - pair->name.data;
    pair->value.data = p ? p + 1 : end;
    pair->value.len = end - pair->value.data;

    if (end < last) {
        end++;
    }

    rest->data = end;
    rest->len = last - end;

    return 1;
}


ngx_uint_t
ngx_http_auth_token_pair_is(ngx_http_auth_token_pair_t *pair, ngx_str_t *name)
{
    return pair->name.len == name->len
           && ngx_strncasecmp(pair->name.data, name->data, name->len) == 0;
}
