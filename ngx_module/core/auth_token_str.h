/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The counted string of the core: same layout and member names as ngx_str_t,
 * so that the glue can assign one to the other member by member.  The bytes
 * are borrowed, never owned, and need no terminating NUL.
 */


#ifndef _AUTH_TOKEN_STR_H_INCLUDED_
#define _AUTH_TOKEN_STR_H_INCLUDED_


#include <stddef.h>
#include <string.h>


typedef struct {
    size_t          len;
    unsigned char  *data;
} auth_token_str_t;


/* initialiser for an auth_token_str_t from a string literal */
#define auth_token_str(text)                                                  \
    { sizeof(text) - 1, (unsigned char *) (text) }

/* 1 if the string equals the literal, byte for byte */
#define auth_token_str_eq_lit(s, text)                                        \
    auth_token_str_eq_mem(s, text, sizeof(text) - 1)


/*
 * Returns 1 if the bytes are equal, else 0.  Neither side needs a valid
 * pointer when its length is 0.  Not constant time: not for secrets.
 */
static inline int
auth_token_str_eq_mem(const auth_token_str_t *s, const void *data, size_t len)
{
    return s->len == len && (len == 0 || memcmp(s->data, data, len) == 0);
}


/* returns 1 if both strings hold the same bytes, else 0; not for secrets */
static inline int
auth_token_str_eq(const auth_token_str_t *a, const auth_token_str_t *b)
{
    return auth_token_str_eq_mem(a, b->data, b->len);
}


/* returns the string without blanks and tabs at its ends (RFC 9110, 5.6.3) */
static inline auth_token_str_t
auth_token_str_trim(auth_token_str_t s)
{
    while (s.len != 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }

    while (s.len != 0
           && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
    {
        s.len--;
    }

    return s;
}


#endif /* _AUTH_TOKEN_STR_H_INCLUDED_ */
