# Copyright (C) The ngx_http_auth_token_module authors

"""The scenarios in which all contestants take part.  Each returns {name:
[sample]} for bench/lib/report.py."""

import os

import contestants
import load
from measure import measure, rounds


def others():
    """The CPUs that the first worker is not bound to."""
    cpus = sorted(os.sched_getaffinity(0))
    return set(cpus[1:] or cpus)


def hits(size, tell):
    """One token that is in the cache; and the module's own, with two answers
    for each token and with address lists."""
    return cached(size, tell, (*contestants.RIVALS, contestants.FOUR,
                               contestants.MANY, contestants.MANY6),
                  size["rounds"])


def spread(size, tell):
    """Many tokens that are in the cache, in turns: more than what a worker
    may keep beside it."""
    return cached(size, tell, contestants.RIVALS, size["rounds"] // 2,
                  known=5000)


def cached(size, tell, those, count, known=1):
    authority = contestants.authority(others())
    servers = {one.name: one.start(authority) for one in those}
    for server in servers.values():
        warm(server, 16, known=known)
    found = rounds(count, servers,
                   lambda server: measure(server, size["seconds"], 32,
                                          known=known), tell)
    finish([*servers.values(), authority])
    return found


def misses(size, tell):
    """Every request shows a token that nobody has seen."""
    return tokens(size, tell, 100, size["rounds"])


def mix(size, tell):
    """One of a hundred does."""
    return tokens(size, tell, 1, size["rounds"] // 2)


def tokens(size, tell, new, count):
    authority = contestants.authority(others())
    servers = {one.name: one.start(authority) for one in contestants.RIVALS}
    for server in servers.values():
        warm(server, 16, new=new, given=load.seed())
    found = rounds(count, servers,
                   lambda server: measure(server, size["seconds"], 32,
                                          new=new, given=load.seed()), tell)
    finish([*servers.values(), authority])
    return found


def slow(size, tell):
    """Every token is new and the authority takes 100 ms.  Each client can
    have a connection to it."""
    authority = contestants.slow_authority(others())
    words = f"max_connections {size['clients']}; timeout 20s;"
    servers = {one.name: one.start(authority, WORDS=words)
               for one in contestants.RIVALS if one.asks}
    servers["http2"] = contestants.HTTP2.start(authority, **authority.names)

    def sample(server):
        # of 2,000 clients on 100 streams each waits for two seconds, and what
        # they wait for at the end is not counted: that must not matter
        span = size["slow"] * (3 if server is servers["http2"] else 1)
        warm(server, size["clients"], seconds=2, new=100, given=load.seed())
        found = measure(server, span, size["clients"], new=100,
                        given=load.seed())
        return {**found, "clients": size["clients"]}

    found = rounds(3, servers, sample, tell)
    finish([*servers.values(), authority])
    return found


def workers(size, tell):
    """Hits with one worker and with two, which are not bound to CPUs."""
    return scaled(size, tell, size["rounds"] // 2)


def workers_misses(size, tell):
    """Likewise, with tokens that nobody has seen."""
    return scaled(size, tell, size["rounds"] // 3, new=100)


def scaled(size, tell, count, new=0):
    authority = contestants.authority()
    servers = {}
    for one in contestants.RIVALS:
        for number in 1, 2:
            servers[f"{one.name}/{number}"] = one.start(
                authority, workers=number, bound=False)

    def given():
        return load.seed() if new else "0"

    for server in servers.values():
        warm(server, 16, new=new, given=given())
    found = rounds(count, servers,
                   lambda server: measure(server, size["seconds"], 64,
                                          threads=2, new=new, given=given()),
                   tell)
    finish([*servers.values(), authority])
    return found


def warm(server, connections, seconds=1, **more):
    """Not measured; once more if a crowd of connections took all the time."""
    try:
        load.run(server.url("/t"), seconds, connections, refused=True, **more)
    except load.Failed:
        load.run(server.url("/t"), seconds + 2, connections, refused=True,
                 **more)


def finish(servers):
    for server in servers:
        server.check()
        server.end()
