/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Tiny TAP writer for the unit tests.  A test calls ok() and its relatives and
 * ends with "return done();".
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>
#include <string.h>


static int  tap_count;
static int  tap_failed;


/* one result; the name is a printf() format.  Returns cond */

__attribute__((format(printf, 2, 3)))
static inline int
ok(int cond, const char *name, ...)
{
    va_list  args;

    printf("%sok %d - ", cond ? "" : "not ", ++tap_count);

    va_start(args, name);
    vprintf(name, args);
    va_end(args);

    printf("\n");
    fflush(stdout);

    if (!cond) {
        tap_failed++;
    }

    return cond;
}


static inline int
is_int(long long got, long long want, const char *name)
{
    if (!ok(got == want, "%s", name)) {
        printf("#      got: %lld\n# expected: %lld\n", got, want);
        return 0;
    }

    return 1;
}


/* compares two runs of bytes */

static inline int
is_mem(const void *got, size_t got_len, const void *want, size_t want_len,
    const char *name)
{
    if (!ok(got_len == want_len
            && (want_len == 0 || memcmp(got, want, want_len) == 0),
            "%s", name))
    {
        printf("#      got: \"%.*s\"\n# expected: \"%.*s\"\n",
               (int) got_len, (const char *) got,
               (int) want_len, (const char *) want);
        return 0;
    }

    return 1;
}


/* compares two NUL-terminated strings; NULL equals NULL only */

static inline int
is_str(const char *got, const char *want, const char *name)
{
    if (got == NULL || want == NULL) {
        return ok(got == want, "%s", name);
    }

    return is_mem(got, strlen(got), want, strlen(want), name);
}


/* prints the plan; returns the exit status: a test without a check fails */

static inline int
done(void)
{
    printf("1..%d\n", tap_count);

    return tap_failed != 0 || tap_count == 0;
}


#endif /* _TAP_H_INCLUDED_ */
