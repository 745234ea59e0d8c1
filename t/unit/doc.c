/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A document that reads back as something else than was written, that lets a
 * damaged byte lead a reader past its end, or whose JSON is not JSON, or not
 * safe in a header.
 */


#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int doc_snprintf(char *buf, size_t size, const char *format, ...);
static double doc_strtod(const char *text, char **end);

#define snprintf  doc_snprintf
#define strtod    doc_strtod

#include "../../ngx_module/core/auth_token_doc.c"
#include "../../ngx_module/core/auth_token_doc_json.c"
#include "../../ngx_module/core/auth_token_doc_write.c"

#undef snprintf
#undef strtod

#include "guard.h"
#include "tap.h"
#include "text_doc.h"


/* deep and wide enough to hold each form of each value */

static const char  sample[] =
    "{'s':'text','':'empty','n':null,'t':true,'f':false,'i':-300,'r':0.5,"
    "'a':[1,[2,[3]],{'x':'y'}],'o':{'k':{'k':'deep'}},'~/\"\\\\':'odd',"
    "'l':'0123456789012345678901234567890123456789012345678901234567890123456"
    "78901234567890123456789012345678901234567890123456789012345678901234567'}";


/* the point of a locale, of one byte or of several */

static const char  *doc_point = ".";


static int
doc_snprintf(char *buf, size_t size, const char *format, ...)
{
    char     text[64], *point;
    va_list  args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    point = strchr(text, '.');

    if (point == NULL) {
        return snprintf(buf, size, "%s", text);
    }

    return snprintf(buf, size, "%.*s%s%s", (int) (point - text), text,
                    doc_point, point + 1);
}


static double
doc_strtod(const char *text, char **end)
{
    char         copy[64];
    const char  *point;

    point = strstr(text, doc_point);

    if (point == NULL) {
        return strtod(text, end);
    }

    snprintf(copy, sizeof(copy), "%.*s.%s", (int) (point - text), text,
             point + strlen(doc_point));

    return strtod(copy, NULL);
}


static void
is_json(auth_token_doc_value_t v, const char *want, const char *name)
{
    auth_token_buf_t  b;

    auth_token_buf_init(&b, 65536);

    is_int(auth_token_doc_json(&b, v), 0, name);
    is_mem(b.data, b.len, want, strlen(want), name);

    auth_token_buf_free(&b);
}


/* the JSON of the value at a pointer of a document given as text */

static void
is_at(const char *text, const char *pointer, const char *want)
{
    auth_token_buf_t        b;
    auth_token_str_t        doc, path;
    auth_token_doc_value_t  v;

    auth_token_buf_init(&b, 65536);
    text_doc(&b, text);

    doc.len = b.len;
    doc.data = guard_copy(b.data, b.len);

    /* both end where they end: one at a page, one at the sanitizer's */

    path = text_str(pointer);
    path.data = malloc(path.len != 0 ? path.len : 1);
    memcpy(path.data, pointer, path.len);

    v = auth_token_doc_pointer(auth_token_doc_root(doc), path);

    free(path.data);

    if (want == NULL) {
        is_int(v.type, AUTH_TOKEN_DOC_ABSENT, pointer);

    } else {
        is_json(v, want, pointer);
    }

    auth_token_buf_free(&b);
}


static void
test_scalars(void)
{
    size_t                  i;
    int                     bad;
    auth_token_buf_t        b;
    auth_token_doc_value_t  v;

    static const int64_t  integers[] = {
        0, 1, -1, 127, 128, -128, -129, 255, 32767, 32768, -32768, -32769,
        8388607, 8388608, -8388609, 2147483647, 2147483648, -2147483649,
        549755813887, 549755813888, -549755813889, 140737488355328,
        -140737488355329, 36028797018963967, 36028797018963968,
        -36028797018963969, INT64_MAX - 1, INT64_MAX, INT64_MIN, INT64_MIN + 1
    };

    static const double  reals[] = {
        0.0, -0.0, 0.1, -1.5, 1e300, 5e-324, 1.7976931348623157e308
    };

    bad = 0;
    auth_token_buf_init(&b, 64);

    for (i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
        auth_token_buf_reset(&b);
        auth_token_doc_add_integer(&b, integers[i]);

        v = auth_token_doc_root(auth_token_buf_str(&b));

        bad += !auth_token_doc_valid(auth_token_buf_str(&b))
               || v.type != AUTH_TOKEN_DOC_INTEGER
               || v.integer != integers[i];
    }

    is_int(bad, 0, "integers read back");

    auth_token_buf_reset(&b);
    auth_token_doc_add_integer(&b, 4102444800);
    is_int(b.len, 6, "a time takes six bytes");

    auth_token_buf_reset(&b);
    auth_token_doc_add_integer(&b, -128);
    is_int(b.len, 2, "-128 takes two");

    for (i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        auth_token_buf_reset(&b);
        auth_token_doc_add_real(&b, reals[i]);

        v = auth_token_doc_root(auth_token_buf_str(&b));

        bad += !auth_token_doc_valid(auth_token_buf_str(&b))
               || v.type != AUTH_TOKEN_DOC_REAL
               || memcmp(&v.real, &reals[i], sizeof(double)) != 0;
    }

    is_int(bad, 0, "reals read back");

    auth_token_buf_reset(&b);
    is_int(auth_token_doc_add_real(&b, NAN), -1, "not a number is refused");
    auth_token_buf_reset(&b);
    is_int(auth_token_doc_add_real(&b, INFINITY), -1, "so is infinity");
    auth_token_buf_reset(&b);
    is_int(auth_token_doc_add_real(&b, -INFINITY), -1, "either");

    auth_token_buf_free(&b);
}


static void
test_strings(void)
{
    size_t                  len;
    int                     bad;
    unsigned char           text[70000];
    auth_token_buf_t        b;
    auth_token_doc_value_t  v;

    memset(text, 'x', sizeof(text));

    bad = 0;
    auth_token_buf_init(&b, sizeof(text) + 16);

    for (len = 0; len <= sizeof(text); len += (len < 300) ? 1 : 9967) {
        auth_token_buf_reset(&b);
        auth_token_doc_add_string(&b, text, len);

        v = auth_token_doc_root(auth_token_buf_str(&b));

        bad += !auth_token_doc_valid(auth_token_buf_str(&b))
               || v.type != AUTH_TOKEN_DOC_STRING
               || v.bytes.len != len
               || b.len != len + ((len <= 126) ? 1 : 5);
    }

    is_int(bad, 0, "strings of all lengths read back");

    auth_token_buf_reset(&b);
    is_int(auth_token_doc_add_string(&b, text, (size_t) UINT32_MAX + 1), -1,
           "a string past four bytes of length is refused");

    auth_token_buf_free(&b);
}


static void
test_writers(void)
{
    size_t            max, whole;
    int               bad;
    int64_t           mark;
    auth_token_buf_t  b, huge;

    auth_token_buf_init(&b, 4096);

    is_int(auth_token_doc_open(&b, AUTH_TOKEN_DOC_STRING), -1,
           "only arrays and objects are opened");
    is_int(auth_token_doc_close(&b, 0), -1, "nothing is closed after that");

    auth_token_buf_reset(&b);
    is_int(auth_token_doc_close(&b, -1), -1, "no mark, no end");
    auth_token_buf_reset(&b);
    is_int(auth_token_doc_close(&b, 0), -1, "nor a mark past the end");

    auth_token_buf_reset(&b);
    mark = auth_token_doc_open(&b, AUTH_TOKEN_DOC_ARRAY);
    huge = b;
    huge.len = (size_t) UINT32_MAX + 6;
    is_int(auth_token_doc_close(&huge, mark), -1, "nor four gigabytes");

    auth_token_buf_reset(&b);
    text_doc(&b, sample);
    whole = b.len;

    bad = 0;
    auth_token_buf_free(&b);

    for (max = 0; max < whole; max++) {
        auth_token_buf_init(&b, max);

        mark = auth_token_doc_open(&b, AUTH_TOKEN_DOC_OBJECT);
        auth_token_doc_add_key(&b, "k", 1);
        auth_token_doc_add_string(&b, sample, sizeof(sample));

        bad += auth_token_doc_close(&b, mark) != -1 || !b.failed;

        auth_token_buf_free(&b);
    }

    is_int(bad, 0, "a buffer that fails anywhere fails the document");
}


static void
test_lookup(void)
{
    auth_token_buf_t        b;
    auth_token_doc_value_t  root, v;

    auth_token_buf_init(&b, 65536);
    text_doc(&b, sample);
    root = auth_token_doc_root(auth_token_buf_str(&b));

    v = auth_token_doc_member(root, text_str("s"));
    is_mem(v.bytes.data, v.bytes.len, "text", 4, "a member");

    v = auth_token_doc_member(root, text_str(""));
    is_mem(v.bytes.data, v.bytes.len, "empty", 5, "a member without a name");

    v = auth_token_doc_member(root, text_str("l"));
    is_int(v.bytes.len, 138, "the last member, a long one");

    v = auth_token_doc_member(root, text_str("~/\"\\"));
    is_mem(v.bytes.data, v.bytes.len, "odd", 3, "a name is not unescaped");

    is_int(auth_token_doc_member(root, text_str("S")).type,
           AUTH_TOKEN_DOC_ABSENT, "names have a case");
    is_int(auth_token_doc_member(root, text_str("st")).type,
           AUTH_TOKEN_DOC_ABSENT, "and a length");
    is_int(auth_token_doc_member(v, text_str("s")).type,
           AUTH_TOKEN_DOC_ABSENT, "a string has no members");

    v = auth_token_doc_member(root, text_str("a"));
    is_int(auth_token_doc_member(v, text_str("0")).type,
           AUTH_TOKEN_DOC_ABSENT, "nor has an array by name");

    is_int(auth_token_doc_root(auth_token_buf_str(&b)).integer, 0,
           "an object is no number");

    auth_token_buf_free(&b);
}


/* the examples of RFC 6901, 5, and what is no pointer */

static void
test_pointer(void)
{
    static const char  rfc[] =
        "{'foo':['bar','baz'],'':0,'a/b':1,'c%d':2,'e^f':3,'g|h':4,'i\\\\j':5,"
        "'k\"l':6,' ':7,'m~n':8}";

    is_at(rfc, "/foo", "[\"bar\",\"baz\"]");
    is_at(rfc, "/foo/0", "\"bar\"");
    is_at(rfc, "/", "0");
    is_at(rfc, "/a~1b", "1");
    is_at(rfc, "/c%d", "2");
    is_at(rfc, "/e^f", "3");
    is_at(rfc, "/g|h", "4");
    is_at(rfc, "/i\\j", "5");
    is_at(rfc, "/k\"l", "6");
    is_at(rfc, "/ ", "7");
    is_at(rfc, "/m~0n", "8");

    is_at("[1,2]", "", "[1,2]");
    is_at(rfc, "foo", NULL);
    is_at(rfc, "/foo/2", NULL);
    is_at(rfc, "/foo/-", NULL);
    is_at(rfc, "/foo/", NULL);
    is_at(rfc, "/foo/01", NULL);
    is_at(rfc, "/foo/00", NULL);
    is_at(rfc, "/foo/1 ", NULL);
    is_at(rfc, "/foo/18446744073709551617", NULL);
    is_at(rfc, "/foo/0/0", NULL);
    is_at(rfc, "/foo/~0", NULL);
    is_at(rfc, "/a/b", NULL);
    is_at(rfc, "/m~n", NULL);
    is_at(rfc, "/m~2n", NULL);
    is_at(rfc, "/m~0n~", NULL);
    is_at(rfc, "/m~0", NULL);
    is_at(rfc, "/~0", NULL);
    is_at(rfc, "/a~1b/~0", NULL);
    is_at("[1,2,3,4,5,6,7,8,9,10,11]", "/10", "11");
    is_at("[1,2,3,4,5,6,7,8,9,10,11]", "/9", "10");
    is_at("[1,2,3,4,5,6,7,8,9,10,11]", "/:", NULL);
    is_at("{'m/n':1}", "/m~2n", NULL);
    is_at("{'~01':1,'~1':2,'/':3}", "/~01", "2");
    is_at("{'~01':1,'~1':2,'/':3}", "/~001", "1");
    is_at("{'~01':1,'~1':2,'/':3}", "/~1", "3");
    is_at(sample, "/a/1/1/0", "3");
    is_at(sample, "/a/2/x", "\"y\"");
    is_at(sample, "/o/k/k", "\"deep\"");
    is_at(sample, "/o//k", NULL);
}


static void
test_iter(void)
{
    int                     n;
    auth_token_buf_t        b;
    auth_token_str_t        key;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  v;

    auth_token_buf_init(&b, 65536);
    text_doc(&b, sample);

    n = 0;
    auth_token_doc_iter(&it, auth_token_doc_root(auth_token_buf_str(&b)));

    while (auth_token_doc_next(&it, &key, &v)) {

        if (n++ == 1) {
            is_int(key.len, 0, "keys come in order");
            is_int(v.type, AUTH_TOKEN_DOC_STRING, "with their values");
        }
    }

    is_int(n, 11, "all members are walked");
    is_int(it.rest.len, 0, "to the end");

    auth_token_buf_reset(&b);
    text_doc(&b, "'x'");
    auth_token_doc_iter(&it, auth_token_doc_root(auth_token_buf_str(&b)));
    is_int(auth_token_doc_next(&it, &key, &v), 0, "a string has no members");

    auth_token_buf_free(&b);
}


static void
is_json_of(const char *text, const char *want)
{
    is_at(text, "", want);
}


static void
test_json(void)
{
    is_json_of("{}", "{}");
    is_json_of("[]", "[]");
    is_json_of("[[],{},[null,true,false]]", "[[],{},[null,true,false]]");
    is_json_of("{'a':1,'b':[2,{'c':'d'}]}",
               "{\"a\":1,\"b\":[2,{\"c\":\"d\"}]}");
    is_json_of("9223372036854775807", "9223372036854775807");
    is_json_of("-9223372036854775808", "-9223372036854775808");
    is_json_of("'\"\\\\/'", "\"\\\"\\\\/\"");
    is_json_of("{'\n':1}", "{\"\\u000a\":1}");
    is_json_of("'\x01\x1f\r\n\t\x7f '",
               "\"\\u0001\\u001f\\u000d\\u000a\\u0009\\u007f \"");

    is_json_of("'\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'",
               "\"\\u00e9\\u20ac\\ud83d\\ude00\"");
    is_json_of("'\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf'",
               "\"\\u0080\\u07ff\\u0800\\uffff\"");
    is_json_of("'\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80'",
               "\"\\ud800\\udc00\\udbff\\udfff\\ud7ff\\ue000\"");

    /* stray, cut short, overlong, surrogate, beyond the last character */

    is_json_of("'\x80x'", "\"\\ufffdx\"");
    is_json_of("'\xffx'", "\"\\ufffdx\"");
    is_json_of("'\xc3x'", "\"\\ufffdx\"");
    is_json_of("'\xc3'", "\"\\ufffd\"");
    is_json_of("'\xe2\x82'", "\"\\ufffd\\ufffd\"");
    is_json_of("'\xe2\x82x'", "\"\\ufffd\\ufffdx\"");
    is_json_of("'\xf0\x9f\x98'", "\"\\ufffd\\ufffd\\ufffd\"");
    is_json_of("'\xc0\xaf'", "\"\\ufffd\\ufffd\"");
    is_json_of("'\xc1\xbf'", "\"\\ufffd\\ufffd\"");
    is_json_of("'\xe0\x9f\xbf'", "\"\\ufffd\\ufffd\\ufffd\"");
    is_json_of("'\xf0\x8f\xbf\xbf'", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    is_json_of("'\xed\xa0\x80'", "\"\\ufffd\\ufffd\\ufffd\"");
    is_json_of("'\xed\xbf\xbf'", "\"\\ufffd\\ufffd\\ufffd\"");
    is_json_of("'\xf4\x90\x80\x80'", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    is_json_of("'\xf8\x90\x80\x80'", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    is_json_of("'\x80\x90\x80\x80'", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    is_json_of("'\xf8\x88\x80\x80\x80'",
               "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"");
}


static void
test_json_reals(void)
{
    int               bad;
    size_t            i;
    double            v;
    uint64_t          bits;
    auth_token_buf_t  b;

    is_json_of("0.0", "0.0");
    is_json_of("-0.0", "-0.0");
    is_json_of("0.1", "0.1");
    is_json_of("1.5", "1.5");
    is_json_of("100.0", "100.0");
    is_json_of("1e300", "1e+300");
    is_json_of("5e-324", "4.94065645841247e-324");
    is_json_of("1.7976931348623157e308", "1.7976931348623157e+308");
    is_json_of("0.30000000000000004", "0.30000000000000004");

    doc_point = ",";
    is_json_of("0.1", "0.1");
    is_json_of("1.25e-200", "1.25e-200");
    is_json_of("-2.0", "-2.0");

    doc_point = "\xd9\xab";
    is_json_of("0.1", "0.1");
    is_json_of("-1.25e+200", "-1.25e+200");

    doc_point = ".";

    bad = 0;
    bits = 1;
    auth_token_buf_init(&b, 64);

    for (i = 0; i < 100000; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&v, &bits, sizeof(v));

        if (!isfinite(v)) {
            continue;
        }

        auth_token_buf_reset(&b);
        auth_token_doc_json_real(&b, v);
        auth_token_buf_addc(&b, '\0');

        bad += strtod((char *) b.data, NULL) != v;
    }

    is_int(bad, 0, "reals keep their value");

    auth_token_buf_free(&b);
}


static void
test_json_failure(void)
{
    size_t                  max;
    int                     bad;
    auth_token_buf_t        b, doc;
    auth_token_doc_value_t  v;

    auth_token_buf_init(&doc, 4096);
    text_doc(&doc, sample);
    v = auth_token_doc_root(auth_token_buf_str(&doc));

    auth_token_buf_init(&b, 4096);
    auth_token_doc_json(&b, v);
    max = b.len;
    auth_token_buf_free(&b);

    for (bad = 0; max-- > 0; /* void */ ) {
        auth_token_buf_init(&b, max);
        bad += auth_token_doc_json(&b, v) != -1;
        auth_token_buf_free(&b);
    }

    is_int(bad, 0, "no room for all of the text is a failure");

    auth_token_buf_init(&b, 4096);
    memset(&v, 0, sizeof(v));
    is_int(auth_token_doc_json(&b, v), -1, "an absent value has no text");
    is_int(b.failed, 1, "and the failure is remembered");

    auth_token_buf_free(&b);
    auth_token_buf_free(&doc);
}


static void
test_depth(void)
{
    int               i, depth;
    int64_t           marks[40];
    auth_token_buf_t  b, json;

    for (depth = AUTH_TOKEN_DOC_MAX_DEPTH; depth <= 33; depth++) {
        auth_token_buf_init(&b, 4096);
        auth_token_buf_init(&json, 4096);

        for (i = 0; i < depth; i++) {
            marks[i] = auth_token_doc_open(&b, AUTH_TOKEN_DOC_ARRAY);
        }

        auth_token_doc_add_null(&b);

        while (i-- > 0) {
            auth_token_doc_close(&b, marks[i]);
        }

        is_int(auth_token_doc_valid(auth_token_buf_str(&b)), depth <= 32,
               "the depth of a document is bounded");
        is_int(auth_token_doc_json(&json,
                                 auth_token_doc_root(auth_token_buf_str(&b))),
               depth <= 32 ? 0 : -1, "as is that of its text");

        auth_token_buf_free(&b);
        auth_token_buf_free(&json);
    }
}


/* everything a reader can do, flush against an inaccessible page */

static int
doc_read_all(const unsigned char *data, size_t len)
{
    int                     rc, valid;
    size_t                  i;
    auth_token_buf_t        b;
    auth_token_str_t        doc;
    auth_token_doc_value_t  root;

    static const char  *pointers[] = {
        "", "/", "/s", "/l", "/a/1/1/0", "/a/2/x", "/o/k/k", "/~0~1", "/x"
    };

    doc.len = len;
    doc.data = guard_copy(data, len);

    valid = auth_token_doc_valid(doc);
    root = auth_token_doc_root(doc);

    for (i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        (void) auth_token_doc_pointer(root, text_str(pointers[i]));
    }

    auth_token_buf_init(&b, 1 << 20);
    rc = auth_token_doc_json(&b, root);
    auth_token_buf_free(&b);

    /* what is called valid must be readable to the end */

    return valid && rc != 0;
}


static void
test_damage(void)
{
    int               bad, c;
    size_t            i, len;
    uint64_t          seed;
    unsigned char     copy[4096];
    auth_token_buf_t  b;

    auth_token_buf_init(&b, sizeof(copy));
    text_doc(&b, sample);
    memcpy(copy, b.data, b.len);

    is_int(doc_read_all(b.data, b.len), 0, "a whole document");
    is_int(auth_token_doc_valid(auth_token_buf_str(&b)), 1, "is valid");

    bad = 0;

    for (i = 0; i < b.len; i++) {
        bad += doc_read_all(b.data, i);
        bad += auth_token_doc_valid((auth_token_str_t) { i, b.data });
    }

    is_int(bad, 0, "a document cut short is not valid");

    copy[b.len] = AUTH_TOKEN_DOC_TAG_NULL;
    is_int(auth_token_doc_valid((auth_token_str_t) { b.len + 1, copy }), 0,
           "nor is one with a value after it");

    for (i = 0; i < b.len; i++) {
        for (c = 0; c < 256; c++) {
            copy[i] = (unsigned char) c;
            bad += doc_read_all(copy, b.len);
        }

        copy[i] = b.data[i];
    }

    is_int(bad, 0, "any byte may be any other");

    seed = 7;

    for (i = 0; i < 100000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        len = (seed >> 60) + 1;
        memcpy(copy, &seed, 8);
        copy[0] = (seed & 1) ? 0x31 : 0x30;
        copy[1] = (unsigned char) (seed >> 33) & 0x0f;
        copy[2] = copy[3] = copy[4] = 0;
        bad += doc_read_all(copy, len + 4);
    }

    is_int(bad, 0, "noise");

    auth_token_buf_free(&b);
}


static void
test_tags(void)
{
    int               c, bad;
    unsigned char     tag;
    auth_token_str_t  doc;

    /* an object of one member whose name is the number 0 */

    static unsigned char  number[] = { 0x31, 2, 0, 0, 0, 0x10, 0x10 };

    bad = 0;
    doc.len = 1;
    doc.data = &tag;

    for (c = 0; c < 256; c++) {
        tag = (unsigned char) c;
        bad += auth_token_doc_valid(doc)
               != ((c >= 1 && c <= 3) || c == 0x10 || c == 0x80);
    }

    is_int(bad, 0, "no value of one byte but null, false, true, 0 and \"\"");

    doc.len = sizeof(number);
    doc.data = number;

    is_int(auth_token_doc_valid(doc), 0, "a name is a string");
    is_int(auth_token_doc_member(auth_token_doc_root(doc),
                                 text_str("")).type,
           AUTH_TOKEN_DOC_ABSENT, "and is not taken for one");
}


static void
test_not_finite(void)
{
    double            v;
    unsigned char     bytes[9];
    auth_token_str_t  doc;

    v = INFINITY;
    bytes[0] = AUTH_TOKEN_DOC_TAG_REAL;
    memcpy(bytes + 1, &v, sizeof(v));

    doc.len = sizeof(bytes);
    doc.data = bytes;

    is_int(auth_token_doc_root(doc).type, AUTH_TOKEN_DOC_ABSENT,
           "a damaged real is no value");
    is_int(auth_token_doc_valid(doc), 0, "nor valid");

    is_int(auth_token_doc_valid((auth_token_str_t) { 0, NULL }), 0,
           "nothing is no document");
    is_int(auth_token_doc_root((auth_token_str_t) { 0, NULL }).type,
           AUTH_TOKEN_DOC_ABSENT, "and has no value");
}


int
main(void)
{
    test_scalars();
    test_strings();
    test_writers();
    test_lookup();
    test_pointer();
    test_iter();
    test_json();
    test_json_reals();
    test_json_failure();
    test_depth();
    test_damage();
    test_tags();
    test_not_finite();

    return done();
}
