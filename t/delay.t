#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for nginx's auth_delay with denials of this module.  The failure this
# file exists for: the answer of another form comes at once, so that who tries
# tokens one after the other is not held up.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

SERVER = """
    auth_delay 500ms;
    auth_token cloudflare;
    location / {{
        proxy_pass http://127.0.0.1:{backend};
    }}
    location /problem {{
        auth_token_error_format problem;
        auth_token_require permission=nothing;
        proxy_pass http://127.0.0.1:{backend};
    }}
    location /again {{
        auth_token_error_format problem;
        try_files /none /problem;
    }}
"""


def timed(nginx, path, **more):
    begun = time.monotonic()
    response = get(nginx, path, **more)
    return response, time.monotonic() - begun


@test
def a_401_is_delayed_whatever_its_form():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER)
    for path, kind in (("/", "text/html"),
                       ("/problem", "application/problem+json"),
                       ("/again", "application/problem+json")):
        for token in (None, os.urandom(20).hex()):
            response, took = timed(nginx, path, bearer=token)
            is_((response.status, response.header("content-type")),
                (401, kind), path)
            ok(took >= 0.49, f"is delayed: {took:.3f} s")
    response, took = timed(nginx, "/problem", bearer=authority.token().token)
    is_(response.status, 403, "another status")
    ok(took < 0.49, f"is not: {took:.3f} s")
    is_(nginx.error_log().count("delaying unauthorized request"), 6,
        "the log tells, as nginx's own does")
    is_(authority.counts()["backend"], 0, "requests at the backend")


@test
def connections_go_on():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER)
    client = Client(nginx)
    for _ in range(2):
        client.send("/problem", method="POST", body=b"some body")
        is_(client.receive().status, 401, "delayed")
        client.send("/", bearer=authority.token().token)
        is_(client.receive().status, 200, "and the next on this connection")


@test
def clients_that_leave_meanwhile():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER)
    get(nginx, "/", bearer=authority.token().token)
    active = nginx.status()["active"]
    for _ in range(20):
        client = Client(nginx)
        client.send("/problem")
        client.close()
    ok(poll(lambda: nginx.status()["active"] <= active + 1, 3),
       "their connections are gone")
    is_(get(nginx, "/", bearer=authority.token().token).status, 200,
        "and others are answered")


run()
