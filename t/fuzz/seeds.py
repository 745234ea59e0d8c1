#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors

"""Seeds for the fuzz targets, in the forms that the targets split:

    t/fuzz/seeds.py [DIR]

Writes DIR/TARGET/NAME, build/fuzz/corpus by default.  Answers of
authorities come from the test authority; the rest is made here.
"""

import base64
import hashlib
import json
import os
import struct
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(TOP, "t/lib"))

from authority import cloudflare

TOKEN = "8M7wS6hCpXVc-DoRnPPY_UCWPgy8aea4Wy6kCe5T"
ID = "ed17574386854bf78a67040be0a770b0"
ZONE = "com.cloudflare.api.account.zone."

POLICIES = [
    {"id": ID, "effect": "allow",
     "resources": {ZONE + "22b1de5f1c0e4b3ea97bb1e963b06a43": "*"},
     "permission_groups": [{"id": "c8fed203ed3043cba015a93ad1616f1f",
                            "name": "Zone Read"}]},
    {"id": ID, "effect": "deny",
     "resources": {"com.cloudflare.api.account.a": {ZONE + "*": "*"}},
     "permission_groups": [{"id": "82e64a83756745bbbb1c9c2701bf816b",
                            "name": "DNS Write"}]},
]

LISTS = ["192.0.2.0/24", "2001:db8::/32", "::ffff:198.51.100.7", "0.0.0.0/0",
         "::/0", "203.0.113.7/31", "fe80::1/128", "::ffff:10.0.0.0/104",
         "255.255.255.255", "1.2.3.4/0"]

TIMES = ["2026-07-01T05:20:00Z", "2099-12-31T23:59:59+14:00",
         "2016-12-31T23:59:60Z", "2016-12-31T15:59:60.5-08:00",
         "2024-02-29t00:00:00.000000z", "2026-07-01", "9999-12-31T23:59:59.9Z",
         "2026-07-01T05:20:00", "0000-01-01T00:00:00-00:00",
         "2026-07-01T05:20:00.123456"]

NUMBERS = [0, 1, 1780000000, 1780000000000, 253402300799, 253402300800, -1,
           2**63 - 1]


def entry(**more):
    return {"token": TOKEN, "id": ID, "status": "active", "name": "n",
            "policies": POLICIES, "issued_on": TIMES[0],
            "modified_on": TIMES[0], **more}


def entries():
    yield entry()
    yield entry(not_before=TIMES[0], expires_on=TIMES[1])
    yield entry(status="disabled")
    yield entry(expires_on=TIMES[2], last_used_on=TIMES[4])
    for name in ("request_ip", "request.ip"):
        yield entry(condition={name: {"in": LISTS[:3], "not_in": LISTS[5:7]}})
        yield entry(condition={name: {"in": []}})
        yield entry(condition={name: {}})
        yield entry(condition={name: {"not_in": LISTS}})
    yield entry(condition={"request_ip": {"in": LISTS},
                           "request.ip": {"not_in": LISTS[:1]}})
    yield entry(condition={})
    yield entry(condition={"request_ip": None})
    yield entry(condition={"other": {}})


def bodies():
    for one in entries():
        yield cloudflare.verified(one).body
        yield cloudflare.good(cloudflare.public(one)).body
    yield cloudflare.bad(401, 1000, "Invalid API Token").body
    yield b'{"success":true,"errors":null,"result":{"id":"%s",' \
          b'"status":"active","expires_on":null}}' % ID.encode()


def introspections():
    base = {"active": True, "jti": "j", "sub": "s", "iss": "https://i.test",
            "aud": ["a", "b"], "username": "u", "scope": "read write",
            "client_id": "c", "token_type": "Bearer", "exp": 1790000000,
            "nbf": 1.5, "iat": 1, "acr": "2", "auth_time": 1779990000,
            "cnf": {"x5t#S256": "x"}, "permissions": [{"n": [1, 2.5, None]}]}
    yield base
    yield {"active": False}
    yield {**base, "aud": "a", "scope": ["read"], "exp": 1.79e9}
    yield {**base, "sub": TOKEN, "x": [TOKEN, {"y": TOKEN}]}
    yield {**base, "exp": None, "nbf": 0}
    yield {"active": "true"}
    for value in NUMBERS:
        yield {"active": True, "exp": value, "client_id": value}


def lookups():
    """Answers of Vault's auth/token/lookup."""
    data = {"accessor": "8609694a-cdbc-db9b-d345-e782dbb562ed", "id": TOKEN,
            "display_name": "ldap2-tesla", "entity_id": "7d2e3179",
            "expire_time": "2099-05-19T11:35:54.466476215-04:00",
            "ttl": 2764790, "policies": ["default"],
            "identity_policies": ["dev"], "path": "auth/ldap2/login/tesla",
            "bound_cidrs": ["127.0.0.1/8", "2001:db8::/32"], "meta": {"a": 1}}
    yield {"data": data}
    yield {"data": {**data, "bound_cidrs": []}}
    yield {"data": {**data, "bound_cidrs": None, "expire_time": None}}
    yield {"data": {**data, "id": "another", "policies": "default"}}
    yield {"data": {**data, "bound_cidrs": ["here"], "expire_time": 0}}
    yield {"data": None, "errors": []}
    yield {"errors": ["bad token"]}
    yield {"errors": ["permission denied"]}


HEADS = [
    b"Content-Type: application/json\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
    b"Ratelimit: \"default\";r=50;t=30, \"b\";t=9;r=0\r\n",
    b"Ratelimit: \"burst\";r=0, \"day\";r=0;t=9\r\n"
    b"Ratelimit-Policy: \"burst\";q=100;w=60, \"day\";q=9;w=86400\r\n",
    b"content-type: application/token-introspection+json\r\n"
    b"Retry-After: 120\r\nX-RateLimit-Remaining: 7\r\n"
    b"RateLimit-Reset: 3\r\n",
    b"Retry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\nContent-Encoding: gzip\r\n",
    b"Content-Type: text/html\r\nContent-Encoding: identity\r\n"
    b"Retry-After: Friday, 31-Dec-27 23:59:59 GMT\r\n",
    b"A: b\nContent-Type: application/json\nContent-Type: text/json\n\n",
]

STATUSES = [b"200", b"401", b"403", b"404", b"400", b"429", b"500", b"302",
            b"0"]


def answers():
    known = list(bodies())[:6] + [json.dumps(x).encode()
                                  for x in list(introspections())[:4]]
    for i, status in enumerate(STATUSES):
        for which in range(6):
            body = known[(i * 6 + which) % len(known)]
            yield (bytes([which]) + status + b"\n"
                   + HEADS[(i + which) % len(HEADS)] + b"\0" + body)
    yield b"\0" + b"401\n" + HEADS[0] + b"\0" + cloudflare.bad(
        401, 1000, "Invalid API Token").body


def bearers():
    for scheme in ("Bearer ", "bearer  ", "BEARER ", "BearerX ", "Basic ",
                   "Bearer:", "Bearer", "", "Bearer\t"):
        for token in (TOKEN, TOKEN + "==", ID, "a", "=", "a=b", "a/b+c.~-_",
                      "../verify", "a,b", ""):
            yield (scheme + token).encode()


def times():
    yield from (text.encode() for text in TIMES)
    for value in NUMBERS:
        yield struct.pack("<q", value)
        yield struct.pack("<d", float(value))
        yield struct.pack("<d", value + 0.5)


def matches():
    some = [bytes([i * 11 % 256]) + bytes([10, i % 3, i, i * 7 % 256] * 4)
            for i in range(40)]
    near = [bytes([(i % 2) << 7 | 23]) + bytes([10, 0, i, 0] + [0] * 12)
            for i in range(20)]
    for n in (0, 1, 2, 3, 7, 20):
        yield b"\0" + bytes([10, 0, 5, 9] * 8) + b"".join(near[:n])
        yield b"\0" + bytes([10, 1, 5, 9] * 8) + b"".join(some[:n * 2])
    v4 = struct.pack("<IIII", 10, 20, 30, 40)
    v6 = struct.pack("<QQQQ", 1 << 61, 0, 1 << 61, 2**64 - 1)
    for n4, n6 in ((0, 0), (2, 0), (0, 1), (2, 1)):
        yield (b"\1" + bytes(16) + struct.pack("<II", n4, n6)
               + (v4 if n4 else b"") + (v6 if n6 else b""))


def doc(value):
    """A document in its layout (auth_token_doc_layout.h)."""
    if value is None or value is False or value is True:
        return {None: b"\1", False: b"\2", True: b"\3"}[value]
    if isinstance(value, int):
        size = (value.bit_length() + 8) // 8 if value else 0
        return bytes([0x10 + size]) + value.to_bytes(size, "little",
                                                     signed=True)
    if isinstance(value, float):
        return b"\x20" + struct.pack("<d", value)
    if isinstance(value, str):
        text = value.encode()
        if len(text) <= 0x7e:
            return bytes([0x80 + len(text)]) + text
        return b"\xff" + struct.pack("<I", len(text)) + text
    if isinstance(value, dict):
        body = b"".join(doc(k) + doc(v) for k, v in value.items())
        return b"\x31" + struct.pack("<I", len(body)) + body
    body = b"".join(doc(v) for v in value)
    return b"\x30" + struct.pack("<I", len(body)) + body


DOCS = [
    {"id": ID, "policies": POLICIES, "n": 7},
    {"scope": ["read", "write"], "aud": "a", "iss": "https://i.test",
     "auth_time": 1779990000, "x": [1.5, -3, 0, 2**62, None, True, False]},
    {"aud": ["a", "7"], "long": "y" * 200, "": {"a/b": {"~": [[[]]]}}},
    [], {}, "text", 2**40, 0.1,
]


def docs():
    for pointer in ("", "/policies/0/effect", "/x/6", "//a~1b/~0/0", "/aud"):
        for value in DOCS:
            yield pointer.encode() + b"\0" + doc(value)
            if isinstance(value, (dict, list)):
                yield pointer.encode() + b"\0" + json.dumps(value).encode()
    yield b"\0" + b"[" * 31 + b"]" * 31


def packs():
    for value in DOCS:
        yield b"\1" + doc(value)
    yield b"\1" + ID.encode() + b"\0\xff" + TIMES[0].encode()
    for size in (0, 1, 64, 4096):
        yield b"\0" + struct.pack(">H", size) + doc(DOCS[0])[:200]


def pad8(data):
    return data + bytes(-len(data) % 8)


def record(value, flags=7, allow=(), deny=()):
    text = doc(value)
    head = 40 + len(text)
    sets = list(allow) + list(deny)
    blob = text
    if sets:
        blob = pad8(bytes(40) + text)[40:] + pad8(
            b"".join(struct.pack("<I", len(s)) for s in sets)) + b"".join(sets)
    return struct.pack("<IIIIqqHBBI", 0x61747201, 40 + len(blob), head,
                       len(text), 1700000000, 1800000000, flags, len(allow),
                       len(deny), 0) + blob


def records():
    v4 = struct.pack("<IIII", 1, 0, 0xc0000200, 0xc00002ff)
    v6 = struct.pack("<IIQQQQ", 0, 1, 0x20010db8 << 32, 0,
                     0x20010db8 << 32, 2**64 - 1)
    none = struct.pack("<II", 0, 0)
    for value in DOCS:
        yield b"\0" + record(value)
        yield b"\1" + record(value, 1, [v4])
        yield b"\0" + record(value, 5, [v4, v6], [none])
        yield b"\1" + record(value, 3, [], [v6, v4])


TEMPLATES = [
    (0, "/$id"), (0, "/tokens/${token}?x=$id"), (0, "?q=$token"),
    (1, "a=$token&b=%20"), (2, "token $token"), (2, "x"),
    (3, '{"t":"$token","u":"a\\"${id}"}'), (3, "$token"),
    (4, "Bearer $token"), (4, "a$$b"), (0, "/../$id"), (0, "/%2e/$id"),
    (0, "/a/.$id"), (3, '{"a":[1,"\\u0041"]}'),
]


def templates():
    for place, text in TEMPLATES:
        for token in (TOKEN, "../verify?a=b&c", "a\"b\\c\r\nd", "", "\x7f%"):
            yield bytes([place]) + text.encode() + b"\n" + token.encode()


REQUIRED = [
    (0, 0, "Zone Read", "", ZONE + "22b1de5f1c0e4b3ea97bb1e963b06a43", "", ""),
    (0, 0, "DNS Write", "", ZONE + "x", "com.cloudflare.api.account.a", ""),
    (1, 0, "read write", "", "", "", ""), (2, 0, "x write", "", "", "", ""),
    (3, 0, "a", "", "", "", ""), (4, 0, "https://i.test", "", "", "", ""),
    (5, 0, "600", "", "", "", ""), (5, 0, "99999999999", "", "", "", ""),
] + [(6, op, value, pointer, "", "", "b") for op in range(9)
     for value, pointer in (("7", "/n"), ("1.5", "/x/0"), ("a", "/aud"),
                            ("true", "/x/5"), ("4611686018427387905", "/x/3"))]


def required():
    for i, (kind, op, *lines) in enumerate(REQUIRED):
        for flags in (0, 2, 6):
            value = DOCS[(i + flags // 2) % 3]
            yield (bytes([kind, op, flags]) + "\n".join(lines).encode()
                   + b"\n" + json.dumps(value).encode())


MAPPINGS = [
    "c\x0b/s=active\nf\x09/id=id\nf\x04/scope=scope\ne\x01/exp\nn\x08/nbf\n"
    "a0/in\nd0/out\nl1/c=in\ni4\n",
    "c\x02/active=\ne\x78/exp\nn\x1f/nbf\nf\x02/n=label\nf\x03/aud=aud\n",
    "a1/ips/*\nd0/ips/*/not\nf\x05/list=list\nf\x04/ips/*/s=words\n"
    "i\x0c=a-z0-9\n",
    "c\x1b/e=\ncA/l=\nc3/o=\ni\x01\nf\x01/id=id\n",
]

MAPPED = [
    {"s": "active", "id": ID, "scope": "a  b", "exp": TIMES[0], "nbf": 5,
     "in": LISTS[:2], "out": LISTS[3:5], "c": {"in": []}, "rest": [1, TOKEN]},
    {"active": True, "exp": 1780000000.5, "nbf": TIMES[5], "n": 12,
     "aud": ["a"]},
    {"ips": ["192.0.2.1", "2001:db8::1"], "list": [1], "c": {}},
    {"ips": [{"not": ["192.0.2.1"], "s": "x y"}], "list": [], "id": "abc"},
    {"e": None, "l": [], "o": {}, "id": TOKEN},
]


def mappings():
    for lines in MAPPINGS:
        for value in MAPPED:
            yield (lines.encode("latin-1") + b"\n"
                   + json.dumps(value).encode())


def orders():
    """Bodies of auth_token_purge: JSON behind "1", forms behind "0"."""
    for order in ({"token": TOKEN}, {"id": ID}, {"provider": "cloudflare"},
                  {"all": True}, {"token": TOKEN, "provider": "idp"},
                  {"id": ID, "provider": "idp"}, {"all": False},
                  {"token": "", "id": ID}, {"token": TOKEN, "id": ID},
                  {"all": True, "provider": "idp"}, {"tokens": TOKEN}, [], {}):
        yield b"1" + json.dumps(order).encode()
    yield b'1{"token":"\\u0041\\/","id":null}'
    yield b'1{"id":"a","id":"b"}'
    for form in ("token=" + TOKEN, "id=" + ID, "provider=idp", "all=true",
                 "token=a%2bb%2Fc+d%3D%3D&provider=idp", "id=%zz", "id=%4",
                 "all=tr%75e", "all", "&all=true", "token=t&token=t",
                 "all=true&id=i", "x=y", "id==="):
        yield b"0" + form.encode()


def issuers():
    """A byte that chooses, a line with the issuer, a document."""
    issuer = "https://as.test/tenant"
    whole = {"issuer": issuer, "introspection_endpoint": "https://as.test/i",
             "jwks_uri": "https://as.test/k",
             "token_endpoint": "https://as.test/t"}
    metadata = [whole, {**whole, "issuer": issuer + "/"},
                {**whole, "jwks_uri": None}, {**whole, "token_endpoint": 1},
                {"issuer": issuer}, {}]
    grant = {"access_token": TOKEN, "token_type": "Bearer",
             "expires_in": 3600}
    grants = [grant, {**grant, "expires_in": None}, {"token_type": "Bearer"},
              {**grant, "expires_in": 59.9}, {**grant, "expires_in": 0.5},
              {**grant, "expires_in": "1"}, {**grant, "expires_in": -1},
              {**grant, "token_type": "DPoP"}, {**grant, "token_type": 1},
              {**grant, "token_type": "bearex"},
              {**grant, "access_token": "a b"},
              {**grant, "access_token": "a" * 8193}]
    refusals = [{"error": code} for code in (
        "invalid_client", "invalid_grant", "unauthorized_client",
        "invalid_scope", "invalid_target", "invalid_request", "x", 1)]
    for which, values in ((0, metadata), (2, grants), (3, refusals + ["x"])):
        for value in values:
            yield (bytes([which]) + issuer.encode() + b"\n"
                   + json.dumps(value).encode())
    for n in range(4):
        for name in (issuer, issuer + "/", "https://as.test", "", "/", "a//b"):
            yield bytes([1 + 4 * n]) + name.encode()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jws(**header):
    typ = {"typ": "token-introspection+jwt", "kid": "k"}
    return ".".join((b64(json.dumps({**typ, **header}).encode()), b64(b"{}"),
                     b64(bytes(64)))).encode()


def keys():
    """Keys of each kind, and what is no key that can verify."""
    n = b64(b"\xc1" + bytes(254) + b"\1")
    rsa = {"kty": "RSA", "kid": "k", "n": n, "e": "AQAB"}
    yield rsa
    for more in ({"alg": "RS256"}, {"alg": "ES256"}, {"alg": 1}, {"kid": 1},
                 {"kid": "other"}, {"use": "sig"}, {"use": "enc"}, {"use": 1},
                 {"key_ops": ["sign", "verify"]}, {"key_ops": []},
                 {"key_ops": [1]}, {"key_ops": "verify"}, {"e": "AQ"},
                 {"e": "Ag"}, {"e": "AA"}, {"e": "AAM"}, {"e": "_____w8"},
                 {"e": 3}, {"n": "AA" + n}, {"n": b64(bytes(256))},
                 {"n": "x"}, {"n": b64(b"\x7f" * 256)},
                 {"n": b64(b"\xff" * 1025)}, {"kty": "oct"}, {"kty": 1}):
        yield {**rsa, **more}
    yield {name: rsa[name] for name in ("kty", "n", "e")}
    for crv, size in (("P-256", 32), ("P-384", 48), ("P-521", 66)):
        ec = {"kty": "EC", "crv": crv, "x": b64(b"\1" * size),
              "y": b64(b"\2" * size)}
        yield from (ec, {**ec, "y": ""}, {**ec, "x": b64(b"\1")},
                    {**ec, "y": 1}, {**ec, "kty": "OKP"}, {**ec, "crv": 1})
    yield {"kty": "OKP", "crv": "Ed25519", "x": b64(b"\1" * 32)}
    yield {"kty": "OKP", "crv": "Ed448", "x": b64(b"\1" * 57)}


def signatures():
    """A JWS, a line feed, a key set or claims."""
    algs = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512",
            "EdDSA")
    for i, key in enumerate(keys()):
        yield (jws(alg=algs[i % 8]) + b"\n"
               + json.dumps({"keys": [key]}).encode())
    for alg in algs:
        yield (jws(alg=alg) + b"\n"
               + json.dumps({"keys": list(keys())}).encode())
    for header in ({"crit": []}, {"alg": "none"}, {"alg": 1}, {"kid": 1},
                   {"typ": 1}, {"typ": "JWT"}, {"kid": "other"}):
        yield jws(**{"alg": "RS256", **header}) + b"\n{\"keys\":1}"
    for text in (b"a.b", b"a.b.c.d", b"..", b"e30.e30.e30", b"*.e30.e30",
                 jws(alg="RS256")[:-1] + b"*", jws(alg="RS256") + b".x"):
        yield text + b"\n{\"keys\":[]}"
    claims = {"iss": "https://as", "aud": "nginx", "iat": 1780000000,
              "token_introspection": {"active": True}}
    for more in ({}, {"aud": ["x", "nginx"]}, {"aud": []}, {"aud": [1]},
                 {"aud": 1}, {"iss": "x"}, {"iss": 1}, {"iat": "x"},
                 {"iat": 1}, {"iat": 1790000000}, {"nbf": 1.5}, {"nbf": "x"},
                 {"nbf": 1790000000}, {"exp": 1}, {"exp": 1790000000},
                 {"exp": "x"}, {"token_introspection": 1}):
        yield b"a.b\n" + json.dumps({**claims, **more}).encode()


TARGETS = {
    "answer": answers, "bearer": bearers, "cidr_match": matches,
    "cidr_text": lambda: (text.encode() for text in LISTS),
    "cloudflare": bodies, "cloudflare_id": bodies, "doc": docs,
    "header": lambda: iter(HEADS), "mapping": mappings, "pack": packs,
    "record": records,
    "introspection": lambda: (json.dumps(x).encode()
                              for x in introspections()),
    "issuer": issuers, "jws": signatures,
    "purge_order": orders, "require": required, "template": templates,
    "time": times,
    "vault": lambda: (json.dumps(x).encode() for x in lookups()),
}


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        TOP, "build/fuzz/corpus")
    for target, seeds in TARGETS.items():
        os.makedirs(os.path.join(out, target), exist_ok=True)
        for seed in seeds():
            name = hashlib.sha1(seed).hexdigest()
            with open(os.path.join(out, target, name), "wb") as file:
                file.write(seed)


main()
