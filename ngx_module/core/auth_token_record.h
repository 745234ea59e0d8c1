
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The facts one answer of a token authority gave, in one relocatable blob:
 * fixed header, document (auth_token_doc.h), address sets.  Built once by
 * auth_token_record_build(), read-only afterwards; it may be copied with
 * memcpy() and may lie in shared memory.  Facts only: no judgement is stored.
 */

#ifndef _AUTH_TOKEN_RECORD_H_INCLUDED_
#define _AUTH_TOKEN_RECORD_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_buf.h"
#include "auth_token_cidr.h"
#include "auth_token_doc.h"
#include "auth_token_str.h"


/* "atr" and the number of the layout; a blob of another layout is not read */
#define AUTH_TOKEN_RECORD_MAGIC           0x61747201

/* each set must admit the address; more lists make an answer unusable */
#define AUTH_TOKEN_RECORD_MAX_SETS        4

#define AUTH_TOKEN_RECORD_ACTIVE          0x0001
#define AUTH_TOKEN_RECORD_HAS_NOT_BEFORE  0x0002
#define AUTH_TOKEN_RECORD_HAS_EXPIRES_ON  0x0004


typedef enum {
    AUTH_TOKEN_ADDRESS_REFUSED = 0,
    AUTH_TOKEN_ADDRESS_ADMITTED
} auth_token_address_e;


/* all fields are set once, when the blob is built */

typedef struct {
    uint32_t              magic;
    uint32_t              size;        /* the whole blob */
    uint32_t              head;        /* the blob without address sets */
    uint32_t              doc_len;     /* the document follows the header */
    int64_t               not_before;  /* epoch seconds, if the flag is set */
    int64_t               expires_on;
    uint16_t              flags;
    uint8_t               nallow;
    uint8_t               ndeny;
    uint32_t              pad;
} auth_token_record_t;


/* what goes into a blob; the slices are borrowed for the call */

typedef struct {
    uint16_t              flags;
    int64_t               not_before;
    int64_t               expires_on;
    auth_token_str_t      doc;
    size_t                nallow;
    size_t                ndeny;
    auth_token_str_t      allow[AUTH_TOKEN_RECORD_MAX_SETS];
    auth_token_str_t      deny[AUTH_TOKEN_RECORD_MAX_SETS];
} auth_token_facts_t;


/*
 * Appends the blob of "facts" to the empty buffer "out"; the address sets are
 * compiled ones (auth_token_cidr_compile).  Returns 0, or -1: out of memory,
 * over the buffer's ceiling, too many sets.
 */
int auth_token_record_build(const auth_token_facts_t *facts,
    auth_token_buf_t *out);

/*
 * Checks a whole blob of "size" bytes as found in shared memory: layout,
 * lengths, document and address sets.  Returns 1 if every later read of it
 * stays inside, else 0.
 */
int auth_token_record_valid(const void *blob, size_t size);

/*
 * Rule 3 of the judgement on a whole valid blob: every allow set admits
 * "addr" and no deny set holds it.  A client without an address (family 0) is
 * refused if the record has any set.
 */
auth_token_address_e auth_token_record_address(const auth_token_record_t *r,
    const auth_token_addr_t *addr);

/*
 * The document of a record; also of a copy cut off at r->head bytes.
 */
auth_token_str_t auth_token_record_doc(const auth_token_record_t *r);

/*
 * A string member of the record's document by name ("id", "name", "status");
 * length 0 if it is absent or not a string.  Borrowed from the record.
 */
auth_token_str_t auth_token_record_field(const auth_token_record_t *r,
    const char *name);


#endif /* _AUTH_TOKEN_RECORD_H_INCLUDED_ */
