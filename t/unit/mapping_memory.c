/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A record out of an answer for which memory ended in the middle, or that has
 * more lists than there is room for.
 */


#include <stdlib.h>

static void *mapping_malloc(size_t size);

#define malloc  mapping_malloc

#include "../../ngx_module/core/auth_token_mapping.c"
#include "../../ngx_module/core/auth_token_mapping_doc.c"

/* a list beyond all memory, and a set that cannot be compiled, which no answer
   can bring about */

static int  extend_fails;
static int  compile_fails;

#define auth_token_buf_extend(b, len)                                         \
    (extend_fails ? NULL : auth_token_buf_extend(b, len))

#define auth_token_cidr_compile(list, n, blob, size)                          \
    (compile_fails ? 0 : auth_token_cidr_compile(list, n, blob, size))

#include "../../ngx_module/core/auth_token_mapping_cidr.c"

#undef malloc
#undef auth_token_buf_extend
#undef auth_token_cidr_compile

#include "custom.h"


static int  malloc_fails;


static void *
mapping_malloc(size_t size)
{
    return malloc_fails ? NULL : malloc(size);
}


/* a failing buffer or allocation never yields a record, nor a leak */

static void
test_failures(void)
{
    size_t                i, max, size;
    auth_token_buf_t      record;
    auth_token_mapping_t  m;

    static const auth_token_cidrs_t  many[] = {
        { auth_token_str("/a"), 0 }, { auth_token_str("/a"), 0 },
        { auth_token_str("/a"), 0 }, { auth_token_str("/a"), 0 },
        { auth_token_str("/a"), 0 }
    };

    static const char  whole[] =
        "{\"id\":7,\"p\":[{\"g\":[{\"n\":\"a\"},{\"n\":\"b c\"},"
        "{\"n\":[\"d\"]}]}],\"scopes\":\"x y\",\"meta\":{\"k\":1},"
        "\"rest\":[1,\"2\"],\"bound_cidrs\":[\"127.0.0.1\"]}";

    m = custom;
    m.rest = 1;

    auth_token_buf_init(&record, 65536);
    ok(apply(&m, whole, TOKEN, NULL, &record) == RECORD, "a whole answer");
    size = record.len;
    auth_token_buf_free(&record);

    for (max = 0; max < size; max++) {
        auth_token_buf_init(&record, max);

        if (apply(&m, whole, TOKEN, NULL, &record) != UNAVAILABLE) {
            break;
        }

        auth_token_buf_free(&record);
    }

    is_int(max, size, "every ceiling under its size makes it unusable");
    auth_token_buf_free(&record);

    m.rest = 0;

    for (i = 0; i < 4; i++) {
        m.nfields = 1;
        m.fields = &custom_fields[i];

        for (max = 1; max < 40; max++) {
            auth_token_buf_init(&record, max);

            if (apply(&m, "{\"id\":7,\"p\":[],\"scopes\":[],\"meta\":{}}",
                      TOKEN, NULL, &record)
                != UNAVAILABLE)
            {
                ok(0, "a document beyond %zu bytes", max);
            }

            auth_token_buf_free(&record);
        }
    }

    m = custom;

    auth_token_buf_init(&record, 65536);

    malloc_fails = 1;
    ok(apply(&m, whole, TOKEN, NULL, &record) == UNAVAILABLE,
       "no memory for a set");
    malloc_fails = 0;

    extend_fails = 1;
    ok(apply(&m, whole, TOKEN, NULL, &record) == UNAVAILABLE,
       "no memory for a list");
    extend_fails = 0;

    compile_fails = 1;
    ok(apply(&m, whole, TOKEN, NULL, &record) == UNAVAILABLE,
       "a set that cannot be compiled");
    compile_fails = 0;

    memset(&m, 0, sizeof(m));
    m.nallow = 4;
    m.allow = many;

    ok(apply(&m, "{\"a\":[]}", TOKEN, NULL, &record) == RECORD,
       "the most lists");
    auth_token_buf_reset(&record);

    m.nallow = 5;
    ok(apply(&m, "{\"a\":[]}", TOKEN, NULL, &record) == UNAVAILABLE,
       "a list too many");

    m.nallow = 0;
    m.ndeny = 5;
    m.deny = many;
    ok(apply(&m, "{\"a\":[]}", TOKEN, NULL, &record) == UNAVAILABLE,
       "a deny list too many");

    auth_token_buf_free(&record);
}


int
main(void)
{
    test_failures();

    return done();
}
