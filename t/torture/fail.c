
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * For LD_PRELOAD: counts the allocations and the system calls of one process
 * and makes the n-th of them fail, or the n-th and all that follow.  A page
 * shared with the test, the file that TORTURE_PAGE names, says which process
 * and which calls, and takes the counts; see page.py for its layout.
 */

#define _GNU_SOURCE

/* the redirections of these would hide the functions that are replaced */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>


#define TORTURE_MEMORY  1
#define TORTURE_SYSTEM  2
#define TORTURE_LOOP    4
#define TORTURE_FRAMES  24

typedef struct {
    int32_t   pid;                      /* 0: none */
    uint32_t  kinds;
    uint32_t  persistent;
    uint32_t  nframes;
    uint64_t  at;                       /* from 1; 0: they are only counted */
    uint64_t  calls;
    uint64_t  failed;
    char      name[32];                 /* of the first that failed */
    uint64_t  frames[TORTURE_FRAMES];
} torture_page_t;


static void torture_init(void) __attribute__((constructor));
static void *torture_real(void **cache, const char *name);
static int torture_fails(uint32_t kind, const char *name);

static torture_page_t  *torture_page;


/* where the function of this name goes on; not inside of the page's use */

#define real(name)                                                            \
    ({                                                                        \
        static void  *cache;                                                  \
        (__typeof__(&name)) torture_real(&cache, #name);                      \
    })

#define SYSTEM(type, name, error, parameters, ...)                            \
    type                                                                      \
    name parameters                                                           \
    {                                                                         \
        if (torture_fails(TORTURE_SYSTEM, #name)) {                           \
            errno = error;                                                    \
            return -1;                                                        \
        }                                                                     \
                                                                              \
        return real(name)(__VA_ARGS__);                                       \
    }


static void
torture_init(void)
{
    int          fd;
    void        *p, *frames[2];
    const char  *path;

    path = getenv("TORTURE_PAGE");

    if (path == NULL) {
        return;
    }

    /* its first use allocates */
    (void) backtrace(frames, 2);

    fd = real(open)(path, O_RDWR|O_CLOEXEC);

    if (fd == -1) {
        return;
    }

    p = real(mmap)(NULL, sizeof(torture_page_t), PROT_READ|PROT_WRITE,
                   MAP_SHARED, fd, 0);

    (void) real(close)(fd);

    if (p != MAP_FAILED) {
        torture_page = p;
    }
}


static void *
torture_real(void **cache, const char *name)
{
    void  *p;

    p = __atomic_load_n(cache, __ATOMIC_ACQUIRE);

    if (p == NULL) {
        p = dlsym(RTLD_NEXT, name);

        if (p == NULL) {
            abort();
        }

        __atomic_store_n(cache, p, __ATOMIC_RELEASE);
    }

    return p;
}


static int
torture_fails(uint32_t kind, const char *name)
{
    int                     i, n;
    void                   *frames[TORTURE_FRAMES];
    uint64_t                call;
    torture_page_t         *page = torture_page;
    static __thread int     inside;

    if (page == NULL
        || inside
        || page->pid == 0
        || page->pid != getpid()
        || !(page->kinds & kind))
    {
        return 0;
    }

    call = __atomic_add_fetch(&page->calls, 1, __ATOMIC_SEQ_CST);

    if (page->at == 0
        || call < page->at
        || (call > page->at && !page->persistent))
    {
        return 0;
    }

    if (__atomic_fetch_add(&page->failed, 1, __ATOMIC_SEQ_CST) != 0) {
        return 1;
    }

    inside = 1;

    strncpy(page->name, name, sizeof(page->name) - 1);

    n = backtrace(frames, TORTURE_FRAMES);

    for (i = 0; i < n; i++) {
        page->frames[i] = (uintptr_t) frames[i];
    }

    page->nframes = n;

    inside = 0;

    return 1;
}


void *
malloc(size_t size)
{
    if (torture_fails(TORTURE_MEMORY, "malloc")) {
        errno = ENOMEM;
        return NULL;
    }

    return real(malloc)(size);
}


void *
calloc(size_t n, size_t size)
{
    if (torture_fails(TORTURE_MEMORY, "calloc")) {
        errno = ENOMEM;
        return NULL;
    }

    return real(calloc)(n, size);
}


void *
realloc(void *p, size_t size)
{
    /* what shrinks to nothing is freed */
    if (size != 0 && torture_fails(TORTURE_MEMORY, "realloc")) {
        errno = ENOMEM;
        return NULL;
    }

    return real(realloc)(p, size);
}


int
posix_memalign(void **p, size_t alignment, size_t size)
{
    if (torture_fails(TORTURE_MEMORY, "posix_memalign")) {
        return ENOMEM;
    }

    return real(posix_memalign)(p, alignment, size);
}


/* under ASan these would not come by malloc() */

char *
strdup(const char *s)
{
    char    *p;
    size_t   n;

    n = strlen(s) + 1;
    p = malloc(n);

    return p ? memcpy(p, s, n) : NULL;
}


SYSTEM(int, socket, EMFILE, (int family, int type, int protocol),
       family, type, protocol)
SYSTEM(int, socketpair, EMFILE, (int family, int type, int protocol,
       int fds[2]), family, type, protocol, fds)
SYSTEM(int, connect, ENETUNREACH, (int fd, const struct sockaddr *address,
       socklen_t len), fd, address, len)
SYSTEM(int, epoll_ctl, ENOSPC, (int ep, int op, int fd,
       struct epoll_event *event), ep, op, fd, event)
SYSTEM(int, eventfd, EMFILE, (unsigned int n, int flags), n, flags)
SYSTEM(int, pipe2, EMFILE, (int fds[2], int flags), fds, flags)
SYSTEM(int, getsockopt, ENOBUFS, (int fd, int level, int name, void *value,
       socklen_t *len), fd, level, name, value, len)
SYSTEM(int, setsockopt, ENOBUFS, (int fd, int level, int name,
       const void *value, socklen_t len), fd, level, name, value, len)
SYSTEM(int, getsockname, ENOBUFS, (int fd, struct sockaddr *address,
       socklen_t *len), fd, address, len)
SYSTEM(int, getpeername, ENOTCONN, (int fd, struct sockaddr *address,
       socklen_t *len), fd, address, len)
SYSTEM(int, fstat, EIO, (int fd, struct stat *st), fd, st)
SYSTEM(int, poll, ENOMEM, (struct pollfd *fds, nfds_t n, int timeout),
       fds, n, timeout)
SYSTEM(ssize_t, send, ECONNRESET, (int fd, const void *data, size_t len,
       int flags), fd, data, len, flags)
SYSTEM(ssize_t, sendmsg, ECONNRESET, (int fd, const struct msghdr *message,
       int flags), fd, message, flags)
SYSTEM(ssize_t, recv, ECONNRESET, (int fd, void *data, size_t len,
       int flags), fd, data, len, flags)
SYSTEM(ssize_t, recvfrom, ECONNRESET, (int fd, void *data, size_t len,
       int flags, struct sockaddr *address, socklen_t *size),
       fd, data, len, flags, address, size)
SYSTEM(ssize_t, read, EIO, (int fd, void *data, size_t len), fd, data, len)
SYSTEM(ssize_t, readv, ECONNRESET, (int fd, const struct iovec *iov, int n),
       fd, iov, n)
SYSTEM(ssize_t, write, EIO, (int fd, const void *data, size_t len),
       fd, data, len)
SYSTEM(ssize_t, writev, EPIPE, (int fd, const struct iovec *iov, int n),
       fd, iov, n)
SYSTEM(ssize_t, getrandom, EAGAIN, (void *data, size_t len,
       unsigned int flags), data, len, flags)


/*
 * A signal is all that can happen to a wait for events.  It is of a kind of its
 * own, or what is counted would depend on how events come together.
 */

int
epoll_wait(int ep, struct epoll_event *events, int n, int timeout)
{
    if (torture_fails(TORTURE_LOOP, "epoll_wait")) {
        errno = EINTR;
        return -1;
    }

    return real(epoll_wait)(ep, events, n, timeout);
}


void *
mmap(void *address, size_t len, int protection, int flags, int fd,
    off_t offset)
{
    if (torture_fails(TORTURE_SYSTEM, "mmap")) {
        errno = ENOMEM;
        return MAP_FAILED;
    }

    return real(mmap)(address, len, protection, flags, fd, offset);
}


/* as the kernel does it: the descriptor is gone whatever is said of it */

int
close(int fd)
{
    int  rc;

    rc = real(close)(fd);

    if (torture_fails(TORTURE_SYSTEM, "close")) {
        errno = EIO;
        return -1;
    }

    return rc;
}


int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*start)(void *), void *data)
{
    if (torture_fails(TORTURE_SYSTEM, "pthread_create")) {
        return EAGAIN;
    }

    return real(pthread_create)(thread, attributes, start, data);
}


int
getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    if (torture_fails(TORTURE_SYSTEM, "getaddrinfo")) {
        return EAI_AGAIN;
    }

    return real(getaddrinfo)(node, service, hints, result);
}


/* one more argument, a pointer or a number, is all that these have */

int
fcntl(int fd, int command, ...)
{
    void     *argument;
    va_list   args;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);

    if (torture_fails(TORTURE_SYSTEM, "fcntl")) {
        errno = EMFILE;
        return -1;
    }

    return real(fcntl)(fd, command, argument);
}


int
fcntl64(int fd, int command, ...)
{
    void     *argument;
    va_list   args;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);

    return fcntl(fd, command, argument);
}


int
ioctl(int fd, unsigned long request, ...)
{
    void     *argument;
    va_list   args;

    va_start(args, request);
    argument = va_arg(args, void *);
    va_end(args);

    if (torture_fails(TORTURE_SYSTEM, "ioctl")) {
        errno = EIO;
        return -1;
    }

    return real(ioctl)(fd, request, argument);
}


int
open(const char *path, int flags, ...)
{
    int      mode;
    va_list  args;

    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);

    if (torture_fails(TORTURE_SYSTEM, "open")) {
        errno = EMFILE;
        return -1;
    }

    return real(open)(path, flags, mode);
}


int
open64(const char *path, int flags, ...)
{
    int      mode;
    va_list  args;

    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);

    return open(path, flags|O_LARGEFILE, mode);
}
