#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for TLS to the authority.  The failure this file exists for: a token
# or the provider's credential sent to somebody who is not the authority.

import os
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

HTTP = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    https://{host}:{tls}/client/v4/user/tokens;
        credential  bearer file:{credential};
        cache       valid=0;
        {words}
    }}
"""

TRUSTED = "ssl_trusted_certificate {ca};"


def start(authority, words=TRUSTED, host="localhost"):
    return Nginx(authority, server=PROTECTED,
                 http=HTTP.replace("{host}", host).replace("{words}", words))


def refused(kind, pattern=r"certificate|TLS", words=TRUSTED, **settings):
    """Nobody is let in, and not one byte of a request is sent."""
    authority = Authority()
    token = authority.token()
    authority.call("POST", "tls", {"cert": kind, **settings})
    nginx = start(authority, words)
    growth, begun = Growth(nginx), time.monotonic()
    response = get(nginx, "/", bearer=token.token)
    ok(time.monotonic() - begun < 3, "at once")
    ok(growth.peak() < ROOM, f"for {growth.peak()} KiB")
    is_(response.status, 503, "status")
    is_(response.header("www-authenticate"), None, "no challenge")
    counts = authority.counts()
    is_(counts["requests"], 0, "requests that the authority saw")
    is_(counts["backend"], 0, "requests at the backend")
    like(nginx.error_log(), rf"\[error\].*provider \"cloudflare\".*{pattern}",
         "the reason is in the log")
    authority.call("POST", "tls", {})
    ok(poll(lambda: get(nginx, "/", bearer=token.token).status == 200, 5),
       "let in when it has shown a good one")


for bad, why in (("expired", "certificate has expired"),
                 ("notyet", "certificate is not yet valid"),
                 ("wronghost", "the name does not match"),
                 ("unknownca", "unable to get local issuer certificate"),
                 ("selfsigned", "self.signed certificate"),
                 ("clientonly", "certificate purpose"),
                 ("weakkey", "too weak|TLS"),
                 ("nochain", "unable to get local issuer certificate")):
    def case(kind=bad, pattern=why):
        refused(kind, pattern)
    case.__name__ = "certificate_" + bad
    test(case)


# without it OpenSSL 3 has no cipher for the old versions on either side, and
# nobody's least version would be seen
OLD = "ALL:@SECLEVEL=0"


def version(authority):
    """What a client that would speak an old one agrees on."""
    context = ssl.create_default_context(cafile=authority.ca)
    context.set_ciphers(OLD)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with socket.create_connection(("127.0.0.1", authority.tls), 5) as sock, \
            context.wrap_socket(sock, server_hostname="localhost") as tls:
        return tls.version()


@test
def tls_1_1_is_refused():
    authority = Authority()
    authority.call("POST", "tls", {"min": "TLSv1_1", "max": "TLSv1_1"})
    is_(version(authority), "TLSv1.1", "there is one to be had")
    refused("good", words=TRUSTED + f"ssl_ciphers {OLD};", min="TLSv1_1",
            max="TLSv1_1")


@test
def a_good_certificate_is_accepted():
    authority = Authority()
    token = authority.token()
    nginx = start(authority)
    is_(get(nginx, "/", bearer=token.token).status, 200, "status")
    is_(authority.counts()["backend"], 1, "requests at the backend")


@test
def the_system_does_not_trust_our_authority():
    authority = Authority()
    token = authority.token()
    nginx = start(authority, words="")
    is_(get(nginx, "/", bearer=token.token).status, 503, "status")
    is_(authority.counts()["requests"], 0, "requests")


@test
def ssl_verify_off_is_an_order_and_a_warning():
    authority = Authority()
    token = authority.token()
    authority.call("POST", "tls", {"cert": "selfsigned"})
    nginx = start(authority, words="ssl_verify off;")
    is_(get(nginx, "/", bearer=token.token).status, 200, "status")
    like(nginx.test_configuration()[1],
         r'\[warn\].*"ssl_verify" is off.*nginx\.conf:\d+', "nginx -t warns")


@test
def ssl_name_is_what_is_verified():
    authority = Authority()
    token = authority.token()
    nginx = start(authority, words=TRUSTED + "ssl_name authority.test;")
    is_(get(nginx, "/", bearer=token.token).status, 200, "status")
    nginx = start(authority, words=TRUSTED + "ssl_name elsewhere.test;")
    is_(get(nginx, "/", bearer=token.token).status, 503, "another name")


@test
def a_name_elsewhere_needs_ssl_name():
    authority = Authority()
    token = authority.token()
    authority.call("POST", "tls", {"cert": "wronghost"})
    nginx = start(authority, words=TRUSTED + "ssl_name elsewhere.test;")
    is_(get(nginx, "/", bearer=token.token).status, 200, "status")


@test
def addresses_are_verified_too():
    authority = Authority()
    token = authority.token()
    nginx = start(authority, host="127.0.0.1")
    is_(get(nginx, "/", bearer=token.token).status, 200, "listed address")
    authority.call("POST", "tls", {"cert": "wronghost"})
    nginx = start(authority, host="127.0.0.1")
    is_(get(nginx, "/", bearer=token.token).status, 503, "unlisted address")


@test
def a_client_certificate_is_shown_if_there_is_one():
    authority = Authority()
    token = authority.token()
    authority.call("POST", "tls", {"client": True})
    directory = os.path.dirname(authority.ca)
    nginx = start(authority)
    is_(get(nginx, "/", bearer=token.token).status, 503, "without")
    nginx = start(authority, words=TRUSTED
                  + f"ssl_certificate {directory}/client.pem;"
                  + f"ssl_certificate_key {directory}/client.key;")
    is_(get(nginx, "/", bearer=token.token).status, 200, "with")


@test
def ssl_ciphers_is_what_is_offered():
    """Of TLS 1.2; the authority has a key for ECDSA."""
    authority = Authority()
    authority.call("POST", "tls", {"max": "TLSv1_2"})
    for ciphers, status in (("ECDHE-ECDSA-AES256-GCM-SHA384", 200),
                            ("ECDHE-RSA-AES256-GCM-SHA384", 503)):
        authority.clear()
        nginx = start(authority, words=TRUSTED + f"ssl_ciphers {ciphers};")
        is_(get(nginx, "/", bearer=authority.token().token).status, status,
            ciphers)
        is_(authority.counts()["requests"], 2 if status == 200 else 0,
            "requests that the authority saw")


@test
def ssl_verify_depth_is_how_far_a_chain_goes():
    authority = Authority()
    authority.call("POST", "tls", {"cert": "nochain"})
    with open(authority.dir + "/intermediate.pem") as read:
        between = read.read()
    with open(authority.dir + "/nochain.pem", "a") as out:
        out.write(between)
    authority.call("POST", "tls", {"cert": "nochain"})
    for depth, status in (("1", 200), ("0", 503)):
        authority.clear()
        nginx = start(authority,
                      words=TRUSTED + f"ssl_verify_depth {depth};")
        is_(get(nginx, "/", bearer=authority.token().token).status, status,
            f"one between, {depth} allowed")
        is_(authority.counts()["requests"], 2 if status == 200 else 0,
            "requests that the authority saw")


@test
def files_that_are_not_there():
    authority = Authority()
    for words in ("ssl_trusted_certificate /nonexistent.pem;",
                  "ssl_crl /nonexistent.pem;",
                  "ssl_certificate /nonexistent.pem; "
                  "ssl_certificate_key /nonexistent.key;",
                  TRUSTED + "ssl_certificate {ca};"):
        nginx = Nginx(authority, server=PROTECTED, start=False,
                      http=HTTP.replace("{host}", "localhost")
                               .replace("{words}", words))
        nginx.emerg_ok = "asked for"
        status, said = nginx.test_configuration()
        is_(status, 1, f"nginx -t, {words}")
        like(said, r"\[emerg\].*nginx\.conf:\d+", "file and line")


@test
def each_connection_is_a_whole_handshake():
    """A session that was made under another certificate would be taken up
    again without a look at the one of today."""
    authority = Authority()
    nginx = start(authority)
    for _ in range(5):
        is_(get(nginx, "/", bearer=authority.token().token).status, 200,
            "admitted")
        authority.call("POST", "close")
    opened = [one["resumed"] for one in authority.call("GET", "log")
              ["connections"] if one["tls"]]
    ok(len(opened) >= 5, "connections")
    is_(set(opened), {False}, "none of them resumes a session")


def worker_ticks(nginx):
    with open(f"/proc/{nginx.workers()[0]}/stat") as read:
        fields = read.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


@test
def the_trust_store_is_not_read_for_each_handshake():
    """A bundle of the size of the system's cost 30 ms of the worker's time
    per handshake when libcurl read it; a small one next to nothing.  Ratio
    of processor time, both in one run."""
    authority = Authority()
    system = "/etc/ssl/certs/ca-certificates.crt"
    if not os.path.exists(system):
        skip("no bundle of certificates on this machine")
    large = os.path.join(authority.dir, "large.pem")
    with open(large, "w") as out:
        out.write(open(system).read() + open(authority.ca).read())
    ticks = []
    for bundle in (authority.ca, large):
        nginx = start(authority, words=f"ssl_trusted_certificate {bundle};")
        before = worker_ticks(nginx)
        for _ in range(60):
            token = authority.token()
            is_(get(nginx, "/", bearer=token.token).status, 200, "status") \
                if _ == 0 else get(nginx, "/", bearer=token.token)
            authority.call("POST", "close")
        ticks.append(worker_ticks(nginx) - before)
    diag(f"1/100 s for 60 handshakes: {ticks}")
    ok(ticks[1] <= 3 * ticks[0] + 20, "a large bundle costs no more")


run()
