#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for clients of all kinds, above all those that leave or hurry while
# their token is looked up.  The failure this file exists for: a request that
# is gone is resumed, or one that is there is forgotten.

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

# a byte a call, a socket is full of far less
BYTEWISE = "AUTH_TOKEN_BYTEWISE" in os.environ
BIG = 1 << 20 if BYTEWISE else 32 << 20
BODY = 1 << 18 if BYTEWISE else 20 << 20

VERIFY = {"path": {"re": "/verify$"}}
SLOW = {"match": VERIFY, "actions": [{"delay": 400}, {"answer": "default"}]}
HELD = {"match": VERIFY, "actions": [{"hold": True}]}

STATUS = rb"HTTP/1\.1 (\d+) "


def asked(authority, n, seconds=5):
    return poll(lambda: authority.counts()["requests"] >= n, seconds)


def rst(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


@test
def versions_of_http():
    authority = Authority()
    token = authority.token()
    authority.rules(SLOW)
    nginx = Nginx(authority, server=PROTECTED)
    is_(get(nginx, "/", bearer=token.token, version="HTTP/1.0").status, 200,
        "HTTP/1.0, cold")
    is_(get(nginx, "/", bearer=token.token, version="HTTP/1.0").status, 200,
        "HTTP/1.0, warm")
    is_(get(nginx, "/", version="HTTP/1.0").status, 401, "HTTP/1.0, none")
    raw = exchange(nginx, b"GET /\r\n")
    unlike(raw.decode("latin-1"), "backend", "HTTP/0.9 has no header field")
    is_(authority.counts()["backend"], 2, "requests at the backend")


@test
def http_2():
    authority = Authority()
    token = authority.token()
    authority.rules(SLOW)
    nginx = Nginx(authority, server=PROTECTED, listen=" http2")
    statuses = parallel(6, lambda i: h2_get(
        nginx, "/", bearer=token.token if i % 2 else None).status)
    is_(statuses, [401, 200] * 3, "cold")
    is_(h2_get(nginx, "/", bearer=token.token).status, 200, "warm")
    is_(authority.counts()["requests"], 2, "look-ups")
    is_(authority.counts()["backend"], 4, "requests at the backend")


@test
def streams_that_are_reset_while_they_wait():
    authority = Authority()
    token = authority.token()
    authority.rules(HELD)
    nginx = Nginx(authority, server=PROTECTED, listen=" http2",
                  words="timeout 3s;")
    is_(h2_get(nginx, "/", bearer="no-such-token-" * 4).status, 503,
        "libcurl has its descriptors")
    before = nginx.descriptors()
    seen = authority.counts()["requests"]
    children = [subprocess.Popen(
        ["curl", "-s", "--http2-prior-knowledge", "--max-time", "10", "-K",
         "-", "-o", "/dev/null", f"http://127.0.0.1:{nginx.port}/[1-5]",
         "-Z"], stdin=subprocess.PIPE) for _ in range(4)]
    for child in children:
        child.stdin.write(f'header = "Authorization: Bearer {token.token}"\n'
                          .encode())
        child.stdin.close()
    ok(asked(authority, seen + 1), "a look-up is under way")
    for child in children:
        child.send_signal(signal.SIGKILL)
        child.wait()
    ok(poll(lambda: nginx.descriptors() <= before + 1, 8),
       "every descriptor is closed")
    authority.rules()
    ok(poll(lambda: h2_get(nginx, "/", bearer=token.token).status == 200, 5),
       "and the token is looked up again")


@test
def clients_that_leave_while_they_wait():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, words="timeout 4s;")
    get(nginx, "/", bearer=authority.token().token)
    active = nginx.status()["active"]
    authority.rules(HELD)
    token = authority.token()
    seen = authority.counts()["requests"]
    left = []
    for i in range(60):
        client = Client(nginx)
        client.send("/", bearer=token.token)
        left.append(client)
    ok(asked(authority, seen + 1), "a look-up is under way")
    for i, client in enumerate(left):
        rst(client.sock) if i % 2 else client.close()
    ok(poll(lambda: nginx.status()["active"] <= active + 1, 3),
       "their connections are gone before the look-up ends")
    is_(authority.counts()["requests"], seen + 1, "look-ups")
    is_(authority.counts()["backend"], 1, "requests at the backend")


@test
def one_that_leaves_and_is_sent_elsewhere():
    """By post_action, to a location with the same provider."""
    authority = Authority()
    nginx = Nginx(authority, words="timeout 4s;", server="""
        auth_token cloudflare;
        location = /first {{
            post_action  /after;
            proxy_pass   http://127.0.0.1:{backend};
        }}
        location = /after {{
            proxy_pass   http://127.0.0.1:{backend};
        }}
        location / {{
            proxy_pass   http://127.0.0.1:{backend};
        }}
    """)
    authority.rules({"match": VERIFY, "actions": [{"delay": 1500},
                                                  {"answer": "default"}]})
    token = authority.token()
    for i in range(4):
        client = Client(nginx)
        client.send("/first", bearer=token.token)
        ok(asked(authority, 1), "a look-up is under way")
        client.close()
    is_(get(nginx, "/", bearer=token.token).status, 200,
        "who stays is answered")
    is_(authority.counts()["requests"], 2, "look-ups")


@test
def one_that_leaves_does_not_cancel_for_the_others():
    authority = Authority()
    token = authority.token()
    authority.rules(SLOW)
    nginx = Nginx(authority, server=PROTECTED)
    first = Client(nginx)
    first.send("/", bearer=token.token)
    ok(asked(authority, 1), "the first one's look-up is under way")
    second = Client(nginx)
    second.send("/", bearer=token.token)
    rst(first.sock)
    is_(second.receive().status, 200, "the second is answered")
    is_(authority.counts()["requests"], 2, "look-ups")


@test
def one_that_leaves_alone_warms_the_cache():
    authority = Authority()
    token = authority.token()
    authority.rules(SLOW)
    nginx = Nginx(authority, server=PROTECTED)
    client = Client(nginx)
    client.send("/", bearer=token.token)
    ok(asked(authority, 1), "the look-up is under way")
    rst(client.sock)
    authority.rules()
    ok(poll(lambda: get(nginx, "/", bearer=token.token).status == 200, 5),
       "the next one is let in")
    is_(authority.counts()["paths"].get("/client/v4/user/tokens/verify"), 1,
        "with the verify of the first")


@test
def kept_connections_and_pipelines():
    authority = Authority()
    token, other = authority.token(), authority.token(status="disabled")
    authority.rules(SLOW)
    nginx = Nginx(authority, server=PROTECTED)
    with Client(nginx) as client:
        for bearer, status in ((token.token, 200), (None, 401),
                               (other.token, 401), (token.token, 200)):
            is_(client.get("/", bearer=bearer).status, status, "in turn")
    with Client(nginx) as client:
        for bearer in (token.token, None, other.token, token.token):
            client.send("/", bearer=bearer)
        # read one by one: more may have come with the first
        data = b""
        while len(re.findall(STATUS, data)) < 4:
            more = client.sock.recv(65536)
            if not more:
                break
            data += more
        is_(re.findall(STATUS, data), [b"200", b"401", b"401", b"200"],
            "pipelined")


@test
def bytes_while_they_wait():
    """What a client says meanwhile makes nginx come to its request again, if
    it had to wait for the client before."""
    authority = Authority()
    authority.rules(SLOW)
    nginx = Nginx(authority, server=PROTECTED + """
        location = /big {{
            root  {dir};
        }}
    """)
    with open(nginx.path("big"), "wb") as out:
        out.truncate(BIG)
    for entry, wanted in (({"status": "disabled"}, 401), ({}, 200)):
        token = authority.token(**entry).token
        seen = authority.counts()["requests"]
        with Client(nginx) as client:
            client.send("/big")
            # it is more than nginx can send at once
            ok(poll(lambda: nginx.status()["writing"] == 2), "under way")
            is_(len(client.receive().body), BIG, "received")
            client.send("/", bearer=token)
            ok(asked(authority, seen + 1), "a look-up is under way")
            client.sock.sendall(b"GET / HTTP/1.1\r\n")
            is_(client.receive().status, wanted, "by its own token")
    is_(authority.counts()["backend"], 1, "requests at the backend")


@test
def answers_are_for_those_who_asked():
    authority = Authority()
    authority.rules(SLOW)
    nginx = Nginx(authority, server="""
        location / {{
            auth_token  cloudflare;
            add_header  X-Id "$auth_token_id" always;
            proxy_pass  http://127.0.0.1:{backend};
        }}
    """)
    entries = ({"status": "active"}, {"status": "disabled"}) * 4
    tokens = [authority.token(**entry) for entry in entries]
    clients = [Client(nginx) for _ in tokens]
    for client, token in zip(clients, tokens):
        client.send("/", bearer=token.token)
    responses = [client.receive() for client in clients]
    is_([(one.status, one.header("x-id")) for one in responses],
        [(status, token.id) for token, status in zip(tokens, (200, 401) * 4)],
        "each has its own")
    is_(authority.counts()["backend"], 4, "requests at the backend")


@test
def bodies_that_nobody_reads():
    authority = Authority()
    token = authority.token()
    nginx = Nginx(authority, server="client_max_body_size 64m;" + PROTECTED)
    authority.rules(SLOW)

    def post(bearer, size=BODY):
        with open_socket(nginx, 20) as sock:
            sender = threading.Thread(
                target=lambda: send(sock, bearer, b"x" * size))
            sender.start()
            status = read_response(sock, head_only=True).status
            sock.shutdown(socket.SHUT_RDWR)
            sender.join()
            return status

    def send(sock, bearer, body):
        try:
            sock.sendall(request_bytes("/", method="POST", bearer=bearer,
                                       body=body))
        except OSError:
            pass

    is_(post(None), 401, "no token")
    is_(post("no-such-token-" * 4), 401, "unknown token")
    is_(authority.counts()["backend"], 0, "requests at the backend")
    is_(post(token.token, BODY // 20), 200, "a good token, cold")
    is_(post(token.token, BODY // 20), 200, "a good token, warm")


@test
def expect_100_continue():
    authority = Authority()
    token = authority.token()
    authority.rules(SLOW)
    nginx = Nginx(authority, server=PROTECTED)

    def told(bearer):
        with open_socket(nginx) as sock:
            head = request_bytes("/", method="POST", bearer=bearer, headers=(
                "Content-Length: 5", "Expect: 100-continue"), close=True)
            sock.sendall(head)
            return read_response(sock, head_only=True).status

    is_(told(None), 401, "denied without a 100")
    is_(told(token.token), 100, "continued once allowed")


@test
def bytes_that_come_slowly():
    authority = Authority()
    token = authority.token()
    authority.rules(SLOW)
    nginx = Nginx(authority, server=PROTECTED)
    with open_socket(nginx) as sock:
        for byte in request_bytes("/", bearer=token.token):
            sock.sendall(bytes([byte]))
        is_(read_response(sock).status, 200, "answered")


@test
def a_unix_socket():
    authority = Authority()
    free = authority.token()
    bound = authority.token(condition={"request_ip": {"in": ["0.0.0.0/0",
                                                             "::/0"]}})
    nginx = Nginx(authority, server="listen unix:{dir}/sock;" + PROTECTED)
    path = nginx.path("sock")
    is_(get(path, "/", bearer=free.token).status, 200, "no list")
    is_(get(path, "/", bearer=bound.token).status, 403,
        "any list refuses who has no address")
    is_(get(nginx, "/", bearer=bound.token).status, 200, "over TCP")


run()
