/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The growing buffer.  realloc() is not used: it would leave a copy of what
 * the buffer held in memory that nobody wipes.
 */


#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE  1             /* explicit_bzero() in strict C11 */
#endif

#include <stdlib.h>
#include <string.h>

#include "auth_token_buf.h"


/* the first allocation, in bytes; it doubles from there */
#define AUTH_TOKEN_BUF_FIRST  256


static int auth_token_buf_reserve(auth_token_buf_t *b, size_t len);
static int auth_token_buf_grow(auth_token_buf_t *b, size_t need);


void
auth_token_buf_init(auth_token_buf_t *b, size_t max)
{
    b->data = NULL;
    b->len = 0;
    b->size = 0;
    b->max = max;
    b->failed = 0;
}


int
auth_token_buf_add(auth_token_buf_t *b, const void *data, size_t len)
{
    if (auth_token_buf_reserve(b, len) != 0) {
        return -1;
    }

    if (len != 0) {
        memcpy(b->data + b->len, data, len);
        b->len += len;
    }

    return 0;
}


int
auth_token_buf_adds(auth_token_buf_t *b, const char *s)
{
    return auth_token_buf_add(b, s, strlen(s));
}


int
auth_token_buf_addc(auth_token_buf_t *b, unsigned char c)
{
    return auth_token_buf_add(b, &c, 1);
}


void *
auth_token_buf_extend(auth_token_buf_t *b, size_t len)
{
    unsigned char  *place;

    if (auth_token_buf_reserve(b, len) != 0) {
        return NULL;
    }

    place = b->data + b->len;
    b->len += len;

    return place;
}


void
auth_token_buf_reset(auth_token_buf_t *b)
{
    if (b->data != NULL) {
        explicit_bzero(b->data, b->size);
    }

    b->len = 0;
    b->failed = 0;
}


void
auth_token_buf_free(auth_token_buf_t *b)
{
    auth_token_buf_reset(b);

    free(b->data);

    b->data = NULL;
    b->size = 0;
}


/* on success b->data is not NULL, even for no bytes at all */

static int
auth_token_buf_reserve(auth_token_buf_t *b, size_t len)
{
    if (b->failed) {
        return -1;
    }

    if (b->max == 0 || len > b->max - b->len) {
        b->failed = 1;
        return -1;
    }

    if (b->data != NULL && len <= b->size - b->len) {
        return 0;
    }

    return auth_token_buf_grow(b, b->len + len);
}


static int
auth_token_buf_grow(auth_token_buf_t *b, size_t need)
{
    size_t          size;
    unsigned char  *data;

    size = (b->size != 0) ? b->size : AUTH_TOKEN_BUF_FIRST;

    while (size < need) {
        size = (size > b->max / 2) ? b->max : size * 2;
    }

    if (size > b->max) {
        size = b->max;
    }

    data = malloc(size);
    if (data == NULL) {
        b->failed = 1;
        return -1;
    }

    if (b->data != NULL) {
        memcpy(data, b->data, b->len);
        explicit_bzero(b->data, b->size);
        free(b->data);
    }

    b->data = data;
    b->size = size;

    return 0;
}
