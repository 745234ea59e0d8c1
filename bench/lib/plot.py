# Copyright (C) The ngx_http_auth_token_module authors

"""Bars, as an SVG that needs nothing else."""

from xml.sax.saxutils import escape

from measure import over

WIDTH, LEFT, BAR, GAP = 760, 260, 20, 8
COLOURS = {"this": "#0b7a3b", "four": "#5aa877", "many": "#5aa877",
           "many6": "#5aa877"}
OTHER = "#8a97a6"


def draw(scenarios, titles):
    parts = []
    y = 10
    for name, title in (("hits", "cached hit"), ("spread", "of 5,000 tokens"),
                        ("mix", "1 % misses"), ("misses", "cold miss")):
        if name in scenarios:
            y = panel(parts, y, title, scenarios[name], titles)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{y}" viewBox="0 0 {WIDTH} {y}" '
            'font-family="sans-serif" font-size="13">\n'
            f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>\n'
            + "\n".join(parts) + "\n</svg>\n")


def panel(parts, y, title, found, titles):
    """One scenario; returns where the next one begins."""
    values = {name: max(over(samples, found["none"]), 0)
              for name, samples in found.items() if name != "none"}
    most = max(values.values()) or 1
    parts.append(text(10, y + 16, f"{title}: worker CPU over no "
                      "authentication, µs per request", "bold"))
    y += 26
    for name, value in values.items():
        width = value / most * (WIDTH - LEFT - 70)
        middle = y + BAR - 5
        parts.append(text(LEFT - 8, middle, titles[name], anchor="end"))
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" '
                     f'height="{BAR}" fill="{COLOURS.get(name, OTHER)}"/>')
        parts.append(text(LEFT + width + 6, middle, f"{value:.2f}"))
        y += BAR + GAP
    return y + 14


def text(x, y, words, weight="normal", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y}" font-weight="{weight}" '
            f'text-anchor="{anchor}">{escape(words)}</text>')
