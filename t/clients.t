#!/usr/bin/env python3
#
# Tests for all kinds of clients: old and new HTTP, kept and pipelined
# connections, bodies that nobody reads, and clients that leave while their
# request waits for the authority.

import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

from harness import *  # noqa: E402, F403

if not module_built():
    plan_skip_all("the module is not built")

BASE = "/client/v4/user/tokens"


def slowly(authority, milliseconds, **match):
    """The authority answers verify after so many milliseconds."""
    authority.rules({"match": {"path": BASE + "/verify", **match},
                     "actions": [{"delay": milliseconds},
                                 {"answer": "default"}]})


def start(**settings):
    authority = Authority()
    return authority, Nginx(authority, server=PROTECTED, **settings)


def waiting(authority, count=1):
    """Until so many requests have reached the authority."""
    return poll(lambda: authority.counts()["requests"] >= count)


@test
def http_1_0():
    a, n = start()
    t = a.token()
    response = get(n, bearer=t.token, version="HTTP/1.0", close=False)
    is_(response.status, 200, "a good token")
    response = get(n, version="HTTP/1.0", close=False)
    is_(response.status, 401, "none")
    is_(response.header("WWW-Authenticate"), 'Bearer realm="restricted"',
        "challenge")
    is_(a.counts()["backend"], 1, "the backend")


@test
def http_0_9():
    a, n = start()
    data = exchange(n, b"GET /\r\n")
    like(data.decode(), "401 Authorization Required", "refused")
    is_(a.counts()["backend"], 0, "the backend")
    is_(a.counts()["requests"], 0, "no look-up")


@test
def a_kept_connection():
    a, n = start()
    good, bad = a.token(), a.token(status="disabled")
    with Client(n) as client:
        is_([client.get(bearer=token).status for token in
             (good.token, bad.token, None, good.token, "x", good.token)],
            [200, 401, 401, 200, 401, 200], "verdicts in turn")
    is_(a.counts()["backend"], 3, "the backend")


@test
def pipelined_requests():
    a, n = start()
    tokens = [a.token(status=status) for status in
              ("active", "disabled", "active", "disabled")]
    slowly(a, 50)
    with Client(n) as client:
        client.sock.sendall(b"".join(
            request_bytes(bearer=token.token, close=False)
            for token in tokens))
        is_([client.receive().status for _ in tokens], [200, 401, 200, 401],
            "each has its own answer, in order")
    is_(a.counts()["backend"], 2, "the backend")


@test
def a_request_in_pieces():
    a, n = start()
    t = a.token()
    with Client(n) as client:
        for byte in request_bytes(bearer=t.token, close=False):
            client.sock.sendall(bytes([byte]))
        is_(client.receive().status, 200, "byte by byte")


@test
def expect_100_continue():
    a, n = start()
    t = a.token()
    head = {"method": "POST", "headers": ["Content-Length: 5",
                                          "Expect: 100-continue"]}
    with Client(n) as client:
        client.send(**head)
        response = client.receive()
        is_(response.status, 401, "refused at once, without 100")
        unlike(response.raw.decode(), "100 Continue", "no 100 before it")
    slowly(a, 100)
    with Client(n) as client:
        client.send(bearer=t.token, **head)
        is_(client.receive().status, 100, "100 after the verdict")
        client.sock.sendall(b"hello")
        is_(client.receive().status, 200, "then the answer")
    is_([one["body"] for one in a.log("backend")], ["hello"], "the body")


@test
def large_bodies():
    # the backend here takes no such body
    a, n = start(http=PROVIDER + "client_max_body_size 30m;")
    n.configure(server=PROTECTED + """
        location = /large {{
            auth_token  cloudflare;
            proxy_pass  http://127.0.0.1:{backend};
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }}
    """)
    n.reload()
    t, bad = a.token(), a.token(status="disabled")
    slowly(a, 100)
    size = 20 << 20
    for name, token, wanted in (("of a good token", t.token, 200),
                                ("of a bad token", bad.token, 401),
                                ("without a token", None, 401)):
        response = get(n, "/large", method="POST", bearer=token,
                       body=b"b" * size)
        is_(response.status, wanted, "20 MB " + name)
    is_(a.counts()["backend"], 1, "the backend")

    with Client(n) as client:
        body = b"".join(b"%x\r\n%s\r\n" % (65536, b"c" * 65536)
                        for _ in range(20)) + b"0\r\n\r\n"
        client.sock.sendall(request_bytes(
            method="POST", bearer=bad.token, close=False,
            headers=["Transfer-Encoding: chunked"]) + body)
        is_(client.receive().status, 401, "chunked, refused")
        is_(client.get(bearer=t.token).status, 200,
            "the connection is in step after it")


@test
def http_2():
    a, n = start(listen=" http2")
    good, bad = a.token(), a.token(status="disabled")
    slowly(a, 50)
    response = h2_get(n, bearer=good.token)
    is_((response.status, response.body), (200, b"backend: GET /\n"), "good")
    is_(h2_get(n, bearer=bad.token).status, 401, "bad")
    response = h2_get(n)
    is_(response.status, 401, "none")
    is_(response.header("www-authenticate"), 'Bearer realm="restricted"',
        "challenge")
    is_(a.counts()["backend"], 1, "the backend")


@test
def http_2_streams_at_the_same_time():
    a = Authority()
    n = Nginx(a, server=PROTECTED, listen=" ssl http2", http=PROVIDER + """
        ssl_certificate      {ca_dir}/good.pem;
        ssl_certificate_key  {ca_dir}/good.key;
    """.replace("{ca_dir}", a.dir))
    tokens = [a.token(status="active" if i % 2 else "disabled")
              for i in range(20)]
    slowly(a, 200)
    config = "\nnext\n".join(
        f'url = "https://127.0.0.1:{n.port}/{i}"\ncacert = "{a.ca}"\n'
        f'header = "Authorization: Bearer {token.token}"\n'
        'output = /dev/null\n'
        'write-out = "%{url} %{http_version} %{num_connects} %{http_code}\\n"'
        for i, token in enumerate(tokens))
    begun = time.monotonic()
    done = subprocess.run(
        ["curl", "-sS", "--parallel", "--parallel-max", "50",
         "--max-time", "30", "--config", "-"],
        input=config.encode(), capture_output=True)
    took = time.monotonic() - begun
    is_(sum(int(line.split()[2]) for line in
            done.stdout.decode().splitlines()), 1, "one connection")
    codes = sorted((int(line.split("/")[-1].split()[0]), line.split()[-1])
                   for line in done.stdout.decode().splitlines())
    is_(codes, [(i, "200" if i % 2 else "401") for i in range(20)],
        "each stream has its own answer")
    ok(took < 3, f"they wait together ({took:.1f} s)")
    is_(a.counts()["backend"], 10, "the backend")


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def leave(ending):
    """Clients leave while they wait; nginx is as before."""
    a, n = start(words="timeout 20s;")
    t = a.token()
    tokens = [a.token() for _ in range(50)]
    is_(get(n, bearer=t.token).status, 200, "before")
    before = n.status()
    descriptors = n.descriptors()
    slowly(a, 4000)
    asked = a.counts()["requests"]
    hits = a.counts()["backend"]
    clients = []
    for token in tokens:
        client = Client(n)
        client.send(bearer=token.token)
        clients.append(client)
    # there are fewer connections to the authority than look-ups
    ok(poll(lambda: n.status()["active"] >= before["active"] + 50
            and a.counts()["requests"] > asked), "all of them wait")
    for client in clients:
        ending(client.sock)
    ok(poll(lambda: n.status()["active"] <= before["active"], 5),
       "their connections are gone at once")
    is_(a.counts()["backend"], hits, "none reached the backend")
    a.rules()
    is_(get(n, bearer=t.token).status, 200, "afterwards")
    ok(poll(lambda: n.descriptors() <= descriptors + 60, 5), "descriptors")


@test
def clients_that_close_while_they_wait():
    leave(lambda sock: sock.close())


@test
def clients_that_reset_while_they_wait():
    leave(reset)


@test
def a_stream_that_is_reset_while_it_waits():
    a, n = start(listen=" http2")
    t = a.token()
    slowly(a, 600)
    for i in range(5):
        config = (f'header = "Authorization: Bearer {a.token().token}"\n')
        done = subprocess.run(
            ["curl", "-sS", "--http2-prior-knowledge", "--max-time", "0.2",
             "--config", "-", f"http://127.0.0.1:{n.port}/"],
            input=config.encode(), capture_output=True)
        is_(done.returncode, 28, "the client gave up")
    time_out = poll(lambda: a.counts()["requests"] >= 5)
    ok(time_out, "all were asked about")
    a.rules()
    is_(h2_get(n, bearer=t.token).status, 200, "afterwards")
    is_(a.counts()["backend"], 1, "the backend")


@test
def one_of_two_waiting_clients_leaves():
    a, n = start()
    t = a.token()
    slowly(a, 400)
    first, second = Client(n), Client(n)
    first.send(bearer=t.token)
    waiting(a)
    second.send(bearer=t.token)
    reset(first.sock)
    is_(second.receive().status, 200, "the other one is answered")
    is_(a.counts()["paths"].get(BASE + "/verify"), 1, "one look-up")
    second.close()


@test
def a_client_that_leaves_before_the_second_step():
    a, n = start()
    t = a.token()
    slowly(a, 300)
    client = Client(n)
    client.send(bearer=t.token)
    waiting(a)
    client.close()
    poll(lambda: a.counts()["open"] == 0 or a.counts()["requests"] > 1, 2)
    a.rules()
    is_(get(n, bearer=t.token).status, 200, "the next one")
    is_(a.counts()["paths"].get(BASE + "/verify"), 1,
        "what was looked up is kept")


@test
def a_half_closed_client():
    a, n = start()
    t = a.token()
    client = Client(n)
    client.send(bearer=t.token)
    client.sock.shutdown(socket.SHUT_WR)
    response = client.receive()
    ok(response.status in (0, 200), "is answered, or gone")
    is_(get(n, bearer=t.token).status, 200, "afterwards")


run()
