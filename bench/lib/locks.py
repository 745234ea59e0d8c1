# Copyright (C) The ngx_http_auth_token_module authors

"""Where two workers spend their time, by perf: whether a lock is among it."""

import os
import re
import shutil
import subprocess

import contestants
import load
from contest import finish, warm

LOCK = re.compile(r"shmtx|mutex|futex|sem_(wait|post)|rwlock|sched_yield"
                  r"|spin_?lock|_lock(_|$)")

TOP = 10


def locks(size, tell):
    """The ten dearest functions of two workers, kernel and libraries as well,
    with hits and with one miss in a hundred."""
    if not possible():
        print("locks: perf cannot be used", flush=True)
        return {}
    authority = contestants.authority()
    server = contestants.THIS.start(authority, workers=2, bound=False)
    found = {}
    for name, new in ("hits", 0), ("mix", 1):
        given = load.seed() if new else "0"
        warm(server, 16, new=new, given=given)
        found[name] = sample(server, size["seconds"] * 4, new, given)
        print(name, found[name], flush=True)
    finish([server, authority])
    return found


def possible():
    return shutil.which("perf") is not None and subprocess.run(
        ["perf", "record", "-e", "cpu-clock", "-o", "/dev/null", "true"],
        capture_output=True).returncode == 0


def sample(server, seconds, new, given):
    wrk = load.start(server.url("/t"), seconds + 2, 64, threads=2, new=new,
                     given=given)
    path = os.path.join(server.dir, "perf.data")
    subprocess.run(
        ["perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "-o", path,
         "-p", ",".join(map(str, server.pids())), "--", "sleep",
         str(seconds)], check=True, capture_output=True)
    load.finish(wrk)
    done = subprocess.run(
        ["perf", "report", "-i", path, "--stdio", "--no-children", "-q",
         "--sort", "symbol", "-w", "200"],
        check=True, capture_output=True, text=True)
    os.unlink(path)
    return read(done.stdout)


def read(text):
    """{"top": [[function, percent]], "locks": percent of all of them}."""
    lines = [re.match(r"\s*([\d.]+)%\s+\[(.)\]\s+(\S+)", line)
             for line in text.splitlines()]
    shares = [[match.group(3), float(match.group(1))]
              for match in lines if match]
    if not shares:
        raise load.Failed("perf has no samples")
    return {"top": shares[:TOP],
            "locks": round(sum(share for name, share in shares
                               if LOCK.search(name)), 2)}


def among(found):
    """The locks among the dearest functions of all loads."""
    return sorted({name for one in found.values() for name, _ in one["top"]
                   if LOCK.search(name)})
