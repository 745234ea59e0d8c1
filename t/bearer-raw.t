#!/usr/bin/env python3
#
# Tests for the token in the request, as raw bytes: what is no bearer
# credential, and what is a broken one.

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

from harness import *  # noqa: E402, F403

if not module_built():
    plan_skip_all("the module is not built")

RFC7662 = """
    auth_token_provider rfc {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  basic nginx file:{client_secret};
    }}
"""

SERVER = """
        location / {{
            auth_token  rfc;
            add_header  X-Verdict $auth_token_verdict always;
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""

CHALLENGE = 'Bearer realm="restricted"'

# verdict: (status, challenge)
ANSWERS = {
    "MISSING": (401, CHALLENGE),
    "MALFORMED": (400, CHALLENGE + ', error="invalid_request"'),
    "UNKNOWN": (401, CHALLENGE + ', error="invalid_token"'),
    "ALLOWED": (200, None),
}

A = "Authorization: "

# verdict: the lines of the request's head, T is a good token; nothing but
# what is well-formed may be asked about
CASES = {
    "MISSING": [
        "", "Authorization:", A, A + "   ",
        *(A + value for value in (
            "Basic bmdpbng6bmdpbng=", 'Digest username="a"', "Negotiate YII=",
            "Token abc", "DPoP abc", "Bearerx abc", "Bearer-x abc",
            "xBearer abc", "Beare abc", "B", "Bearer2", "Bearer'x abc",
            "Bearer~ abc", "Bearer.abc", "Bearer|abc", "*", "GET",
            # no token character at the start: no scheme at all
            '"Bearer abc"', "(Bearer) abc", ",Bearer abc", "=", "@",
            "/Bearer abc", ":Bearer abc", "\x80Bearer abc", "\x01Bearer abc",
            "\tBearer abc", "\ufeff".encode().decode("latin-1") + "Bearer a",
        )),
        "X-Authorization: Bearer T", "Proxy-Authorization: Bearer T",
        "Cookie: Authorization=T", "Authorizatio: Bearer T",
        "Authorization_: Bearer T",
    ],
    "MALFORMED": [
        A + value for value in (
            "Bearer", "bearer", "BEARER", "Bearer ", "Bearer     ",
            # other separators than blanks
            "Bearer\tabc", "Bearer:abc", "Bearer,abc", "Bearer=abc",
            "Bearer;abc", 'Bearer"abc"', "Bearer/abc", "Bearer \tabc",
            "Bearer\t abc", "Bearer\x01abc", "Bearer\x80abc",
            "Bearer\xa0abc", "Bearer(a)",
            # characters that no b64token has
            *("Bearer " + text for text in (
                "a b", "abc,", "abc, Basic x", "abc;", '"abc"', 'a"b', "a\\b",
                "a%20b", "a&b", "a?b", "a#b", "a@b", "a:b", "a!b", "a$b",
                "a'b", "a(b)", "a*b", "a<b>", "a[b]", "a^b", "a`b", "a{b}",
                "a|b", "T T", "T, T", "T;", "T\t")),
            *(f"Bearer a{chr(code)}b" for code in (
                *range(1, 10), 11, 12, *range(14, 32), 127, 128, 0x85, 0xa0,
                0xff)),
            # "=" stands at the end only, and not alone
            *("Bearer " + text for text in (
                "=", "==", "a=b", "=a", "a==b", "a=b=", "T=T")),
            # parameters as of other schemes
            'Bearer token="abc"', "Bearer realm=x, error=y",
            "Bearer access_token=abc&x=y", "Bearer abc def",
            "Bearer Bearer abc",
        )
    ],
    "UNKNOWN": [
        A + value for value in (
            "Bearer abc", "Bearer  abcx", "Bearer      abcd", "bearer abcde",
            "BEARER abcdef", "bEaReR abcdefg", "Bearer a=", "Bearer b==",
            "Bearer -", "Bearer ~._-+/", "Bearer Bearer", "Bearer ..",
            "Bearer xT", "Bearer Tx", "Bearer T=", "Bearer T.",
        )
    ],
    "ALLOWED": [
        A + "Bearer T", A + "bearer T", A + "BEARER T", A + "bEARER T",
        A + "Bearer     T", A + "   Bearer T", A + "Bearer T   ",
        "Authorization:Bearer T", "authorization: Bearer T",
        "AUTHORIZATION: Bearer T", A + "Bearer T\nX-Other: 1",
    ],
    # refused by nginx itself
    None: [
        A + "Bearer abc\r\n" + A + "Bearer abcd",
        A + "Basic abc\r\n" + A + "Bearer abcd",
        A + "\r\n" + A + "Bearer abcd",
        A + "Bearer T\r\n" + A + "Bearer T",
        A + "Bearer a\0b", A + "Bearer a\rb", A + "Bearer\r\n T",
        "Authorization : Bearer T",
    ],
}


def send(nginx, line, method="GET", version="HTTP/1.1"):
    line = line + "\r\n" if line else ""
    data = f"{method} /t {version}\r\nHost: x\r\n{line}Connection: close\r\n\r\n"
    sock = open_socket(nginx)
    with sock:
        sock.sendall(data.encode("latin-1"))
        received = b""
        while True:
            more = sock.recv(65536)
            if not more:
                break
            received += more
    head = received.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    fields = dict(one.split(": ", 1) for one in head[1:] if ": " in one)
    status = head[0].split(" ")[1] if " " in head[0] else "0"
    return int(status), fields


def surroundings():
    a = Authority()
    token = a.token(token="a-._~+/good0token").token
    # the duplicate that nginx itself refuses is also logged by it
    n = Nginx(a, http=RFC7662, server=SERVER, log_level="error")
    return a, token, n


@test
def each_value():
    a, token, n = surroundings()
    n.forbidden.append(token)
    for verdict, lines in CASES.items():
        asked = a.counts()["requests"]
        hits = a.counts()["backend"]
        for line in lines:
            name, _, value = line.partition(":")
            got, fields = send(
                n, line and f"{name}:" + re.sub("T(?!o)", token, value))
            if verdict is None:
                is_(got, 400, f"refused by nginx: {line!r}")
                continue
            status, challenge = ANSWERS[verdict]
            is_((got, fields.get("X-Verdict"),
                 fields.get("WWW-Authenticate")),
                (status, verdict, challenge), f"{verdict}: {line!r}")
        wanted = len(lines) if verdict == "UNKNOWN" \
            else 1 if verdict == "ALLOWED" else 0
        is_(a.counts()["requests"] - asked, wanted, f"{verdict}: look-ups")
        is_(a.counts()["backend"] - hits,
            len(lines) if verdict == "ALLOWED" else 0,
            f"{verdict}: the backend")


@test
def each_method():
    a, token, n = surroundings()
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH",
                   "PROPFIND", "MKCOL", "BREW", "GETS"):
        is_(send(n, "", method)[0], 401, method + " without a token")
        is_(send(n, A + "Bearer " + token, method)[0], 200, method)
    is_(a.counts()["backend"], 11, "the backend")


run()
