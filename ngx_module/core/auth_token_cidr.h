/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Sets of address ranges compiled to a relocatable blob.  Records carry such
 * blobs through shared memory, and match client addresses against them.
 */


#ifndef _AUTH_TOKEN_CIDR_H_INCLUDED_
#define _AUTH_TOKEN_CIDR_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_cidr_text.h"


/* more than any answer can hold; keeps every size within 32 bits */
#define AUTH_TOKEN_CIDR_MAX_RANGES  0x1000000


/* size in bytes of a blob with n4 IPv4 and n6 IPv6 ranges */
size_t auth_token_cidr_set_size(uint32_t n4, uint32_t n6);

/*
 * The most bytes auth_token_cidr_compile() can need for n ranges, or 0 if n
 * is over AUTH_TOKEN_CIDR_MAX_RANGES.
 */
size_t auth_token_cidr_compiled_max(size_t n);

/*
 * Sorts and merges the ranges in place and writes the set to blob, which is
 * 8-byte aligned.  Returns its size, or 0 if it does not fit, n is too large
 * or a range is none.  n == 0 gives the set that matches nobody.
 */
size_t auth_token_cidr_compile(auth_token_range_t *ranges, size_t n,
    void *blob, size_t size);

/*
 * Returns 1 if the blob is a whole, aligned and sorted set of exactly size
 * bytes, else 0.  To be asked before the first match of a copied blob.
 */
int auth_token_cidr_valid(const void *blob, size_t size);

/*
 * Returns 1 if the set holds the address, else 0 (always 0 for family 0), or
 * -1 if size is not that of the set: deny then, whichever list it is.  Needs
 * an aligned blob; never reads beyond size.
 */
int auth_token_cidr_match(const void *blob, size_t size,
    const auth_token_addr_t *addr);


#endif /* _AUTH_TOKEN_CIDR_H_INCLUDED_ */
