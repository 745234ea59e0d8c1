#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for how the provider authenticates beyond sending a secret: assertions
# (RFC 7523), certificates (RFC 8705), the client's token itself.  The failure
# this file exists for: an assertion that another implementation does not take,
# or a key that signs what its algorithm does not.

import base64
import json
import os
import subprocess
import sys
import time
from urllib.parse import parse_qs

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from authority import assertions  # noqa: E402

KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ed": ["-algorithm", "ED25519"],
    "short": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "long": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4104"],
    "pss": ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
    "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "secp256k1": ["-algorithm", "EC", "-pkeyopt",
                  "ec_paramgen_curve:secp256k1"],
    "brainpool": ["-algorithm", "EC", "-pkeyopt",
                  "ec_paramgen_curve:brainpoolP256r1"],
    "ed448": ["-algorithm", "ED448"],
    "x25519": ["-algorithm", "X25519"],
    "locked": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-aes256", "-pass", "pass:secret"],
}

AUDIENCE = "https://idp.test/"

SERVER = """
    location / {{
        auth_token p;
        add_header X-Verdict $auth_token_verdict always;
        proxy_pass http://127.0.0.1:{backend};
    }}
"""


def provider(line, words="", endpoint="http://127.0.0.1:{plain}"):
    return ("auth_token_provider p {{\n    preset introspection;\n"
            f"    endpoint {endpoint}/introspect;\n"
            f"    {line};\n    {words}\n}}}}\n")


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True,
                          capture_output=True, text=True).stdout


def key(authority, kind):
    path = os.path.join(authority.dir, kind + ".key")
    if not os.path.exists(path):
        openssl("genpkey", *KEYS[kind], "-out", path)
        os.chmod(path, 0o600)
        with open(path) as read:
            authority.forbidden.append(read.read().split("\n")[1])
    return path


def public(path):
    return openssl("pkey", "-in", path, "-pubout")


def verdict(nginx, token):
    return get(nginx, "/", bearer=token.token).header("x-verdict")


def register(authority, name, **entry):
    authority.call("POST", "clients", {name: entry})


def asked(authority):
    """The form of the last look-up and the parts of its assertion."""
    form = {name: values[0] for name, values
            in parse_qs(authority.log()[-1]["body"]).items()}
    head, claims, _ = form["client_assertion"].split(".")
    return (form, json.loads(assertions.decoded(head)),
            json.loads(assertions.decoded(claims)))


class Known:
    """What assertions.py asks of the state."""

    def __init__(self, **clients):
        self.clients, self.used, self.refusals = clients, set(), []


def jwt(sign, head, claims):
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = ".".join(encoded(json.dumps(part).encode())
                    for part in (head, claims))
    return text + "." + encoded(sign(text.encode()))


@test
def who_verifies_refuses():
    """The verifier of these tests: every claim that is wrong is refused."""
    import hmac
    secret = "k" * 32
    now = time.time()

    def sign(data):
        return hmac.new(secret.encode(), data, "sha256").digest()

    good = {"iss": "me", "sub": "me", "aud": AUDIENCE, "iat": now,
            "exp": now + 60, "jti": "1"}
    known = Known(me={"alg": "HS256", "secret": secret, "aud": [AUDIENCE]})

    def refused(claims=None, head=None, sign=sign, form=None):
        text = jwt(sign, {"alg": "HS256", **(head or {})},
                   {**good, **(claims or {})})
        try:
            assertions.assertion(known, {
                "client_assertion_type": assertions.TYPE,
                "client_assertion": text, **(form or {})})
        except assertions.Refused as reason:
            return str(reason)

    is_(refused(), None, "a good one")
    is_(refused(), "jti", "the same again")
    for claims, reason in (({"iss": "you"}, "iss"), ({"sub": "you"}, "client"),
                           ({"aud": "https://x/"}, "aud"),
                           ({"exp": now - 1}, "exp"),
                           ({"exp": now + 3600}, "exp"),
                           ({"iat": now + 60}, "iat"), ({"jti": ""}, "jti")):
        like(refused({"jti": "2", **claims}) or "", reason, str(claims))
    is_(refused(head={"alg": "none"}, sign=lambda data: b""), "alg", "none")
    is_(refused(head={"kid": "1"}), "kid", "another key id")
    is_(refused(sign=lambda data: sign(data + b".")), "signature",
        "another signature")
    is_(refused(form={"client_assertion_type": "x"}), "client_assertion_type",
        "another type")
    like(refused({"jti": "3"}, form={"client_id": "you"}) or "", "client_id",
         "another client")
    is_(refused({"jti": "3"}), None, "a good one again")


@test
def client_secret_jwt():
    authority = Authority()
    secret = "s/+&=%" + "k" * 58
    path = authority.secret_file("shared", secret)
    for alg in ("HS256", "HS384", "HS512"):
        endpoint = f"http://127.0.0.1:{authority.plain}/introspect"
        register(authority, 'me "x"', alg=alg, secret=secret, aud=[endpoint])
        option = "" if alg == "HS256" else f"alg={alg}"
        nginx = Nginx(authority, server=SERVER, http=provider(
            f"credential client_secret_jwt 'me \"x\"' file:{path} {option}"))
        is_(verdict(nginx, authority.token()), "ALLOWED", f"{alg}: admitted")
        is_(verdict(nginx, Token("unknown", "")), "UNKNOWN",
            f"{alg}: an unknown token")
        form, head, claims = asked(authority)
        is_(head, {"typ": "JWT", "alg": alg}, f"{alg}: head")
        is_(form["client_id"], 'me "x"', f"{alg}: client_id")
        ok("client_secret" not in form, f"{alg}: the secret is not sent")
        is_(claims["exp"] - claims["iat"], 60, f"{alg}: a minute")
        is_(authority.call("GET", "refusals"), [], f"{alg}: no refusal")

        register(authority, 'me "x"', alg=alg, secret=secret + "x",
                 aud=[endpoint])
        is_(verdict(nginx, authority.token()), "UNAVAILABLE",
            f"{alg}: another secret")
        is_(authority.call("GET", "refusals"), ["signature"], f"{alg}: why")
        authority.call("POST", "reset")


for algorithm, kind in (("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "ec"),
                        ("EdDSA", "ed")):
    def case(alg=algorithm, kind=kind):
        authority = Authority()
        path = key(authority, kind)
        register(authority, "me", alg=alg, key=public(path), kid="k1",
                 aud=[AUDIENCE])
        nginx = Nginx(authority, server=SERVER, http=provider(
            f"credential private_key_jwt me file:{path} alg={alg} kid=k1 aud={AUDIENCE}"))
        # numbers of ES256 are shorter now and then
        for _ in range(300 if alg == "ES256" else 20):
            if verdict(nginx, authority.token()) != "ALLOWED":
                break
        is_(authority.call("GET", "refusals"), [], "all were verified")
        used = {asked_jti(one) for one in authority.log()}
        is_(len(used), authority.counts()["requests"], "each is used once")
        is_(asked(authority)[1], {"typ": "JWT", "alg": alg, "kid": "k1"},
            "head")

        other = authority.dir + "/other.key"
        openssl("genpkey", *KEYS[kind], "-out", other)
        register(authority, "me", alg=alg, key=public(other), kid="k1",
                 aud=[AUDIENCE])
        is_(verdict(nginx, authority.token()), "UNAVAILABLE", "another key")
        is_(authority.call("GET", "refusals"), ["signature"], "why")
        like(nginx.error_log(), r"\[error\].*the credential was refused",
             "the log")
    case.__name__ = "private_key_jwt_" + algorithm
    test(case)


def asked_jti(request):
    text = parse_qs(request["body"])["client_assertion"][0].split(".")[1]
    return json.loads(assertions.decoded(text))["jti"]


@test
def keys_in_other_dress():
    authority = Authority()
    ec, rsa = key(authority, "ec"), key(authority, "rsa")
    for name, text in (
            ("traditional EC", openssl("ec", "-in", ec)),
            ("with its parameters", openssl("ecparam", "-name", "prime256v1")
             + openssl("ec", "-in", ec)),
            ("traditional RSA", openssl("rsa", "-in", rsa, "-traditional")),
            ("with text around", "a key:\n" + open(ec).read() + "its end\n"),
            ("with CRLF", open(rsa).read().replace("\n", "\r\n"))):
        path = authority.secret_file("dressed", text)
        alg = "RS256" if "RSA" in name or "CRLF" in name else "ES256"
        register(authority, "me", alg=alg, key=public(path), aud=[AUDIENCE])
        nginx = Nginx(authority, server=SERVER, http=provider(
            f"credential private_key_jwt me file:{path} aud={AUDIENCE}"))
        is_(verdict(nginx, authority.token()), "ALLOWED", name)


@test
def the_audience():
    authority = Authority()
    path = key(authority, "ed")
    register(authority, "me", alg="EdDSA", key=public(path), aud=[AUDIENCE])
    nginx = Nginx(authority, server=SERVER, http=provider(
        f"credential private_key_jwt me file:{path}"))
    is_(verdict(nginx, authority.token()), "UNAVAILABLE", "is the endpoint")
    is_(authority.call("GET", "refusals"), ["aud"], "which was not wanted")
    first = f"http://127.0.0.1:{authority.plain}/introspect"
    is_(asked(authority)[2]["aud"], first, "aud")

    register(authority, "me", alg="EdDSA", key=public(path), aud=[first])
    nginx = Nginx(authority, server=SERVER, http=provider(
        f"credential private_key_jwt me file:{path}",
        "endpoint http://localhost:{plain}/introspect;"))
    authority.clear()
    authority.rules({"match": {"header": {
        "Host": f"127.0.0.1:{authority.plain}"}}, "answer": {"status": 502}})
    is_(verdict(nginx, authority.token()), "ALLOWED", "the second of two")
    is_(len(authority.log()), 2, "both were asked")
    is_(asked(authority)[2]["aud"], first, "the first is whom it is for")


@test
def the_token_itself():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=provider("credential token"))
    token = authority.token()
    authority.call("POST", "credentials", [token.token])
    is_(verdict(nginx, token), "ALLOWED", "a token that may ask about itself")
    is_(dict(authority.log()[0]["headers"])["Authorization"],
        "Bearer " + token.token, "is its own credential")
    is_(verdict(nginx, authority.token()), "UNAVAILABLE",
        "one that may not")
    authority.rules(*({"match": {"header": {"Authorization": "Bearer " + one}},
                       "answer": {"status": status, **answer}}
                      for one, status, answer in (
        ("bad", 401, {"body": {"error": "invalid_token"}}),
        ("other", 401, {"body": {"error": "invalid_client"}}),
        ("page", 401, {"headers": ["-Content-Type",
                                   "Content-Type: text/html"], "body": "no"}),
        ("denied", 403, {"body": {"error": "invalid_token"}}))))
    for one, wanted in (("bad", "UNKNOWN"), ("other", "UNAVAILABLE"),
                        ("page", "UNAVAILABLE"), ("denied", "UNAVAILABLE")):
        is_(verdict(nginx, Token(one, "")), wanted, f"a refusal: {one}")


@test
def the_token_itself_and_the_budget():
    """What the authority says to one client is not about the provider."""
    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=provider(
        "credential token", "breaker failures=1 delay=60s;"))
    busy, calm = authority.token(), authority.token()
    authority.call("POST", "credentials", [calm.token])
    authority.rules({"match": {"token": busy.token},
                     "answer": {"status": 429,
                                "headers": ["Retry-After: 60"], "body": {}}})
    is_(verdict(nginx, busy), "UNAVAILABLE", "a client over its budget")
    is_(verdict(nginx, calm), "ALLOWED", "another client")


@test
def a_step_of_its_own():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=(
        "auth_token_provider p {{\n    endpoint http://127.0.0.1:{plain};\n"
        "    credential token;\n    step self;\n    request GET /self;\n"
        "    unknown 401;\n    id /id;\n}}\n"))
    authority.rules({"match": {"header": {"Authorization": "Bearer good"}},
                     "answer": {"body": {"id": "1"}}},
                    {"answer": {"status": 401, "body": {"error": "no"}}})
    authority.vouch("good")
    is_(verdict(nginx, Token("good", "")), "ALLOWED", "a good token")
    is_(verdict(nginx, Token("bad", "")), "UNKNOWN", "a bad one")


def mutual(authority, name, known=True, line="credential tls me"):
    authority.call("POST", "tls", {"client": known})
    return Nginx(authority, server=SERVER, http=provider(
        line, "ssl_trusted_certificate {ca}; "
        f"ssl_certificate {authority.dir}/{name}.pem; "
        f"ssl_certificate_key {authority.dir}/{name}.key;",
        "https://localhost:{tls}"))


@test
def tls_with_a_ca():
    authority = Authority()
    register(authority, "me", subject="nginx")
    nginx = mutual(authority, "client")
    is_(verdict(nginx, authority.token()), "ALLOWED", "a certificate of its CA")
    got = authority.log()[0]
    is_(parse_qs(got["body"])["client_id"], ["me"], "client_id")
    is_(dict(got["headers"]).get("Authorization"), None, "nothing else")

    nginx = mutual(authority, "neighbour")
    is_(verdict(nginx, authority.token()), "UNAVAILABLE",
        "another's certificate of the same CA")
    is_(authority.call("GET", "refusals"), ["certificate"], "why")

    before = authority.counts()["requests"]
    nginx = mutual(authority, "otherclient")
    is_(verdict(nginx, authority.token()), "UNAVAILABLE",
        "the same name of another CA")
    is_(authority.counts()["requests"], before, "no request came")


@test
def tls_self_signed():
    authority = Authority()
    authority.call("POST", "tls", {"client": True})
    der = openssl("x509", "-in", authority.dir + "/ownclient.pem", "-noout",
                  "-fingerprint", "-sha256")
    register(authority, "me", sha256=der.split("=")[1].strip()
             .replace(":", "").lower())
    nginx = mutual(authority, "ownclient", "ownclient")
    is_(verdict(nginx, authority.token()), "ALLOWED", "the one it knows")
    nginx = mutual(authority, "otherclient", "otherclient")
    is_(verdict(nginx, authority.token()), "UNAVAILABLE",
        "another one of the same name")
    is_(authority.call("GET", "refusals"), ["certificate"], "why")


@test
def assertion_and_certificate():
    authority = Authority()
    authority.call("POST", "tls", {"client": True})
    path = key(authority, "ed")
    register(authority, "me", alg="EdDSA", key=public(path), aud=[AUDIENCE])
    nginx = mutual(authority, "client", line=(
        f"credential private_key_jwt me file:{path} aud={AUDIENCE}"))
    is_(verdict(nginx, authority.token()), "ALLOWED", "both at once")


@test
def what_nginx_says():
    authority = Authority()
    shared = authority.secret_file("short", "x" * 31)
    empty = os.path.join(authority.dir, "empty")
    garbage = authority.secret_file(
        "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n"
        "-----END PRIVATE KEY-----")
    open(empty, "w").close()
    keys = {kind: key(authority, kind) for kind in KEYS}
    half = authority.secret_file("half", public(keys["ec"]))
    world = authority.secret_file("world", open(keys["ec"]).read())
    os.chmod(world, 0o644)
    rs, es = keys["rsa"], keys["ec"]
    nginx = Nginx(authority, start=False)
    nginx.emerg_ok = "they are the test"
    other = "is a key of another algorithm"
    for credential, says in (
            ("token a", 'method "token" takes 0 parameters'),
            ("tls", 'method "tls" takes 1 parameters'),
            ("tls ''", 'invalid client id ""'),
            ("tls me", 'needs "ssl_certificate" and "ssl_certificate_key"'),
            ("private_key_jwt me", "takes 2 parameters"),
            (f"private_key_jwt 'm\xfc' file:{rs}", "invalid client id"),
            (f"client_secret_jwt '' file:{rs}", 'invalid client id ""'),
            (f"client_secret_jwt me file:{shared}",
             "is shorter than the hash of the algorithm"),
            (f"client_secret_jwt me file:{shared} alg=RS256",
             'invalid parameter "alg=RS256"'),
            (f"private_key_jwt me file:{empty}", "is empty"),
            (f"private_key_jwt me file:{shared}", "is no private key in PEM"),
            (f"private_key_jwt me file:{garbage}",
             "is no private key in PEM"),
            (f"private_key_jwt me file:{half}", "is no private key in PEM"),
            (f"private_key_jwt me file:{keys['locked']}",
             "is a private key with a pass phrase"),
            (f"private_key_jwt me file:{rs} alg=HS256",
             'invalid parameter "alg=HS256"'),
            (f"private_key_jwt me file:{rs} alg=none",
             'invalid parameter "alg=none"'),
            (f"private_key_jwt me file:{rs} alg=ES256", other),
            (f"private_key_jwt me file:{es} alg=PS256", other),
            (f"private_key_jwt me file:{es} alg=EdDSA", other),
            (f"private_key_jwt me file:{keys['ed']} alg=RS256", other),
            (f"private_key_jwt me file:{keys['pss']} alg=PS256", other),
            (f"private_key_jwt me file:{keys['ed448']}", other),
            (f"private_key_jwt me file:{keys['x25519']}", other),
            (f"private_key_jwt me file:{keys['short']}", "RSA key of less"),
            (f"private_key_jwt me file:{keys['long']}", "more than 4096"),
            (f"private_key_jwt me file:{keys['P-384']}",
             "on another curve than P-256"),
            (f"private_key_jwt me file:{keys['secp256k1']}",
             "on another curve than P-256"),
            (f"private_key_jwt me file:{keys['brainpool']}",
             "on another curve than P-256"),
            (f"private_key_jwt me file:{rs} aud=a aud=b",
             'invalid parameter "aud=b"'),
            (f"private_key_jwt me file:{rs} kid=", 'invalid parameter "kid="'),
            (f"private_key_jwt me file:{rs} x=1", 'invalid parameter "x=1"'),
            ("basic me env:HOME x=1", "takes 2 parameters"),
            (f"private_key_jwt me file:{world}", None),
            (f"private_key_jwt me file:{es} kid=1 aud=a", None)):
        nginx.configure(http=provider("credential " + credential))
        status, said = nginx.test_configuration()
        if says is None:
            is_(status, 0, f"fine: {credential}") or diag(said)
        else:
            ok(status == 1 and says in said and "nginx.conf:" in said,
               f"{says}: {credential}") or diag(said)
        warned = "can be read by others" in said
        is_(warned, world in credential, "a warning only where it is due")
        ok("BEGIN" not in said and "x" * 31 not in said, "no secret")

    for words, says in (
            ("preset cloudflare; endpoint https://localhost/; "
             "credential token", "cannot be used with a second step"),
            ("preset cloudflare; endpoint https://localhost/; credential "
             f"private_key_jwt me file:{es}", "needs a form")):
        nginx.configure(http=f"auth_token_provider p {{{{ {words}; }}}}")
        status, said = nginx.test_configuration()
        ok(status == 1 and says in said, f"{says}: {words}") or diag(said)


if not module_built():
    plan_skip_all("the module is not built")
run()
