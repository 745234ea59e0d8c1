/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A record that, damaged in shared memory, is called valid or is read past its
 * end.
 */


#include "../../ngx_module/core/auth_token_record.c"

#include "record_maker.h"


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
    test_fields();
    test_too_many();
    test_damage();

    return done();
}
