# Copyright (C) The ngx_http_auth_token_module authors

"""results.json as a table (Markdown) and as a plot (SVG)."""

import os
import textwrap

import contestants
import plot
import targets
from measure import median, over

TITLES = {one.name: one.title for one in
          (*contestants.RIVALS, contestants.FOUR, contestants.MANY,
           contestants.HTTP2)}
NAMES = [one.name for one in contestants.RIVALS]


def write(results, directory):
    scenarios = results["scenarios"]
    parts = [about(results)]
    if "hits" in scenarios:
        parts += [contest(scenarios), rates(scenarios)]
    for name, part in (("slow", slow), ("workers", workers),
                       ("stalls", stalls), ("memory", memory)):
        if name in scenarios:
            parts.append(part(scenarios[name]))
    if all(name in scenarios for name in targets.NEEDED):
        parts.append(table(["target", "wanted", "measured", ""],
                           targets.rows(scenarios)))
    text = "\n\n".join("\n".join(part) for part in parts) + "\n"
    with open(os.path.join(directory, "table.md"), "w") as out:
        out.write(text)
    with open(os.path.join(directory, "plot.svg"), "w") as out:
        out.write(plot.draw(scenarios, TITLES))
    print(text)


BEGIN, END = "<!-- bench/run --readme begins -->\n", "<!-- and ends -->\n"


def readme(results, path):
    """The first table and the targets, between two marks of README.md."""
    scenarios = results["scenarios"]
    parts = [about(results), contest(scenarios)]
    if all(name in scenarios for name in targets.NEEDED):
        parts.append(table(["target", "wanted", "measured", ""],
                           targets.rows(scenarios)))
    with open(path) as read:
        before, rest = read.read().split(BEGIN)
    after = rest.split(END)[1]
    text = "\n\n".join("\n".join(part) for part in parts)
    with open(path, "w") as out:
        out.write(f"{before}{BEGIN}\n{text}\n\n{END}{after}")


def about(results):
    m = results["machine"]
    line = (f"{m['cpus']} CPUs ({m['cpu']}), {m['system']}, Linux "
            f"{m['kernel']}, nginx {m['nginx']}, libcurl {m['libcurl']}, wrk "
            f"{m['wrk']}; load average before: {m['load']}.")
    if results["quick"]:
        line += " A quick run: for orientation only."
    return textwrap.wrap(line, 79)


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


COLUMNS = [("hits", "cached hit"), ("mix", "1 % misses"),
           ("misses", "cold miss")]


def contest(scenarios):
    """CPU microseconds of a request, and what of it is the token's."""
    columns = [one for one in COLUMNS if one[0] in scenarios]
    head = ["worker CPU, µs per request"]
    for _, title in columns:
        head += [title, "over none"]
    rows = []
    for name in scenarios["hits"]:
        row = [TITLES[name]]
        for scenario, _ in columns:
            samples = scenarios[scenario].get(name)
            if not samples:
                row += ["", ""]
                continue
            none = scenarios[scenario]["none"]
            row += [f"{median(samples, 'cpu'):.2f}",
                    "" if name == "none" else f"{over(samples, none):+.2f}"]
        rows.append(row)
    return table(head, rows)


def rates(scenarios):
    columns = [one for one in COLUMNS if one[0] in scenarios]
    rows = []
    for name in scenarios["hits"]:
        found = [scenarios[scenario].get(name) for scenario, _ in columns]
        rows.append([TITLES[name]] + [samples and rate(samples) or ""
                                      for samples in found])
    return table(["requests per second (worker busy)"]
                 + [title for _, title in columns], rows)


def rate(samples):
    return f"{median(samples, 'rate'):,.0f} ({median(samples, 'busy'):.0%})"


def slow(found):
    clients = next(iter(found.values()))[0].get("clients", 0)
    rows = [[TITLES[name], rate(samples), f"{median(samples, 'cpu'):.0f}",
             f"{median(samples, 'refused') / median(samples, 'requests'):.1%}"]
            for name, samples in found.items()]
    return table([f"authority of 100 ms, {clients:,} clients, every token new",
                  "requests per second (worker busy)", "CPU, µs", "refused"],
                 rows)


def workers(found):
    rows = []
    for name in NAMES:
        one, two = found[f"{name}/1"], found[f"{name}/2"]
        rows.append([TITLES[name], f"{median(one, 'cpu'):.2f}",
                     f"{median(two, 'cpu'):.2f}",
                     f"{targets.scaling(found, name):.2f}", rate(one),
                     rate(two)])
    return table(["cached hit", "1 worker, µs", "2 workers, µs",
                  "times as many for 2 CPUs", "1 worker, requests per second",
                  "2 workers"], rows)


STALLS = {"none": "nothing, for comparison", "dns": "DNS",
          "connect": "connecting", "tls": "TLS", "answer": "the answer"}


def stalls(found):
    rows = []
    for name, (one,) in found.items():
        title = STALLS.get(name) or f"the answer, {TITLES[name]}"
        rows.append([title, *(f"{one[key] / 1000:.2f}" for key in
                              ("p50", "p99", "p999", "max"))])
    return table(["other requests while this stalls, ms", "p50", "p99",
                  "p99.9", "longest"], rows)


def memory(found):
    rows = []
    for name, title in (
            ("one answer", "this module, one answer"),
            ("four", "this module, cloudflare, two answers, 4 CIDRs"),
            ("negative", "this module, refusals, beside the tokens"),
            ("lua", "Lua, one number for a token")):
        (one,) = found[name]
        share = targets.NEGATIVES if name == "negative" else 1
        rows.append([title, f"{one['ten']:,}",
                     f"{one['bytes'] / share:.0f}"])
    disk = found["auth_request"][0]["disk"]
    rows.append(["auth_request + proxy_cache", "",
                 f"{disk} of disk, and of the zone"])
    return table(["memory", "held by 10 MB", "bytes each, all in all"], rows)
