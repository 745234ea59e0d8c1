/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The head of an authority's answer.  A field more at its end, which says
 * nothing, must not change what was read.
 */


#include "auth_token_header.h"
#include "fuzz.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                  rc;
    unsigned char       *p;
    auth_token_str_t     lines;
    auth_token_header_t  head, more;

    lines = fuzz_exact(data, size);

    rc = auth_token_header_read(lines, FUZZ_NOW, &head);

    must(rc == 0 || rc == -1);

    if (rc == 0) {
        must(head.retry_after >= -1);
        must(head.remaining >= -1);
        must(head.reset >= -1 && head.reset <= INT32_MAX);
        must(head.reset == -1 || head.remaining != -1);
        must(!head.json || head.content_type.len != 0);
        must(head.content_type.len == 0
             || (head.content_type.data >= lines.data
                 && head.content_type.data + head.content_type.len
                    <= lines.data + lines.len));
    }

    if (rc == 0 && size > 2 && data[size - 1] == '\n'
        && data[size - 2] == '\r')
    {
        p = malloc(size + 6);
        must(p != NULL);
        memcpy(p, data, size);
        memcpy(p + size, "X: y\r\n", 6);

        lines.data = p;
        lines.len = size + 6;

        must(auth_token_header_read(lines, FUZZ_NOW, &more) == 0);
        must(more.json == head.json && more.encoded == head.encoded);
        must(more.retry_after == head.retry_after);
        must(more.remaining == head.remaining && more.reset == head.reset);

        free(p);
    }

    fuzz_done();

    return 0;
}
