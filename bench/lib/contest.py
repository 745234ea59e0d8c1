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
    authority = contestants.authority(others())
    servers = {one.name: one.start(authority) for one in
               (*contestants.RIVALS, contestants.FOUR, contestants.MANY)}
    for server in servers.values():
        load.run(server.url("/t"), 1, 16)
    found = rounds(size["rounds"], servers,
                   lambda server: measure(server, size["seconds"], 32), tell)
    finish(servers, authority)
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
        load.run(server.url("/t"), 1, 16, new=new, given=load.seed())
    found = rounds(count, servers,
                   lambda server: measure(server, size["seconds"], 32,
                                          new=new, given=load.seed()), tell)
    finish(servers, authority)
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
        load.run(server.url("/t"), 2, size["clients"], refused=True, new=100,
                 given=load.seed())
        found = measure(server, span, size["clients"], refused=True,
                        new=100, given=load.seed())
        return {**found, "clients": size["clients"]}

    found = rounds(2, servers, sample, tell)
    for server in (*servers.values(), authority):
        server.end()
    return found


def workers(size, tell):
    """Hits with one worker and with two, which are not bound to CPUs."""
    authority = contestants.authority()
    servers = {}
    for one in contestants.RIVALS:
        for count in 1, 2:
            servers[f"{one.name}/{count}"] = one.start(
                authority, workers=count, bound=False)
    for server in servers.values():
        load.run(server.url("/t"), 1, 16)
    found = rounds(size["rounds"] // 2, servers,
                   lambda server: measure(server, size["seconds"], 64,
                                          threads=2), tell)
    finish(servers, authority)
    return found


def finish(servers, *more):
    for server in (*servers.values(), *more):
        server.check()
        server.end()
