
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Tells true CORS preflights from whatever else calls itself OPTIONS.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_preflight.h"
#include "ngx_http_auth_token_source.h"


static ngx_uint_t ngx_http_auth_token_preflight_field(ngx_http_request_t *r,
    ngx_str_t *name);


ngx_uint_t
ngx_http_auth_token_preflight(ngx_http_request_t *r,
    ngx_http_auth_token_rule_t *rule)
{
    ngx_str_t         token;
    static ngx_str_t  origin = ngx_string("origin");
    static ngx_str_t  method = ngx_string("access_control_request_method");

    return r->method == NGX_HTTP_OPTIONS
           && r->headers_in.content_length_n <= 0
           && !r->headers_in.chunked
           && r->headers_in.authorization == NULL
           && ngx_http_auth_token_preflight_field(r, &origin)
           && ngx_http_auth_token_preflight_field(r, &method)
           && ngx_http_auth_token_source(r, rule, &token)
              == AUTH_TOKEN_MISSING;
}


/* 1 if the field is there once, and not empty */

static ngx_uint_t
ngx_http_auth_token_preflight_field(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_in.headers.part;
    h = part->elts;
    n = 0;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (ngx_http_auth_token_source_is_field(&h[i], name)) {

            if (h[i].value.len == 0) {
                return 0;
            }

            n++;
        }
    }

    return n == 1;
}
