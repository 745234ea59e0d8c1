#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for what an authority, or somebody in its place, may answer.  The
# failure this file exists for: an answer that is not certainly a good one
# lets somebody in, is kept as a denial, or holds a worker up.

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.broken import (  # noqa: E402
    BEFORE, BROKEN_RESULTS, CLOUDFLARE, INTROSPECTION, JSON, broken)

VERIFY = {"path": {"re": "/verify$"}}
DETAILS = {"path": {"re": "/tokens/[0-9a-f]{32}$"}}
TIMEOUT = 0.8

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


# the same token table, asked by RFC 7662
OTHER = """
    auth_token_provider cloudflare {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  basic nginx file:{client_secret};
        {words}
    }}
"""


def server(authority, words="", http=PROVIDER):
    nginx = Nginx(authority, http=http, server=PROTECTED + """
        location = /plain {{ return 200 "plain"; }}
        """, words=f"timeout {int(TIMEOUT * 1000)}ms; "
                   "breaker failures=100000 delay=1s; " + words)
    # what a worker does for the first time costs it memory once
    get(nginx, "/", bearer=authority.token().token)
    return nginx


def rule(match, what):
    how = {"actions": what} if isinstance(what, list) else {"answer": what}
    return {"match": match, **how}


def each(authority, nginx, match, what, name):
    """503 in time, nothing passes, and little memory is needed."""
    token, disabled = authority.token(), authority.token(status="disabled")
    authority.rules(rule({**match}, what))
    before, growth = authority.counts()["backend"], Growth(nginx)

    def ask(which):
        start = time.monotonic()
        response = get(nginx, "/", bearer=which.token)
        return response, time.monotonic() - start

    (response, took), (other, _) = parallel(
        2, lambda i: ask((token, disabled)[i]))
    grown = growth.peak()

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
              for name, what in (broken(CLOUDFLARE) | BROKEN_RESULTS).items()}

    # which id a verify speaks of is its own to say: that is kept, and the
    # details of it are not there
    del failed["speaks of another id"]

    recovers(authority, nginx, failed.values())


@test
def broken_details():
    authority = Authority()
    nginx = server(authority)
    failed = [each(authority, nginx, DETAILS, what, name)
              for name, what in (broken(CLOUDFLARE) | BROKEN_RESULTS).items()]
    recovers(authority, nginx, failed)


@test
def broken_introspection():
    authority = Authority()
    nginx = server(authority, http=OTHER)
    failed = [each(authority, nginx, {"path": {"re": "/introspect$"}}, what,
                   name) for name, what in broken(INTROSPECTION).items()]
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
def no_answer_moves_the_next_lookup():
    """To another scheme or another port: a token goes where the configuration
    says.  Two providers of one host, of which HTTPS says so first."""
    authority = Authority()
    tls, plain = (PROVIDER.replace("http://127.0.0.1:{plain}", origin)
                  .replace("{words}", words) for origin, words in (
                      ("https://localhost:{tls}",
                       "ssl_trusted_certificate {ca};"),
                      ("http://localhost:{plain}", "")))
    nginx = Nginx(authority, http=tls + plain.replace("r cloudflare", "r plain"),
                  server=PROTECTED + PROTECTED.replace("/ {{", "/plain {{")
                  .replace("cloudflare;", "plain;"))
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        authority.rules({"answer": {"base": "default", "headers": [
            "Strict-Transport-Security: max-age=31536000; includeSubDomains",
            f'Alt-Svc: h1="localhost:{port}"; ma=86400; persist=1, '
            f'h2=":{port}"; ma=86400']}})
        for path in ("/", "/", "/plain", "/", "/plain"):
            is_(get(nginx, path, bearer=authority.token().token).status, 200,
                path)
            authority.call("POST", "close")
        elsewhere.setblocking(False)
        try:
            elsewhere.accept()[0].close()
            ok(False, "nobody goes elsewhere")
        except BlockingIOError:
            ok(True, "nobody goes elsewhere")
    opened = [one["listener"] for one in authority.call("GET", "log")
              ["connections"]]
    is_(opened, ["tls", "tls", "plain", "tls", "plain"], "where they went")


@test
def memory_is_bounded():
    authority = Authority()
    nginx = server(authority)
    growth = Growth(nginx)
    authority.rules(rule(VERIFY, [{"endless": "body", "max": 32 << 20,
                                   "size": 65536}]))
    for _ in range(5):
        is_(get(nginx, "/", bearer=authority.token().token).status, 503,
            "endless body")
    grown = growth.peak()
    ok(grown < ROOM, f"grown by {grown} KiB")


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
