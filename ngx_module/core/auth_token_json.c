/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * JSON by jansson, behind a scanner: the library recurses 2,048 levels deep
 * and spends some 250 bytes on an empty object, so what a text may hold is
 * counted before it is parsed.  A name that stands twice is refused: which of
 * the two would count is anybody's guess.
 */


#include <jansson.h>

#include "auth_token_json.h"
#include "auth_token_json_scan.h"
#include "auth_token_pointer.h"


/* shorter tokens are found in innocent places too */
#define AUTH_TOKEN_JSON_MIN_SECRET  16


static json_t *auth_token_json_load(auth_token_str_t text);
static void *auth_token_json_alloc(size_t size);
static auth_token_json_rc_e auth_token_json_step(const json_t *v,
    const auth_token_pointer_step_t *step, const json_t **out);
static auth_token_json_rc_e auth_token_json_walk_each(const json_t *array,
    auth_token_str_t rest, auth_token_json_visit_pt visit, void *data);
static int auth_token_json_doc_string(auth_token_buf_t *b, const json_t *v,
    auth_token_str_t secret);
static int auth_token_json_doc_list(auth_token_buf_t *b,
    const auth_token_json_t *v, auth_token_str_t secret);
static int auth_token_json_doc_object(auth_token_buf_t *b,
    const auth_token_json_t *v, auth_token_str_t secret);


const char  auth_token_json_starved[] = "there was no memory for the body";


/* set while a text is parsed */
static json_malloc_t  auth_token_json_malloc;
static int            auth_token_json_starving;


auth_token_json_t *
auth_token_json_parse(auth_token_str_t text, int list_ok, const char **reason)
{
    json_t        *root;

    *reason = auth_token_json_scan(text);

    if (*reason != NULL) {
        return NULL;
    }

    root = auth_token_json_load(text);

    if (auth_token_json_starving) {
        json_decref(root);
        *reason = auth_token_json_starved;
        return NULL;
    }

    if (root == NULL) {
        *reason = "the body is not valid JSON";
        return NULL;
    }

    if (json_typeof(root) != JSON_OBJECT && !list_ok) {
        json_decref(root);
        *reason = "the body is not a JSON object";
        return NULL;
    }

    return (auth_token_json_t *) root;
}


/*
 * jansson's lexer does not look whether a byte of a string found room: without
 * memory a string comes out shorter, "/24" as "/2", and the text as parsed.
 * Its allocations, of which none else are made here, are watched for that.
 */

static json_t *
auth_token_json_load(auth_token_str_t text)
{
    json_t        *root;
    json_free_t    release;
    json_error_t   error;

    auth_token_json_starving = 0;

    json_get_alloc_funcs(&auth_token_json_malloc, &release);
    json_set_alloc_funcs(auth_token_json_alloc, release);

    root = json_loadb((const char *) text.data, text.len,
                      JSON_REJECT_DUPLICATES, &error);

    json_set_alloc_funcs(auth_token_json_malloc, release);

    return root;
}


static void *
auth_token_json_alloc(size_t size)
{
    void  *p;

    p = auth_token_json_malloc(size);

    if (p == NULL) {
        auth_token_json_starving = 1;
    }

    return p;
}


void
auth_token_json_free(auth_token_json_t *root)
{
    json_decref((json_t *) root);
}


auth_token_doc_type_e
auth_token_json_type(const auth_token_json_t *v)
{
    if (v == NULL) {
        return AUTH_TOKEN_DOC_ABSENT;
    }

    switch (json_typeof((const json_t *) v)) {

    case JSON_OBJECT:
        return AUTH_TOKEN_DOC_OBJECT;

    case JSON_ARRAY:
        return AUTH_TOKEN_DOC_ARRAY;

    case JSON_STRING:
        return AUTH_TOKEN_DOC_STRING;

    case JSON_INTEGER:
        return AUTH_TOKEN_DOC_INTEGER;

    case JSON_REAL:
        return AUTH_TOKEN_DOC_REAL;

    case JSON_TRUE:
        return AUTH_TOKEN_DOC_TRUE;

    case JSON_FALSE:
        return AUTH_TOKEN_DOC_FALSE;

    default: /* JSON_NULL */
        return AUTH_TOKEN_DOC_NULL;
    }
}


auth_token_str_t
auth_token_json_string(const auth_token_json_t *v)
{
    auth_token_str_t  s;

    s.data = (unsigned char *) json_string_value((const json_t *) v);
    s.len = json_string_length((const json_t *) v);

    return s;
}


int64_t
auth_token_json_integer(const auth_token_json_t *v)
{
    return json_integer_value((const json_t *) v);
}


double
auth_token_json_real(const auth_token_json_t *v)
{
    return json_real_value((const json_t *) v);
}


size_t
auth_token_json_size(const auth_token_json_t *v)
{
    const json_t  *json;

    json = (const json_t *) v;

    return json_is_array(json) ? json_array_size(json)
                               : json_object_size(json);
}


const auth_token_json_t *
auth_token_json_at(const auth_token_json_t *v, size_t index)
{
    return (const auth_token_json_t *)
               json_array_get((const json_t *) v, index);
}


const auth_token_json_t *
auth_token_json_next(const auth_token_json_t *v, void **cursor,
    auth_token_str_t *name)
{
    json_t  *json;

    json = (json_t *) v;

    *cursor = *cursor == NULL ? json_object_iter(json)
                              : json_object_iter_next(json, *cursor);

    if (*cursor == NULL) {
        return NULL;
    }

    name->data = (unsigned char *) json_object_iter_key(*cursor);
    name->len = strlen((char *) name->data);

    return (const auth_token_json_t *) json_object_iter_value(*cursor);
}


auth_token_json_rc_e
auth_token_json_find(const auth_token_json_t *root, auth_token_str_t pointer,
    const auth_token_json_t **out)
{
    int                        rc;
    const json_t              *v;
    auth_token_json_rc_e       found;
    auth_token_pointer_step_t  step;

    v = (const json_t *) root;
    *out = NULL;

    for ( ;; ) {
        rc = auth_token_pointer_next(&pointer, &step);

        if (rc == 0) {
            *out = (const auth_token_json_t *) v;
            return AUTH_TOKEN_JSON_FOUND;
        }

        if (rc == -1 || step.any) {
            return AUTH_TOKEN_JSON_WRONG;
        }

        found = auth_token_json_step(v, &step, &v);

        if (found != AUTH_TOKEN_JSON_FOUND) {
            return found;
        }
    }
}


auth_token_json_rc_e
auth_token_json_walk(const auth_token_json_t *root, auth_token_str_t pointer,
    auth_token_json_visit_pt visit, void *data)
{
    int                        rc;
    const json_t              *v;
    auth_token_json_rc_e       found;
    auth_token_pointer_step_t  step;

    v = (const json_t *) root;

    for ( ;; ) {
        rc = auth_token_pointer_next(&pointer, &step);

        if (rc == -1) {
            return AUTH_TOKEN_JSON_WRONG;
        }

        if (json_is_null(v)) {
            return AUTH_TOKEN_JSON_ABSENT;
        }

        if (rc == 0) {
            return visit((const auth_token_json_t *) v, data) == 0
                   ? AUTH_TOKEN_JSON_FOUND : AUTH_TOKEN_JSON_WRONG;
        }

        if (step.any) {
            return auth_token_json_walk_each(v, pointer, visit, data);
        }

        found = auth_token_json_step(v, &step, &v);

        if (found != AUTH_TOKEN_JSON_FOUND) {
            return found;
        }
    }
}


int
auth_token_json_doc(auth_token_buf_t *b, const auth_token_json_t *v,
    auth_token_str_t secret)
{
    switch (auth_token_json_type(v)) {

    case AUTH_TOKEN_DOC_OBJECT:
        return auth_token_json_doc_object(b, v, secret);

    case AUTH_TOKEN_DOC_ARRAY:
        return auth_token_json_doc_list(b, v, secret);

    case AUTH_TOKEN_DOC_STRING:
        return auth_token_json_doc_string(b, (const json_t *) v, secret);

    case AUTH_TOKEN_DOC_INTEGER:
        return auth_token_doc_add_integer(b, auth_token_json_integer(v));

    case AUTH_TOKEN_DOC_REAL:
        return auth_token_doc_add_real(b, auth_token_json_real(v));

    case AUTH_TOKEN_DOC_TRUE:
        return auth_token_doc_add_boolean(b, 1);

    case AUTH_TOKEN_DOC_FALSE:
        return auth_token_doc_add_boolean(b, 0);

    default: /* AUTH_TOKEN_DOC_NULL */
        return auth_token_doc_add_null(b);
    }
}


int
auth_token_json_holds(auth_token_str_t text, auth_token_str_t secret)
{
    size_t  i;

    /* a short token may be a word of the language */

    if (secret.len < AUTH_TOKEN_JSON_MIN_SECRET) {
        return 0;
    }

    for (i = 0; i + secret.len <= text.len; i++) {
        if (memcmp(text.data + i, secret.data, secret.len) == 0) {
            return 1;
        }
    }

    return 0;
}


/*
 * A step into a scalar is not "absent": the authority says something here
 * that is not understood, perhaps a restriction.
 */

static auth_token_json_rc_e
auth_token_json_step(const json_t *v, const auth_token_pointer_step_t *step,
    const json_t **out)
{
    size_t  index;

    if (json_is_object(v)) {
        *out = json_object_get(v, step->name);

    } else if (json_is_array(v)
               && auth_token_pointer_index(step, &index) == 0)
    {
        *out = json_array_get(v, index);

    } else {
        return json_is_null(v) ? AUTH_TOKEN_JSON_ABSENT
                               : AUTH_TOKEN_JSON_WRONG;
    }

    return *out == NULL ? AUTH_TOKEN_JSON_ABSENT : AUTH_TOKEN_JSON_FOUND;
}


/* recurses once for each "*", each of which is one level of the text deeper */

static auth_token_json_rc_e
auth_token_json_walk_each(const json_t *array, auth_token_str_t rest,
    auth_token_json_visit_pt visit, void *data)
{
    size_t                i;
    auth_token_json_rc_e  rc;

    if (!json_is_array(array)) {
        return AUTH_TOKEN_JSON_WRONG;
    }

    for (i = 0; i < json_array_size(array); i++) {
        rc = auth_token_json_walk((const auth_token_json_t *)
                                      json_array_get(array, i),
                                  rest, visit, data);

        if (rc != AUTH_TOKEN_JSON_FOUND) {
            return AUTH_TOKEN_JSON_WRONG;
        }
    }

    return AUTH_TOKEN_JSON_FOUND;
}


static int
auth_token_json_doc_string(auth_token_buf_t *b, const json_t *v,
    auth_token_str_t secret)
{
    auth_token_str_t  s;

    s = auth_token_json_string((const auth_token_json_t *) v);

    if (auth_token_json_holds(s, secret)) {
        return auth_token_doc_add_null(b);
    }

    return auth_token_doc_add_string(b, s.data, s.len);
}


static int
auth_token_json_doc_list(auth_token_buf_t *b, const auth_token_json_t *v,
    auth_token_str_t secret)
{
    size_t   i;
    int64_t  mark;

    mark = auth_token_doc_open(b, AUTH_TOKEN_DOC_ARRAY);

    if (mark == -1) {
        return -1;
    }

    for (i = 0; i < auth_token_json_size(v); i++) {
        if (auth_token_json_doc(b, auth_token_json_at(v, i), secret) != 0) {
            return -1;
        }
    }

    return auth_token_doc_close(b, mark);
}


static int
auth_token_json_doc_object(auth_token_buf_t *b, const auth_token_json_t *v,
    auth_token_str_t secret)
{
    void                     *cursor;
    int64_t                   mark;
    auth_token_str_t          name;
    const auth_token_json_t  *member;

    mark = auth_token_doc_open(b, AUTH_TOKEN_DOC_OBJECT);

    if (mark == -1) {
        return -1;
    }

    cursor = NULL;

    for ( ;; ) {
        member = auth_token_json_next(v, &cursor, &name);

        if (member == NULL) {
            break;
        }

        if (auth_token_json_holds(name, secret)) {
            continue;
        }

        if (auth_token_doc_add_key(b, name.data, name.len) != 0
            || auth_token_json_doc(b, member, secret) != 0)
        {
            return -1;
        }
    }

    return auth_token_doc_close(b, mark);
}
