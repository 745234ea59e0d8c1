#!/usr/bin/env python3
#
# Tests for look-ups beside other work: a slow authority holds up nobody else,
# requests for one token share one look-up, and each has its deadline.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

from harness import *  # noqa: E402, F403

if not module_built():
    plan_skip_all("the module is not built")

VERIFY = "/client/v4/user/tokens/verify"

SERVER = PROTECTED + """
        add_header X-Verdict "$auth_token_verdict $auth_token_cache" always;
"""


def start(**settings):
    authority = Authority()
    return authority, Nginx(authority, server=SERVER, **settings)


def slowly(authority, milliseconds, **match):
    authority.rules({"match": {"path": VERIFY, **match},
                     "actions": [{"delay": milliseconds},
                                 {"answer": "default"}]})


def verdict(response):
    return response.status, response.header("X-Verdict")


@test
def a_slow_authority_blocks_nobody_else():
    a, n = start()
    slow, known = a.token(), a.token()
    is_(get(n, bearer=known.token).status, 200, "a token gets known")
    slowly(a, 2500, token=slow.token)
    with Client(n) as waits:
        waits.send(bearer=slow.token)
        poll(lambda: a.counts()["tokens"].get(slow.token))
        begun = time.monotonic()
        for _ in range(20):
            is_(get(n, "/-/alive").status, 200, "no token needed")
            is_(get(n, bearer=known.token).status, 200, "a known token")
        fresh = a.token()
        is_(get(n, bearer=fresh.token).status, 200, "another look-up")
        took = time.monotonic() - begun
        ok(took < 2.4, f"meanwhile ({took:.2f} s)")
        is_(waits.receive().status, 200, "the slow one too")


@test
def one_look_up_for_requests_of_one_token():
    a, n = start()
    good, bad = a.token(), a.token(status="disabled")
    slowly(a, 500)
    results = parallel(60, lambda i: verdict(
        get(n, bearer=(good if i % 2 else bad).token)))
    is_(sorted(set(results)),
        [(200, "ALLOWED COALESCED"), (200, "ALLOWED MISS"),
         (401, "INACTIVE COALESCED"), (401, "INACTIVE MISS")], "verdicts")
    is_([results.count((200, "ALLOWED MISS")),
         results.count((401, "INACTIVE MISS"))], [1, 1], "one has asked")
    is_(a.counts()["paths"][VERIFY], 2, "one look-up for each token")
    is_(a.counts()["backend"], 30, "the backend")
    is_(verdict(get(n, bearer=good.token)), (200, "ALLOWED HIT"), "a hit")


@test
def failures_are_shared_as_well():
    a, n = start()
    t = a.token()
    a.rules({"match": {}, "actions": [{"delay": 400},
                                      {"answer": {"status": 500}}]})
    results = parallel(20, lambda i: get(n, bearer=t.token))
    is_({one.status for one in results}, {503}, "all are told")
    is_({one.header("Retry-After") for one in results}, {"1"}, "Retry-After")
    is_(a.counts()["requests"], 1, "one look-up")


@test
def timeout():
    a, n = start(words="timeout 600ms;")
    t = a.token()
    a.rules({"match": {}, "actions": [{"hold": True}]})
    begun = time.monotonic()
    response = get(n, bearer=t.token)
    took = time.monotonic() - begun
    is_(verdict(response), (503, "UNAVAILABLE MISS"), "no answer")
    is_(response.header("Retry-After"), "1", "Retry-After")
    ok(0.55 < took < 3, f"in time ({took:.2f} s)")
    ok(n.wait_log(r'step "verify": timed out \(status 0'), "logged")


@test
def timeout_is_for_all_steps_together():
    a, n = start(words="timeout 1s;")
    t = a.token()
    a.rules({"match": {}, "actions": [{"delay": 700},
                                      {"answer": "default"}]})
    begun = time.monotonic()
    is_(get(n, bearer=t.token).status, 503, "two steps of 0.7 s")
    took = time.monotonic() - begun
    ok(0.95 < took < 3, f"in time ({took:.2f} s)")
    is_(a.counts()["backend"], 0, "the backend")


@test
def an_answer_in_drops_is_no_way_around_it():
    a, n = start(words="timeout 700ms;")
    t = a.token()
    a.rules({"match": {}, "actions": [{"drip": "default", "gap": 20}]})
    begun = time.monotonic()
    is_(get(n, bearer=t.token).status, 503, "one byte every 20 ms")
    ok(time.monotonic() - begun < 3, "in time")


@test
def a_late_waiter_has_its_own_deadline():
    a, n = start(words="timeout 1s;")
    t = a.token()
    a.rules({"match": {}, "actions": [{"hold": True}]})
    with Client(n) as first, Client(n) as second:
        first.send(bearer=t.token)
        poll(lambda: a.counts()["requests"])
        begun = time.monotonic()
        second.send(bearer=t.token)
        is_(first.receive().status, 503, "the first")
        is_(second.receive().status, 503, "the second")
        ok(time.monotonic() - begun < 3, "both in time")


@test
def nobody_listens():
    a, n = start()
    t = a.token()
    n.configure(http=PROVIDER.replace("{plain}", "1"))
    n.reload()
    growth, begun = Growth(n), time.monotonic()
    response = get(n, bearer=t.token)
    took = time.monotonic() - begun
    is_(response.status, 503, "refused")
    ok(took < 1, f"at once ({took:.2f} s)")
    ok(growth.peak() < ROOM, f"for {growth.peak()} KiB")
    ok(n.wait_log('step "verify": could not connect'), "logged")
    is_(a.counts()["backend"], 0, "the backend")


@test
def a_name_that_nobody_knows():
    a, n = start()
    t = a.token()
    n.configure(http=PROVIDER.replace(
        "http://127.0.0.1:{plain}", "https://no-such-host.invalid"))
    n.reload()
    begun = time.monotonic()
    with Client(n, timeout=15) as client:
        client.send(bearer=t.token)
        for _ in range(10):
            start_ = time.monotonic()
            get(n, "/-/alive")
            ok(time.monotonic() - start_ < 2, "nobody else waits for it")
        is_(client.receive().status, 503, "unavailable")
    ok(time.monotonic() - begun < 8, "within the timeout")
    ok(n.wait_log('step "verify": (could not resolve|timed out)'), "logged")


@test
def lines_of_failures_are_at_most_one_a_second():
    a, n = start(words="breaker failures=0;")
    a.rules({"match": {}, "answer": {"status": 500}})
    tokens = [a.token() for _ in range(40)]
    begun = int(time.time())
    for token in tokens:
        is_(get(n, bearer=token.token).status, 503, "unavailable")
    seconds = int(time.time()) - begun + 1
    lines = [line for line in n.error_log().split("\n")
             if "the authority failed" in line]
    ok(1 <= len(lines) <= seconds,
       f"{len(lines)} lines in at most {seconds} seconds")


@test
def an_expired_token_is_denied_at_its_second():
    a, n = start()
    t = a.token(expires_on="now+3")
    is_(verdict(get(n, bearer=t.token)), (200, "ALLOWED MISS"), "before")
    ok(poll(lambda: verdict(get(n, bearer=t.token))
            == (401, "EXPIRED HIT"), 8), "denied, from the cache")
    is_(a.counts()["requests"], 2, "no new look-up")


run()
