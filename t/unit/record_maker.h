/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Records with lists of addresses, from texts, and what they say of a client,
 * for the tests of records.
 */


#ifndef _RECORD_MAKER_H_INCLUDED_
#define _RECORD_MAKER_H_INCLUDED_


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


static inline auth_token_str_t
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


static inline void
record_start(record_maker_t *m, const char *text)
{
    memset(m, 0, sizeof(*m));

    auth_token_buf_init(&m->doc, 65536);
    auth_token_buf_init(&m->blob, 65536);

    text_doc(&m->doc, text);

    m->facts.flags = AUTH_TOKEN_RECORD_ACTIVE;
    m->facts.doc = auth_token_buf_str(&m->doc);
}


static inline void
record_allow(record_maker_t *m, const char *list)
{
    m->facts.allow[m->facts.nallow++] = record_set(m, list);
}


static inline void
record_deny(record_maker_t *m, const char *list)
{
    m->facts.deny[m->facts.ndeny++] = record_set(m, list);
}


static inline auth_token_record_t *
record_build(record_maker_t *m)
{
    auth_token_buf_reset(&m->blob);

    if (auth_token_record_build(&m->facts, &m->blob) != 0) {
        return NULL;
    }

    return (auth_token_record_t *) (void *) m->blob.data;
}


static inline void
record_end(record_maker_t *m)
{
    auth_token_buf_free(&m->doc);
    auth_token_buf_free(&m->blob);
}


static inline auth_token_addr_t
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

static inline void
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


#endif /* _RECORD_MAKER_H_INCLUDED_ */
