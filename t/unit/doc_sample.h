/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A document that holds each form of each value, and the JSON of the value at a
 * pointer of any document, for the tests of documents.
 */


#ifndef _DOC_SAMPLE_H_INCLUDED_
#define _DOC_SAMPLE_H_INCLUDED_


#include "guard.h"
#include "tap.h"
#include "text_doc.h"


/* deep and wide enough to hold each form of each value */

static const char  doc_sample[] =
    "{'s':'text','':'empty','n':null,'t':true,'f':false,'i':-300,'r':0.5,"
    "'a':[1,[2,[3]],{'x':'y'}],'o':{'k':{'k':'deep'}},'~/\"\\\\':'odd',"
    "'l':'0123456789012345678901234567890123456789012345678901234567890123456"
    "78901234567890123456789012345678901234567890123456789012345678901234567'}";


static inline void
is_json(auth_token_doc_value_t v, const char *want, const char *name)
{
    auth_token_buf_t  b;

    auth_token_buf_init(&b, 65536);

    is_int(auth_token_doc_json(&b, v), 0, name);
    is_mem(b.data, b.len, want, strlen(want), name);

    auth_token_buf_free(&b);
}


/* the JSON of the value at a pointer of a document given as text */

static inline void
is_at(const char *text, const char *pointer, const char *want)
{
    auth_token_buf_t        b;
    auth_token_str_t        doc, path;
    auth_token_doc_value_t  v;

    auth_token_buf_init(&b, 65536);
    text_doc(&b, text);

    doc.len = b.len;
    doc.data = guard_copy(b.data, b.len);

    /* both end where they end: one at a page, one at the sanitizer's */

    path = text_str(pointer);
    path.data = malloc(path.len != 0 ? path.len : 1);
    memcpy(path.data, pointer, path.len);

    v = auth_token_doc_pointer(auth_token_doc_root(doc), path);

    free(path.data);

    if (want == NULL) {
        is_int(v.type, AUTH_TOKEN_DOC_ABSENT, pointer);

    } else {
        is_json(v, want, pointer);
    }

    auth_token_buf_free(&b);
}


static inline void
is_json_of(const char *text, const char *want)
{
    is_at(text, "", want);
}


#endif /* _DOC_SAMPLE_H_INCLUDED_ */
