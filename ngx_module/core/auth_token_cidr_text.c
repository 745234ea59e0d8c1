/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * CIDR text to ranges.  nginx's own ngx_ptocidr() and inet_aton() accept forms
 * that widen a list ("/0" after empty octets, octal), so neither is used.
 */


#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include "auth_token_cidr_text.h"


#define AUTH_TOKEN_CIDR_TEXT_SIZE    46     /* INET6_ADDRSTRLEN, with its NUL */
#define AUTH_TOKEN_CIDR_TEXT_MAPPED  96     /* bits of ::ffff:0:0/96 */


static int auth_token_cidr_text_address(const unsigned char *text, size_t len,
    auth_token_addr_t *addr);
static int auth_token_cidr_text_prefix(const unsigned char *text, size_t len);
static void auth_token_cidr_text_mask(const auth_token_addr_t *addr,
    int prefix, auth_token_range_t *range);


static const uint8_t  auth_token_cidr_text_mapped[12] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};


auth_token_addr_t
auth_token_addr_v4(const uint8_t *bytes)
{
    auth_token_addr_t  addr;

    memset(&addr, 0, sizeof(auth_token_addr_t));

    addr.family = 4;
    memcpy(addr.bytes, bytes, 4);

    return addr;
}


auth_token_addr_t
auth_token_addr_v6(const uint8_t *bytes)
{
    auth_token_addr_t  addr;

    if (memcmp(bytes, auth_token_cidr_text_mapped, 12) == 0) {
        return auth_token_addr_v4(bytes + 12);
    }

    addr.family = 6;
    memcpy(addr.bytes, bytes, 16);

    return addr;
}


int
auth_token_cidr_parse(const unsigned char *text, size_t len,
    auth_token_range_t *range)
{
    int                bits, prefix;
    size_t             n;
    auth_token_addr_t  addr;

    for (n = 0; n < len && text[n] != '/'; n++) { /* void */ }

    bits = auth_token_cidr_text_address(text, n, &addr);

    if (bits == -1) {
        return -1;
    }

    prefix = bits;

    if (n < len) {
        prefix = auth_token_cidr_text_prefix(text + n + 1, len - n - 1);

        if (prefix < 0 || prefix > bits) {
            return -1;
        }
    }

    /* what was written as a mapped address counts its prefix from 128 */

    if (addr.family == 4 && bits == 128) {
        prefix -= AUTH_TOKEN_CIDR_TEXT_MAPPED;

        if (prefix < 0) {
            return -1;
        }
    }

    auth_token_cidr_text_mask(&addr, prefix, range);

    return 0;
}


/* returns the bits of the address as it was written, or -1 */

static int
auth_token_cidr_text_address(const unsigned char *text, size_t len,
    auth_token_addr_t *addr)
{
    char     buf[AUTH_TOKEN_CIDR_TEXT_SIZE];
    uint8_t  bytes[16];

    /* inet_pton() would take what stands before a NUL for the whole */

    if (len == 0 || len >= sizeof(buf) || memchr(text, '\0', len) != NULL) {
        return -1;
    }

    memcpy(buf, text, len);
    buf[len] = '\0';

    if (inet_pton(AF_INET, buf, bytes) == 1) {
        *addr = auth_token_addr_v4(bytes);
        return 32;
    }

    if (inet_pton(AF_INET6, buf, bytes) == 1) {
        *addr = auth_token_addr_v6(bytes);
        return 128;
    }

    return -1;
}


static int
auth_token_cidr_text_prefix(const unsigned char *text, size_t len)
{
    int     prefix;
    size_t  i;

    if (len == 0 || len > 3 || (len > 1 && text[0] == '0')) {
        return -1;
    }

    prefix = 0;

    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }

        prefix = prefix * 10 + (text[i] - '0');
    }

    return prefix;
}


static void
auth_token_cidr_text_mask(const auth_token_addr_t *addr, int prefix,
    auth_token_range_t *range)
{
    int       i, bits;
    uint64_t  host;

    if (addr->family == 4) {
        range->lo[0] = 0;
        range->lo[1] = auth_token_cidr_load(addr->bytes, 4);
        prefix += 96;

    } else {
        range->lo[0] = auth_token_cidr_load(addr->bytes, 8);
        range->lo[1] = auth_token_cidr_load(addr->bytes + 8, 8);
    }

    range->family = addr->family;

    for (i = 0; i < 2; i++) {

        /* network bits in this word; a shift by 64 is undefined */

        bits = prefix - i * 64;

        if (bits <= 0) {
            host = UINT64_MAX;

        } else if (bits < 64) {
            host = UINT64_MAX >> bits;

        } else {
            host = 0;
        }

        range->hi[i] = range->lo[i] | host;
        range->lo[i] &= ~host;
    }
}
