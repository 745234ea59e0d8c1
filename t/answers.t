#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for what an authority, or somebody in its place, may answer.  The
# failure this file exists for: an answer that is not certainly a good one
# lets somebody in, is kept as a denial, or holds a worker up.

import base64
import gzip
import os
import re
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

VERIFY = {"path": {"re": "/verify$"}}
DETAILS = {"path": {"re": "/tokens/[0-9a-f]{32}$"}}
JSON = "Content-Type: application/json"
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

TIMEOUT = 0.8

# most that a worker may grow by one broken answer, KiB
ROOM = 1 << 18 if SANITIZED else 2048

GOOD = '{"success":true,"errors":[],"messages":[],"result":{}}'
RESULT = ('{"success":true,"errors":[],"messages":[],"result":{"id":"'
          + "e" * 32 + '",%s}}')


def encoded(data, *headers):
    return {"status": 200, "headers": [JSON, *headers],
            "body64": base64.b64encode(data).decode()}


def head(*lines):
    return HEAD + "".join(line + "\r\n" for line in lines) + "\r\n"


def chunk(text):
    return f"{len(text):x}\r\n{text}\r\n"


def says(text, *then):
    """Just that, and closes or does what comes then."""
    return [{"send": text}, *(then or [{"close": True}])]


HOLD, PAUSE, RST = {"hold": True}, {"delay": 50}, {"rst": True}
CHUNKED = head("Transfer-Encoding: chunked")
MUCH = 64 << 20

# name: (actions or answer); each is tried at both steps
BROKEN = {
    "closes without a word": [{"close": True}],
    "resets": [{"rst": True}],
    "resets in the head": [{"send": "HTTP/1.1 200 OK\r\nConte"},
                           {"rst": True}],
    "resets in the body": [{"send": HEAD + "Content-Length: 500\r\n\r\n{"},
                           {"rst": True}],
    "cuts the body short": {"base": "default", "cut": -10},
    "claims a longer body": {"base": "default", "length": 100000, "cut": 400},
    "is no HTTP": [{"garbage": 3000}, {"close": True}],
    "ends in the status line": says("HTTP/1.1 20"),
    "ends in the head": says(HEAD),
    "ends in a chunk": says(CHUNKED + "20\r\n{"),
    "ends before the last chunk": says(CHUNKED + chunk(GOOD)),
    "resets before the last chunk": says(CHUNKED + chunk(GOOD), PAUSE, RST),
    "resets in the status line": says("HTTP/1.1 20", PAUSE, RST),
    "has a negative length": says(head("Content-Length: -1") + "{}"),
    "has a length in words": says(head("Content-Length: many") + "{}"),
    "has a length of 2^70":
        says(head("Content-Length: 1180591620717411303424") + "{}"),
    "has two lengths":
        says(head("Content-Length: 2", f"Content-Length: {len(GOOD)}") + GOOD),
    "has no length and does not end": says(head() + "{", HOLD),
    "has a chunk of 2^70": says(CHUNKED + "400000000000000000\r\n{", HOLD),
    "has a negative chunk": says(CHUNKED + "-2\r\n{}"),
    "has a chunk too long by one": says(CHUNKED + "3\r\n{}}}\r\n0\r\n\r\n"),
    "speaks of HTTP/9": {"base": "default", "version": "HTTP/9.9"},
    "switches protocols": says("HTTP/1.1 101 Switching Protocols\r\n"
                               "Upgrade: h2c\r\nConnection: upgrade\r\n\r\n",
                               HOLD),
    "has a nul in its head": says(head("X: \0", "Content-Length: 2") + "{}"),
    "has a bare return in its head":
        says(head("X: a\rb", "Content-Length: 2") + "{}"),
    "breaks a chunk": {"base": "default", "framing": "bad-chunk"},
    "bombs with gzip": encoded(gzip.compress(GOOD.encode() + b" " * MUCH),
                               "Content-Encoding: gzip"),
    "bombs with deflate": encoded(zlib.compress(b"[" * MUCH),
                                  "Content-Encoding: deflate"),
    "bombs without a word": encoded(gzip.compress(b" " * MUCH)),
    "bombs with a transfer coding":
        says(head("Transfer-Encoding: gzip, chunked") + chunk("x" * 100)
             + "0\r\n\r\n"),
    "compresses": {"base": "default", "gzip": True},
    "says it compresses": {"base": "default",
                           "headers": ["Content-Encoding: br"]},
    "is a page with 200": {"status": 200, "headers":
                           ["Content-Type: text/html"],
                           "body": "<!DOCTYPE html><p>Log in"},
    "is a page with 401": {"status": 401, "headers":
                           ["Content-Type: text/html"], "body": "<p>no"},
    "is a bare 401": {"status": 401, "headers": [JSON], "body": "{}"},
    "is a bare 403": {"status": 403, "headers": [JSON], "body": "{}"},
    "redirects": {"status": 302, "headers": ["Location: /elsewhere"]},
    "redirects for good": {"status": 308, "headers":
                           ["Location: https://evil.example/"]},
    "has nothing to say": {"status": 204},
    "answers a part": {"base": "default", "status": 206},
    "fails": {"status": 500, "headers": [JSON], "body": '{"success":false}'},
    "is not there": {"status": 503},
    "is tired": {"status": 429, "headers": [JSON],
                 "body": '{"success":false,"errors":[{"code":971}]}'},
    "sends text": {"base": "default", "headers":
                   ["-Content-Type", "Content-Type: text/plain"]},
    "sends two kinds": {"base": "default",
                        "headers": ["Content-Type: text/html"]},
    "sends a list": {"status": 200, "headers": [JSON], "body": "[1]"},
    "sends a string": {"status": 200, "headers": [JSON], "body": '"active"'},
    "sends an empty object": {"status": 200, "headers": [JSON], "body": "{}"},
    "is under maintenance": {"status": 200, "headers": [JSON],
                             "body": '{"status":"maintenance"}'},
    "sends nothing": {"status": 200, "headers": [JSON], "body": ""},
    "sends half of it": {"status": 200, "headers": [JSON],
                         "body": '{"success":true,"result":{"status":'},
    "sends more than JSON": {"status": 200, "headers": [JSON],
                             "body": '{"success":true} trailing'},
    "goes deep": {"status": 200, "headers": [JSON],
                  "body": '{"a":' * 500 + "1" + "}" * 500},
    "says success twice": {"status": 200, "headers": [JSON], "body":
                           '{"success":false,"success":true,"result":{}}'},
    "has two statuses":
        says(head() + RESULT % '"status":"disabled","status":"active"'),
    "has two ids":
        says(head() + RESULT % f'"id":"{"d" * 32}","status":"active"'),
    "has two results":
        says(head() + RESULT.replace('"result"', '"result":null,"result"')
             % '"status":"active"'),
    "has an escaped duplicate":
        says(head() + RESULT % '"status":"disabled","st\\u0061tus":"active"'),
    "is not in UTF-8": encoded(GOOD.encode().replace(b"{}", b'"\xff"')),
    "begins with a mark": encoded(b"\xef\xbb\xbf" + GOOD.encode()),
    "has errors in success": {"base": "default",
                              "set": {"/errors": [{"code": 1}]}},
    "denies its success": {"base": "default", "set": {"/success": False}},
    "is unsure of it": {"base": "default", "set": {"/success": "true"}},
    "has no result": {"base": "default", "set": {"/result": None}},
    "speaks of another id": {"base": "default", "set":
                             {"/result/id": "e" * 32}},
    "has a strange id": {"base": "default", "set":
                         {"/result/id": "../../../verify"}},
    "has a number for an id": {"base": "default", "set": {"/result/id": 1}},
    "has no status": {"base": "default", "unset": ["/result/status"]},
    "has a null status": {"base": "default", "set": {"/result/status": None}},
    "has a true status": {"base": "default", "set": {"/result/status": True}},
    "has a list of them": {"base": "default",
                           "set": {"/result/status": ["active"]}},
    "has no such day": {"base": "default", "set":
                        {"/result/expires_on": "2099-02-31T00:00:00Z"}},
    "counts the seconds": {"base": "default",
                           "set": {"/result/expires_on": 4102444800}},
    "ends headers never": [{"endless": "headers", "max": 1 << 20}],
    "ends its body never": [{"endless": "body", "max": 4 << 20}],
    "ends its chunks never": [{"endless": "chunks", "max": 4 << 20}],
    "ends its status never": [{"endless": "spaces", "max": 1 << 20}],
    "ends 100 Continue never": [{"endless": "interim", "max": 4 << 20}],
    "ends its trailer never":
        says(CHUNKED + chunk(GOOD) + "0\r\n" + "X: y\r\n" * 40000, HOLD),
    "ends an extension never": says(CHUNKED + "36;x=" + "y" * 300000, HOLD),
    "ends a folded line never": says(HEAD + "X: y\r\n" + " y\r\n" * 100000,
                                     HOLD),
    "holds on in the status line": says("HTTP/1.1 2", HOLD),
    "holds on after 100 Continue": says("HTTP/1.1 100 Continue\r\n\r\n", HOLD),
    "holds on in a chunk": says(CHUNKED + "20\r\n{", HOLD),
    "holds on before the last chunk": says(CHUNKED + chunk(GOOD), HOLD),
    "drops it byte by byte": [{"drip": "default", "size": 1, "gap": 30}],
    "holds on before all": [{"hold": True}],
    "holds on in the head": [{"send": HEAD}, {"hold": True}],
    "holds on in the body": [{"send": HEAD + "Content-Length: 9\r\n\r\n{"},
                             {"hold": True}],
}

FINE = {
    "comes byte by byte": [{"drip": "default", "size": 1, "gap": 0}],
    "comes in chunks": {"base": "default", "framing": "chunked"},
    "ends with the connection": {"base": "default", "framing": "close"},
    "says 103 before": [{"send": "HTTP/1.1 103 Early Hints\r\n"
                                 "Link: </x>\r\n\r\n"},
                        {"answer": "default"}],
    "has a cookie to set": {"base": "default",
                            "headers": ["Set-Cookie: a=b; path=/"]},
    "has more to tell": {"base": "default",
                         "set": {"/result/creator": {"x": [1, None]}}},
    "has nulls": {"base": "default", "set": {"/result/expires_on": None,
                                             "/result/condition": None}},
}


def server(authority, words="", http=PROVIDER):
    return Nginx(authority, http=http, server=PROTECTED + """
        location = /plain {{ return 200 "plain"; }}
        """, words=f"timeout {int(TIMEOUT * 1000)}ms; "
                   "breaker failures=100000 delay=1s; " + words)


def rule(match, what):
    how = {"actions": what} if isinstance(what, list) else {"answer": what}
    return {"match": match, **how}


def anonymous(nginx):
    """KiB that are the worker's own."""
    with open(f"/proc/{nginx.workers()[0]}/status") as read:
        return int(re.search(r"RssAnon:\s+(\d+)", read.read()).group(1))


def each(authority, nginx, match, what, name):
    """503 in time, nothing passes, no memory is lost."""
    token, disabled = authority.token(), authority.token(status="disabled")
    authority.rules(rule({**match}, what))
    before, size = authority.counts()["backend"], anonymous(nginx)

    def ask(which):
        start = time.monotonic()
        response = get(nginx, "/", bearer=which.token)
        return response, time.monotonic() - start

    (response, took), (other, _) = parallel(
        2, lambda i: ask((token, disabled)[i]))
    grown = anonymous(nginx) - size

    good = response.status == 503 \
        and response.header("retry-after") is not None \
        and response.header("www-authenticate") is None \
        and other.status in (401, 503) \
        and authority.counts()["backend"] == before \
        and took < TIMEOUT + 1 and grown < ROOM
    if not ok(good, f"authority {name}"):
        diag(f"{response.status} {response.headers} after {took:.2f} s, "
             f"{other.status} for one that is disabled, {grown} KiB")
    return token, disabled


@test
def broken_verify():
    authority = Authority()
    nginx = server(authority)
    failed = {name: each(authority, nginx, VERIFY, what, name)
              for name, what in BROKEN.items()}

    # which id a verify speaks of is its own to say: that is kept, and the
    # details of it are not there
    del failed["speaks of another id"]

    recovers(authority, nginx, failed.values())


@test
def broken_details():
    authority = Authority()
    nginx = server(authority)
    failed = [each(authority, nginx, DETAILS, what, name)
              for name, what in BROKEN.items()]
    recovers(authority, nginx, failed)


def recovers(authority, nginx, failed):
    """No failure is kept longer than a second, and nothing else of it."""
    authority.rules()
    late = [token for token, _ in failed
            if not poll(lambda: get(nginx, "/", bearer=token.token).status
                        == 200, 3)]
    is_(late, [], "all are let in once the authority is well")
    late = [token for _, token in failed
            if not poll(lambda: get(nginx, "/", bearer=token.token).status
                        == 401, 3)]
    is_(late, [], "all that are disabled are refused")
    is_(get(nginx, "/plain").status, 200, "the worker lives")


# what meets a connection before a request is read of it, or all of it
BEFORE = {
    "resets when it accepts": ("accept", [RST]),
    "closes when it accepts": ("accept", [{"close": True}]),
    "holds on when it accepts": ("accept", [HOLD]),
    "speaks when it accepts":
        ("accept", says(head(f"Content-Length: {len(GOOD)}") + GOOD, HOLD)),
    "babbles when it accepts": ("accept", [{"garbage": 70000}, HOLD]),
    "resets at the first byte": ("bytes", [RST]),
    "closes at the first byte": ("bytes", [{"close": True}]),
    "holds on at the first byte": ("bytes", [HOLD]),
}


def broken_connections(tls):
    authority = Authority()
    http = PROVIDER.replace("{words}", "ssl_trusted_certificate {ca}; {words}")
    if tls:
        http = http.replace("http://127.0.0.1:{plain}",
                            "https://localhost:{tls}")
    nginx = server(authority, http=http)
    failed = []
    for name, (at, actions) in BEFORE.items():
        authority.call("POST", "close")
        failed.append(each(authority, nginx, {"at": at}, actions, name))
    authority.call("POST", "close")
    recovers(authority, nginx, failed)


@test
def broken_connections_over_http():
    broken_connections(False)


@test
def broken_connections_over_https():
    broken_connections(True)


@test
def fine_if_unusual():
    authority = Authority()
    nginx = server(authority)
    for match in (VERIFY, DETAILS):
        for name, what in FINE.items():
            token = authority.token()
            authority.rules(rule(match, what))
            is_(get(nginx, "/", bearer=token.token).status, 200, name)


@test
def memory_is_bounded():
    authority = Authority()
    nginx = server(authority)
    get(nginx, "/", bearer=authority.token().token)
    before = nginx.resident()
    authority.rules(rule(VERIFY, [{"endless": "body", "max": 32 << 20,
                                   "size": 65536}]))
    for _ in range(5):
        is_(get(nginx, "/", bearer=authority.token().token).status, 503,
            "endless body")
    grown = nginx.resident() - before
    ok(grown < ROOM, f"grown by {grown} KiB")


@test
def nobody_else_waits_for_a_slow_authority():
    authority = Authority()
    nginx = server(authority)
    authority.rules(rule(VERIFY, [{"hold": True}]))
    waiting = [Client(nginx) for _ in range(20)]
    for client in waiting:
        client.send("/", bearer=authority.token().token)
    poll(lambda: authority.counts()["requests"] >= 1)
    slow = []
    for _ in range(200):
        start = time.monotonic()
        is_plain = get(nginx, "/plain").status == 200
        slow.append(time.monotonic() - start)
        if not is_plain:
            ok(False, "a page that needs no token")
    slow.sort()
    diag(f"median {slow[100] * 1000:.1f} ms, p99 {slow[198] * 1000:.1f} ms")
    ok(slow[198] < 0.3, "a page that needs no token comes at once")
    is_({client.receive().status for client in waiting}, {503},
        "those who waited")


@test
def the_budget_of_a_verify_refused_for_our_address():
    """403 9109 speaks of one token: it says nothing about the authority."""
    authority = Authority()
    bound, free = authority.token(), authority.token()
    authority.rules({"match": {**VERIFY, "token": bound.token},
                     "answer": {"status": 403, "headers": [JSON], "body":
                                '{"success":false,"errors":[{"code":9109,'
                                '"message":"Cannot use the access token from '
                                'location: 192.0.2.1"}],"messages":[],'
                                '"result":null}'}})
    nginx = Nginx(authority, server=PROTECTED, words="breaker failures=1;")
    is_(get(nginx, "/", bearer=bound.token).status, 503, "the bound token")
    is_(get(nginx, "/", bearer=free.token).status, 200, "another one")
    like(nginx.error_log(), r"\[error\].*step \"verify\".*9109",
         "the log tells")


run()
