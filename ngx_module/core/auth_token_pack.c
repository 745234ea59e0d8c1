/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A packed document is a row of operations, each one byte and what follows:
 * a word of the dictionary, a run of bytes, a run of hex digits, a date and
 * time, a length as documents have them.  Unpacking is on the path of every
 * request: it copies fixed amounts and lets the next operation overwrite what
 * was too much.
 */


#include <stdint.h>
#include <string.h>

#include "auth_token_pack.h"


/* up to 0x7f: that word of the dictionary */

/* plus the length less 1; then the bytes */
#define AUTH_TOKEN_PACK_BYTES      0x80
#define AUTH_TOKEN_PACK_BYTES_MAX  64

/* plus the number of eights of digits less 1; then four bytes for each */
#define AUTH_TOKEN_PACK_HEX        0xc0
#define AUTH_TOKEN_PACK_HEX_MAX    32
#define AUTH_TOKEN_PACK_HEX_UNIT   8

/* seven bytes of two digits: 2018-07-01T05:20:00Z */
#define AUTH_TOKEN_PACK_TIME       0xe0
#define AUTH_TOKEN_PACK_TIME_LEN   20

/* the two low bytes of four, low byte first */
#define AUTH_TOKEN_PACK_LENGTH     0xe1

#define AUTH_TOKEN_PACK_WORD       47


typedef struct {
    unsigned char  len;
    char           text[AUTH_TOKEN_PACK_WORD];
} auth_token_pack_word_t;


static size_t auth_token_pack_op(const unsigned char *data, size_t len,
    unsigned *op);
static size_t auth_token_pack_find(const unsigned char *data, size_t len,
    unsigned *op);
static size_t auth_token_pack_digits(const unsigned char *data, size_t len);
static int auth_token_pack_is_time(const unsigned char *data, size_t len);
static size_t auth_token_pack_size(unsigned op);
static void auth_token_pack_put(unsigned op, const unsigned char *data,
    unsigned char *out);
static unsigned auth_token_pack_nibble(unsigned char c);
static unsigned auth_token_pack_pair(const unsigned char *digits);
static void auth_token_unpack_bytes(const unsigned char *data, size_t rest,
    size_t n, unsigned char *out);
static void auth_token_unpack_hex(const unsigned char *data, size_t n,
    unsigned char *out);
static void auth_token_unpack_time(const unsigned char *data,
    unsigned char *out);


/*
 * Words as they stand in documents: a string begins with 0x80 and its length,
 * a list with 0x30, an object with 0x31, a number of four bytes with 0x14.
 * Sorted by the first byte; where one begins another, the longer one is first.
 * The numbers of the words are part of the zone's layout.
 */

#define auth_token_pack_word(text)  { sizeof(text) - 1, text }

static const auth_token_pack_word_t  auth_token_pack_words[] = {
    auth_token_pack_word(" Read"),
    auth_token_pack_word(" Write"),
    auth_token_pack_word(".com"),
    auth_token_pack_word("com.cloudflare.api.account."),
    auth_token_pack_word("com.cloudflare.api."),
    auth_token_pack_word("com.cloudflare.edge.r2.bucket."),
    auth_token_pack_word("https://"),
    auth_token_pack_word("\x81*"),
    auth_token_pack_word("\x82id\xa0"),
    auth_token_pack_word("\x82id"),
    auth_token_pack_word("\x83" "acr"),
    auth_token_pack_word("\x83" "aud"),
    auth_token_pack_word("\x83" "exp\x14"),
    auth_token_pack_word("\x83iat\x14"),
    auth_token_pack_word("\x83iss"),
    auth_token_pack_word("\x83jti"),
    auth_token_pack_word("\x83nbf\x14"),
    auth_token_pack_word("\x83sub"),
    auth_token_pack_word("\x84meta\x31"),
    auth_token_pack_word("\x84name"),
    auth_token_pack_word("\x85" "email"),
    auth_token_pack_word("\x85scope\x30"),
    auth_token_pack_word("\x85scope"),
    auth_token_pack_word("\x86" "active\x03"),
    auth_token_pack_word("\x86" "effect\x84" "deny"),
    auth_token_pack_word("\x86" "effect\x85" "allow"),
    auth_token_pack_word("\x86status\x86" "active"),
    auth_token_pack_word("\x86status"),
    auth_token_pack_word("\x88policies\x30"),
    auth_token_pack_word("\x88username"),
    auth_token_pack_word("\x89" "auth_time\x14"),
    auth_token_pack_word("\x89" "client_id"),
    auth_token_pack_word("\x89issued_on\x94"),
    auth_token_pack_word("\x89resources\x31"),
    auth_token_pack_word("\x8atoken_type\x86" "Bearer"),
    auth_token_pack_word("\x8atoken_type"),
    auth_token_pack_word("\x8bmodified_on\x94"),
    auth_token_pack_word("\x8clast_used_on\x94"),
    auth_token_pack_word("\x91permission_groups\x30"),
    auth_token_pack_word("\xb8" "com.cloudflare.api.user."),
    auth_token_pack_word("\xbb" "com.cloudflare.api.account."),
    auth_token_pack_word("\xc0" "com.cloudflare.api.account.zone.")
};

/* where the words that begin with a byte begin, from 1; 0: there are none */

static const unsigned char  auth_token_pack_first[256] = {
    [' '] = 1, ['.'] = 3, ['c'] = 4, ['h'] = 7, [0x81] = 8, [0x82] = 9,
    [0x83] = 11, [0x84] = 19, [0x85] = 21, [0x86] = 24, [0x88] = 29,
    [0x89] = 31, [0x8a] = 35, [0x8b] = 37, [0x8c] = 38, [0x91] = 39,
    [0xb8] = 40, [0xbb] = 41, [0xc0] = 42
};

#define AUTH_TOKEN_PACK_WORDS                                                 \
    (sizeof(auth_token_pack_words) / sizeof(auth_token_pack_words[0]))


size_t
auth_token_pack(const unsigned char *data, size_t len, unsigned char *out,
    size_t size)
{
    size_t                n, run;
    unsigned              op;
    unsigned char        *start;
    const unsigned char  *last;

    start = out;
    last = data + len;
    run = 0;

    for ( ;; ) {
        n = auth_token_pack_op(data, (size_t) (last - data), &op);

        if (n == 0 && data < last && run < AUTH_TOKEN_PACK_BYTES_MAX) {
            data++;
            run++;
            continue;
        }

        if (run != 0) {

            if (size < 1 + run) {
                return 0;
            }

            *out = (unsigned char) (AUTH_TOKEN_PACK_BYTES + run - 1);
            memcpy(out + 1, data - run, run);

            out += 1 + run;
            size -= 1 + run;
            run = 0;
        }

        if (data == last) {
            return (size_t) (out - start);
        }

        if (n == 0) {
            continue;
        }

        if (size < auth_token_pack_size(op)) {
            return 0;
        }

        auth_token_pack_put(op, data, out);

        out += auth_token_pack_size(op);
        size -= auth_token_pack_size(op);
        data += n;
    }
}


/* the operation for the bytes at the start, and how many; 0: none but a run */

static size_t
auth_token_pack_op(const unsigned char *data, size_t len, unsigned *op)
{
    size_t  n;

    n = auth_token_pack_find(data, len, op);

    if (n != 0) {
        return n;
    }

    if (auth_token_pack_is_time(data, len)) {
        *op = AUTH_TOKEN_PACK_TIME;
        return AUTH_TOKEN_PACK_TIME_LEN;
    }

    n = auth_token_pack_digits(data, len) / AUTH_TOKEN_PACK_HEX_UNIT;

    if (n != 0) {
        *op = AUTH_TOKEN_PACK_HEX + (unsigned) n - 1;
        return n * AUTH_TOKEN_PACK_HEX_UNIT;
    }

    if (len >= 4 && data[2] == 0 && data[3] == 0) {
        *op = AUTH_TOKEN_PACK_LENGTH;
        return 4;
    }

    return 0;
}


static size_t
auth_token_pack_find(const unsigned char *data, size_t len, unsigned *op)
{
    unsigned                       i;
    const auth_token_pack_word_t  *word;

    i = len ? auth_token_pack_first[data[0]] : 0;

    for ( /* void */ ; i != 0 && i <= AUTH_TOKEN_PACK_WORDS; i++) {
        word = &auth_token_pack_words[i - 1];

        if ((unsigned char) word->text[0] != data[0]) {
            break;
        }

        if (word->len <= len && memcmp(word->text, data, word->len) == 0) {
            *op = i - 1;
            return word->len;
        }
    }

    return 0;
}


static size_t
auth_token_pack_digits(const unsigned char *data, size_t len)
{
    size_t  n;

    for (n = 0;
         n < len && n < AUTH_TOKEN_PACK_HEX_MAX * AUTH_TOKEN_PACK_HEX_UNIT
         && auth_token_pack_nibble(data[n]) < 16;
         n++) { /* void */ }

    return n;
}


static int
auth_token_pack_is_time(const unsigned char *data, size_t len)
{
    size_t  i;

    static const char  form[] = "dddd-dd-ddTdd:dd:ddZ";

    if (len < AUTH_TOKEN_PACK_TIME_LEN) {
        return 0;
    }

    for (i = 0; i < AUTH_TOKEN_PACK_TIME_LEN; i++) {
        if (form[i] == 'd' ? data[i] < '0' || data[i] > '9'
                           : data[i] != (unsigned char) form[i])
        {
            return 0;
        }
    }

    return 1;
}


/* bytes of an operation that is not a run */

static size_t
auth_token_pack_size(unsigned op)
{
    if (op == AUTH_TOKEN_PACK_TIME) {
        return 8;
    }

    if (op == AUTH_TOKEN_PACK_LENGTH) {
        return 3;
    }

    if (op >= AUTH_TOKEN_PACK_HEX) {
        return 1 + (op - AUTH_TOKEN_PACK_HEX + 1)
                   * AUTH_TOKEN_PACK_HEX_UNIT / 2;
    }

    return 1;
}


static void
auth_token_pack_put(unsigned op, const unsigned char *data,
    unsigned char *out)
{
    size_t  i, n;

    static const unsigned char  pairs[] = { 0, 2, 5, 8, 11, 14, 17 };

    *out++ = (unsigned char) op;

    if (op == AUTH_TOKEN_PACK_TIME) {
        for (i = 0; i < sizeof(pairs); i++) {
            out[i] = (unsigned char) auth_token_pack_pair(data + pairs[i]);
        }

    } else if (op == AUTH_TOKEN_PACK_LENGTH) {
        out[0] = data[0];
        out[1] = data[1];

    } else if (op >= AUTH_TOKEN_PACK_HEX) {
        n = auth_token_pack_size(op) - 1;

        for (i = 0; i < n; i++) {
            out[i] = (unsigned char) auth_token_pack_pair(data + i * 2);
        }
    }
}


/* the value of a hex digit, or 16 */

static unsigned
auth_token_pack_nibble(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned) (c - '0');
    }

    return (c >= 'a' && c <= 'f') ? (unsigned) (c - 'a' + 10) : 16;
}


static unsigned
auth_token_pack_pair(const unsigned char *digits)
{
    return auth_token_pack_nibble(digits[0]) << 4
           | auth_token_pack_nibble(digits[1]);
}


int
auth_token_unpack(const unsigned char *data, size_t len, unsigned char *out,
    size_t size)
{
    size_t                n, rest;
    unsigned              op;
    const unsigned char  *last;

    last = data + len;

    while (data < last) {
        op = *data++;
        rest = (size_t) (last - data);

        if (op < AUTH_TOKEN_PACK_WORDS) {
            n = auth_token_pack_words[op].len;

            if (n > size) {
                return -1;
            }

            memcpy(out, auth_token_pack_words[op].text, AUTH_TOKEN_PACK_WORD);

        } else if (op >= AUTH_TOKEN_PACK_BYTES && op < AUTH_TOKEN_PACK_HEX) {
            n = op - AUTH_TOKEN_PACK_BYTES + 1;

            if (n > size || n > rest) {
                return -1;
            }

            auth_token_unpack_bytes(data, rest, n, out);
            data += n;

        } else if (op >= AUTH_TOKEN_PACK_HEX && op < AUTH_TOKEN_PACK_TIME) {
            n = (op - AUTH_TOKEN_PACK_HEX + 1) * AUTH_TOKEN_PACK_HEX_UNIT;

            if (n > size || n / 2 > rest) {
                return -1;
            }

            auth_token_unpack_hex(data, n / 2, out);
            data += n / 2;

        } else if (op == AUTH_TOKEN_PACK_TIME) {
            n = AUTH_TOKEN_PACK_TIME_LEN;

            if (n > size || rest < 7) {
                return -1;
            }

            auth_token_unpack_time(data, out);
            data += 7;

        } else if (op == AUTH_TOKEN_PACK_LENGTH) {
            n = 4;

            if (n > size || rest < 2) {
                return -1;
            }

            out[0] = data[0];
            out[1] = data[1];
            out[2] = 0;
            out[3] = 0;
            data += 2;

        } else {
            return -1;
        }

        out += n;
        size -= n;
    }

    return (size == 0) ? 0 : -1;
}


/* short runs are the rule: a copy of fixed length where the input has it */

static void
auth_token_unpack_bytes(const unsigned char *data, size_t rest, size_t n,
    unsigned char *out)
{
    if (n <= 16 && rest >= 16) {
        memcpy(out, data, 16);

    } else {
        memcpy(out, data, n);
    }
}


/* four bytes at a time: the nibbles are spread over eight and made digits */

static void
auth_token_unpack_hex(const unsigned char *data, size_t n, unsigned char *out)
{
    size_t    i;
    uint64_t  x;

    for (i = 0; i < n; i += 4) {
        x = (uint64_t) data[i] | (uint64_t) data[i + 1] << 8
            | (uint64_t) data[i + 2] << 16 | (uint64_t) data[i + 3] << 24;

        x = (x | x << 16) & 0x0000ffff0000ffff;
        x = (x | x << 8) & 0x00ff00ff00ff00ff;
        x = (x >> 4 & 0x000f000f000f000f) | (x & 0x000f000f000f000f) << 8;

        /* from 10 on, "a" is 39 behind where the digits would go on */

        x += 0x3030303030303030
             + ((x + 0x0606060606060606) >> 4 & 0x0101010101010101) * 39;

        /* written out: compilers make one store of it */

        out[i * 2] = (unsigned char) x;
        out[i * 2 + 1] = (unsigned char) (x >> 8);
        out[i * 2 + 2] = (unsigned char) (x >> 16);
        out[i * 2 + 3] = (unsigned char) (x >> 24);
        out[i * 2 + 4] = (unsigned char) (x >> 32);
        out[i * 2 + 5] = (unsigned char) (x >> 40);
        out[i * 2 + 6] = (unsigned char) (x >> 48);
        out[i * 2 + 7] = (unsigned char) (x >> 56);
    }
}


static void
auth_token_unpack_time(const unsigned char *data, unsigned char *out)
{
    size_t  i;

    static const unsigned char  pairs[] = { 0, 2, 5, 8, 11, 14, 17 };

    memcpy(out, "0000-00-00T00:00:00Z", AUTH_TOKEN_PACK_TIME_LEN);

    for (i = 0; i < sizeof(pairs); i++) {
        out[pairs[i]] = (unsigned char) ('0' + (data[i] >> 4));
        out[pairs[i] + 1] = (unsigned char) ('0' + (data[i] & 15));
    }
}
