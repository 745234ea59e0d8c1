# Copyright (C) The ngx_http_auth_token_module authors

"""Answers as bytes.

The form in which tests describe one:

    status, reason, version     "HTTP/1.1" is the default version
    headers     lines to add; "-Name" takes a line of the base away
    body        text; an object or a list is sent as JSON
    body64      bytes
    base        "default": start from what the authority would answer
    set, unset  JSON pointers into the base's body: {pointer: value}, [...]
    gzip        true: the body is compressed and says so
    framing     "length" (default), "chunked", "bad-chunk", "close", "none"
    length      the Content-Length to claim, right or wrong
    cut         number of bytes of the whole answer to send, then close;
                negative: to leave out
"""

import base64
import gzip
import http.client
import json


class Answer:
    def __init__(self, status=200, body=b"", headers=None):
        self.status = status
        self.headers = headers if headers is not None else []
        self.body = body
        self.reason = None
        self.version = "HTTP/1.1"
        self.framing = "length"
        self.length = None
        self.cut = None

    @classmethod
    def of_json(cls, status, value, headers=()):
        body = json.dumps(value, separators=(",", ":")).encode()
        return cls(status, body, ["Content-Type: application/json", *headers])

    @property
    def closes(self):
        return self.framing == "close" or self.cut is not None

    def head(self):
        reason = self.reason
        if reason is None:
            reason = http.client.responses.get(self.status, "Unknown")
        lines = [f"{self.version} {self.status} {reason}", *self.headers]
        if self.framing in ("chunked", "bad-chunk"):
            lines.append("Transfer-Encoding: chunked")
        elif self.framing == "close":
            lines.append("Connection: close")
        elif self.framing == "length":
            length = len(self.body) if self.length is None else self.length
            lines.append(f"Content-Length: {length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def framed_body(self):
        if self.framing == "chunked":
            half = max(1, len(self.body) // 2)
            parts = [self.body[:half], self.body[half:]]
            return b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                            for part in parts if part) + b"0\r\n\r\n"
        if self.framing == "bad-chunk":
            return b"zz\r\n" + self.body + b"\r\n0\r\n\r\n"
        return self.body

    def render(self, method="GET"):
        data = self.head()
        if method != "HEAD":
            data += self.framed_body()
        if self.cut is not None:
            data = data[:self.cut]
        return data


def pointed(value, pointer):
    """The container and the key that a JSON pointer names in value."""
    keys = [key.replace("~1", "/").replace("~0", "~")
            for key in pointer.split("/")[1:]]
    for key in keys[:-1]:
        if isinstance(value, list):
            value = value[int(key)]
        else:
            value = value.setdefault(key, {})
    last = keys[-1]
    return value, int(last) if isinstance(value, list) else last


def patch_body(answer, spec):
    if "set" not in spec and "unset" not in spec:
        return
    value = json.loads(answer.body)
    for pointer, new in spec.get("set", {}).items():
        container, key = pointed(value, pointer)
        container[key] = new
    for pointer in spec.get("unset", []):
        container, key = pointed(value, pointer)
        del container[key]
    answer.body = json.dumps(value).encode()


def from_spec(spec, default):
    """An Answer of a test's description; default() makes the base."""
    if spec == "default":
        return default()
    answer = default() if spec.get("base") == "default" else Answer()
    if not answer.headers:
        answer.headers = ["Content-Type: application/json"]

    for name in ("status", "reason", "version", "framing", "length", "cut"):
        if name in spec:
            setattr(answer, name, spec[name])

    if "body" in spec:
        body = spec["body"]
        if not isinstance(body, str):
            body = json.dumps(body)
        answer.body = body.encode()
    elif "body64" in spec:
        answer.body = base64.b64decode(spec["body64"])
    patch_body(answer, spec)

    for line in spec.get("headers", []):
        if line.startswith("-"):
            prefix = line[1:].lower() + ":"
            answer.headers = [one for one in answer.headers
                              if not one.lower().startswith(prefix)]
        else:
            answer.headers.append(line)

    if spec.get("gzip"):
        answer.body = gzip.compress(answer.body)
        answer.headers.append("Content-Encoding: gzip")
    return answer
