#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# A long run: tokens come and go, the authority fails at times, the cache is
# purged, nginx is reloaded.  The failure this file exists for: a little is
# lost each time, a descriptor, a page, a token.  AUTH_TOKEN_SOAK is the
# number of seconds.

import itertools
import json
import os
import random
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness import tap  # noqa: E402

SECONDS = int(os.environ.get("AUTH_TOKEN_SOAK", 120))

# a cycle: quiet at first, then with reloads; what is left after one of them
# must be what was left after the one before
CYCLES = max(4, SECONDS // 600)
CYCLE = SECONDS / CYCLES
CLIENTS = 3

# KiB that are no leak: the sanitizers keep what was freed
KEPT = 1 << 18 if SANITIZED else 0
# KiB and descriptors by which a process may differ from itself, at the end
ROOM = 640 + KEPT
# a worker keeps copies of what it found, in 2,048 places: of new tokens more,
# until all are taken.  KiB, with half of a cycle quiet; leak.t looks beyond that
NEW = 8
COPIES = 0.6 * min(2048, NEW * CYCLE / 2)
# a leak is one in each cycle: what the least of them may add in quiet times
LEAST = 192 + COPIES + KEPT
MOST = 2048 + COPIES + KEPT
ROOM_FDS = 12

HTTP = "auth_token_zone tokens:1m;" + PROVIDER

SERVER = PROTECTED + """
        location = /-/purge {{
            auth_token_purge;
        }}
"""

WORDS = "timeout 800ms; cache valid=2s negative=1s; breaker failures=0;"

JSON = "Content-Type: application/json"

FAILURES = [
    {"answer": {"status": 500}},
    {"actions": [{"rst": True}]},
    {"actions": [{"hold": True}]},
    {"answer": {"status": 200, "headers": [JSON], "body": '{"success":'}},
    {"actions": [{"endless": "body", "max": 1 << 20}]},
    {"answer": {"base": "default", "framing": "bad-chunk"}},
    {"actions": [{"garbage": 3000}, {"close": True}]},
    {"actions": [{"drip": "default", "gap": 15}]},
]


class Load:
    """Clients, and what may be answered to whom."""

    def __init__(self, authority, nginx):
        self.authority = authority
        self.nginx = nginx
        self.good, self.bad = [], []
        self.seen, self.wrong, self.purged = {}, {}, 0
        self.done = threading.Event()
        self.churn()
        tap.cleanups.append(self.done.set)
        self.threads = [threading.Thread(target=self.run, args=(n,))
                        for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def churn(self):
        """Some tokens are new, and the oldest are not used any more."""
        table = {os.urandom(24).hex(): {"id": os.urandom(16).hex(),
                                        "status": status}
                 for status in ["active"] * NEW + ["disabled"] * 4}
        self.authority.call("POST", "tokens", table)
        good = [token for token, entry in table.items()
                if entry["status"] == "active"]
        self.good = (self.good + good)[-32:]
        self.bad = (self.bad + [token for token in table if token not in good]
                    + [os.urandom(24).hex() for _ in range(4)])[-32:]

    def purge(self):
        order = random.choice(({"all": True}, {"provider": "cloudflare"},
                               {"token": random.choice(self.good)}))
        response = get(self.nginx, "/-/purge", method="POST", headers=[JSON],
                       body=json.dumps(order).encode())
        self.purged += response.status == 200

    def run(self, seed):
        choose = random.Random(seed)
        while not self.done.is_set():
            wanted = 200 if choose.random() < 0.7 else 401
            token = choose.choice(self.good if wanted == 200 else self.bad)
            try:
                status = get(self.nginx, "/", bearer=token).status
            except OSError as error:
                status = type(error).__name__
            self.seen[status] = self.seen.get(status, 0) + 1
            if status not in (wanted, 503):
                pair = (status, wanted)
                self.wrong[pair] = self.wrong.get(pair, 0) + 1
            self.done.wait(0.01)

    def end(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


def anonymous(pid):
    """KiB that are the process's own: the zone is not."""
    with open(f"/proc/{pid}/status") as read:
        return int(re.search(r"RssAnon:\s+(\d+)", read.read()).group(1))


def measure(nginx):
    pids = [nginx.pid, *sorted(nginx.workers())]
    return [(anonymous(pid), nginx.descriptors(pid)) for pid in pids]


def until(when, authority, nginx, load, failures, each):
    """Churn and faults, and each() once a second."""
    while time.monotonic() < when:
        load.churn()
        authority.call("POST", "clear")
        failing = next(failures)
        if failing:
            authority.rules({"match": {"path": {"re": "."}}, **failing})
        else:
            authority.rules()
        load.purge()
        each()
        load.done.wait(max(0, min(1, when - time.monotonic())))
    authority.rules()


@test
def nothing_is_lost():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=HTTP, words=WORDS, workers=2)
    load = Load(authority, nginx)
    failures = itertools.cycle([one for failure in FAILURES
                                for one in (None, failure)])
    grown, ends, reloads = [], [], 0

    def reload():
        nonlocal reloads
        reloads += nginx.reload()

    begun = time.monotonic()
    for cycle in range(CYCLES):
        start = begun + cycle * CYCLE
        until(start + CYCLE * 0.2, authority, nginx, load, failures,
              lambda: None)
        before = measure(nginx)
        until(start + CYCLE * 0.7, authority, nginx, load, failures,
              lambda: None)
        grown.append([now[0] - then[0] for now, then
                      in zip(measure(nginx), before)])
        until(start + CYCLE, authority, nginx, load, failures, reload)
        poll(lambda: len(nginx.all_workers()) == 2, 10)
        ends.append(measure(nginx))
    load.end()

    total = sum(load.seen.values())
    diag(f"{total} requests in {time.monotonic() - begun:.0f} s: {load.seen}")
    diag(f"{reloads} reloads, {load.purged} purges, {CYCLES} cycles")
    diag(f"KiB and descriptors of master and workers: {ends[0]}, {ends[-1]}")
    diag(f"grown in quiet times: {[max(one) for one in grown]} KiB")

    ok(load.seen.get(200, 0) > SECONDS and load.seen.get(401, 0) > SECONDS / 2,
       "there was a load")
    ok(load.seen.get(503, 0) > 0, "the authority failed at times")
    ok(reloads >= CYCLES and load.purged > SECONDS / 4,
       "there were reloads and purges")
    is_(load.wrong, {}, "no wrong answer, no lost connection")

    # the first cycle fills caches of all kinds
    growth = [max(one) for one in grown[1:]]
    ok(min(growth) <= LEAST and max(growth) <= MOST, "no worker grows")
    # the smallest of the later ones: a single sample may meet a look-up
    for i, who in enumerate(("master", "a worker", "another")):
        first = ends[1][i]
        last = tuple(min(one) for one in zip(ends[-1][i], ends[-2][i]))
        ok(last[0] - first[0] <= ROOM,
           f"{who}: {first[0]} KiB, and in the end {last[0]}")
        ok(last[1] - first[1] <= ROOM_FDS,
           f"{who}: {first[1]} descriptors, and in the end {last[1]}")

    is_(get(nginx, "/", bearer=authority.token().token).status, 200,
        "and all is as before")


run(SECONDS + 120)
