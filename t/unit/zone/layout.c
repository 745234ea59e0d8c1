/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What lies in a zone, against the number that stands for it.  A binary that
 * lays things out otherwise under the same number takes an old zone over on
 * reload, and reads the claims of a token as others than they are.
 */


#include "zone.h"
#include "auth_token_doc.h"
#include "../../../ngx_module/core/auth_token_pack.c"


/*
 * If this fails: count NGX_HTTP_AUTH_TOKEN_LAYOUT up, and put the digest that
 * is told beside the new number.
 */

#define LAYOUT  0x61747a0000000005
#define DIGEST  "92184da7c17e16f00ae525d719427d5b"


static crypto_generichash_state  state;


static void
count(uint64_t n)
{
    crypto_generichash_update(&state, (unsigned char *) &n, sizeof(n));
}


#define place(type, field)                                                    \
    count(offsetof(type, field)); count(sizeof(((type *) 0)->field))


static void
structs(void)
{
    count(sizeof(ngx_http_auth_token_node_t));
    count(sizeof(ngx_http_auth_token_index_t));
    count(sizeof(ngx_http_auth_token_entry_t));
    count(sizeof(ngx_http_auth_token_ring_t));
    count(sizeof(ngx_http_auth_token_negative_t));
    count(sizeof(ngx_http_auth_token_mark_t));
    count(sizeof(ngx_http_auth_token_slot_t));
    count(sizeof(ngx_http_auth_token_stats_t));
    count(sizeof(ngx_http_auth_token_waiters_t));
    count(sizeof(ngx_http_auth_token_shctx_t));

    place(ngx_http_auth_token_entry_t, link);
    place(ngx_http_auth_token_entry_t, stored);
    place(ngx_http_auth_token_mark_t, waiters);
    place(ngx_http_auth_token_mark_t, owner);
    place(ngx_http_auth_token_slot_t, generation);
    place(ngx_http_auth_token_slot_t, excess);
    place(ngx_http_auth_token_slot_t, closed_until);
    place(ngx_http_auth_token_slot_t, failures);
    place(ngx_http_auth_token_slot_t, used);
    place(ngx_http_auth_token_shctx_t, purged);
    place(ngx_http_auth_token_shctx_t, changed);
    place(ngx_http_auth_token_shctx_t, secret);
    place(ngx_http_auth_token_shctx_t, laps);
    place(ngx_http_auth_token_shctx_t, sequence);
    place(ngx_http_auth_token_shctx_t, ring);
    place(ngx_http_auth_token_shctx_t, entries);
    place(ngx_http_auth_token_shctx_t, stats);
    place(ngx_http_auth_token_shctx_t, slots);

    place(auth_token_record_t, not_before);
    place(auth_token_record_t, flags);
    place(auth_token_record_t, nallow);
    count(sizeof(auth_token_record_t));
    count(sizeof(auth_token_range_t));
}


/* each operation and each word of the dictionary, by its number */

static void
words(void)
{
    size_t                         i, n;
    const auth_token_pack_word_t  *word;

    n = sizeof(auth_token_pack_words) / sizeof(auth_token_pack_words[0]);

    for (i = 0; i < n; i++) {
        word = &auth_token_pack_words[i];

        count(i);
        crypto_generichash_update(&state, (const unsigned char *) word->text,
                                  word->len);
    }

    count(AUTH_TOKEN_PACK_BYTES);
    count(AUTH_TOKEN_PACK_HEX);
    count(AUTH_TOKEN_PACK_HEX_UNIT);
    count(AUTH_TOKEN_PACK_TIME);
    count(AUTH_TOKEN_PACK_LENGTH);
}


/* a document with each kind of value, as it is written */

static void
document(void)
{
    int64_t           object, list;
    auth_token_buf_t  doc;

    auth_token_buf_init(&doc, 4096);

    object = auth_token_doc_open(&doc, AUTH_TOKEN_DOC_OBJECT);
    auth_token_doc_add_key(&doc, "list", 4);
    list = auth_token_doc_open(&doc, AUTH_TOKEN_DOC_ARRAY);
    auth_token_doc_add_null(&doc);
    auth_token_doc_add_boolean(&doc, 0);
    auth_token_doc_add_boolean(&doc, 1);
    auth_token_doc_add_integer(&doc, 1);
    auth_token_doc_add_integer(&doc, -70000);
    auth_token_doc_add_integer(&doc, INT64_MAX);
    auth_token_doc_add_real(&doc, 0.5);
    auth_token_doc_add_string(&doc, "text", 4);
    auth_token_doc_close(&doc, list);
    auth_token_doc_close(&doc, object);

    ok(!doc.failed, "a document");
    crypto_generichash_update(&state, doc.data, doc.len);

    auth_token_buf_free(&doc);
}


int
main(void)
{
    int            i;
    char           digest[33];
    unsigned char  hash[16];

    if (sizeof(void *) != 8) {
        printf("1..0 # SKIP the digest is that of 64-bit machines\n");
        return 0;
    }

    crypto_generichash_init(&state, NULL, 0, sizeof(hash));

    structs();
    words();
    document();

    crypto_generichash_final(&state, hash, sizeof(hash));

    for (i = 0; i < 16; i++) {
        sprintf(digest + 2 * i, "%02x", hash[i]);
    }

    is_str(digest, DIGEST, "what lies in a zone");
    ok(NGX_HTTP_AUTH_TOKEN_LAYOUT == LAYOUT, "the number that stands for it");

    return done();
}
