
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A byte buffer that grows to a ceiling and no further.  What it held is
 * wiped when it grows, is reset and is freed, so that it may hold secrets.
 */

#ifndef _AUTH_TOKEN_BUF_H_INCLUDED_
#define _AUTH_TOKEN_BUF_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_str.h"


typedef struct {
    unsigned char        *data;
    size_t                len;
    size_t                size;
    size_t                max;         /* ceiling of len, in bytes */
    int                   failed;      /* sticky: out of memory or ceiling */
} auth_token_buf_t;


/*
 * Makes an empty buffer that allocates nothing yet; "max" is its ceiling.
 */
void auth_token_buf_init(auth_token_buf_t *b, size_t max);

/*
 * Append bytes, a C string, one byte.  Return 0, or -1 once the ceiling or
 * the memory ends; the failure is sticky, so a caller may check b->failed
 * once at the end.
 */
int auth_token_buf_add(auth_token_buf_t *b, const void *data, size_t len);
int auth_token_buf_adds(auth_token_buf_t *b, const char *s);
int auth_token_buf_addc(auth_token_buf_t *b, unsigned char c);

/*
 * Appends "len" bytes to be filled in by the caller and returns their place,
 * or NULL as above.
 */
void *auth_token_buf_extend(auth_token_buf_t *b, size_t len);

/*
 * Wipes and empties the buffer; it can be used again.
 */
void auth_token_buf_reset(auth_token_buf_t *b);

/*
 * Wipes and frees what the buffer holds.
 */
void auth_token_buf_free(auth_token_buf_t *b);


static inline auth_token_str_t
auth_token_buf_str(const auth_token_buf_t *b)
{
    auth_token_str_t  s;

    s.len = b->len;
    s.data = b->data;

    return s;
}


#endif /* _AUTH_TOKEN_BUF_H_INCLUDED_ */
