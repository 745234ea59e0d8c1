# Copyright (C) The ngx_http_auth_token_module authors

"""Which rule fits a request.

A rule: {"match": {...}, "skip": N, "times": N, and either
"answer": {...} or "actions": [...]}.  The first rule that fits and is not
used up is taken.  A pattern is a string, a list of strings, or
{"re": "..."}.  Members of match:

    at          "accept", "bytes" (the first ones), "head", or "request",
                which is the default
    listener    name of the listener: plain, tls, ...
    method, path, token, body
    header      {name: pattern}; null for one that must not be there
    nth         the number of the request on its connection, from 1
"""

import re


def fits(pattern, value):
    if isinstance(pattern, dict):
        return value is not None and re.search(pattern["re"], value)
    if isinstance(pattern, list):
        return any(fits(one, value) for one in pattern)
    return pattern == value


def matches(match, at, conn, request):
    if match.get("at", "request") != at:
        return False
    if "listener" in match and not fits(match["listener"], conn.listener):
        return False
    if request is None:
        return True
    for name in ("method", "path", "token", "body"):
        if name in match and not fits(match[name], getattr(request, name)):
            return False
    if "nth" in match and match["nth"] != request.nth:
        return False
    for name, pattern in match.get("header", {}).items():
        if not fits(pattern, request.header(name)):
            return False
    return True


def find(rules, at, conn, request=None):
    for rule in rules:
        if not matches(rule.get("match", {}), at, conn, request):
            continue
        rule["seen"] += 1
        if rule["seen"] <= rule.get("skip", 0):
            continue
        if "times" in rule and rule["used"] >= rule["times"]:
            continue
        rule["used"] += 1
        return rule
    return None
