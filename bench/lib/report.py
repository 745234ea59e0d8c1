# Copyright (C) The ngx_http_auth_token_module authors

"""results.json as tables (Markdown) and as a plot (SVG)."""

import json
import os
import textwrap

import contestants
import plot
import targets
from measure import median, over

TITLES = {one.name: one.title for one in
          (*contestants.RIVALS, contestants.FOUR, contestants.MANY,
           contestants.MANY6, contestants.HTTP2)}
NAMES = [one.name for one in contestants.RIVALS]


def write(results, directory):
    text = whole(results)
    with open(os.path.join(directory, "table.md"), "w") as out:
        out.write(text)
    with open(os.path.join(directory, "plot.svg"), "w") as out:
        out.write(plot.draw(results["scenarios"], TITLES))
    print(text)


def whole(results):
    """All tables that there is something for."""
    scenarios = results["scenarios"]
    parts = [about(results)]
    if "hits" in scenarios:
        parts += [contest(scenarios), rates(scenarios)]
    for name, part in (("slow", slow), ("workers", workers),
                       ("workers_misses", workers_misses), ("locks", dearest),
                       ("stalls", stalls), ("memory", memory)):
        if scenarios.get(name):
            parts.append(part(scenarios[name]))
    if all(name in scenarios for name in targets.NEEDED):
        parts.append(table(["target", "wanted", "measured", ""],
                           targets.rows(scenarios)))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


BEGIN, END = "<!-- bench/run --readme begins -->\n", "<!-- and ends -->\n"


def readme(results, path):
    """All tables, between two marks of README.md; only of one whole run."""
    ones = [one["of"] for one in results["about"].values()]
    if any(one != ones[0] for one in ones) or ones[0]["quick"] or not all(
            name in results["scenarios"] for name in targets.NEEDED):
        raise RuntimeError("not all of this is of one whole run: "
                           "README.md is left as it is")
    with open(path) as read:
        before, rest = read.read().split(BEGIN)
    after = rest.split(END)[1]
    with open(path, "w") as out:
        out.write(f"{before}{BEGIN}\n{whole(results)}\n{END}{after}")


def about(results):
    """What each run was of, and which scenarios it was for, if not all."""
    runs = {}
    for name, one in results["about"].items():
        runs.setdefault(json.dumps(one["of"]), []).append(name)
    lines = []
    for key, names in runs.items():
        of = json.loads(key)
        m = of["machine"]
        line = (f"{m['cpus']} CPUs ({m['cpu']}), {m['system']}, Linux "
                f"{m['kernel']}, nginx {m['nginx']}, libcurl {m['libcurl']}, "
                f"wrk {m['wrk']}; the module at {of['commit']}, {of['date']}.")
        if of["quick"]:
            line += " A quick run: for orientation only."
        if len(runs) > 1:
            line = f"{', '.join(names)}: {line}"
        lines += textwrap.wrap(line, 79)
    return lines


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


COLUMNS = [("hits", "cached hit"), ("spread", "of 5,000 tokens"),
           ("mix", "1 % misses"), ("misses", "cold miss")]


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


def workers(found, title="cached hit"):
    rows = []
    for name in NAMES:
        one, two = found[f"{name}/1"], found[f"{name}/2"]
        rows.append([TITLES[name], f"{median(one, 'cpu'):.2f}",
                     f"{median(two, 'cpu'):.2f}",
                     f"{targets.scaling(found, name):.2f}", rate(one),
                     rate(two)])
    return table([title, "1 worker, µs", "2 workers, µs",
                  "times as many for 2 CPUs", "1 worker, requests per second",
                  "2 workers"], rows)


def workers_misses(found):
    return workers(found, "cold miss")


def dearest(found):
    tops = [one["top"] for one in found.values()]
    rows = [[f"{name} {share:.1f} %".replace("_", r"\_")
             for name, share in row] for row in zip(*tops)]
    titles = {"hits": "cached hits", "mix": "1 % misses"}
    return table([f"dearest functions of 2 workers: {titles[name]}"
                  for name in found], rows)


STALLS = {"none": "nothing, for comparison", "dns": "DNS",
          "connect": "connecting", "tls": "TLS", "answer": "the answer"}


def stalls(found):
    rows = []
    for name, samples in found.items():
        title = STALLS.get(name) or f"the answer, {TITLES[name]}"
        rows.append([title, *(f"{median(samples, key) / 1000:.2f}" for key in
                              ("p50", "p99", "p999", "max")),
                     f"{median(samples, 'rate'):,.0f}"])
    return table(["other requests while this stalls, ms", "p50", "p99",
                  "p99.9", "longest", "a second"], rows)


def memory(found):
    rows = []
    for name, title, share in (
            ("one answer", "this module, one answer", targets.TOKENS),
            ("four", "this module, cloudflare, two answers, 4 CIDRs",
             targets.TOKENS),
            ("negative", "this module, refusals, beside the tokens",
             1 / targets.NEGATIVES),
            ("lua", "Lua, one number for a token", 1),
            ("lua_kept", "Lua, the answer as it came", 1)):
        (one,) = found[name]
        rows.append([title, f"{one['ten']:,}", f"{one['bytes'] * share:.0f}",
                     f"{one['bytes']:.0f}"])
    disk = found["auth_request"][0]["disk"]
    rows.append(["auth_request + proxy_cache, njs + proxy_cache",
                 "80,000 keys, by nginx's documentation",
                 f"128, and {disk} on disk", ""])
    return table(["memory", "held by 10 MB", "bytes each, of their part",
                  "of all of the zone"], rows)
