/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Writes a value of a document as JSON text that is safe in a header: ASCII,
 * no control characters.
 */


#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth_token_doc.h"


#define AUTH_TOKEN_DOC_REPLACEMENT  0xfffd

/* sign, 17 digits, point, exponent of 5, ".0", NUL; points of some locales */
#define AUTH_TOKEN_DOC_NUMBER_SIZE  40


static int auth_token_doc_json_value(auth_token_buf_t *b,
    auth_token_doc_value_t v, unsigned depth);
static int auth_token_doc_json_members(auth_token_buf_t *b,
    auth_token_doc_value_t v, unsigned depth);
static int auth_token_doc_json_integer(auth_token_buf_t *b, int64_t value);
static int auth_token_doc_json_real(auth_token_buf_t *b, double value);
static int auth_token_doc_json_string(auth_token_buf_t *b,
    auth_token_str_t s);
static int auth_token_doc_json_ascii(auth_token_buf_t *b, unsigned char c);
static int auth_token_doc_json_escape(auth_token_buf_t *b, uint32_t code);
static size_t auth_token_doc_json_utf8(const unsigned char *p, size_t len,
    uint32_t *code);
static int auth_token_doc_json_fail(auth_token_buf_t *b);


int
auth_token_doc_json(auth_token_buf_t *b, auth_token_doc_value_t v)
{
    return auth_token_doc_json_value(b, v, 1);
}


static int
auth_token_doc_json_value(auth_token_buf_t *b, auth_token_doc_value_t v,
    unsigned depth)
{
    switch (v.type) {

    case AUTH_TOKEN_DOC_NULL:
        return auth_token_buf_adds(b, "null");

    case AUTH_TOKEN_DOC_FALSE:
        return auth_token_buf_adds(b, "false");

    case AUTH_TOKEN_DOC_TRUE:
        return auth_token_buf_adds(b, "true");

    case AUTH_TOKEN_DOC_INTEGER:
        return auth_token_doc_json_integer(b, v.integer);

    case AUTH_TOKEN_DOC_REAL:
        return auth_token_doc_json_real(b, v.real);

    case AUTH_TOKEN_DOC_STRING:
        return auth_token_doc_json_string(b, v.bytes);

    case AUTH_TOKEN_DOC_ARRAY:
    case AUTH_TOKEN_DOC_OBJECT:
        return auth_token_doc_json_members(b, v, depth);

    default: /* AUTH_TOKEN_DOC_ABSENT */
        return auth_token_doc_json_fail(b);
    }
}


static int
auth_token_doc_json_members(auth_token_buf_t *b, auth_token_doc_value_t v,
    unsigned depth)
{
    int                     object, first;
    auth_token_str_t        key;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  member;

    if (depth > AUTH_TOKEN_DOC_MAX_DEPTH) {
        return auth_token_doc_json_fail(b);
    }

    object = (v.type == AUTH_TOKEN_DOC_OBJECT);
    first = 1;

    (void) auth_token_buf_addc(b, object ? '{' : '[');

    auth_token_doc_iter(&it, v);

    while (auth_token_doc_next(&it, &key, &member)) {

        if (!first) {
            (void) auth_token_buf_addc(b, ',');
        }

        if (object) {
            (void) auth_token_doc_json_string(b, key);
            (void) auth_token_buf_addc(b, ':');
        }

        if (auth_token_doc_json_value(b, member, depth + 1) != 0) {
            return -1;
        }

        first = 0;
    }

    /* part of a damaged value would read as the whole of another */

    if (it.rest.len != 0) {
        return auth_token_doc_json_fail(b);
    }

    return auth_token_buf_addc(b, object ? '}' : ']');
}


static int
auth_token_doc_json_integer(auth_token_buf_t *b, int64_t value)
{
    char  text[AUTH_TOKEN_DOC_NUMBER_SIZE];

    (void) snprintf(text, sizeof(text), "%" PRId64, value);

    return auth_token_buf_adds(b, text);
}


static int
auth_token_doc_json_real(auth_token_buf_t *b, double value)
{
    int    digits, point, whole;
    char  *p, text[AUTH_TOKEN_DOC_NUMBER_SIZE];

    for (digits = 15; digits < 17; digits++) {
        (void) snprintf(text, sizeof(text), "%.*g", digits, value);

        if (strtod(text, NULL) == value) {
            break;
        }
    }

    (void) snprintf(text, sizeof(text), "%.*g", digits, value);

    /* the point is the locale's, and may be of several bytes */

    point = 0;
    whole = 1;

    for (p = text; *p != '\0'; p++) {

        if ((*p >= '0' && *p <= '9') || *p == '-' || *p == '+') {
            (void) auth_token_buf_addc(b, (unsigned char) *p);

        } else if (*p == 'e') {
            whole = 0;
            (void) auth_token_buf_addc(b, 'e');

        } else if (!point) {
            point = 1;
            whole = 0;
            (void) auth_token_buf_addc(b, '.');
        }
    }

    /* a real stays one for whoever reads it back */

    return auth_token_buf_adds(b, whole ? ".0" : "");
}


static int
auth_token_doc_json_string(auth_token_buf_t *b, auth_token_str_t s)
{
    size_t    i, n;
    uint32_t  code;

    (void) auth_token_buf_addc(b, '"');

    for (i = 0; i < s.len; i += n) {

        if (s.data[i] < 0x80) {
            n = 1;
            (void) auth_token_doc_json_ascii(b, s.data[i]);
            continue;
        }

        n = auth_token_doc_json_utf8(s.data + i, s.len - i, &code);

        if (code >= 0x10000) {
            code -= 0x10000;
            (void) auth_token_doc_json_escape(b, 0xd800 + (code >> 10));
            (void) auth_token_doc_json_escape(b, 0xdc00 + (code & 0x3ff));

        } else {
            (void) auth_token_doc_json_escape(b, code);
        }
    }

    return auth_token_buf_addc(b, '"');
}


static int
auth_token_doc_json_ascii(auth_token_buf_t *b, unsigned char c)
{
    if (c < 0x20 || c == 0x7f) {
        return auth_token_doc_json_escape(b, c);
    }

    if (c == '"' || c == '\\') {
        (void) auth_token_buf_addc(b, '\\');
    }

    return auth_token_buf_addc(b, c);
}


static int
auth_token_doc_json_escape(auth_token_buf_t *b, uint32_t code)
{
    int            shift;
    unsigned char  text[6], *p;

    static const char  hex[] = "0123456789abcdef";

    p = text;

    *p++ = '\\';
    *p++ = 'u';

    for (shift = 12; shift >= 0; shift -= 4) {
        *p++ = (unsigned char) hex[(code >> shift) & 0xf];
    }

    return auth_token_buf_add(b, text, sizeof(text));
}


/*
 * One character of UTF-8 (RFC 3629: no overlong forms, no surrogates) and its
 * length; for anything else the replacement character and 1.
 */

static size_t
auth_token_doc_json_utf8(const unsigned char *p, size_t len, uint32_t *code)
{
    size_t    i, n;
    uint32_t  c, min;

    *code = AUTH_TOKEN_DOC_REPLACEMENT;

    if (p[0] >= 0xc0 && p[0] < 0xe0) {
        n = 2;
        c = p[0] & 0x1f;
        min = 0x80;

    } else if (p[0] >= 0xe0 && p[0] < 0xf0) {
        n = 3;
        c = p[0] & 0x0f;
        min = 0x800;

    } else if (p[0] >= 0xf0 && p[0] < 0xf8) {
        n = 4;
        c = p[0] & 0x07;
        min = 0x10000;

    } else {
        return 1;
    }

    if (n > len) {
        return 1;
    }

    for (i = 1; i < n; i++) {

        if ((p[i] & 0xc0) != 0x80) {
            return 1;
        }

        c = c << 6 | (p[i] & 0x3f);
    }

    if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return 1;
    }

    *code = c;

    return n;
}


static int
auth_token_doc_json_fail(auth_token_buf_t *b)
{
    b->failed = 1;

    return -1;
}
