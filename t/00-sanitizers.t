#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# That a report of the sanitizers, or of valgrind, fails a test, when nginx is
# one that util/sanitize/run or util/valgrind made.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

if not SANITIZED and not VALGRIND:
    plan_skip_all("nginx was built without sanitizers")


def seen(probe, pattern):
    """A worker with a defect: what of it the harness finds."""
    nginx = Nginx(http="", environment={"SANITIZE_PROBE": probe})
    nginx.alert_ok = "the worker that is made to die"
    is_(nginx.stop(), 0, "the others end")
    found = nginx.problems()
    is_(len(found), 1, "one report")
    like("\n".join(found), pattern, "of the defect")


@test
def an_overflow():
    seen("overflow", "Invalid write of size 1" if VALGRIND
         else "AddressSanitizer: heap-buffer-overflow")


@test
def what_c_does_not_define():
    if VALGRIND:
        seen("unset", "depends on uninitialised value")
    else:
        seen("undefined", "runtime error: signed integer overflow")


@test
def a_leak():
    seen("leak", "definitely lost" if VALGRIND
         else "LeakSanitizer: detected memory leaks")


@test
def nothing():
    nginx = Nginx(http="", environment={"SANITIZE_PROBE": "none"})
    nginx.stop()
    is_(nginx.problems(), [], "no report without a defect")


run()
