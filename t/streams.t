#!/usr/bin/env python3
#
# Tests for clients whose requests wait side by side, and for those that
# leave halfway; see clients.t for all other kinds.

import os
import socket
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
def a_chunked_body_that_nobody_reads():
    a, n = start()
    good, bad = a.token(), a.token(status="disabled")
    with Client(n) as client:
        body = b"".join(b"%x\r\n%s\r\n" % (65536, b"c" * 65536)
                        for _ in range(8)) + b"0\r\n\r\n"
        client.sock.sendall(request_bytes(
            method="POST", bearer=bad.token, close=False,
            headers=["Transfer-Encoding: chunked"]) + body)
        is_(client.receive().status, 401, "refused")
        is_(client.get(bearer=good.token).status, 200,
            "the connection is in step after it")


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
