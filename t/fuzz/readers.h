/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Everything that reads a record or a document, called with whatever there
 * is; for the targets that make one.
 */


#ifndef _READERS_H_INCLUDED_
#define _READERS_H_INCLUDED_


#include "auth_token_decision.h"
#include "auth_token_doc.h"
#include "auth_token_record.h"
#include "auth_token_require.h"
#include "fuzz.h"


#define READERS_STR(text)  { sizeof(text) - 1, (unsigned char *) (text) }


/* a regular expression of sorts */

static inline int
readers_match(void *data, auth_token_str_t text)
{
    (void) data;

    return text.len == 0 ? -1 : text.data[text.len - 1] & 1;
}


static inline void
readers_walk(auth_token_doc_value_t v, int depth)
{
    auth_token_str_t        key;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  member;

    if (v.type == AUTH_TOKEN_DOC_STRING && v.bytes.len != 0) {
        must(v.bytes.data[0] + v.bytes.data[v.bytes.len - 1] >= 0);
    }

    if (depth == 0) {
        return;
    }

    auth_token_doc_iter(&it, v);

    while (auth_token_doc_next(&it, &key, &member)) {
        if (v.type == AUTH_TOKEN_DOC_OBJECT) {
            (void) auth_token_doc_member(v, key);
        }

        readers_walk(member, depth - 1);
    }
}


/* a document that need not be one; of one, the text is JSON in ASCII */

static inline void
readers_doc(auth_token_str_t doc)
{
    int                     rc, valid;
    size_t                  i;
    auth_token_buf_t        text;
    auth_token_doc_value_t  root;

    valid = auth_token_doc_valid(doc);
    root = auth_token_doc_root(doc);

    readers_walk(root, 3);

    auth_token_buf_init(&text, 1 << 20);
    rc = auth_token_doc_json(&text, root);

    must(!valid || rc == 0 || text.failed
         || root.type == AUTH_TOKEN_DOC_ABSENT);

    for (i = 0; rc == 0 && i < text.len; i++) {
        must(text.data[i] >= ' ' && text.data[i] < 0x7f);
    }

    auth_token_buf_free(&text);
}


static inline void
readers_require(const auth_token_record_t *r)
{
    size_t                      i;
    auth_token_require_e        met;
    auth_token_requirement_t    req;
    const auth_token_record_t  *records[2];

    static const auth_token_str_t  pointers[] = {
        READERS_STR("/policies/0/effect"), READERS_STR("/scope/0"),
        READERS_STR("/aud"), READERS_STR("")
    };

    records[0] = r;
    records[1] = r;

    for (i = 0; i < 7 + 2 * 9; i++) {
        memset(&req, 0, sizeof(req));

        req.kind = i < 7 ? i : AUTH_TOKEN_REQUIRE_CLAIM;
        req.op = i < 7 ? AUTH_TOKEN_REQUIRE_PRESENT : (i - 7) % 9;
        req.negate = i & 1;
        req.any_resource = i == 0;
        req.any_parent = i == 0;
        req.pointer = pointers[i % 4];
        req.value = fuzz_str("7");
        req.values = &req.value;
        req.nvalues = 1;
        req.match = readers_match;

        met = auth_token_require_eval(&req, records, 1 + i % 2, FUZZ_NOW);

        must(met == AUTH_TOKEN_REQUIRE_MET
             || met == AUTH_TOKEN_REQUIRE_INSUFFICIENT
             || met == AUTH_TOKEN_REQUIRE_FOREIGN);
        must(auth_token_require_eval(&req, records, 0, FUZZ_NOW)
             != AUTH_TOKEN_REQUIRE_MET || req.negate);
    }
}


/* what a valid record lets in is what its facts say */

static inline void
readers_decide(const auth_token_record_t *r)
{
    int                    i, j;
    int64_t                at, when[6];
    auth_token_addr_t      addr[3];
    auth_token_verdict_e   verdict;
    auth_token_evidence_t  evidence;

    static const uint8_t  v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

    memset(addr, 0, sizeof(addr));
    addr[1] = auth_token_addr_v4((const uint8_t *) "\300\0\2\1");
    addr[2] = auth_token_addr_v6(v6);

    when[0] = FUZZ_NOW;
    when[1] = r->expires_on;
    when[2] = r->not_before;
    when[3] = r->expires_on - (r->expires_on != INT64_MIN);
    when[4] = INT64_MIN;
    when[5] = INT64_MAX;

    for (i = 0; i < 3; i++) {
        evidence.record = r;
        evidence.address = auth_token_record_address(r, &addr[i]);

        must(i != 0 || r->nallow + r->ndeny == 0
             || evidence.address == AUTH_TOKEN_ADDRESS_REFUSED);

        for (j = 0; j < 6; j++) {
            at = when[j];
            verdict = auth_token_decide(&evidence, 1, at, 0);

            if (verdict != AUTH_TOKEN_ALLOWED) {
                continue;
            }

            must(r->flags & AUTH_TOKEN_RECORD_ACTIVE);
            must(evidence.address == AUTH_TOKEN_ADDRESS_ADMITTED);
            must(!(r->flags & AUTH_TOKEN_RECORD_HAS_EXPIRES_ON)
                 || at < r->expires_on);
            must(!(r->flags & AUTH_TOKEN_RECORD_HAS_NOT_BEFORE)
                 || at >= r->not_before);
        }
    }
}


static inline void
readers_record(const auth_token_record_t *r, size_t size)
{
    void  *cut;

    if (!auth_token_record_valid(r, size)) {
        return;
    }

    readers_doc(auth_token_record_doc(r));
    readers_require(r);
    readers_decide(r);

    (void) auth_token_record_field(r, "id");
    (void) auth_token_record_field(r, "");

    /* as the cache copies it */

    cut = malloc(r->head);
    must(cut != NULL);
    memcpy(cut, r, r->head);

    readers_require(cut);
    readers_doc(auth_token_record_doc(cut));

    free(cut);
}


#endif /* _READERS_H_INCLUDED_ */
