/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Answers cidr_diff.py line by line; texts and addresses are in hex:
 *
 *     p TEXT    parse: "FAMILY LO HI", or "-"
 *     s LIST    compile the entries, separated by blanks, to the current set:
 *               "N4 N6" ranges
 *     4 ADDR    match an IPv4 client against the current set: "1" or "0"
 *     6 ADDR    the same for an IPv6 client
 */


#include "../../../ngx_module/core/auth_token_cidr.c"
#include "../../../ngx_module/core/auth_token_cidr_text.c"

#include "../guard.h"
#include "hex.h"


#define CIDR_DIFF_RANGES  256


static union {
    uint64_t  align;
    uint8_t   bytes[8 + CIDR_DIFF_RANGES * 32];
} blob;

static size_t  blob_size;


static void
cidr_diff_parse(const unsigned char *text, size_t len)
{
    auth_token_range_t  r;

    if (auth_token_cidr_parse(guard_copy(text, len), len, &r) != 0) {
        puts("-");
        return;
    }

    printf("%u %016llx%016llx %016llx%016llx\n", (unsigned) r.family,
           (unsigned long long) r.lo[0], (unsigned long long) r.lo[1],
           (unsigned long long) r.hi[0], (unsigned long long) r.hi[1]);
}


static int
cidr_diff_compile(const unsigned char *text, size_t len)
{
    size_t              i, n, start;
    uint32_t            head[2];
    auth_token_range_t  ranges[CIDR_DIFF_RANGES];

    n = 0;
    start = 0;

    for (i = 0; i <= len; i++) {
        if (i < len && text[i] != ' ') {
            continue;
        }

        if (i > start
            && (n == CIDR_DIFF_RANGES
                || auth_token_cidr_parse(text + start, i - start, &ranges[n++])
                   != 0))
        {
            return -1;
        }

        start = i + 1;
    }

    blob_size = auth_token_cidr_compile(ranges, n, blob.bytes,
                                        auth_token_cidr_compiled_max(n));

    if (!auth_token_cidr_valid(blob.bytes, blob_size)) {
        return -1;
    }

    memcpy(head, blob.bytes, sizeof(head));
    printf("%u %u\n", (unsigned) head[0], (unsigned) head[1]);

    return 0;
}


int
main(void)
{
    char               line[65536];
    size_t             len;
    unsigned char     *data;
    auth_token_addr_t  addr;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        data = (unsigned char *) line + 2;
        len = hex_decode(line + 2, data);

        switch (line[0]) {

        case 'p':
            cidr_diff_parse(data, len);
            continue;

        case 's':
            if (cidr_diff_compile(data, len) != 0) {
                return 1;
            }

            continue;

        case '4':
            addr = auth_token_addr_v4(data);
            break;

        case '6':
            addr = auth_token_addr_v6(data);
            break;

        default:
            return 1;
        }

        printf("%d\n", auth_token_cidr_match(blob.bytes, blob_size, &addr));
    }

    return 0;
}
