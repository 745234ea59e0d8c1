#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests that a worker's memory and descriptors do not grow with requests:
# those that hit, miss, are denied, find no authority or are given up, and
# with reloads.  AUTH_TOKEN_LEAK is the number of requests, 400 by default.

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

if not module_built():
    plan_skip_all("the module is not built")

if SANITIZED:
    plan_skip_all("the sanitizers keep what was freed")

COUNT = int(os.environ.get("AUTH_TOKEN_LEAK", 400))

# bytes for each request, beyond what an allocator may keep for once
SLOPE = 64
ONCE = 160 << 10

SERVER = """
        location / {{
            auth_token  cloudflare;
            stub_status;
        }}
"""

LEAK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
void *volatile lost;
int epoll_wait(int ep, struct epoll_event *events, int n, int timeout)
{
    int (*real)(int, struct epoll_event *, int, int);
    real = (int (*)(int, struct epoll_event *, int, int))
               dlsym(RTLD_NEXT, "epoll_wait");
    lost = malloc(512);
    memset(lost, 1, 512);
    return real(ep, events, n, timeout);
}
"""


def anonymous(pid):
    """Bytes of a worker's own memory: the zone is not in it."""
    with open(f"/proc/{pid}/status") as read:
        return int(re.search(r"RssAnon:\s+(\d+)", read.read()).group(1)) << 10


def tokens(authority, count, **entry):
    made = [dict(entry, token="cfut_" + os.urandom(24).hex(),
                 id=os.urandom(16).hex(), status=entry.get("status", "active"))
            for _ in range(count)]
    for i in range(0, count, 1000):
        authority.call("POST", "tokens", made[i:i + 1000])
    return [one["token"] for one in made]


def settled(nginx, pid):
    """Descriptors that are left when look-ups and their connections end: the
    least of some samples, as what leaks is in each of them."""
    least = nginx.descriptors(pid)
    for _ in range(6):
        nginx.authority.call("POST", "close")
        poll(lambda: False, 0.2)
        least = min(least, nginx.descriptors(pid))
    return least


def grown(nginx, ask):
    """Bytes and descriptors that a worker has more after COUNT requests."""
    found = []
    for phase in range(2):
        for i in range(COUNT):
            ask(phase * COUNT + i)
        nginx.authority.call("POST", "clear")
        pid = nginx.workers()[0]
        poll(lambda: nginx.status()["active"] == 1, 5)
        found.append((settled(nginx, pid), anonymous(pid)))
    (opened, before), (left, after) = found
    diag(f"{COUNT} requests: {after - before:+d} bytes, {left - opened:+d} "
         "descriptors")
    return after - before, left - opened


def flat(nginx, ask):
    memory, descriptors = grown(nginx, ask)
    ok(memory <= COUNT * SLOPE + ONCE, "memory does not grow")
    ok(descriptors <= 0, "no descriptor is left")


def start(**settings):
    authority = Authority()
    settings.setdefault("words", "breaker failures=0;")
    return authority, Nginx(authority, server=SERVER, log_level="error",
                            **settings)


@test
def hits():
    authority, nginx = start()
    token = authority.token().token
    flat(nginx, lambda i: get(nginx, bearer=token))


@test
def misses():
    authority, nginx = start(http="auth_token_zone tokens:128k;" + PROVIDER)
    many = tokens(authority, 2 * COUNT)
    flat(nginx, lambda i: get(nginx, bearer=many[i]))


@test
def denials():
    authority, nginx = start(http="auth_token_zone tokens:128k;" + PROVIDER)
    flat(nginx, lambda i: get(nginx, bearer=os.urandom(24).hex()))


@test
def failures():
    authority, nginx = start(http="auth_token_zone tokens:128k;" + PROVIDER)
    authority.rules({"match": {}, "answer": {"status": 500}})
    flat(nginx, lambda i: get(nginx, bearer=os.urandom(24).hex()))


@test
def clients_that_leave():
    authority, nginx = start(http="auth_token_zone tokens:128k;" + PROVIDER)
    authority.rules({"match": {}, "actions": [{"delay": 5},
                                              {"answer": "default"}]})

    def leave(i):
        with Client(nginx) as client:
            client.send(bearer=os.urandom(24).hex())
            # more look-ups under way at a time would take more memory
            poll(lambda: False, 0.008)

    flat(nginx, leave)


@test
def reloads():
    """The master's memory: workers are new ones each time."""
    authority, nginx = start()
    token = authority.token().token
    found = []
    for phase in range(2):
        for _ in range(max(COUNT // 20, 10)):
            nginx.reload()
            get(nginx, bearer=token)
        # it has a channel to each worker that has not ended
        poll(lambda: len(nginx.all_workers()) == 1, 10)
        poll(lambda: found and nginx.descriptors(nginx.pid) <= found[0][1],
             1)
        found.append((anonymous(nginx.pid), nginx.descriptors(nginx.pid)))
    (before, opened), (after, left) = found
    diag(f"{after - before:+d} bytes, {left - opened:+d} descriptors")
    ok(after - before <= ONCE, "memory does not grow")
    ok(left <= opened, "no descriptor is left")


@test
def what_leaks_is_seen():
    with tempfile.TemporaryDirectory() as directory:
        source = os.path.join(directory, "leak.c")
        library = os.path.join(directory, "leak.so")
        with open(source, "w") as out:
            out.write(LEAK)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source,
                        "-ldl"], check=True)
        authority, nginx = start(environment={"LD_PRELOAD": library})
        token = authority.token().token
        memory, _ = grown(nginx, lambda i: get(nginx, bearer=token))
        ok(memory > COUNT * SLOPE + ONCE, "memory grows")


run(limit=1200)
