/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A set of bytes, given as a character class: the syntax that a provider's
 * tokens and ids must have before they may reach the authority.
 */


#ifndef _AUTH_TOKEN_CHARSET_H_INCLUDED_
#define _AUTH_TOKEN_CHARSET_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


typedef struct {
    uint32_t  bits[8];
} auth_token_charset_t;


/*
 * Reads a class such as "A-Za-z0-9_-": ranges within digits, upper or lower
 * case, and single printable characters but "[", "\", "]", "^"; "-" itself
 * stands first or last.  Returns 0, or -1 if it is no class; then set is empty.
 */
int auth_token_charset_init(auth_token_charset_t *set,
    const unsigned char *spec, size_t len);

/* returns 1 if every byte of data is in the set (so for no bytes), else 0 */
int auth_token_charset_span_ok(const auth_token_charset_t *set,
    const unsigned char *data, size_t len);


#endif /* _AUTH_TOKEN_CHARSET_H_INCLUDED_ */
