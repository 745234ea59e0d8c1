/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Base64url without padding, decoded strictly.
 */


#include <stdint.h>

#include "auth_token_base64url.h"


static int auth_token_base64url_value(unsigned char c);


int
auth_token_base64url_decode(auth_token_str_t text, auth_token_buf_t *out)
{
    int       value;
    size_t    i;
    unsigned  bits;
    uint32_t  word;

    word = 0;
    bits = 0;

    for (i = 0; i < text.len; i++) {
        value = auth_token_base64url_value(text.data[i]);

        if (value == -1) {
            return -1;
        }

        word = (word << 6 | (uint32_t) value) & 0xffff;
        bits += 6;

        if (bits >= 8) {
            bits -= 8;

            if (auth_token_buf_addc(out, (word >> bits) & 0xff) != 0) {
                return -1;
            }
        }
    }

    /* six are left over where the last character stands alone */

    if (bits == 6 || (word & ((1u << bits) - 1)) != 0) {
        return -1;
    }

    return 0;
}


static int
auth_token_base64url_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    return c == '-' ? 62 : c == '_' ? 63 : -1;
}
