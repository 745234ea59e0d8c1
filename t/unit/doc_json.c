/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A document whose JSON is not JSON, not safe in a header, or another number
 * where the locale has another point.
 */


#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int doc_snprintf(char *buf, size_t size, const char *format, ...);
static double doc_strtod(const char *text, char **end);

#define snprintf  doc_snprintf
#define strtod    doc_strtod

#include "../../ngx_module/core/auth_token_doc_json.c"

#undef snprintf
#undef strtod

#include "doc_sample.h"


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
    text_doc(&doc, doc_sample);
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


int
main(void)
{
    test_json();
    test_json_reals();
    test_json_failure();

    return done();
}
