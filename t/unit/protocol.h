/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What the tests of the protocol part share: strings, presets by name, and
 * records read back as text.
 */


#ifndef _PROTOCOL_H_INCLUDED_
#define _PROTOCOL_H_INCLUDED_


#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth_token_answer.h"
#include "auth_token_cidr.h"
#include "auth_token_doc.h"
#include "auth_token_record.h"
#include "auth_token_step.h"
#include "guard.h"
#include "tap.h"


#define ID     "ed17574386854bf78a67040be0a770b0"
#define OTHER  "f267e341f3dd4697bd3b9f71dd96247f"
#define TOKEN  "8M7wS6hCpXVc-DoRnPPY_UCWPgy8aea4Wy6kCe5T"
#define NOW    1700000000


/* a test need not use all of them */
#define shared  __attribute__((unused)) static


shared auth_token_str_t
str_of(const char *text)
{
    auth_token_str_t  s;

    s.data = (unsigned char *) text;
    s.len = text == NULL ? 0 : strlen(text);

    return s;
}


/* the text with "?" for what a line of TAP cannot hold, until the next call */

shared const char *
show(const char *text)
{
    size_t  i;

    static char  line[61];

    for (i = 0; text != NULL && text[i] && i < sizeof(line) - 1; i++) {
        line[i] = (text[i] < ' ' || text[i] > '~' || text[i] == '#')
                  ? '?' : text[i];
    }

    line[i] = '\0';

    return line;
}


/* the text flush against an inaccessible page, until the next call */

shared auth_token_str_t
guarded(const char *text)
{
    auth_token_str_t  s;

    s.data = guard_str(text);
    s.len = strlen(text);

    return s;
}


shared const auth_token_protocol_t *
preset(const char *name)
{
    const auth_token_protocol_t  *p;

    p = auth_token_preset_find(str_of(name));

    if (p == NULL) {
        fprintf(stderr, "no preset \"%s\"\n", name);
        exit(2);
    }

    return p;
}


shared const auth_token_step_t *
step_of(const char *name, size_t n)
{
    return &preset(name)->steps[n];
}


/* an IPv4 or IPv6 address; anything else is the client without one */

shared auth_token_addr_t
addr_of(const char *text)
{
    uint8_t            bytes[16];
    auth_token_addr_t  none;

    if (inet_pton(AF_INET, text, bytes) == 1) {
        return auth_token_addr_v4(bytes);
    }

    if (inet_pton(AF_INET6, text, bytes) == 1) {
        return auth_token_addr_v6(bytes);
    }

    memset(&none, 0, sizeof(none));

    return none;
}


shared const auth_token_record_t *
record_of(const auth_token_buf_t *b)
{
    return (const auth_token_record_t *) b->data;
}


/* a record with the document {"id":ID,"n":7,"l":["x"]}, to be freed */

shared void
id_record(auth_token_buf_t *b, const char *id)
{
    auth_token_buf_t    doc;
    auth_token_facts_t  facts;
    int64_t             mark, list;

    auth_token_buf_init(&doc, 4096);
    auth_token_buf_init(b, 4096);
    memset(&facts, 0, sizeof(facts));

    mark = auth_token_doc_open(&doc, AUTH_TOKEN_DOC_OBJECT);
    auth_token_doc_add_key(&doc, "id", 2);
    auth_token_doc_add_string(&doc, id, strlen(id));
    auth_token_doc_add_key(&doc, "n", 1);
    auth_token_doc_add_integer(&doc, 7);
    auth_token_doc_add_key(&doc, "l", 1);
    list = auth_token_doc_open(&doc, AUTH_TOKEN_DOC_ARRAY);
    auth_token_doc_add_string(&doc, "x", 1);
    auth_token_doc_close(&doc, list);
    auth_token_doc_close(&doc, mark);

    facts.doc = auth_token_buf_str(&doc);

    if (auth_token_record_build(&facts, b) != 0) {
        fprintf(stderr, "id_record\n");
        exit(2);
    }

    auth_token_buf_free(&doc);
}


/* compares a record's document, as JSON text */

shared int
is_doc(const auth_token_buf_t *record, const char *want, const char *name)
{
    int               rc;
    auth_token_buf_t  text;

    auth_token_buf_init(&text, 1 << 20);

    if (record->len != 0) {
        auth_token_doc_json(&text,
            auth_token_doc_root(auth_token_record_doc(record_of(record))));
    }

    rc = is_mem(text.data, text.len, want, strlen(want), name);

    auth_token_buf_free(&text);

    return rc;
}


#endif /* _PROTOCOL_H_INCLUDED_ */
