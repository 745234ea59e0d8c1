/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A set that admits an address its list does not, or misses one of a "not in"
 * list; and a damaged blob that is read beyond its end.
 */


#include "../../ngx_module/core/auth_token_cidr.c"
#include "../../ngx_module/core/auth_token_cidr_text.c"

#include "guard.h"
#include "tap.h"


#define SET_MAX  64


/* aligned as a blob has to be */

static union {
    uint64_t  align;
    uint8_t   bytes[8 + SET_MAX * 32];
} blob;

static size_t  blob_size;


static auth_token_addr_t
addr_of(const char *text)
{
    uint8_t            bytes[16];
    auth_token_addr_t  none;

    if (inet_pton(AF_INET, text, bytes) == 1) {
        return auth_token_addr_v4(bytes);
    }

    if (inet_pton(AF_INET6, text, bytes) == 1) {
        return auth_token_addr_v6(bytes);
    }

    memset(&none, 0, sizeof(none));

    return none;
}


/* compiles a list of entries separated by blanks into "blob" */

static size_t
set_of(const char *list)
{
    size_t              n, len;
    auth_token_range_t  ranges[SET_MAX];

    n = 0;

    while (*list != '\0') {
        len = strcspn(list, " ");

        if (auth_token_cidr_parse((unsigned char *) list, len, &ranges[n++])
            != 0)
        {
            return 0;
        }

        list += len + (list[len] == ' ');
    }

    memset(blob.bytes, 0xa5, sizeof(blob.bytes));
    blob_size = auth_token_cidr_compile(ranges, n, blob.bytes,
                                        auth_token_cidr_compiled_max(n));

    return blob_size;
}


/* the set of a list has n4 and n6 ranges and is valid */

static void
is_set(const char *list, uint32_t n4, uint32_t n6)
{
    uint32_t  head[2];

    set_of(list);
    memcpy(head, blob.bytes, sizeof(head));

    ok(blob_size == auth_token_cidr_set_size(n4, n6)
       && head[0] == n4 && head[1] == n6
       && auth_token_cidr_valid(blob.bytes, blob_size),
       "\"%s\": %zu bytes, %u and %u ranges", list, blob_size,
       (unsigned) head[0], (unsigned) head[1]);
}


static void
matches(const char *text, int want)
{
    auth_token_addr_t  addr;

    addr = addr_of(text);

    ok(auth_token_cidr_match(blob.bytes, blob_size, &addr) == want,
       "    %s: %s", text, want ? "in" : "out");
}


static void
test_sizes(void)
{
    is_int((long long) auth_token_cidr_set_size(0, 0), 8, "no range");
    is_int((long long) auth_token_cidr_set_size(1, 0), 16, "an IPv4 range");
    is_int((long long) auth_token_cidr_set_size(0, 1), 40, "an IPv6 range");
    is_int((long long) auth_token_cidr_set_size(3, 2), 96, "both");

    is_int((long long) auth_token_cidr_compiled_max(0), 8, "most for none");
    is_int((long long) auth_token_cidr_compiled_max(3), 104, "most for 3");
    ok(auth_token_cidr_compiled_max(AUTH_TOKEN_CIDR_MAX_RANGES) != 0,
       "most for the largest list");
    is_int((long long)
           auth_token_cidr_compiled_max(AUTH_TOKEN_CIDR_MAX_RANGES + 1), 0,
           "a list too large");
    is_int((long long) auth_token_cidr_compiled_max(SIZE_MAX), 0,
           "an absurd list");
}


static void
test_merge(void)
{
    is_set("", 0, 0);
    is_set("10.0.0.0/8", 1, 0);
    is_set("::/0", 0, 1);

    is_set("10.0.0.0/8 10.0.0.0/8", 1, 0);
    is_set("10.0.0.0/8 10.1.0.0/16", 1, 0);
    is_set("10.1.0.0/16 10.0.0.0/8", 1, 0);
    is_set("10.0.0.0/8 10.0.0.0/16", 1, 0);
    is_set("10.0.0.0/16 10.0.0.0/8", 1, 0);
    is_set("10.0.0.0/9 10.128.0.0/9", 1, 0);
    is_set("192.0.2.1 192.0.2.2 192.0.2.3", 1, 0);
    is_set("192.0.2.1 192.0.2.3", 2, 0);
    is_set("192.0.2.3 192.0.2.1 192.0.2.2", 1, 0);
    is_set("0.0.0.0/1 128.0.0.0/1", 1, 0);
    is_set("0.0.0.0/0 255.255.255.255 0.0.0.0", 1, 0);
    is_set("255.255.255.255 0.0.0.0", 2, 0);

    is_set("2001:db8::/33 2001:db8:8000::/33", 0, 1);
    is_set("2001:db8::/65 2001:db8:0:0:8000::/65", 0, 1);
    is_set("2001:db8::/64 2001:db8:0:1::/64", 0, 1);
    is_set("2001:db8::/64 2001:db8:0:2::/64", 0, 2);
    is_set("::/1 8000::/1", 0, 1);
    is_set("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::", 0, 2);
    is_set("::/0 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, 1);

    /* the last IPv4 and the first IPv6 address are no neighbours */
    is_set("255.255.255.255 ::", 1, 1);
    is_set("::1:0:0 255.255.255.255", 1, 1);
    is_set("::/0 0.0.0.0/0", 1, 1);
    is_set("::ffff:10.0.0.0/105 10.128.0.0/9", 1, 0);
    is_set("2001:db8::1 10.0.0.1 2001:db8::3 10.0.0.3 10.0.0.5", 3, 2);
}


static void
test_match(void)
{
    set_of("");
    matches("192.0.2.1", 0);
    matches("2001:db8::1", 0);
    matches("::ffff:192.0.2.1", 0);
    matches("unix:", 0);

    set_of("123.123.123.100/24");
    matches("123.123.122.255", 0);
    matches("123.123.123.0", 1);
    matches("123.123.123.255", 1);
    matches("123.123.124.0", 0);
    matches("::ffff:123.123.123.7", 1);
    matches("::ffff:123.123.124.7", 0);
    matches("::123.123.123.7", 0);

    set_of("10.0.0.0/8 192.0.2.1 192.0.2.3 198.51.100.0/24 255.255.255.255");
    matches("0.0.0.0", 0);
    matches("9.255.255.255", 0);
    matches("10.0.0.0", 1);
    matches("10.255.255.255", 1);
    matches("11.0.0.0", 0);
    matches("192.0.2.0", 0);
    matches("192.0.2.1", 1);
    matches("192.0.2.2", 0);
    matches("192.0.2.3", 1);
    matches("192.0.2.4", 0);
    matches("198.51.99.255", 0);
    matches("198.51.100.128", 1);
    matches("198.51.101.0", 0);
    matches("255.255.255.254", 0);
    matches("255.255.255.255", 1);
    matches("::", 0);
    matches("unix:", 0);

    set_of("0.0.0.0/0");
    matches("0.0.0.0", 1);
    matches("255.255.255.255", 1);
    matches("::ffff:255.255.255.255", 1);
    matches("::1", 0);
    matches("unix:", 0);

    /* contains the mapped block as a number, yet no IPv4 client */

    set_of("::/0");
    matches("192.0.2.1", 0);
    matches("::ffff:192.0.2.1", 0);
    matches("::fffe:c000:201", 1);
    matches("::1:0:0:0", 1);
    matches("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1);
    matches("unix:", 0);

    set_of("2001:db8::/32 2001:db9::1 2001:dba::/65 fe80::/10");
    matches("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", 0);
    matches("2001:db8::", 1);
    matches("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 1);
    matches("2001:db9::", 0);
    matches("2001:db9::1", 1);
    matches("2001:db9::2", 0);
    matches("2001:db9:0:1::1", 0);
    matches("2001:dba::7fff:ffff:ffff:ffff", 1);
    matches("2001:dba::8000:0:0:0", 0);
    matches("fe80::1", 1);
    matches("fec0::", 0);
    matches("192.0.2.1", 0);

    set_of("192.0.2.0/24 2001:db8::/32");
    matches("192.0.2.9", 1);
    matches("2001:db8::9", 1);
    matches("192.0.3.9", 0);
    matches("2001:db9::9", 0);
}


/* sets of every size, entries in several orders: each end and its neighbours */

static void
test_every_size(void)
{
    size_t              n, i, k, order, size, bad;
    uint32_t            ip;
    auth_token_addr_t   a4, a6;
    auth_token_range_t  ranges[SET_MAX], *r;

    static const uint8_t  zero[16] = { 0x20 };

    bad = 0;

    for (n = 1; n <= SET_MAX / 2; n++) {
        for (order = 0; order < 3; order++) {

            /* 2 n single addresses, 4 apart, of two families */

            for (i = 0; i < n; i++) {
                k = (order == 0) ? i : (order == 1) ? n - 1 - i
                                                    : (i * 37 + 11) % n;
                r = &ranges[2 * i];
                memset(r, 0, 2 * sizeof(auth_token_range_t));

                r[0].family = 4;
                r[0].lo[1] = r[0].hi[1] = 0xfffffff0 - 4 * k;

                r[1].family = 6;
                r[1].lo[0] = r[1].hi[0] = 0x2000000000000000;
                r[1].lo[1] = r[1].hi[1] = 0xfffffff0 - 4 * k;
            }

            size = auth_token_cidr_compile(ranges, 2 * n, blob.bytes,
                                           sizeof(blob.bytes));

            /* the third order may name an address more than once */

            bad += !auth_token_cidr_valid(blob.bytes, size)
                   || (order < 2
                       && size != auth_token_cidr_set_size((uint32_t) n,
                                                           (uint32_t) n));

            for (ip = 0xfffffff8; order < 2 && ip > 0xfffffff0 - 4 * n - 4;
                 ip--)
            {
                a4 = auth_token_addr_v4(zero);
                a6 = auth_token_addr_v6(zero);

                for (i = 0; i < 4; i++) {
                    a4.bytes[i] = (uint8_t) (ip >> (24 - 8 * i));
                    a6.bytes[12 + i] = a4.bytes[i];
                }

                k = ip <= 0xfffffff0 && ip % 4 == 0
                    && ip > 0xfffffff0 - 4 * n;

                bad += auth_token_cidr_match(blob.bytes, size, &a4) != (int) k;
                bad += auth_token_cidr_match(blob.bytes, size, &a6) != (int) k;
            }
        }
    }

    is_int((long long) bad, 0, "sets of 1 to 32 ranges of each family");
}


static void
test_compile_refused(void)
{
    size_t              size;
    auth_token_range_t  ranges[2];

    auth_token_cidr_parse((unsigned char *) "192.0.2.1", 9, &ranges[0]);
    auth_token_cidr_parse((unsigned char *) "::1", 3, &ranges[1]);

    size = auth_token_cidr_set_size(1, 1);

    is_int((long long) auth_token_cidr_compile(ranges, 2, blob.bytes, size),
           (long long) size, "a blob of just the right size");
    is_int((long long) auth_token_cidr_compile(ranges, 2, blob.bytes,
                                               size - 1), 0, "one byte short");
    is_int((long long) auth_token_cidr_compile(ranges, 0, blob.bytes, 7), 0,
           "no place for the header");
    is_int((long long) auth_token_cidr_compile(NULL, 0, blob.bytes, 8), 8,
           "an empty set");
    is_int((long long) auth_token_cidr_compile(NULL,
                                               AUTH_TOKEN_CIDR_MAX_RANGES + 1,
                                               blob.bytes, SIZE_MAX), 0,
           "too many ranges");

    /* room is not what these lack */

    size = sizeof(blob.bytes);

    ranges[1].family = 0;
    is_int((long long) auth_token_cidr_compile(ranges, 2, blob.bytes, size),
           0, "a range of no family");
    ranges[1].family = 5;
    is_int((long long) auth_token_cidr_compile(ranges, 2, blob.bytes, size),
           0, "a range of another family");
}


/* sets the header of a blob of two IPv4 and two IPv6 ranges */

static void
reset(uint32_t n4, uint32_t n6)
{
    set_of("10.0.0.1 10.0.0.3 2001:db8::1 2001:db8::3");
    memcpy(blob.bytes, &n4, 4);
    memcpy(blob.bytes + 4, &n6, 4);
}


static void
test_valid(void)
{
    size_t              size;
    uint32_t           *r4;
    uint64_t           *r6;
    auth_token_addr_t   addr;

    r4 = (uint32_t *) (blob.bytes + 8);
    r6 = (uint64_t *) (blob.bytes + 24);

    reset(2, 2);
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 1, "whole");

    for (size = 0; size < blob_size; size++) {
        if (auth_token_cidr_valid(guard_copy(blob.bytes, size), size)
            || auth_token_cidr_valid(blob.bytes, size))
        {
            break;
        }
    }

    is_int((long long) size, (long long) blob_size, "every shorter size");
    is_int(auth_token_cidr_valid(blob.bytes, blob_size + 8), 0, "longer");

    memmove(blob.bytes + 1, blob.bytes, blob_size);
    is_int(auth_token_cidr_valid(blob.bytes + 1, blob_size), 0,
           "not aligned");

    reset(0xffffffff, 2);
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0, "absurd n4");
    reset(2, 0xffffffff);
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0, "absurd n6");
    reset(6, 1);
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0,
           "the counts of another set of that size");
    reset(3, 2);
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0, "n4 off by one");
    reset(2, 1);
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0, "n6 off by one");

    addr = addr_of("10.0.0.1");
    is_int(auth_token_cidr_match(blob.bytes, blob_size, &addr), -1,
           "a set of another size matches as an error");
    is_int(auth_token_cidr_match(blob.bytes, 7, &addr), -1,
           "as does one without a header");

    reset(2, 2);
    r4[0] = r4[1] + 1;
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0, "lo over hi");

    reset(2, 2);
    r4[2] = r4[1];
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0, "overlap");

    reset(2, 2);
    r4[0] = r4[1] = r4[3] + 1;
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0, "out of order");

    reset(2, 2);
    r6[0] = r6[2] + 1;
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0,
           "IPv6: lo over hi, high word");

    reset(2, 2);
    r6[1] = r6[3] + 1;
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0,
           "IPv6: lo over hi, low word");

    reset(2, 2);
    r6[5] = r6[3];
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0, "IPv6: overlap");

    reset(2, 2);
    r6[0] = r6[2] = r6[4] + 1;
    is_int(auth_token_cidr_valid(blob.bytes, blob_size), 0,
           "IPv6: out of order");
}


/*
 * Whatever stands in a blob, valid() and match() stay inside it; the blob ends
 * at an inaccessible page.
 */

static void
test_damage(void)
{
    int                 bad;
    size_t              bit, i;
    uint8_t            *copy;
    auth_token_addr_t   addrs[4];

    addrs[0] = addr_of("10.0.0.2");
    addrs[1] = addr_of("2001:db8::2");
    addrs[2] = addr_of("0.0.0.0");
    addrs[3] = addr_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

    set_of("10.0.0.1 10.0.0.3 2001:db8::1 2001:db8::3");

    bad = 0;

    for (bit = 0; bit < blob_size * 8; bit++) {
        copy = guard_copy(blob.bytes, blob_size);
        copy[bit / 8] ^= (uint8_t) (1 << bit % 8);

        /* a flipped count never fits the size */

        bad += (bit < 64 && auth_token_cidr_valid(copy, blob_size));

        for (i = 0; i < 4; i++) {
            bad += (auth_token_cidr_match(copy, blob_size, &addrs[i]) == -1)
                   != (bit < 64);
        }
    }

    is_int(bad, 0, "every flipped bit");
}


int
main(void)
{
    test_sizes();
    test_merge();
    test_match();
    test_every_size();
    test_compile_refused();
    test_valid();
    test_damage();

    return done();
}
