#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# A long run: tokens come and go, the authority fails at times, the cache is
# purged, nginx is reloaded, under a steady load over kept connections.  The
# failure this file exists for: a little is lost each time, a descriptor, a
# page, a token.  AUTH_TOKEN_SOAK is the number of seconds.

import itertools
import json
import os
import random
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

SECONDS = int(os.environ.get("AUTH_TOKEN_SOAK", 120))
LONG = SECONDS >= 600

# a cycle: quiet at first, then with reloads; what is left after one of them
# must be what was left after the one before
CYCLES = max(4, SECONDS // 600)
CYCLE = SECONDS / CYCLES

# requests a second: what is aimed at, and what a long run must reach.  Load,
# authority, backend and nginx share the machine: two CPUs are just enough
AIM = 2000
LEAST_RATE = 1000 if LONG else 300

# a worker keeps copies of what it found, in 2,048 places: new tokens a second
# until all are taken, in a long run before memory is looked at
FILL = 64
NEW = 8

# KiB that are no leak: the sanitizers keep what was freed
KEPT = 1 << 18 if SANITIZED else 0
# KiB of copies of new tokens, 0.6 each, while memory is looked at
COPIES = 0 if LONG else 0.6 * NEW * CYCLE / 2
# a leak is one in each cycle: what the least of them may add in quiet times
LEAST = 192 + COPIES + KEPT
MOST = 1024 + COPIES + KEPT
# KiB and descriptors by which a process may differ from itself, at the end:
# workers are new ones in each cycle, and had other crowds at a time
ROOM = 512 + KEPT
ROOM_FDS = 2

HTTP = "auth_token_zone tokens:1m;" + PROVIDER

# a page of nginx's own, as the backend could not keep up
SERVER = PROTECTED + """
        location = /page {{
            access_log   off;
            auth_token   cloudflare;
            stub_status;
        }}
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


class Churn:
    """Which tokens are shown, and what may be answered to whom."""

    def __init__(self, authority, nginx):
        self.authority = authority
        self.nginx = nginx
        self.good, self.bad = [], []
        self.purged, self.turn = 0, 0
        self.random = random.Random(1)
        self.new(NEW)
        self.load = Load(nginx, AIM, self.choose)

    def new(self, count):
        """Some tokens are new, and the oldest are not used any more."""
        table = {os.urandom(24).hex(): {"id": os.urandom(16).hex(),
                                        "status": status}
                 for status in ["active"] * count + ["disabled"] * 4}
        self.authority.call("POST", "tokens", table)
        good = [token for token, entry in table.items()
                if entry["status"] == "active"]
        self.good = (self.good + good)[-max(32, count):]
        self.bad = (self.bad + [token for token in table if token not in good]
                    + [os.urandom(24).hex() for _ in range(4)])[-32:]

    def choose(self):
        self.turn += 1
        path = "/page" if self.turn % 32 else "/"
        good = self.random.random() < 0.7
        token = self.random.choice(self.good if good else self.bad)
        return ({"path": path, "bearer": token}, (200 if good else 401, 503))

    def purge(self):
        order = random.choice(({"all": True}, {"provider": "cloudflare"},
                               {"token": random.choice(self.good)}))
        response = get(self.nginx, "/-/purge", method="POST", headers=[JSON],
                       body=json.dumps(order).encode())
        self.purged += response.status == 200

    def until(self, when, failures, each=lambda: None, count=NEW):
        """Churn and faults, and each() once a second."""
        while time.monotonic() < when:
            begun = time.monotonic()
            self.new(count)
            self.authority.call("POST", "clear")
            failing = next(failures)
            if failing:
                self.authority.rules({"match": {"path": {"re": "."}},
                                      **failing})
            else:
                self.authority.rules()
            self.purge()
            each()
            rest = min(begun + 1, when) - time.monotonic()
            self.load.done.wait(max(0, rest))
        self.authority.rules()


def anonymous(pid):
    """KiB that are the process's own: the zone is not."""
    with open(f"/proc/{pid}/status") as read:
        return int(re.search(r"RssAnon:\s+(\d+)", read.read()).group(1))


def processes(nginx):
    poll(lambda: len(nginx.workers()) == 2, 10)
    return [nginx.pid, *sorted(nginx.workers())]


def settled(nginx, load):
    """KiB and descriptors of master and workers when nobody is there."""
    poll(lambda: len(nginx.all_workers()) == 2, 10)
    ok(load.pause(), "all requests are answered")
    poll(lambda: nginx.status()["active"] == 1, 10)
    least = {}
    for _ in range(6):
        # connections of look-ups are kept as well: libcurl sees that they
        # were closed when it wants one, not more than once a second
        nginx.authority.call("POST", "close")
        poll(lambda: False, 1.1)
        for _ in range(8):
            get(nginx, "/page", bearer=nginx.authority.token().token)
        for pid in processes(nginx):
            least[pid] = min(nginx.descriptors(pid), least.get(pid, 1 << 20))
    found = [(anonymous(pid), least[pid]) for pid in processes(nginx)]
    load.resume()
    return found


def cycle(churn, failures, reload):
    """KiB and descriptors by which the processes have grown in quiet times,
    and what they have when all is over."""
    def go_on(part, each=lambda: None, count=NEW):
        churn.until(time.monotonic() + CYCLE * part, failures, each, count)
        return settled(churn.nginx, churn.load)

    before = go_on(0.2, count=FILL if LONG else NEW)
    after = go_on(0.5)
    grown = [(now[0] - then[0], now[1] - then[1])
             for now, then in zip(after, before)]
    churn.until(time.monotonic() + CYCLE * 0.2, failures, reload)
    # to the workers that stay the same happens for the same time
    return grown, go_on(0.1)


@test
def nothing_is_lost():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=HTTP, words=WORDS, workers=2,
                  log_level="error")
    churn = Churn(authority, nginx)
    load = churn.load
    failures = itertools.cycle([one for failure in FAILURES
                                for one in (None, failure)])
    reloads = 0

    def reload():
        nonlocal reloads
        reloads += nginx.reload()

    begun = time.monotonic()
    found = [cycle(churn, failures, reload) for _ in range(CYCLES)]
    load.end()

    diag(f"{load.total()} requests in {time.monotonic() - begun:.0f} s, "
         f"{load.mean():.0f}/s of {AIM}/s that are the aim: {load.seen}")
    diag(f"{reloads} reloads, {churn.purged} purges, {CYCLES} cycles; sent "
         f"again, as a kept connection had ended: {load.again}")
    report(found)

    ok(load.mean() >= LEAST_RATE, f"a load of {LEAST_RATE}/s at least")
    ok(min(load.seen.get(status, 0) for status in (200, 401)) > SECONDS * 50,
       "of good tokens and of bad ones")
    ok(load.seen.get(503, 0) > 0, "the authority failed at times")
    ok(reloads >= CYCLES and churn.purged > SECONDS / 4,
       "there were reloads and purges")
    is_(load.wrong, {}, "no wrong answer, no lost connection")
    judge(found)

    is_(get(nginx, "/", bearer=authority.token().token).status, 200,
        "and all is as before")

    # the logs of an hour take a while to read
    allow(60 + SECONDS)
    nginx.end()


def report(found):
    for n, (grown, ends) in enumerate(found):
        diag(f"cycle {n + 1}: KiB and descriptors grown in quiet times by "
             f"{grown}, in the end they are {ends}")


def judge(found):
    # the first cycle fills caches of all kinds
    growth = [[max(one) for one in zip(*grown)] for grown, _ in found[1:]]
    memory, descriptors = zip(*growth)
    ok(min(memory) <= LEAST and max(memory) <= MOST, "no process grows")
    ok(max(descriptors) <= ROOM_FDS, "nor has it more descriptors")
    ends = [end for _, end in found[1:]]
    # the smallest of the later ones: a single sample may meet a look-up
    for i, who in enumerate(("master", "a worker", "another")):
        first = ends[0][i]
        last = [min(one) for one in zip(ends[-1][i], ends[-2][i])]
        ok(last[0] - first[0] <= ROOM,
           f"{who}: {first[0]} KiB, and in the end {last[0]}")
        ok(last[1] - first[1] <= ROOM_FDS,
           f"{who}: {first[1]} descriptors, and in the end {last[1]}")


run(SECONDS + 40 * CYCLES + 120)
