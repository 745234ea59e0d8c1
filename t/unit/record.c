/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A record that loses a list of addresses, that admits by a list it cannot
 * read, or that, damaged in shared memory, is read past its end.
 */


#include "../../ngx_module/core/auth_token_record.c"

#include <stdlib.h>

#include "auth_token_cidr_text.h"
#include "tap.h"
#include "text_doc.h"


#define ADMITTED  AUTH_TOKEN_ADDRESS_ADMITTED
#define REFUSED   AUTH_TOKEN_ADDRESS_REFUSED


/* memory of the sets of one record */

typedef struct {
    auth_token_facts_t  facts;
    auth_token_buf_t    doc;
    auth_token_buf_t    blob;
    uint64_t            sets[16][64];
    size_t              n;
} record_maker_t;


static auth_token_str_t
record_set(record_maker_t *m, const char *list)
{
    size_t              n, len;
    const char         *p;
    auth_token_str_t    s;
    auth_token_range_t  ranges[16];

    for (n = 0, p = list; *p != '\0'; n++) {
        len = strcspn(p, " ");

        if (auth_token_cidr_parse((const unsigned char *) p, len, &ranges[n])
            != 0)
        {
            fprintf(stderr, "bad network %s\n", p);
            exit(2);
        }

        p += len + strspn(p + len, " ");
    }

    s.data = (unsigned char *) m->sets[m->n];
    s.len = auth_token_cidr_compile(ranges, n, m->sets[m->n],
                                    sizeof(m->sets[0]));
    m->n++;

    return s;
}


static void
record_start(record_maker_t *m, const char *text)
{
    memset(m, 0, sizeof(*m));

    auth_token_buf_init(&m->doc, 65536);
    auth_token_buf_init(&m->blob, 65536);

    text_doc(&m->doc, text);

    m->facts.flags = AUTH_TOKEN_RECORD_ACTIVE;
    m->facts.doc = auth_token_buf_str(&m->doc);
}


static void
record_allow(record_maker_t *m, const char *list)
{
    m->facts.allow[m->facts.nallow++] = record_set(m, list);
}


static void
record_deny(record_maker_t *m, const char *list)
{
    m->facts.deny[m->facts.ndeny++] = record_set(m, list);
}


static auth_token_record_t *
record_build(record_maker_t *m)
{
    auth_token_buf_reset(&m->blob);

    if (auth_token_record_build(&m->facts, &m->blob) != 0) {
        return NULL;
    }

    return (auth_token_record_t *) (void *) m->blob.data;
}


static void
record_end(record_maker_t *m)
{
    auth_token_buf_free(&m->doc);
    auth_token_buf_free(&m->blob);
}


static auth_token_addr_t
record_addr(const char *text)
{
    auth_token_addr_t   addr;
    auth_token_range_t  range;
    int                 i;

    memset(&addr, 0, sizeof(addr));

    if (auth_token_cidr_parse((const unsigned char *) text, strlen(text),
                              &range) != 0)
    {
        return addr;
    }

    addr.family = (uint8_t) range.family;

    for (i = 0; i < 4 && range.family == 4; i++) {
        addr.bytes[i] = (uint8_t) (range.lo[1] >> (24 - 8 * i));
    }

    for (i = 0; i < 16 && range.family == 6; i++) {
        addr.bytes[i] = (uint8_t) (range.lo[i / 8] >> (56 - 8 * (i % 8)));
    }

    return addr;
}


/* "client" is an address, or "-" for a client without one */

static void
is_address(record_maker_t *m, const char *client, auth_token_address_e want,
    const char *name)
{
    auth_token_addr_t           addr;
    const auth_token_record_t  *r;

    addr = record_addr(client);
    r = record_build(m);

    if (ok(r != NULL, "%s: is built", name)) {
        is_int(auth_token_record_address(r, &addr), want, name);
    }
}


static void
test_layout(void)
{
    record_maker_t        m;
    auth_token_str_t      s;
    auth_token_record_t  *r;

    record_start(&m, "{'id':'abc','n':5,'name':'','status':'active'}");

    m.facts.flags |= AUTH_TOKEN_RECORD_HAS_EXPIRES_ON;
    m.facts.not_before = 111;
    m.facts.expires_on = 222;

    r = record_build(&m);

    if (!ok(r != NULL, "a record without sets")) {
        return;
    }

    is_int(r->size, sizeof(*r) + m.doc.len, "is header and document");
    is_int(r->head, r->size, "all of it head");
    is_int(m.blob.len, r->size, "and nothing else");
    is_int(r->expires_on, 222, "a time that is there");
    is_int(r->not_before, 0, "one that is not is not kept");

    s = auth_token_record_doc(r);
    is_mem(s.data, s.len, m.doc.data, m.doc.len, "the document");

    s = auth_token_record_field(r, "id");
    is_mem(s.data, s.len, "abc", 3, "a field");
    s = auth_token_record_field(r, "status");
    is_mem(s.data, s.len, "active", 6, "another");
    is_int(auth_token_record_field(r, "n").len, 0, "a number is no field");
    is_int(auth_token_record_field(r, "name").len, 0, "an empty one");
    is_int(auth_token_record_field(r, "none").len, 0, "an absent one");

    m.facts.flags = AUTH_TOKEN_RECORD_HAS_NOT_BEFORE;
    r = record_build(&m);
    is_int(r->not_before, 111, "the other time");
    is_int(r->expires_on, 0, "alone");

    record_end(&m);
}


/* a copy of the head answers what the cache hands out without the sets */

static void
test_head(void)
{
    record_maker_t        m;
    auth_token_str_t      s;
    auth_token_record_t  *r, *head;

    record_start(&m, "{'id':'abc'}");
    record_allow(&m, "10.0.0.0/8");

    r = record_build(&m);

    ok(r->head < r->size, "sets are no part of the head");

    head = malloc(r->head);
    memcpy(head, r, r->head);

    s = auth_token_record_field(head, "id");
    is_mem(s.data, s.len, "abc", 3, "a field of the head");

    free(head);
    record_end(&m);
}


static void
test_address(void)
{
    record_maker_t  m;

    record_start(&m, "{}");
    is_address(&m, "10.1.2.3", ADMITTED, "no list");
    is_address(&m, "-", ADMITTED, "no list, no address");

    record_allow(&m, "10.0.0.0/8 2001:db8::/32");
    is_address(&m, "10.1.2.3", ADMITTED, "in the list");
    is_address(&m, "11.1.2.3", REFUSED, "not in the list");
    is_address(&m, "2001:db8::1", ADMITTED, "IPv6 in the list");
    is_address(&m, "2001:db9::1", REFUSED, "IPv6 not in the list");
    is_address(&m, "-", REFUSED, "a list, no address");

    record_allow(&m, "10.1.0.0/16");
    is_address(&m, "10.1.2.3", ADMITTED, "in both lists");
    is_address(&m, "10.2.2.3", REFUSED, "in the first only");
    is_address(&m, "2001:db8::1", REFUSED, "in the first only, IPv6");

    record_deny(&m, "10.1.9.0/24");
    is_address(&m, "10.1.2.3", ADMITTED, "in both, not denied");
    is_address(&m, "10.1.9.3", REFUSED, "in both, but denied");

    record_deny(&m, "10.1.2.3");
    is_address(&m, "10.1.2.3", REFUSED, "denied by the second");
    is_address(&m, "10.1.2.4", ADMITTED, "denied by none");
    record_end(&m);

    record_start(&m, "{}");
    record_deny(&m, "10.0.0.0/8");
    is_address(&m, "10.1.2.3", REFUSED, "only denied");
    is_address(&m, "11.1.2.3", ADMITTED, "only not denied");
    is_address(&m, "-", REFUSED, "a deny list, no address");
    record_end(&m);

    record_start(&m, "{}");
    record_allow(&m, "");
    is_address(&m, "10.1.2.3", REFUSED, "an empty list admits nobody");
    record_end(&m);

    record_start(&m, "{}");
    record_deny(&m, "");
    is_address(&m, "10.1.2.3", ADMITTED, "an empty deny list denies nobody");
    is_address(&m, "-", REFUSED, "but those without an address");
    record_end(&m);
}


/* as many lists as there may be, each of which decides for some client */

static void
test_full(void)
{
    size_t                i, n, pad;
    char                  list[32], text[32];
    record_maker_t        m;
    auth_token_record_t  *r;

    for (pad = 0; pad < 9; pad++) {
        snprintf(text, sizeof(text), "'%.*s'", (int) pad, "01234567");
        record_start(&m, text);

        for (n = 0; n < AUTH_TOKEN_RECORD_MAX_SETS; n++) {
            record_allow(&m, "10.0.0.0/8");

            snprintf(list, sizeof(list), "10.0.0.%zu", n);
            record_deny(&m, list);
        }

        r = record_build(&m);

        if (!ok(r != NULL, "all the lists there may be")) {
            continue;
        }

        is_int(r->size, (r->head + 7) / 8 * 8 + 2 * n * (4 + 16),
               "take no more than they need");

        for (i = 0; i < n; i++) {
            snprintf(list, sizeof(list), "10.0.0.%zu", i);
            is_address(&m, list, REFUSED, "each deny list denies");
        }

        is_address(&m, "10.0.1.0", ADMITTED, "others are admitted");
        is_address(&m, "11.0.0.0", REFUSED, "but for those not allowed");

        record_end(&m);
    }
}


static void
test_unreadable(void)
{
    record_maker_t        m;
    uint32_t             *sizes;
    auth_token_addr_t     addr;
    auth_token_record_t  *r;

    addr = record_addr("10.1.2.3");

    record_start(&m, "{}");
    record_deny(&m, "192.0.2.0/24");

    r = record_build(&m);
    is_int(auth_token_record_address(r, &addr), ADMITTED, "a deny list");

    sizes = (uint32_t *) auth_token_record_sizes(r);
    sizes[0] = 0;

    is_int(auth_token_record_address(r, &addr), REFUSED,
           "refuses when it cannot be read");
    is_int(auth_token_record_valid(r, m.blob.len), 0, "and is not valid");

    record_end(&m);
}


static void
test_refused(void)
{
    size_t             max;
    int                bad;
    record_maker_t     m;
    auth_token_str_t   doc;

    static unsigned char  bad_doc[] = { 0x31, 9, 0, 0, 0 };

    record_start(&m, "{}");

    m.facts.nallow = AUTH_TOKEN_RECORD_MAX_SETS + 1;
    ok(record_build(&m) == NULL, "too many lists");
    m.facts.nallow = 0;

    m.facts.ndeny = AUTH_TOKEN_RECORD_MAX_SETS + 1;
    ok(record_build(&m) == NULL, "too many deny lists");
    m.facts.ndeny = 0;

    m.facts.flags = 0x8000;
    ok(record_build(&m) == NULL, "a flag that is none");
    m.facts.flags = 0;

    doc = m.facts.doc;
    m.facts.doc.len = 0;
    ok(record_build(&m) == NULL, "no document");

    m.facts.doc.len = (size_t) AUTH_TOKEN_RECORD_MAX_SIZE + 1;
    ok(record_build(&m) == NULL, "too large a document");

    m.facts.doc.len = sizeof(bad_doc);
    m.facts.doc.data = bad_doc;
    ok(record_build(&m) == NULL, "a damaged document");
    is_int(m.blob.len, 0, "leaves nothing in the buffer");
    m.facts.doc = doc;

    record_allow(&m, "10.0.0.0/8");
    record_deny(&m, "10.0.0.0/8");

    m.facts.allow[0].len = (size_t) AUTH_TOKEN_RECORD_MAX_SIZE + 1;
    ok(record_build(&m) == NULL, "too large a list");

    m.facts.allow[0].len = AUTH_TOKEN_RECORD_MAX_SIZE;
    ok(record_build(&m) == NULL, "too large all together");

    m.facts.allow[0].len = 0;
    ok(record_build(&m) == NULL, "a list of no bytes");

    m.facts.allow[0].len = 12;
    ok(record_build(&m) == NULL, "a list that is not whole");

    m.facts.allow[0].len = 16;
    ok(record_build(&m) != NULL, "the same, whole");

    bad = auth_token_record_build(&m.facts, &m.blob) != -1;
    is_int(bad, 0, "a buffer that is not empty");

    for (max = 0; max < m.blob.len; max++) {
        auth_token_buf_t  small;

        auth_token_buf_init(&small, max);
        bad += auth_token_record_build(&m.facts, &small) != -1;
        auth_token_buf_free(&small);
    }

    is_int(bad, 0, "a buffer that is too small");

    record_end(&m);
}


/*
 * Whatever is called valid must be read without harm; the sanitizer watches
 * the ends of the copy.  Returns what valid() said.
 */

static int
record_read_all(const void *data, size_t size)
{
    int                     valid;
    void                   *copy;
    auth_token_buf_t        json;
    auth_token_addr_t       addr;
    auth_token_record_t    *r;

    copy = malloc(size != 0 ? size : 1);
    memcpy(copy, data, size);

    valid = auth_token_record_valid(copy, size);

    if (valid) {
        r = copy;
        addr = record_addr("10.1.2.3");
        (void) auth_token_record_address(r, &addr);
        addr = record_addr("2001:db8::1");
        (void) auth_token_record_address(r, &addr);
        (void) auth_token_record_field(r, "id");

        auth_token_buf_init(&json, 1 << 20);
        valid = (auth_token_doc_json(&json,
                         auth_token_doc_root(auth_token_record_doc(r))) == 0);
        auth_token_buf_free(&json);
    }

    free(copy);

    return valid;
}


static void
test_damage(void)
{
    int                   bad, c, valid;
    size_t                i, size;
    uint64_t              seed, copy[512];
    unsigned char        *p;
    record_maker_t        m;
    auth_token_record_t  *r;

    record_start(&m, "{'id':'abc','policies':[{'a':1},{'b':[null,0.5]}]}");
    record_allow(&m, "10.0.0.0/8 192.0.2.1 2001:db8::/32");
    record_allow(&m, "");
    record_deny(&m, "10.1.0.0/16");

    r = record_build(&m);
    size = r->size;
    p = (unsigned char *) copy;

    is_int(record_read_all(r, size), 1, "a whole record is valid");

    memcpy(p + 1, r, size);
    is_int(auth_token_record_valid(p + 1, size), 0, "but for its alignment");

    memcpy(p, r, size);
    bad = 0;

    for (i = 0; i < size; i++) {
        bad += record_read_all(r, i);
    }

    is_int(bad, 0, "one cut short is not");

    p[size] = 0;
    is_int(record_read_all(p, size + 1), 0, "nor is a longer one");
    ((auth_token_record_t *) copy)->size = (uint32_t) size + 8;
    memset(p + size, 0, 8);
    is_int(record_read_all(p, size + 8), 0, "even if it says so");

    memcpy(p, r, size);
    valid = 0;

    for (i = 0; i < size; i++) {
        for (c = 0; c < 256; c++) {
            p[i] = (unsigned char) c;
            valid += record_read_all(p, size);
        }

        p[i] = ((unsigned char *) r)[i];
    }

    ok(valid > 0 && valid < (int) size * 256, "any byte may be any other");

    for (seed = 1, i = 0; i < 100000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        p[(seed >> 20) % size] = (unsigned char) (seed >> 40);
        p[(seed >> 30) % size] = (unsigned char) (seed >> 48);

        valid += record_read_all(p, size);

        if ((i & 7) == 7) {
            memcpy(p, r, size);
        }
    }

    ok(1, "several at once may be (%d readable)", valid);

    record_end(&m);
}


/* one list too many, in a blob whose lengths all agree */

static void
test_too_many(void)
{
    int                   i;
    record_maker_t        m;
    auth_token_record_t  *r;

    record_start(&m, "{'id':'abc'}");

    for (i = 0; i < AUTH_TOKEN_RECORD_MAX_SETS; i++) {
        record_allow(&m, "10.0.0.0/8");
    }

    record_deny(&m, "10.1.0.0/16");
    r = record_build(&m);

    is_int(auth_token_record_valid(r, r->size), 1, "as many as there may be");

    r->nallow = 0;
    r->ndeny = AUTH_TOKEN_RECORD_MAX_SETS + 1;
    is_int(auth_token_record_valid(r, r->size), 0, "too many deny lists");

    r->nallow = AUTH_TOKEN_RECORD_MAX_SETS + 1;
    r->ndeny = 0;
    is_int(auth_token_record_valid(r, r->size), 0, "too many allow lists");

    record_end(&m);
}


/* each field that says something of the layout, wrong on its own */

static void
test_fields(void)
{
    size_t                i, size;
    record_maker_t        m;
    auth_token_record_t  *r, good;

    record_start(&m, "{'id':'abc'}");
    record_allow(&m, "10.0.0.0/8");
    r = record_build(&m);
    size = r->size;
    good = *r;

    for (i = 0; i < 9; i++) {
        *r = good;

        switch (i) {
        case 0: r->magic++; break;
        case 1: r->size += 8; break;
        case 2: r->head++; break;
        case 3: r->doc_len++; break;
        case 4: r->doc_len = (uint32_t) size; break;
        case 5: r->flags = 0x10; break;
        case 6: r->nallow = AUTH_TOKEN_RECORD_MAX_SETS + 1; break;
        case 7: r->ndeny = AUTH_TOKEN_RECORD_MAX_SETS + 1; break;
        case 8: r->pad = 1; break;
        }

        ok(!auth_token_record_valid(r, size), "a wrong header, case %zu", i);
    }

    *r = good;
    r->nallow = 0;
    is_int(auth_token_record_valid(r, size), 0, "no sets, but bytes of them");

    *r = good;
    is_int(auth_token_record_valid(r, size), 1, "a right one");

    /* sets that would start past the end */

    m.facts.nallow = 0;
    r = record_build(&m);
    r->nallow = 1;
    is_int(auth_token_record_valid(r, r->size), 0, "sets, but no bytes");

    record_end(&m);
}


int
main(void)
{
    test_layout();
    test_head();
    test_address();
    test_full();
    test_unreadable();
    test_refused();
    test_fields();
    test_too_many();
    test_damage();

    return done();
}
