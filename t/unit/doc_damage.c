/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A document that is too deep, or in which a damaged byte leads a reader past
 * its end or has it take for valid what cannot be read.
 */


#include "../../ngx_module/core/auth_token_doc.c"
#include "../../ngx_module/core/auth_token_doc_json.c"

#include "doc_sample.h"


static void
test_depth(void)
{
    int               i, depth;
    int64_t           marks[40];
    auth_token_buf_t  b, json;

    for (depth = AUTH_TOKEN_DOC_MAX_DEPTH; depth <= 33; depth++) {
        auth_token_buf_init(&b, 4096);
        auth_token_buf_init(&json, 4096);

        for (i = 0; i < depth; i++) {
            marks[i] = auth_token_doc_open(&b, AUTH_TOKEN_DOC_ARRAY);
        }

        auth_token_doc_add_null(&b);

        while (i-- > 0) {
            auth_token_doc_close(&b, marks[i]);
        }

        is_int(auth_token_doc_valid(auth_token_buf_str(&b)), depth <= 32,
               "the depth of a document is bounded");
        is_int(auth_token_doc_json(&json,
                                 auth_token_doc_root(auth_token_buf_str(&b))),
               depth <= 32 ? 0 : -1, "as is that of its text");

        auth_token_buf_free(&b);
        auth_token_buf_free(&json);
    }
}


/* everything a reader can do, flush against an inaccessible page */

static int
doc_read_all(const unsigned char *data, size_t len)
{
    int                     rc, valid;
    size_t                  i;
    auth_token_buf_t        b;
    auth_token_str_t        doc;
    auth_token_doc_value_t  root;

    static const char  *pointers[] = {
        "", "/", "/s", "/l", "/a/1/1/0", "/a/2/x", "/o/k/k", "/~0~1", "/x"
    };

    doc.len = len;
    doc.data = guard_copy(data, len);

    valid = auth_token_doc_valid(doc);
    root = auth_token_doc_root(doc);

    for (i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        (void) auth_token_doc_pointer(root, text_str(pointers[i]));
    }

    auth_token_buf_init(&b, 1 << 20);
    rc = auth_token_doc_json(&b, root);
    auth_token_buf_free(&b);

    /* what is called valid must be readable to the end */

    return valid && rc != 0;
}


static void
test_damage(void)
{
    int               bad, c;
    size_t            i, len;
    uint64_t          seed;
    unsigned char     copy[4096];
    auth_token_buf_t  b;

    auth_token_buf_init(&b, sizeof(copy));
    text_doc(&b, doc_sample);
    memcpy(copy, b.data, b.len);

    is_int(doc_read_all(b.data, b.len), 0, "a whole document");
    is_int(auth_token_doc_valid(auth_token_buf_str(&b)), 1, "is valid");

    bad = 0;

    for (i = 0; i < b.len; i++) {
        bad += doc_read_all(b.data, i);
        bad += auth_token_doc_valid((auth_token_str_t) { i, b.data });
    }

    is_int(bad, 0, "a document cut short is not valid");

    copy[b.len] = AUTH_TOKEN_DOC_TAG_NULL;
    is_int(auth_token_doc_valid((auth_token_str_t) { b.len + 1, copy }), 0,
           "nor is one with a value after it");

    for (i = 0; i < b.len; i++) {
        for (c = 0; c < 256; c++) {
            copy[i] = (unsigned char) c;
            bad += doc_read_all(copy, b.len);
        }

        copy[i] = b.data[i];
    }

    is_int(bad, 0, "any byte may be any other");

    seed = 7;

    for (i = 0; i < 100000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        len = (seed >> 60) + 1;
        memcpy(copy, &seed, 8);
        copy[0] = (seed & 1) ? 0x31 : 0x30;
        copy[1] = (unsigned char) (seed >> 33) & 0x0f;
        copy[2] = copy[3] = copy[4] = 0;
        bad += doc_read_all(copy, len + 4);
    }

    is_int(bad, 0, "noise");

    auth_token_buf_free(&b);
}


static void
test_tags(void)
{
    int               c, bad;
    unsigned char     tag;
    auth_token_str_t  doc;

    /* an object of one member whose name is the number 0 */

    static unsigned char  number[] = { 0x31, 2, 0, 0, 0, 0x10, 0x10 };

    bad = 0;
    doc.len = 1;
    doc.data = &tag;

    for (c = 0; c < 256; c++) {
        tag = (unsigned char) c;
        bad += auth_token_doc_valid(doc)
               != ((c >= 1 && c <= 3) || c == 0x10 || c == 0x80);
    }

    is_int(bad, 0, "no value of one byte but null, false, true, 0 and \"\"");

    doc.len = sizeof(number);
    doc.data = number;

    is_int(auth_token_doc_valid(doc), 0, "a name is a string");
    is_int(auth_token_doc_member(auth_token_doc_root(doc),
                                 text_str("")).type,
           AUTH_TOKEN_DOC_ABSENT, "and is not taken for one");
}


static void
test_not_finite(void)
{
    double            v;
    unsigned char     bytes[9];
    auth_token_str_t  doc;

    v = INFINITY;
    bytes[0] = AUTH_TOKEN_DOC_TAG_REAL;
    memcpy(bytes + 1, &v, sizeof(v));

    doc.len = sizeof(bytes);
    doc.data = bytes;

    is_int(auth_token_doc_root(doc).type, AUTH_TOKEN_DOC_ABSENT,
           "a damaged real is no value");
    is_int(auth_token_doc_valid(doc), 0, "nor valid");

    is_int(auth_token_doc_valid((auth_token_str_t) { 0, NULL }), 0,
           "nothing is no document");
    is_int(auth_token_doc_root((auth_token_str_t) { 0, NULL }).type,
           AUTH_TOKEN_DOC_ABSENT, "and has no value");
}


int
main(void)
{
    test_depth();
    test_damage();
    test_tags();
    test_not_finite();

    return done();
}
