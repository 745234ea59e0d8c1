# Copyright (C) The ngx_http_auth_token_module authors

"""Answers that are no answers: tables of name: (actions or answer), as the
authority's rules take them."""

import base64
import gzip
import zlib

JSON = "Content-Type: application/json"
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

# answers that would do, if they came whole
CLOUDFLARE = ('{"success":true,"errors":[],"messages":[],"result":{"id":"'
              + "e" * 32 + '","status":"active"}}')
INTROSPECTION = '{"active":true}'

RESULT = ('{"success":true,"errors":[],"messages":[],"result":{"id":"'
          + "e" * 32 + '",%s}}')

HOLD, PAUSE, RST = {"hold": True}, {"delay": 50}, {"rst": True}
MUCH = 64 << 20


def encoded(data, *headers):
    return {"status": 200, "headers": [JSON, *headers],
            "body64": base64.b64encode(data).decode()}


def sends(text):
    return {"status": 200, "headers": [JSON], "body": text}


def head(*lines):
    return HEAD + "".join(line + "\r\n" for line in lines) + "\r\n"


def chunk(text):
    return f"{len(text):x}\r\n{text}\r\n"


def says(text, *then):
    """Just that, and closes or does what comes then."""
    return [{"send": text}, *(then or [{"close": True}])]


CHUNKED = head("Transfer-Encoding: chunked")


def broken(good):
    """Whatever is asked for; "good" would be a good answer."""
    length = f"Content-Length: {len(good)}"
    return {
        "closes without a word": [{"close": True}],
        "resets": [{"rst": True}],
        "resets in the head": [{"send": "HTTP/1.1 200 OK\r\nConte"},
                               {"rst": True}],
        "resets in the body": [{"send": HEAD + "Content-Length: 500\r\n\r\n{"},
                               {"rst": True}],
        "cuts the body short": {"base": "default", "cut": -10},
        "claims a longer body": {"base": "default", "length": 100000,
                                 "cut": 400},
        "is no HTTP": [{"garbage": 3000}, {"close": True}],
        "ends in the status line": says("HTTP/1.1 20"),
        "ends in the head": says(HEAD),
        "ends in a chunk": says(CHUNKED + "20\r\n{"),
        "ends before the last chunk": says(CHUNKED + chunk(good)),
        "resets before the last chunk":
            says(CHUNKED + chunk(good), PAUSE, RST),
        "resets in the status line": says("HTTP/1.1 20", PAUSE, RST),
        "has a negative length": says(head("Content-Length: -1") + good),
        "has a length in words": says(head("Content-Length: many") + good),
        "has a length of 2^70":
            says(head("Content-Length: 1180591620717411303424") + good),
        "has two lengths":
            says(head("Content-Length: 2", length) + good),
        "has no length and does not end": says(head() + "{", HOLD),
        "has a chunk of 2^70": says(CHUNKED + "400000000000000000\r\n{", HOLD),
        "has a negative chunk": says(CHUNKED + "-2\r\n{}"),
        "has a chunk too long by one":
            says(CHUNKED + "3\r\n{}}}\r\n0\r\n\r\n"),
        "speaks of HTTP/9": {"base": "default", "version": "HTTP/9.9"},
        "switches protocols":
            says("HTTP/1.1 101 Switching Protocols\r\n"
                 "Upgrade: h2c\r\nConnection: upgrade\r\n\r\n", HOLD),
        "has a nul in its head": says(head("X: \0", length) + good),
        "has a bare return in its head":
            says(head("X: a\rb", length) + good),
        "breaks a chunk": {"base": "default", "framing": "bad-chunk"},
        "bombs with gzip": encoded(gzip.compress(good.encode() + b" " * MUCH),
                                   "Content-Encoding: gzip"),
        "bombs with deflate": encoded(zlib.compress(b"[" * MUCH),
                                      "Content-Encoding: deflate"),
        "bombs without a word": encoded(gzip.compress(b" " * MUCH)),
        "bombs with a transfer coding":
            says(head("Transfer-Encoding: gzip, chunked") + chunk("x" * 100)
                 + "0\r\n\r\n"),
        "compresses": {"base": "default", "gzip": True},
        "says it compresses": {"base": "default",
                               "headers": ["Content-Encoding: br"]},
        "is a page with 200": {"status": 200, "headers":
                               ["Content-Type: text/html"],
                               "body": "<!DOCTYPE html><p>Log in"},
        "is a page with 401": {"status": 401, "headers":
                               ["Content-Type: text/html"], "body": "<p>no"},
        "is a bare 401": {"status": 401, "headers": [JSON], "body": "{}"},
        "is a bare 403": {"status": 403, "headers": [JSON], "body": "{}"},
        "redirects": {"status": 302, "headers": ["Location: /elsewhere"]},
        "redirects for good": {"status": 308, "headers":
                               ["Location: https://evil.example/"]},
        "has nothing to say": {"status": 204},
        "answers a part": {"base": "default", "status": 206},
        "fails": {"status": 500, "headers": [JSON], "body": good},
        "is not there": {"status": 503},
        "is tired": {"status": 429, "headers": [JSON],
                     "body": '{"success":false,"errors":[{"code":971}]}'},
        "sends text": {"base": "default", "headers":
                       ["-Content-Type", "Content-Type: text/plain"]},
        "sends two kinds": {"base": "default",
                            "headers": ["Content-Type: text/html"]},
        "sends a list": sends(f"[{good}]"),
        "sends a string": sends('"active"'),
        "sends an empty object": sends("{}"),
        "is under maintenance": sends('{"status":"maintenance"}'),
        "sends nothing": sends(""),
        "sends half of it": sends(good[:-1]),
        "sends more than JSON": sends(good + " trailing"),
        "goes deep": sends(good[:-1] + ',"a":' + '{"a":' * 500 + "1"
                           + "}" * 501),
        "is not in UTF-8": encoded(good[:-1].encode() + b',"a":"\xff"}'),
        "begins with a mark": encoded(b"\xef\xbb\xbf" + good.encode()),
        "ends headers never": [{"endless": "headers", "max": 1 << 20}],
        "ends its body never": [{"endless": "body", "max": 4 << 20}],
        "ends its chunks never": [{"endless": "chunks", "max": 4 << 20}],
        "ends its status never": [{"endless": "spaces", "max": 1 << 20}],
        "ends 100 Continue never": [{"endless": "interim", "max": 4 << 20}],
        "ends its trailer never":
            says(CHUNKED + chunk(good) + "0\r\n" + "X: y\r\n" * 40000, HOLD),
        "ends an extension never":
            says(CHUNKED + "36;x=" + "y" * 300000, HOLD),
        "ends a folded line never":
            says(HEAD + "X: y\r\n" + " y\r\n" * 100000, HOLD),
        "holds on in the status line": says("HTTP/1.1 2", HOLD),
        "holds on after 100 Continue":
            says("HTTP/1.1 100 Continue\r\n\r\n", HOLD),
        "holds on in a chunk": says(CHUNKED + "20\r\n{", HOLD),
        "holds on before the last chunk": says(CHUNKED + chunk(good), HOLD),
        "drops it byte by byte": [{"drip": "default", "size": 1, "gap": 30}],
        "holds on before all": [{"hold": True}],
        "holds on in the head": [{"send": HEAD}, {"hold": True}],
        "holds on in the body": [{"send": HEAD + "Content-Length: 9\r\n\r\n{"},
                                 {"hold": True}],
    }


# about what only this authority says
BROKEN_RESULTS = {
    "says success twice": {"status": 200, "headers": [JSON], "body":
                           '{"success":false,"success":true,"result":{}}'},
    "has two statuses":
        says(head() + RESULT % '"status":"disabled","status":"active"'),
    "has two ids":
        says(head() + RESULT % f'"id":"{"d" * 32}","status":"active"'),
    "has two results":
        says(head() + RESULT.replace('"result"', '"result":null,"result"')
             % '"status":"active"'),
    "has an escaped duplicate":
        says(head() + RESULT % '"status":"disabled","st\\u0061tus":"active"'),
    "has errors in success": {"base": "default",
                              "set": {"/errors": [{"code": 1}]}},
    "denies its success": {"base": "default", "set": {"/success": False}},
    "is unsure of it": {"base": "default", "set": {"/success": "true"}},
    "has no result": {"base": "default", "set": {"/result": None}},
    "speaks of another id": {"base": "default", "set":
                             {"/result/id": "e" * 32}},
    "has a strange id": {"base": "default", "set":
                         {"/result/id": "../../../verify"}},
    "has a number for an id": {"base": "default", "set": {"/result/id": 1}},
    "has no status": {"base": "default", "unset": ["/result/status"]},
    "has a null status": {"base": "default", "set": {"/result/status": None}},
    "has a true status": {"base": "default", "set": {"/result/status": True}},
    "has a list of them": {"base": "default",
                           "set": {"/result/status": ["active"]}},
    "has no such day": {"base": "default", "set":
                        {"/result/expires_on": "2099-02-31T00:00:00Z"}},
    "counts the seconds": {"base": "default",
                           "set": {"/result/expires_on": 4102444800}},
}

# what meets a connection before a request is read of it, or all of it
BEFORE = {
    "resets when it accepts": ("accept", [RST]),
    "closes when it accepts": ("accept", [{"close": True}]),
    "holds on when it accepts": ("accept", [HOLD]),
    "speaks when it accepts":
        ("accept", says(head("Content-Length: 16") + '{"success":true}', HOLD)),
    "babbles when it accepts": ("accept", [{"garbage": 70000}, HOLD]),
    "resets at the first byte": ("bytes", [RST]),
    "closes at the first byte": ("bytes", [{"close": True}]),
    "holds on at the first byte": ("bytes", [HOLD]),
}
