/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A set of ranges against a plain walk over the same ranges, and sets that
 * were damaged.  An input is 32 bytes of addresses to ask for, then ranges of
 * 17 bytes each; or, by its first byte, a blob as it is.
 */


#include "auth_token_cidr.h"
#include "fuzz.h"


#define RANGES  24
#define BLOB    8192


static auth_token_addr_t
addr_of(const uint8_t *data, int family)
{
    auth_token_addr_t  addr;

    if (family == 4) {
        return auth_token_addr_v4(data);
    }

    if (family == 6) {
        return auth_token_addr_v6(data);
    }

    memset(&addr, 0, sizeof(addr));

    return addr;
}


static int
plain(const auth_token_range_t *r, size_t n, const auth_token_addr_t *addr)
{
    size_t    i;
    uint64_t  hi, lo;

    hi = addr->family == 6 ? auth_token_cidr_load(addr->bytes, 8) : 0;
    lo = addr->family == 6 ? auth_token_cidr_load(addr->bytes + 8, 8)
                           : auth_token_cidr_load(addr->bytes, 4);

    for (i = 0; i < n; i++) {
        if (r[i].family == addr->family
            && (hi > r[i].lo[0] || (hi == r[i].lo[0] && lo >= r[i].lo[1]))
            && (hi < r[i].hi[0] || (hi == r[i].hi[0] && lo <= r[i].hi[1])))
        {
            return 1;
        }
    }

    return 0;
}


/* a network as auth_token_cidr_parse() makes them, of 17 bytes */

static void
range_of(const uint8_t *data, auth_token_range_t *r)
{
    int       i, bits, prefix;
    uint64_t  host;

    memset(r, 0, sizeof(*r));

    r->family = (data[0] & 0x80) ? 6 : 4;
    prefix = (data[0] & 0x7f) + 1;

    if (r->family == 4) {
        r->lo[1] = auth_token_cidr_load(data + 1, 4);
        prefix = 96 + prefix % 33;

    } else {
        r->lo[0] = auth_token_cidr_load(data + 1, 8);
        r->lo[1] = auth_token_cidr_load(data + 9, 8);
    }

    for (i = 0; i < 2; i++) {
        bits = prefix - i * 64;
        host = bits <= 0 ? UINT64_MAX : bits < 64 ? UINT64_MAX >> bits : 0;
        r->hi[i] = r->lo[i] | host;
        r->lo[i] &= ~host;
    }
}


static void
check_ranges(const uint8_t *data, size_t size)
{
    int                  f;
    size_t               i, j, n, len;
    uint8_t              around[16];
    uint64_t            *blob;
    auth_token_addr_t    addr;
    auth_token_range_t   ranges[RANGES], sorted[RANGES];

    if (size < 32) {
        return;
    }

    n = (size - 32) / 17;
    n = n < RANGES ? n : RANGES;

    for (i = 0; i < n; i++) {
        range_of(data + 32 + i * 17, &ranges[i]);
    }

    memcpy(sorted, ranges, n * sizeof(ranges[0]));

    blob = malloc(auth_token_cidr_compiled_max(n));
    must(blob != NULL);

    len = auth_token_cidr_compile(sorted, n, blob,
                                  auth_token_cidr_compiled_max(n));

    must(len != 0 && auth_token_cidr_valid(blob, len));

    for (f = 0; f <= 6; f += 2) {
        for (i = 0; i < 32; i += 16) {
            addr = addr_of(data + i, f);
            must(auth_token_cidr_match(blob, len, &addr)
                 == plain(ranges, n, &addr));
        }
    }

    /* the borders of each range, and what is next to them */

    for (i = 0; i < n; i++) {
        for (j = 0; j < 6; j++) {
            uint64_t  w[2];
            size_t    k;

            memcpy(w, j < 3 ? ranges[i].lo : ranges[i].hi, sizeof(w));
            w[1] += j % 3 - 1;

            for (k = 0; k < 16; k++) {
                around[k] = (uint8_t) (w[k / 8] >> (56 - k % 8 * 8));
            }

            addr = ranges[i].family == 4 ? addr_of(around + 12, 4)
                                         : addr_of(around, 6);
            must(auth_token_cidr_match(blob, len, &addr)
                 == plain(ranges, n, &addr));
        }
    }

    free(blob);
}


static void
check_blob(const uint8_t *data, size_t size)
{
    int                f, rc, valid;
    void              *blob;
    auth_token_addr_t  addr;

    if (size < 16 || size > BLOB) {
        return;
    }

    /* its own allocation, for the alignment and the end */

    blob = malloc(size - 16 + (size == 16));
    must(blob != NULL);
    memcpy(blob, data + 16, size - 16);

    valid = auth_token_cidr_valid(blob, size - 16);

    for (f = 0; f <= 6; f += 2) {
        addr = addr_of(data, f);
        rc = auth_token_cidr_match(blob, size - 16, &addr);
        must(rc >= -1 && rc <= 1 && !(valid && rc == -1));
    }

    free(blob);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int  how;

    how = fuzz_byte(&data, &size);

    if (how & 1) {
        check_blob(data, size);

    } else {
        check_ranges(data, size);
    }

    return 0;
}
