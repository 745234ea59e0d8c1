/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Documents: bytes that need not be one, and pointers into them (up to a
 * NUL).  A document made of JSON text reads back as the same text.
 */


#include "auth_token_json.h"
#include "readers.h"


static void
check_text(auth_token_str_t text)
{
    const char         *reason;
    auth_token_str_t    none, bytes;
    auth_token_buf_t    doc, first, second;
    auth_token_json_t  *root, *again;

    root = auth_token_json_parse(text, 1, &reason);

    if (root == NULL) {
        return;
    }

    none = fuzz_str("");
    auth_token_buf_init(&doc, 1 << 20);
    auth_token_buf_init(&first, 1 << 22);
    auth_token_buf_init(&second, 1 << 22);

    must(auth_token_json_doc(&doc, root, none) == 0);

    bytes = auth_token_buf_str(&doc);

    must(auth_token_doc_valid(bytes));
    must(auth_token_doc_json(&first, auth_token_doc_root(bytes)) == 0);

    again = auth_token_json_parse(auth_token_buf_str(&first), 1, &reason);
    must(again != NULL);

    auth_token_buf_reset(&doc);
    must(auth_token_json_doc(&doc, again, none) == 0);
    bytes = auth_token_buf_str(&doc);
    must(auth_token_doc_json(&second, auth_token_doc_root(bytes)) == 0);
    must(first.len == second.len
         && memcmp(first.data, second.data, first.len) == 0);

    auth_token_json_free(root);
    auth_token_json_free(again);
    auth_token_buf_free(&doc);
    auth_token_buf_free(&first);
    auth_token_buf_free(&second);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auth_token_str_t        pointer, doc;
    auth_token_doc_value_t  v;

    pointer = fuzz_until(&data, &size, '\0');
    doc = fuzz_exact(data, size);

    readers_doc(doc);

    v = auth_token_doc_pointer(auth_token_doc_root(doc), pointer);
    readers_walk(v, 2);
    (void) auth_token_doc_member(auth_token_doc_root(doc), pointer);

    check_text(doc);

    fuzz_done();

    return 0;
}
