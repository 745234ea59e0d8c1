/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A buffer that leaves a secret behind when it grows, or that forgets that it
 * failed and hands out half of a request as the whole.
 */


#include <stdlib.h>

static void *buf_malloc(size_t size);
static void buf_free(void *p);

#define malloc  buf_malloc
#define free    buf_free

#include "../../ngx_module/core/auth_token_buf.c"

#undef malloc
#undef free

#include "tap.h"


static size_t  buf_sizes[2];
static void   *buf_blocks[2];
static int     buf_live, buf_dirty, buf_allocs, buf_refuse;


/* counts, and may refuse; at most two blocks live at a time */

static void *
buf_malloc(size_t size)
{
    int  i;

    if (buf_refuse) {
        return NULL;
    }

    i = (buf_blocks[0] == NULL) ? 0 : 1;

    buf_blocks[i] = malloc(size);
    buf_sizes[i] = size;

    buf_live++;
    buf_allocs++;

    memset(buf_blocks[i], 0x55, size);

    return buf_blocks[i];
}


/* looks for what was not wiped */

static void
buf_free(void *p)
{
    int             i;
    size_t          n;
    unsigned char  *block;

    if (p == NULL) {
        return;
    }

    i = (buf_blocks[0] == p) ? 0 : 1;
    block = p;

    for (n = 0; n < buf_sizes[i]; n++) {
        buf_dirty += block[n] != 0;
    }

    buf_blocks[i] = NULL;
    buf_live--;

    free(p);
}


static void
test_growth(void)
{
    int               bad;
    size_t            i;
    auth_token_buf_t  b;

    auth_token_buf_init(&b, 100000);

    is_int(buf_allocs, 0, "an empty buffer allocates nothing");
    is_int(auth_token_buf_str(&b).len, 0, "and is an empty string");

    for (i = 0; i < 100000; i++) {
        auth_token_buf_addc(&b, (unsigned char) (i * 7));
    }

    is_int(b.len, 100000, "bytes up to the ceiling are taken");
    is_int(b.failed, 0, "without a failure");
    ok(buf_allocs < 12, "growth is by doubling: %d allocations", buf_allocs);
    ok(b.size <= b.max, "no more than the ceiling is allocated");

    bad = 0;

    for (i = 0; i < b.len; i++) {
        bad += b.data[i] != (unsigned char) (i * 7);
    }

    is_int(bad, 0, "growth keeps what was there");

    is_int(auth_token_buf_addc(&b, 'x'), -1, "one byte more is refused");
    is_int(b.len, 100000, "and not counted");
    is_int(b.failed, 1, "and remembered");

    auth_token_buf_free(&b);

    is_int(buf_live, 0, "everything is freed");
    is_int(buf_dirty, 0, "everything was wiped before");
    ok(b.data == NULL && b.size == 0 && b.len == 0, "nothing is left");
}


static void
test_ceiling(void)
{
    auth_token_buf_t  b;

    auth_token_buf_init(&b, 0);

    is_int(auth_token_buf_add(&b, "a", 1), -1, "ceiling 0 takes no byte");
    ok(auth_token_buf_extend(&b, 0) == NULL, "nor gives a place");
    is_int(b.failed, 1, "that is a failure");

    auth_token_buf_init(&b, 0);
    is_int(auth_token_buf_add(&b, "", 0), -1, "nor no byte at all");

    auth_token_buf_init(&b, 4);

    is_int(auth_token_buf_adds(&b, "abc"), 0, "three of four");
    is_int(auth_token_buf_add(&b, "de", 2), -1, "five of four");
    is_int(auth_token_buf_add(&b, "d", 1), -1, "failed once, failed always");
    is_int(auth_token_buf_add(&b, NULL, 0), -1, "even for nothing");
    ok(auth_token_buf_extend(&b, 1) == NULL, "or for a place");
    is_mem(b.data, b.len, "abc", 3, "the start is still there");

    auth_token_buf_reset(&b);

    is_int(b.len, 0, "a reset empties");
    is_mem(b.data, 3, "\0\0\0", 3, "and wipes");
    is_int(auth_token_buf_adds(&b, "abcd"), 0, "and ends the failure");
    is_int(auth_token_buf_add(&b, NULL, 0), 0, "nothing fits a full buffer");
    is_int(auth_token_buf_add(&b, "e", SIZE_MAX), -1, "no sum wraps");

    auth_token_buf_free(&b);
    auth_token_buf_free(&b);

    is_int(buf_live, 0, "a second free does nothing");
    is_int(auth_token_buf_adds(&b, "x"), 0, "and it can be used again");

    auth_token_buf_free(&b);

    is_int(buf_dirty, 0, "all of it wiped");
}


static void
test_extend(void)
{
    unsigned char     *p;
    auth_token_buf_t   b;

    auth_token_buf_init(&b, 1000);

    ok(auth_token_buf_extend(&b, 0) != NULL, "a place of no bytes is a place");

    auth_token_buf_adds(&b, "ab");
    p = auth_token_buf_extend(&b, 600);

    if (ok(p != NULL, "a place of many bytes")) {
        ok(p == b.data + 2, "follows what is there");
        memset(p, 'x', 600);
    }

    is_int(b.len, 602, "and is counted");
    is_mem(b.data, 3, "abx", 3, "with what was before");

    ok(auth_token_buf_extend(&b, 399) == NULL, "a place past the ceiling");

    auth_token_buf_free(&b);
}


static void
test_memory(void)
{
    auth_token_buf_t  b;

    auth_token_buf_init(&b, 100000);

    buf_refuse = 1;
    is_int(auth_token_buf_adds(&b, "a"), -1, "no memory for the first byte");

    buf_refuse = 0;
    is_int(auth_token_buf_adds(&b, "a"), -1, "a passing want is remembered");

    auth_token_buf_reset(&b);
    auth_token_buf_adds(&b, "secret");

    buf_refuse = 1;
    ok(auth_token_buf_extend(&b, 50000) == NULL, "no memory to grow");
    is_mem(b.data, b.len, "secret", 6, "what was there stays");

    buf_refuse = 0;
    auth_token_buf_free(&b);

    is_int(buf_live, 0, "nothing leaks");
    is_int(buf_dirty, 0, "nothing is left in memory");
}


int
main(void)
{
    test_growth();
    test_ceiling();
    test_extend();
    test_memory();

    return done();
}
