/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The header fields of an authority's answer, as far as they decide whether
 * its body is read and when the authority may be asked again.
 */

#ifndef _AUTH_TOKEN_HEADER_H_INCLUDED_
#define _AUTH_TOKEN_HEADER_H_INCLUDED_


#include <stdint.h>

#include "auth_token_str.h"


/* numbers are -1 if the field is not there or cannot be read */

typedef struct {
    auth_token_str_t  content_type;    /* borrowed; length 0: none */
    int               json;            /* JSON or "+json" */
    int               jwt;             /* a signed answer, RFC 9701 */
    int               encoded;         /* by more than "identity" */
    int64_t           retry_after;     /* seconds, saturates */
    int64_t           remaining;       /* of the tightest rate limit */
    int64_t           reset;           /* seconds until it is renewed */
} auth_token_header_t;


/*
 * Reads the lines of one head, with or without a status line first.  Returns
 * 0, or -1 if a line is no field or Content-Type contradicts itself.  "now"
 * is epoch seconds, for a Retry-After that is a date.
 */
int auth_token_header_read(auth_token_str_t lines, int64_t now,
    auth_token_header_t *out);


#endif /* _AUTH_TOKEN_HEADER_H_INCLUDED_ */
