/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A record that loses a list of addresses, that admits by a list it cannot
 * read, or that is built of what is none.
 */


#include "../../ngx_module/core/auth_token_record.c"

#include "record_maker.h"


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


int
main(void)
{
    test_layout();
    test_head();
    test_address();
    test_full();
    test_unreadable();
    test_refused();

    return done();
}
