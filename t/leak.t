#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests that a worker's memory and descriptors do not grow with requests:
# those that hit, miss, are denied, find no authority or are given up, and
# with reloads.  AUTH_TOKEN_LEAK is the number of requests of a phase, 400 by
# default.  What leaks does so in each phase: the least of them is judged.

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

LONG = "AUTH_TOKEN_LEAK" in os.environ
COUNT = int(os.environ.get("AUTH_TOKEN_LEAK", 400))
PHASES = 4 if LONG else 2
RELOADS = max(COUNT // 20, 10)

# bytes for each request, and for each reload, beyond what an allocator may
# keep for once, which shows where there is no third phase
SLOPE = 8 if LONG else 64
RELOAD_SLOPE = 16
ONCE = 0 if LONG else 160 << 10

# bytes that a preloaded library loses whenever a worker waits
LOST = 12 if LONG else 512

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
    lost = malloc(LOST);
    memset(lost, 1, LOST);
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


def phases(count, unit, ask, measure):
    """Bytes and descriptors by which one phase of count has grown, at least;
    measure() gives both."""
    found = []
    for phase in range(PHASES):
        for i in range(count):
            ask(phase * count + i)
        found.append(measure())
    steps = [(after - before, left - opened) for (before, opened),
             (after, left) in zip(found, found[1:])]
    memory, descriptors = (min(one) for one in zip(*steps))
    diag(f"{count} {unit}s: {memory:+d} bytes, {memory / count:+.1f} for each, "
         f"of {[step[0] for step in steps]}; {descriptors:+d} descriptors")
    return memory, descriptors


def flat(memory, descriptors, count, unit, slope):
    diag(f"seen is what is lost from {slope + ONCE / count:.1f} bytes for "
         f"each {unit} on, and one descriptor in {count}")
    ok(memory <= count * slope + ONCE, "memory does not grow")
    ok(descriptors <= 0, "no descriptor is left")


def grown(nginx, ask):
    """Of a worker, with COUNT requests."""
    def measure():
        nginx.authority.call("POST", "clear")
        pid = poll(nginx.workers)[0]
        poll(lambda: nginx.status()["active"] == 1, 5)
        left = settled(nginx, pid)
        return anonymous(pid), left

    return phases(COUNT, "request", ask, measure)


def requests(nginx, ask):
    flat(*grown(nginx, ask), COUNT, "request", SLOPE)


def start(**settings):
    authority = Authority()
    settings.setdefault("words", "breaker failures=0;")
    return authority, Nginx(authority, server=SERVER, log_level="error",
                            **settings)


@test
def hits():
    authority, nginx = start()
    token = authority.token().token
    requests(nginx, lambda i: get(nginx, bearer=token))


@test
def misses():
    authority, nginx = start(http="auth_token_zone tokens:128k;" + PROVIDER)
    many = tokens(authority, PHASES * COUNT)
    requests(nginx, lambda i: get(nginx, bearer=many[i]))


@test
def denials():
    authority, nginx = start(http="auth_token_zone tokens:128k;" + PROVIDER)
    requests(nginx, lambda i: get(nginx, bearer=os.urandom(24).hex()))


@test
def failures():
    authority, nginx = start(http="auth_token_zone tokens:128k;" + PROVIDER)
    authority.rules({"match": {}, "answer": {"status": 500}})
    requests(nginx, lambda i: get(nginx, bearer=os.urandom(24).hex()))


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

    requests(nginx, leave)


@test
def reloads():
    """The master's memory: workers are new ones each time."""
    authority, nginx = start()
    token = authority.token().token
    opened = []

    def reload(i):
        nginx.reload()
        get(nginx, bearer=token)

    def measure():
        # it has a channel to each worker that has not ended
        poll(lambda: len(nginx.all_workers()) == 1, 10)
        poll(lambda: opened and nginx.descriptors(nginx.pid) <= opened[0], 1)
        opened.append(nginx.descriptors(nginx.pid))
        return anonymous(nginx.pid), opened[-1]

    flat(*phases(RELOADS, "reload", reload, measure), RELOADS, "reload",
         RELOAD_SLOPE)


@test
def what_leaks_is_seen():
    with tempfile.TemporaryDirectory() as directory:
        source = os.path.join(directory, "leak.c")
        library = os.path.join(directory, "leak.so")
        with open(source, "w") as out:
            out.write(LEAK)
        subprocess.run(["cc", "-shared", "-fPIC", f"-DLOST={LOST}", "-o",
                        library, source, "-ldl"], check=True)
        authority, nginx = start(environment={"LD_PRELOAD": library})
        token = authority.token().token
        memory, _ = grown(nginx, lambda i: get(nginx, bearer=token))
        ok(memory > COUNT * SLOPE + ONCE, "memory grows")


run(limit=3600 if LONG else 1200)
