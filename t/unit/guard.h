/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Places an input flush against an inaccessible page, so that a read of one
 * byte too many faults, with any compiler and without a sanitizer.
 */


#ifndef _GUARD_H_INCLUDED_
#define _GUARD_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>


#define GUARD_PAGES  64


/*
 * Returns a copy of the len bytes whose end is the start of the guard page.
 * Valid until the next call; the copy is not aligned.
 */

static inline unsigned char *
guard_copy(const void *data, size_t len)
{
    size_t         page, size;
    unsigned char *copy;

    static unsigned char  *base;

    page = (size_t) sysconf(_SC_PAGESIZE);
    size = page * GUARD_PAGES;

    if (base == NULL) {
        base = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (base == MAP_FAILED
            || mprotect(base + size, page, PROT_NONE) != 0)
        {
            perror("guard page");
            exit(2);
        }
    }

    if (len > size) {
        fprintf(stderr, "guard_copy: %zu bytes are too many\n", len);
        exit(2);
    }

    copy = base + size - len;

    if (len != 0) {
        memcpy(copy, data, len);
    }

    return copy;
}


/* the same for a literal or another NUL-terminated string, without the NUL */

static inline unsigned char *
guard_str(const char *text)
{
    return guard_copy(text, strlen(text));
}


#endif /* _GUARD_H_INCLUDED_ */
