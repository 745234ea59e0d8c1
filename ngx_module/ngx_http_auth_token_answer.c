
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Owns the memory of an answer while it arrives.  The limits are counted
 * here, over all heads and bytes: libcurl's own cover less.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_answer.h"


static ngx_uint_t ngx_http_auth_token_answer_frames(u_char *data, size_t len);
static ngx_int_t ngx_http_auth_token_answer_add(
    ngx_http_auth_token_answer_t *a, ngx_http_auth_token_bytes_t *b,
    u_char *data, size_t len);
static void ngx_http_auth_token_answer_wipe(ngx_http_auth_token_bytes_t *b);


ngx_int_t
ngx_http_auth_token_answer_line(ngx_http_auth_token_answer_t *a, u_char *data,
    size_t len)
{
    ngx_uint_t  between;

    between = !a->begun || (a->ended && a->body.len == 0);

    a->begun = 1;

    /* never reset: an endless row of 103 answers is too large as well */

    if (len > a->max_head - a->seen) {
        a->too_large = 1;
        return NGX_ERROR;
    }

    a->seen += len;

    if (between && len >= 5 && ngx_strncmp(data, "HTTP/", 5) == 0) {
        a->head.len = 0;
        a->framed = 0;
        a->ended = 0;
        return NGX_OK;
    }

    if (a->ended) {
        /* a trailer field, which must not pass for one of the head */
        return NGX_OK;
    }

    if (len == 0 || data[0] == CR || data[0] == LF) {
        a->ended = 1;
        return NGX_OK;
    }

    /* two lengths: who was in between may have meant the other one */

    if (ngx_http_auth_token_answer_frames(data, len) && a->framed++) {
        a->malformed = 1;
        return NGX_ERROR;
    }

    return ngx_http_auth_token_answer_add(a, &a->head, data, len);
}


static ngx_uint_t
ngx_http_auth_token_answer_frames(u_char *data, size_t len)
{
    return (len > 15
            && ngx_strncasecmp(data, (u_char *) "Content-Length:", 15) == 0)
           || (len > 18
               && ngx_strncasecmp(data, (u_char *) "Transfer-Encoding:", 18)
                  == 0);
}


ngx_int_t
ngx_http_auth_token_answer_body(ngx_http_auth_token_answer_t *a, u_char *data,
    size_t len)
{
    a->begun = 1;

    if (len > a->max_body - a->body.len) {
        a->too_large = 1;
        return NGX_ERROR;
    }

    return ngx_http_auth_token_answer_add(a, &a->body, data, len);
}


static ngx_int_t
ngx_http_auth_token_answer_add(ngx_http_auth_token_answer_t *a,
    ngx_http_auth_token_bytes_t *b, u_char *data, size_t len)
{
    size_t   size;
    u_char  *p;

    if (len > b->size - b->len) {
        size = ngx_max(2 * b->size, b->len + len);
        size = ngx_max(size, 1024);

        p = ngx_alloc(size, ngx_cycle->log);
        if (p == NULL) {
            a->no_memory = 1;
            return NGX_ERROR;
        }

        if (b->len) {
            ngx_memcpy(p, b->data, b->len);
        }

        ngx_http_auth_token_answer_wipe(b);

        b->data = p;
        b->size = size;
    }

    ngx_memcpy(b->data + b->len, data, len);
    b->len += len;

    return NGX_OK;
}


void
ngx_http_auth_token_answer_reset(ngx_http_auth_token_answer_t *a)
{
    ngx_http_auth_token_answer_wipe(&a->head);
    ngx_http_auth_token_answer_wipe(&a->body);

    a->head.len = 0;
    a->body.len = 0;
    a->seen = 0;
    a->framed = 0;
    a->begun = 0;
    a->ended = 0;
    a->malformed = 0;
    a->too_large = 0;
    a->no_memory = 0;
}


static void
ngx_http_auth_token_answer_wipe(ngx_http_auth_token_bytes_t *b)
{
    if (b->data == NULL) {
        return;
    }

    ngx_explicit_memzero(b->data, b->size);
    ngx_free(b->data);

    b->data = NULL;
    b->size = 0;
}
