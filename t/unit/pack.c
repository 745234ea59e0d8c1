/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What is packed must come out as it was, byte for byte, whatever it is; and
 * packed bytes that are damaged must neither be taken nor do damage.
 */


#include "../../ngx_module/core/auth_token_pack.c"

#include "guard.h"
#include "tap.h"


#define MAX  4096


/* the size of "data" when packed; -1 if it does not come out as it was */

static int
round_trip(const void *data, size_t len)
{
    size_t          n;
    unsigned char  *in;

    static unsigned char  packed[MAX * 2];
    static unsigned char  out[MAX + AUTH_TOKEN_PACK_SLACK];

    in = guard_copy(data, len);
    n = auth_token_pack(in, len, packed, sizeof(packed));

    if (n == 0 && len != 0) {
        return -1;
    }

    in = guard_copy(packed, n);

    memset(out, 0xee, sizeof(out));

    if (auth_token_unpack(in, n, out, len) != 0
        || memcmp(out, data, len) != 0)
    {
        return -1;
    }

    /* no more is written than the slack, and no other size is taken */

    if (out[len + AUTH_TOKEN_PACK_SLACK - 1] != 0xee
        || auth_token_unpack(in, n, out, len + 1) == 0
        || (len != 0 && auth_token_unpack(in, n, out, len - 1) == 0))
    {
        return -1;
    }

    return (int) n;
}


#define trip(text)  round_trip(text, sizeof(text) - 1)


static void
test_forms(void)
{
    unsigned  i;
    char      text[64];

    is_int(trip(""), 0, "nothing");
    is_int(trip("x"), 2, "a byte");
    is_int(trip("ed17574386854bf78a67040be0a770b0"), 17, "an id");
    is_int(trip("0123456789abcdef"), 9, "all digits");
    is_int(trip("00000000"), 5, "zeros");
    is_int(trip("ffffffff"), 5, "the largest");
    is_int(trip("1234567"), 8, "seven digits are a run of bytes");
    is_int(trip("12345678ABCDEF01"), 14, "capitals are none");
    is_int(trip("2018-07-01T05:20:00Z"), 8, "a time");
    is_int(trip("9999-99-99T99:99:99Z"), 8, "any digits");
    is_int(trip("2018-07-01T05:20:00z"), 21, "no time");
    is_int(trip("2018-07-01t05:20:00Z"), 21, "no time either");
    is_int(trip("2018-07-01T05:20:0aZ"), 21, "nor that");
    is_int(trip("2018-07-01T05:20:00"), 20, "nor a part");
    is_int(trip("\x86status\x86" "active"), 1, "a word");
    is_int(trip("\x86status\x86" "activ"), 8, "its beginning is another one");
    is_int(trip("\x86statu"), 7, "or none");
    is_int(trip("\x51\x01\x00\x00"), 3, "a length");
    is_int(trip("\x51\x01\x00"), 4, "a part of one");
    is_int(trip("\xff\xff\xff\xff"), 5, "what is no operation");

    for (i = 0; i < AUTH_TOKEN_PACK_WORDS; i++) {
        memcpy(text, auth_token_pack_words[i].text,
               auth_token_pack_words[i].len);

        if (round_trip(text, auth_token_pack_words[i].len) != 1) {
            break;
        }

        if (i != 0
            && (unsigned char) auth_token_pack_words[i - 1].text[0]
               > (unsigned char) auth_token_pack_words[i].text[0])
        {
            break;
        }
    }

    is_int(i, AUTH_TOKEN_PACK_WORDS, "every word is found, in its order");
    ok(AUTH_TOKEN_PACK_WORDS <= AUTH_TOKEN_PACK_BYTES, "there is room for all");
}


static void
test_runs(void)
{
    size_t  len;
    int     n;
    char    text[MAX];

    memset(text, 'x', sizeof(text));

    for (len = 0; len < 300; len++) {
        n = round_trip(text, len);

        if (n != (int) (len + (len + 63) / 64)) {
            break;
        }
    }

    is_int((long long) len, 300, "runs of bytes of any length");

    memset(text, 'a', sizeof(text));

    for (len = 0; len < 1000; len++) {
        if (round_trip(text, len) < 0) {
            break;
        }
    }

    is_int((long long) len, 1000, "runs of digits of any length");
    is_int(round_trip(text, 256), 129, "256 in one operation");
    is_int(round_trip(text, 264), 134, "more in two");
}


static void
test_room(void)
{
    size_t         n, size;
    unsigned char  out[256];

    static const char  text[] = "\x86status\x86" "active"
                                "ed17574386854bf78a67040be0a770b0"
                                "2018-07-01T05:20:00Z" "xyz\x01\x02\x00\x00";

    n = auth_token_pack((const unsigned char *) text, sizeof(text) - 1, out,
                        sizeof(out));

    is_int((long long) n, 1 + 17 + 8 + 4 + 3, "all kinds of operations");

    for (size = 0; size < n; size++) {
        memset(out, 0xee, sizeof(out));

        if (auth_token_pack((const unsigned char *) text, sizeof(text) - 1,
                            out, size)
            != 0
            || out[size] != 0xee)
        {
            break;
        }
    }

    is_int((long long) size, (long long) n, "too little room: none is left");
}


static unsigned
next_random(unsigned n)
{
    static uint64_t  seed = 1;

    seed = seed * 6364136223846793005u + 1442695040888963407u;

    return (unsigned) (seed >> 33) % n;
}


static void
test_random(void)
{
    int       i;
    size_t    len, n;
    unsigned  kind;
    char      text[MAX];

    for (i = 0; i < 20000; i++) {

        for (len = 0; len < 600 && next_random(30) != 0; len += n) {
            kind = next_random(6);

            if (kind == 0) {
                n = next_random(AUTH_TOKEN_PACK_WORDS);
                memcpy(text + len, auth_token_pack_words[n].text, 47);
                n = 1 + next_random(auth_token_pack_words[n].len);

            } else if (kind == 1) {
                memcpy(text + len, "2018-07-01T05:20:00Z", 20);
                n = 18 + next_random(3);

            } else {
                for (n = 0; n < 1 + next_random(40); n++) {
                    text[len + n] = (char)
                                    (kind == 2 ? "0123456789abcdef"
                                                 [next_random(16)]
                                     : kind == 3 ? 0
                                                 : (int) next_random(256));
                }
            }
        }

        if (round_trip(text, len) < 0) {
            break;
        }
    }

    is_int(i, 20000, "20,000 random documents come out as they were");
}


static void
test_damage(void)
{
    int             i, taken;
    size_t          len, n, j;
    unsigned char  *in, packed[MAX];

    static unsigned char  out[MAX + AUTH_TOKEN_PACK_SLACK];
    static const char     text[] = "\x82id\xa0"
                                   "ed17574386854bf78a67040be0a770b0"
                                   "\x89issued_on\x94" "2018-07-01T05:20:00Z"
                                   "\x88policies\x30\x51\x01\x00\x00"
                                   "something else";

    n = auth_token_pack((const unsigned char *) text, sizeof(text) - 1, packed,
                        sizeof(packed));

    for (j = 0; j < n; j++) {
        in = guard_copy(packed, j);

        if (auth_token_unpack(in, j, out, sizeof(text) - 1) == 0) {
            break;
        }
    }

    is_int((long long) j, (long long) n, "cut short at any place: not taken");

    for (taken = 0, i = 0; i < 200000; i++) {
        len = next_random(64);

        for (j = 0; j < len; j++) {
            packed[j] = (unsigned char) next_random(256);
        }

        n = next_random(200);
        in = guard_copy(packed, len);
        out[n + AUTH_TOKEN_PACK_SLACK] = 0xee;

        taken += (auth_token_unpack(in, len, out, n) == 0);

        if (out[n + AUTH_TOKEN_PACK_SLACK] != 0xee) {
            break;
        }
    }

    is_int(i, 200000, "200,000 random inputs write nowhere else");
    ok(taken < 20000, "and are hardly ever taken: %d", taken);

    in = guard_str("\x7f");
    is_int(auth_token_unpack(in, 1, out, 1), -1, "a word that is none");
    in = guard_str("\xe2\xe2\xe2");
    is_int(auth_token_unpack(in, 3, out, 3), -1, "an operation that is none");
}


int
main(void)
{
    test_forms();
    test_runs();
    test_room();
    test_random();
    test_damage();

    return done();
}
