#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for how the provider authenticates.  The failure this file exists
# for: a secret with characters that mean something where it stands is sent
# otherwise than it is, or to nobody's surprise not at all.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

HTTP = """
    auth_token_provider as {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        {words}
    }}
"""

SERVER = PROTECTED.replace("cloudflare", "as")

WAYS = {
    "basic": "credential basic nginx file:{client_secret};",
    "post": "credential post nginx file:{client_secret};",
    "bearer": "credential bearer file:{credential};",
    "header": "credential header X-Api-Key file:{credential};",
}


def start(authority, words, **more):
    return Nginx(authority, server=SERVER,
                 http=HTTP.replace("{words}", words), **more)


for name, line in WAYS.items():
    def case(line=line):
        authority = Authority()
        token = authority.token()
        nginx = start(authority, line)
        is_(get(nginx, "/", bearer=token.token).status, 200, "known")
        is_(get(nginx, "/", bearer="another").status, 401, "unknown")
        is_(authority.counts()["backend"], 1, "requests at the backend")
    case.__name__ = "credential_" + name
    test(case)


@test
def no_credential_is_no_credential():
    authority = Authority()
    nginx = start(authority, "credential none;")
    is_(get(nginx, "/", bearer=authority.token().token).status, 503, "denied")
    request = authority.log()[0]
    names = [name.lower() for name, _ in request["headers"]]
    ok("authorization" not in names, "nothing of the client's goes along")


@test
def a_wrong_secret_is_our_fault_not_the_clients():
    authority = Authority()
    wrong = authority.secret_file("wrong", "not-the-secret-at-all")
    nginx = start(authority, f"credential basic nginx file:{wrong};")
    response = get(nginx, "/", bearer=authority.token().token)
    is_((response.status, response.header("www-authenticate")), (503, None),
        "denied without a challenge")
    like(nginx.error_log(), r"\[error\].*credential was refused", "the log")


@test
def the_environment():
    authority = Authority()
    nginx = start(authority, "credential bearer env:AUTH_TOKEN_TEST;",
                  environment={"AUTH_TOKEN_TEST": authority.credential_value})
    is_(get(nginx, "/", bearer=authority.token().token).status, 200, "known")


run()
