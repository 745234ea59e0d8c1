#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the cache as it protects the authority.  The failure this file
# exists for: many workers ask about one token at a time, or a flood of random
# tokens drives the known ones out, and an authority that allows four calls a
# second blocks the whole site for five minutes.

import os
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

VERIFY = {"path": {"re": "/verify$"}}
DETAILS = {"path": {"re": "/tokens/[0-9a-f]{32}$"}}
ANY = {"path": {"re": "."}}

SERVER = """
        keepalive_requests 10000000;
        location / {{
            auth_token  cloudflare;
            add_header  X-Cache $auth_token_cache always;
            add_header  X-Age $auth_token_age always;
            add_header  X-Pid $pid always;
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""


def start(authority, **settings):
    return Nginx(authority, server=SERVER, **settings)


def cached(nginx, token):
    response = get(nginx, "/", bearer=token, timeout=20)
    return response.status, response.header("x-cache")


def broken(authority, **answer):
    authority.rules({"match": ANY, "answer": {"status": 500, **answer}})


def asked_for_details(authority):
    return sum(count for path, count in authority.counts()["paths"].items()
               if not path.endswith("/verify"))


def retry_after(nginx, token):
    response = get(nginx, "/", bearer=token)
    is_(response.status, 503, "denied")
    return int(response.header("retry-after"))


def crowd(nginx, token, count):
    """Clients that have sent their requests at one time."""
    clients = [Client(nginx, 20) for _ in range(count)]
    for client in clients:
        client.send("/", bearer=token)
    return clients


@test
def one_lookup_for_a_thousand_in_four_workers():
    authority = Authority()
    nginx = start(authority, workers=4, words="timeout 10s;",
                  listen=" reuseport")
    token = authority.token()
    authority.rules({"match": VERIFY, "actions": [{"delay": 1500},
                                                  {"answer": "default"}]})
    responses = [client.receive()
                 for client in crowd(nginx, token.token, 1000)]
    is_([one.status for one in responses], [200] * 1000, "all are admitted")
    is_(authority.counts()["paths"],
        {"/client/v4/user/tokens/verify": 1,
         f"/client/v4/user/tokens/{token.id}": 1}, "look-ups")
    kinds = [one.header("x-cache") for one in responses]
    ok(1 <= kinds.count("MISS") <= 2, "one asked, or one for each step")
    ok(kinds.count("COALESCED") > 500, "most of the others waited")
    pids = {one.header("x-pid") for one in responses}
    diag(f"{len(pids)} workers, {kinds.count('COALESCED')} waited, "
         f"{kinds.count('HIT')} came later")
    ok(len(pids) > 1, "in more than one worker")


@test
def a_leader_that_is_killed_blocks_no_token():
    authority = Authority()
    nginx = start(authority, workers=2, words="timeout 10s;",
                  listen=" reuseport")
    nginx.alert_ok = "a worker is killed"
    token = authority.token()
    authority.rules({"match": VERIFY, "times": 1, "actions": [{"hold": True}]})
    clients = crowd(nginx, token.token, 40)
    ok(poll(lambda: authority.counts()["requests"] == 1, 5), "under way")
    before = nginx.workers()
    # the leader is who has a connection to the authority
    port = f":{authority.plain:04X} "
    leader = None
    for pid in before:
        with open(f"/proc/{pid}/net/tcp") as read:
            inodes = {line.split()[9] for line in read if port in line}
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                link = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            if link.startswith("socket:[") and link[8:-1] in inodes:
                leader = pid
    ok(leader, "the leader is found")
    start_time = time.monotonic()
    nginx.send_signal(signal.SIGKILL, leader)
    statuses = []
    for client in clients:
        try:
            statuses.append(client.receive().status)
        except OSError:
            statuses.append(0)
    took = time.monotonic() - start_time
    diag(f"{statuses.count(200)} admitted, {statuses.count(0)} lost with "
         f"their worker, {took:.3f} s")
    is_(set(statuses) - {0}, {200}, "the others are admitted")
    ok(took < 10, "before the deadline of the look-up")
    is_(get(nginx, "/", bearer=token.token, timeout=15).status, 200,
        "the token is not stuck")


@test
def one_client_leaves():
    authority = Authority()
    nginx = start(authority, workers=2, words="timeout 10s;")
    token = authority.token()
    authority.rules({"match": VERIFY, "actions": [{"delay": 800},
                                                  {"answer": "default"}]})
    first = Client(nginx)
    first.send("/", bearer=token.token)
    ok(poll(lambda: authority.counts()["requests"] == 1, 5), "under way")
    others = crowd(nginx, token.token, 20)
    first.close()
    is_([client.receive().status for client in others], [200] * 20,
        "the others are admitted")
    is_(authority.counts()["requests"], 2, "by the same look-up")


@test
def refresh_ahead():
    authority = Authority()
    nginx = start(authority, workers=2,
                  words="cache valid=60s refresh=1s; timeout 10s;")
    token = authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    # all of the crowd comes before the first step is answered
    authority.rules({"match": ANY, "actions": [{"delay": 600 * PATIENCE},
                                               {"answer": "default"}]})
    seen = []

    def renewed():
        began = time.monotonic()
        response = get(nginx, "/", bearer=token.token)
        seen.append((response.status, response.header("x-cache"),
                     time.monotonic() - began))
        return response.header("x-cache") == "REFRESH"

    ok(poll(renewed, 10), "renewed")
    crowded = [client.receive().header("x-cache")
               for client in crowd(nginx, token.token, 30)]
    # details are a little younger than verify, and may be due for another
    others = set(crowded) - {"HIT"}
    ok(others <= {"REFRESH"} and crowded.count("REFRESH") <= 1,
       f"the others have it from the cache {others or ''}")
    poll(lambda: authority.counts()["requests"] >= 4, 5 * PATIENCE)
    is_(authority.counts()["requests"], 4, "each step was asked once more")
    ok(max(one[2] for one in seen) < 0.5, "nobody waited")


@test
def refresh_is_not_beyond_valid():
    authority = Authority()
    nginx = start(authority, words="cache valid=2s refresh=1s;"
                  "breaker failures=0;")
    token = authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    broken(authority)
    ok(poll(lambda: cached(nginx, token.token)[0] == 503, 10),
       "denied after its life though it was to be renewed")


@test
def refresh_is_not_beyond_expires_on():
    authority = Authority()
    nginx = start(authority, words="cache valid=1h refresh=1s;")
    expires = int(time.time()) + 5
    token = authority.token(expires_on="now+4")
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    seen = []
    ok(poll(lambda: seen.append((*cached(nginx, token.token), time.time()))
            or seen[-1][0] == 401, 10), "denied though it was to be renewed")
    ok("REFRESH" in [kind for _, kind, _ in seen], "which it was")
    is_([at for status, _, at in seen if status == 200 and at > expires + 0.5],
        [], "never admitted when it had expired")
    is_([cached(nginx, token.token)[0] for _ in range(20)], [401] * 20,
        "nor after that")


@test
def stale_on_error():
    authority = Authority()
    nginx = start(authority, words="cache valid=1s stale=1h;"
                  "breaker failures=0;")
    token, expiring = authority.token(), authority.token(expires_on="now+5")
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    is_(cached(nginx, expiring.token), (200, "MISS"), "one that expires")
    broken(authority)
    ok(poll(lambda: cached(nginx, token.token) == (200, "STALE"), 10),
       "used beyond its life")
    response = get(nginx, "/", bearer=token.token)
    ok(int(response.header("x-age")) >= 1, "its age is told")
    ok(poll(lambda: cached(nginx, expiring.token)[0] == 401, 10),
       "never beyond expires_on")
    is_(get(nginx, "/", bearer="x" * 45).status, 503, "nothing to use")
    authority.rules({"match": VERIFY, "answer": {
        "status": 401, "body": {"success": False, "errors": [
            {"code": 1000, "message": "Invalid API Token"}],
            "messages": [], "result": None}}})
    ok(poll(lambda: cached(nginx, token.token)[0] == 401, 10), "a definite no")
    broken(authority)
    ok(poll(lambda: cached(nginx, token.token)[0] != 401, 15),
       "which is forgotten in time")
    is_(cached(nginx, token.token)[0], 503, "and then nothing is left to use")


@test
def stale_while_the_breaker_is_open():
    authority = Authority()
    nginx = start(authority, words="cache valid=1s stale=1h;"
                  "breaker failures=1 delay=1h;")
    tokens = [authority.token() for _ in range(3)]
    for token in tokens:
        is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    broken(authority)
    asked = authority.counts()["requests"]
    ok(poll(lambda: [cached(nginx, token.token) for token in tokens]
            == [(200, "STALE")] * 3, 10), "used beyond their lives")
    is_(authority.counts()["requests"], asked + 1, "one was asked for")


def revoked(authority, tokens):
    # of the valid=1s of all who do this
    authority.oracle(lag=12 if VALGRIND else 2)
    for token in tokens:
        authority.token(token=token.token, id=token.id, status="disabled")


def until_denied(nginx, token):
    """What is said of a token until it is denied, without what was HIT."""
    seen = []
    ok(poll(lambda: seen.append(cached(nginx, token))
            or seen[-1][0] != 200, 10), "denied in the end")
    return [one for one in seen if one != (200, "HIT")]


@test
def stale_is_not_for_those_over_the_budget():
    authority = Authority()
    nginx = start(authority, words="cache valid=1s stale=1h;"
                  "limit_lookups rate=1r/m burst=2;")
    token = authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "all of the budget")
    revoked(authority, [token])
    is_(until_denied(nginx, token.token), [(503, "-")], "never used stale")
    is_(authority.counts()["requests"], 2, "nobody was asked again")


@test
def stale_is_not_for_those_who_queue():
    authority = Authority()
    nginx = start(authority, words="cache valid=1s negative=1s stale=1h;"
                  "limit_lookups rate=4r/s burst=1 queue=100; timeout 900ms;")
    tokens = [authority.token() for _ in range(6)]
    for token in tokens:
        ok(poll(lambda: cached(nginx, token.token)[0] == 200, 10), "known")
    revoked(authority, tokens)
    then = time.monotonic()
    ok(poll(lambda: time.monotonic() > then + 1.2, 5), "past their lives")
    answers = parallel(6, lambda i: cached(nginx, tokens[i].token))
    is_({status for status, _ in answers} - {401, 503}, set(),
        f"never used stale: {answers}")
    ok(503 in [status for status, _ in answers], "some came too late")


@test
def stale_is_not_for_those_who_queued_a_step_before():
    """The budget took most of the time, and details came too late to say that
    the token is disabled."""
    authority = Authority()
    nginx = start(authority, words="cache valid=1s negative=1s stale=1h;"
                  "timeout 1s; breaker failures=0;"
                  "limit_lookups rate=2r/s burst=4 queue=100;")
    token = authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "known")
    other = authority.token(id=token.id)
    revoked(authority, [token, other])
    authority.rules({"match": {"path": {"re": token.id + "$"}}, "actions": [
        {"delay": 650}, {"answer": "default"}]})
    then = time.monotonic()
    ok(poll(lambda: time.monotonic() > then + 2.5, 5), "the budget is back")
    answers = parallel(3, lambda i: poll(lambda: i < 2 or authority.counts()
                                         ["requests"] >= 4, 1)
                       and cached(nginx, other.token if i == 2
                                  else os.urandom(20).hex()))
    ok(answers[2][0] in (401, 503), f"never used stale: {answers}")


@test
def stale_is_not_for_those_who_wait_for_a_connection():
    """Strangers take all connections of an authority that is well."""
    for failures in (0, 10):
        authority = Authority()
        nginx = start(authority, words="cache valid=1s negative=1s stale=1h;"
                      "max_connections 1; timeout 1s;"
                      f"breaker failures={failures};")
        token, other = authority.token(), authority.token()
        for one in (token, other):
            is_(cached(nginx, one.token), (200, "MISS"), "known")
        revoked(authority, [token])
        authority.rules({"match": VERIFY, "actions": [
            {"delay": 200}, {"answer": "default"}]})
        then = time.monotonic()
        ok(poll(lambda: time.monotonic() > then + 1.2, 5), "past its life")
        asked = authority.counts()["requests"]
        answers = parallel(25, lambda i: poll(
            lambda: i < 24 or authority.counts()["requests"] > asked, 1)
            and cached(nginx, token.token if i == 24 else f"{i:02}" * 20))
        is_(answers[24][0], 503, "who was revoked is not let in")
        is_(cached(nginx, other.token), (200, "MISS"),
            f"failures={failures}: and the breaker is closed")


@test
def stale_is_for_those_who_wait_for_one_that_hangs():
    """Nobody is answered any more: that is the authority's own fault."""
    authority = Authority()
    nginx = start(authority, words="cache valid=1s stale=1h; timeout 1s;"
                  "max_connections 1; breaker failures=0;")
    tokens = [authority.token() for _ in range(3)]
    for token in tokens:
        is_(cached(nginx, token.token), (200, "MISS"), "known")
    authority.rules({"match": {}, "actions": [{"hold": True}]})
    then = time.monotonic()
    ok(poll(lambda: time.monotonic() > then + 1.2, 5), "past their lives")
    is_(parallel(3, lambda i: cached(nginx, tokens[i].token)),
        [(200, "STALE")] * 3, "all go on")


@test
def foreign_tokens_are_strangers():
    """They verify, and have no details here: each second they would take of
    the half that is for those who are known."""
    authority = Authority()
    nginx = start(authority, words="cache valid=3s;"
                  "limit_lookups rate=2r/s burst=20;")
    known = authority.token()
    is_(cached(nginx, known.token), (200, "MISS"), "known")
    theirs = [authority.token() for _ in range(6)]
    gone = {"success": False, "messages": [], "result": None,
            "errors": [{"code": 1000, "message": "not found"}]}
    authority.rules({"match": {"path": {"re": "|".join(
        one.id for one in theirs)}}, "answer": {"status": 404, "body": gone}})
    ended = time.monotonic() + 10
    seen = set()

    def foreign(i):
        while time.monotonic() < ended:
            for one in theirs if i else [known]:
                answer = cached(nginx, one.token)[0]
                if i == 0:
                    seen.add(answer)
            poll(lambda: False, 0.05)

    parallel(2, foreign)
    is_(seen, {200}, "who is known is let in all the while")


@test
def stale_is_not_for_those_who_find_no_room():
    authority = Authority()
    nginx = start(authority, words="cache valid=1s stale=1h; max_lookups 1;"
                  "timeout 20s;")
    token, slow = authority.token(), authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    revoked(authority, [token])
    authority.rules({"match": {**VERIFY, "token": [slow.token]},
                     "actions": [{"hold": True}]})
    with Client(nginx) as client:
        client.send("/", bearer=slow.token)
        ok(poll(lambda: authority.counts()["requests"] == 3, 5), "under way")
        is_(until_denied(nginx, token.token), [(503, "-")], "never used stale")
    is_(authority.counts()["requests"], 3, "nobody was asked again")


@test
def refusals_have_a_life_of_their_own():
    authority = Authority()
    nginx = start(authority, words="cache valid=1h negative=2s;")
    good, disabled = authority.token(), authority.token(status="disabled")
    stranger = "s" * 45
    is_(cached(nginx, good.token), (200, "MISS"), "a good one")
    is_(cached(nginx, disabled.token), (401, "MISS"), "a disabled one")
    is_(cached(nginx, stranger), (401, "MISS"), "an unknown one")
    is_(cached(nginx, disabled.token), (401, "HIT"), "kept as a record")
    is_(cached(nginx, stranger), (401, "NEGATIVE"), "kept as a refusal")
    authority.token(token=disabled.token, id=disabled.id)
    authority.token(token=stranger)
    is_(cached(nginx, stranger)[0], 401, "known by now, but not here")
    is_(cached(nginx, disabled.token)[0], 401, "enabled, but not here")
    asked = authority.counts()["requests"]
    ok(poll(lambda: cached(nginx, stranger)[0] == 200, 10), "in time it is")
    ok(poll(lambda: cached(nginx, disabled.token)[0] == 200, 10), "both are")
    ok(authority.counts()["requests"] - asked <= 4, "each was asked for once")
    is_(cached(nginx, good.token), (200, "HIT"), "not so the good one")


@test
def no_stale_answers_by_default():
    authority = Authority()
    nginx = start(authority, words="cache valid=1s; breaker failures=0;")
    token = authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    broken(authority)
    ok(poll(lambda: cached(nginx, token.token)[0] == 503, 10), "denied")


# answers at once about tokens that it does not know, which the authority in
# Python would not; the others are told from them by how they begin
FRONT = """
        keepalive_requests 10000000;
        location = /client/v4/user/tokens/verify {{
            default_type  application/json;
            if ($http_authorization !~ "^Bearer cfut_") {{
                return 401 '{{"success":false,"errors":[{{"code":1000,"message":
                              "Invalid API Token"}}],"messages":[],
                              "result":null}}';
            }}
            proxy_pass  http://127.0.0.1:{plain};
        }}
        location / {{
            proxy_pass  http://127.0.0.1:{plain};
        }}
"""


def flooding(nginx, end, rate, statuses):
    """Random tokens, so many a second, a batch at a time on a connection."""
    batch, n, began = 40, 0, time.monotonic()
    with open_socket(nginx, 30) as sock:
        while time.monotonic() < end:
            sock.sendall(b"".join(
                request_bytes("/", bearer=os.urandom(24).hex(), close=False)
                for _ in range(batch)))
            data = b""
            while len(found := re.findall(rb"HTTP/1\.1 (\d+) ", data)) < batch:
                more = sock.recv(1 << 18)
                if not more:
                    raise OSError("the connection was closed")
                data += more
            for status in found:
                statuses[status] = statuses.get(status, 0) + 1
            n += batch
            ahead = began + n / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)


@test
def flood_of_random_tokens():
    if os.environ.get("AUTH_TOKEN_BYTEWISE"):
        skip("what comes a byte at a time is no flood")
    seconds = float(os.environ.get("AUTH_TOKEN_FLOOD", 4))
    authority = Authority()
    front = Nginx(authority, load=False, server=FRONT, connections=1024)
    nginx = Nginx(authority, workers=2, server=SERVER, words="cache valid=1h;",
                  http="auth_token_zone tokens:256k;" + PROVIDER.replace(
                      "{plain}", str(front.port)))
    known = [authority.token() for _ in range(50)]
    for token in known:
        is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    asked = authority.counts()["requests"]
    began = time.monotonic()
    end = began + seconds
    counted = [{} for _ in range(4)]
    threads = [threading.Thread(target=flooding, args=(nginx, end, 550, one))
               for one in counted]
    for thread in threads:
        thread.start()
    answers = {}
    n = 0
    with Client(nginx) as client:
        while time.monotonic() < end:
            response = client.get("/", bearer=known[n % 50].token)
            kind = response.status, response.header("x-cache")
            answers[kind] = answers.get(kind, 0) + 1
            n += 1
            time.sleep(0.002)
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    statuses = {}
    for one in counted:
        for status, number in one.items():
            statuses[status] = statuses.get(status, 0) + number
    rate = sum(statuses.values()) / took
    diag(f"{rate:.0f} random tokens a second for {took:.0f} s: {statuses}; "
         f"known ones: {answers}")
    is_(set(statuses) - {b"401", b"503"}, set(), "no random token is admitted")
    # the long form is for machines that have nothing else to do
    ok(rate >= (2000 if "AUTH_TOKEN_FLOOD" in os.environ else 500),
       "there was a flood")
    ok(statuses.get(b"401", 0) > sum(statuses.values()) / 2,
       "most of them reached the authority")
    ok(n > 50, "known tokens were asked for")
    is_(set(answers), {(200, "HIT")}, "they are known all the time")
    is_([cached(nginx, token.token) for token in known],
        [(200, "HIT")] * 50, "and in the end")
    is_(authority.counts()["requests"], asked, "nobody asked about them")


@test
def a_budget_for_all_workers():
    authority = Authority()
    nginx = start(authority, workers=4,
                  words="limit_lookups rate=1r/m burst=12;")
    known = authority.token()
    is_(cached(nginx, known.token), (200, "MISS"), "two look-ups")
    statuses = parallel(20, lambda i: get(nginx, "/",
                                          bearer=os.urandom(24).hex()).status)
    is_(sorted(set(statuses)), [401, 503], "some are over the budget")
    is_(authority.counts()["requests"], 6, "look-ups")
    # rates are rounded to 1/1000 of a look-up a second, as in limit_req
    ok(50 <= retry_after(nginx, "y" * 45) <= 63, "when the next one may be")
    is_(cached(nginx, known.token), (200, "HIT"), "hits go on")


@test
def strangers_leave_half_of_the_budget():
    authority = Authority()
    nginx = start(authority, workers=2, words="cache valid=1s negative=1s;"
                  "limit_lookups rate=1r/m burst=10;")
    known = authority.token()
    is_(cached(nginx, known.token), (200, "MISS"), "two look-ups")
    statuses = parallel(20, lambda i: get(nginx, "/",
                                          bearer=os.urandom(24).hex()).status)
    is_(statuses.count(401), 3, "strangers have three, as half of it is left")
    is_(statuses.count(503), 17, "and no more")
    seen = []
    ok(poll(lambda: seen.append(cached(nginx, known.token))
            or seen[-1] == (200, "MISS"), 10), "asked anew after its life")
    is_([one for one in seen if one[0] != 200], [], "with the other half")
    # the answer to the second step is younger, and may still be good
    asked = authority.counts()["requests"]
    ok(asked in (6, 7), f"{asked} look-ups")


@test
def a_flood_does_not_starve_known_tokens():
    for words in ("cache valid=2s refresh=500ms;", "cache valid=1s;"):
        authority = Authority()
        nginx = start(authority, workers=2, words=words
                      + "limit_lookups rate=8r/s burst=16;")
        known = [authority.token() for _ in range(2)]
        for token in known:
            is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
        ended, strange, seen = threading.Event(), {}, {}

        def flood():
            with Client(nginx) as client:
                while not ended.is_set():
                    status = client.get("/", bearer=os.urandom(24).hex()).status
                    strange[status] = strange.get(status, 0) + 1

        thread = threading.Thread(target=flood)
        thread.start()
        end = time.monotonic() + 5
        with Client(nginx) as client:
            while time.monotonic() < end:
                for token in known:
                    response = client.get("/", bearer=token.token)
                    kind = response.status, response.header("x-cache")
                    seen[kind] = seen.get(kind, 0) + 1
                time.sleep(0.01)
        ended.set()
        thread.join()
        diag(f"strangers: {strange}; known ones: {seen}")
        ok(strange.get(503, 0) > 100, "strangers are over the budget")
        is_([kind for kind in seen if kind[0] != 200], [],
            "known ones are served")
        ok(seen.get((200, "REFRESH")) or seen.get((200, "MISS")),
           "and were looked up")
        nginx.end()


@test
def a_queue_for_the_budget():
    authority = Authority()
    nginx = start(authority, words="limit_lookups rate=4r/s burst=1 queue=2;"
                  "timeout 5s;")
    statuses = parallel(8, lambda i: get(nginx, "/",
                                         bearer=os.urandom(24).hex()).status)
    # one at once, two that wait; the others are over the length of the queue
    ok(3 <= statuses.count(401) <= 5, "some waited")
    ok(statuses.count(503) >= 3, "not all could")
    is_(authority.counts()["requests"], statuses.count(401), "look-ups")


@test
def a_queue_by_the_millisecond():
    authority = Authority()
    nginx = start(authority, words="limit_lookups rate=4r/s burst=1 queue=2;"
                  "timeout 900ms;")
    statuses = parallel(3, lambda i: get(nginx, "/",
                                         bearer=os.urandom(24).hex()).status)
    is_(statuses, [401] * 3, "two waited for 250 and 500 ms")


@test
def nothing_queues_for_the_breaker():
    authority = Authority()
    nginx = start(authority, words="limit_lookups rate=100r/s queue=100;"
                  "breaker failures=1 delay=3s; timeout 5s;")
    broken(authority)
    is_(retry_after(nginx, os.urandom(24).hex()), 3, "it opens")
    began = time.monotonic()
    waits = [retry_after(nginx, os.urandom(24).hex()) for _ in range(5)]
    ok(time.monotonic() - began < 1, "others are denied at once")
    is_(set(waits) - {2, 3}, set(), "and told when to come again")


@test
def max_lookups():
    authority = Authority()
    nginx = start(authority, words="max_lookups 3; timeout 1s;")
    authority.rules({"match": VERIFY, "actions": [{"hold": True}]})
    parallel(12, lambda i: get(nginx, "/", bearer=os.urandom(24).hex()))
    is_(authority.counts()["requests"], 3, "look-ups under way")
    authority.rules()
    is_([get(nginx, "/", bearer=authority.token().token).status
         for _ in range(4)], [200] * 4, "those that are over do not count")


@test
def max_connections():
    for allowed in 2, 6:
        authority = Authority()
        nginx = start(authority, words=f"max_connections {allowed};")
        authority.rules({"match": VERIFY, "actions": [{"hold": True}]})
        clients = [Client(nginx, 20) for _ in range(6)]
        for client in clients:
            client.send("/", bearer=os.urandom(24).hex())
        poll(lambda: authority.counts()["requests"] >= allowed, 5)
        is_(get(nginx, "/-/alive").status, 200, "all of them were read")
        is_(authority.counts()["requests"], allowed, "look-ups on their way")
        nginx.end()


@test
def told_to_wait():
    authority = Authority()
    nginx = start(authority, workers=2)
    known, other = authority.token(), authority.token()
    is_(cached(nginx, known.token), (200, "MISS"), "not known yet")
    authority.rules({"match": DETAILS,
                     "answer": {"status": 429,
                                "headers": ["Retry-After: 120"]}})
    asked = authority.counts()["requests"]
    is_(retry_after(nginx, other.token), 120, "as the authority said")
    for _ in range(5):
        ok(110 <= retry_after(nginx, os.urandom(24).hex()) <= 120, "for all")
    is_(authority.counts()["requests"], asked + 2, "it was asked once")
    is_(cached(nginx, known.token), (200, "HIT"), "hits go on")


@test
def told_to_wait_for_days():
    authority = Authority()
    nginx = start(authority)
    first = authority.token()
    authority.rules({"match": DETAILS, "answer": {
        "status": 429, "headers": ["Retry-After: 1000000"]}})
    is_(retry_after(nginx, first.token), 3600, "an hour is told")
    ok(3590 <= retry_after(nginx, authority.token().token) <= 3600,
       "as it is for all")
    spent = authority.token()
    nginx = start(authority)
    authority.rules({"match": VERIFY, "answer": {
        "status": 429, "headers": ["Retry-After: 1000000"]}})
    is_(retry_after(nginx, spent.token), 3600, "to one client too")


@test
def told_to_wait_and_not_how_long():
    for words, asked, wait in (
            ("", 1, 5),
            ("breaker failures=100 delay=30s;", 1, 30),
            ("breaker failures=0;", 6, 1)):
        authority = Authority()
        nginx = start(authority, workers=2, words=words)
        authority.rules({"match": DETAILS, "answer": {"status": 429}})
        waits = [retry_after(nginx, authority.token().token)
                 for _ in range(6)]
        is_(asked_for_details(authority), asked, "look-ups of details")
        is_(waits[0], wait, "the delay of the breaker")
        ok(min(waits) > wait - 3, "for all")
        nginx.end()


@test
def a_client_that_was_told_to_wait():
    """verify is asked with the client's token: its budget is the client's,
    who could close the provider for everybody else by using it up."""
    authority = Authority()
    nginx = start(authority, workers=2, words="breaker failures=2;")
    spent = [authority.token() for _ in range(4)]
    authority.rules({"match": {**VERIFY, "token": [t.token for t in spent]},
                     "answer": {"status": 429,
                                "headers": ["Retry-After: 120"]}})
    for token in spent:
        is_(retry_after(nginx, token.token), 120, "as the authority said")
    is_(cached(nginx, authority.token().token), (200, "MISS"), "no one else")
    spent = [authority.token() for _ in range(4)]
    authority.rules({"match": {**VERIFY, "token": [t.token for t in spent]},
                     "answer": {"status": 429}})
    for token in spent:
        is_(retry_after(nginx, token.token), 1, "it did not say how long")
    is_(cached(nginx, authority.token().token), (200, "MISS"), "again no one")


@test
def the_breaker_opens_and_closes():
    authority = Authority()
    nginx = start(authority, workers=2, words="breaker failures=3 delay=2s;")
    broken(authority)
    is_([retry_after(nginx, os.urandom(24).hex()) for _ in range(3)],
        [1, 1, 2], "the last one opens it")
    for _ in range(10):
        ok(1 <= retry_after(nginx, os.urandom(24).hex()) <= 2, "open")
    is_(authority.counts()["requests"], 3, "look-ups")
    ok(poll(lambda: retry_after(nginx, os.urandom(24).hex()) is not None
            and authority.counts()["requests"] == 4, 10, 0.2), "one is tried")
    for _ in range(3):
        retry_after(nginx, os.urandom(24).hex())
    is_(authority.counts()["requests"], 4, "and no more")
    authority.call("DELETE", "rules")
    token = authority.token()
    ok(poll(lambda: cached(nginx, token.token)[0] == 200, 10), "closed again")


@test
def one_step_that_fails_opens_the_breaker():
    authority = Authority()
    nginx = start(authority, workers=2, words="breaker failures=3 delay=2s;")
    authority.rules({"match": DETAILS, "answer": {"status": 500}})
    for _ in range(12):
        retry_after(nginx, authority.token().token)
    is_(asked_for_details(authority), 3, "details were asked for")
    is_(authority.counts()["requests"], 6, "look-ups")
    ok(poll(lambda: retry_after(nginx, authority.token().token) is not None
            and asked_for_details(authority) == 4, 10, 0.2), "one is tried")
    for _ in range(3):
        retry_after(nginx, authority.token().token)
    is_(asked_for_details(authority), 4, "and no more")
    authority.call("DELETE", "rules")
    token = authority.token()
    ok(poll(lambda: cached(nginx, token.token)[0] == 200, 10), "closed again")


@test
def the_authoritys_own_budget_is_heeded():
    authority = Authority()
    nginx = start(authority, workers=2)
    known = authority.token()
    authority.rules({"match": {"path": {"re": known.id}}, "answer": {
        "base": "default", "headers": ['Ratelimit: "default";r=0;t=90']}})
    is_(cached(nginx, known.token), (200, "MISS"), "the last one")
    ok(80 <= retry_after(nginx, os.urandom(24).hex()) <= 90,
       "nobody asks until then")
    is_(cached(nginx, known.token), (200, "HIT"), "hits go on")
    is_(authority.counts()["requests"], 2, "look-ups")


@test
def the_authoritys_own_budget_by_its_policy():
    for limits in True, False:
        authority = Authority()
        # an answer that is not changed tells of 50 that are left
        nginx = start(authority, words="limit_lookups rate=100r/s burst=80;"
                      if limits else "")
        first, last = authority.token(), authority.token()
        authority.rules({"match": {"path": {"re": first.id}}, "answer": {
            "base": "default", "headers": [
                f'Ratelimit: "default";r={60 if limits else 1};t=30',
                'Ratelimit-Policy: "burst";q=100;w=60']}},
            {"match": {"path": {"re": last.id}}, "answer": {
                "base": "default", "headers": [
                    'Ratelimit: "default";r=0;t=5, "burst";r=0',
                    'Ratelimit-Policy: "burst";q=100;w=60']}})
        is_(cached(nginx, first.token), (200, "MISS"), "some are left")
        is_(cached(nginx, last.token), (200, "MISS"), "that is no pause")
        ok(50 <= retry_after(nginx, os.urandom(24).hex()) <= 60,
           "nobody asks until both have more")
        is_(authority.counts()["requests"], 4, "look-ups")
        nginx.end()


@test
def what_verify_tells_of_a_clients_budget_is_not_ours():
    authority = Authority()
    nginx = start(authority)
    token, other = authority.token(), authority.token()
    authority.rules({"match": VERIFY, "answer": {
        "base": "default", "headers": ['Ratelimit: "default";r=0;t=90']}})
    is_(cached(nginx, token.token), (200, "MISS"), "one client")
    is_(cached(nginx, other.token), (200, "MISS"), "another one")


@test
def linked_answers():
    authority = Authority()
    nginx = start(authority, workers=2)
    first = authority.token()
    second = authority.token(id=first.id)
    is_(cached(nginx, first.token), (200, "MISS"), "the first")
    is_(cached(nginx, second.token), (200, "MISS"), "the second")
    paths = authority.counts()["paths"]
    is_(sorted(paths.values()), [1, 2], "details were asked for once")
    authority.token(token=first.token, id=first.id, status="disabled")
    authority.clear()
    third = authority.token(token="t" * 45, id=first.id)
    is_(cached(nginx, third.token), (200, "MISS"), "the third")
    is_(authority.counts()["requests"], 1, "shares the details too")


run()
