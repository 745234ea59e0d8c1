/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Records as they may be found in shared memory.  By the first byte the input
 * is a blob as it is, or its lengths are made to agree so that what is behind
 * them is read.
 */


#include "readers.h"


#define RECORD_MAX  16384


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                   how;
    size_t                doc;
    auth_token_record_t  *r;

    how = fuzz_byte(&data, &size);

    if (size < sizeof(auth_token_record_t) || size > RECORD_MAX) {
        return 0;
    }

    r = malloc(size);
    must(r != NULL);
    memcpy(r, data, size);

    if (how & 1) {
        doc = r->doc_len % (size - sizeof(auth_token_record_t) + 1);

        r->magic = AUTH_TOKEN_RECORD_MAGIC;
        r->size = (uint32_t) size;
        r->doc_len = (uint32_t) doc;
        r->head = (uint32_t) (sizeof(auth_token_record_t) + doc);
        r->flags &= 7;
        r->nallow %= 3;
        r->ndeny %= 3;
        r->pad = 0;
    }

    readers_record(r, size);

    free(r);

    return 0;
}
