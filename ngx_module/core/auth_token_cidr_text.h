/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Client addresses, and CIDR text to ranges.  IPv4-mapped IPv6 is IPv4 on both
 * sides.  The sets that ranges are compiled to are in auth_token_cidr.h.
 */


#ifndef _AUTH_TOKEN_CIDR_TEXT_H_INCLUDED_
#define _AUTH_TOKEN_CIDR_TEXT_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


typedef struct {
    uint8_t   family;        /* 4, 6, or 0: no address (unix socket) */
    uint8_t   bytes[16];     /* network order, the first 4 if family is 4 */
} auth_token_addr_t;


typedef struct {
    uint64_t  lo[2];         /* high word first; lo[0] is 0 for IPv4 */
    uint64_t  hi[2];         /* inclusive */
    uint32_t  family;        /* 4 or 6 */
} auth_token_range_t;


/* an IPv4 address from its 4 bytes in network order */
auth_token_addr_t auth_token_addr_v4(const uint8_t *bytes);

/* an IPv6 address from its 16 bytes; ::ffff:0:0/96 becomes IPv4 */
auth_token_addr_t auth_token_addr_v6(const uint8_t *bytes);

/*
 * An address with an optional prefix length; host bits are masked.  Returns 0,
 * or -1 if it does not parse, a mapped prefix under /96 included.  No zone
 * ids, no blanks, no short or octal forms.
 */
int auth_token_cidr_parse(const unsigned char *text, size_t len,
    auth_token_range_t *range);


/* the number that n bytes in network order are, n at most 8 */
static inline uint64_t
auth_token_cidr_load(const uint8_t *p, size_t n)
{
    size_t    i;
    uint64_t  value;

    value = 0;

    for (i = 0; i < n; i++) {
        value = value << 8 | p[i];
    }

    return value;
}


#endif /* _AUTH_TOKEN_CIDR_TEXT_H_INCLUDED_ */
