/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The blob: header, document; then, if there are address sets, at the next
 * multiple of 8 bytes their 32-bit sizes, those that allow first, and at the
 * next the sets themselves, which are multiples of 8 bytes.
 */


#include <string.h>

#include "auth_token_record.h"


#define AUTH_TOKEN_RECORD_FLAGS  (AUTH_TOKEN_RECORD_ACTIVE                    \
                                  |AUTH_TOKEN_RECORD_HAS_NOT_BEFORE           \
                                  |AUTH_TOKEN_RECORD_HAS_EXPIRES_ON)

/* keeps every sum within 32 bits; an answer is far smaller */
#define AUTH_TOKEN_RECORD_MAX_SIZE  0x10000000


static size_t auth_token_record_align(size_t size);
static int auth_token_record_layout(const auth_token_facts_t *facts,
    size_t *head, size_t *size);
static const auth_token_str_t *auth_token_record_set(
    const auth_token_facts_t *facts, size_t i);
static void auth_token_record_write(const auth_token_facts_t *facts,
    auth_token_record_t *r);
static void auth_token_record_write_sets(const auth_token_facts_t *facts,
    auth_token_record_t *r);
static const uint32_t *auth_token_record_sizes(const auth_token_record_t *r);
static int auth_token_record_sets_valid(const auth_token_record_t *r);


int
auth_token_record_build(const auth_token_facts_t *facts,
    auth_token_buf_t *out)
{
    size_t                head, size;
    auth_token_record_t  *r;

    if (out->len != 0
        || auth_token_record_layout(facts, &head, &size) != 0)
    {
        return -1;
    }

    r = auth_token_buf_extend(out, size);

    if (r == NULL) {
        return -1;
    }

    memset(r, 0, size);

    r->size = (uint32_t) size;
    r->head = (uint32_t) head;

    auth_token_record_write(facts, r);
    auth_token_record_write_sets(facts, r);

    if (!auth_token_record_valid(r, size)) {
        auth_token_buf_reset(out);
        return -1;
    }

    return 0;
}


int
auth_token_record_valid(const void *blob, size_t size)
{
    const auth_token_record_t  *r;

    r = blob;

    if ((uintptr_t) blob % sizeof(uint64_t) != 0
        || size < sizeof(auth_token_record_t)
        || r->magic != AUTH_TOKEN_RECORD_MAGIC
        || r->size != size
        || r->doc_len > size - sizeof(auth_token_record_t)
        || r->head != sizeof(auth_token_record_t) + r->doc_len
        || (r->flags & ~AUTH_TOKEN_RECORD_FLAGS) != 0
        || r->nallow > AUTH_TOKEN_RECORD_MAX_SETS
        || r->ndeny > AUTH_TOKEN_RECORD_MAX_SETS
        || r->pad != 0)
    {
        return 0;
    }

    return auth_token_doc_valid(auth_token_record_doc(r))
           && auth_token_record_sets_valid(r);
}


auth_token_address_e
auth_token_record_address(const auth_token_record_t *r,
    const auth_token_addr_t *addr)
{
    int                   found;
    unsigned              i, n;
    const uint32_t       *sizes;
    const unsigned char  *set;

    n = (unsigned) r->nallow + r->ndeny;

    if (n == 0) {
        return AUTH_TOKEN_ADDRESS_ADMITTED;
    }

    if (addr->family == 0) {
        return AUTH_TOKEN_ADDRESS_REFUSED;
    }

    sizes = auth_token_record_sizes(r);
    set = (const unsigned char *) sizes
          + auth_token_record_align(n * sizeof(uint32_t));

    for (i = 0; i < n; i++) {
        found = auth_token_cidr_match(set, sizes[i], addr);

        /* a set that cannot be read refuses, whichever list it is */

        if (found != (i < r->nallow)) {
            return AUTH_TOKEN_ADDRESS_REFUSED;
        }

        set += sizes[i];
    }

    return AUTH_TOKEN_ADDRESS_ADMITTED;
}


auth_token_str_t
auth_token_record_doc(const auth_token_record_t *r)
{
    auth_token_str_t  doc;

    doc.len = r->doc_len;
    doc.data = (unsigned char *) (r + 1);

    return doc;
}


auth_token_str_t
auth_token_record_field(const auth_token_record_t *r, const char *name)
{
    auth_token_str_t        key;
    auth_token_doc_value_t  v;

    key.len = strlen(name);
    key.data = (unsigned char *) name;

    v = auth_token_doc_root(auth_token_record_doc(r));
    v = auth_token_doc_member(v, key);

    if (v.type != AUTH_TOKEN_DOC_STRING) {
        v.bytes.len = 0;
    }

    return v.bytes;
}


static size_t
auth_token_record_align(size_t size)
{
    return (size + sizeof(uint64_t) - 1) & ~(sizeof(uint64_t) - 1);
}


static int
auth_token_record_layout(const auth_token_facts_t *facts, size_t *head,
    size_t *size)
{
    size_t                   i, n;
    uint64_t                 total;
    const auth_token_str_t  *set;

    if (facts->nallow > AUTH_TOKEN_RECORD_MAX_SETS
        || facts->ndeny > AUTH_TOKEN_RECORD_MAX_SETS
        || facts->doc.len > AUTH_TOKEN_RECORD_MAX_SIZE)
    {
        return -1;
    }

    n = facts->nallow + facts->ndeny;

    *head = sizeof(auth_token_record_t) + facts->doc.len;
    total = *head;

    if (n != 0) {
        total = auth_token_record_align(*head)
                + auth_token_record_align(n * sizeof(uint32_t));
    }

    for (i = 0; i < n; i++) {
        set = auth_token_record_set(facts, i);

        if (set->len > AUTH_TOKEN_RECORD_MAX_SIZE) {
            return -1;
        }

        total += set->len;
    }

    *size = (size_t) total;

    return (total <= AUTH_TOKEN_RECORD_MAX_SIZE) ? 0 : -1;
}


static const auth_token_str_t *
auth_token_record_set(const auth_token_facts_t *facts, size_t i)
{
    return (i < facts->nallow) ? &facts->allow[i]
                               : &facts->deny[i - facts->nallow];
}


static void
auth_token_record_write(const auth_token_facts_t *facts,
    auth_token_record_t *r)
{
    r->magic = AUTH_TOKEN_RECORD_MAGIC;
    r->flags = facts->flags;
    r->nallow = (uint8_t) facts->nallow;
    r->ndeny = (uint8_t) facts->ndeny;
    r->doc_len = (uint32_t) facts->doc.len;

    if (facts->flags & AUTH_TOKEN_RECORD_HAS_NOT_BEFORE) {
        r->not_before = facts->not_before;
    }

    if (facts->flags & AUTH_TOKEN_RECORD_HAS_EXPIRES_ON) {
        r->expires_on = facts->expires_on;
    }

    if (facts->doc.len != 0) {
        memcpy(r + 1, facts->doc.data, facts->doc.len);
    }
}


static void
auth_token_record_write_sets(const auth_token_facts_t *facts,
    auth_token_record_t *r)
{
    size_t                   i, n;
    uint32_t                *sizes;
    unsigned char           *p;
    const auth_token_str_t  *set;

    n = facts->nallow + facts->ndeny;

    if (n == 0) {
        return;
    }

    sizes = (uint32_t *) auth_token_record_sizes(r);
    p = (unsigned char *) sizes + auth_token_record_align(n * sizeof(uint32_t));

    for (i = 0; i < n; i++) {
        set = auth_token_record_set(facts, i);

        sizes[i] = (uint32_t) set->len;

        if (set->len != 0) {
            memcpy(p, set->data, set->len);
        }

        p += set->len;
    }
}


/* only for a record that has a set */

static const uint32_t *
auth_token_record_sizes(const auth_token_record_t *r)
{
    const unsigned char  *p;

    p = (const unsigned char *) r + auth_token_record_align(r->head);

    return (const uint32_t *) p;
}


static int
auth_token_record_sets_valid(const auth_token_record_t *r)
{
    size_t           i, n, at, start;
    const uint32_t  *sizes;

    n = (size_t) r->nallow + r->ndeny;

    if (n == 0) {
        return r->size == r->head;
    }

    start = auth_token_record_align(r->head);
    at = start + auth_token_record_align(n * sizeof(uint32_t));

    if (at > r->size) {
        return 0;
    }

    sizes = auth_token_record_sizes(r);

    for (i = 0; i < n; i++) {

        if (sizes[i] > r->size - at
            || !auth_token_cidr_valid((const unsigned char *) r + at,
                                      sizes[i]))
        {
            return 0;
        }

        at += sizes[i];
    }

    return at == r->size;
}
