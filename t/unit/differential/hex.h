/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Hexadecimal lines: how the scripts hand over texts with any byte in them.
 */


#ifndef _HEX_H_INCLUDED_
#define _HEX_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>


static inline int
hex_digit(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    return -1;
}


/*
 * Decodes pairs of digits up to the first other character, which has to be a
 * blank or the end of the line; out may be text itself.  Returns the bytes.
 */

static inline size_t
hex_decode(const char *text, unsigned char *out)
{
    int     hi, lo;
    size_t  n;

    for (n = 0; hex_digit(text[2 * n]) != -1; n++) {
        hi = hex_digit(text[2 * n]);
        lo = hex_digit(text[2 * n + 1]);

        if (lo == -1) {
            break;
        }

        out[n] = (unsigned char) (hi << 4 | lo);
    }

    return n;
}


#endif /* _HEX_H_INCLUDED_ */
