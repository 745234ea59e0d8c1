/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * An entry of an address list read as a wider or another network than its
 * author wrote: octal, short forms, signs, zone ids, mapped addresses.
 */


#include "../../ngx_module/core/auth_token_cidr_text.c"

#include "guard.h"
#include "tap.h"


static void
is_range(const char *text, uint32_t family, uint64_t lo0, uint64_t lo1,
    uint64_t hi0, uint64_t hi1)
{
    int                 rc;
    auth_token_range_t  r;

    memset(&r, 0xa5, sizeof(r));
    rc = auth_token_cidr_parse(guard_str(text), strlen(text), &r);

    ok(rc == 0 && r.family == family && r.lo[0] == lo0 && r.lo[1] == lo1
       && r.hi[0] == hi0 && r.hi[1] == hi1, "%s", text);
}


static void
is_v4(const char *text, uint64_t lo, uint64_t hi)
{
    is_range(text, 4, 0, lo, 0, hi);
}


static void
is_refused(const void *text, size_t len, const char *name)
{
    auth_token_range_t  r;

    is_int(auth_token_cidr_parse(guard_copy(text, len), len, &r), -1, name);
}


static void
test_v4(void)
{
    is_v4("192.0.2.1", 0xc0000201, 0xc0000201);
    is_v4("192.0.2.1/32", 0xc0000201, 0xc0000201);
    is_v4("192.0.2.1/31", 0xc0000200, 0xc0000201);
    is_v4("192.0.2.0/24", 0xc0000200, 0xc00002ff);
    is_v4("123.123.123.100/24", 0x7b7b7b00, 0x7b7b7bff);
    is_v4("10.0.0.0/8", 0x0a000000, 0x0affffff);
    is_v4("255.255.255.255", 0xffffffff, 0xffffffff);
    is_v4("255.255.255.255/1", 0x80000000, 0xffffffff);
    is_v4("0.0.0.0/0", 0, 0xffffffff);
    is_v4("192.0.2.1/0", 0, 0xffffffff);
    is_v4("0.0.0.0", 0, 0);
}


static void
test_v6(void)
{
    is_range("2001:db8::1", 6, 0x20010db800000000, 1, 0x20010db800000000, 1);
    is_range("2001:DB8::1/128", 6, 0x20010db800000000, 1,
             0x20010db800000000, 1);
    is_range("2001:db8::1/127", 6, 0x20010db800000000, 0,
             0x20010db800000000, 1);
    is_range("2001:db8::1/65", 6, 0x20010db800000000, 0,
             0x20010db800000000, 0x7fffffffffffffff);
    is_range("2001:db8::1/64", 6, 0x20010db800000000, 0,
             0x20010db800000000, UINT64_MAX);
    is_range("2001:db8::1/63", 6, 0x20010db800000000, 0,
             0x20010db800000001, UINT64_MAX);
    is_range("2001:db8:ffff::/32", 6, 0x20010db800000000, 0,
             0x20010db8ffffffff, UINT64_MAX);
    is_range("::/0", 6, 0, 0, UINT64_MAX, UINT64_MAX);
    is_range("ff::/1", 6, 0, 0, 0x7fffffffffffffff, UINT64_MAX);
    is_range("::", 6, 0, 0, 0, 0);
    is_range("::192.0.2.1", 6, 0, 0xc0000201, 0, 0xc0000201);
    is_range("64:ff9b::192.0.2.1/96", 6, 0x0064ff9b00000000, 0,
             0x0064ff9b00000000, 0xffffffff);
    is_range("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", 6,
             UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
}


/* written as mapped: IPv4; a network that merely contains the block: IPv6 */

static void
test_mapped(void)
{
    is_v4("::ffff:192.0.2.1", 0xc0000201, 0xc0000201);
    is_v4("::ffff:c000:201", 0xc0000201, 0xc0000201);
    is_v4("0:0:0:0:0:FFFF:192.0.2.1/128", 0xc0000201, 0xc0000201);
    is_v4("::ffff:192.0.2.1/120", 0xc0000200, 0xc00002ff);
    is_v4("::ffff:10.0.0.0/104", 0x0a000000, 0x0affffff);
    is_v4("::ffff:0:0/96", 0, 0xffffffff);
    is_v4("::ffff:192.0.2.1/96", 0, 0xffffffff);

    is_refused("::ffff:192.0.2.1/95", 19, "mapped under /96");
    is_refused("::ffff:192.0.2.1/32", 19, "mapped with an IPv4 prefix");
    is_refused("::ffff:0:0/0", 12, "mapped with /0");

    is_range("::fffe:0:0/95", 6, 0, 0xfffe00000000, 0, 0xffffffffffff);
    is_range("::/80", 6, 0, 0, 0, 0xffffffffffff);
}


static void
test_refused(void)
{
    size_t  i;

    static const char  *texts[] = {
        "", "/", "/0", "/24", "x", "localhost", "*", "any", "all",

        /* what other parsers take for an address */
        "192.0.2", "192.0.2.", ".192.0.2.1", "192.0.2.1.", "192.0.2.1.5",
        "192.0..1", "192.0.2/24", "10/8", "0/0", "...", ".../0",
        "010.0.0.1", "192.0.2.01", "0x7f.0.0.1", "0x7f000001", "2130706433",
        "192.0.2.256", "192.0.2.-1", "192.0.2.+1", "192.0.2.1e1",
        "1234.0.2.1", "192.0.2.1:80", "192,0,2,1", "192.0.2.x",

        "2001:db8", "2001:db8:::1", "2001:db8::1::", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7", "12345::", "::g", ":", ":::", "[2001:db8::1]",
        "fe80::1%eth0", "fe80::1%1/64", "::192.0.2", "::192.0.2.256",
        "::192.0.2.01", "1:2:3:4:5:6:7:192.0.2.1", "::1/64/64",

        /* blanks */
        " 192.0.2.1", "192.0.2.1 ", "192.0.2.1 /24", "192.0.2.1/ 24",
        "192.0.2.1/24 ", "192.0.2.1/24\n", "192.0.2. 1", "\t::1",

        /* prefix lengths */
        "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/128", "192.0.2.1/024",
        "192.0.2.1/00", "192.0.2.1/-1", "192.0.2.1/+24", "192.0.2.1/2x",
        "192.0.2.1/x", "192.0.2.1/1e1", "192.0.2.1/0x18", "192.0.2.1//24",
        "192.0.2.1/24/", "192.0.2.1/24.", "192.0.2.1/4294967320",
        "192.0.2.1/255.255.255.0", "192.0.2.1\\24", "192.0.2.1-192.0.2.9",
        "::1/129", "::1/999", "::1/1000", "::1/", "::1/064", "::1/0000",
        "::1/ffff::",

        /* longer than any address */
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
        "1111:1111:1111:1111:1111:1111:111.111.111.1111",
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        is_refused(texts[i], strlen(texts[i]), texts[i]);
    }

    is_refused("192.0.2.1\0", 10, "NUL at the end");
    is_refused("192.0.2.1\0/24", 13, "NUL before the prefix");
    is_refused("192.0.2.1/24\0", 13, "NUL after the prefix");
    is_refused("192.0.2.1/2\0", 12, "NUL within the prefix");
    is_refused("::1\0::", 6, "NUL within IPv6");
    is_refused("\0", 1, "NUL alone");
    is_refused("192.0.2.\263", 9, "high byte");
}


/* what follows len is not looked at */

static void
test_len(void)
{
    auth_token_range_t  r;

    static const unsigned char  text[] = "192.0.2.123/24";

    is_int(auth_token_cidr_parse(text, 9, &r), 0, "the address cut short");
    is_int((long long) r.lo[1], 0xc0000201, "is another address");
    is_int(auth_token_cidr_parse(text, 12, &r), -1, "cut after the slash");
    is_int(auth_token_cidr_parse(text, 13, &r), 0, "the prefix cut short");
    is_int((long long) r.hi[1], 0xffffffff, "is /2");
    is_int(auth_token_cidr_parse(NULL, 0, &r), -1, "no data");
}


static void
test_addr(void)
{
    size_t             i;
    auth_token_addr_t  addr;

    static const uint8_t  v4[4] = { 192, 0, 2, 1 };
    static const uint8_t  mapped[16] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1
    };
    uint8_t               v6[16];

    addr = auth_token_addr_v4(guard_copy(v4, 4));
    is_int(addr.family, 4, "IPv4");
    is_mem(addr.bytes, 16, "\300\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0", 16,
           "its bytes, the rest zero");

    addr = auth_token_addr_v6(guard_copy(mapped, 16));
    is_int(addr.family, 4, "mapped IPv6 is IPv4");
    is_mem(addr.bytes, 16, "\300\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0", 16,
           "its bytes, the rest zero");

    for (i = 0; i < 12; i++) {
        memcpy(v6, mapped, 16);
        v6[i] ^= 0x01;

        addr = auth_token_addr_v6(guard_copy(v6, 16));
        ok(addr.family == 6 && memcmp(addr.bytes, v6, 16) == 0,
           "byte %zu differs: IPv6", i);
    }
}


int
main(void)
{
    test_v4();
    test_v6();
    test_mapped();
    test_refused();
    test_len();
    test_addr();

    return done();
}
