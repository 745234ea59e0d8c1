
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A packed record is a record with other bytes for its document; its "pad",
 * which is 0 in any other, holds the length that the document had.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_pack.h"
#include "ngx_http_auth_token_blob.h"


#define ngx_http_auth_token_blob_align(n)  ngx_align(n, sizeof(uint64_t))


static uint32_t ngx_http_auth_token_blob_whole(const auth_token_record_t *r,
    size_t sets);


size_t
ngx_http_auth_token_blob_make(ngx_http_auth_token_blob_t *blob,
    auth_token_str_t record)
{
    size_t                      n;
    const auth_token_record_t  *r;

    r = (auth_token_record_t *) record.data;

    blob->head.len = r->head;
    blob->head.data = record.data;

    n = ngx_min(ngx_http_auth_token_blob_align(r->head), record.len);

    blob->sets.len = record.len - n;
    blob->sets.data = record.data + n;

    n = 0;

    if (r->doc_len <= NGX_HTTP_AUTH_TOKEN_BLOB_PACKED) {

        /* less than it was, or nothing */

        n = auth_token_pack((u_char *) (r + 1), r->doc_len, blob->doc,
                            r->doc_len - r->doc_len / 8);
    }

    if (n) {
        blob->record = *r;

        blob->record.pad = r->doc_len;
        blob->record.doc_len = (uint32_t) n;
        blob->record.head = (uint32_t) (sizeof(auth_token_record_t) + n);
        blob->record.size = ngx_http_auth_token_blob_whole(&blob->record,
                                                           blob->sets.len);

        blob->head.len = blob->record.head;
        blob->head.data = (u_char *) &blob->record;
    }

    return ((auth_token_record_t *) blob->head.data)->size;
}


void
ngx_http_auth_token_blob_write(ngx_http_auth_token_blob_t *blob, u_char *place)
{
    size_t  n;

    ngx_memcpy(place, blob->head.data, blob->head.len);

    if (blob->sets.len) {
        n = ngx_http_auth_token_blob_align(blob->head.len);

        ngx_memzero(place + blob->head.len, n - blob->head.len);
        ngx_memcpy(place + n, blob->sets.data, blob->sets.len);
    }
}


size_t
ngx_http_auth_token_blob_size(const auth_token_record_t *r)
{
    return r->pad ? sizeof(auth_token_record_t) + r->pad : r->head;
}


ngx_int_t
ngx_http_auth_token_blob_read(const auth_token_record_t *r,
    auth_token_record_t *out)
{
    size_t  n;

    if (r->pad == 0) {
        ngx_memcpy(out, r, r->head);
        return NGX_OK;
    }

    n = ngx_min(ngx_http_auth_token_blob_align(r->head), r->size);

    *out = *r;

    out->pad = 0;
    out->doc_len = r->pad;
    out->head = (uint32_t) (sizeof(auth_token_record_t) + r->pad);
    out->size = ngx_http_auth_token_blob_whole(out, r->size - n);

    return (auth_token_unpack((u_char *) (r + 1), r->doc_len,
                              (u_char *) (out + 1), r->pad)
            == 0)
               ? NGX_OK : NGX_ERROR;
}


/* the size of a record with that head and so many bytes of sets */

static uint32_t
ngx_http_auth_token_blob_whole(const auth_token_record_t *r, size_t sets)
{
    return (uint32_t) (sets ? ngx_http_auth_token_blob_align(r->head) + sets
                            : r->head);
}
