/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Ranges to a set, an address against a set.
 *
 * A blob is a header, the IPv4 ranges and the IPv6 ranges, all in host order:
 * it never leaves the host.  Both parts are sorted and disjoint.
 */


#include <string.h>

#include "auth_token_cidr.h"


typedef struct {
    uint32_t  n4;
    uint32_t  n6;
} auth_token_cidr_head_t;


typedef struct {
    uint32_t  lo;
    uint32_t  hi;
} auth_token_cidr_range4_t;


typedef struct {
    uint64_t  lo[2];
    uint64_t  hi[2];
} auth_token_cidr_range6_t;


static void auth_token_cidr_sort(auth_token_range_t *ranges, size_t n);
static void auth_token_cidr_sift(auth_token_range_t *ranges, size_t i,
    size_t n);
static int auth_token_cidr_before(const auth_token_range_t *a,
    const auth_token_range_t *b);
static size_t auth_token_cidr_merge(auth_token_range_t *ranges, size_t n);
static int auth_token_cidr_apart(const auth_token_range_t *a,
    const auth_token_range_t *b);
static void auth_token_cidr_write(const auth_token_range_t *ranges, size_t n,
    uint32_t n4, void *blob);
static int auth_token_cidr_sized(const auth_token_cidr_head_t *head,
    size_t size);
static int auth_token_cidr_match4(const auth_token_cidr_range4_t *range,
    size_t n, uint32_t addr);
static int auth_token_cidr_match6(const auth_token_cidr_range6_t *range,
    size_t n, const uint64_t *addr);
static int auth_token_cidr_le(const uint64_t *a, const uint64_t *b);


size_t
auth_token_cidr_set_size(uint32_t n4, uint32_t n6)
{
    return sizeof(auth_token_cidr_head_t)
           + n4 * sizeof(auth_token_cidr_range4_t)
           + n6 * sizeof(auth_token_cidr_range6_t);
}


size_t
auth_token_cidr_compiled_max(size_t n)
{
    if (n > AUTH_TOKEN_CIDR_MAX_RANGES) {
        return 0;
    }

    return auth_token_cidr_set_size(0, (uint32_t) n);
}


size_t
auth_token_cidr_compile(auth_token_range_t *ranges, size_t n, void *blob,
    size_t size)
{
    size_t    i, need;
    uint32_t  n4;

    if (n > AUTH_TOKEN_CIDR_MAX_RANGES) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (ranges[i].family != 4 && ranges[i].family != 6) {
            return 0;
        }
    }

    auth_token_cidr_sort(ranges, n);

    n = auth_token_cidr_merge(ranges, n);

    for (n4 = 0; n4 < n && ranges[n4].family == 4; n4++) { /* void */ }

    need = auth_token_cidr_set_size(n4, (uint32_t) n - n4);

    if (need > size) {
        return 0;
    }

    auth_token_cidr_write(ranges, n, n4, blob);

    return need;
}


int
auth_token_cidr_valid(const void *blob, size_t size)
{
    uint32_t                         i;
    const auth_token_cidr_head_t    *head;
    const auth_token_cidr_range4_t  *r4;
    const auth_token_cidr_range6_t  *r6;

    head = blob;

    if ((uintptr_t) blob % sizeof(uint64_t) != 0
        || !auth_token_cidr_sized(head, size))
    {
        return 0;
    }

    r4 = (const auth_token_cidr_range4_t *) (head + 1);
    r6 = (const auth_token_cidr_range6_t *) (r4 + head->n4);

    for (i = 0; i < head->n4; i++) {
        if (r4[i].lo > r4[i].hi || (i > 0 && r4[i].lo <= r4[i - 1].hi)) {
            return 0;
        }
    }

    for (i = 0; i < head->n6; i++) {
        if (!auth_token_cidr_le(r6[i].lo, r6[i].hi)
            || (i > 0 && auth_token_cidr_le(r6[i].lo, r6[i - 1].hi)))
        {
            return 0;
        }
    }

    return 1;
}


int
auth_token_cidr_match(const void *blob, size_t size,
    const auth_token_addr_t *addr)
{
    uint64_t                         a[2];
    const auth_token_cidr_head_t    *head;
    const auth_token_cidr_range4_t  *r4;
    const auth_token_cidr_range6_t  *r6;

    head = blob;

    if (!auth_token_cidr_sized(head, size)) {
        return -1;
    }

    r4 = (const auth_token_cidr_range4_t *) (head + 1);
    r6 = (const auth_token_cidr_range6_t *) (r4 + head->n4);

    switch (addr->family) {

    case 4:
        return auth_token_cidr_match4(r4, head->n4,
                              (uint32_t) auth_token_cidr_load(addr->bytes, 4));

    case 6:
        a[0] = auth_token_cidr_load(addr->bytes, 8);
        a[1] = auth_token_cidr_load(addr->bytes + 8, 8);

        return auth_token_cidr_match6(r6, head->n6, a);

    default:
        return 0;
    }
}


/*
 * Heapsort: the list comes from outside, so neither a quadratic worst case,
 * nor recursion, nor the memory that qsort() may take, is wanted.
 */

static void
auth_token_cidr_sort(auth_token_range_t *ranges, size_t n)
{
    size_t              i;
    auth_token_range_t  last;

    for (i = n / 2; i > 0; i--) {
        auth_token_cidr_sift(ranges, i - 1, n);
    }

    for (i = n; i > 1; i--) {
        last = ranges[i - 1];
        ranges[i - 1] = ranges[0];
        ranges[0] = last;

        auth_token_cidr_sift(ranges, 0, i - 1);
    }
}


static void
auth_token_cidr_sift(auth_token_range_t *ranges, size_t i, size_t n)
{
    size_t              child;
    auth_token_range_t  top;

    top = ranges[i];

    for (child = 2 * i + 1; child < n; child = 2 * i + 1) {

        if (child + 1 < n
            && auth_token_cidr_before(&ranges[child], &ranges[child + 1]))
        {
            child++;
        }

        if (!auth_token_cidr_before(&top, &ranges[child])) {
            break;
        }

        ranges[i] = ranges[child];
        i = child;
    }

    ranges[i] = top;
}


static int
auth_token_cidr_before(const auth_token_range_t *a,
    const auth_token_range_t *b)
{
    if (a->family != b->family) {
        return a->family < b->family;
    }

    return !auth_token_cidr_le(b->lo, a->lo);
}


/* overlapping and adjacent ranges of a sorted list become one */

static size_t
auth_token_cidr_merge(auth_token_range_t *ranges, size_t n)
{
    size_t               i;
    auth_token_range_t  *last;

    if (n == 0) {
        return 0;
    }

    last = ranges;

    for (i = 1; i < n; i++) {

        if (auth_token_cidr_apart(last, &ranges[i])) {
            *++last = ranges[i];

        } else if (!auth_token_cidr_le(ranges[i].hi, last->hi)) {
            last->hi[0] = ranges[i].hi[0];
            last->hi[1] = ranges[i].hi[1];
        }
    }

    return (size_t) (last - ranges) + 1;
}


/* whether at least one address lies between a and the later b */

static int
auth_token_cidr_apart(const auth_token_range_t *a,
    const auth_token_range_t *b)
{
    uint64_t  before[2];

    if (a->family != b->family) {
        return 1;
    }

    if (auth_token_cidr_le(b->lo, a->hi)) {
        return 0;
    }

    /* b->lo is over a->hi, hence not zero */

    before[0] = b->lo[0] - (b->lo[1] == 0);
    before[1] = b->lo[1] - 1;

    return !auth_token_cidr_le(before, a->hi);
}


static void
auth_token_cidr_write(const auth_token_range_t *ranges, size_t n, uint32_t n4,
    void *blob)
{
    size_t                     i;
    auth_token_cidr_head_t    *head;
    auth_token_cidr_range4_t  *r4;
    auth_token_cidr_range6_t  *r6;

    head = blob;
    head->n4 = n4;
    head->n6 = (uint32_t) n - n4;

    r4 = (auth_token_cidr_range4_t *) (head + 1);
    r6 = (auth_token_cidr_range6_t *) (r4 + n4);

    for (i = 0; i < n4; i++) {
        r4[i].lo = (uint32_t) ranges[i].lo[1];
        r4[i].hi = (uint32_t) ranges[i].hi[1];
    }

    for (i = n4; i < n; i++) {
        memcpy(r6->lo, ranges[i].lo, sizeof(r6->lo));
        memcpy(r6->hi, ranges[i].hi, sizeof(r6->hi));
        r6++;
    }
}


static int
auth_token_cidr_sized(const auth_token_cidr_head_t *head, size_t size)
{
    return size >= sizeof(auth_token_cidr_head_t)
           && head->n4 <= AUTH_TOKEN_CIDR_MAX_RANGES
           && head->n6 <= AUTH_TOKEN_CIDR_MAX_RANGES
           && size == auth_token_cidr_set_size(head->n4, head->n6);
}


/* the searches take the same steps whatever the address: no mispredictions */

static int
auth_token_cidr_match4(const auth_token_cidr_range4_t *range, size_t n,
    uint32_t addr)
{
    size_t  half;

    if (n == 0) {
        return 0;
    }

    while (n > 1) {
        half = n / 2;
        range += half & -(size_t) (range[half].lo <= addr);
        n -= half;
    }

    return (range->lo <= addr) & (addr <= range->hi);
}


static int
auth_token_cidr_match6(const auth_token_cidr_range6_t *range, size_t n,
    const uint64_t *addr)
{
    size_t  half;

    if (n == 0) {
        return 0;
    }

    while (n > 1) {
        half = n / 2;
        range += half & -(size_t) auth_token_cidr_le(range[half].lo, addr);
        n -= half;
    }

    return auth_token_cidr_le(range->lo, addr)
           & auth_token_cidr_le(addr, range->hi);
}


static int
auth_token_cidr_le(const uint64_t *a, const uint64_t *b)
{
    return (a[0] < b[0]) | ((a[0] == b[0]) & (a[1] <= b[1]));
}
