#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for providers with several endpoints.  The failures this file exists
# for: an authority that is there is not asked because another one is not; and
# an answer that was given is asked for again until somebody says yes.

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

PATH = "/client/v4/user/tokens"

SERVER = """
    location / {{
        auth_token p;
        add_header X-Verdict $auth_token_verdict always;
        add_header X-Cache $auth_token_cache always;
        proxy_pass http://127.0.0.1:{backend};
    }}
"""

FAILS = [{"match": {"at": "accept"}, "actions": [{"rst": True}]}]


def answers(status, body="<html>busy</html>", kind="text/html", **more):
    return [{"match": {}, "answer": {
        "status": status, "body": body,
        "headers": ["-Content-Type", f"Content-Type: {kind}"], **more}}]


class Pair:
    """Two authorities, one and two, that know the same."""

    def __init__(self, *parameters, words="cache valid=0 negative=0;",
                 preset="cloudflare", path=PATH, endpoints=None,
                 breaker="breaker failures=0;", start=True):
        self.one, self.two = Authority(), Authority()
        self.two.call("POST", "credentials", [self.one.credential_value])
        endpoints = endpoints or [f"http://127.0.0.1:{self.one.plain}{path}",
                                  f"http://127.0.0.1:{self.two.plain}{path}"]
        self.nginx = Nginx(self.one, server=SERVER, start=start, http=provider(
            endpoints, parameters, preset, words + breaker))

    def token(self, **entry):
        token = self.one.token(**entry)
        self.two.token(**entry, token=token.token, id=token.id)
        return token

    def ask(self, token=None):
        return get(self.nginx, "/", bearer=(token or self.token()).token)

    def verdict(self, token=None):
        return self.ask(token).header("x-verdict")

    def end(self):
        """The first one is not there any more."""
        self.one.rules(*FAILS)
        self.one.call("POST", "close", {"rst": True})

    def asked(self):
        """How often each of them was asked since the last time."""
        counts = [self.one.counts()["requests"], self.two.counts()["requests"]]
        self.one.clear()
        self.two.clear()
        return counts


def provider(endpoints, parameters=(), preset="cloudflare", words=""):
    lines = "".join(f"    endpoint {url} {' '.join(parameters)};\n"
                    for url in endpoints)
    return (f"auth_token_provider p {{{{\n    preset {preset};\n{lines}"
            f"    credential bearer file:{{credential}};\n    {words}\n}}}}\n")


@test
def the_first_that_is_there():
    pair = Pair()
    is_(pair.verdict(), "ALLOWED", "both are there")
    is_(pair.asked(), [2, 0], "the first is asked")
    pair.end()
    is_(pair.verdict(), "ALLOWED", "the first fails")
    is_(pair.asked(), [0, 2], "the second is asked")
    like(pair.nginx.error_log(), r"\[warn\].*provider \"p\", endpoint "
         rf"\"127\.0\.0\.1:{pair.one.plain}\": (connection .*|could not connect), "
         r"temporarily disabled", "the log tells")
    before = pair.one.counts()["accepted"]
    is_([pair.verdict() for _ in range(3)], ["ALLOWED"] * 3, "and then")
    is_(pair.one.counts()["accepted"], before, "the first is left alone")
    is_(len(re.findall("temporarily disabled", pair.nginx.error_log())), 1,
        "and one line was written")


@test
def one_that_comes_back():
    pair = Pair("fail_timeout=1s")
    pair.one.rules(*FAILS)
    is_(pair.verdict(), "ALLOWED", "the first fails")
    before = pair.one.counts()["accepted"]
    ok(poll(lambda: pair.verdict() and pair.one.counts()["accepted"] > before,
            10), "it is tried again after a while")
    is_(pair.verdict(), "ALLOWED", "by then")
    pair.one.rules()
    ok(poll(lambda: pair.verdict() and pair.asked()[0], 10), "it comes back")
    is_([pair.verdict() for _ in range(3)], ["ALLOWED"] * 3, "from then on")
    is_(pair.asked(), [6, 0], "it is the first again")


@test
def how_many_failures_it_takes():
    for parameter, wanted in (("max_fails=3", 3), ("max_fails=0", 6)):
        pair = Pair(parameter)
        pair.one.rules(*answers(503))
        is_([pair.verdict() for _ in range(3)], ["ALLOWED"] * 3, parameter)
        is_(pair.asked()[0], wanted, "questions that it was asked")


@test
def what_is_no_answer():
    for name, rules in (
            ("502", answers(502)), ("503", answers(503)),
            ("504", answers(504)),
            ("503 with Retry-After", answers(503, base="default")),
            ("a connection that ends", [{"match": {}, "actions": [
                {"close": True}]}]),
            ("a part of an answer", [{"match": {}, "answer": {
                "base": "default", "cut": -10}}])):
        pair = Pair()
        pair.one.rules(*rules)
        is_(pair.verdict(), "ALLOWED", name)
        is_(pair.two.counts()["requests"], 2, "the second was asked")
        is_(pair.verdict(pair.token(status="disabled")), "INACTIVE",
            "and what it says is heeded")


@test
def what_is_an_answer():
    """The second would have let them in, and is never asked."""
    refused = ('{"success":false,"errors":[{"code":1000,"message":"Invalid"}],'
               '"messages":[],"result":null}')
    for name, rules, wanted in (
            ("a refusal", answers(401, refused, "application/json"),
             "UNKNOWN"),
            ("403", answers(403, refused, "application/json"), "UNAVAILABLE"),
            ("429", answers(429, refused, "application/json"), "UNAVAILABLE"),
            ("500", answers(500), "UNAVAILABLE"),
            ("404", answers(404), "UNAVAILABLE"),
            ("a redirect", answers(302), "UNAVAILABLE"),
            ("a page", answers(200), "UNAVAILABLE"),
            ("what is not HTTP", [{"match": {}, "actions": [
                {"garbage": 100}, {"close": True}]}], "UNAVAILABLE"),
            ("too much", [{"match": {}, "actions": [
                {"endless": "headers", "max": 200000}]}], "UNAVAILABLE"),
            ("a disabled token", [{"match": {}, "answer": {
                "base": "default", "set": {"/result/status": "disabled"}}}],
             "INACTIVE")):
        pair = Pair()
        pair.one.rules(*rules)
        is_(pair.verdict(), wanted, name)
        is_(pair.two.counts()["requests"], 0, "the second was not asked")
        is_(pair.one.counts()["backend"], 0, "requests at the backend")


@test
def a_status_that_a_step_lists():
    """What the configuration gives a meaning is an answer as well."""
    pair = Pair(start=False)
    urls = [f"http://127.0.0.1:{port}"
            for port in (pair.one.plain, pair.two.plain)]
    for words, wanted in (("later 503;", "UNAVAILABLE"),
                          ("unknown 503;", "UNKNOWN"), ("", "ALLOWED")):
        pair.nginx.configure(http="".join((
            "auth_token_provider p {{ cache valid=0 negative=0;",
            f" endpoint {urls[0]}; endpoint {urls[1]}; credential none;",
            " step s; request GET /a; send_credential token; ", words, "}}")))
        ok(pair.nginx.process is None and not pair.nginx.start()
           or pair.nginx.reload(), words)
        pair.one.rules(*answers(503, "{}", "application/json"))
        pair.two.rules(*answers(200, "{}", "application/json"))
        is_(pair.verdict(), wanted, f"verdict, {words}")


@test
def each_step_by_itself():
    pair = Pair()
    pair.one.rules({"match": {"path": {"re": "[0-9a-f]{32}$"}},
                    "answer": {"status": 503}})
    is_(pair.verdict(), "ALLOWED", "the first cannot give details")
    is_(pair.asked(), [2, 1], "the second can")


@test
def a_form_is_sent_again():
    pair = Pair(preset="introspection", path="/introspect")
    pair.one.rules(*answers(502))
    token = pair.token()
    is_(pair.verdict(token), "ALLOWED", "verdict")
    bodies = [authority.log()[0]["body"]
              for authority in (pair.one, pair.two)]
    is_(bodies[1], bodies[0], "the same form")
    like(bodies[1], f"token={token.token}", "with the token")


@test
def one_that_hangs():
    """It leaves time for the next, and is then left alone."""
    pair = Pair(words="timeout 3s; cache valid=0;")
    pair.one.rules({"match": {}, "actions": [{"hold": 20000}]})
    begin = time.monotonic()
    is_(pair.verdict(), "ALLOWED", "the first hangs")
    took = time.monotonic() - begin
    ok(1.2 < took < 3, f"half of the time was left: {took:.2f} s")
    begin = time.monotonic()
    is_(pair.verdict(), "ALLOWED", "and then")
    ok(time.monotonic() - begin < 1, "nobody waits for it")

    pair = Pair(words="timeout 1s;")
    for authority in (pair.one, pair.two):
        authority.rules({"match": {}, "actions": [{"hold": 20000}]})
    begin = time.monotonic()
    is_(pair.verdict(), "UNAVAILABLE", "both hang")
    ok(time.monotonic() - begin < 2, "one deadline for both")


@test
def none_that_is_there():
    pair = Pair(breaker="breaker failures=3 delay=30s;")
    pair.one.rules(*FAILS)
    pair.two.rules(*FAILS)
    is_(pair.verdict(), "UNAVAILABLE", "verdict")
    is_(pair.one.counts()["backend"], 0, "requests at the backend")
    before = pair.two.counts()["accepted"]
    is_(pair.ask().status, 503, "they are asked all the same")
    ok(pair.two.counts()["accepted"] > before, "the second one too")
    pair.two.rules()
    is_(pair.verdict(), "ALLOWED", "and found when they are there")
    is_(pair.verdict(), "ALLOWED", "two failures are two, and open no breaker")


@test
def one_that_is_passed_over_is_better_than_none():
    pair = Pair("fail_timeout=60s")
    pair.one.rules(*FAILS)
    pair.two.rules(*FAILS)
    is_(pair.verdict(), "UNAVAILABLE", "both fail, and are passed over")
    pair.one.rules()
    is_(pair.verdict(), "ALLOWED", "the first is back")
    pair.asked()
    pair.one.rules(*answers(503))
    pair.two.rules()
    is_(pair.verdict(), "ALLOWED", "it fails, and the second is back")
    is_(pair.asked()[1], 2, "which is asked though it is passed over")


@test
def what_was_found_is_found_again():
    pair = Pair(words="cache valid=300s;")
    token, other = pair.token(), pair.token()
    is_(pair.ask(token).header("x-cache"), "MISS", "from the first")
    pair.end()
    pair.asked()
    is_(pair.ask(other).header("x-cache"), "MISS", "from the second")
    is_(pair.asked(), [0, 2], "which was asked")
    pair.one.rules()
    for one in (token, other):
        is_(pair.ask(one).header("x-cache"), "HIT", "again")
    urls = [f"http://127.0.0.1:{port}{PATH}"
            for port in (pair.one.plain, pair.two.plain)]
    pair.nginx.configure(http=provider(urls[::-1], words="cache valid=300s;"))
    ok(pair.nginx.reload(), "in another order")
    for one in (token, other):
        is_(pair.ask(one).header("x-cache"), "HIT", "is the same")
    pair.nginx.configure(http=provider(urls[:1], words="cache valid=300s;"))
    ok(pair.nginx.reload(), "with one of them")
    is_(pair.ask(token).header("x-cache"), "MISS", "is another authority")


@test
def one_that_is_not_who_it_says():
    pair = Pair(start=False)
    pair.one.call("POST", "tls", {"cert": "wronghost"})
    bundle = pair.one.secret_file("both.pem", "".join(
        open(authority.ca).read() for authority in (pair.one, pair.two)))
    pair.one.forbidden.pop()
    pair.nginx.configure(http=provider(
        [f"https://localhost:{authority.tls}{PATH}"
         for authority in (pair.one, pair.two)],
        words=f"ssl_trusted_certificate {bundle};"))
    pair.nginx.start()
    is_(pair.verdict(), "ALLOWED", "the second is")
    is_(pair.asked(), [0, 2], "the first is told nothing")


@test
def sockets_beside_ports():
    pair = Pair(start=False)
    pair.nginx.configure(http=provider([
        f"http://unix:{pair.one.socket}.gone:{PATH}",
        f"http://unix:{pair.two.socket}:{PATH}",
        f"http://127.0.0.1:{pair.one.plain}{PATH}"]))
    pair.nginx.start()
    is_(pair.verdict(), "ALLOWED", "a socket that is not there")
    is_(pair.asked(), [0, 2], "the next one is")
    pair.two.rules(*answers(503))
    is_(pair.verdict(), "ALLOWED", "that fails too")
    is_(pair.asked(), [2, 1], "the last is asked")


@test
def what_nginx_says():
    pair = Pair(start=False)
    nginx = pair.nginx
    nginx.emerg_ok = "they are the test"
    a, b = "https://a.test/x", "https://b.test/x"
    for endpoints, words, says in (
            ([a, b], "", None),
            ([a, b], "resolve b.test=127.0.0.1;", None),
            ([a + " max_fails=2 fail_timeout=1m", b], "", None),
            ([a, a], "", '"endpoint" directive is duplicate'),
            ([a, "http://b.test/x"], "", "sends tokens in clear text"),
            ([a, "ftp://b.test/x"], "", 'invalid endpoint "ftp://b.test/x"'),
            ([a, b + "?c"], "", 'step "verify" cannot add a path'),
            ([a, "http://unix:/a.sock:/x"], "proxy http://127.0.0.1:1;",
             "invalid proxy"),
            ([a, b], "resolve c.test=127.0.0.1;", 'connects to "a.test"'),
            ([a + " max_fails=-1"], "", 'invalid parameter "max_fails=-1"'),
            ([a + " max_fails="], "", 'invalid parameter "max_fails="'),
            ([a + " max_fails=1 max_fails=1"], "",
             'invalid parameter "max_fails=1"'),
            ([a + " fail_timeout=x"], "", 'invalid parameter "fail_time'),
            ([a + " fail_timeout="], "", 'invalid parameter "fail_timeout="'),
            ([a + " fail_timeout=1 fail_timeout=1"], "",
             'invalid parameter "fail_timeout=1"'),
            ([a + " backup"], "", 'invalid parameter "backup"'),
            (['""'], "", '"endpoint" directive is empty'),
            ([f"{a}/{i}" for i in range(32)], "", None),
            ([f"{a}/{i}" for i in range(33)], "", "is given too often")):
        nginx.configure(http=provider(endpoints, words=words))
        status, said = nginx.test_configuration()
        name = f"{endpoints[-1]} {words}"
        if says is None:
            is_(status, 0, f"fine: {name}") or diag(said)
        else:
            ok(status == 1 and says in said and "nginx.conf:" in said,
               f"{says}: {name}") or diag(said)


if not module_built():
    plan_skip_all("the module is not built")
run()
