# Copyright (C) The ngx_http_auth_token_module authors

"""What a load costs a server's workers.  Contestants take turns, so that all
of them see the same minutes of a machine that may be busy otherwise."""

import statistics

import load


def measure(server, seconds, connections, **more):
    """One sample: CPU microseconds and requests, of a load; see load.run."""
    before = server.cpu()
    found = load.run(server.url("/t"), seconds, connections, **more)
    spent = server.cpu() - before
    found["cpu"] = spent / found["requests"] * 1e6
    found["busy"] = spent / found["us"] * 1e6
    return found


def rounds(count, servers, sample, tell=None):
    """{name: [sample]}, "count" of each, in turns, every second round from
    the last to the first."""
    found = {name: [] for name in servers}
    for turn in range(count):
        names = list(servers)
        for name in names[::-1] if turn % 2 else names:
            found[name].append(sample(servers[name]))
            if tell:
                tell(name, found[name][-1])
    return found


def median(samples, key):
    return statistics.median(sample[key] for sample in samples)


def over(samples, others, key="cpu"):
    """The median of the differences within one round."""
    return statistics.median(one[key] - other[key]
                             for one, other in zip(samples, others))
