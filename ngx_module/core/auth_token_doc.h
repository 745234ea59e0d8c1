
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A JSON value in a compact relocatable form: it is looked up by pointer and
 * walked in place, without a parser and without an allocation, also in a copy
 * taken out of shared memory.  Every read checks its bounds: a damaged
 * document reads as absent values, never beyond its end.
 */

#ifndef _AUTH_TOKEN_DOC_H_INCLUDED_
#define _AUTH_TOKEN_DOC_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_buf.h"
#include "auth_token_str.h"


/* deeper values can be written, but auth_token_doc_valid(), hence
   auth_token_record_build(), and auth_token_doc_json() refuse them */
#define AUTH_TOKEN_DOC_MAX_DEPTH  32


typedef enum {
    AUTH_TOKEN_DOC_ABSENT = 0,
    AUTH_TOKEN_DOC_NULL,
    AUTH_TOKEN_DOC_FALSE,
    AUTH_TOKEN_DOC_TRUE,
    AUTH_TOKEN_DOC_INTEGER,
    AUTH_TOKEN_DOC_REAL,
    AUTH_TOKEN_DOC_STRING,
    AUTH_TOKEN_DOC_ARRAY,
    AUTH_TOKEN_DOC_OBJECT
} auth_token_doc_type_e;


/* one value of a document, borrowed from the document's bytes */

typedef struct {
    auth_token_doc_type_e  type;
    int64_t                integer;
    double                 real;
    auth_token_str_t       bytes;  /* string: text; array, object: members */
} auth_token_doc_value_t;


/* a place among the members of an array or an object */

typedef struct {
    auth_token_str_t       rest;
    int                    object;
} auth_token_doc_iter_t;


/*
 * Writers, in document order.  A container is written by _open(), its
 * members, and _close() with what _open() returned; in an object each value
 * follows its _key().  All return -1 when the buffer fails, else 0 (_open():
 * a mark for _close(), or -1).
 */
int auth_token_doc_add_null(auth_token_buf_t *b);
int auth_token_doc_add_boolean(auth_token_buf_t *b, int value);
int auth_token_doc_add_integer(auth_token_buf_t *b, int64_t value);
int auth_token_doc_add_real(auth_token_buf_t *b, double value);
int auth_token_doc_add_string(auth_token_buf_t *b, const void *s, size_t len);
int auth_token_doc_add_key(auth_token_buf_t *b, const void *s, size_t len);
int64_t auth_token_doc_open(auth_token_buf_t *b, auth_token_doc_type_e type);
int auth_token_doc_close(auth_token_buf_t *b, int64_t mark);

/*
 * The value at the start of "doc".  Type ABSENT if the bytes are none.
 */
auth_token_doc_value_t auth_token_doc_root(auth_token_str_t doc);

/*
 * RFC 6901 look-up, "pointer" as text ("" is the value itself).  Type ABSENT
 * if there is no such value.
 */
auth_token_doc_value_t auth_token_doc_pointer(auth_token_doc_value_t v,
    auth_token_str_t pointer);

/*
 * A member of an object by its exact name; ABSENT if there is none.
 */
auth_token_doc_value_t auth_token_doc_member(auth_token_doc_value_t v,
    auth_token_str_t name);

/*
 * Walk the members of an array or object (of anything else: none).  _next()
 * returns 1 and sets "value" and, for objects, "key"; 0 at the end.
 */
void auth_token_doc_iter(auth_token_doc_iter_t *it,
    auth_token_doc_value_t v);
int auth_token_doc_next(auth_token_doc_iter_t *it, auth_token_str_t *key,
    auth_token_doc_value_t *value);

/*
 * Checks that all of "doc" can be walked and nothing follows.  1 or 0.
 */
int auth_token_doc_valid(auth_token_str_t doc);

/*
 * Appends a value as compact JSON text in ASCII (RFC 8259, other characters
 * as \u escapes), so safe to put into a header.  0, or -1.
 */
int auth_token_doc_json(auth_token_buf_t *b, auth_token_doc_value_t v);


#endif /* _AUTH_TOKEN_DOC_H_INCLUDED_ */
