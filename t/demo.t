#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for util/demo.sh as a new user meets it: what it prints is true, it
# needs no terminal, it leaves nothing behind however it ends.

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness import tap  # noqa: E402
from harness.nginx import TOP  # noqa: E402

READY = "what nginx logs:"

# whoever runs this in the background may have left it ignored, and a shell
# cannot trap what was ignored when it started
signal.signal(signal.SIGINT, signal.default_int_handler)


class Demo:
    """Attributes: text (all it said so far), tries: (what, status, verdict,
    command) as printed, port, seconds until it was ready, or status."""

    def __init__(self, ready=True, **environment):
        inherited = {name: value for name, value in os.environ.items()
                     if not name.startswith("AUTH_TOKEN_")}
        self.text = ""
        self.directory = None
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [os.path.join(TOP, "util", "demo.sh")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, cwd="/",
            env={**inherited, "NO_INSTALL": "1", **environment})
        tap.cleanups.append(self.kill)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        poll(lambda: READY in self.text or self.process.poll() is not None,
             240)
        self.seconds = time.monotonic() - begin
        if not ready:
            self.process.wait(20)
            self.reader.join(5)
            return
        if READY not in self.text:
            raise RuntimeError("the demo did not start:\n" + self.text)
        self.port = int(re.search(r"listens on 127\.0\.0\.1:(\d+)",
                                  self.text).group(1))
        self.tries = re.findall(r"^(.+): (\d{3}) ([A-Z_]+)\n  (curl .*)$",
                                self.text, re.M)
        self.children = self.descendants(self.process.pid)
        self.directory = self.find_directory()

    def read(self):
        for line in self.process.stdout:
            self.text += line.decode(errors="replace")

    def descendants(self, pid):
        """{pid: start time}: a pid alone may be another's later."""
        found = {}
        with open(f"/proc/{pid}/task/{pid}/children") as read:
            for child in read.read().split():
                found[int(child)] = started(child)
                found.update(self.descendants(child))
        return found

    def find_directory(self):
        for pid in self.children:
            with open(f"/proc/{pid}/cmdline") as read:
                found = re.search(r"/tmp/auth-token-demo\.\w+", read.read())
            if found:
                return found.group(0)
        return None

    def left(self):
        return [pid for pid, start in self.children.items()
                if started(pid) == start]

    def is_gone(self, name):
        ok(poll(lambda: not self.left(), 15), f"{name}: no process is left")
        ok(self.directory and not os.path.exists(self.directory),
           f"{name}: no file is left")
        ok(not is_open(self.port), f"{name}: the port is free")

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(5)
        self.process.stdout.close()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)


def started(pid):
    try:
        with open(f"/proc/{pid}/stat") as read:
            fields = read.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answer(command):
    """Runs a printed line as a shell does: (status, verdict, cache, body)."""
    done = subprocess.run(["sh", "-c", command], capture_output=True,
                          text=True, timeout=30)
    head, _, body = done.stdout.replace("\r", "").partition("\n\n")
    status = re.match(r"HTTP/1\.1 (\d+)", head)
    field = dict(re.findall(r"^(X-\w+): (.*)$", head, re.M))
    return (status and status.group(1), field.get("X-Verdict"),
            field.get("X-Cache"), body)


@test
def what_it_prints_is_true():
    demo = Demo()
    verdicts = {verdict for _, _, verdict, _ in demo.tries}
    is_(demo.text.count("curl -i"), len(demo.tries),
        "each line says what it will answer")
    is_(verdicts, {"ALLOWED", "MISSING", "MALFORMED", "UNKNOWN", "INACTIVE",
                   "EXPIRED", "NOT_YET_VALID", "ADDRESS_DENIED",
                   "UNAVAILABLE"}, "every verdict is shown")
    for what, status, verdict, command in demo.tries:
        got = answer(command)
        is_(got[:2], (status, verdict), what)
        is_(got[3].startswith("backend: "), status == "200",
            f"{what}: the backend answers if it is allowed")
        if "HIT" in what:
            is_(got[2], "HIT", f"{what}: indeed")

    poll(lambda: "MALFORMED" in demo.text.partition(READY)[2], 5)
    logged = demo.text.partition(READY)[2]
    for verdict in verdicts - {"ALLOWED"}:
        like(logged, rf"denied.*verdict {verdict}\b", f"{verdict} is logged")
    unlike(logged, r"demo_\w+0000", "no token is logged")
    unlike(demo.text, r"demo_credential", "the credential is not shown")

    demo.process.send_signal(signal.SIGINT)
    is_(demo.process.wait(20), 130, "SIGINT ends it")
    demo.is_gone("SIGINT")


@test
def a_second_start_takes_seconds():
    Demo().kill()
    demo = Demo()
    ok(demo.seconds < 20, f"{demo.seconds:.1f} s")
    os.killpg(demo.process.pid, signal.SIGINT)
    is_(demo.process.wait(20), 130, "Ctrl-C ends it")
    demo.is_gone("Ctrl-C")


@test
def other_ends():
    demo = Demo()
    demo.process.terminate()
    is_(demo.process.wait(20), 143, "SIGTERM ends it")
    demo.is_gone("SIGTERM")

    demo = Demo()
    demo.process.kill()
    demo.process.wait(20)
    ok(poll(lambda: not demo.left(), 15), "SIGKILL: no process is left")
    ok(poll(lambda: not is_open(demo.port), 5), "SIGKILL: the port is free")

    demo = Demo()
    child = next(pid for pid in demo.children if "nginx" in name_of(pid))
    os.kill(child, signal.SIGTERM)
    is_(demo.process.wait(20), 1, "it ends when nginx does")
    like(demo.text, "ended of itself", "and says so")
    demo.is_gone("nginx's end")


def name_of(pid):
    with open(f"/proc/{pid}/comm") as read:
        return read.read()


@test
def ports():
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            diag("8080 is taken already")
        isnt(Demo().port, 8080, "takes another port than one that is taken")

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = Demo(ready=False, AUTH_TOKEN_PORT=str(port))
        is_(demo.process.returncode, 1, "ends if the port it shall take is not"
                                        " free")
        like(demo.text, f"port {port} is taken", "and says which")

    demo = Demo(AUTH_TOKEN_PORT=str(port))
    is_(demo.port, port, "takes the port that it shall take")


@test
def another_authority():
    authority = Authority()
    good = authority.token()
    endpoint = f"http://127.0.0.1:{authority.plain}/client/v4/user/tokens"

    demo = Demo(AUTH_TOKEN_ENDPOINT=endpoint,
                AUTH_TOKEN_CREDENTIAL=authority.credential_value)
    like(demo.text, endpoint, "says which")
    unlike(demo.text, authority.credential_value, "but not the credential")
    for what, status, verdict, command in demo.tries:
        is_(answer(command)[:2], (status, verdict), what)
    is_(authority.counts()["requests"], 0, "no request was made for these")

    command = re.search(r"^  (curl .*\$TOKEN.*)$", demo.text, re.M).group(1)
    is_(answer(f"TOKEN={good.token}; {command}")[:2], ("200", "ALLOWED"),
        "a good token")
    is_(answer(f"TOKEN={good.token}x; {command}")[:2], ("401", "UNKNOWN"),
        "an unknown one")
    is_(authority.counts()["requests"], 3, "that authority was asked")

    demo = Demo(ready=False, AUTH_TOKEN_ENDPOINT=endpoint)
    is_(demo.process.returncode, 1, "no credential: it does not start")
    like(demo.text, "needs AUTH_TOKEN_CREDENTIAL", "and says why")

    demo = Demo(ready=False, AUTH_TOKEN_ENDPOINT="http://192.0.2.1/",
                AUTH_TOKEN_CREDENTIAL="x")
    is_(demo.process.returncode, 1, "clear text to another machine: neither")
    like(demo.text, "sends tokens in clear text", "and says why")


run()
