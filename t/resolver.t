#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for names that do not resolve.  The failure this file exists for:
# libcurl waits for its resolver's thread, and with it the worker and all of
# its clients.

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

ADDRESS = "127.0.0.253"

HTTP = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    https://authority.test/client/v4/user/tokens;
        credential  bearer file:{credential};
        {words}
    }}
"""

SERVER = PROTECTED + """
        location = /plain {{ return 200 "plain"; }}
"""


def start(words, resolv):
    """nginx with a resolv.conf of its own."""
    authority = Authority()
    path = os.path.join(authority.dir, "resolv.conf")
    with open(path, "w") as out:
        out.write(resolv)
    target = os.path.realpath("/etc/resolv.conf")
    nginx = Nginx(authority, server=SERVER, http=HTTP, words=words, command=(
        "unshare", "-m", "sh", "-c",
        'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh", path, target))
    return authority, nginx


if os.getuid() != 0 or not os.path.exists("/etc/resolv.conf"):
    plan_skip_all("needs root and an /etc/resolv.conf")


@test
def a_silent_name_server_holds_up_nobody():
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind((ADDRESS, 53))
    authority, nginx = start("timeout 600ms;",
                             f"nameserver {ADDRESS}\noptions timeout:5\n")
    try:
        waiting = []
        for _ in range(8):
            client = Client(nginx)
            client.send("/", bearer=authority.token().token)
            waiting.append(client)
        silent.settimeout(5)
        ok(silent.recv(512), "the name server is asked")

        slow = []
        end = time.monotonic() + 2
        while time.monotonic() < end and len(slow) < 2000:
            begin = time.monotonic()
            if get(nginx, "/plain").status != 200:
                ok(False, "a page that needs no token")
            slow.append(time.monotonic() - begin)
        slow.sort()
        p99 = slow[len(slow) * 99 // 100]
        diag(f"{len(slow)} pages, median {slow[len(slow) // 2] * 1000:.1f} "
             f"ms, p99 {p99 * 1000:.1f} ms, longest {slow[-1] * 1000:.1f} ms")
        ok(slow[-1] < 0.5, "no page waits for the resolver")

        begin = time.monotonic()
        is_([client.receive().status for client in waiting], [503] * 8,
            "those who asked with a token")
        ok(time.monotonic() - begin < 2, "have their answer in time")
        is_(authority.counts()["backend"], 0, "requests at the backend")

        begin = time.monotonic()
        is_(nginx.stop(), 0, "nginx ends")
        ok(time.monotonic() - begin < 4, "without waiting for the resolver")
    finally:
        silent.close()


@test
def a_name_server_that_is_not_there():
    authority, nginx = start("timeout 2s;", f"nameserver {ADDRESS}\n"
                             "options timeout:1 attempts:1\n")
    is_(get(nginx, "/", bearer=authority.token().token).status, 503, "status")
    is_(authority.counts()["backend"], 0, "requests at the backend")
    like(nginx.error_log(), r"\[error\].*could not (resolve|connect)|timed out",
         "the log tells")


run()
