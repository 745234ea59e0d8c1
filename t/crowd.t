#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for many clients, for slow ones, and for those that leave while they
# wait.  The failure this file exists for: what a client costs while its token
# is looked up is not given back, or is more than it should be.
# AUTH_TOKEN_CROWD is the number of connections, 10000 in a long run.

import os
import re
import resource
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

CROWD = int(os.environ.get("AUTH_TOKEN_CROWD", 2000))

HELD = {"match": {}, "actions": [{"hold": True}]}
SLOW = {"match": {"path": {"re": "/verify$"}},
        "actions": [{"delay": 400}, {"answer": "default"}]}

# a file: a backend would need as many connections again
PAGE = """
        location / {{
            auth_token  cloudflare;
            root        {dir}/page;
        }}
"""

# KiB that are no leak: the sanitizers keep what was freed
KEPT = 1 << 18 if SANITIZED else 0

# most that a waiting client may cost a worker, KiB: nginx's own connection
# and request, 8 or so, and what the look-up adds
COST = 24


def start(**settings):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < CROWD + 500:
        if "AUTH_TOKEN_CROWD" in os.environ:
            raise RuntimeError(f"no more than {hard} descriptors")
        skip(f"no more than {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    authority = Authority()
    # nginx closes connections of its own accord where 1/16 is left
    nginx = Nginx(authority, server=settings.pop("server", PAGE),
                  connections=CROWD * 5 // 4, start=False,
                  listen=" backlog=4096" + settings.pop("listen", ""),
                  **settings)
    os.mkdir(nginx.path("page"))
    with open(nginx.path("page/index.html"), "w") as out:
        out.write("a page\n")
    nginx.start()
    return authority, nginx


def anonymous(nginx):
    """KiB of the worker's own memory."""
    with open(f"/proc/{nginx.workers()[0]}/status") as read:
        return int(re.search(r"RssAnon:\s+(\d+)", read.read()).group(1))


def crowd(nginx, count, bearer):
    """Clients that have sent their requests; bearer(i) is the token."""
    clients = []
    for i in range(count):
        client = Client(nginx, 60)
        client.send("/", bearer=bearer(i))
        clients.append(client)
    return clients


def statuses(clients):
    seen = {}
    for client in clients:
        status = client.receive().status
        seen[status] = seen.get(status, 0) + 1
        client.close()
    return seen


@test
def all_wait_for_one_token():
    authority, nginx = start(words="timeout 60s;")
    is_(get(nginx, "/", bearer=authority.token().token).status, 200, "before")
    active, empty = nginx.status()["active"], anonymous(nginx)
    token = authority.token()
    asked = authority.counts()["requests"]
    authority.rules({"match": {"path": {"re": "/verify$"}, "token":
                               token.token},
                     "actions": [{"hold": 30000}, {"answer": "default"}]})
    clients = crowd(nginx, CROWD, lambda i: token.token)
    ok(poll(lambda: nginx.status()["writing"] >= CROWD, 30),
       f"{CROWD} clients wait")
    is_(authority.counts()["requests"], asked + 1, "for one look-up")
    cost = (anonymous(nginx) - empty) / CROWD
    ok(cost < COST + KEPT, f"each costs {cost:.1f} KiB")
    unhurt(nginx, "a page that needs no token comes at once")

    # the authority gives up on this one, and answers the next
    authority.rules()
    authority.call("POST", "close")
    is_(statuses(clients), {200: CROWD}, "all are let in")
    ok(poll(lambda: nginx.status()["active"] <= active + 1, 10),
       "their connections are gone")


@test
def each_waits_for_a_token_of_its_own():
    authority, nginx = start(words="timeout 8s; breaker failures=0; "
                             "max_lookups 1024;")
    is_(get(nginx, "/", bearer=authority.token().token).status, 200, "before")
    active, empty = nginx.status()["active"], anonymous(nginx)
    descriptors = nginx.descriptors()
    authority.rules(HELD)
    clients = crowd(nginx, CROWD, lambda i: f"never-heard-of-{i:032d}")
    ok(poll(lambda: nginx.status()["writing"] >= 1024, 8),
       "1024 look-ups are under way")
    cost = anonymous(nginx) - empty
    ok(cost < 1024 * COST + (CROWD - 1024) * 8 + KEPT,
       f"they cost {cost / 1024:.1f} KiB each")
    unhurt(nginx, "others do not notice")
    seen = statuses(clients)
    is_(seen, {503: CROWD}, "all are told to come again")
    is_(authority.counts()["backend"], 0, "requests at the backend")
    ok(poll(lambda: nginx.status()["active"] <= active + 1, 10),
       "their connections are gone")
    ok(poll(lambda: nginx.descriptors() <= descriptors + 20, 10),
       "and the descriptors")
    full = anonymous(nginx)
    authority.rules()
    is_(get(nginx, "/", bearer=authority.token().token).status, 200, "after")

    # as much again needs nothing more
    authority.rules(HELD)
    clients = crowd(nginx, min(CROWD, 2000),
                    lambda i: f"never-heard-either-{i:032d}")
    is_(set(statuses(clients)), {503}, "again")
    grown = anonymous(nginx) - full
    ok(grown < 1024 + KEPT, f"grown by {grown} KiB")


def rst(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def leave(ending):
    """Clients that leave while they wait, and as many again."""
    authority, nginx = start(words="timeout 2s; breaker failures=0;")
    is_(get(nginx, "/", bearer=authority.token().token).status, 200, "before")
    active = nginx.status()["active"]
    batch, sizes = min(500, CROWD), []
    for half in "first", "second":
        authority.rules(HELD)
        for n in range(max(1, CROWD // batch // 2)):
            asked = nginx.status()["requests"]
            clients = crowd(nginx, batch,
                            lambda i: f"{half}-{n:06d}-{i % 100:039d}")
            poll(lambda: nginx.status()["requests"] > asked + batch, 10)
            ok(nginx.status()["writing"] > batch - 10, "they wait")
            for client in clients:
                ending(client.sock)
            ok(poll(lambda: nginx.status()["active"] <= active + 1, 10),
               "and are gone")
        # their look-ups go on; when a new one is answered they are over
        authority.rules()
        token = authority.token()
        ok(poll(lambda: get(nginx, "/", bearer=token.token).status == 200,
                10), "a client that stays is answered")
        sizes.append(anonymous(nginx))
    diag(f"memory after each half: {sizes} KiB")
    ok(sizes[1] - sizes[0] < 1536 + KEPT, "memory is flat")
    is_(len(nginx.workers()), 1, "the worker lives")


@test
def clients_that_close():
    leave(lambda sock: sock.close())


@test
def clients_that_reset():
    leave(rst)


@test
def streams_that_are_reset():
    authority, nginx = start(words="timeout 2s; breaker failures=0;",
                             listen=" http2")
    token = authority.token()
    is_(get_h2(nginx, token.token), 200, "before")
    sizes, count = [], 0
    for n in range(max(2, CROWD // 1000)):
        with H2(nginx) as h2:
            authority.rules(HELD)
            streams = [h2.open(bearer=f"{n:06d}-{i:039d}")
                       for i in range(100)]
            count += len(streams)
            # one that is known is answered: all before it are being looked up
            is_(h2.wait(h2.open(bearer=token.token)), [200], "a known token")
            for stream in streams:
                h2.reset(stream)
            is_(h2.wait(h2.open(bearer=token.token)), [200], "once more")
            authority.rules()
            authority.call("POST", "close")
            fresh = authority.token().token
            is_(h2.wait(h2.open(bearer=fresh)), [200],
                "a new one, on the same connection")
            is_([h2.statuses.get(one) for one in streams], [None] * 100,
                "nothing comes for those")
        sizes.append(anonymous(nginx))
    diag(f"{count} streams: {sizes[0]}, {sizes[-1]} KiB")
    ok(sizes[-1] - sizes[0] < 1024 + KEPT, "memory is flat")
    is_(authority.counts()["backend"], 0, "requests at the backend")


def get_h2(nginx, bearer):
    with H2(nginx) as h2:
        return h2.wait(h2.open(bearer=bearer))[0]


@test
def streams_that_are_reset_at_once():
    """Before, while and after the request is read."""
    authority, nginx = start(listen=" http2")
    tokens = [authority.token().token for _ in range(20)]
    authority.rules(SLOW)
    with H2(nginx) as h2:
        for i in range(200):
            stream = h2.open(bearer=tokens[i % 20])
            h2.reset(stream)
        left = [h2.open(bearer=token) for token in tokens]
        is_(h2.wait(*left), [200] * 20, "those that stay are answered")
    with H2(nginx) as h2:
        for i in range(50):
            h2.open(bearer=f"{i:045d}")
        rst(h2.sock)
    is_(get_h2(nginx, tokens[0]), 200, "after a connection that was reset")


@test
def slow_heads_cost_no_look_up():
    authority, nginx = start(
        server="client_header_timeout 2s;" + PAGE)
    token = authority.token()
    is_(get(nginx, "/", bearer=token.token).status, 200, "before")
    asked = authority.counts()["requests"]
    data = request_bytes("/", bearer=authority.token().token)
    slow = [open_socket(nginx) for _ in range(200)]
    begun = time.monotonic()
    sent = 0
    while time.monotonic() - begun < 1.5:
        for sock in slow:
            sock.sendall(data[sent:sent + 1])
        sent += 1
        is_(get(nginx, "/", bearer=token.token).status, 200,
            "others are served") if sent == 10 else None
        poll(lambda: False, 0.04)
    ok(10 < sent < len(data) - 4, f"{sent} bytes of each are sent")
    is_(authority.counts()["requests"], asked, "look-ups")
    ends = [sock.recv(100) for sock in slow]
    is_({end.split(b"\r\n")[0] for end in ends} - {b""}, set(),
        "they are closed without a word")
    ok(time.monotonic() - begun < 8, "in time")


@test
def slow_bodies():
    authority, nginx = start(
        server="client_body_timeout 1s;" + PROTECTED)
    token = authority.token()
    authority.rules(SLOW)
    slow = []
    for bearer, count in ((token.token, 60), ("x" * 45, 60), (None, 60)):
        for _ in range(count):
            sock = open_socket(nginx)
            sock.sendall(request_bytes("/", method="POST", bearer=bearer,
                                       headers=["Content-Length: 100"],
                                       close=False))
            slow.append((bearer, sock))
    for _ in range(10):
        for _, sock in slow:
            try:
                sock.sendall(b"x")
            except OSError:
                pass
        poll(lambda: False, 0.05)
    seen = {}
    for bearer, sock in slow:
        try:
            data = sock.recv(4096)
        except ConnectionResetError:
            data = b""
        status = data.split(b" ")[1].decode() if data else "closed"
        kind = ("good" if bearer == token.token else
                "unknown" if bearer else "none", status)
        seen[kind] = seen.get(kind, 0) + 1
        sock.close()
    is_(seen, {("good", "closed"): 60, ("unknown", "401"): 60,
               ("none", "401"): 60}, "answers")
    is_(authority.counts()["backend"], 0, "requests at the backend")
    is_(authority.counts()["requests"], 3, "look-ups")


@test
def slow_readers():
    authority, nginx = start(server="""
        send_timeout 2s;
        location / {{
            auth_token  cloudflare;
            root        {dir}/page;
        }}
    """)
    with open(nginx.path("page/large"), "wb") as out:
        out.write(b"x" * (8 << 20))
    token = authority.token()
    slow = []
    for _ in range(100):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", nginx.port))
        sock.sendall(request_bytes("/large", bearer=token.token))
        slow.append(sock)
    is_({sock.recv(12) for sock in slow}, {b"HTTP/1.1 200"}, "they begin")
    is_(get(nginx, "/", bearer=token.token).status, 200, "others are served")
    is_(authority.counts()["requests"], 2, "look-ups")
    ok(poll(lambda: nginx.status()["active"] < 5, 10),
       "who does not read is let go")
    for sock in slow:
        sock.close()


run()
