#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for an upgrade of the binary on the fly, and for going back.  The
# failure this file exists for: two masters, each with a zone of its own, and
# a request between them that is lost or let in.

import ctypes
import os
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness import tap  # noqa: E402

PR_SET_CHILD_SUBREAPER = 36

# masters that lose their parents become children of this process, which can
# then wait for them and see to it that none is left
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Daemon(Nginx):
    """One that is its own master: only such a one changes its binary."""

    def configure(self, **changes):
        super().configure(**changes)
        with open(self.path("nginx.conf")) as read:
            text = read.read()
        with open(self.path("nginx.conf"), "w") as out:
            out.write(text.replace("daemon off;", "daemon on;"))

    def arguments(self):
        binary, *others = super().arguments()
        # the name by which it is started is the one it executes again
        return [shutil.which(binary), *others]

    def start(self):
        status = os.spawnv(os.P_WAIT, self.arguments()[0], self.arguments())
        self.masters = set()
        if status != 0 or not poll(lambda: self.pid and self.workers(), 30):
            raise RuntimeError("nginx did not start:\n" + self.error_log())
        self.masters.add(self.pid)

    @property
    def old(self):
        """The pid of the master whose binary was changed, if there is one."""
        try:
            with open(self.path("nginx.pid.oldbin")) as read:
                return int(read.read())
        except (FileNotFoundError, ValueError):
            return None

    def change_binary(self):
        """USR2, and waits for the second master and its workers."""
        before = self.pid
        self.send_signal(signal.SIGUSR2)
        done = poll(lambda: self.old == before and self.pid not in
                    (None, before) and self.workers(), 20)
        if done:
            self.masters.add(self.pid)
        return bool(done)

    def end(self):
        for pid in self.masters:
            try:
                os.kill(pid, signal.SIGQUIT)
            except ProcessLookupError:
                pass
        ok(poll(lambda: not any(map(alive, self.masters)), 20),
           "every master ends")
        for pid in filter(alive, self.masters):
            for worker in self.workers(pid):
                os.kill(worker, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
        super().end()


def alive(pid):
    """Also reaps it, should it have become a child of ours."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    return os.path.exists(f"/proc/{pid}")


class Load:
    """Requests all the while; what each token must be answered is known."""

    def __init__(self, authority, nginx):
        self.nginx = nginx
        self.tokens = [(authority.token().token, 200) for _ in range(12)] \
            + [(authority.token(status="disabled").token, 401)
               for _ in range(6)] + [("x" * 45, 401), (None, 401)]
        self.done, self.count, self.failed = threading.Event(), 0, {}
        tap.cleanups.append(self.done.set)
        self.threads = [threading.Thread(target=self.run, args=(n,))
                        for n in range(3)]
        for thread in self.threads:
            thread.start()

    def run(self, i):
        while not self.done.is_set():
            token, wanted = self.tokens[i % len(self.tokens)]
            i += 7
            try:
                status = get(self.nginx, "/", bearer=token).status
            except OSError as error:
                status = repr(error)
            if status != wanted:
                self.failed[status] = self.failed.get(status, 0) + 1
            self.count += 1

    def goes_on(self, name):
        """Waits until a hundred more requests are through."""
        until = self.count + 100
        ok(poll(lambda: self.count >= until, 20), f"{name}: requests go on")
        is_(self.failed, {}, f"{name}: none failed")

    def end(self):
        self.done.set()
        for thread in self.threads:
            thread.join()
        diag(f"{self.count} requests")
        is_(self.failed, {}, "no request failed")


def start():
    authority = Authority()
    nginx = Daemon(authority, server=PROTECTED, workers=2,
                   words="cache valid=1s negative=1s; timeout 10s;")
    return authority, nginx


def held(authority, nginx, count=4):
    """Clients whose look-ups the authority answers a second late."""
    tokens = [authority.token().token for _ in range(count)]
    authority.rules({"match": {"path": {"re": "/verify$"}, "token": tokens},
                     "actions": [{"delay": 1500}, {"answer": "default"}]})
    clients = []
    for token in tokens:
        client = Client(nginx, 20)
        client.send("/", bearer=token)
        clients.append(client)
    poll(lambda: all(token in authority.counts()["tokens"]
                     for token in tokens))
    return clients


@test
def to_the_new_binary():
    authority, nginx = start()
    first = nginx.pid
    load = Load(authority, nginx)
    load.goes_on("the old binary")

    clients = held(authority, nginx)
    ok(nginx.change_binary(), "USR2: a second master runs")
    isnt(nginx.pid, first, "it has a pid of its own")
    load.goes_on("both binaries")

    nginx.send_signal(signal.SIGWINCH, nginx.old)
    is_([client.receive().status for client in clients], [200] * 4,
        "WINCH: who waited in the old workers is answered")
    ok(poll(lambda: not nginx.workers(first), 20), "they are gone")
    load.goes_on("the new workers alone")

    nginx.send_signal(signal.SIGQUIT, first)
    ok(poll(lambda: not alive(first), 20), "QUIT: the old master is gone")
    load.goes_on("the new binary")
    ok(nginx.reload(), "it can be reloaded")
    load.goes_on("the new binary, reloaded")
    load.end()


@test
def and_back():
    authority, nginx = start()
    first = nginx.pid
    load = Load(authority, nginx)
    ok(nginx.change_binary(), "USR2: a second master runs")
    second = nginx.pid
    nginx.send_signal(signal.SIGWINCH, first)
    ok(poll(lambda: not nginx.workers(first), 20),
       "WINCH: the old workers are gone")
    load.goes_on("the new workers alone")

    clients = held(authority, nginx)
    nginx.send_signal(signal.SIGHUP, first)
    ok(poll(lambda: len(nginx.workers(first)) == 2, 20),
       "HUP: the old master has workers again")
    load.goes_on("both binaries")
    nginx.send_signal(signal.SIGQUIT, second)
    is_([client.receive().status for client in clients], [200] * 4,
        "QUIT: who waited in the new workers is answered")
    ok(poll(lambda: not alive(second), 20), "the new master is gone")
    ok(poll(lambda: nginx.pid == first, 5), "the pid is the old one's")
    load.goes_on("the old binary")
    ok(nginx.reload(), "it can be reloaded")

    ok(nginx.change_binary(), "and its binary be changed again")
    load.goes_on("the third binary")
    load.end()


@test
def the_second_binary_has_a_zone_of_its_own():
    authority, nginx = start()
    nginx.configure(words="cache valid=1h;")
    ok(nginx.reload(), "reloaded")
    token = authority.token()
    is_(get(nginx, "/", bearer=token.token).status, 200, "asked about")
    is_(get(nginx, "/", bearer=token.token).status, 200, "known")
    is_(authority.counts()["requests"], 2, "look-ups")
    ok(nginx.change_binary(), "USR2")
    nginx.send_signal(signal.SIGQUIT, nginx.old)
    ok(poll(lambda: nginx.old is None, 20), "the old one is gone")
    is_(get(nginx, "/", bearer=token.token).status, 200, "asked about")
    is_(get(nginx, "/", bearer=token.token).status, 200, "known")
    is_(authority.counts()["requests"], 4, "look-ups")


@test
def a_binary_that_does_not_start():
    authority, nginx = start()
    token = authority.token()
    first = nginx.pid
    is_(get(nginx, "/", bearer=token.token).status, 200, "before")
    nginx.emerg_ok = "asked for"
    nginx.alert_ok = "the second master exits with 1"
    nginx.configure(words="timeout never;")
    nginx.send_signal(signal.SIGUSR2)
    ok(nginx.wait_log(r"\[emerg\].*timeout", 20), "the second one says why")
    ok(poll(lambda: nginx.pid == first and nginx.old is None, 20),
       "the first one has its pid back")
    begun = time.monotonic()
    is_(get(nginx, "/", bearer=authority.token().token).status, 200,
        "and looks up")
    ok(time.monotonic() - begun < 5, "as before")


@test
def secrets_of_the_environment():
    """nginx hands on what "env" names, and nothing else."""
    name = "AUTH_TOKEN_UPGRADE"
    for main in (f"env {name};", ""):
        authority = Authority()
        os.environ[name] = authority.credential_value
        nginx = Daemon(authority, main=main, server=PROTECTED,
                       http=PROVIDER.replace("file:{credential}",
                                             f"env:{name}"))
        first = nginx.pid
        is_(get(nginx, "/", bearer=authority.token().token).status, 200,
            "before")
        if main:
            ok(nginx.change_binary(), "USR2: it is there for the second one")
            nginx.send_signal(signal.SIGQUIT, nginx.old)
            ok(poll(lambda: nginx.old is None, 20), "the old one is gone")
        else:
            nginx.emerg_ok = nginx.alert_ok = "asked for"
            nginx.send_signal(signal.SIGUSR2)
            ok(nginx.wait_log(rf"\[emerg\].*\"{name}\" is not set", 20),
               "without \"env\" the second one says what it lacks")
            ok(poll(lambda: nginx.pid == first and nginx.old is None, 20),
               "the first one has its pid back")
        is_(get(nginx, "/", bearer=authority.token().token).status, 200,
            "after")
        del os.environ[name]


run()
