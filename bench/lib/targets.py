# Copyright (C) The ngx_http_auth_token_module authors

"""What is to be reached, as ratios within one run, and whether it was."""

import statistics

import locks
from measure import median, over

NEEDED = ("hits", "misses", "slow", "workers", "workers_misses", "locks",
          "stalls", "memory")

ALTERNATIVES = ("auth_request", "njs", "lua", "lua_kept")

# of these, what keeps more of a token than one number
KEEPERS = ("auth_request", "njs", "lua_kept")

MORE = " that keeps more than a number"

STALLS = ("dns", "connect", "tls", "answer")

# the parts of a zone that refusals and tokens have, whatever comes: refusals an
# eighth, tokens what that and the look-ups under way leave (and a little less,
# which is counted as theirs); ngx_http_auth_token_arena.c
NEGATIVES = 8
TOKENS = 1 - 1 / 8 - 1 / 32

# busier than this, and the worker is the limit; less, and something else is
LIMIT = 0.95


def rows(scenarios):
    for part in (hits, misses, slow, workers, lock, stalls, memory):
        for title, wanted, measured, good in part(scenarios):
            yield [title, wanted, measured, "yes" if good else "**no**"]


def hits(scenarios):
    found = scenarios["hits"]
    none = found["none"]
    extra = over(found["this"], none)
    yield ("cached hit, CPU over none", "0.5 µs", f"{extra:.2f} µs",
           extra <= 0.5)

    for names, of in (ALTERNATIVES, ""), (KEEPERS, MORE):
        best, least = least_of(found, names)
        times = least / max(extra, 0.01)
        yield (f"that of the best alternative{of} ({best}), by ours", "10",
               f"{times:.1f}", times >= 10)

    part = statistics.median(one["rate"] / other["rate"] for one, other in
                             zip(found["this"], none))
    busy = min(median(found["this"], "busy"), median(none, "busy"))
    measured = f"{part:.0%}" if busy >= LIMIT else "limited by the client"
    yield ("requests per second, of none's", "95 %", measured,
           part >= 0.95 and busy >= LIMIT)

    for name, title in ("many", "IPv4"), ("many6", "IPv6"):
        extra = over(found[name], found["four"])
        yield (f"1,000 CIDRs ({title}) over 4", "0.1 µs", f"{extra:.2f} µs",
               extra <= 0.1)
    extra = over(found["many"], none)
    yield ("cached hit with 1,000 CIDRs, CPU over none", "0.5 µs",
           f"{extra:.2f} µs", extra <= 0.5)


def least_of(found, names):
    """What the best of them takes over none, and which it is."""
    extra = {name: over(found[name], found["none"]) for name in names}
    best = min(extra, key=extra.get)
    return best, extra[best]


def misses(scenarios):
    found = scenarios["misses"]
    ours = over(found["this"], found["none"])
    for names, of in (ALTERNATIVES, ""), (KEEPERS, MORE):
        best, least = least_of(found, names)
        yield (f"cold miss, CPU over none; best alternative{of} ({best})",
               f"under {least:.0f} µs", f"{ours:.0f} µs", ours < least)
    yield ("cold miss, CPU over none", "50 µs", f"{ours:.0f} µs", ours <= 50)


def slow(scenarios):
    found = scenarios["slow"]
    clients = found["this"][0]["clients"]
    busy = median(found["this"], "busy")
    yield (f"authority of 100 ms, {clients:,} clients: worker busy",
           "under 95 %", f"{busy:.0%}", busy < LIMIT and none_refused(found))
    cpu = median(found["this"], "cpu")
    yield ("the same: what its CPU per request comes to, HTTP/1.1",
           "15,000/s", f"{1e6 / cpu:,.0f}/s", 1e6 / cpu >= 15000)
    rate = median(found["http2"], "rate")
    yield ("the same, one HTTP/2 connection, of its 100 streams' 1,000/s",
           "90 %", f"{rate / 1000:.0%}", rate >= 900)


def none_refused(found):
    return not any(one["refused"] for name in ("this", "http2")
                   for one in found[name])


def workers(scenarios):
    for scenario, title in (("workers", "hits"), ("workers_misses", "misses")):
        times = scaling(scenarios[scenario], "this")
        yield (f"2 workers, {title}: times as many for 2 CPUs", "1.9",
               f"{times:.2f}", times >= 1.9)


def lock(scenarios):
    found = scenarios["locks"]
    if not found:
        yield ("locks among the ten dearest functions", "none",
               "not measured", False)
        return
    among = locks.among(found)
    share = max(one["locks"] for one in found.values())
    yield ("locks among the ten dearest functions of 2 workers", "none",
           f"{', '.join(among) or 'none'} (all locks: {share:.1f} %)",
           not among)


def stalls(scenarios):
    found = scenarios["stalls"]
    missing = [kind for kind in STALLS if kind not in found]
    quiet = found["none"]
    stalled = [found[kind] for kind in STALLS if kind in found]
    worst = max(median(one, "p99") for one in stalled) / 1000
    yield ("p99 of other requests, authority stalls", "50 ms",
           not_measured(missing) or f"{worst:.1f} ms",
           worst <= 50 and not missing)
    times = max(statistics.median(one["p50"] / other["p50"]
                                  for one, other in zip(samples, quiet))
                for samples in stalled)
    yield ("their median, by that without a stall", "1 (to 1.2)",
           not_measured(missing) or f"{times:.2f}",
           times <= 1.2 and not missing)
    part = min(median(one, "rate") for one in stalled) / median(quiet, "rate")
    yield ("their number, likewise", "0.95", f"{part:.2f}",
           part >= 0.95 and not missing)


def not_measured(missing):
    return missing and f"not measured: {', '.join(missing)}"


def memory(scenarios):
    found = scenarios["memory"]
    ten = found["four"][0]["ten"]
    yield ("tokens of 4 CIDRs in 10 MB", "15,000", f"{ten:,}", ten >= 15000)
    for name, title, wanted, share in (
            ("four", "a token of 4 CIDRs", 512, TOKENS),
            ("negative", "a refusal", 96, 1 / NEGATIVES)):
        size = found[name][0]["bytes"] * share
        yield (f"{title}, of the part of the zone for such",
               f"{wanted} bytes", f"{size:.0f} bytes", size <= wanted)


def scaling(workers, name):
    """Requests of two CPUs with two workers, by those of one with one."""
    return 2 * median(workers[f"{name}/1"], "cpu") / median(
        workers[f"{name}/2"], "cpu")
