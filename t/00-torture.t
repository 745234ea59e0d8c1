#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the limit of tests: one that is over its time must not take that
# for an answer.

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "torture")]
from harness import *  # noqa: E402

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
