/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A document that reads back as something else than was written, or a name or a
 * pointer that finds another value than was meant.
 */


#include "../../ngx_module/core/auth_token_doc.c"
#include "../../ngx_module/core/auth_token_doc_write.c"

#include "doc_sample.h"


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
    text_doc(&b, doc_sample);
    whole = b.len;

    bad = 0;
    auth_token_buf_free(&b);

    for (max = 0; max < whole; max++) {
        auth_token_buf_init(&b, max);

        mark = auth_token_doc_open(&b, AUTH_TOKEN_DOC_OBJECT);
        auth_token_doc_add_key(&b, "k", 1);
        auth_token_doc_add_string(&b, doc_sample, sizeof(doc_sample));

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
    text_doc(&b, doc_sample);
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
    is_at(doc_sample, "/a/1/1/0", "3");
    is_at(doc_sample, "/a/2/x", "\"y\"");
    is_at(doc_sample, "/o/k/k", "\"deep\"");
    is_at(doc_sample, "/o//k", NULL);
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
    text_doc(&b, doc_sample);

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


int
main(void)
{
    test_scalars();
    test_strings();
    test_writers();
    test_lookup();
    test_pointer();
    test_iter();

    return done();
}
