#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for endpoints that an issuer publishes: where the document is looked
# for, which documents are refused, how long it is kept, who waits for it.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

OAUTH = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def provider(issuer="http://127.0.0.1:{plain}/tenant", words="",
             credential="basic nginx file:{client_secret}"):
    return ("auth_token_provider p {{\n    preset introspection;\n"
            f"    issuer {issuer};\n    credential {credential};\n"
            f"    {words}\n}}}}\n")


SERVER = """
    location / {{
        auth_token p;
        add_header X-Verdict "$auth_token_verdict $auth_token_cache" always;
        proxy_pass http://127.0.0.1:{backend};
    }}
"""


def verdict(nginx, token):
    return get(nginx, "/", bearer=token.token).header("x-verdict")


def document(authority, issuer="/tenant", endpoint="/introspect", **more):
    origin = f"http://127.0.0.1:{authority.plain}"
    return {"issuer": origin + issuer,
            "introspection_endpoint": origin + endpoint, **more}


def publish(authority, path, body, **more):
    return {"match": {"path": path},
            "answer": {"body": body, **more.pop("answer", {})}, **more}


def paths(authority):
    return [request["path"] for request in authority.log()]


def started(*rules, words="", **options):
    authority = Authority()
    authority.rules(*[rule(authority) for rule in rules])
    return authority, Nginx(authority, server=SERVER, log_level="warn",
                            http=provider(words=words, **options))


def at(path, **changes):
    return lambda authority: publish(authority, path,
                                     document(authority, **changes))


@test
def where_rfc_8414_has_it():
    authority, nginx = started(at(OAUTH + "/tenant"))
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "a good token")
    is_(paths(authority), [OAUTH + "/tenant", "/introspect"],
        "the document, then the endpoint in it")
    first = authority.log()[0]
    is_(first["method"], "GET", "which is read")
    names = sorted(name.lower() for name, _ in first["headers"])
    is_(names, ["accept", "host", "user-agent"], "without a credential")
    is_(verdict(nginx, authority.token(status="disabled")), "UNKNOWN MISS",
        "a disabled token")
    is_(paths(authority)[2:], ["/introspect"], "the document is kept")


@test
def where_openid_has_it():
    authority, nginx = started(at("/tenant" + OPENID))
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "a good token")
    is_(paths(authority), [OAUTH + "/tenant", "/tenant" + OPENID,
                           "/introspect"], "the second place")


@test
def the_third_place():
    authority, nginx = started(at(OPENID + "/tenant"))
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "a good token")
    is_(paths(authority)[2:], [OPENID + "/tenant", "/introspect"],
        "the third place")


@test
def a_page_of_the_site_at_the_first_place():
    authority, nginx = started(
        lambda authority: {
            "match": {"path": OAUTH + "/tenant"},
            "answer": {"body": "<html>", "headers":
                       ["-Content-Type", "Content-Type: text/html"]}},
        at("/tenant" + OPENID))
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "is passed over")


@test
def an_issuer_without_a_path():
    authority, nginx = started(
        at(OAUTH, issuer=""), issuer="http://127.0.0.1:{plain}")
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "a good token")
    is_(paths(authority), [OAUTH, "/introspect"], "where")


@test
def no_document():
    authority, nginx = started()
    response = get(nginx, "/", bearer=authority.token().token)
    is_(response.status, 503, "denied")
    is_(response.header("retry-after"), "1", "for a second")
    is_(response.header("x-verdict"), "UNAVAILABLE MISS", "the verdict")
    is_(len(paths(authority)), 3, "three places")
    ok("/introspect" not in paths(authority), "no token was sent")
    like(nginx.error_log(), r"\[error\].*provider \"p\", metadata of the "
         r"issuer: there is no document \(status 404, next try in 1000 ms\)",
         "the log says what and when")

    verdict(nginx, authority.token())
    is_(len(paths(authority)), 3, "not asked for again at once")
    authority.rules(at(OAUTH + "/tenant")(authority))
    ok(poll(lambda: verdict(nginx, authority.token()) == "ALLOWED MISS"),
       "but a little later")


def refused(name, reason, *rules, **options):
    authority, nginx = started(*rules, **options)
    is_(verdict(nginx, authority.token()), "UNAVAILABLE MISS", name)
    ok("/introspect" not in paths(authority), f"{name}: no token was sent")
    like(nginx.error_log(), rf"metadata of the issuer: {reason} \(",
         f"{name}: the log")
    return paths(authority)


@test
def documents_that_cannot_be_used():
    where = OAUTH + "/tenant"
    tried = refused("another issuer", "the document is of another issuer",
                    at(where, issuer="/other"), at("/tenant" + OPENID))
    is_(tried, [where], "another issuer: no second place")
    refused("a slash more", "the document is of another issuer",
            at(where, issuer="/tenant/"))
    refused("no endpoint",
            "the document names no introspection endpoint",
            lambda authority: publish(authority, where, {
                "issuer": f"http://127.0.0.1:{authority.plain}/tenant"}))
    for name, url in (("clear text", "http://as.example.com/introspect"),
                      ("a script", "javascript:alert(1)"),
                      ("a user", "https://a@as.example.com/introspect"),
                      ("a fragment", "https://as.example.com/introspect#a"),
                      ("a socket", "http://unix:/run/as.sock:/introspect"),
                      ("a line more", "https://as.example.com/\r\nX: y"),
                      ("no URL", "/introspect")):
        refused(name, "a URL in the document cannot be used",
                lambda authority: publish(authority, where, document(
                    authority, introspection_endpoint=url)))
    refused("key set in clear text", "a URL in the document cannot be used",
            at(where, jwks_uri="http://as.example.com/jwks"))
    refused("too large", "answer is too large",
            at(where, x="x" * 65536))
    refused("the authority fails", "there is no document",
            lambda authority: {"match": {"path": where},
                               "answer": {"status": 500, "body": {}}},
            at("/tenant" + OPENID))
    refused("a redirect everywhere", "there is no document",
            lambda authority: {"match": {"path": {"re": "well-known"}},
                               "answer": {"status": 302, "body": {},
                                          "headers": ["Location: /there"]}})
    refused("names twice", "[^(]*",
            lambda authority: {"match": {"path": {"re": "well-known"}},
                               "answer": {"body": '{"issuer":1,"issuer":2}'}})


@test
def the_deadline_is_one_for_all():
    authority, nginx = started(
        lambda authority: {"match": {"path": {"re": "well-known"}},
                           "actions": [{"hold": True}]},
        words="timeout 400ms;")
    tokens = [authority.token() for _ in range(12)]
    answers = parallel(12, lambda i: get(nginx, "/", bearer=tokens[i].token))
    is_({answer.status for answer in answers}, {503}, "all are denied")
    is_(len(paths(authority)), 1, "one fetch for all of them")
    ok(get(nginx, "/-/alive").status == 200, "the worker lives")


@test
def all_wait_for_one_fetch():
    authority, nginx = started(
        lambda authority: {"match": {"path": OAUTH + "/tenant"},
                           "actions": [{"hold": 300}, {"answer": {
                               "body": document(authority)}}]})
    tokens = [authority.token() for _ in range(12)]
    answers = parallel(12, lambda i: get(nginx, "/", bearer=tokens[i].token))
    is_({answer.header("x-verdict") for answer in answers},
        {"ALLOWED MISS"}, "all are admitted")
    is_(paths(authority).count(OAUTH + "/tenant"), 1, "one fetch")


@test
def clients_that_leave():
    authority, nginx = started(
        lambda authority: {"match": {"path": OAUTH + "/tenant"},
                           "actions": [{"hold": 500}, {"answer": {
                               "body": document(authority)}}]})
    token = authority.token()
    sock = open_socket(nginx)
    sock.sendall(request_bytes("/", bearer=token.token))
    ok(poll(lambda: OAUTH + "/tenant" in paths(authority)), "asked")
    sock.close()
    ok(poll(lambda: "/introspect" in paths(authority)), "the look-up goes on")
    ok(poll(lambda: verdict(nginx, token) == "ALLOWED HIT"), "and is kept")


@test
def it_is_renewed():
    authority, nginx = started(
        lambda authority: publish(authority, OAUTH + "/tenant",
                                  document(authority), times=1),
        lambda authority: publish(authority, OAUTH + "/tenant", document(
            authority, endpoint="/new/introspect")),
        issuer="http://127.0.0.1:{plain}/tenant valid=1s")
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "a good token")

    def moved():
        verdict(nginx, authority.token())
        return "/new/introspect" in paths(authority)

    ok(poll(moved, every=0.05), "the new endpoint is used")
    is_(paths(authority)[1], "/introspect", "after the old one")


@test
def it_serves_while_renewal_fails():
    authority, nginx = started(
        lambda authority: publish(authority, OAUTH + "/tenant",
                                  document(authority), times=1),
        lambda authority: {"match": {"path": {"re": "well-known"}},
                           "answer": {"status": 503, "body": {}}},
        issuer="http://127.0.0.1:{plain}/tenant valid=4s")
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "a good token")
    verdicts = []

    def failed():
        verdicts.append(verdict(nginx, authority.token()))
        return "there is no document" in nginx.error_log()

    ok(poll(failed, every=0.1), "renewal fails")
    verdicts.append(verdict(nginx, authority.token()))
    is_(set(verdicts), {"ALLOWED MISS"}, "nobody notices")
    ok(poll(lambda: verdict(nginx, authority.token()) == "UNAVAILABLE MISS",
            every=0.1), "but not for ever")


@test
def the_cache_knows_the_issuer():
    authority, nginx = started(at(OAUTH + "/tenant"))
    token = authority.token()
    is_(verdict(nginx, token), "ALLOWED MISS", "asked")
    authority.rules(at(OAUTH + "/tenant", endpoint="/b/introspect")(authority))
    ok(nginx.reload(), "new workers")
    is_(verdict(nginx, token), "ALLOWED HIT", "another endpoint: the same")
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "which is used")
    is_(paths(authority)[-1], "/b/introspect", "now")
    authority.rules(at(OAUTH + "/two", issuer="/two")(authority))
    nginx.configure(http=provider("http://127.0.0.1:{plain}/two"))
    ok(nginx.reload(), "another issuer")
    is_(verdict(nginx, token), "ALLOWED MISS", "is asked anew")


@test
def over_tls():
    authority = Authority()
    origin = f"https://localhost:{authority.tls}"
    authority.rules({"match": {"path": OAUTH}, "answer": {"body": {
        "issuer": origin, "introspection_endpoint": origin + "/introspect"}}})
    nginx = Nginx(authority, server=SERVER, http=provider(
        "https://localhost:{tls}", "ssl_trusted_certificate {ca};"))
    is_(verdict(nginx, authority.token()), "ALLOWED MISS", "a known CA")
    nginx.configure(http=provider("https://localhost:{tls}"))
    ok(nginx.reload(), "an unknown CA")
    authority.clear()
    is_(verdict(nginx, authority.token()), "UNAVAILABLE MISS", "denies")
    is_(paths(authority), [], "and is asked nothing")


@test
def configuration():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=provider(), start=False)
    nginx.emerg_ok = "configurations that are refused"
    is_(nginx.test_configuration()[0], 0, "the issuer alone")
    for name, http, said in (
            ("endpoint too", provider(words="endpoint https://as.test/i;"),
             '"issuer" cannot be used with "endpoint" in provider "p"'),
            ("another preset", provider().replace("introspection", "vault"),
             '"issuer" needs "preset introspection" in provider "p"'),
            ("twice", provider(words="issuer https://as.test;"),
             '"issuer" directive is duplicate'),
            ("empty", provider('""'), '"issuer" directive is empty'),
            ("no URL", provider("as.test"),
             'invalid issuer "as.test" in provider "p"'),
            ("a query", provider("https://as.test/?a=b"),
             'invalid issuer "https://as.test/?a=b" in provider "p"'),
            ("a socket", provider("http://unix:/a:/b"),
             'invalid issuer "http://unix:/a:/b" in provider "p"'),
            ("clear text", provider("http://as.test"),
             'issuer "http://as.test" in provider "p" sends tokens in clear '
             'text, use https or "allow_http on"'),
            ("no time", provider("https://as.test valid=0"),
             'invalid parameter "valid=0"'),
            ("a bad time", provider("https://as.test valid=x"),
             'invalid parameter "valid=x"'),
            ("another parameter", provider("https://as.test renew=1h"),
             'invalid parameter "renew=1h"'),
            ("another name", provider("https://as.test",
                                      "resolve b.test=127.0.0.1;"),
             '"resolve" of "b.test" in provider "p", which connects to '
             '"as.test"')):
        nginx.configure(http=http)
        status, text = nginx.test_configuration()
        ok(status != 0 and said in text, name) or diag(text)
    nginx.configure(http=provider("http://as.test", "allow_http on;"))
    is_(nginx.test_configuration()[0], 0, "allow_http")


run()
