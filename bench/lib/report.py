# Copyright (C) The ngx_http_auth_token_module authors

"""results.json as a table (Markdown) and as a plot (SVG)."""

import os

import contestants
import plot
from measure import median, over

TITLES = {one.name: one.title for one in
          (*contestants.RIVALS, contestants.FOUR, contestants.MANY)}
NAMES = [one.name for one in contestants.RIVALS]


def write(results, directory):
    scenarios = results["scenarios"]
    lines = [*about(results), "", *contest(scenarios)]
    with open(os.path.join(directory, "table.md"), "w") as out:
        out.write("\n".join(lines) + "\n")
    with open(os.path.join(directory, "plot.svg"), "w") as out:
        out.write(plot.draw(scenarios, TITLES))
    print("\n".join(lines))


def about(results):
    m = results["machine"]
    line = (f"{m['cpus']} CPUs ({m['cpu']}), {m['system']}, Linux "
            f"{m['kernel']}, nginx {m['nginx']}, libcurl {m['libcurl']}, wrk "
            f"{m['wrk']}; load average before: {m['load']}.")
    if results["quick"]:
        line += " A quick run: for orientation only."
    return [line]


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join(["---"] + ["---:"] * (len(head) - 1)) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def contest(scenarios):
    """CPU microseconds of a request, and what of it is the token's."""
    columns = [("hits", "cached hit"), ("mix", "1 % misses"),
               ("misses", "cold miss")]
    columns = [one for one in columns if one[0] in scenarios]
    head = ["worker CPU, µs per request"]
    for _, title in columns:
        head += [title, "over none"]
    rows = []
    for name in TITLES:
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
    yield from table(head, rows)
    yield ""
    head = ["requests per second (worker busy)"]
    rows = []
    for name in TITLES:
        row = [TITLES[name]]
        for scenario, _ in columns:
            samples = scenarios[scenario].get(name)
            row.append("" if not samples else
                       f"{median(samples, 'rate'):,.0f} "
                       f"({median(samples, 'busy'):.0%})")
        rows.append(row)
    yield from table(head + [title for _, title in columns], rows)
