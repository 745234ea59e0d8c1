/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The document of a record: the members that a mapping names, under our
 * names, and on demand the rest of the answer under its own.  Called by
 * auth_token_mapping_apply().
 */


#include <inttypes.h>
#include <stdio.h>

#include "auth_token_mapping.h"
#include "auth_token_pointer.h"


typedef struct {
    auth_token_buf_t  *doc;
    auth_token_str_t   secret;
} auth_token_mapping_words_t;


static const char *auth_token_mapping_field(const auth_token_field_t *f,
    const auth_token_json_t *root, auth_token_str_t secret,
    auth_token_buf_t *doc);
static const char *auth_token_mapping_put(const auth_token_field_t *f,
    const auth_token_json_t *v, auth_token_str_t secret,
    auth_token_buf_t *doc);
static int auth_token_mapping_fits(auth_token_field_e want,
    const auth_token_json_t *v);
static const char *auth_token_mapping_words(const auth_token_field_t *f,
    const auth_token_json_t *root, auth_token_str_t secret,
    auth_token_buf_t *doc);
static int auth_token_mapping_words_visit(const auth_token_json_t *v,
    void *data);
static int auth_token_mapping_words_split(auth_token_mapping_words_t *words,
    auth_token_str_t text);
static const char *auth_token_mapping_rest(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_str_t secret,
    auth_token_buf_t *doc);
static int auth_token_mapping_taken(const auth_token_mapping_t *m,
    const auth_token_str_t *name);
static int auth_token_mapping_points(auth_token_str_t pointer,
    const auth_token_str_t *name);


static const char  auth_token_mapping_missing[] =
    "a member of the answer is missing";
static const char  auth_token_mapping_type[] =
    "a member of the answer is of a wrong type";
static const char  auth_token_mapping_large[] =
    "the answer holds too much to be kept";


const char *
auth_token_mapping_doc(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_str_t secret,
    auth_token_buf_t *doc)
{
    size_t       i;
    int64_t      mark;
    const char  *error;

    mark = auth_token_doc_open(doc, AUTH_TOKEN_DOC_OBJECT);

    for (i = 0; i < m->nfields; i++) {
        error = auth_token_mapping_field(&m->fields[i], root, secret, doc);

        if (error != NULL) {
            return error;
        }
    }

    if (m->rest) {
        error = auth_token_mapping_rest(m, root, secret, doc);

        if (error != NULL) {
            return error;
        }
    }

    /* the failure of a buffer sticks, so it shows here at the latest */

    return auth_token_doc_close(doc, mark) == 0 ? NULL
                                                : auth_token_mapping_large;
}


static const char *
auth_token_mapping_field(const auth_token_field_t *f,
    const auth_token_json_t *root, auth_token_str_t secret,
    auth_token_buf_t *doc)
{
    auth_token_doc_type_e     type;
    const auth_token_json_t  *v;

    if (f->type == AUTH_TOKEN_FIELD_WORDS) {
        return auth_token_mapping_words(f, root, secret, doc);
    }

    if (auth_token_json_find(root, f->pointer, &v) == AUTH_TOKEN_JSON_WRONG) {
        return auth_token_mapping_type;
    }

    type = auth_token_json_type(v);

    if (type == AUTH_TOKEN_DOC_ABSENT || type == AUTH_TOKEN_DOC_NULL) {
        return f->required ? auth_token_mapping_missing : NULL;
    }

    if (!auth_token_mapping_fits(f->type, v)) {
        return auth_token_mapping_type;
    }

    (void) auth_token_doc_add_key(doc, f->name.data, f->name.len);

    return auth_token_mapping_put(f, v, secret, doc);
}


static const char *
auth_token_mapping_put(const auth_token_field_t *f,
    const auth_token_json_t *v, auth_token_str_t secret,
    auth_token_buf_t *doc)
{
    int   len;
    char  digits[sizeof("-9223372036854775808")];

    if (f->type == AUTH_TOKEN_FIELD_LABEL
        && auth_token_json_type(v) == AUTH_TOKEN_DOC_INTEGER)
    {
        len = snprintf(digits, sizeof(digits), "%" PRId64,
                       auth_token_json_integer(v));

        (void) auth_token_doc_add_string(doc, digits, (size_t) len);

        return NULL;
    }

    return auth_token_json_doc(doc, v, secret) == 0
           ? NULL : auth_token_mapping_large;
}


static int
auth_token_mapping_fits(auth_token_field_e want, const auth_token_json_t *v)
{
    size_t                 i;
    auth_token_doc_type_e  type;

    type = auth_token_json_type(v);

    switch (want) {

    case AUTH_TOKEN_FIELD_ANY:
        return 1;

    case AUTH_TOKEN_FIELD_LABEL:
        return type == AUTH_TOKEN_DOC_STRING || type == AUTH_TOKEN_DOC_INTEGER;

    case AUTH_TOKEN_FIELD_LIST:
        return type == AUTH_TOKEN_DOC_ARRAY;

    case AUTH_TOKEN_FIELD_STRINGS:
        if (type != AUTH_TOKEN_DOC_ARRAY) {
            return type == AUTH_TOKEN_DOC_STRING;
        }

        for (i = 0; i < auth_token_json_size(v); i++) {
            if (auth_token_json_type(auth_token_json_at(v, i))
                != AUTH_TOKEN_DOC_STRING)
            {
                return 0;
            }
        }

        return 1;

    default: /* AUTH_TOKEN_FIELD_STRING */
        return type == AUTH_TOKEN_DOC_STRING;
    }
}


static const char *
auth_token_mapping_words(const auth_token_field_t *f,
    const auth_token_json_t *root, auth_token_str_t secret,
    auth_token_buf_t *doc)
{
    size_t                      start;
    int64_t                     mark;
    auth_token_json_rc_e        rc;
    auth_token_mapping_words_t  words;

    start = doc->len;
    words.doc = doc;
    words.secret = secret;

    (void) auth_token_doc_add_key(doc, f->name.data, f->name.len);
    mark = auth_token_doc_open(doc, AUTH_TOKEN_DOC_ARRAY);

    rc = auth_token_json_walk(root, f->pointer,
                              auth_token_mapping_words_visit, &words);

    if (rc == AUTH_TOKEN_JSON_WRONG) {
        return doc->failed ? auth_token_mapping_large
                           : auth_token_mapping_type;
    }

    if (rc == AUTH_TOKEN_JSON_ABSENT) {
        doc->len = start;
        return f->required ? auth_token_mapping_missing : NULL;
    }

    return auth_token_doc_close(doc, mark) == 0 ? NULL
                                                : auth_token_mapping_large;
}


static int
auth_token_mapping_words_visit(const auth_token_json_t *v, void *data)
{
    size_t                       i;
    auth_token_str_t             text;
    const auth_token_json_t     *word;
    auth_token_mapping_words_t  *words;

    words = data;

    if (auth_token_json_type(v) == AUTH_TOKEN_DOC_STRING) {
        text = auth_token_json_string(v);

        if (text.len != 0 && memchr(text.data, ' ', text.len) == NULL) {
            return auth_token_json_doc(words->doc, v, words->secret);
        }

        return auth_token_mapping_words_split(words, text);
    }

    if (auth_token_json_type(v) != AUTH_TOKEN_DOC_ARRAY) {
        return -1;
    }

    for (i = 0; i < auth_token_json_size(v); i++) {
        word = auth_token_json_at(v, i);

        if (auth_token_json_type(word) != AUTH_TOKEN_DOC_STRING
            || auth_token_json_doc(words->doc, word, words->secret) != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
auth_token_mapping_words_split(auth_token_mapping_words_t *words,
    auth_token_str_t text)
{
    int               rc;
    size_t            i;
    auth_token_str_t  word;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == ' ') {
            continue;
        }

        word.data = text.data + i;

        while (i < text.len && text.data[i] != ' ') {
            i++;
        }

        word.len = (size_t) (text.data + i - word.data);

        rc = auth_token_json_holds(word, words->secret)
             ? auth_token_doc_add_null(words->doc)
             : auth_token_doc_add_string(words->doc, word.data, word.len);

        if (rc != 0) {
            return -1;
        }
    }

    return 0;
}


static const char *
auth_token_mapping_rest(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_str_t secret,
    auth_token_buf_t *doc)
{
    void                     *cursor;
    auth_token_str_t          name;
    const auth_token_json_t  *v;

    cursor = NULL;

    for ( ;; ) {
        v = auth_token_json_next(root, &cursor, &name);

        if (v == NULL) {
            return NULL;
        }

        if (auth_token_json_type(v) == AUTH_TOKEN_DOC_NULL
            || auth_token_mapping_taken(m, &name)
            || auth_token_json_holds(name, secret))
        {
            continue;
        }

        (void) auth_token_doc_add_key(doc, name.data, name.len);

        if (auth_token_json_doc(doc, v, secret) != 0) {
            return auth_token_mapping_large;
        }
    }
}


/* a fact has one place only, and a name of ours means one thing only */

static int
auth_token_mapping_taken(const auth_token_mapping_t *m,
    const auth_token_str_t *name)
{
    size_t  i;

    for (i = 0; i < m->nfields; i++) {
        if (auth_token_str_eq(&m->fields[i].name, name)) {
            return 1;
        }
    }

    for (i = 0; i < m->nactive; i++) {
        if (auth_token_mapping_points(m->active[i].pointer, name)) {
            return 1;
        }
    }

    return auth_token_mapping_points(m->not_before.pointer, name)
           || auth_token_mapping_points(m->expires_on.pointer, name);
}


/* whether the pointer leads to the top member of that name itself */

static int
auth_token_mapping_points(auth_token_str_t pointer,
    const auth_token_str_t *name)
{
    auth_token_pointer_step_t  step;

    return auth_token_pointer_next(&pointer, &step) == 1
           && pointer.len == 0
           && auth_token_str_eq_mem(name, step.name, step.len);
}
