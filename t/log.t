#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for what stands in the logs.  The failure this file exists for: a
# token or a secret in a line, or an authority that is away and fills the disk.
# Denials are a line each, as nginx's own are.

import os
import re
import secrets
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

VERIFY = {"path": {"re": "/verify$"}}


def lines(nginx, pattern):
    return [line for line in nginx.error_log().split("\n")
            if re.search(pattern, line)]


@test
def a_denial_is_one_line():
    authority = Authority()
    token = authority.token(status="disabled")
    nginx = Nginx(authority, server=PROTECTED)
    get(nginx, "/", bearer=token.token)
    get(nginx, "/")
    found = lines(nginx, "access denied")
    is_(len(found), 2, "lines")
    like(found[0], r'\[error\].*verdict INACTIVE, provider "cloudflare", '
         rf'token id "{token.id}"', "with verdict, provider and id")
    like(found[1], r'\[error\].*verdict MISSING, provider "cloudflare", '
         r'token id ""', "also without a token")


@test
def an_allowed_request_is_no_line():
    authority = Authority()
    token = authority.token()
    nginx = Nginx(authority, server=PROTECTED)
    is_(get(nginx, "/", bearer=token.token).status, 200, "status")
    is_(lines(nginx, "auth token"), [], "lines")


@test
def the_level_of_denials():
    authority = Authority()
    nginx = Nginx(authority, log_level="notice", server="""
        location / {{
            auth_token cloudflare;
            auth_token_log_level notice;
        }}
        location /info {{
            auth_token cloudflare;
            auth_token_log_level info;
        }}
        location /dry {{
            auth_token cloudflare;
            auth_token_dry_run on;
            return 200 "through";
        }}
        """)
    get(nginx, "/")
    get(nginx, "/info")
    is_(len(lines(nginx, r"\[notice\].*access denied")), 1, "notice")
    is_(len(lines(nginx, "access denied")), 1, "info is below the log's")


@test
def ids_of_any_bytes():
    """An introspection endpoint may name a token as it likes."""
    authority = Authority()
    token = authority.token(status="active", exp=1000000000,
                            jti='a"b\n[crit] forged\x7f ' + "x" * 200)
    nginx = Nginx(authority, server=PROTECTED.replace("cloudflare", "as"),
                  http="""
        auth_token_provider as {{
            preset introspection;
            endpoint http://127.0.0.1:{plain}/introspect;
            credential basic nginx file:{client_secret};
        }}""")
    is_(get(nginx, "/", bearer=token.token).status, 401, "status")
    found = lines(nginx, "access denied")
    is_(len(found), 1, "one line")
    like(found[0], r'token id "a\?b\?\[crit\]\?',
         "made harmless")
    is_(lines(nginx, r"^\[crit\]"), [], "nothing is forged")


@test
def failures_are_one_line_a_second():
    authority = Authority()
    authority.rules({"match": VERIFY, "answer": {"status": 500}})
    nginx = Nginx(authority, server=PROTECTED,
                  words="breaker failures=100000;")
    for _ in range(100):
        is_denied = get(nginx, "/", bearer="x" + secrets.token_hex(22))
        if is_denied.status != 503:
            ok(False, "status")
    found = lines(nginx, r"step \"verify\"")
    diag(f"{len(found)} lines for 100 failures")
    ok(1 <= len(found) <= 8, "no line for each failure")
    counted = sum(int(re.search(r"(\d+) more not logged", line).group(1))
                  for line in found) + len(found)
    ok(counted <= 100, "what was left out is counted")


@test
def no_token_at_any_level():
    """nginx itself writes the header fields of a request into a debug log;
    nothing else may hold the token or the credential."""
    authority = Authority()
    token = "cfut_" + secrets.token_hex(24)
    strange = "cfut_" + secrets.token_hex(24)
    authority.call("POST", "tokens", [
        {"token": token, "id": "a" * 32, "status": "active"}])
    nginx = Nginx(authority, server=PROTECTED.replace(
        "proxy_pass", "proxy_set_header Authorization \"\"; proxy_pass"),
        log_level="debug")
    authority.strangers_ok(2, "GET /: no token", "proxy_set_header took it")
    is_(get(nginx, "/", bearer=token).status, 200, "cold")
    is_(get(nginx, "/", bearer=token).status, 200, "warm")
    is_(get(nginx, "/", bearer=strange).status, 401, "unknown")
    text = nginx.error_log()
    like(text, r"\[debug\]", "there is a debug log")
    ok(token in text, "nginx's own lines are there")
    own = "\n".join(line for line in text.split("\n")
                    if "http header: \"Authorization" not in line)
    for secret in (token, strange, authority.credential_value):
        ok(secret not in own, "no other line has it")


run()
