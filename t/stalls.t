#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for what others notice while an authority stalls, or answers in a way
# that is dear to read.  The failure this file exists for: something is waited
# for, or worked at, in the one thread that all clients of a worker share.
# A name server that stalls is in resolver.t, ten thousand clients in crowd.t.

import base64
import gzip
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

WORDS = "timeout 2s; max_lookups 2000; breaker failures=0;"

# a thousand look-ups that end in the same moment
PENDING = 1000

JSON = "Content-Type: application/json"
FULL = 65000


def answer(body, *headers):
    return {"answer": {"status": 200, "headers": [JSON, *headers],
                       "body64": base64.b64encode(body).decode()}}


def members(count):
    return ",".join(f'"{n:x}":{n}' for n in range(count)).encode()


# as much as is read of an answer, in the forms that are the most work
DEAR = {
    "a bomb": answer(gzip.compress(b" " * (64 << 20)),
                     "Content-Encoding: gzip"),
    "a bomb without a word": answer(gzip.compress(b" " * (64 << 20))),
    "64 KiB of members": answer((b'{"success":true,' + members(5200))[:FULL]
                                + b',"z":1}'),
    "64 KiB of a list": answer(b'{"a":[' + b"1," * (FULL // 2 - 9) + b"1]}"),
    "64 KiB of lists": answer(b"[" * (FULL // 2) + b"]" * (FULL // 2)),
    "64 KiB of a string": answer(b'{"a":"' + b"\\u00e4" * (FULL // 6 - 9)
                                 + b'"}'),
    "64 KiB of blanks": answer(b"{" + b" " * (FULL - 9) + b"}"),
    "a body without an end": {"actions": [{"endless": "body",
                                           "max": 4 << 20}]},
    "chunks without an end": {"actions": [{"endless": "chunks", "size": 1,
                                           "max": 1 << 16}]},
    "headers without an end": {"actions": [{"endless": "headers", "size": 8,
                                            "max": 1 << 20}]},
    "100 Continue without an end": {"actions": [{"endless": "interim",
                                                 "max": 1 << 18}]},
}


def start(port="{plain}", scheme="http"):
    http = PROVIDER.replace("http://127.0.0.1:{plain}",
                            f"{scheme}://127.0.0.1:{port}")
    authority = Authority()
    return authority, Nginx(authority, server=PROTECTED, words=WORDS,
                            http=http, log_level="error")


def silent(backlog):
    """Takes as many connections as the kernel does by itself."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    return sock, sock.getsockname()[1]


def stalls(nginx):
    with Strangers(nginx) as strangers:
        ok(poll(lambda: nginx.status()["writing"] > 20), "look-ups hang")
        unhurt(nginx, "others do not notice")
        ok(len(strangers.load.idle) < 190, "and they still hang")


@test
def an_authority_that_takes_no_connection():
    sock, port = silent(0)
    fill = [socket.socket() for _ in range(4)]
    for one in fill:
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
    stalls(start(port)[1])
    for one in [sock, *fill]:
        one.close()


@test
def an_authority_that_stalls_in_the_handshake():
    sock, port = silent(1024)
    stalls(start(port, "https")[1])
    sock.close()


@test
def an_authority_that_says_nothing():
    authority, nginx = start()
    authority.rules({"match": {}, "actions": [{"hold": True}]})
    stalls(nginx)


@test
def answers_that_are_dear_to_read():
    authority, nginx = start()
    for name, what in DEAR.items():
        authority.rules({"match": {"path": {"re": "."}}, **what})
        authority.call("POST", "clear")
        with Strangers(nginx, 40):
            unhurt(nginx, f"others do not notice {name}", longest=LONGEST)
        ok(authority.counts()["requests"] > 10, "which was often answered")
    is_(authority.counts()["backend"], 0, "requests at the backend")


@test
def a_thousand_that_time_out_at_once():
    authority, nginx = start()
    authority.rules({"match": {}, "actions": [{"hold": True}]})
    clients, rounds = [], 0

    def crowd():
        nonlocal rounds
        rounds += 1
        for i in range(PENDING):
            client = Client(nginx, 30)
            client.send("/", bearer=f"never-heard-of-{rounds:02d}{i:030d}")
            clients.append(client)

    unhurt(nginx, "others do not notice", seconds=3, longest=LONGEST,
           meanwhile=crowd)
    seen = [client.receive().status for client in clients]
    is_(seen, [503] * PENDING * rounds, "all are answered")
    for client in clients:
        client.close()


run()
