
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * For LD_PRELOAD: what is read from stream sockets and written to them goes
 * one byte a call, and every other call of a socket that does not block says
 * EAGAIN, but for writes to servers.  nginx takes what was cut short for "no
 * more for now" and waits for the next edge, which the kernel does not give,
 * as it has seen no change: so such a descriptor is armed anew.  The file that
 * BYTEWISE_PAGE names takes the counts; see t/bytewise.t for its layout.
 */

#define _GNU_SOURCE

/* the redirections of these would hide the functions that are replaced */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>


#define BYTEWISE_FDS    65536

/* of bytewise_fd_t */
#define BYTEWISE_NEW    0
#define BYTEWISE_OTHER  1
#define BYTEWISE_CUT    2

typedef struct {
    uint64_t            cut[2][2];      /* accepted, connected; read, write */
    uint64_t            again;
    uint64_t            armed;
} bytewise_page_t;

typedef struct {
    uint8_t             kind;
    uint8_t             connected;
    uint8_t             blocks;
    uint8_t             turn[2];        /* read, write */
    int                 epoll;          /* 0: none, or level-triggered */
    struct epoll_event  event;
} bytewise_fd_t;


static void bytewise_init(void) __attribute__((constructor));
static void *bytewise_real(void **cache, const char *name);
static int bytewise_stream(int fd);
static bytewise_fd_t *bytewise_get(int fd);
static int bytewise_again(int fd, int writes);
static void bytewise_arm(int fd);
static size_t bytewise_cut(int fd, int writes, size_t len);
static int bytewise_first(const struct iovec *iov, size_t n,
    struct iovec *out);

static bytewise_page_t   bytewise_own;
static bytewise_page_t  *bytewise_page = &bytewise_own;
static bytewise_fd_t     bytewise_fds[BYTEWISE_FDS];


/* where the function of this name goes on */

#define real(name)                                                            \
    ({                                                                        \
        static void  *cache;                                                  \
        (__typeof__(&name)) bytewise_real(&cache, #name);                     \
    })


static void
bytewise_init(void)
{
    int          fd;
    void        *p;
    const char  *path;

    path = getenv("BYTEWISE_PAGE");

    if (path == NULL) {
        return;
    }

    fd = open(path, O_RDWR|O_CLOEXEC);

    if (fd == -1) {
        return;
    }

    p = mmap(NULL, sizeof(bytewise_page_t), PROT_READ|PROT_WRITE, MAP_SHARED,
             fd, 0);

    (void) close(fd);

    if (p != MAP_FAILED) {
        bytewise_page = p;
    }
}


static void *
bytewise_real(void **cache, const char *name)
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


/* pairs are how processes and threads speak; they read messages, not bytes */

static int
bytewise_stream(int fd)
{
    int                 type, named;
    socklen_t           len;
    struct sockaddr_un  address;

    len = sizeof(type);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1
        || type != SOCK_STREAM)
    {
        return 0;
    }

    len = sizeof(address);

    if (getsockname(fd, (struct sockaddr *) &address, &len) == -1) {
        return 0;
    }

    if (address.sun_family == AF_INET || address.sun_family == AF_INET6) {
        return 1;
    }

    named = len > offsetof(struct sockaddr_un, sun_path);
    len = sizeof(address);

    return address.sun_family == AF_UNIX
           && getpeername(fd, (struct sockaddr *) &address, &len) == 0
           && (named || len > offsetof(struct sockaddr_un, sun_path));
}


/* NULL: what this descriptor is for is not cut */

static bytewise_fd_t *
bytewise_get(int fd)
{
    int             saved;
    bytewise_fd_t  *f;

    if (fd < 0 || fd >= BYTEWISE_FDS) {
        return NULL;
    }

    f = &bytewise_fds[fd];

    if (f->kind == BYTEWISE_NEW) {
        saved = errno;
        f->kind = bytewise_stream(fd) ? BYTEWISE_CUT : BYTEWISE_OTHER;
        f->blocks = !(fcntl(fd, F_GETFL) & O_NONBLOCK);
        errno = saved;
    }

    return f->kind == BYTEWISE_CUT ? f : NULL;
}


static int
bytewise_again(int fd, int writes)
{
    bytewise_fd_t  *f;

    f = bytewise_get(fd);

    /*
     * Not for writes to a server: libcurl 7.88 gives a connection up that has
     * no room for the first bytes of HTTP/2, which no kernel does.
     */

    if (f == NULL || f->blocks || (writes && f->connected)
        || !(f->turn[writes]++ & 1))
    {
        return 0;
    }

    (void) __atomic_add_fetch(&bytewise_page->again, 1, __ATOMIC_RELAXED);

    bytewise_arm(fd);
    errno = EAGAIN;

    return 1;
}


/* an edge comes once more if there is something to read, or room to write */

static void
bytewise_arm(int fd)
{
    int             saved;
    bytewise_fd_t  *f;

    f = &bytewise_fds[fd];

    if (f->epoll == 0) {
        return;
    }

    saved = errno;

    if (real(epoll_ctl)(f->epoll, EPOLL_CTL_MOD, fd, &f->event) == 0) {
        (void) __atomic_add_fetch(&bytewise_page->armed, 1, __ATOMIC_RELAXED);
    }

    errno = saved;
}


/* how much of it may go; the edge first, as the caller may not come back */

static size_t
bytewise_cut(int fd, int writes, size_t len)
{
    bytewise_fd_t  *f;

    f = bytewise_get(fd);

    if (f == NULL || len < 2) {
        return len;
    }

    (void) __atomic_add_fetch(&bytewise_page->cut[f->connected][writes], 1,
                              __ATOMIC_RELAXED);

    return 1;
}


/* the first byte of a vector; 0 if it is empty */

static int
bytewise_first(const struct iovec *iov, size_t n, struct iovec *out)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (iov[i].iov_len != 0) {
            out->iov_base = iov[i].iov_base;
            out->iov_len = 1;
            return 1;
        }
    }

    return 0;
}


/* calls the function, and has the event come again if it was cut short */

#define bytewise_call(fd, len, cut, call)                                     \
    ({                                                                        \
        ssize_t  rc_ = call;                                                  \
                                                                              \
        if ((cut) != (len) && rc_ > 0) {                                      \
            bytewise_arm(fd);                                                 \
        }                                                                     \
                                                                              \
        rc_;                                                                  \
    })


ssize_t
recv(int fd, void *data, size_t len, int flags)
{
    return recvfrom(fd, data, len, flags, NULL, NULL);
}


ssize_t
recvfrom(int fd, void *data, size_t len, int flags,
    struct sockaddr *restrict address, socklen_t *restrict size)
{
    size_t  cut;

    /* who looks for more than a byte would look for ever */

    if (flags & (MSG_PEEK|MSG_WAITALL)) {
        return real(recvfrom)(fd, data, len, flags, address, size);
    }

    if (bytewise_again(fd, 0)) {
        return -1;
    }

    cut = bytewise_cut(fd, 0, len);

    return bytewise_call(fd, len, cut,
                         real(recvfrom)(fd, data, cut, flags, address, size));
}


ssize_t
read(int fd, void *data, size_t len)
{
    size_t  cut;

    if (bytewise_again(fd, 0)) {
        return -1;
    }

    cut = bytewise_cut(fd, 0, len);

    return bytewise_call(fd, len, cut, real(read)(fd, data, cut));
}


ssize_t
readv(int fd, const struct iovec *iov, int n)
{
    struct iovec  first;

    if (bytewise_get(fd) == NULL || !bytewise_first(iov, n, &first)) {
        return real(readv)(fd, iov, n);
    }

    return recvfrom(fd, first.iov_base, 2, 0, NULL, NULL);
}


ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
    struct iovec  first;

    if (bytewise_get(fd) == NULL || flags & (MSG_PEEK|MSG_WAITALL)
        || !bytewise_first(message->msg_iov, message->msg_iovlen, &first))
    {
        return real(recvmsg)(fd, message, flags);
    }

    return recvfrom(fd, first.iov_base, 2, flags, NULL, NULL);
}


ssize_t
send(int fd, const void *data, size_t len, int flags)
{
    return sendto(fd, data, len, flags, NULL, 0);
}


ssize_t
sendto(int fd, const void *data, size_t len, int flags,
    const struct sockaddr *address, socklen_t size)
{
    size_t  cut;

    if (bytewise_again(fd, 1)) {
        return -1;
    }

    cut = bytewise_cut(fd, 1, len);

    return bytewise_call(fd, len, cut,
                         real(sendto)(fd, data, cut, flags, address, size));
}


ssize_t
write(int fd, const void *data, size_t len)
{
    size_t  cut;

    if (bytewise_again(fd, 1)) {
        return -1;
    }

    cut = bytewise_cut(fd, 1, len);

    return bytewise_call(fd, len, cut, real(write)(fd, data, cut));
}


ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    struct iovec  first;

    if (bytewise_get(fd) == NULL || !bytewise_first(iov, n, &first)) {
        return real(writev)(fd, iov, n);
    }

    return sendto(fd, first.iov_base, 2, MSG_NOSIGNAL, NULL, 0);
}


ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct iovec  first;

    if (bytewise_get(fd) == NULL
        || !bytewise_first(message->msg_iov, message->msg_iovlen, &first))
    {
        return real(sendmsg)(fd, message, flags);
    }

    return sendto(fd, first.iov_base, 2, flags, NULL, 0);
}


ssize_t
sendfile64(int out, int in, off64_t *offset, size_t len)
{
    size_t  cut;

    if (bytewise_again(out, 1)) {
        return -1;
    }

    cut = bytewise_cut(out, 1, len);

    return bytewise_call(out, len, cut,
                         real(sendfile64)(out, in, offset, cut));
}


/* who has whom to wait for, and for what */

int
epoll_ctl(int ep, int op, int fd, struct epoll_event *event)
{
    int  rc;

    rc = real(epoll_ctl)(ep, op, fd, event);

    if (rc == 0 && fd >= 0 && fd < BYTEWISE_FDS) {
        if (op == EPOLL_CTL_DEL || !(event->events & EPOLLET)) {
            bytewise_fds[fd].epoll = 0;

        } else {
            bytewise_fds[fd].epoll = ep;
            bytewise_fds[fd].event = *event;
        }
    }

    return rc;
}


int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
    if (fd >= 0 && fd < BYTEWISE_FDS) {
        bytewise_fds[fd].kind = BYTEWISE_NEW;
        bytewise_fds[fd].connected = 1;
    }

    return real(connect)(fd, address, len);
}


/* before: afterwards the number may be another thread's */

int
close(int fd)
{
    static const bytewise_fd_t  none;

    if (fd >= 0 && fd < BYTEWISE_FDS) {
        bytewise_fds[fd] = none;
    }

    return real(close)(fd);
}
