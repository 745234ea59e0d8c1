#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for what the shared memory survives.  The failure this file exists
# for: a worker dies with half of an entry written, and another one admits a
# token by it, or waits for the dead one for ever.

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.nginx import MODULE, TOP  # noqa: E402

KILLS = int(os.environ.get("AUTH_TOKEN_KILLS", 200))

# seconds that a look-up may take
TIMEOUT = 3
WORDS = (f"cache valid=50ms negative=50ms; timeout {TIMEOUT}s; "
         "breaker failures=0;")


class Load:
    """Clients that know what each token must be answered."""

    def __init__(self, authority, nginx, threads=3):
        self.nginx = nginx
        self.expected = {}
        for _ in range(12):
            self.expected[authority.token().token] = 200
            self.expected[authority.token(status="disabled").token] = 401
            self.expected[os.urandom(24).hex()] = 401
        self.done = threading.Event()
        self.wrong = []
        self.seen = {}
        self.threads = [threading.Thread(target=self.run, args=(n,))
                        for n in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, seed):
        choose = random.Random(seed)
        tokens = list(self.expected)
        while not self.done.is_set():
            token = choose.choice(tokens)
            try:
                status = get(self.nginx, "/", bearer=token).status
            except OSError:
                status = 0
            self.seen[status] = self.seen.get(status, 0) + 1
            # a connection may be lost with its worker, nothing else
            if status not in (0, 503, self.expected[token]):
                self.wrong.append((status, self.expected[token]))

    def end(self, last=None):
        """last: when a worker was killed, where it was the test that did."""
        self.done.set()
        for thread in self.threads:
            thread.join()
        diag(f"answers: {self.seen}")
        is_(self.wrong, [], "no wrong decision")
        ok(self.seen.get(200, 0) > 50 and self.seen.get(401, 0) > 50,
           "there was a load")
        self.recover(last or time.monotonic())

    def recover(self, last):
        """All tokens are answered as they should be within the time-out, and
        two seconds, of the last death."""
        deaths = self.nginx.error_log().count("exited on signal 9")
        limit = (TIMEOUT + 2) * PATIENCE
        over, left = threading.Event(), set(self.expected)

        def work(token):
            while not over.is_set():
                try:
                    response = get(self.nginx, "/", 60, bearer=token)
                    if response.status == self.expected[token]:
                        left.discard(token)
                        return
                except OSError:
                    pass
                over.wait(0.05)

        threads = [threading.Thread(target=work, args=(token,))
                   for token in self.expected]
        for thread in threads:
            thread.start()
        while left and time.monotonic() - last < limit:
            poll(lambda: not left, 0.2)
            now = self.nginx.error_log().count("exited on signal 9")
            if now > deaths:
                deaths, last = now, time.monotonic()
        took = time.monotonic() - last
        diag(f"all tokens {took:.2f} s after the last death")
        is_(len(left), 0, "no token is stuck")
        over.set()
        for thread in threads:
            thread.join()


def alerts(nginx):
    """But for the deaths, and nginx's word that one was inside the lock."""
    expected = "exited on signal 9", 'shared memory zone "tokens" was locked'
    return [line for line in nginx.error_log().split("\n")
            if "[alert]" in line
            and not any(one in line for one in expected)]


@test
def workers_are_killed_under_load():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, workers=3,
                  words=WORDS)
    nginx.alert_ok = "workers are killed"
    load = Load(authority, nginx)
    choose = random.Random(1)
    kills, last = 0, None
    while kills < KILLS:
        workers = nginx.workers()
        if len(workers) == 3:
            nginx.send_signal(signal.SIGKILL, choose.choice(workers))
            kills, last = kills + 1, time.monotonic()
        poll(lambda: False, choose.random() * 0.06)
    load.end(last)
    is_(alerts(nginx), [], "nothing else happened")


@test
def workers_die_inside_the_lock():
    module = os.path.join(TOP, "build", "hooks",
                          "ngx_http_auth_token_module.so")
    if MODULE == "":
        skip("the module is linked in")
    done = subprocess.run(
        [os.path.join(TOP, "util", "build.sh"), "--name", "hooks", "--cflags",
         "-DNGX_HTTP_AUTH_TOKEN_TEST_HOOKS=1"], capture_output=True, text=True)
    if not is_(done.returncode, 0, "built with the hooks"):
        diag(done.stderr)
        return
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, workers=3,
                  words=WORDS, load=False, http=PROVIDER,
                  main=f"load_module {module}; env AUTH_TOKEN_CRASH;",
                  start=False)
    nginx.alert_ok = "workers are killed"
    nginx.configure(http=PROVIDER)
    nginx.environment["AUTH_TOKEN_CRASH"] = "400"
    nginx.start()
    load = Load(authority, nginx)
    deaths = "a process died while it changed the zone"
    ok(poll(lambda: nginx.error_log().count(deaths) >= 20, 60),
       "workers died inside the lock")
    load.done.set()
    diag(f"{nginx.error_log().count('exited on signal 9')} deaths, "
         f"{nginx.error_log().count(deaths)} resets")
    load.end()
    is_(alerts(nginx), [], "nothing else happened")


@test
def a_full_zone():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, workers=2,
                  http="auth_token_zone tokens:128k;" + PROVIDER)
    table = {os.urandom(24).hex(): {"id": os.urandom(16).hex(),
                                    "status": "active"} for _ in range(600)}
    authority.call("POST", "tokens", table)
    tokens = list(table)
    for _ in range(2):
        statuses = {get(nginx, "/", bearer=token).status for token in tokens}
        is_(statuses, {200}, "all are admitted")
        ok(authority.counts()["requests"] >= 1200, "look-ups")
    unlike(nginx.error_log(), "no memory", "the log is quiet")


@test
def a_changed_binary():
    if MODULE == "":
        skip("the module is linked in")
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, workers=2)
    token = authority.token()
    is_(get(nginx, "/", bearer=token.token).status, 200, "by the first")
    other = nginx.path("other.so")
    shutil.copy(MODULE, other)
    http = nginx.settings["http"]
    nginx.configure(load=False, http=http, main=f"load_module {other};")
    ok(nginx.reload(), "reloaded")
    is_(get(nginx, "/", bearer=token.token).status, 200, "by the second")
    with open(f"/proc/{nginx.workers()[0]}/maps") as read:
        like(read.read(), "other.so", "which is another one")
    for workers in (1, 3, 2):
        nginx.configure(workers=workers)
        ok(nginx.reload(), f"{workers} workers")
        is_(get(nginx, "/", bearer=token.token).status, 200, "as before")
    is_(authority.counts()["requests"], 2, "the zone was kept all the time")
    unlike(nginx.error_log(), "begins empty", "as the log would tell")


def variant():
    """A module with another layout of the zone, whose waiters look for
    themselves after five seconds only.  None: it does not build."""
    if MODULE == "":
        skip("the module is linked in")
    done = subprocess.run(
        [os.path.join(TOP, "util", "build.sh"), "--name", "variant",
         "--cflags", "-DNGX_HTTP_AUTH_TOKEN_LAYOUT=0x61747a00000000ff "
         "-DNGX_HTTP_AUTH_TOKEN_POLL_MIN=5000 "
         "-DNGX_HTTP_AUTH_TOKEN_POLL_MAX=5000"],
        capture_output=True, text=True)
    if not is_(done.returncode, 0, "built"):
        diag(done.stderr)
        return None
    return os.path.join(TOP, "build", "variant",
                        "ngx_http_auth_token_module.so")


INTROSPECTION = """
    auth_token_provider as {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  basic nginx file:{client_secret};
        timeout     20s;
    }}
"""


@test
def a_worker_is_woken_by_another():
    """By the eventfd: its own look comes after five seconds."""
    module = variant()
    if module is None:
        return
    rounds = 60
    authority = Authority()
    nginx = Nginx(authority, workers=2, listen=" reuseport", load=False,
                  main=f"load_module {module};", start=False, server="""
        location / {{
            auth_token  as;
            add_header  X-Cache $auth_token_cache always;
            add_header  X-Pid $pid always;
            proxy_pass  http://127.0.0.1:{backend};
        }}""")
    nginx.configure(http=INTROSPECTION)
    nginx.start()
    known = authority.token()
    clients = {}
    while len(clients) < 2:
        client = Client(nginx)
        pid = client.get("/", bearer=known.token).header("x-pid")
        if pid in clients:
            client.close()
        else:
            clients[pid] = client
    leader, follower = clients.values()
    authority.rules({"match": {"path": {"re": "introspect"}},
                     "actions": [{"delay": 60}, {"answer": "default"}]})
    took, kinds = [], set()
    for _ in range(rounds):
        token = authority.token()
        asked = authority.counts()["requests"]
        leader.send("/", bearer=token.token)
        poll(lambda: authority.counts()["requests"] > asked, 5, 0.001)
        follower.send("/", bearer=token.token)
        first = leader.receive()
        began = time.monotonic()
        second = follower.receive()
        took.append(time.monotonic() - began)
        kinds.add((first.status, first.header("x-cache"), second.status,
                   second.header("x-cache")))
    took.sort()
    diag(f"after the leader's answer: p50 {took[rounds // 2] * 1000:.2f} ms, "
         f"p99 {took[int(rounds * 0.99)] * 1000:.2f} ms")
    is_(kinds, {(200, "MISS", 200, "COALESCED")}, "one asks, the other waits")
    is_(authority.counts()["requests"], rounds + 1, "look-ups")
    ok(took[rounds // 2] < 0.05, "half of them are woken at once")
    ok(took[-1] < 2.5, "none had to look for itself")


@test
def another_layout():
    other = variant()
    if other is None:
        return
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, workers=2,
                  words="cache valid=1h; timeout 10s; breaker failures=0;")
    token = authority.token()
    load = Load(authority, nginx)
    http = nginx.settings["http"]
    lines = "begins empty, as it was of another layout"
    asked = 0
    for n in range(1, 7):
        is_(get(nginx, "/", bearer=token.token).status, 200, "admitted")
        now = authority.counts()["paths"][
            f"/client/v4/user/tokens/{token.id}"]
        is_(now, n, "one look-up for each zone")
        if n % 2:
            nginx.configure(load=False, main=f"load_module {other};",
                            http=http)
        else:
            nginx.configure(load=True, main="", http=http)
        ok(nginx.reload(), "reloaded")
        is_(nginx.error_log().count(lines), n, "one line for each")
    load.end()
    is_(load.seen.get(503, 0) + load.seen.get(0, 0), 0,
        "every request was answered")
    is_(alerts(nginx), [], "nothing else happened")


@test
def another_size():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, workers=2,
                  http="auth_token_zone tokens:1m;" + PROVIDER)
    token = authority.token()
    for size, asked in (("1m", 2), ("2m", 4), ("2m", 4)):
        nginx.configure(http=f"auth_token_zone tokens:{size};" + PROVIDER)
        ok(nginx.reload(), size)
        is_(get(nginx, "/", bearer=token.token).status, 200, "admitted")
        is_(authority.counts()["requests"], asked, "look-ups")
    is_(nginx.error_log().count("begins empty, as it was of another size"), 1,
        "the log tells")


def jump(seconds, expected, **entry):
    """The wall clock of nginx is another one; ages are of the other clock."""
    authority = Authority()
    clock = Clock(authority, monotonic=False)
    nginx = Nginx(authority, server=PROTECTED, words="cache valid=1h;",
                  environment=clock.environment, main=clock.main)
    token = authority.token(**(entry or {"expires_on": "now+1800"}))
    # one that is good for the minute, by which to know that it has happened
    witness = authority.token(**({"expires_on": "now+60"} if seconds > 0
                                 else {"not_before": "now-60"}))
    for one in (token, witness):
        is_(get(nginx, "/", bearer=one.token).status, 200, "before")
    clock.set(seconds)
    ok(poll(lambda: get(nginx, "/", bearer=witness.token).status == 401, 5),
       "the clock has jumped")
    is_(get(nginx, "/", bearer=token.token).status, expected, "after")
    is_(authority.counts()["requests"], 4, "without another look-up")


@test
def the_clock_jumps_ahead():
    jump(7200, 401)


@test
def the_clock_jumps_back():
    jump(-7200, 200)


@test
def the_clock_jumps_back_before_the_token():
    jump(-7200, 401, not_before="now-3600")


@test
def the_clock_jumps_beyond_2038():
    beyond = 2 ** 31 + 86400 - int(time.time())
    jump(beyond, 401, expires_on=f"now+{beyond - 3600}")
    jump(beyond, 200, expires_on=f"now+{beyond + 3600}")


@test
def the_clock_jumps_to_its_beginning():
    jump(3600 - int(time.time()), 200)
    jump(3600 - int(time.time()), 401, not_before="now-60")


run()
