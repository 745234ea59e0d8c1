
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What the kernel knows of the other end of a connection, and how to part
 * with it.  No protocol is known here.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_LINUX)
#include <sys/ioctl.h>
#include <linux/sockios.h>
#endif

#include "ngx_http_auth_token_peer.h"


ngx_int_t
ngx_http_auth_token_peer_silent(ngx_http_auth_token_slot_t *slot)
{
    u_char   buf[1];
    ssize_t  n;

    n = recv(slot->connection.fd, buf, 1, MSG_PEEK|MSG_DONTWAIT);

    if (n == -1 && ngx_socket_errno == NGX_EAGAIN) {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_auth_token_peer_kill(ngx_http_auth_token_slot_t *slot)
{
    u_char      buf[4096];
    ssize_t     n;
    ngx_int_t   rc;
    ngx_uint_t  i;

    slot->dirty = 1;

    if (!slot->idle) {
        /* its owner is told by the event */
        (void) ngx_shutdown_socket(slot->connection.fd, SHUT_RDWR);
        return NGX_OK;
    }

    (void) ngx_http_auth_token_event_wait(slot, 0);

    /*
     * libcurl 7.88 takes a connection for dead only if recv() finds the end,
     * so what was sent must be gone; bounded, the peer may go on sending
     */

    n = 1;

    for (i = 0; i < 256 && n > 0; i++) {
        n = recv(slot->connection.fd, buf, sizeof(buf), MSG_DONTWAIT);
    }

    rc = (n > 0 || (n == -1 && ngx_socket_errno == NGX_EAGAIN)) ? NGX_OK
                                                                : NGX_DONE;

    (void) ngx_shutdown_socket(slot->connection.fd, SHUT_RDWR);

    return rc;
}


in_port_t
ngx_http_auth_token_peer_port(ngx_http_auth_token_slot_t *slot)
{
    socklen_t       len;
    ngx_sockaddr_t  sa;

    if (slot->port == 0 && ngx_http_auth_token_event_same(slot)) {
        len = sizeof(ngx_sockaddr_t);

        if (getsockname(slot->connection.fd, &sa.sockaddr, &len) == 0) {
            slot->port = ngx_inet_get_port(&sa.sockaddr);
        }
    }

    return slot->port;
}


ngx_int_t
ngx_http_auth_token_peer_unacked(ngx_http_auth_token_slot_t *slot)
{
#ifdef SIOCOUTQ
    int  n;

    if (ioctl(slot->connection.fd, SIOCOUTQ, &n) == 0) {
        return n;
    }
#endif

    return -1;
}


ngx_int_t
ngx_http_auth_token_peer_silence(ngx_http_auth_token_slot_t *slot)
{
#if (NGX_LINUX && NGX_HAVE_TCP_INFO)
    socklen_t        len;
    struct tcp_info  ti;

    len = sizeof(struct tcp_info);

    if (getsockopt(slot->connection.fd, IPPROTO_TCP, TCP_INFO, &ti, &len)
        == 0)
    {
        return ti.tcpi_last_data_recv;
    }
#endif

    return -1;
}
