/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The text of JSON pointers (RFC 6901), extended by a step "*" that stands
 * for every element of an array.  The check is for configuration time; the
 * walk along a document is in auth_token_json.c.
 */

#ifndef _AUTH_TOKEN_POINTER_H_INCLUDED_
#define _AUTH_TOKEN_POINTER_H_INCLUDED_


#include <stddef.h>

#include "auth_token_str.h"


#define AUTH_TOKEN_POINTER_MAX_STEPS  32
#define AUTH_TOKEN_POINTER_MAX_STEP   255    /* bytes, once unescaped */


/* one step, unescaped; name has a NUL at its end */

typedef struct {
    size_t  len;
    int     any;                             /* "*" */
    char    name[AUTH_TOKEN_POINTER_MAX_STEP + 1];
} auth_token_pointer_step_t;


/*
 * Checks a pointer that may have up to "max_any" steps "*".  Returns NULL, or
 * what is wrong with it as static text.
 */
const char *auth_token_pointer_check(auth_token_str_t pointer, size_t max_any);

/*
 * Takes the first step off "rest".  Returns 1, 0 at the end of the pointer,
 * or -1 if what follows is no step.
 */
int auth_token_pointer_next(auth_token_str_t *rest,
    auth_token_pointer_step_t *step);

/*
 * The step as an array index (digits, no leading zero).  Returns 0, or -1.
 */
int auth_token_pointer_index(const auth_token_pointer_step_t *step,
    size_t *index);

/*
 * 1 if a checked pointer has a step "*", else 0.
 */
int auth_token_pointer_has_any(auth_token_str_t pointer);


#endif /* _AUTH_TOKEN_POINTER_H_INCLUDED_ */
