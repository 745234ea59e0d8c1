#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the limits of one look-up, max_answer and connect_timeout.  The
# failure this file exists for: a word is read and has no effect, and answers
# without end, or a peer that accepts and says nothing, hold look-ups.

import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

HTTP = """
    auth_token_provider as {{
        preset      introspection;
        endpoint    ENDPOINT/introspect;
        credential  basic nginx file:{client_secret};
        ssl_trusted_certificate {ca};
        cache       valid=0 negative=0;
        breaker     failures=0;
        {words}
    }}
"""

SERVER = """
        location / {{
            auth_token  as;
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""

INTROSPECT = {"path": {"re": "introspect"}}


def start(authority, endpoint, words):
    return Nginx(authority, server=SERVER, words=words,
                 http=HTTP.replace("ENDPOINT", endpoint))


def answer(authority, size, framing):
    """An answer that allows, of so many bytes."""
    bare = len(json.dumps({"active": True, "x": ""}))
    body = json.dumps({"active": True, "x": "y" * (size - bare)})
    is_(len(body), size, f"{framing}, {size} bytes")
    authority.rules({"match": INTROSPECT, "answer": {
        "body": body, "framing": framing,
        "headers": ["-Content-Type", "Content-Type: application/json"]}})


def max_answer(scheme):
    authority = Authority()
    port = authority.tls if scheme == "https" else authority.plain
    for words, limit in (("max_answer 1k;", 1024), ("", 65536),
                         ("max_answer 200k;", 204800)):
        nginx = start(authority, f"{scheme}://localhost:{port}", words)
        for framing in ("length", "chunked", "close"):
            for size, status in ((limit - 1, 200), (limit, 200),
                                 (limit + 1, 503), (limit * 3, 503)):
                answer(authority, size, framing)
                token = authority.token().token
                is_(get(nginx, "/", bearer=token).status, status,
                    f"of {limit} at most: {status}")
        like(nginx.error_log(), r"\[error\].*answer is too large",
             "the reason is in the log")
        nginx.stop()


@test
def max_answer_over_http():
    max_answer("http")


@test
def max_answer_over_https():
    max_answer("https")


def connect_timeout(scheme, words, least, most):
    """How long a request waits for a peer that accepts and is silent."""
    authority = Authority()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        nginx = start(authority,
                      f"{scheme}://127.0.0.1:{silent.getsockname()[1]}", words)
        begun = time.monotonic()
        response = get(nginx, "/", bearer=authority.token().token)
        took = time.monotonic() - begun
        is_(response.status, 503, f"{scheme}, {words}: status")
        ok(least <= took < most, f"after {took:.2f} s, not before {least} "
                                 f"and not after {most}")
        nginx.stop()


@test
def connect_timeout_covers_the_handshake_of_tls():
    connect_timeout("https", "connect_timeout 400ms; timeout 8s;", .35,
                    4 if not VALGRIND else 7)


@test
def connect_timeout_ends_with_the_connection():
    connect_timeout("http", "connect_timeout 200ms; timeout 1500ms;", 1.4, 8)


@test
def connect_timeout_is_the_timeout_unless_it_is_given():
    connect_timeout("https", "timeout 1s;", .9, 8)


if not module_built():
    plan_skip_all("the module is not built")
run()
