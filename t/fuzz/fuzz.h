/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What the fuzz targets share.  A target is LLVMFuzzerTestOneInput(), to which
 * timed.c gives another name; besides not crashing, what it tests must keep its
 * word: must() ends the process.
 */


#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth_token_str.h"


#define FUZZ_PIECES  64

/* 40 characters, a token of every preset but "cloudflare_id" */
#define FUZZ_TOKEN   "8M7wS6hCpXVc-DoRnPPY_UCWPgy8aea4Wy6kCe5T"
#define FUZZ_ID      "ed17574386854bf78a67040be0a770b0"

/* a day in 2026: fixed, so that an input always does the same */
#define FUZZ_NOW     1780000000

#define must(cond)                                                            \
    do {                                                                      \
        if (!(cond)) {                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__,        \
                    #cond);                                                   \
            abort();                                                          \
        }                                                                     \
    } while (0)


#define LLVMFuzzerTestOneInput  fuzz_one

/* for an input, of the processor's time; it holds under the sanitizers too */
#define FUZZ_MS                 100


int fuzz_one(const uint8_t *data, size_t size);

/* the ms that the input takes, the least of some tries if they are too many */

double fuzz_timed(const uint8_t *data, size_t size);


static void    *fuzz_pieces[FUZZ_PIECES];
static size_t   fuzz_npieces;


static inline auth_token_str_t
fuzz_str(const char *text)
{
    auth_token_str_t  s;

    s.len = strlen(text);
    s.data = (unsigned char *) text;

    return s;
}


/* a copy of exactly that size, so that a read beyond it is seen */

static inline auth_token_str_t
fuzz_exact(const void *data, size_t len)
{
    auth_token_str_t  s;

    must(fuzz_npieces < FUZZ_PIECES);

    s.len = len;
    s.data = malloc(len == 0 ? 1 : len);

    must(s.data != NULL);

    if (len != 0) {
        memcpy(s.data, data, len);
    }

    fuzz_pieces[fuzz_npieces++] = s.data;

    return s;
}


/* to be called at the end of an input that was split */

static inline void
fuzz_done(void)
{
    while (fuzz_npieces != 0) {
        free(fuzz_pieces[--fuzz_npieces]);
    }
}


static inline uint8_t
fuzz_byte(const uint8_t **data, size_t *size)
{
    if (*size == 0) {
        return 0;
    }

    (*size)--;

    return *(*data)++;
}


/* what comes before the next "end", or all; the end itself is skipped */

static inline auth_token_str_t
fuzz_until(const uint8_t **data, size_t *size, int end)
{
    size_t          n;
    const uint8_t  *p, *start;

    start = *data;
    p = *size == 0 ? NULL : memchr(start, end, *size);
    n = p == NULL ? *size : (size_t) (p - start);

    *data += n + (p != NULL);
    *size -= n + (p != NULL);

    return fuzz_exact(start, n);
}


static inline auth_token_str_t
fuzz_line(const uint8_t **data, size_t *size)
{
    return fuzz_until(data, size, '\n');
}


#endif /* _FUZZ_H_INCLUDED_ */
