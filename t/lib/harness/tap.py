# Copyright (C) The ngx_http_auth_token_module authors

"""TAP on standard output, and the run of a file's tests."""

import os
import re
import signal
import sys
import time
import traceback

_tests = []
_running = []
_count = 0
_failed = 0

# a test function may leave these behind: called with no argument when it
# ends, last one first
cleanups = []

# under valgrind all takes longer
VALGRIND = bool(os.environ.get("TEST_NGINX_USE_VALGRIND"))
SLOWER = 6 if VALGRIND else 1

LIMIT = 300 * SLOWER


class Skip(Exception):
    pass


class TooLong(BaseException):
    """No Exception, or a test might take it for a failure of its own."""


def diag(text):
    for line in str(text).split("\n"):
        print("# " + line, flush=True)


def ok(condition, name):
    global _count, _failed
    _count += 1
    if _running:
        name = f"{_running[-1]}: {name}"
    if not condition:
        _failed += 1
    print(f"{'ok' if condition else 'not ok'} {_count} - {name}", flush=True)
    return bool(condition)


def is_(got, wanted, name):
    if not ok(got == wanted, name):
        diag(f"     got: {got!r}\nexpected: {wanted!r}")
    return got == wanted


def isnt(got, unwanted, name):
    return ok(got != unwanted, name)


def like(text, pattern, name):
    found = re.search(pattern, text, re.M)
    if not ok(found, name):
        diag(f"{text[:2000]!r}\ndoes not match {pattern!r}")
    return found


def unlike(text, pattern, name):
    found = re.search(pattern, text, re.M)
    if not ok(not found, name):
        diag(f"{found.group(0)[:2000]!r} matches {pattern!r}")
    return not found


def poll(condition, seconds=5, every=0.02):
    """Waits until condition() is true and returns what it returned then."""
    end = time.monotonic() + seconds * SLOWER
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def skip(reason):
    raise Skip(reason)


def plan_skip_all(reason):
    print(f"1..0 # SKIP {reason}", flush=True)
    sys.exit(0)


def test(function):
    _tests.append(function)
    return function


def clean_up():
    while cleanups:
        try:
            cleanups.pop()()
        except (Exception, TooLong):
            ok(False, "the end of its servers")
            diag(traceback.format_exc())


def too_long(number, frame):
    raise TooLong("the test ran longer than it may")


def allow(seconds):
    """So long from now on, where only the test itself can tell."""
    signal.alarm(seconds * SLOWER)


def run(limit=LIMIT):
    """Runs the tests of the file, or those that the arguments name."""
    global _count
    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    wanted = sys.argv[1:]

    for function in _tests:
        name = function.__name__.replace("_", " ")
        if wanted and not any(word in function.__name__ for word in wanted):
            continue
        _running.append(name)
        signal.alarm(limit)
        try:
            function()
        except Skip as reason:
            _count += 1
            print(f"ok {_count} - {name} # SKIP {reason}", flush=True)
        except (Exception, TooLong):
            ok(False, "no exception")
            diag(traceback.format_exc())
        finally:
            signal.alarm(60 * SLOWER)
            clean_up()
            signal.alarm(0)
            _running.pop()

    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed or not _count else 0)
