#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the end of workers that have a thousand look-ups pending at an
# authority that says nothing.  The failure this file exists for: a worker
# that never ends, or ends with sockets that nobody closed.

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

PENDING = 1000


def pending(words, main="", workers=2):
    """An nginx with so many clients, each with a token of its own that the
    authority was asked about, or that waits for a connection to it."""
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, main=main, workers=workers,
                  words=words + "max_lookups 2000; breaker failures=0;")
    is_(get(nginx, "/", bearer=authority.token().token).status, 200, "before")
    authority.rules({"match": {}, "actions": [{"hold": True}]})
    before = {pid: nginx.descriptors(pid) for pid in nginx.workers()}
    clients = []
    for i in range(PENDING):
        client = Client(nginx, 30)
        client.send("/", bearer=f"never-heard-of-{i:032d}")
        clients.append(client)
    ok(poll(lambda: nginx.status()["writing"] > PENDING, 20),
       f"{PENDING} requests wait")
    return authority, nginx, clients, before


def statuses(clients):
    """Counts of statuses; 0 is a connection that was closed."""
    seen = {}
    for client in clients:
        try:
            status = client.receive().status
        except ConnectionResetError:
            status = 0
        seen[status] = seen.get(status, 0) + 1
        client.close()
    return seen


def ends(nginx, number, limit):
    begun = time.monotonic()
    is_(nginx.stop(number, 30), 0, "nginx ends")
    took = time.monotonic() - begun
    limit *= PATIENCE
    ok(took < limit, f"{took:.2f} s after the signal, limit {limit} s")


@test
def fast():
    authority, nginx, clients, _ = pending("timeout 60s;")
    ends(nginx, signal.SIGTERM, 2)
    is_(statuses(clients), {0: PENDING}, "nobody is answered")
    is_(authority.counts()["backend"], 1, "requests at the backend")


@test
def graceful():
    authority, nginx, clients, _ = pending("timeout 4s;")
    ends(nginx, signal.SIGQUIT, 5)
    is_(statuses(clients), {503: PENDING}, "all are answered")
    is_(authority.counts()["backend"], 1, "requests at the backend")


@test
def graceful_with_worker_shutdown_timeout():
    authority, nginx, clients, _ = pending(
        "timeout 60s;", main="worker_shutdown_timeout 1s;")
    ends(nginx, signal.SIGQUIT, 2)
    seen = statuses(clients)
    is_(set(seen) - {0, 503}, set(), "nobody is let in")
    is_(authority.counts()["backend"], 1, "requests at the backend")


@test
def a_reload():
    authority, nginx, clients, before = pending("timeout 4s;")
    token = authority.token()
    authority.rules({"match": {"token": token.token}, "answer": "default"},
                    {"match": {"path": {"re": token.id}},
                     "answer": "default"},
                    {"match": {}, "actions": [{"hold": True}]})
    begun = time.monotonic()
    ok(nginx.reload(), "reloaded")
    is_(get(nginx, "/", bearer=token.token).status, 200,
        "new workers look up")
    is_(statuses(clients), {503: PENDING}, "old ones answer all")
    gone = poll(lambda: not any(os.path.exists(f"/proc/{pid}")
                                for pid in before), 10)
    took = time.monotonic() - begun
    ok(gone and took < 6 * PATIENCE, f"and are gone after {took:.2f} s")
    is_(authority.counts()["backend"], 2, "requests at the backend")


@test
def nothing_is_left_when_all_timed_out():
    # one worker: how clients fall to several is not the same each time
    authority, nginx, clients, before = pending("timeout 2s;", workers=1)
    is_(statuses(clients), {503: PENDING}, "all are answered")
    # nginx's own copies of what the first look-up opened
    room = 20
    ok(poll(lambda: all(nginx.descriptors(pid) <= count + room
                        for pid, count in before.items()), 10),
       f"descriptors: {before}, now "
       f"{ {pid: nginx.descriptors(pid) for pid in before} }")
    full = [nginx.resident(pid) for pid in before]
    authority.rules()
    for _ in range(3):
        authority.rules({"match": {}, "actions": [{"hold": True}]})
        clients = []
        for i in range(PENDING):
            client = Client(nginx, 30)
            client.send("/", bearer=f"never-heard-of-{i:032d}")
            clients.append(client)
        is_(set(statuses(clients)), {503}, "another thousand")
    grown = [nginx.resident(pid) - size for pid, size in zip(before, full)]
    ok(max(grown) < (1 << 18 if SANITIZED else 2048),
       f"memory has grown by {grown} KiB")
    authority.rules()
    is_(get(nginx, "/", bearer=authority.token().token).status, 200, "after")


run()
