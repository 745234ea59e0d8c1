/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The JSON text of an authority, which is hostile: parsed under limits, read
 * by pointer, copied into a document.  The only place that knows the JSON
 * library.  Values are borrowed from the tree and die with it.
 */

#ifndef _AUTH_TOKEN_JSON_H_INCLUDED_
#define _AUTH_TOKEN_JSON_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_buf.h"
#include "auth_token_doc.h"
#include "auth_token_str.h"


#define AUTH_TOKEN_JSON_MAX_DEPTH       32

/* these bound the memory that a text can cost beyond its own length */
#define AUTH_TOKEN_JSON_MAX_CONTAINERS  4096
#define AUTH_TOKEN_JSON_MAX_VALUES      12288


typedef struct auth_token_json_s  auth_token_json_t;

/* called for a value that was found; another result than 0 ends the walk */
typedef int (*auth_token_json_visit_pt)(const auth_token_json_t *v,
    void *data);


/* the reason, by its address, why a text may be fine that was not parsed */
extern const char  auth_token_json_starved[];


typedef enum {
    AUTH_TOKEN_JSON_WRONG = -1,        /* the path leads through a scalar */
    AUTH_TOKEN_JSON_ABSENT = 0,        /* or null */
    AUTH_TOKEN_JSON_FOUND
} auth_token_json_rc_e;


/*
 * Parses a whole text whose top is an object, or an array if "list_ok", to be
 * freed.  No duplicate names, no NUL, integers within 64 bits.  NULL if it is
 * not that, or for want of memory; "reason" is static text then.
 */
auth_token_json_t *auth_token_json_parse(auth_token_str_t text, int list_ok,
    const char **reason);
void auth_token_json_free(auth_token_json_t *root);

/*
 * The type of a value; ABSENT of NULL.
 */
auth_token_doc_type_e auth_token_json_type(const auth_token_json_t *v);

/*
 * What a value of that type holds: text, number, number of members, element.
 */
auth_token_str_t auth_token_json_string(const auth_token_json_t *v);
int64_t auth_token_json_integer(const auth_token_json_t *v);
double auth_token_json_real(const auth_token_json_t *v);
size_t auth_token_json_size(const auth_token_json_t *v);
const auth_token_json_t *auth_token_json_at(const auth_token_json_t *v,
    size_t index);

/*
 * Walks an object: "*cursor" is NULL before the first call.  Returns the next
 * value and sets its name, or NULL at the end.
 */
const auth_token_json_t *auth_token_json_next(const auth_token_json_t *v,
    void **cursor, auth_token_str_t *name);

/*
 * Looks up a pointer without "*".  "*out" is set to NULL unless FOUND; a null
 * at the end of the path is found, one on the way is ABSENT.
 */
auth_token_json_rc_e auth_token_json_find(const auth_token_json_t *root,
    auth_token_str_t pointer, const auth_token_json_t **out);

/*
 * The value that a pointer without "*" leads to; NULL if there is none, also
 * where "root" is NULL.
 */
const auth_token_json_t *auth_token_json_member(const auth_token_json_t *root,
    const char *pointer);

/*
 * The text of a member of an object: 1 and "*out" if it is a string, 0 if it
 * is absent, -1 if it is anything else, null included, or "root" no object.
 */
int auth_token_json_member_text(const auth_token_json_t *root,
    const char *pointer, auth_token_str_t *out);

/*
 * Visits each value that a pointer, which may have "*", leads to.  FOUND also
 * if an array is empty.  Past a "*" each element must lead to a value; a null
 * there, or a visit that fails, is WRONG.
 */
auth_token_json_rc_e auth_token_json_walk(const auth_token_json_t *root,
    auth_token_str_t pointer, auth_token_json_visit_pt visit, void *data);

/*
 * Appends a value to a document.  A string that holds "secret" is written as
 * null, a member with such a name is left out: a record must not hold the
 * token.  Returns 0, or -1 when the buffer fails.
 */
int auth_token_json_doc(auth_token_buf_t *b, const auth_token_json_t *v,
    auth_token_str_t secret);

/* whether "secret" is a part of the text; 0 if it has less than 16 bytes */
int auth_token_json_holds(auth_token_str_t text, auth_token_str_t secret);


#endif /* _AUTH_TOKEN_JSON_H_INCLUDED_ */
