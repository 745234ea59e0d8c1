#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the torture (t/torture) and the limit of tests: that they can
# fail.  Where calls are made to fail, alerts are expected, and one that is a
# defect must not pass for one of these; and a test that is over its time must
# not take that for an answer.

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "torture")]
from harness import *  # noqa: E402
from expected import EXPECTED, Tortured  # noqa: E402

HEAD = f"""
import os, signal, sys
sys.path[:0] = [{os.path.join(HERE, "lib")!r},
                {os.path.join(HERE, "torture")!r}]
from harness import *
"""


def said(text):
    """By a test file of this text: (exit status, output)."""
    done = subprocess.run([sys.executable, "-c", HEAD + text], timeout=120,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    return done.returncode, done.stdout + done.stderr


def judge():
    nginx = Tortured(start=False, load=False)
    nginx.forbidden.append("secret-of-the-test")

    def judged(line, name="error.log"):
        return list(nginx.judge(name, f"2030/01/02 03:04:05 {line}\n"))

    return judged


@test
def what_is_expected():
    judged = judge()
    for line in (
            "[emerg] 7#7: *9 malloc(176) failed (12: Cannot allocate memory)"
            " while reading client request line, client: 127.0.0.1",
            "[emerg] 7#7: posix_memalign(16, 4096) failed (12: Cannot allocate"
            " memory)",
            "[alert] 7#7: *1 epoll_ctl(1, 5) failed (28: No space left on"
            " device)",
            "[alert] 7#7: *1 close() socket failed (5: Input/output error)"):
        is_(judged(line), [], line)
    for text, error, why in EXPECTED:
        ok(error and why, f"a reason: {text}")


@test
def what_is_not():
    judged = judge()
    for line in (
            "[alert] 7#7: something",
            "[emerg] 7#7: *1 something failed (12: Cannot allocate memory)",
            "[alert] 7#7: *1 close() socket failed (9: Bad file descriptor)",
            "[alert] 7#7: *1 open socket #3 left in connection 5",
            "[alert] 7#7: worker process 8 exited on signal 11",
            "[alert] 7#7: *1 x malloc(1) failed (12: Cannot allocate memory)",
            "[emerg] 7#7: malloc(1) failed (12: Cannot allocate memory)"
            " secret-of-the-test",
            "==1==ERROR: AddressSanitizer: heap-use-after-free"):
        is_(len(judged(line)), 1, line)
    is_(len(judged("[emerg] 7#7: malloc(1) failed (12: Cannot allocate memory)",
                   "stderr")), 1, "in another file")


@test
def a_worker_that_dies():
    status, output = said("""
from torture import SCENARIOS, Torture

@test
def dies():
    one = Torture(SCENARIOS["hit"](), library="")
    os.kill(one.pid, signal.SIGKILL)
    ok(one.nginx.wait_log("exited on signal 9"), "it is seen")

run()
""")
    isnt(status, 0, "a worker that dies fails")
    like(output, r"^not ok \d+ - dies: logs and answers are clean", "the check")
    like(output, r"^# .*\[alert\].* exited on signal 9", "says why")


@test
def the_limit():
    status, output = said("""
@test
def waits():
    try:
        poll(lambda: False, 60)
    except (OSError, Exception):
        pass
    ok(True, "went on")

@test
def waits_longer():
    allow(1)
    poll(lambda: False, 60)

run(limit=1)
""")
    isnt(status, 0, "a test over its time fails")
    for name in ("waits", "waits longer"):
        like(output, rf"^not ok \d+ - {name}: no exception", name)
    unlike(output, "went on", "it does not go on")
    like(output, "TooLong: the test ran longer", "says why")


run()
