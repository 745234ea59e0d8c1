#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the same question asked again: of the authority, of the cache, of
# a worker's copy, and of a new worker after HUP.  The failure this file exists
# for: a token that was denied is let in by what was kept of it, or the other
# way round, or everybody is looked up anew after each reload.

import os
import sys
from dataclasses import dataclass, field

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

# no life ends while a test runs; failures are kept for a second, whatever is
# said here
HTTP = """
    auth_token_provider p {{
        WORDS
        cache    valid=1h negative=1h;
        breaker  failures=0;
    }}
    add_header  X-Verdict "$auth_token_verdict $auth_token_cache" always;
    add_header  X-Id      "[$auth_token_id]" always;
    add_header  X-Pid     $pid always;
"""

SERVER = """
        auth_token  p;
        location / {{
            proxy_pass  http://127.0.0.1:{backend};
        }}
        location /strict {{
            auth_token_require  REQUIREMENT;
            proxy_pass  http://127.0.0.1:{backend};
        }}
        location /foreign {{
            auth_token_require  audience=https://somebody.else;
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""

CLOUDFLARE = """
        preset      PRESET;
        endpoint    http://127.0.0.1:{plain}/client/v4/user/tokens;
        credential  bearer file:{credential};
"""

INTROSPECTION = """
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  basic nginx file:{client_secret};
"""

INVALID = ', error="invalid_token"'
MALFORMED = ', error="invalid_request"'
INSUFFICIENT = ', error="insufficient_scope"'

ELSEWHERE = {"condition": {"request_ip": {"in": ["192.0.2.0/24"]}}}
EXPIRED = {"expires_on": "2001-01-01T00:00:00Z", "exp": 1}
FUTURE = {"not_before": "2099-01-01T00:00:00Z", "nbf": 4102444800}


@dataclass
class Case:
    """error is what the challenge says after its realm, None where there is
    no challenge; lookups is how many there are in the beginning; bearer is
    what is sent in place of a token of the entry."""
    verdict: str
    status: int
    error: str
    lookups: int
    entry: dict = field(default_factory=dict)
    path: str = "/"
    bearer: str = ""
    fails: bool = False

    def cache(self, warm):
        """What $auth_token_cache may say."""
        if not self.lookups:
            return "-"
        if not warm:
            return "MISS"
        return {"UNKNOWN": "NEGATIVE",
                "UNAVAILABLE": "NEGATIVE MISS"}.get(self.verdict, "HIT")


# whatever the provider is
COMMON = [
    Case("MISSING", 401, "", 0, bearer=None),
    Case("MALFORMED", 400, MALFORMED, 0, bearer="two words"),
    Case("UNKNOWN", 401, INVALID, 0, bearer="x" * 4097),
]


def cases(steps):
    """Where there are two steps, what the first one denies needs no other."""
    return COMMON + [
        Case("ALLOWED", 200, None, steps),
        Case("INACTIVE", 401, INVALID, 1, {"status": "disabled"}),
        Case("EXPIRED", 401, INVALID, 1, EXPIRED),
        Case("NOT_YET_VALID", 401, INVALID, 1, FUTURE),
        Case("ADDRESS_DENIED", 403, None, steps, ELSEWHERE),
        Case("INSUFFICIENT", 403, INSUFFICIENT, steps, path="/strict"),
        Case("UNAVAILABLE", 503, None, 1, fails=True),
    ]


class Asked:
    """An nginx with one provider, and the tokens of the cases."""

    def __init__(self, words, requirement, all_cases, sent=lambda t: t.token):
        self.authority = Authority()
        self.authority.oracle(ids="cloudflare_id" in words)
        self.cases = [(case, self.bearer(case, sent)) for case in all_cases]
        self.nginx = Nginx(self.authority, http=HTTP.replace("WORDS", words),
                           server=SERVER.replace("REQUIREMENT", requirement))
        self.ids = {}

    def bearer(self, case, sent):
        if case.bearer != "":
            return case.bearer
        token = self.authority.token(**case.entry)
        if case.fails:
            for place in {"token": token.token}, \
                    {"path": {"re": token.id + "$"}}, \
                    {"body": {"re": token.token}}:
                self.authority.call("POST", "rules", [{
                    "match": place, "answer": {"status": 500}}])
        return sent(token)

    def ask(self, when, warm=True):
        """All cases, whose look-ups are counted one by one; the workers."""
        pids = set()
        for case, bearer in self.cases:
            self.authority.clear()
            response = get(self.nginx, case.path, bearer=bearer)
            self.judge(f"{case.verdict}, {when}", case, response, warm)
            self.count(f"{case.verdict}, {when}", case, warm)
            pids.add(response.header("x-pid"))
        return pids

    def judge(self, name, case, response, warm):
        challenge = None if case.error is None else \
            f'Bearer realm="restricted"{case.error}'
        is_((response.status, response.header("www-authenticate"),
             response.header("retry-after")),
            (case.status, challenge,
             "1" if case.verdict == "UNAVAILABLE" else None), name)
        verdict, _, cache = (response.header("x-verdict") or "").partition(" ")
        is_(verdict, case.verdict, f"{name}: the variable")
        ok(cache in case.cache(warm).split(), f"{name}: from {cache}")
        is_(response.header("x-id"),
            self.ids.setdefault(id(case), response.header("x-id")),
            f"{name}: who it is")

    def count(self, name, case, warm):
        counts = self.authority.counts()
        if warm and case.fails:
            ok(counts["requests"] <= 1, f"{name}: one look-up at most")
        else:
            is_(counts["requests"], 0 if warm else case.lookups,
                f"{name}: look-ups")
        is_(counts["backend"], int(case.status == 200),
            f"{name}: requests at the backend")


def again(*args, **more):
    asked = Asked(*args, **more)
    old = asked.ask("cold", warm=False)
    old |= asked.ask("warm")
    old |= asked.ask("warm, once more")
    ok(asked.nginx.reload(), "reloaded")
    new = asked.ask("after HUP")
    new |= asked.ask("after HUP, once more")
    is_((len(old), len(new), len(old & new)), (1, 1, 0), "by another worker")


@test
def cloudflare():
    again(CLOUDFLARE.replace("PRESET", "cloudflare"),
          'permission="Zone Write"', cases(2) + [
              Case("UNKNOWN", 401, INVALID, 1, bearer="nobody-" * 6),
              Case("UNKNOWN", 401, INVALID, 0, bearer="too-short")])


@test
def cloudflare_id():
    again(CLOUDFLARE.replace("PRESET", "cloudflare_id"),
          'permission="Zone Write"', cases(1) + [
              Case("UNKNOWN", 401, INVALID, 1, bearer="0" * 32),
              Case("UNKNOWN", 401, INVALID, 0, bearer="verify")],
          sent=lambda token: token.id)


@test
def introspection():
    # there are neither other statuses nor addresses
    known = [case for case in cases(1)
             if case.verdict not in ("INACTIVE", "ADDRESS_DENIED",
                                     "INSUFFICIENT")]
    again(INTROSPECTION, "scope=admin", known + [
        Case("UNKNOWN", 401, INVALID, 1, {"status": "disabled"}),
        Case("UNKNOWN", 401, INVALID, 1, bearer="nobody"),
        Case("INSUFFICIENT", 403, INSUFFICIENT + ', scope="admin"', 1,
             {"scope": "read"}, path="/strict"),
        Case("FOREIGN", 401, INVALID, 1, {"aud": "https://us"},
             path="/foreign")])


run()
