
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Removal from a list of header fields.  No part of it but the first may be
 * empty, for walks along lists do not look for that.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_field.h"


#define NGX_HTTP_AUTH_TOKEN_FIELD_ROOM  4


static void ngx_http_auth_token_field_forget(ngx_http_request_t *r,
    ngx_table_elt_t *h);
static ngx_int_t ngx_http_auth_token_field_split(ngx_list_t *list,
    ngx_list_part_t *part, ngx_uint_t i);
static ngx_int_t ngx_http_auth_token_field_unlink(ngx_list_t *list,
    ngx_list_part_t *prev, ngx_list_part_t *part);
static void ngx_http_auth_token_field_close(ngx_list_t *list);


ngx_int_t
ngx_http_auth_token_field_remove(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    ngx_int_t         rc;
    ngx_uint_t        i;
    ngx_list_t       *list;
    ngx_list_part_t  *part, *prev;
    ngx_table_elt_t  *elts;

    list = &r->headers_in.headers;
    prev = NULL;
    elts = NULL;

    for (part = &list->part; part != NULL; part = part->next) {
        elts = part->elts;

        if (h >= elts && h < elts + part->nelts) {
            break;
        }

        prev = part;
    }

    if (part == NULL) {
        return NGX_OK;
    }

    ngx_http_auth_token_field_forget(r, h);

    i = h - elts;

    if (part->nelts == 1) {
        rc = ngx_http_auth_token_field_unlink(list, prev, part);

    } else if (i == 0) {
        part->elts = elts + 1;
        part->nelts--;
        rc = NGX_OK;

    } else if (i == part->nelts - 1) {
        part->nelts--;
        rc = NGX_OK;

    } else {
        rc = ngx_http_auth_token_field_split(list, part, i);
    }

    if (rc == NGX_OK) {
        ngx_http_auth_token_field_close(list);
    }

    return rc;
}


/* the pointers of r->headers_in that lead to "h" */

static void
ngx_http_auth_token_field_forget(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    ngx_http_header_t   *known;
    ngx_table_elt_t    **hp;
#if (nginx_version < 1023000)
    ngx_uint_t           i;
#endif

    for (known = ngx_http_headers_in; known->name.len; known++) {

        hp = (ngx_table_elt_t **) ((char *) &r->headers_in + known->offset);

#if (nginx_version >= 1023000)

        while (*hp != NULL && *hp != h) {
            hp = &(*hp)->next;
        }

        if (*hp == h) {
            *hp = h->next;
        }

#else

        /* for a field that may be repeated, this is no pointer to one */

        if (*hp == h) {
            *hp = NULL;
        }

#endif
    }

#if (nginx_version < 1023000)

    hp = r->headers_in.cookies.elts;

    for (i = 0; i < r->headers_in.cookies.nelts; i++) {

        if (hp[i] == h) {
            ngx_memmove(&hp[i], &hp[i + 1],
                        (r->headers_in.cookies.nelts - i - 1)
                        * sizeof(ngx_table_elt_t *));
            r->headers_in.cookies.nelts--;
            break;
        }
    }

#endif
}


static ngx_int_t
ngx_http_auth_token_field_split(ngx_list_t *list, ngx_list_part_t *part,
    ngx_uint_t i)
{
    ngx_list_part_t  *rest;
    ngx_table_elt_t  *elts;

    rest = ngx_palloc(list->pool, sizeof(ngx_list_part_t));
    if (rest == NULL) {
        return NGX_ERROR;
    }

    elts = part->elts;

    rest->elts = &elts[i + 1];
    rest->nelts = part->nelts - i - 1;
    rest->next = part->next;

    part->nelts = i;
    part->next = rest;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_field_unlink(ngx_list_t *list, ngx_list_part_t *prev,
    ngx_list_part_t *part)
{
    if (prev != NULL) {
        prev->next = part->next;
        return NGX_OK;
    }

    if (part->next != NULL) {
        *part = *part->next;
        return NGX_OK;
    }

    return ngx_list_init(list, list->pool, NGX_HTTP_AUTH_TOKEN_FIELD_ROOM,
                         list->size);
}


/* parts no longer begin where they were allocated: none has room for more */

static void
ngx_http_auth_token_field_close(ngx_list_t *list)
{
    ngx_list_part_t  *part;

    for (part = &list->part; part->next != NULL; part = part->next) {
        /* void */
    }

    list->last = part;

    if (part->nelts != 0) {
        list->nalloc = part->nelts;
    }
}
