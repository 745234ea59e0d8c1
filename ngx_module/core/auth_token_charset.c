/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Character classes.  The notation is a small part of that of regular
 * expressions; what would mean something else there is refused here.
 */


#include <string.h>

#include "auth_token_charset.h"


static int auth_token_charset_range(unsigned char lo, unsigned char hi);
static int auth_token_charset_single(unsigned char c, int edge);


int
auth_token_charset_init(auth_token_charset_t *set, const unsigned char *spec,
    size_t len)
{
    size_t                i;
    unsigned char         lo, hi;
    auth_token_charset_t  s;

    memset(&s, 0, sizeof(auth_token_charset_t));
    memset(set, 0, sizeof(auth_token_charset_t));

    if (len == 0) {
        return -1;
    }

    for (i = 0; i < len; i++) {
        lo = spec[i];
        hi = lo;

        if (len - i > 2 && spec[i + 1] == '-') {
            hi = spec[i + 2];

            if (!auth_token_charset_range(lo, hi)) {
                return -1;
            }

            i += 2;

        } else if (!auth_token_charset_single(lo, i == 0 || i == len - 1)) {
            return -1;
        }

        do {
            s.bits[lo >> 5] |= (uint32_t) 1 << (lo & 31);
        } while (lo++ < hi);
    }

    *set = s;

    return 0;
}


int
auth_token_charset_span_ok(const auth_token_charset_t *set,
    const unsigned char *data, size_t len)
{
    size_t    i;
    uint32_t  in;

    in = 1;

    /* no way out early: without a branch it is faster for what is sent */

    for (i = 0; i < len; i++) {
        in &= set->bits[data[i] >> 5] >> (data[i] & 31);
    }

    return (int) in;
}


static int
auth_token_charset_range(unsigned char lo, unsigned char hi)
{
    if (lo > hi) {
        return 0;
    }

    /* "A-z" would quietly take the punctuation in between */

    return (lo >= '0' && hi <= '9')
           || (lo >= 'A' && hi <= 'Z')
           || (lo >= 'a' && hi <= 'z');
}


static int
auth_token_charset_single(unsigned char c, int edge)
{
    if (c == '-') {
        return edge;
    }

    return c > 0x20 && c < 0x7f && (c < '[' || c > '^');
}
