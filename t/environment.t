#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for what the environment may not decide.  The failure this file exists
# for: a variable or a file of the user that nginx runs as sends tokens by way
# of a stranger, adds a password to the request, or has a stranger trusted.

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.ports import free_port  # noqa: E402

PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
           "all_proxy", "ALL_PROXY")

HTTP = """
    auth_token_provider as {{
        preset      introspection;
        endpoint    {endpoint};
        credential  post nginx file:{client_secret};
        {words}
    }}
"""

SERVER = """
        location / {{
            auth_token  as;
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""


def start(authority, environment, tls=False, words=""):
    endpoint = f"https://localhost:{authority.tls}/introspect" if tls \
        else f"http://127.0.0.1:{authority.plain}/introspect"
    return Nginx(authority, server=SERVER, words=words,
                 http=HTTP.replace("{endpoint}", endpoint),
                 main=" ".join(f"env {name};" for name in environment),
                 environment=environment)


def curl(environment, url):
    """What the command does in that environment: its exit status."""
    return subprocess.run(["curl", "-s", "-o", "/dev/null", url], timeout=20,
                          env={**os.environ, **environment}).returncode


def proxies(tls):
    authority = Authority()
    proxy = f"http://127.0.0.1:{free_port()}"
    words = f"ssl_trusted_certificate {authority.ca};" if tls else ""
    environment = {name: proxy for name in PROXIES}
    is_(curl(environment, f"http://127.0.0.1:{authority.plain}/"), 7,
        "others would go to the proxy, which is not there")
    authority.clear()
    nginx = start(authority, environment, tls, words)
    is_(get(nginx, "/", bearer=authority.token().token).status, 200,
        "the authority is asked itself")
    is_(authority.counts()["requests"], 1, "look-ups")


@test
def a_proxy_over_http():
    proxies(False)


@test
def a_proxy_over_https():
    proxies(True)


@test
def a_password_in_netrc():
    authority = Authority()
    path = os.path.join(authority.dir, ".netrc")
    with open(path, "w") as out:
        os.chmod(path, 0o600)
        for host in ("127.0.0.1", "localhost"):
            out.write(f"machine {host} login user password netrc-secret\n")
    nginx = start(authority, {"HOME": authority.dir, "NETRC": path})
    is_(get(nginx, "/", bearer=authority.token().token).status, 200,
        "admitted")
    names = {name.lower() for request in authority.log()
             for name, _ in request["headers"]}
    ok(names, "the request is there")
    ok("authorization" not in names, "without a password")


@test
def certificates_to_trust():
    authority = Authority()
    variables = {name: authority.ca for name in ("SSL_CERT_FILE",
                                                 "CURL_CA_BUNDLE")}
    variables["SSL_CERT_DIR"] = authority.dir
    url = f"https://localhost:{authority.tls}/"
    is_((curl({}, url), curl(variables, url)), (60, 0), "others would trust")
    authority.clear()
    nginx = start(authority, variables, tls=True)
    is_(get(nginx, "/", bearer=authority.token().token).status, 503,
        "the authority is not trusted")
    is_(authority.counts()["requests"], 0, "and nothing was sent")
    nginx = start(authority, variables, tls=True,
                  words=f"ssl_trusted_certificate {authority.ca};")
    is_(get(nginx, "/", bearer=authority.token().token).status, 200,
        "but where the configuration says so")


run()
