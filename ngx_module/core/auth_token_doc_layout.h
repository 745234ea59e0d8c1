/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How a document lies in memory; for auth_token_doc*.c only.
 *
 * A value is a tag byte and what follows it.  A member of an object is its
 * key, written as a string, and its value.  Lengths are four bytes, low byte
 * first, and count what follows them.
 */


#ifndef _AUTH_TOKEN_DOC_LAYOUT_H_INCLUDED_
#define _AUTH_TOKEN_DOC_LAYOUT_H_INCLUDED_


#define AUTH_TOKEN_DOC_TAG_NULL     0x01
#define AUTH_TOKEN_DOC_TAG_FALSE    0x02
#define AUTH_TOKEN_DOC_TAG_TRUE     0x03

/* plus the number of bytes, 0 to 8: two's complement, low byte first */
#define AUTH_TOKEN_DOC_TAG_INTEGER  0x10

/* a double as the host has it: a document never leaves the host */
#define AUTH_TOKEN_DOC_TAG_REAL     0x20

/* length, members */
#define AUTH_TOKEN_DOC_TAG_ARRAY    0x30
#define AUTH_TOKEN_DOC_TAG_OBJECT   0x31

/* plus the length, up to 126 bytes; then the text */
#define AUTH_TOKEN_DOC_TAG_STRING   0x80
#define AUTH_TOKEN_DOC_SHORT_MAX    0x7e

/* length, text */
#define AUTH_TOKEN_DOC_TAG_LONG     0xff

/* bytes of a length */
#define AUTH_TOKEN_DOC_LENGTH       4


#endif /* _AUTH_TOKEN_DOC_LAYOUT_H_INCLUDED_ */
