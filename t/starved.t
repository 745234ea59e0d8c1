#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for look-ups that break off for want of memory, with an nginx as it is
# installed; t/torture has all of them, under sanitizers.  The failure this
# file exists for: what verify said of a token lets it in, as there was no
# memory to ask for its details, which would have denied.

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
sys.path.insert(0, os.path.join(HERE, "torture"))
from harness import *  # noqa: E402
from page import MEMORY, Page  # noqa: E402

# verify does not speak of addresses
ELSEWHERE = {"condition": {"request_ip": {"in": ["192.0.2.0/24"]}}}

TURNS = 5


def starving():
    """An authority, an nginx, and the page that says what its worker is not
    given."""
    authority = Authority()
    library = os.path.join(authority.dir, "fail.so")
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O1", "-fPIC",
                    "-shared", "-o", library, os.path.join(HERE, "torture",
                                                           "fail.c"), "-ldl"],
                   check=True)
    page = Page(os.path.join(authority.dir, "page"))
    nginx = Nginx(authority, server=PROTECTED,
                  words="breaker failures=0; timeout 2s;",
                  environment={"LD_PRELOAD": library,
                               "TORTURE_PAGE": page.path,
                               "LSAN_OPTIONS": "suppressions=" + os.path.join(
                                   HERE, "torture", "lsan.suppress")})
    nginx.emerg_ok = "nginx says so where it gets no memory"
    return authority, nginx, page


def status(nginx, token):
    """0 where nginx had no memory for the connection."""
    try:
        return get(nginx, "/", bearer=token).status
    except OSError:
        return 0


@test
def a_first_step_is_not_enough():
    if VALGRIND:
        skip("valgrind has an allocator of its own")
    authority, nginx, page = starving()
    worker, = nginx.workers()
    is_(status(nginx, authority.token().token), 200, "one that is let in")
    is_(status(nginx, authority.token(**ELSEWHERE).token), 403,
        "one that is not")
    page.arm(worker, MEMORY)
    is_(status(nginx, authority.token(**ELSEWHERE).token), 403, "counted")
    calls, _, _, _ = page.read()
    ok(calls > 20, f"{calls} allocations")
    authority.clear()

    seen, missed, halves = {}, 0, 0
    # what comes when is not the same each time
    for at in [*range(1, calls + 1)] * TURNS:
        token = authority.token(**ELSEWHERE)
        before = authority.counts()["requests"]
        page.arm(worker, MEMORY, at)
        found = status(nginx, token.token)
        _, failed, _, _ = page.read()
        page.disarm()
        seen[found] = seen.get(found, 0) + 1
        missed += not failed
        halves += found != 403 and authority.counts()["requests"] == before + 1

    diag(f"statuses {seen}, {missed} had all they wanted, {halves} ended "
         "between the steps")
    is_(seen.get(200, 0), 0, "nobody is let in")
    is_(authority.counts()["backend"], 0, "requests at the backend")
    ok(halves, "some ended between the steps")
    ok(missed < TURNS * calls / 4, "most were refused something")
    is_(nginx.workers(), [worker], "the worker is the same")
    is_(status(nginx, authority.token().token), 200, "and has recovered")


run()
