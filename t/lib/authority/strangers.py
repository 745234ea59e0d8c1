# Copyright (C) The ngx_http_auth_token_module authors

"""Who reaches the backend without a right to.

An oracle of its own: it knows the table of tokens and the clock, and nothing
of what was answered to whom.  The tokens of a request are the bearers of its
Authorization, and words of the table anywhere else in its head.  There must
be one, and each must be good.

A token that was good is so for "lag" seconds more: answers may be kept.
"""

import re
import time
from datetime import datetime

# for what was judged, and is under way, when a token ends
UNDER_WAY = 2

WORDS = re.compile(r"[^A-Za-z0-9._~-]+")
BEARER = re.compile(r"bearer\s+(\S+)", re.I)
TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.\d+)?"
                  r"([Zz]|[+-]\d\d:\d\d)")


def seconds(value):
    if isinstance(value, str):
        found = TIME.fullmatch(value)
        if not found:
            raise ValueError(value)
        zone = "+00:00" if found.group(2) in "Zz" else found.group(2)
        return datetime.fromisoformat(found.group(1) + zone).timestamp()
    return float(value)


def fault(entry, now, late=0):
    """Why the token of this entry is not good, or None."""
    facts = dict(entry)
    for members in (entry.get("introspection", {}), entry.get("set", {})):
        facts.update((name, members[name]) for name in
                     ("active", "revoked", "nbf", "exp") if name in members)
    if facts.get("active", facts.get("status") == "active") is not True \
            or facts.get("revoked"):
        return "disabled token"
    try:
        for name in ("expires_on", "exp"):
            if facts.get(name) is not None \
                    and seconds(facts[name]) <= now - late:
                return "expired token"
        for name in ("not_before", "nbf"):
            if facts.get(name) is not None \
                    and seconds(facts[name]) > now + late:
                return "token of later"
    except (TypeError, ValueError):
        return "token of no known time"
    return None


class Strangers:
    def __init__(self):
        self.seen = {}                  # description: how many
        self.reset()

    def reset(self):
        """All but who was seen."""
        self.changed = {}               # token: until when it was good
        self.lag = 0
        self.clock = 0                  # seconds away from the system's
        self.ids = False                # an id will do as a token
        self.good = []                  # tokens that only rules answer for

    def now(self):
        return time.time() + self.clock

    def change(self, token, entry):
        """Another entry will take the place of this one."""
        if fault(entry, self.now()) is None:
            self.changed[token] = time.monotonic()

    def judge(self, state, request):
        bearers = [found.group(1) for name, value in request.headers
                   if name.lower() == "authorization"
                   for found in [BEARER.fullmatch(value)] if found]
        tokens = {*bearers, *(word for word in WORDS.split(request.raw_head)
                              if self.entry(state, word))}
        why = None if tokens else "no token"
        for token in tokens:
            why = self.why(state, token) or why
        if why:
            self.note(request, why, tokens)

    def entry(self, state, token):
        if token in self.good:
            return {"active": True}
        if self.ids and token in state.ids:
            return state.ids[token]
        return state.tokens.get(token)

    def why(self, state, token):
        entry = self.entry(state, token)
        if entry is None:
            return "unknown token"
        why = fault(entry, self.now(), self.lag + UNDER_WAY)
        if why and token in self.changed \
                and time.monotonic() - self.changed[token] <= self.lag:
            return None
        return why

    def note(self, request, why, tokens):
        path = request.path.split("?")[0]
        for token in tokens:
            path = path.replace(token, "TOKEN")
        text = f"{request.method} {path[:60]}: {why}"
        self.seen[text] = self.seen.get(text, 0) + 1

    def take(self):
        seen, self.seen = self.seen, {}
        return seen
