/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Writes documents.  Called by what reads an authority's answer.
 */


#include <math.h>
#include <string.h>

#include "auth_token_doc.h"
#include "auth_token_doc_layout.h"


static int auth_token_doc_add_length(auth_token_buf_t *b, size_t len);
static void auth_token_doc_put_length(unsigned char *p, size_t len);
static int auth_token_doc_fail(auth_token_buf_t *b);


int
auth_token_doc_add_null(auth_token_buf_t *b)
{
    return auth_token_buf_addc(b, AUTH_TOKEN_DOC_TAG_NULL);
}


int
auth_token_doc_add_boolean(auth_token_buf_t *b, int value)
{
    return auth_token_buf_addc(b, value ? AUTH_TOKEN_DOC_TAG_TRUE
                                        : AUTH_TOKEN_DOC_TAG_FALSE);
}


int
auth_token_doc_add_integer(auth_token_buf_t *b, int64_t value)
{
    size_t         n, i;
    int64_t        half;
    uint64_t       bits;
    unsigned char  bytes[1 + sizeof(int64_t)];

    bits = (uint64_t) value;

    /* as few bytes as keep the sign */

    for (n = (value != 0); n > 0 && n < sizeof(int64_t); n++) {
        half = INT64_C(1) << (8 * n - 1);

        if (value >= -half && value < half) {
            break;
        }
    }

    bytes[0] = (unsigned char) (AUTH_TOKEN_DOC_TAG_INTEGER + n);

    for (i = 0; i < n; i++) {
        bytes[1 + i] = (unsigned char) (bits >> (8 * i));
    }

    return auth_token_buf_add(b, bytes, 1 + n);
}


int
auth_token_doc_add_real(auth_token_buf_t *b, double value)
{
    unsigned char  bytes[1 + sizeof(double)];

    /* JSON has no such number, so neither has a document */

    if (!isfinite(value)) {
        return auth_token_doc_fail(b);
    }

    bytes[0] = AUTH_TOKEN_DOC_TAG_REAL;
    memcpy(bytes + 1, &value, sizeof(double));

    return auth_token_buf_add(b, bytes, sizeof(bytes));
}


int
auth_token_doc_add_string(auth_token_buf_t *b, const void *s, size_t len)
{
    if (len <= AUTH_TOKEN_DOC_SHORT_MAX) {
        (void) auth_token_buf_addc(b, (unsigned char)
                                      (AUTH_TOKEN_DOC_TAG_STRING + len));

    } else {
        (void) auth_token_buf_addc(b, AUTH_TOKEN_DOC_TAG_LONG);
        (void) auth_token_doc_add_length(b, len);
    }

    return auth_token_buf_add(b, s, len);
}


int
auth_token_doc_add_key(auth_token_buf_t *b, const void *s, size_t len)
{
    return auth_token_doc_add_string(b, s, len);
}


int64_t
auth_token_doc_open(auth_token_buf_t *b, auth_token_doc_type_e type)
{
    size_t  mark;

    if (type != AUTH_TOKEN_DOC_ARRAY && type != AUTH_TOKEN_DOC_OBJECT) {
        return auth_token_doc_fail(b);
    }

    mark = b->len;

    (void) auth_token_buf_addc(b, type == AUTH_TOKEN_DOC_ARRAY
                                  ? AUTH_TOKEN_DOC_TAG_ARRAY
                                  : AUTH_TOKEN_DOC_TAG_OBJECT);

    if (auth_token_doc_add_length(b, 0) != 0) {
        return -1;
    }

    return (int64_t) mark;
}


int
auth_token_doc_close(auth_token_buf_t *b, int64_t mark)
{
    size_t  start, len;

    if (b->failed || mark < 0) {
        return auth_token_doc_fail(b);
    }

    start = (size_t) mark + 1 + AUTH_TOKEN_DOC_LENGTH;

    if (start > b->len || (uint64_t) b->len - start > UINT32_MAX) {
        return auth_token_doc_fail(b);
    }

    len = b->len - start;

    auth_token_doc_put_length(b->data + start - AUTH_TOKEN_DOC_LENGTH, len);

    return 0;
}


static int
auth_token_doc_add_length(auth_token_buf_t *b, size_t len)
{
    unsigned char  bytes[AUTH_TOKEN_DOC_LENGTH];

    if ((uint64_t) len > UINT32_MAX) {
        return auth_token_doc_fail(b);
    }

    auth_token_doc_put_length(bytes, len);

    return auth_token_buf_add(b, bytes, sizeof(bytes));
}


static void
auth_token_doc_put_length(unsigned char *p, size_t len)
{
    p[0] = (unsigned char) len;
    p[1] = (unsigned char) (len >> 8);
    p[2] = (unsigned char) (len >> 16);
    p[3] = (unsigned char) (len >> 24);
}


static int
auth_token_doc_fail(auth_token_buf_t *b)
{
    b->failed = 1;

    return -1;
}
