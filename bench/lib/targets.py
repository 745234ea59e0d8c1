# Copyright (C) The ngx_http_auth_token_module authors

"""What is to be reached, as ratios within one run, and whether it was."""

from measure import median, over

NEEDED = ("hits", "misses", "slow", "workers", "stalls", "memory")

ALTERNATIVES = ("auth_request", "njs", "lua")

# the parts of a zone that refusals and tokens have, whatever comes: refusals an
# eighth, tokens what that and the look-ups under way leave (and a little less,
# which is counted as theirs); ngx_http_auth_token_arena.c
NEGATIVES = 8
TOKENS = 1 - 1 / 8 - 1 / 32


def rows(scenarios):
    for title, wanted, measured, good in found(scenarios):
        yield [title, wanted, measured, "yes" if good else "**no**"]


def found(scenarios):
    hits, misses = scenarios["hits"], scenarios["misses"]
    none = hits["none"]
    extra = over(hits["this"], none)
    yield ("cached hit, CPU over none", "0.5 µs", f"{extra:.2f} µs",
           extra <= 0.5)
    times = min(over(hits[name], none) for name in ALTERNATIVES) / max(
        extra, 0.01)
    yield ("least of an alternative, by ours", "10", f"{times:.0f}",
           times >= 10)
    part = median(hits["this"], "rate") / median(none, "rate")
    yield ("requests per second, of none's", "95 %", f"{part:.0%}",
           part >= 0.95)
    extra = over(hits["many"], hits["four"])
    yield ("1,000 CIDRs over 4", "0.1 µs", f"{extra:.2f} µs", extra <= 0.1)

    ours = over(misses["this"], misses["none"])
    best = min(ALTERNATIVES,
               key=lambda name: over(misses[name], misses["none"]))
    least = over(misses[best], misses["none"])
    yield (f"cold miss, least of an alternative ({best})",
           f"under {least:.0f} µs", f"{ours:.0f} µs", ours < least)
    yield ("cold miss, CPU over none", "50 µs", f"{ours:.0f} µs", ours <= 50)

    cpu = median(scenarios["slow"]["this"], "cpu")
    yield ("authority of 100 ms: what a worker's CPU allows, HTTP/1.1",
           "15,000/s", f"{1e6 / cpu:,.0f}/s", 1e6 / cpu >= 15000)

    rate = median(scenarios["slow"]["http2"], "rate")
    yield ("the same, one HTTP/2 connection, of its 100 streams' 1,000/s",
           "90 %", f"{rate:,.0f}/s", rate >= 900)

    times = scaling(scenarios["workers"], "this")
    yield ("2 workers, by CPU", "1.9", f"{times:.2f}", times >= 1.9)

    quiet = scenarios["stalls"]["none"][0]
    stalled = [scenarios["stalls"][kind][0]
               for kind in ("dns", "connect", "tls", "answer")
               if kind in scenarios["stalls"]]
    worst = max(one["p99"] for one in stalled) / 1000
    yield ("p99 of others, authority stalls", "50 ms", f"{worst:.1f} ms",
           worst <= 50)
    median_ = max(one["p50"] for one in stalled) / quiet["p50"]
    yield ("their median, by that without a stall", "1", f"{median_:.2f}",
           median_ <= 1.2)

    memory = scenarios["memory"]
    yield ("tokens in 10 MB", "15,000", f"{memory['four'][0]['ten']:,}",
           memory["four"][0]["ten"] >= 15000)
    size = memory["four"][0]["bytes"] * TOKENS
    yield ("a token, of the part that tokens have", "512 bytes",
           f"{size:.0f} bytes", size <= 512)
    size = memory["negative"][0]["bytes"] / NEGATIVES
    yield ("a refusal, likewise", "96 bytes", f"{size:.0f} bytes", size <= 96)


def scaling(workers, name):
    """Requests of two CPUs with two workers, by those of one with one."""
    return 2 * median(workers[f"{name}/1"], "cpu") / median(
        workers[f"{name}/2"], "cpu")
