#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests with an nginx that reads and writes one byte at a time, towards its
# clients and towards the authority (t/bytewise/cut.c).  The failure this file
# exists for: what is right when all of a message comes at once, and else is
# cut, doubled or waited for until the end of the time.

import os
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.nginx import TOP  # noqa: E402

HTTP = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    %s/client/v4/user/tokens;
        credential  bearer file:{credential};
        ssl_trusted_certificate {ca};
        cache       valid=0;
    }}
"""

LIBRARY = subprocess.run([os.path.join(TOP, "util", "bytewise"), "--build"],
                         capture_output=True, text=True, check=True) \
    .stdout.strip()

# of the page, in its order; the first four are calls that were cut.  The
# backend counts as the authority does.
COUNTS = ("from clients", "to clients", "from the authority",
          "to the authority", "put off", "armed")


class Bytewise:
    def __init__(self, endpoint, listen="", authority=None):
        self.authority = authority or Authority()
        self.page = os.path.join(self.authority.dir, "page")
        with open(self.page, "wb") as out:
            out.write(bytes(8 * len(COUNTS)))
        self.nginx = Nginx(
            self.authority, server=PROTECTED, http=HTTP % endpoint,
            listen=listen, environment={"LD_PRELOAD": LIBRARY,
                                        "BYTEWISE_PAGE": self.page})

    def counts(self):
        with open(self.page, "rb") as read:
            return dict(zip(COUNTS, struct.unpack(f"{len(COUNTS)}Q",
                                                  read.read())))

    def was_cut(self):
        counts = self.counts()
        diag(counts)
        for name in COUNTS:
            ok(counts[name] > 100, "calls, " + name)


def judged(endpoint):
    one = Bytewise(endpoint)
    before = time.monotonic()
    is_(get(one.nginx, "/").status, 401, "without a token")
    is_(get(one.nginx, "/", bearer="cfut_" + "f" * 48).status, 401, "unknown")
    for status, entry in ((401, {"status": "disabled"}),
                          (401, {"expires_on": "2020-01-01T00:00:00Z"}),
                          (200, {}), (200, {"condition": {"request_ip": {
                              "in": ["127.0.0.0/8"]}}})):
        if entry == {}:
            is_(one.authority.counts()["backend"], 0, "the backend until now")
            one.was_cut()
        token = one.authority.token(**entry)
        is_([get(one.nginx, "/", bearer=token.token).status
             for _ in range(3)], [status] * 3, f"{entry}")
    is_(one.authority.counts()["backend"], 6, "requests at the backend")
    is_(one.authority.counts()["connections"], 1, "a connection serves all")
    ok(time.monotonic() - before < 10, "nothing waits for the end of its time")


@test
def over_http():
    judged("http://127.0.0.1:{plain}")


@test
def over_https():
    judged("https://localhost:{tls}")


@test
def over_a_socket():
    judged("http://unix:{socket}:")


@test
def over_http_2_to_the_authority():
    """Whose nginx is as ever: as a server of HTTP/2 it takes a client whose
    bytes come one by one for a flood."""
    authority = Authority()
    front = Nginx(authority, load=False, listen=" ssl http2", server="""
        ssl_certificate      {authority_dir}/good.pem;
        ssl_certificate_key  {authority_dir}/good.key;
        location /client {{
            proxy_pass        http://127.0.0.1:{plain};
            proxy_set_header  X-Front $server_protocol;
        }}
        """.replace("{authority_dir}", authority.dir))
    one = Bytewise(f"https://localhost:{front.port}", authority=authority)
    for status in ("active", "disabled") * 5:
        token = authority.token(status=status)
        is_(get(one.nginx, "/", bearer=token.token).status,
            200 if status == "active" else 401, status)
    is_({dict(request["headers"])["X-Front"] for request in authority.log()},
        {"HTTP/2.0"}, "protocol")
    one.was_cut()


@test
def over_http_2_from_the_client():
    one = Bytewise("http://127.0.0.1:{plain}", " http2")
    token = one.authority.token()
    for _ in range(3):
        response = h2_get(one.nginx, "/", bearer=token.token)
        is_((response.status, response.body), (200, b"backend: GET /\n"),
            "admitted")
    is_(h2_get(one.nginx, "/").status, 401, "without a token")
    one.was_cut()


@test
def many_at_a_time():
    one = Bytewise("https://localhost:{tls}")
    tokens = [one.authority.token(status=("active", "disabled")[i % 2])
              for i in range(40)]
    is_(parallel(40, lambda i: get(one.nginx, "/", bearer=tokens[i].token)
                 .status), [200, 401] * 20, "each has its own answer")
    is_(one.authority.counts()["backend"], 20, "requests at the backend")
    one.was_cut()


run()
