/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Reads documents in place.  On the path of every request, so members are
 * skipped by their lengths and nothing is decoded but what was asked for.
 */


#include <math.h>
#include <string.h>

#include "auth_token_doc.h"
#include "auth_token_doc_layout.h"


static inline size_t auth_token_doc_measure(const unsigned char *p,
    size_t len, size_t *head);
static size_t auth_token_doc_measure_other(const unsigned char *p,
    size_t len, size_t *head);
static size_t auth_token_doc_take(auth_token_str_t *rest,
    auth_token_doc_value_t *v);
static void auth_token_doc_decode(const unsigned char *p, size_t head,
    size_t size, auth_token_doc_value_t *v);
static int64_t auth_token_doc_integer(const unsigned char *p, size_t n);
static int auth_token_doc_walk(auth_token_doc_value_t v, unsigned depth);
static auth_token_doc_value_t auth_token_doc_escaped(auth_token_doc_value_t v,
    auth_token_str_t token);
static int auth_token_doc_token_eq(auth_token_str_t token,
    auth_token_str_t key);
static auth_token_doc_value_t auth_token_doc_element(auth_token_doc_value_t v,
    auth_token_str_t token);


static const auth_token_doc_value_t  auth_token_doc_absent;


auth_token_doc_value_t
auth_token_doc_root(auth_token_str_t doc)
{
    auth_token_doc_value_t  v;

    if (auth_token_doc_take(&doc, &v) == 0) {
        return auth_token_doc_absent;
    }

    return v;
}


auth_token_doc_value_t
auth_token_doc_member(auth_token_doc_value_t v, auth_token_str_t name)
{
    size_t                size, head;
    auth_token_str_t      rest;
    const unsigned char  *key;

    if (v.type != AUTH_TOKEN_DOC_OBJECT) {
        return auth_token_doc_absent;
    }

    rest = v.bytes;

    for ( ;; ) {
        key = rest.data;

        size = auth_token_doc_measure(key, rest.len, &head);

        if (size == 0 || key[0] < AUTH_TOKEN_DOC_TAG_STRING) {
            return auth_token_doc_absent;
        }

        rest.data += size;
        rest.len -= size;

        if (size - head == name.len
            && (name.len == 0 || memcmp(key + head, name.data, name.len) == 0))
        {
            return auth_token_doc_root(rest);
        }

        size = auth_token_doc_measure(rest.data, rest.len, &head);

        if (size == 0) {
            return auth_token_doc_absent;
        }

        rest.data += size;
        rest.len -= size;
    }
}


auth_token_doc_value_t
auth_token_doc_pointer(auth_token_doc_value_t v, auth_token_str_t pointer)
{
    unsigned char     *slash;
    auth_token_str_t   token;

    while (pointer.len != 0) {

        if (pointer.data[0] != '/') {
            return auth_token_doc_absent;
        }

        token.data = pointer.data + 1;
        token.len = pointer.len - 1;

        slash = memchr(token.data, '/', token.len);

        if (slash != NULL) {
            token.len = (size_t) (slash - token.data);
        }

        pointer.data = token.data + token.len;
        pointer.len -= 1 + token.len;

        if (v.type == AUTH_TOKEN_DOC_ARRAY) {
            v = auth_token_doc_element(v, token);

        } else if (memchr(token.data, '~', token.len) != NULL) {
            v = auth_token_doc_escaped(v, token);

        } else {
            v = auth_token_doc_member(v, token);
        }
    }

    return v;
}


void
auth_token_doc_iter(auth_token_doc_iter_t *it, auth_token_doc_value_t v)
{
    it->rest.len = 0;
    it->rest.data = NULL;
    it->object = (v.type == AUTH_TOKEN_DOC_OBJECT);

    if (v.type == AUTH_TOKEN_DOC_ARRAY || v.type == AUTH_TOKEN_DOC_OBJECT) {
        it->rest = v.bytes;
    }
}


/* at damage "rest" is left as it is, so not empty */

int
auth_token_doc_next(auth_token_doc_iter_t *it, auth_token_str_t *key,
    auth_token_doc_value_t *value)
{
    auth_token_str_t        rest;
    auth_token_doc_value_t  k;

    rest = it->rest;

    if (it->object) {

        if (auth_token_doc_take(&rest, &k) == 0
            || k.type != AUTH_TOKEN_DOC_STRING)
        {
            return 0;
        }

        *key = k.bytes;
    }

    if (auth_token_doc_take(&rest, value) == 0) {
        return 0;
    }

    it->rest = rest;

    return 1;
}


int
auth_token_doc_valid(auth_token_str_t doc)
{
    auth_token_doc_value_t  v;

    return auth_token_doc_take(&doc, &v) != 0
           && doc.len == 0
           && auth_token_doc_walk(v, 1);
}


static int
auth_token_doc_walk(auth_token_doc_value_t v, unsigned depth)
{
    auth_token_str_t        key;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  member;

    if (v.type != AUTH_TOKEN_DOC_ARRAY && v.type != AUTH_TOKEN_DOC_OBJECT) {
        return 1;
    }

    if (depth > AUTH_TOKEN_DOC_MAX_DEPTH) {
        return 0;
    }

    auth_token_doc_iter(&it, v);

    while (auth_token_doc_next(&it, &key, &member)) {

        if (!auth_token_doc_walk(member, depth + 1)) {
            return 0;
        }
    }

    return it.rest.len == 0;
}


/*
 * The size of the value at p, "head" bytes of it before its content; 0 if
 * there is none, or not all of it.  Names are short strings, nearly always,
 * and so are most values: they are worth a way of their own.
 */

static inline size_t
auth_token_doc_measure(const unsigned char *p, size_t len, size_t *head)
{
    size_t  size;

    if (len == 0) {
        return 0;
    }

    if (p[0] < AUTH_TOKEN_DOC_TAG_STRING || p[0] == AUTH_TOKEN_DOC_TAG_LONG) {
        return auth_token_doc_measure_other(p, len, head);
    }

    *head = 1;
    size = 1 + (size_t) (p[0] - AUTH_TOKEN_DOC_TAG_STRING);

    return (size <= len) ? size : 0;
}


static size_t
auth_token_doc_measure_other(const unsigned char *p, size_t len, size_t *head)
{
    size_t    n;
    unsigned  tag;

    tag = p[0];
    *head = 1;

    if (tag == AUTH_TOKEN_DOC_TAG_LONG
        || tag == AUTH_TOKEN_DOC_TAG_ARRAY
        || tag == AUTH_TOKEN_DOC_TAG_OBJECT)
    {
        *head = 1 + AUTH_TOKEN_DOC_LENGTH;

        if (len < 1 + AUTH_TOKEN_DOC_LENGTH) {
            return 0;
        }

        n = (size_t) p[1] | (size_t) p[2] << 8 | (size_t) p[3] << 16
            | (size_t) p[4] << 24;

    } else if (tag >= AUTH_TOKEN_DOC_TAG_INTEGER
               && tag <= AUTH_TOKEN_DOC_TAG_INTEGER + sizeof(int64_t))
    {
        n = tag - AUTH_TOKEN_DOC_TAG_INTEGER;

    } else if (tag == AUTH_TOKEN_DOC_TAG_REAL) {
        n = sizeof(double);

    } else if (tag >= AUTH_TOKEN_DOC_TAG_NULL
               && tag <= AUTH_TOKEN_DOC_TAG_TRUE)
    {
        n = 0;

    } else {
        return 0;
    }

    return (n <= len - *head) ? *head + n : 0;
}


/* takes the value at the front of "rest"; 0 if there is none */

static size_t
auth_token_doc_take(auth_token_str_t *rest, auth_token_doc_value_t *v)
{
    size_t  size, head;

    size = auth_token_doc_measure(rest->data, rest->len, &head);

    if (size == 0) {
        return 0;
    }

    auth_token_doc_decode(rest->data, head, size, v);

    if (v->type == AUTH_TOKEN_DOC_ABSENT) {
        return 0;
    }

    rest->data += size;
    rest->len -= size;

    return size;
}


static void
auth_token_doc_decode(const unsigned char *p, size_t head, size_t size,
    auth_token_doc_value_t *v)
{
    v->integer = 0;
    v->real = 0;
    v->bytes.len = size - head;
    v->bytes.data = (unsigned char *) p + head;

    if (p[0] >= AUTH_TOKEN_DOC_TAG_STRING) {
        v->type = AUTH_TOKEN_DOC_STRING;
        return;
    }

    switch (p[0]) {

    case AUTH_TOKEN_DOC_TAG_OBJECT:
        v->type = AUTH_TOKEN_DOC_OBJECT;
        return;

    case AUTH_TOKEN_DOC_TAG_ARRAY:
        v->type = AUTH_TOKEN_DOC_ARRAY;
        return;

    case AUTH_TOKEN_DOC_TAG_NULL:
        v->type = AUTH_TOKEN_DOC_NULL;
        break;

    case AUTH_TOKEN_DOC_TAG_FALSE:
        v->type = AUTH_TOKEN_DOC_FALSE;
        break;

    case AUTH_TOKEN_DOC_TAG_TRUE:
        v->type = AUTH_TOKEN_DOC_TRUE;
        break;

    case AUTH_TOKEN_DOC_TAG_REAL:
        memcpy(&v->real, v->bytes.data, sizeof(double));
        v->type = isfinite(v->real) ? AUTH_TOKEN_DOC_REAL
                                    : AUTH_TOKEN_DOC_ABSENT;
        break;

    default: /* an integer */
        v->integer = auth_token_doc_integer(v->bytes.data, v->bytes.len);
        v->type = AUTH_TOKEN_DOC_INTEGER;
        break;
    }

    v->bytes.len = 0;
    v->bytes.data = NULL;
}


static int64_t
auth_token_doc_integer(const unsigned char *p, size_t n)
{
    size_t    i;
    int64_t   value;
    uint64_t  bits;

    if (n == 0) {
        return 0;
    }

    bits = (p[n - 1] & 0x80) ? UINT64_MAX : 0;

    for (i = n; i > 0; i--) {
        bits = bits << 8 | p[i - 1];
    }

    memcpy(&value, &bits, sizeof(int64_t));

    return value;
}


/* RFC 6901, 3: a member whose name is written with ~0 or ~1 */

static auth_token_doc_value_t
auth_token_doc_escaped(auth_token_doc_value_t v, auth_token_str_t token)
{
    auth_token_str_t        key;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  member;

    if (v.type != AUTH_TOKEN_DOC_OBJECT) {
        return auth_token_doc_absent;
    }

    auth_token_doc_iter(&it, v);

    while (auth_token_doc_next(&it, &key, &member)) {

        if (auth_token_doc_token_eq(token, key)) {
            return member;
        }
    }

    return auth_token_doc_absent;
}


static int
auth_token_doc_token_eq(auth_token_str_t token, auth_token_str_t key)
{
    size_t         i, n;
    unsigned char  c;

    n = 0;

    for (i = 0; i < token.len; i++) {
        c = token.data[i];

        if (c == '~') {
            i++;

            if (i == token.len
                || (token.data[i] != '0' && token.data[i] != '1'))
            {
                return 0;
            }

            c = (token.data[i] == '0') ? '~' : '/';
        }

        if (n == key.len || key.data[n] != c) {
            return 0;
        }

        n++;
    }

    return n == key.len;
}


/* RFC 6901, 4: an index has no leading zeros; "-" names no element */

static auth_token_doc_value_t
auth_token_doc_element(auth_token_doc_value_t v, auth_token_str_t token)
{
    size_t                  i, index;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  member;

    if (token.len == 0 || (token.len > 1 && token.data[0] == '0')) {
        return auth_token_doc_absent;
    }

    index = 0;

    for (i = 0; i < token.len; i++) {

        /* an element takes a byte at least */

        if (token.data[i] < '0' || token.data[i] > '9'
            || index > v.bytes.len)
        {
            return auth_token_doc_absent;
        }

        index = index * 10 + (token.data[i] - '0');
    }

    auth_token_doc_iter(&it, v);

    while (auth_token_doc_next(&it, NULL, &member)) {

        if (index-- == 0) {
            return member;
        }
    }

    return auth_token_doc_absent;
}
