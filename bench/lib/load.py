# Copyright (C) The ngx_http_auth_token_module authors

"""Loads: wrk on a CPU of its own where there is one."""

import itertools
import os
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPT = os.path.join(TOP, "wrk", "tokens.lua")

_seeds = itertools.count(int(time.time() * 16) & 0xffffff)


class Failed(Exception):
    pass


def seed():
    """Hexadecimal, that no other load of this run or the last ones got."""
    return f"{next(_seeds):x}"


def start(url, seconds, connections, new=0, known=1, given="0", pause=0,
          threads=1):
    """The process of a wrk; see bench/wrk/tokens.lua."""
    return subprocess.Popen(
        ["wrk", "-t", str(threads), "-c", str(connections),
         "-d", f"{seconds}s", "--timeout", "10s", "-s", SCRIPT, url, "--",
         given, str(new), str(known), str(pause)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=elsewhere if threads == 1 else None)


def elsewhere():
    """Off the CPU that the first worker is bound to."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) > 1:
        os.sched_setaffinity(0, cpus[1:])


def finish(process, refused=False):
    """What it found.  Answers other than 2xx are a failure of the run: what
    was measured would be something else."""
    try:
        output = process.communicate(timeout=120)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failed("wrk did not end")
    lines = [line for line in output.splitlines()
             if line.startswith("result ")]
    if process.returncode != 0 or not lines:
        raise Failed(f"wrk: {output}")
    values = [int(value) for value in lines[-1].split()[1:]]
    found = dict(zip(("requests", "us", "refused", "errors", "p50", "p99",
                      "p999", "max"), values))
    if (found["refused"] and not refused) or found["errors"]:
        raise Failed(f"wrk: {output}")
    if found["requests"] == 0:
        raise Failed(f"wrk: no answer within {found['us'] / 1e6:.0f} s")
    found["rate"] = found["requests"] / found["us"] * 1e6
    return found


def run(url, seconds, connections, refused=False, **more):
    return finish(start(url, seconds, connections, **more), refused)
