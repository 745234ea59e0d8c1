/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * CIDR text.  What is taken is a network, and reads the same once more when
 * it is written out.
 */


#include <arpa/inet.h>

#include "auth_token_cidr_text.h"
#include "fuzz.h"


static int
prefix_of(const auth_token_range_t *r)
{
    int       i, n;
    uint64_t  host;

    n = 0;

    for (i = 0; i < 2; i++) {
        host = r->lo[i] ^ r->hi[i];

        /* ones at the low end only, and none set in the network */

        must((host & (host + 1)) == 0);
        must((r->lo[i] & host) == 0);

        n += host == 0 ? 64 : __builtin_clzll(host);
    }

    must(r->lo[0] == r->hi[0] || (r->lo[1] == 0 && r->hi[1] == UINT64_MAX));

    return n;
}


static void
check_again(const auth_token_range_t *r)
{
    int                 i, prefix;
    char                text[INET6_ADDRSTRLEN], whole[INET6_ADDRSTRLEN + 8];
    uint8_t             bytes[16];
    auth_token_range_t  again;

    prefix = prefix_of(r);

    for (i = 0; i < 16; i++) {
        bytes[i] = (uint8_t) (r->lo[i / 8] >> (56 - i % 8 * 8));
    }

    if (r->family == 4) {
        must(r->lo[0] == 0 && r->hi[0] == 0 && r->hi[1] <= UINT32_MAX);
        must(prefix >= 96);

        prefix -= 96;
        inet_ntop(AF_INET, bytes + 12, text, sizeof(text));

    } else {
        must(r->family == 6);

        /* a network without host bits under ::ffff:0:0/96 reads as IPv4 */

        inet_ntop(AF_INET6, bytes, text, sizeof(text));
    }

    snprintf(whole, sizeof(whole), "%s/%d", text, prefix);

    must(auth_token_cidr_parse((unsigned char *) whole, strlen(whole), &again)
         == 0);
    must(again.family == r->family);
    must(memcmp(again.lo, r->lo, sizeof(again.lo)) == 0);
    must(memcmp(again.hi, r->hi, sizeof(again.hi)) == 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auth_token_range_t  range;

    memset(&range, 0, sizeof(range));

    if (auth_token_cidr_parse(data, size, &range) == 0) {
        check_again(&range);
    }

    return 0;
}
