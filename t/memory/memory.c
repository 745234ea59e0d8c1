/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * For LD_PRELOAD, into a process that reads a configuration: MEMORY_AT is the
 * number of the allocation that fails, MEMORY_LIST a file that takes a line
 * for each allocation, its number and from where it was asked for, and in the
 * end where the files are mapped.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define MEMORY_FRAMES  24


static void   memory_init(void) __attribute__((constructor));
static void   memory_end(void) __attribute__((destructor));
static int    memory_fails(void);
static void   memory_list(unsigned long n);
static void  *memory_real(const char *name);


static __thread int   memory_inside;
static unsigned long  memory_calls, memory_at;
static FILE          *memory_out;

/* dlsym() itself may allocate */
static char           memory_early[65536];
static size_t         memory_early_used;


static void
memory_init(void)
{
    char  *text;
    void  *frames[2];

    memory_inside = 1;

    /* its first use allocates */
    (void) backtrace(frames, 2);

    text = getenv("MEMORY_LIST");
    if (text) {
        memory_out = fopen(text, "w");
    }

    text = getenv("MEMORY_AT");
    if (text) {
        memory_at = strtoul(text, NULL, 10);
    }

    memory_inside = 0;
}


static int
memory_fails(void)
{
    unsigned long  n;

    if (memory_inside || (memory_at == 0 && memory_out == NULL)) {
        return 0;
    }

    n = ++memory_calls;

    if (memory_out) {
        memory_inside = 1;
        memory_list(n);
        memory_inside = 0;
    }

    if (n != memory_at) {
        return 0;
    }

    errno = ENOMEM;

    return 1;
}


static void
memory_list(unsigned long n)
{
    int    i, found;
    void  *frames[MEMORY_FRAMES];

    fprintf(memory_out, "%lu", n);

    found = backtrace(frames, MEMORY_FRAMES);

    for (i = 2; i < found; i++) {
        fprintf(memory_out, " %lx", (unsigned long) (uintptr_t) frames[i]);
    }

    fputc('\n', memory_out);
}


static void
memory_end(void)
{
    char     line[512];
    FILE    *maps;

    memory_inside = 1;

    if (memory_out == NULL) {
        return;
    }

    maps = fopen("/proc/self/maps", "r");

    while (maps && fgets(line, sizeof(line), maps)) {
        fprintf(memory_out, "map %s", line);
    }

    fclose(memory_out);
    memory_out = NULL;
}


static void *
memory_real(const char *name)
{
    void  *p;

    memory_inside++;
    p = dlsym(RTLD_NEXT, name);
    memory_inside--;

    return p;
}


void *
malloc(size_t size)
{
    static void  *(*real)(size_t);

    if (real == NULL) {
        *(void **) &real = memory_real("malloc");
    }

    return memory_fails() ? NULL : real(size);
}


void *
calloc(size_t n, size_t size)
{
    void         *p;

    static int    asking;
    static void  *(*real)(size_t, size_t);

    if (real == NULL) {

        if (asking) {
            p = memory_early + memory_early_used;
            memory_early_used += (n * size + 15) & ~(size_t) 15;

            return (memory_early_used <= sizeof(memory_early)) ? p : NULL;
        }

        asking = 1;
        *(void **) &real = memory_real("calloc");
    }

    return memory_fails() ? NULL : real(n, size);
}


void *
realloc(void *p, size_t size)
{
    static void  *(*real)(void *, size_t);

    if (real == NULL) {
        *(void **) &real = memory_real("realloc");
    }

    return memory_fails() ? NULL : real(p, size);
}


int
posix_memalign(void **p, size_t alignment, size_t size)
{
    static int  (*real)(void **, size_t, size_t);

    if (real == NULL) {
        *(void **) &real = memory_real("posix_memalign");
    }

    return memory_fails() ? ENOMEM : real(p, alignment, size);
}


void
free(void *p)
{
    static void  (*real)(void *);

    if ((char *) p >= memory_early
        && (char *) p < memory_early + sizeof(memory_early))
    {
        return;
    }

    if (real == NULL) {
        *(void **) &real = memory_real("free");
    }

    real(p);
}
