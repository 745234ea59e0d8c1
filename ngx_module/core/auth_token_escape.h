/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Escapes a value for the place in a request where it is going to stand.
 */

#ifndef _AUTH_TOKEN_ESCAPE_H_INCLUDED_
#define _AUTH_TOKEN_ESCAPE_H_INCLUDED_


#include "auth_token_buf.h"
#include "auth_token_str.h"


typedef enum {
    AUTH_TOKEN_PLACE_PATH = 0,         /* a query may follow its "?" */
    AUTH_TOKEN_PLACE_QUERY,
    AUTH_TOKEN_PLACE_FORM,             /* a name or value of a form */
    AUTH_TOKEN_PLACE_JSON,             /* inside of a JSON string */
    AUTH_TOKEN_PLACE_HEADER            /* the value of a field */
} auth_token_place_e;


/*
 * Appends "value", escaped.  Returns 0, or -1: the buffer failed, or a byte
 * (a control character in HEADER) can stand there in no form.
 */
int auth_token_escape(auth_token_str_t value, auth_token_place_e place,
    auth_token_buf_t *out);

/*
 * RFC 3986: 1 if the byte is unreserved (2.3), a hexadecimal digit; else 0.
 */
int auth_token_escape_is_unreserved(unsigned char c);
int auth_token_escape_is_hex(unsigned char c);


#endif /* _AUTH_TOKEN_ESCAPE_H_INCLUDED_ */
