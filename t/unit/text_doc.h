/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Documents and records from text that reads like JSON, for tests: strings
 * stand in single quotes, a backslash takes the next byte as it is, a number
 * with a point is a real.  A mistake in the text ends the test.
 */


#ifndef _TEXT_DOC_H_INCLUDED_
#define _TEXT_DOC_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth_token_doc.h"
#include "auth_token_record.h"


static inline void text_doc_value(auth_token_buf_t *b, const char **p);


static inline void
text_doc_fail(const char *p)
{
    fprintf(stderr, "bad text of a document at \"%s\"\n", p);
    exit(2);
}


static inline void
text_doc_string(auth_token_buf_t *b, const char **p)
{
    size_t  len;
    char    text[512];

    len = 0;

    for ((*p)++; **p != '\''; (*p)++) {

        if (**p == '\\') {
            (*p)++;
        }

        if (**p == '\0' || len == sizeof(text)) {
            text_doc_fail(*p);
        }

        text[len++] = **p;
    }

    (*p)++;

    auth_token_doc_add_string(b, text, len);
}


static inline void
text_doc_members(auth_token_buf_t *b, const char **p)
{
    char     end;
    int64_t  mark;

    end = (**p == '{') ? '}' : ']';
    mark = auth_token_doc_open(b, (**p == '{') ? AUTH_TOKEN_DOC_OBJECT
                                               : AUTH_TOKEN_DOC_ARRAY);

    for ((*p)++; **p != end; /* void */ ) {

        if (end == '}') {
            text_doc_string(b, p);

            if (*(*p)++ != ':') {
                text_doc_fail(*p);
            }
        }

        text_doc_value(b, p);

        if (**p == ',') {
            (*p)++;

        } else if (**p != end) {
            text_doc_fail(*p);
        }
    }

    (*p)++;

    auth_token_doc_close(b, mark);
}


static inline void
text_doc_number(auth_token_buf_t *b, const char **p)
{
    char       *end;
    double      real;
    long long   integer;

    integer = strtoll(*p, &end, 10);

    if (end == *p) {
        text_doc_fail(*p);
    }

    if (*end != '.' && *end != 'e') {
        auth_token_doc_add_integer(b, integer);

    } else {
        real = strtod(*p, &end);
        auth_token_doc_add_real(b, real);
    }

    *p = end;
}


static inline void
text_doc_value(auth_token_buf_t *b, const char **p)
{
    if (**p == '\'') {
        text_doc_string(b, p);

    } else if (**p == '{' || **p == '[') {
        text_doc_members(b, p);

    } else if (strncmp(*p, "null", 4) == 0) {
        auth_token_doc_add_null(b);
        *p += 4;

    } else if (strncmp(*p, "false", 5) == 0) {
        auth_token_doc_add_boolean(b, 0);
        *p += 5;

    } else if (strncmp(*p, "true", 4) == 0) {
        auth_token_doc_add_boolean(b, 1);
        *p += 4;

    } else {
        text_doc_number(b, p);
    }
}


/* appends the document to "b" */

static inline void
text_doc(auth_token_buf_t *b, const char *text)
{
    text_doc_value(b, &text);

    if (b->failed || *text != '\0') {
        text_doc_fail(text);
    }
}


/* the record of an active token with this document; "b" holds it */

static inline const auth_token_record_t *
text_record(auth_token_buf_t *b, const char *text)
{
    auth_token_buf_t    doc;
    auth_token_facts_t  facts;

    auth_token_buf_init(&doc, 65536);
    auth_token_buf_init(b, 65536);

    text_doc(&doc, text);

    memset(&facts, 0, sizeof(facts));
    facts.flags = AUTH_TOKEN_RECORD_ACTIVE;
    facts.doc = auth_token_buf_str(&doc);

    if (auth_token_record_build(&facts, b) != 0) {
        text_doc_fail(text);
    }

    auth_token_buf_free(&doc);

    return (const auth_token_record_t *) (const void *) b->data;
}


/* a counted string of a NUL-terminated one */

static inline auth_token_str_t
text_str(const char *text)
{
    auth_token_str_t  s;

    s.len = strlen(text);
    s.data = (unsigned char *) text;

    return s;
}


#endif /* _TEXT_DOC_H_INCLUDED_ */
