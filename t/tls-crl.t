#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for ssl_crl.  The failure this file exists for: the key of the
# authority was stolen and its certificate revoked, and the provider's
# credential is still sent to whoever has that key.

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

HTTP = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    https://localhost:{tls}/client/v4/user/tokens;
        credential  bearer file:{credential};
        cache       valid=0;
        ssl_trusted_certificate {ca};
        {words}
    }}
"""

WEEK = ("-crldays", "7")
PAST = ("-crl_lastupdate", "20200101000000Z",
        "-crl_nextupdate", "20200201000000Z")


def openssl(authority, issuer, *arguments):
    """openssl ca as the CA of that name."""
    # any of its certificates' files names its database
    config = {"ca": "good", "intermediate": "nochain"}[issuer]
    place = os.path.join(authority.dir, "{}")
    done = subprocess.run(
        ["openssl", "ca", "-batch", "-config", place.format(config + ".cnf"),
         "-cert", place.format(issuer + ".pem"),
         "-keyfile", place.format(issuer + ".key"), *arguments],
        capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError("openssl ca: " + done.stderr)


def crl(authority, *revoked, issuer="ca", life=WEEK):
    """The path of a new list of that CA, with these certificates in it."""
    path = os.path.join(authority.dir, issuer + ".crl")
    for kind in revoked:
        openssl(authority, issuer, "-revoke",
                os.path.join(authority.dir, kind + ".pem"))
    openssl(authority, issuer, "-gencrl", *life, "-out", path)
    return path


def ask(authority, words):
    """Of a fresh nginx: nginx, and the response to a good token."""
    nginx = Nginx(authority, server=PROTECTED, http=HTTP, words=words)
    return nginx, get(nginx, "/", bearer=authority.token().token)


def refused(authority, words, pattern):
    """Nobody is let in, and not one byte of a request is sent."""
    nginx, response = ask(authority, words)
    is_(response.status, 503, "status")
    is_(response.header("www-authenticate"), None, "no challenge")
    counts = authority.counts()
    is_(counts["requests"], 0, "requests that the authority saw")
    is_(counts["backend"], 0, "requests at the backend")
    like(nginx.error_log(),
         rf"\[error\].*provider \"cloudflare\".*{pattern}",
         "the reason is in the log")
    return nginx


def accepted(authority, words):
    nginx, response = ask(authority, words)
    is_(response.status, 200, "status")
    is_(authority.counts()["requests"], 2, "requests that the authority saw")
    return nginx


@test
def a_certificate_that_is_not_revoked():
    authority = Authority()
    accepted(authority, f"ssl_crl {crl(authority)};")


@test
def another_one_is_revoked():
    authority = Authority()
    authority.call("POST", "tls", {"cert": "wronghost"})
    authority.call("POST", "tls", {"cert": "good"})
    accepted(authority, f"ssl_crl {crl(authority, 'wronghost')};")


@test
def a_certificate_that_is_revoked():
    authority = Authority()
    refused(authority, f"ssl_crl {crl(authority, 'good')};",
            "certificate revoked")


@test
def without_a_list_nothing_is_revoked():
    authority = Authority()
    crl(authority, "good")
    accepted(authority, "")


@test
def a_list_that_is_out_of_date():
    authority = Authority()
    refused(authority, f"ssl_crl {crl(authority, life=PAST)};",
            "CRL has expired")


@test
def a_list_of_another_ca():
    authority = Authority()
    authority.call("POST", "tls", {"cert": "nochain"})
    authority.call("POST", "tls", {"cert": "good"})
    refused(authority, f"ssl_crl {crl(authority, issuer='intermediate')};",
            "unable to get certificate CRL")


def chain(authority):
    """The authority shows a certificate of an intermediate CA, and that."""
    authority.call("POST", "tls", {"cert": "nochain"})
    place = os.path.join(authority.dir, "{}.pem")
    with open(place.format("nochain"), "a") as out, \
            open(place.format("intermediate")) as read:
        out.write(read.read())
    authority.call("POST", "tls", {"cert": "nochain"})


def both(authority, *lists):
    path = os.path.join(authority.dir, "all.crl")
    with open(path, "w") as out:
        for one in lists:
            with open(one) as read:
                out.write(read.read())
    return path


@test
def a_chain_with_a_list_of_each_ca():
    authority = Authority()
    chain(authority)
    path = both(authority, crl(authority),
                crl(authority, issuer="intermediate"))
    accepted(authority, f"ssl_crl {path};")


@test
def a_chain_with_a_list_of_the_root_only():
    authority = Authority()
    chain(authority)
    refused(authority, f"ssl_crl {crl(authority)};",
            "unable to get certificate CRL")


@test
def an_intermediate_that_is_revoked():
    authority = Authority()
    chain(authority)
    path = both(authority, crl(authority, "intermediate"),
                crl(authority, issuer="intermediate"))
    refused(authority, f"ssl_crl {path};", "certificate revoked")


@test
def a_new_list_takes_effect_by_a_reload():
    authority = Authority()
    path = crl(authority)
    nginx = accepted(authority, f"ssl_crl {path};")
    crl(authority, "good")
    ok(nginx.reload(), "reloaded")
    is_(get(nginx, "/", bearer=authority.token().token).status, 503,
        "revoked now")
    is_(authority.counts()["requests"], 2, "and nothing was sent")


@test
def a_file_without_a_list():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, http=HTTP, start=False,
                  words="ssl_crl {ca};".format(ca=authority.ca))
    nginx.emerg_ok = "asked for"
    status, said = nginx.test_configuration()
    is_(status, 1, "nginx -t")
    like(said, r"\[emerg\].*X509_load_crl_file.*nginx\.conf:\d+",
         "file and line")


run()
