#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for signed answers of introspection, RFC 9701: what a good one is,
# each way in which one is bad, where the keys come from.  The signatures are
# made by python3-cryptography.

import hashlib
import hmac
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

try:
    from harness.jose import Key, b64, claims  # noqa: E402
except ImportError as error:
    plan_skip_all(f"no python3-cryptography: {error}")

ISSUER = "https://as.example.com"
JWT = "application/token-introspection+jwt"


def provider(words):
    return ("auth_token_provider p {{\n    preset introspection;\n"
            "    endpoint http://127.0.0.1:{plain}/introspect;\n"
            "    credential basic nginx file:{client_secret};\n"
            f"    {words}\n}}}}\n")


SERVER = """
    location / {{
        auth_token p;
        add_header X-Verdict "$auth_token_verdict $auth_token_cache" always;
        add_header X-Subject "$auth_token_subject" always;
        proxy_pass http://127.0.0.1:{backend};
    }}
"""

# generating RSA keys takes long
RSA = Key("RS256", kid="rsa")
EC = Key("ES256", kid="ec")
ED = Key("EdDSA", kid="ed")


def answer(text, type=JWT, status=200):
    return {"match": {"path": "/introspect"}, "answer": {
        "status": status, "body": text,
        "headers": ["-Content-Type", "Content-Type: " + type]}}


def key_set(*keys, **more):
    return {"match": {"path": {"re": "jwks"}},
            "answer": {"body": {"keys": list(keys)}}, **more}


# a provider writes one line a second, and each case looks for its own
PROVIDERS = 60


class Fixed:
    """An nginx with the keys in a file, and many providers of one kind."""

    def __init__(self, *keys, words=f"answer jwt iss={ISSUER};"):
        self.authority = Authority()
        self.path = os.path.join(self.authority.dir, "keys.json")
        with open(self.path, "w") as out:
            json.dump({"keys": list(keys)}, out)
        self.turn = 0
        one = provider(f"{words} keys file:{self.path};")
        self.nginx = Nginx(
            self.authority,
            server="".join(SERVER.replace("/ {{", f"/{n} {{{{")
                           .replace("token p;", f"token p{n};")
                           for n in range(PROVIDERS)),
            http="".join(one.replace("provider p ", f"provider p{n} ")
                         for n in range(PROVIDERS)))

    def ask(self, text, **more):
        self.authority.rules(answer(text, **more))
        self.turn += 1
        return get(self.nginx, f"/{self.turn % PROVIDERS}",
                   bearer=self.authority.token().token)

    def good(self, name, text, **more):
        is_(self.ask(text, **more).header("x-verdict"), "ALLOWED MISS", name)

    def bad(self, name, text, reason, **more):
        start = len(self.nginx.error_log())
        response = self.ask(text, **more)
        ok(response.status == 503
           and response.header("x-verdict") == "UNAVAILABLE MISS"
           and response.header("x-subject") in (None, ""), name) \
            or diag(response.headers)
        like(self.nginx.error_log()[start:],
             rf"step \"introspection\": {reason} \(", f"{name}: the log")


@test
def what_is_asked():
    fixed = Fixed(EC.public())
    fixed.good("a signed answer", EC.jws(claims(ISSUER, "nginx")))
    head = {name.lower(): value
            for name, value in fixed.authority.log()[0]["headers"]}
    is_(head["accept"], JWT, "what is accepted")
    is_(fixed.ask(EC.jws(claims(ISSUER, "nginx", token_introspection={
        "active": True, "sub": "alice", "exp": 4102444800}))).header(
            "x-subject"), "alice", "its claims are those of the token")


@test
def the_claims_are_judged():
    fixed = Fixed(EC.public())
    for name, token, verdict in (
            ("not active", {"active": False}, "UNKNOWN MISS"),
            ("expired", {"active": True, "exp": 1}, "EXPIRED MISS"),
            ("not yet", {"active": True, "nbf": 4102444800},
             "NOT_YET_VALID MISS"),
            ("active is a text", {"active": "true"}, "UNAVAILABLE MISS"),
            ("no active", {"sub": "alice"}, "UNAVAILABLE MISS"),
            ("exp is a text", {"active": True, "exp": "1"},
             "UNAVAILABLE MISS")):
        is_(fixed.ask(EC.jws(claims(ISSUER, "nginx", sub="alice", active=True,
                                    token_introspection=token)))
            .header("x-verdict"), verdict, name)


@test
def algorithms():
    every = " ".join("alg=" + name for name in (
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
        "ES384", "ES512", "EdDSA"))
    keys = [RSA, EC, ED, Key("ES384", "ec384"), Key("ES512", "ec512")]
    good = claims(ISSUER, "nginx")
    fixed = Fixed(*[key.public() for key in keys],
                  words=f"answer jwt iss={ISSUER} {every};")
    for key in keys:
        fixed.good(f"{key.alg}", key.jws(good))
    for alg in ("RS384", "RS512", "PS256", "PS384", "PS512"):
        fixed.good(alg, RSA.jws(good, alg=alg))

    default = Fixed(*[key.public() for key in keys])
    for key in keys[:3]:
        default.good(f"{key.alg} by default", key.jws(good))
    default.good("PS256 by default", RSA.jws(good, alg="PS256"))
    default.bad("RS384 not by default", RSA.jws(good, alg="RS384"),
                "the algorithm of the JWT is not allowed")
    default.bad("ES384 not by default", keys[3].jws(good),
                "the algorithm of the JWT is not allowed")

    one = Fixed(*[key.public() for key in keys],
                words=f"answer jwt iss={ISSUER} alg=ES256;")
    one.good("the one that is allowed", EC.jws(good))
    one.bad("another", RSA.jws(good), "the algorithm of the JWT is not allowed")


@test
def forged_signatures():
    good = claims(ISSUER, "nginx")
    other = Key("ES256", kid="ec")
    fixed = Fixed(RSA.public(), EC.public(), ED.public())
    wrong = "the signature of the JWT is wrong"
    nobody = "no key of the set has made the signature"
    fixed.bad("another key of that name", other.jws(good), wrong)
    fixed.bad("a key that is not in the set", Key("ES256", "x").jws(good),
              nobody)
    fixed.bad("no name, and another key", Key("ES256").jws(good), nobody)
    for key in (RSA, EC, ED):
        text = key.jws(good)
        head, body, signature = text.split(".")
        fixed.bad(f"{key.alg}: other claims", ".".join((
            head, b64(json.dumps({**good, "a": 1})), signature)), wrong)
        fixed.bad(f"{key.alg}: another header", ".".join((
            b64(json.dumps({"alg": key.alg, "kid": key.kid, "a": 1,
                            "typ": "token-introspection+jwt"})),
            body, signature)), wrong)
        fixed.bad(f"{key.alg}: zeroes", ".".join((
            head, body, b64(bytes(len(key.signature(b"")))))), wrong)
        fixed.bad(f"{key.alg}: too short", ".".join((
            head, body, b64(key.signature((head + "." + body).encode())
                            [:-1]))), wrong)
        fixed.bad(f"{key.alg}: too long", ".".join((
            head, body, b64(key.signature((head + "." + body).encode())
                            + b"\0"))), wrong)
    data = EC.jws(good).rpartition(".")[0].encode()
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    fixed.bad("ES256 as DER", data.decode() + "." + b64(
        EC.private.sign(data, ec.ECDSA(hashes.SHA256()))), wrong)
    fixed.bad("the algorithm of another kind of key", EC.jws(
        good, header=json.dumps({"alg": "RS256", "kid": "ec", "typ":
                                 "token-introspection+jwt"})), nobody)
    fixed.bad("the name of another key", EC.jws(good, kid="rsa"), nobody)
    fixed.bad("PS256 that is RS256", RSA.jws(good, header=json.dumps(
        {"alg": "PS256", "kid": "rsa", "typ": "token-introspection+jwt"})),
        wrong)


def sealed(secret, alg, body):
    """HMAC with whatever everybody can read."""
    head = b64(json.dumps({"alg": alg, "typ": "token-introspection+jwt"}))
    text = head + "." + b64(json.dumps(body))
    return text + "." + b64(hmac.new(secret, text.encode(),
                                     hashlib.sha256).digest())


@test
def headers_that_are_refused():
    good = claims(ISSUER, "nginx")
    fixed = Fixed(RSA.public(), EC.public(),
                  {"kty": "oct", "k": b64(b"secret" * 8), "alg": "HS256"})
    refused = "the algorithm of the JWT is not allowed"
    typ = "the JWT is not of the type token-introspection\\+jwt"
    none = b64(json.dumps({"alg": "none", "typ": "token-introspection+jwt"}))
    fixed.bad("none, without a signature",
              none + "." + b64(json.dumps(good)) + ".",
              "the answer is not a signed JWT")
    fixed.bad("none, with one", none + "." + b64(json.dumps(good)) + ".AA",
              refused)
    for alg in ("None", "nOnE", "HS256", "HS512", "RS1", "ES256K", "ES25", ""):
        fixed.bad(f"\"{alg}\"", EC.jws(good, alg=alg) if alg else EC.jws(
            good, header='{"alg":"","typ":"token-introspection+jwt"}'),
            refused)
    for name, secret in (("PEM", RSA.pem()), ("PEM, no line end",
                                              RSA.pem().rstrip()),
                         ("the set's secret", b"secret" * 8),
                         ("n", RSA.public()["n"].encode())):
        fixed.bad(f"HS256 with {name}", sealed(secret, "HS256", good), refused)
    fixed.bad("RS256 that is an HMAC", sealed(RSA.pem(), "RS256", good),
              "no key of the set has made the signature")
    fixed.bad("crit", EC.jws(good, crit=["exp"], exp=1),
              "the JWT has a critical header")
    fixed.bad("crit, empty", EC.jws(good, crit=[]),
              "the JWT has a critical header")
    fixed.bad("no alg", EC.jws(good, header='{"typ":'
                                            '"token-introspection+jwt"}'),
              "the JWT does not name its algorithm")
    fixed.bad("alg is a list", EC.jws(good, header='{"alg":["ES256"],"typ":'
                                                   '"token-introspection'
                                                   '+jwt"}'),
              "the JWT does not name its algorithm")
    fixed.bad("alg twice", EC.jws(
        good, header='{"alg":"none","alg":"ES256","typ":'
                     '"token-introspection+jwt"}'),
        "the header of the JWT is not a JSON object")
    fixed.bad("kid is a number", EC.jws(good, kid=1),
              "a member of the JWT's header is of a wrong type")
    for value in (None, "JWT", "at+jwt", "token-introspection", "",
                  "application/", "text/token-introspection+jwt"):
        fixed.bad(f"typ {value!r}", EC.jws(good, typ=value), typ)
    fixed.good("typ with application/", EC.jws(
        good, typ="application/token-introspection+jwt"))
    fixed.good("typ in capitals", EC.jws(good, typ="Token-Introspection+JWT"))
    attacker = Key("ES256", kid="ec")
    fixed.bad("a key of its own", attacker.jws(good, jwk=attacker.public()),
              "the signature of the JWT is wrong")


@test
def claims_that_are_refused():
    fixed = Fixed(EC.public())
    issuer = "the JWT is of another issuer"
    audience = "the JWT is for another audience"
    when = "the JWT is not of this time"
    unread = "a time of the JWT is missing or cannot be read"
    now = int(time.time())
    for name, changes, reason in (
            ("no iss", {"iss": None}, issuer),
            ("iss with a slash", {"iss": ISSUER + "/"}, issuer),
            ("iss is a list", {"iss": [ISSUER]}, issuer),
            ("no aud", {"aud": None}, audience),
            ("another aud", {"aud": "Nginx"}, audience),
            ("a longer aud", {"aud": "nginx2"}, audience),
            ("an empty list", {"aud": []}, audience),
            ("others", {"aud": ["a", "b"]}, audience),
            ("a number too", {"aud": ["nginx", 1]}, audience),
            ("aud is an object", {"aud": {"nginx": 1}}, audience),
            ("no iat", {"iat": None}, unread),
            ("iat is a text", {"iat": str(now)}, unread),
            ("iat is huge", {"iat": 1e300}, unread),
            ("iat in an hour", {"iat": now + 3600}, when),
            ("iat an hour ago", {"iat": now - 3600}, when),
            ("exp is over", {"exp": now - 1}, when),
            ("exp is a text", {"exp": "x"}, unread),
            ("nbf to come", {"nbf": now + 3600}, when),
            ("no token_introspection", {"token_introspection": None},
             "the JWT has no claim token_introspection"),
            ("which is a list", {"token_introspection": []},
             "the JWT has no claim token_introspection"),
            ("which is a text", {"token_introspection": '{"active":true}'},
             "the JWT has no claim token_introspection")):
        fixed.bad(name, EC.jws({**claims(ISSUER, "nginx"), **changes}
                               if None not in changes.values() else
                               claims(ISSUER, "nginx", **changes)), reason)
    fixed.bad("names twice", EC.jws(
        f'{{"iss":"{ISSUER}","aud":"x","aud":"nginx","iat":{now},'
        '"token_introspection":{"active":true}}'),
        "the body is not valid JSON")
    fixed.bad("no object", EC.jws("[]"), "the body is not a JSON object")
    fixed.good("one of several", EC.jws(claims(ISSUER, ["a", "nginx"])))
    fixed.good("a fraction", EC.jws(claims(ISSUER, "nginx", iat=now + 0.5)))
    fixed.good("exp to come", EC.jws(claims(ISSUER, "nginx", exp=now + 60)))


@test
def texts_that_are_no_jwt():
    good = claims(ISSUER, "nginx")
    fixed = Fixed(EC.public())
    text = EC.jws(good)
    head, body, signature = text.split(".")
    shape = "the answer is not a signed JWT"
    other = "a part of the JWT is not base64url"
    fixed.bad("plain JSON of that type", '{"active":true}', shape)
    fixed.bad("two parts", head + "." + body, shape)
    fixed.bad("four parts", text + ".AA", shape)
    fixed.bad("five parts, encrypted", text + "." + text[:20] + ".AA", shape)
    fixed.bad("nothing", "", shape)
    fixed.bad("JSON serialisation", json.dumps(
        {"payload": body, "protected": head, "signature": signature}), shape)
    fixed.bad("padding", text + "=", other)
    fixed.bad("a line end", text + "\n", other)
    fixed.bad("blanks", head + ". " + body + "." + signature, other)
    fixed.bad("the other alphabet", head + "." + body + ".+/" + signature[2:],
              other)
    last = signature[-1]
    alphabet = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                "0123456789-_")
    fixed.bad("bits that are left over", text[:-1]
              + alphabet[alphabet.index(last) ^ 1], other)
    fixed.bad("the header is no object", ".".join((b64("[1]"), body,
                                                   signature)),
              "the header of the JWT is not a JSON object")


@test
def unsigned_answers():
    good = claims(ISSUER, "nginx")
    fixed = Fixed(EC.public())
    text = EC.jws(good)
    plain = "the content type of the answer is not that of a signed one"
    fixed.bad("plain JSON", '{"active":true}', plain, type="application/json")
    fixed.bad("a JWT as JSON", text, plain, type="application/json")
    fixed.bad("a JWT of any kind", text, plain, type="application/jwt")
    fixed.good("with a parameter", text, type=JWT + "; charset=utf-8")
    fixed.bad("unsigned, not active", '{"active":false}', plain,
              type="application/json")
    is_(fixed.ask('{"error":"invalid_client"}', status=401,
                  type="application/json").status, 503, "a refusal")
    ok(fixed.nginx.wait_log("the credential was refused"), "is understood")

    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=provider(""))
    authority.rules(answer(text))
    is_(get(nginx, "/", bearer=authority.token().token).status, 503,
        "a JWT where none was asked for")


@test
def keys_that_cannot_verify():
    good = claims(ISSUER, "nginx")
    weak = Key("RS256", kid="weak", bits=1024)
    odd = Key("ES256", kid="\u00e4\"\\/ \t{}'\u20ac" + "k" * 300)
    fixed = Fixed(
        weak.public(), EC.public(use="enc", kid="enc"),
        EC.public(key_ops=["sign"], kid="ops"), RSA.public(e="AQ", kid="e1"),
        RSA.public(e="Ag", kid="e2"), EC.public(x="AA", kid="short"),
        EC.public(x="AA==", kid="pad"), EC.public(crv="P-384", kid="crv"),
        EC.public(y=EC.public()["x"], kid="off"), EC.public(kid=7),
        EC.public(alg="ES384", kid="alg"), {"kty": "XX"}, {}, 7, None,
        odd.public(use="sig", key_ops=["verify"], alg="ES256"))
    nobody = "no key of the set has made the signature"
    fixed.good("a name of odd characters", odd.jws(good))
    fixed.bad("RSA of 1024 bits", weak.jws(good), nobody)
    for kid in ("enc", "ops", "short", "pad", "crv", "alg"):
        fixed.bad(kid, EC.jws(good, kid=kid), nobody)
    fixed.bad("a point off the curve", EC.jws(good, kid="off"),
              "the signature of the JWT is wrong")
    for kid in ("e1", "e2"):
        fixed.bad(kid, RSA.jws(good, kid=kid), nobody)


@test
def names_of_keys():
    good = claims(ISSUER, "nginx")
    first, second = Key("ES256", "one"), Key("ES256", "two")
    fixed = Fixed(first.public(), second.public(),
                  ED.public(kid=None))
    fixed.good("by name", second.jws(good))
    fixed.good("no name: any of them", second.jws(good, kid=None))
    fixed.good("the key has no name", ED.jws(good, kid="any"))
    fixed.bad("the other's name", second.jws(good, kid="one"),
              "the signature of the JWT is wrong")


def live(*rules, words=None, issuer=ISSUER):
    authority = Authority()
    authority.rules(*rules)
    words = words or (f"answer jwt iss={issuer}; "
                      f"keys http://127.0.0.1:{authority.plain}/jwks;")
    return authority, Nginx(authority, server=SERVER, http=provider(words))


def verdict(nginx, authority):
    return get(nginx, "/", bearer=authority.token().token).header("x-verdict")


def fetched(authority):
    return sum("jwks" in request["path"] for request in authority.log())


@test
def keys_from_a_url():
    good = EC.jws(claims(ISSUER, "nginx"))
    authority, nginx = live(key_set(EC.public()), answer(good))
    is_(verdict(nginx, authority), "ALLOWED MISS", "a signed answer")
    is_(verdict(nginx, authority), "ALLOWED MISS", "another one")
    is_(fetched(authority), 1, "one fetch")
    request = [one for one in authority.log() if "jwks" in one["path"]][0]
    ok("authorization" not in {name.lower() for name, _
                               in request["headers"]}, "no credential")


@test
def keys_that_come_late():
    good = EC.jws(claims(ISSUER, "nginx"))
    authority, nginx = live(
        {"match": {"path": "/jwks"}, "actions": [
            {"hold": 300}, {"answer": {"body": {"keys": [EC.public()]}}}]},
        answer(good))
    tokens = [authority.token() for _ in range(10)]
    answers = parallel(10, lambda i: get(nginx, "/", bearer=tokens[i].token))
    is_({one.header("x-verdict") for one in answers}, {"ALLOWED MISS"},
        "all wait")
    is_(fetched(authority), 1, "for one fetch")


@test
def keys_that_never_come():
    good = EC.jws(claims(ISSUER, "nginx"))
    authority = Authority()
    authority.rules({"match": {"path": "/jwks"}, "actions": [{"hold": True}]},
                    answer(good))
    nginx = Nginx(authority, server=SERVER, http=provider(
        f"timeout 500ms; answer jwt iss={ISSUER}; "
        f"keys http://127.0.0.1:{authority.plain}/jwks;"))
    before = time.monotonic()
    is_(verdict(nginx, authority), "UNAVAILABLE MISS", "denied")
    ok(time.monotonic() - before < 3, "in time")
    is_(verdict(nginx, authority), "UNAVAILABLE MISS", "again")
    is_(fetched(authority), 1, "without another fetch")
    like(nginx.error_log(), r"provider \"p\", key set: timed out", "the log")


@test
def bad_key_sets():
    good = EC.jws(claims(ISSUER, "nginx"))
    for name, said, reason in (
            ("none", {"status": 404, "body": {}}, "there is none"),
            ("a redirect", {"status": 302, "body": {}, "headers":
                            ["Location: /other"]}, "there is none"),
            ("HTML", {"body": "<html>", "headers":
                      ["-Content-Type", "Content-Type: text/html"]},
             "the content type of the answer is not JSON"),
            ("a list", {"body": [EC.public()]},
             "the body is not a JSON object"),
            ("keys is an object", {"body": {"keys": EC.public()}},
             "it is not a key set"),
            ("empty", {"body": {"keys": []}},
             "the key set has no key that can verify"),
            ("names twice", {"body": '{"keys":[],"keys":[%s]}'
                             % json.dumps(EC.public())},
             "the body is not valid JSON"),
            ("too large", {"body": {"keys": [EC.public()], "x": "x" * 65536}},
             "answer is too large"),
            ("compressed", {"body": {"keys": [EC.public()]}, "gzip": True},
             "the answer has a content encoding"),
            ("cut short", {"body": {"keys": [EC.public()]}, "cut": -5},
             "answer was cut short")):
        authority, nginx = live({"match": {"path": "/jwks"}, "answer": said},
                                answer(good))
        is_(verdict(nginx, authority), "UNAVAILABLE MISS", name)
        like(nginx.error_log(), rf"key set: {reason} \(", f"{name}: the log")


@test
def keys_that_change():
    old, new = Key("ES256", "old"), Key("ES256", "new")
    authority, nginx = live(key_set(old.public()),
                            answer(old.jws(claims(ISSUER, "nginx"))))
    is_(verdict(nginx, authority), "ALLOWED MISS", "the old key")
    authority.rules(key_set(old.public(), new.public()),
                    answer(new.jws(claims(ISSUER, "nginx"))))
    is_(verdict(nginx, authority), "ALLOWED MISS", "the new key, at once")
    is_(fetched(authority), 2, "the set was fetched anew")
    forged = Key("ES256", "forged")
    authority.rules(key_set(old.public(), new.public()),
                    answer(forged.jws(claims(ISSUER, "nginx"))))
    for _ in range(5):
        is_(verdict(nginx, authority), "UNAVAILABLE MISS", "an unknown key")
    is_(fetched(authority), 2, "which is not looked for each time")
    authority.rules(key_set(old.public(), new.public()),
                    answer(new.jws(claims(ISSUER, "nginx"))))
    is_(verdict(nginx, authority), "ALLOWED MISS", "the known ones still do")


@test
def keys_that_are_withdrawn():
    authority = Authority()
    good = EC.jws(claims(ISSUER, "nginx"))
    authority.rules(key_set(EC.public(), times=1), key_set(ED.public()),
                    answer(good))
    nginx = Nginx(authority, server=SERVER, http=provider(
        f"answer jwt iss={ISSUER}; "
        f"keys http://127.0.0.1:{authority.plain}/jwks valid=1s;"))
    is_(verdict(nginx, authority), "ALLOWED MISS", "the key is there")
    ok(poll(lambda: verdict(nginx, authority) == "UNAVAILABLE MISS",
            every=0.1), "and is forgotten when the set is renewed")


@test
def keys_of_an_issuer():
    authority = Authority()
    origin = f"http://127.0.0.1:{authority.plain}"
    authority.rules(
        {"match": {"path": "/.well-known/oauth-authorization-server"},
         "answer": {"body": {"issuer": origin, "jwks_uri": origin + "/jwks",
                             "introspection_endpoint":
                             origin + "/introspect"}}},
        key_set(EC.public()), answer(EC.jws(claims(origin, "nginx"))))
    http = ("auth_token_provider p {{ preset introspection; answer jwt; "
            "issuer http://127.0.0.1:{plain}; "
            "credential basic nginx file:{client_secret}; }}\n")
    nginx = Nginx(authority, server=SERVER, http=http)
    is_(verdict(nginx, authority), "ALLOWED MISS", "all from the issuer")
    is_([request["path"] for request in authority.log()][0],
        "/.well-known/oauth-authorization-server", "the document first")
    authority.rules(
        {"match": {"path": "/.well-known/oauth-authorization-server"},
         "answer": {"body": {"issuer": origin, "introspection_endpoint":
                             origin + "/introspect"}}},
        answer(EC.jws(claims(origin, "nginx"))))
    ok(nginx.reload(), "an issuer without keys")
    is_(verdict(nginx, authority), "UNAVAILABLE MISS", "denies")
    like(nginx.error_log(), r"key set: the issuer publishes none", "the log")


@test
def the_cache():
    authority, nginx = live(answer('{"active":true}', "application/json"),
                            words=" ")
    token = authority.token().token
    is_(get(nginx, "/", bearer=token).header("x-verdict"), "ALLOWED MISS",
        "plain answers")
    for name, words in (
            ("signed ones", "iss=a"), ("another issuer", "iss=b"),
            ("another audience", "iss=a aud=b"),
            ("other algorithms", "iss=a alg=ES256")):
        path = authority.secret_file("set", json.dumps(
            {"keys": [EC.public()]}))
        nginx.configure(http=provider(f"answer jwt {words}; "
                                      f"keys file:{path};"))
        ok(nginx.reload(), name)
        is_(get(nginx, "/", bearer=token).header("x-verdict"),
            "UNAVAILABLE MISS", f"{name}: are not those")


@test
def configuration():
    authority = Authority()
    path = authority.secret_file("keys.json",
                                 json.dumps({"keys": [EC.public()]}))
    empty = authority.secret_file("empty.json", '{"keys":[]}')
    keys = f"keys file:{path};"
    url = "keys https://as.test/jwks"
    nginx = Nginx(authority, server=SERVER, http=provider(
        f"answer jwt iss=a; {keys}"), start=False)
    nginx.emerg_ok = "configurations that are refused"
    for name, words in (("all", f"{url} valid=5m; answer jwt iss=a aud=b "
                         "alg=ES256 alg=EdDSA;"),
                        ("beside others", f"header X-A b; answer jwt iss=a; "
                         f"{keys} form a b;")):
        nginx.configure(http=provider(words))
        status, text = nginx.test_configuration()
        is_(status, 0, name) or diag(text)
    for name, words, said in (
            ("another form", f"answer json; {keys}",
             'invalid parameter "json"'),
            ("twice", "answer jwt; answer jwt;",
             '"answer" directive is duplicate'),
            ("keys twice", f"{keys} {keys}", '"keys" directive is duplicate'),
            ("keys alone", keys, '"keys" needs "answer jwt" in provider "p"'),
            ("no keys", "answer jwt iss=a;",
             '"answer jwt" needs "keys" or "issuer" in provider "p"'),
            ("no iss", f"answer jwt; {keys}",
             '"answer jwt" needs "iss=" or "issuer" in provider "p"'),
            ("none", f"answer jwt iss=a alg=none; {keys}",
             'invalid parameter "alg=none"'),
            ("HMAC", f"answer jwt iss=a alg=HS256; {keys}",
             'invalid parameter "alg=HS256"'),
            ("alg twice", f"answer jwt alg=ES256 alg=ES256; {keys}",
             'invalid parameter "alg=ES256"'),
            ("iss twice", f"answer jwt iss=a iss=b; {keys}",
             'invalid parameter "iss=b"'),
            ("aud twice", f"answer jwt aud=a aud=b; {keys}",
             'invalid parameter "aud=b"'),
            ("empty", f"answer jwt iss=; {keys}", 'invalid parameter "iss="'),
            ("another", f"answer jwt sub=a; {keys}",
             'invalid parameter "sub=a"'),
            ("empty keys", 'answer jwt iss=a; keys "";',
             '"keys" directive is empty'),
            ("a bad URL", "answer jwt iss=a; keys ftp://as.test/a;",
             'invalid keys "ftp://as.test/a" in provider "p", it must be '
             '"file:PATH" or an https URL'),
            ("clear text", "answer jwt iss=a; keys http://as.test/a;",
             'invalid keys "http://as.test/a"'),
            ("a bad time", f"answer jwt iss=a; {url} valid=x;",
             'invalid parameter "valid=x"'),
            ("a time for a file", f"answer jwt iss=a; keys file:{path} "
             "valid=1h;", 'invalid parameter "valid=1h"'),
            ("no file", "answer jwt iss=a; keys file:/no/such;",
             'key set "/no/such" cannot be used: it cannot be opened (2:'),
            ("a directory", "answer jwt iss=a; keys file:/tmp;",
             'key set "/tmp" cannot be used: it cannot be read (21:'),
            ("no JSON", f"answer jwt iss=a; keys file:{authority.ca};",
             "cannot be used: the body is not valid JSON"),
            ("no key", f"answer jwt iss=a; keys file:{empty};",
             "cannot be used: the key set has no key that can verify")):
        nginx.configure(http=provider(words))
        status, text = nginx.test_configuration()
        ok(status != 0 and said in text, name) or diag(text)
    nginx.configure(http=provider(f"answer jwt iss=a; {keys}").replace(
        "introspection;", "vault;").replace("basic nginx", "bearer"))
    status, text = nginx.test_configuration()
    ok(status and '"answer jwt" needs "preset introspection"' in text,
       "another preset") or diag(text)
    nginx.configure(http=provider(f"answer jwt iss=a; {keys}").replace(
        "basic nginx", "bearer"))
    status, text = nginx.test_configuration()
    ok(status and '"answer jwt" needs "aud=" or a credential with an id'
       in text, "no id") or diag(text)


run()
