# Copyright (C) The ngx_http_auth_token_module authors

"""What requests that need no look-up notice of those that do."""

import time

from . import tap
from .load import Load
from .nginx import PATIENCE

# milliseconds: p99, and the longest
P99 = 50
LONGEST = 100

RATE = 400
TRIES = 3


def sampled(nginx, seconds, path, meanwhile):
    """A page's p99 and its longest time, or None if one did not come."""
    load = Load(nginx, RATE, lambda: ({"path": path}, (200,)), 40)
    if meanwhile:
        meanwhile()
    load.done.wait(seconds)
    load.end()
    p99, longest = load.percentile(0.99), load.percentile(1)
    tap.diag(f"{load.total()} pages, median {load.percentile(0.5)} ms, p99 "
             f"{p99} ms, longest {longest} ms")
    if load.wrong:
        tap.diag(load.wrong)
        return None
    return p99, longest


def unhurt(nginx, name, seconds=1.5, path="/-/alive", longest=None,
           meanwhile=None):
    """The page comes within 50 ms, but for one of a hundred; none takes
    longer than that is set, if it is.  The best of three tries counts:
    others may want the machine, and what holds a worker up does so in each.
    meanwhile() is called when a try has begun."""
    good = False
    for _ in range(TRIES):
        found = sampled(nginx, seconds, path, meanwhile)
        if found is None:
            break
        good = found[0] <= P99 * PATIENCE \
            and (longest is None or found[1] <= longest * PATIENCE)
        if good:
            break
    return tap.ok(good, name)


class Strangers:
    """Look-ups of tokens that nobody knows, so many a second, until the end
    of the with; each must be answered by 503 or 401."""

    def __init__(self, nginx, rate=30, connections=200, path="/"):
        self.turn, self.path, self.begun = 0, path, time.time_ns()
        self.load = Load(nginx, rate, self.choose, connections)

    def choose(self):
        self.turn += 1
        bearer = f"never-heard-of-{self.begun}-{self.turn:020d}"
        return {"path": self.path, "bearer": bearer}, (503, 401)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.load.end()
        tap.is_(self.load.wrong, {}, "those who waited are refused")
        tap.ok(self.load.total() > 0, "and there were some")
