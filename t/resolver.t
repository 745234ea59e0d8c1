#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for names that do not resolve.  The failure this file exists for:
# libcurl waits for its resolver's thread, and with it the worker and all of
# its clients.

import ctypes
import os
import re
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

# of this run alone, as the port is everybody's
ADDRESS = "127." + ".".join(str(1 + byte % 254) for byte in os.urandom(3))

HTTP = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        ssl_trusted_certificate {ca};
        endpoint    https://authority.test:{tls}/client/v4/user/tokens;
        credential  bearer file:{credential};
        {words}
    }}
"""

SERVER = PROTECTED + """
        location = /plain {{ return 200 "plain"; }}
"""


def start(words, resolv, moved=False):
    """nginx with a resolv.conf of its own, and a clock if it is wanted."""
    authority = Authority()
    clock = Clock(authority) if moved else None
    settings = dict(environment=clock.environment, main=clock.main) \
        if moved else {}
    path = os.path.join(authority.dir, "resolv.conf")
    with open(path, "w") as out:
        out.write(resolv)
    target = os.path.realpath("/etc/resolv.conf")
    nginx = Nginx(authority, server=SERVER, http=HTTP, words=words, command=(
        "unshare", "-m", "sh", "-c",
        'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh", path, target),
        **settings)
    return (authority, nginx, clock) if moved else (authority, nginx)


if os.getuid() != 0 or not os.path.exists("/etc/resolv.conf"):
    plan_skip_all("needs root and an /etc/resolv.conf")


@test
def a_silent_name_server_holds_up_nobody():
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind((ADDRESS, 53))
    authority, nginx = start("timeout 600ms; breaker failures=0;",
                             f"nameserver {ADDRESS}\noptions timeout:5\n")
    try:
        with Strangers(nginx):
            silent.settimeout(5)
            ok(silent.recv(512), "the name server is asked")
            ok(poll(lambda: nginx.status()["writing"] > 8), "look-ups hang")
            unhurt(nginx, "no page waits for the resolver", path="/plain")

        waiting = []
        for _ in range(8):
            client = Client(nginx)
            client.send("/", bearer=authority.token().token)
            waiting.append(client)
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


def name_of(query):
    """What is asked: (the question as bytes, its type)."""
    end = query.index(0, 12) + 1
    return query[12:end + 4], struct.unpack("!H", query[end:end + 2])[0]


def record(kind, data):
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, len(data)) + data


def reply(query, code=0, records=(), flags=0x8180, number=None):
    question, _ = name_of(query)
    return struct.pack("!HHHHHH", number if number is not None
                       else struct.unpack("!H", query[:2])[0], flags | code,
                       1, len(records), 0, 0) + question + b"".join(records)


def address(text):
    """The only address of every name."""
    def answer(query):
        kind = name_of(query)[1]
        return reply(query, records=[record(1, socket.inet_aton(text))]
                     if kind == 1 else [])
    return answer


def wrong_number(query):
    good = address("127.0.0.1")(query)
    return bytes([good[0] ^ 0x55, good[1]]) + good[2:]


def another_question(query):
    name = b"\x09elsewhere\x04test\0"
    return struct.pack("!6H", struct.unpack("!H", query[:2])[0], 0x8180, 1, 1,
                       0, 0) + name + struct.pack("!HH", 1, 1) \
        + record(1, socket.inet_aton("127.0.0.1"))


ANSWERS = {
    "there is no such name": lambda query: reply(query, 3),
    "it has failed": lambda query: reply(query, 2),
    "it refuses": lambda query: reply(query, 5),
    "the name has no address": lambda query: reply(query),
    "an alias of itself":
        lambda query: reply(query, records=[record(5, b"\xc0\x0c")]),
    "an address of five bytes":
        lambda query: reply(query, records=[record(1, b"12345")]),
    "a record that is cut":
        lambda query: reply(query, records=[record(1, b"1234")])[:-6],
    "no answer at all": lambda query: b"",
    "three bytes": lambda query: b"abc",
    "the question": lambda query: query,
    "another number": wrong_number,
    "another question": another_question,
    "too much for a datagram, and no TCP":
        lambda query: reply(query, flags=0x8380),
    "a thousand addresses of nobody": lambda query: reply(
        query, records=[record(1, b"\x7f\0\xff%c" % (n % 250))
                        for n in range(1000)]),
}


class NameServer:
    """One that answers what it is told to."""

    def __init__(self, answer):
        self.answer, self.asked = answer, 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((ADDRESS, 53))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                query, client = self.sock.recvfrom(2048)
                if not query:
                    return
                self.asked += 1
                self.sock.sendto(self.answer(query), client)
            except OSError:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (ADDRESS, 53))
        self.thread.join(5)
        self.sock.close()


RESOLV = f"nameserver {ADDRESS}\noptions timeout:1 attempts:1\n"


@test
def a_name_server_that_answers():
    with NameServer(address("127.0.0.1")) as server:
        authority, nginx = start("timeout 3s;", RESOLV)
        token = authority.token()
        is_(get(nginx, "/", bearer=token.token).status, 200, "status")
        ok(server.asked > 0, "it was asked")
        server.answer = ANSWERS["there is no such name"]
        is_(get(nginx, "/", bearer=authority.token().token).status, 200,
            "what it said is remembered for a while")
        is_(nginx.stop(), 0, "nginx ends")


@test
def a_name_server_that_answers_nonsense():
    for name, answer in ANSWERS.items():
        with NameServer(answer) as server:
            authority, nginx = start("timeout 2s; breaker failures=0;",
                                     RESOLV)
            token = authority.token()
            growth, begun = Growth(nginx), time.monotonic()
            response = get(nginx, "/", bearer=token.token)
            took = time.monotonic() - begun
            ok(response.status == 503 and took < 3.5,
               f"{name}: {response.status} after {took:.2f} s")
            ok(growth.peak() < ROOM, f"{name}: for {growth.peak()} KiB")
            ok(server.asked > 0, f"{name}: it was asked")
            begun = time.monotonic()
            is_(get(nginx, "/plain").status, 200, f"{name}: other pages")
            ok(time.monotonic() - begun < 0.5, f"{name}: come at once")
            counts = authority.counts()
            is_((counts["requests"], counts["backend"]), (0, 0),
                f"{name}: nobody is asked, nobody let in")
            server.answer = address("127.0.0.1")
            # addresses of nobody are remembered, as any
            if not name.startswith("a thousand"):
                ok(poll(lambda: get(nginx, "/", bearer=token.token).status
                        == 200, 12), f"{name}: let in when it is well")
            nginx.stop(seconds=10)


@test
def a_name_server_that_lies():
    """To the address of somebody else, who has no certificate for the name,
    and of one who does not speak TLS."""
    impostor = Authority()
    for kind, port in (("another's certificate", impostor.tls),
                       ("no TLS", impostor.plain)):
        with NameServer(address("127.0.0.1")):
            authority, nginx = start("timeout 2s;", RESOLV)
            nginx.configure(http=HTTP.replace("{tls}", str(port)))
            ok(nginx.reload(), "reloaded")
            token = authority.token()
            growth, begun = Growth(nginx), time.monotonic()
            is_(get(nginx, "/", bearer=token.token).status, 503, kind)
            ok(time.monotonic() - begun < 3, f"{kind}: in time")
            ok(growth.peak() < ROOM, f"{kind}: for {growth.peak()} KiB")
            is_(impostor.counts()["requests"], 0,
                f"{kind}: he sees no request")
            is_(authority.counts()["backend"], 0, f"{kind}: the backend")
            nginx.stop()


def libcurl():
    library = ctypes.CDLL("libcurl.so.4")
    library.curl_version.restype = ctypes.c_char_p
    found = re.match(rb"libcurl/(\d+)\.(\d+)", library.curl_version())
    return tuple(int(part) for part in found.groups())


@test
def a_name_is_asked_for_once():
    """However many connections are made at a time."""
    with NameServer(address("127.0.0.1")) as server:
        authority, nginx = start("timeout 30s; max_connections 200;", RESOLV)
        # until all have asked
        authority.rules({"match": {"path": {"re": "/verify$"}},
                         "actions": [{"delay": 20000 if VALGRIND else 1500},
                                     {"answer": "default"}]})
        tokens = [authority.token().token for _ in range(140)]
        clients = [Client(nginx, 40) for _ in tokens]
        for client, token in zip(clients, tokens):
            client.send("/", bearer=token)
        is_([client.receive().status for client in clients], [200] * 140,
            "all are let in")
        # from 8.16 on, each of the handles, of 64 connections, for itself
        alone = libcurl() >= (8, 16)
        connections = authority.counts()["connections"]
        ok(connections > 128 if alone else connections == 140,
           f"connections: {connections}")
        is_(server.asked, 6 if alone else 2, "queries, of A and of AAAA")
        nginx.stop()


@test
def an_authority_that_moves():
    """The old address stays in use for a minute at most, without a failure
    while it answers."""
    with NameServer(address("127.0.0.9")) as server:
        authority, nginx, clock = start("timeout 2s; breaker failures=0;",
                                        RESOLV, moved=True)
        is_(get(nginx, "/", bearer=authority.token().token).status, 503,
            "nobody is at the old address")
        server.answer = address("127.0.0.1")
        asked = server.asked
        clock.set(40)
        is_(get(nginx, "/", bearer=authority.token().token).status, 503,
            "which is used for a while")
        is_(server.asked, asked, "without another query")
        clock.set(75)
        ok(poll(lambda: get(nginx, "/", bearer=authority.token().token).status
                == 200, 10), "then all are let in at the new one")
        ok(server.asked > asked, "which was asked for")


run()
