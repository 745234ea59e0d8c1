/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Packed documents.  By the first byte the input is packed and unpacked
 * again, or is itself what a damaged zone might hold, with the size that it
 * is said to have in the two bytes that follow.
 */


#include "auth_token_pack.h"
#include "fuzz.h"


static void
check_both_ways(const uint8_t *data, size_t size)
{
    size_t          n;
    unsigned char  *packed, *out;

    packed = malloc(size + 1);
    out = malloc(size + AUTH_TOKEN_PACK_SLACK);
    must(packed != NULL && out != NULL);

    n = auth_token_pack(data, size, packed, size + 1);

    must(n <= size + 1);

    if (n != 0) {
        must(auth_token_unpack(packed, n, out, size) == 0);
        must(size == 0 || memcmp(out, data, size) == 0);
    }

    free(packed);
    free(out);
}


static void
check_damaged(const uint8_t *data, size_t size)
{
    int             rc;
    size_t          n;
    unsigned char  *out;

    n = fuzz_byte(&data, &size);
    n = n << 8 | fuzz_byte(&data, &size);
    n %= 8192;

    out = malloc(n + AUTH_TOKEN_PACK_SLACK);
    must(out != NULL);

    rc = auth_token_unpack(fuzz_exact(data, size).data, size, out, n);

    must(rc == 0 || rc == -1);

    free(out);
    fuzz_done();
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fuzz_byte(&data, &size) & 1) {
        check_both_ways(data, size);

    } else {
        check_damaged(data, size);
    }

    return 0;
}
