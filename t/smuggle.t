#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for requests that are two, or none, depending on who reads them, and
# for credentials that are.  The failure this file exists for: the backend
# sees a request that was not judged, or that was judged by another's token.

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

SLOW = {"match": {"path": {"re": "/verify$"}},
        "actions": [{"delay": 150}, {"answer": "default"}]}

SERVER = PROTECTED + """
        location /open {{
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""

HIDDEN = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNK = f"{len(HIDDEN):x}\r\n{HIDDEN}\r\n0\r\n\r\n"
LENGTH = f"Content-Length: {len(HIDDEN)}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"

# name: head lines (the token's line goes before them), body; whatever is made
# of them, /hidden has no token of its own
FRAMINGS = {
    "a length and chunks": (LENGTH + CHUNKED, "0\r\n\r\n" + HIDDEN),
    "chunks and a length": (CHUNKED + LENGTH, "0\r\n\r\n" + HIDDEN),
    "two lengths": ("Content-Length: 0\r\n" + LENGTH, HIDDEN),
    "the same length twice": (LENGTH * 2, HIDDEN),
    "a list of lengths": (f"Content-Length: 0, {len(HIDDEN)}\r\n", HIDDEN),
    "a length with a sign": (f"Content-Length: +{len(HIDDEN)}\r\n", HIDDEN),
    "a negative length": ("Content-Length: -1\r\n", HIDDEN),
    "a length in hex": ("Content-Length: 0x20\r\n", HIDDEN),
    "a length of 2^64": ("Content-Length: 18446744073709551616\r\n", HIDDEN),
    "a length with a tab": (f"Content-Length:\t{len(HIDDEN)}\r\n", HIDDEN),
    "a blank before the colon": (f"Content-Length : {len(HIDDEN)}\r\n",
                                 HIDDEN),
    "an unknown coding": ("Transfer-Encoding: xchunked\r\n", CHUNK),
    "two codings": ("Transfer-Encoding: gzip, chunked\r\n", CHUNK),
    "identity": ("Transfer-Encoding: identity\r\n" + LENGTH, HIDDEN),
    "chunked twice": (CHUNKED * 2, CHUNK),
    "chunked in capitals": ("TRANSFER-ENCODING: CHUNKED\r\n", CHUNK),
    "chunked after a tab": ("Transfer-Encoding:\tchunked\r\n", CHUNK),
    "chunked with a vertical tab": ("Transfer-Encoding: \x0bchunked\r\n",
                                    CHUNK),
    "chunked on a folded line": ("Transfer-Encoding:\r\n chunked\r\n", CHUNK),
    "chunked after a bare line feed": ("X: y\nTransfer-Encoding: chunked\r\n",
                                       CHUNK),
    "chunked in a name with a nul": ("Transfer-Encoding\0: chunked\r\n",
                                     CHUNK),
    "a chunk with an extension": (CHUNKED, CHUNK.replace("\r\n", ";x=y\r\n",
                                                         1)),
    "a chunk that is too short": (CHUNKED, "3\r\n" + HIDDEN + "\r\n0\r\n\r\n"),
    "a chunk of 2^64": (CHUNKED, "10000000000000000\r\n" + HIDDEN),
    "a chunk with a sign": (CHUNKED, "-1\r\n" + HIDDEN),
    "a chunk of bare line feeds": (CHUNKED, CHUNK.replace("\r\n", "\n", 1)),
    "a token in a trailer": (CHUNKED, "0\r\nAuthorization: Bearer T\r\n\r\n"
                             + HIDDEN),
    "nothing at all": ("", HIDDEN),
}

# request lines that may not lead past the location, nor to a token
LINES = (
    "GET //t HTTP/1.1", "GET /./t HTTP/1.1", "GET /open/../t HTTP/1.1",
    "GET /open/%2e%2e/t HTTP/1.1", "GET /open%2f..%2ft HTTP/1.1",
    "GET /%74 HTTP/1.1", "GET /t%00 HTTP/1.1", "GET /t\0 HTTP/1.1",
    "GET http://x/t HTTP/1.1", "GET http://x:80/t HTTP/1.1",
    "GET http:///t HTTP/1.1", "GET https://user:T@x/t HTTP/1.1",
    "GET /t?access_token=T HTTP/1.1", "GET /t#T HTTP/1.1",
    "GET /t;T HTTP/1.1", "GET /t HTTP/1.1 ", "GET  /t HTTP/1.1",
    "GET /t\tHTTP/1.1", "GET /t HTTP/1.0", "GET /t HTTP/1.2",
    "GET /t HTTP/2.0", "GET /t HTTP/0.9", "GET /t", "get /t HTTP/1.1",
    " GET /t HTTP/1.1", "\r\nGET /t HTTP/1.1", "TRACE /t HTTP/1.1",
    "CONNECT x:80 HTTP/1.1", "OPTIONS * HTTP/1.1", "PRI * HTTP/2.0",
    "GET * HTTP/1.1", "GET t HTTP/1.1", "GET /\xff\xfe HTTP/1.1",
    "GET /open/..;/t HTTP/1.1", "GET /open\\..\\t HTTP/1.1",
)

# fields beside, and in place of, a good one
FIELDS = {
    "a duplicate": "{good}{other}",
    "a duplicate of another scheme": "Authorization: Basic eA==\r\n{good}",
    "an empty one before": "Authorization:\r\n{good}",
    "a folded line": "Authorization: Bearer\r\n {token}\r\n",
    "a line folded by a tab": "Authorization: Bearer\r\n\t{token}\r\n",
    "a nul behind": "Authorization: Bearer {token}\0\r\n",
    "a return behind": "Authorization: Bearer {token}\rX: y\r\n",
    "a blank before the colon": "Authorization : Bearer {token}\r\n",
    "a nul in the name": "Authorization\0: Bearer {token}\r\n",
}


def start(**settings):
    authority = Authority()
    token = authority.token()
    # nginx itself logs a duplicate that it refuses
    nginx = Nginx(authority, server=SERVER, log_level="error", **settings)
    return authority, nginx, token.token


def paths(authority):
    return [request["path"] for request in authority.log("backend")]


def sent(nginx, text):
    """Statuses of what comes, until nginx closes or says no more."""
    with open_socket(nginx, 10) as sock:
        sock.sendall(text.encode("latin-1"))
        sock.settimeout(0.4 * PATIENCE)
        received = b""
        try:
            while True:
                more = sock.recv(65536)
                if not more:
                    break
                received += more
        except OSError:
            pass
    return [int(one) for one in re.findall(rb"HTTP/1\.1 (\d{3})", received)]


def framings(field, cold):
    authority, nginx, token = start()
    if cold:
        authority.rules(SLOW)
    else:
        is_(get(nginx, "/t", bearer=token).status, 200, "known")
        authority.clear()
    for name, (head, body) in FRAMINGS.items():
        authority.clear()
        line = field.format(token=token)
        statuses = sent(nginx, f"POST /t HTTP/1.1\r\nHost: x\r\n{line}{head}"
                        f"\r\n{body.replace('Bearer T', 'Bearer ' + token)}")
        seen = paths(authority)
        if not ok("/hidden" not in seen and set(seen) <= {"/t"}
                  and len(seen) <= (1 if line else 0)
                  and statuses.count(200) == len(seen),
                  f"{name}: nothing that has no token"):
            diag(f"{statuses}, backend: {seen}")
    is_(get(nginx, "/t", bearer=token).status, 200, "afterwards")


@test
def framings_with_a_good_token():
    framings("Authorization: Bearer {token}\r\n", False)


@test
def framings_while_it_is_looked_up():
    framings("Authorization: Bearer {token}\r\n", True)


@test
def framings_with_none():
    framings("", False)


@test
def pipelines():
    """Each request of a connection has its own token, or none."""
    authority, nginx, token = start()
    authority.rules(SLOW)
    good = f"Authorization: Bearer {token}\r\n"
    bad = "Authorization: Bearer " + "x" * 45 + "\r\n"
    for lines, wanted in (((good, ""), [200, 401]), (("", good), [401, 200]),
                          ((good, bad), [200, 401]), ((bad, good), [401, 200]),
                          ((good, "", good, bad), [200, 401, 200, 401])):
        authority.clear()
        text = "".join(f"GET /{i} HTTP/1.1\r\nHost: x\r\n{line}\r\n"
                       for i, line in enumerate(lines))
        is_(sent(nginx, text), wanted, "statuses in turn")
        is_(paths(authority), [f"/{i}" for i, status in enumerate(wanted)
                               if status == 200], "and the backend")


@test
def request_lines():
    authority, nginx, token = start()
    # nginx logs what a client writes into a URL
    authority.forbidden.remove(token)
    authority.strangers_ok(None, "[A-Z]+ /open.*", "a place for all")
    is_(get(nginx, "/t", bearer=token).status, 200, "known")
    for line in LINES:
        authority.clear()
        text = line.replace("T@", token + "@").replace("=T", "=" + token)
        statuses = sent(nginx, f"{text}\r\nHost: x\r\n"
                        "Connection: close\r\n\r\n")
        seen = paths(authority)
        ok(all(path.startswith("/open") for path in seen)
           and statuses.count(200) == len(seen),
           f"{line!r}: {statuses}, nothing that is protected")


@test
def fields():
    authority, nginx, token = start()
    is_(get(nginx, "/t", bearer=token).status, 200, "known")
    for name, line in FIELDS.items():
        authority.clear()
        line = line.format(
            token=token, good=f"Authorization: Bearer {token}\r\n",
            other="Authorization: Bearer " + "x" * 45 + "\r\n")
        is_(sent(nginx, f"GET /t HTTP/1.1\r\nHost: x\r\n{line}"
                 "Connection: close\r\n\r\n"), [400], name)
        is_((paths(authority), authority.counts()["requests"]), ([], 0),
            f"{name}: nobody is asked")


@test
def long_ones():
    authority, nginx, _ = start()
    for size in (39, 81, 4096, 4097, 8000, 8200, 40000, 100000):
        statuses = sent(nginx, "GET /t HTTP/1.1\r\nHost: x\r\nAuthorization: "
                        f"Bearer {'a' * size}\r\nConnection: close\r\n\r\n")
        ok(statuses in ([401], [400], [] if size > 30000 else [400]),
           f"{size} characters: {statuses}")
    is_(authority.counts()["requests"], 0, "no such token is asked about")
    is_(authority.counts()["backend"], 0, "requests at the backend")
    statuses = sent(nginx, "GET /t HTTP/1.1\r\nHost: x\r\n" + "".join(
        f"X-{i}: Bearer\r\n" for i in range(2000)) + "\r\n")
    is_(statuses, [400], "many fields")


@test
def http_2():
    authority, nginx, token = start(listen=" http2")
    authority.rules(SLOW)
    good = ("authorization", "Bearer " + token)
    bad = ("authorization", "Bearer " + "x" * 45)
    cases = {
        "two fields, good first": [good, bad],
        "two fields, good last": [bad, good],
        "the same twice": [good, good],
        "a name in capitals": [("Authorization", "Bearer " + token)],
        "a line feed in the value": [("x", "y\r\nauthorization: Bearer "
                                      + token)],
        "a line feed in the token": [("authorization", "Bearer " + token
                                      + "\r\nx: y")],
        "a nul in the value": [("authorization", "Bearer " + token + "\0")],
        "a colon in the name": [("authorization: bearer", token)],
        "a blank before the name": [(" authorization", "Bearer " + token)],
        "a pseudo field of that name": [(":authorization",
                                         "Bearer " + token)],
        "a path after the fields": [good, (":path", "/hidden")],
        "a second path": [(":path", "/hidden"), good],
        "a method after the fields": [good, (":method", "POST")],
    }
    for name, fields in cases.items():
        authority.clear()
        with H2(nginx) as h2:
            stream = h2.open("/t", fields=fields)
            status = h2.wait(stream)[0]
        ok(status in (None, 0, 400, 401), f"{name}: {status}")
        is_(paths(authority), [], f"{name}: nothing at the backend")
    harmless = {
        "another coding": [good, ("transfer-encoding", "chunked")],
        "a connection field": [good, ("connection", "authorization")],
        "a host": [good, ("host", "elsewhere")],
    }
    for name, fields in harmless.items():
        authority.clear()
        with H2(nginx) as h2:
            status = h2.wait(h2.open("/t", fields=fields))[0]
        is_(len(paths(authority)), 1 if status == 200 else 0,
            f"{name}: {status}, as often at the backend")
    with H2(nginx) as h2:
        streams = [h2.open(f"/{i}", fields=[good] if i % 2 else [bad])
                   for i in range(20)]
        is_(h2.wait(*streams), [401, 200] * 10, "each stream has its own")


run()
