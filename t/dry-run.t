#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for auth_token_dry_run.  The failure this file exists for: a request
# that would have been denied reaches its backend with somebody's identity.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

SERVER = """
        location / {{
            auth_token          cloudflare;
            auth_token_dry_run  on;
            add_header          X-Verdict $auth_token_verdict always;
            add_header          X-Id "[$auth_token_id]" always;
            add_header          X-Name "[$auth_token_name]" always;
            add_header          X-Limit "[$auth_token_expires_on]" always;
            proxy_pass          http://127.0.0.1:{backend};
        }}
        location /real {{
            auth_token          cloudflare;
            add_header          X-Id "[$auth_token_id]" always;
            proxy_pass          http://127.0.0.1:{backend};
        }}
"""


@test
def every_verdict_goes_through():
    authority = Authority()
    good = authority.token(name="good", expires_on="2099-01-01T00:00:00Z")
    tokens = {
        "INACTIVE": authority.token(status="disabled", name="x").token,
        "EXPIRED": authority.token(expires_on="2001-01-01T00:00:00Z").token,
        "NOT_YET_VALID": authority.token(
            not_before="2099-01-01T00:00:00Z").token,
        "ADDRESS_DENIED": authority.token(
            condition={"request_ip": {"in": ["192.0.2.0/24"]}}).token,
        "UNKNOWN": "no-such-token-" * 4,
        "MALFORMED": "two words",
        "MISSING": None,
    }
    authority.strangers_ok(12, "GET /: .*", "dry run, each of them twice")
    nginx = Nginx(authority, server=SERVER)
    for verdict, token in tokens.items():
        for again in ("cold", "warm"):
            response = get(nginx, "/", bearer=token)
            is_((response.status, response.header("x-verdict")),
                (200, verdict), f"{verdict}, {again}")
            is_([response.header(name) for name in
                 ("x-id", "x-name", "x-limit", "www-authenticate")],
                ["[]", "[]", "[]", None], f"{verdict}, {again}: nobody")
            like(nginx.error_log(), rf"access denied, dry run, verdict "
                 rf"{verdict}", f"{verdict}, {again}: the log tells")
    response = get(nginx, "/", bearer=good.token)
    is_([response.header(name) for name in ("x-verdict", "x-id", "x-name",
                                            "x-limit")],
        ["ALLOWED", f"[{good.id}]", "[good]", "[4070908800]"],
        "who is allowed is known")


@test
def an_authority_that_fails():
    authority = Authority()
    token = authority.token()
    authority.rules({"match": {"path": {"re": "."}},
                     "answer": {"status": 500}})
    nginx = Nginx(authority, server=SERVER)
    response = get(nginx, "/", bearer=token.token)
    is_((response.status, response.header("x-verdict"),
         response.header("retry-after")), (200, "UNAVAILABLE", None),
        "goes through")


@test
def it_ends_where_it_is_not_said():
    authority = Authority()
    token = authority.token(status="disabled")
    authority.strangers_ok(1, "GET /: disabled token", "dry run")
    nginx = Nginx(authority, server=SERVER)
    is_(get(nginx, "/", bearer=token.token).status, 200, "dry run")
    response = get(nginx, "/real", bearer=token.token)
    is_(response.status, 401, "beside it")
    is_(response.header("x-id"), f"[{token.id}]",
        "a denied token's id is for the log")
    is_(authority.counts()["backend"], 1, "requests at the backend")


@test
def nginx_t_warns():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER)
    like(nginx.test_configuration()[1],
         r'\[warn\].*"auth_token_dry_run" is on.*nginx\.conf:\d+', "a warning")


run()
