
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What the sanitizers of build/sanitize/nginx are to do when the environment
 * does not say otherwise, and which leaks are nginx's own.  Linked into that
 * binary only: nginx empties the environment before it starts another one.
 * And defects for the test that such are noticed, t/00-sanitizers.t.
 */

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>


const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_suppressions(void);
int __lsan_is_turned_off(void);
static void sanitize_init(void) __attribute__((constructor));
static void sanitize_serves(void);
static void sanitize_probe_init(void) __attribute__((constructor));
static void sanitize_probe(void);


static int   sanitize_served;

/* shared by all processes: one worker shall die, not all that follow it */
static int  *sanitize_probe_done;


/* tests load libraries before it, and rightly */

const char *
__asan_default_options(void)
{
    return "abort_on_error=1:detect_stack_use_after_return=1"
           ":strict_string_checks=1:check_initialization_order=1"
           ":allocator_may_return_null=1:print_suppressions=0"
           ":verify_asan_link_order=0";
}


/* each report is the end: the code is built so that some can be suppressed */

const char *
__ubsan_default_options(void)
{
    return "halt_on_error=1:abort_on_error=1:print_stacktrace=1"
           ":suppressions=" UBSAN_SUPPRESSIONS;
}


/*
 * Left to the end of a process by nginx: a worker's copy of the environment;
 * its connections and events, whose cycle is replaced as it ends; what each
 * configuration compiles regular expressions with; the TLS session of a
 * backend.  The stack of this last one ends in libcrypto, which has no frame
 * pointers, so none of its leaks can be told from it here: "make valgrind"
 * and "make leak" see the others.
 */

const char *
__lsan_default_suppressions(void)
{
    return "leak:ngx_set_environment\n"
           "leak:ngx_event_process_init\n"
           "leak:ngx_regex_malloc\n"
           "leak:libcrypto.so\n";
}


/*
 * A configuration that is refused, or only tested, is left as it is: main()
 * returns.  What has had a worker, or is one, is asked for leaks.
 */

int
__lsan_is_turned_off(void)
{
    return !sanitize_served;
}


static void
sanitize_init(void)
{
    (void) pthread_atfork(sanitize_serves, NULL, NULL);
}


static void
sanitize_serves(void)
{
    sanitize_served = 1;
}


static void
sanitize_probe_init(void)
{
    void  *p;

    if (getenv("SANITIZE_PROBE") == NULL) {
        return;
    }

    p = mmap(NULL, sizeof(int), PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
             -1, 0);

    if (p != MAP_FAILED) {
        sanitize_probe_done = p;
        (void) pthread_atfork(NULL, NULL, sanitize_probe);
    }
}


static void
sanitize_probe(void)
{
    char          *name;
    volatile int   n;
    char *volatile p;

    name = getenv("SANITIZE_PROBE");

    if (name == NULL
        || __atomic_exchange_n(sanitize_probe_done, 1, __ATOMIC_SEQ_CST))
    {
        return;
    }

    p = malloc(16);
    n = INT_MAX;

    if (p == NULL) {
        return;
    }

    if (strcmp(name, "overflow") == 0) {
        p[n - INT_MAX + 16] = 0;

    } else if (strcmp(name, "undefined") == 0) {
        n += 1;

    } else if (strcmp(name, "unset") == 0) {
        if (p[n - INT_MAX] == 'x') {
            abort();
        }

    } else if (strcmp(name, "leak") == 0) {
        p = NULL;
        return;
    }

    free(p);
}
