#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Makes each allocation and each system call of a look-up fail, one after
# another, once and for good, in each scenario (scenarios.py, providers.py):
#
#     t/torture/torture.py SCENARIO
#
# Whatever fails: the worker lives, nobody is let in who would not be
# otherwise, the request ends in time, the next one is served as ever, no
# descriptor is lost, and the log has no alert but those of expected.py.
# SHARE=n takes every n-th call, every n*dilution-th allocation of a scenario
# that has one, and ROUND says with which to begin; AT=n takes the n-th only;
# MODES and KINDS are words of the tables below, and TRACE=1 tells where the
# call was that failed.

import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "lib"), HERE]

from harness import *  # noqa: E402
from harness.nginx import TOP  # noqa: E402
import page  # noqa: E402
from expected import Tortured  # noqa: E402
import providers  # noqa: E402,F401
from scenarios import SCENARIOS, UNKNOWN  # noqa: E402

KINDS = {"memory": page.MEMORY, "system": page.SYSTEM, "loop": page.LOOP}
MODES = {"once": False, "persistent": True}

# a worker whose waiting always fails hears of nothing
NEVER = {"loop": ("persistent",)}

LIBRARY = os.environ.get("TORTURE_LIBRARY",
                         os.path.join(TOP, "build", "torture", "fail.so"))

# one look-up, the answer after it, and a machine that has other work
BOUND = 6

# whatever belongs to one failure: a fresh worker, requests of which none is
# answered, the next one, a look at the descriptors
LIMIT = 120

# connections to the authority that may wait for the next look-up
IDLE = 1


class Torture:
    def __init__(self, scenario, library=LIBRARY):
        self.scenario = scenario
        self.authority = Authority()
        self.page = page.Page(os.path.join(self.authority.dir, "page"))
        http = scenario.http
        for name, value in scenario.names(self.authority).items():
            http = http.replace("{" + name + "}", value)
        self.nginx = Tortured(
            self.authority, server=scenario.server, http=http,
            words="timeout 400ms; max_connections 1; breaker failures=0;"
            + scenario.words,
            environment={"LD_PRELOAD": library,
                         "TORTURE_PAGE": self.page.path,
                         "LSAN_OPTIONS": "suppressions=" + os.path.join(
                             HERE, "lsan.suppress")})
        self.tokens = {}
        self.bad = []
        self.normal = None
        scenario.prepare(self)

    @property
    def pid(self):
        pids = poll(self.nginx.workers, 5)
        return pids[0] if pids else None

    def token(self, kind="good"):
        """One that nobody has asked for yet."""
        if not self.tokens.get(kind):
            made = [dict(self.scenario.entry(kind),
                         token="cfut_" + os.urandom(24).hex(),
                         id=os.urandom(16).hex()) for _ in range(200)]
            if kind != "unknown":
                self.authority.call("POST", "tokens", made)
            self.authority.forbidden += [one["token"] for one in made[:1]]
            self.tokens[kind] = made
        return self.tokens[kind].pop()["token"]

    def complain(self, text):
        calls, failed, name, frames = self.page.read()
        self.bad.append(f"{text}; {self.now}, {name}")
        self.bad.extend("    " + line for line in self.resolve(frames))

    def resolve(self, frames):
        """Frames of the failed call as functions; asked for by TRACE."""
        if not frames or os.environ.get("TRACE") is None:
            return []
        lines = []
        for frame in frames:
            for start, end, place, path in self.maps:
                if start <= frame < end:
                    lines.append((path, hex(frame - start + place - 1)))
        return [subprocess.run(["addr2line", "-f", "-s", "-e", path, place],
                               capture_output=True, text=True)
                .stdout.replace("\n", " ") + f"({place} of {path})"
                for path, place in lines if not path.endswith("fail.so")]

    def look(self):
        """At the worker, and where its code lies."""
        self.worker = self.pid
        with open(f"/proc/{self.worker}/maps") as read:
            found = [line.split() for line in read if "/" in line]
        self.maps = [(int(span.split("-")[0], 16), int(span.split("-")[1], 16),
                      int(place, 16), path)
                     for span, _, place, _, _, path in
                     (line[:6] for line in found)]

    def baseline(self):
        """Descriptors when nothing is under way, all kinds of request seen."""
        allow(LIMIT)
        self.now = "baseline"
        for _ in range(2):
            self.exercise(None)
            self.control()
        return self.settled()

    def settled(self):
        """Descriptors without the idle connections to the authority."""
        count = None

        def steady():
            nonlocal count
            before, count = count, self.nginx.descriptors(self.worker)
            return before == count

        self.authority.call("POST", "close")
        poll(steady, 3, 0.5)
        return count

    def exercise(self, kind, at=0, persistent=False):
        """The scenario's requests, with a failure; the calls counted."""
        ready = self.scenario.ready(self)
        if kind is not None:
            self.page.arm(self.worker, kind, at, persistent)
        start = time.monotonic()
        try:
            statuses = self.scenario.act(self, ready)
        except TimeoutError:
            statuses = ["none"]
        finally:
            self.page.disarm()
        took = time.monotonic() - start
        counted = self.page.read()
        self.scenario.after(self, ready)
        if took > BOUND:
            self.complain(f"an answer after {took:.1f} s")
        may = self.scenario.may if kind is not None and at else \
            self.scenario.good
        for status in statuses:
            if status not in may:
                self.complain(f"status {status}")
        return counted

    def control(self):
        """The next request is served as ever."""
        def served():
            try:
                return get(self.nginx, self.scenario.control,
                           bearer=self.token("good"), timeout=3).status == 200
            except OSError:
                return False

        if not poll(served, 4, 0.05):
            self.complain("the next request is not served")
        try:
            status = get(self.nginx, self.scenario.control,
                         bearer=UNKNOWN).status
        except OSError:
            status = 0
        if status not in self.scenario.denied:
            self.complain(f"an unknown token: {status}")

    def walk(self, kind, mode, first, step):
        """Every step-th call from the first on; (failures, calls)."""
        total = 0
        beyond = 0
        calls = 0
        at = first

        # a request is not always of the same number of calls
        while beyond < (2 if total else 10) and len(self.bad) < 20:
            allow(LIMIT)
            self.scenario.fresh(self)
            self.look()
            self.now = f"AT={at} {kind} {mode}"
            calls, failed, _, _ = self.exercise(KINDS[kind], at, MODES[mode])
            beyond = 0 if failed else beyond + 1
            total += 1 if failed else 0
            self.control()
            self.count()
            if "AT" in os.environ:
                break

            # a share of few calls is one of them
            at = at + step if total else (at - 1) % max(calls, 1) + 1
        self.look()
        last = self.baseline()
        if last > self.normal + self.scenario.spread:
            self.complain(f"{last} descriptors at the end, "
                          f"{self.normal} before")
            self.normal = last
        return total, calls

    def count(self):
        """The worker is the same, and has no more descriptors than before."""
        if self.nginx.workers() != [self.worker]:
            self.complain("the worker died")
            poll(lambda: len(self.nginx.workers()) == 1, 5)
        elif self.nginx.descriptors(self.worker) > self.normal + IDLE:
            now = self.settled()
            if now > self.normal + self.scenario.spread:
                # what was reset libcurl closes with a look-up that comes later
                self.control()
                now = self.settled()
            if now > self.normal + self.scenario.spread:
                self.complain(f"{now} descriptors in place of {self.normal}")
                self.normal = now


def share(scenario, kind):
    """The first call, and every how manieth is taken."""
    parts = int(os.environ.get("SHARE", 1))
    if parts > 1 and kind == "memory":
        parts *= scenario.dilution
    first = int(os.environ.get("ROUND", 0)) % parts + 1
    return int(os.environ.get("AT", first)), parts


def walks(scenario):
    """Which there are, as far as KINDS and MODES name them."""
    for kind in os.environ.get("KINDS", " ".join(KINDS)).split():
        for mode in os.environ.get("MODES", " ".join(MODES)).split():
            if mode in scenario.modes and mode not in NEVER.get(kind, ()):
                yield kind, mode


def torture(scenario):
    one = Torture(scenario)
    scenario.fresh(one)
    one.look()
    one.normal = one.baseline()
    for kind, mode in walks(scenario):
        first, step = share(scenario, kind)
        one.bad = []
        begun = time.monotonic()
        total = calls = 0
        try:
            total, calls = one.walk(kind, mode, first, step)
        finally:
            ok(total and not one.bad, f"{kind}, {mode}: {total} failures")
            for line in one.bad:
                print("# " + line, file=sys.stderr)
        diag(f"of {calls} calls, every {step}. from the {first}. on, "
             f"{time.monotonic() - begun:.0f} s")


def main():
    names = sys.argv[1:]
    sys.argv[1:] = []
    for name in names:
        scenario = SCENARIOS[os.path.basename(name)]()

        def function(scenario=scenario):
            torture(scenario)

        function.__name__ = os.path.basename(name)
        test(function)
    run(limit=LIMIT)


if __name__ == "__main__":
    main()
