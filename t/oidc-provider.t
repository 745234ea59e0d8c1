#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests with a certified OpenID provider, the npm package oidc-provider, in
# place of this project's own authority.  The failure this file exists for:
# the module and the authority written for its tests agree with each other,
# and with nobody else.

import base64
import http.client
import json
import os
import secrets
import subprocess
import sys
from urllib.parse import quote, urlencode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.npm import NPM, Program, needs_npm  # noqa: E402
from harness.ports import free_port  # noqa: E402

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npm",
                       "oidc-provider.mjs")

SECRET = "s/+" + secrets.token_hex(24) + "&=%"

PROVIDER = """
    auth_token_provider idp {{
        preset      introspection;
        endpoint    http://127.0.0.1:PORT/token/introspection;
        {words}
    }}
"""

SERVER = """
        location / {{
            auth_token idp;
            add_header X-Verdict $auth_token_verdict always;
            add_header X-Cache $auth_token_cache always;
            add_header X-Client $auth_token_client_id always;
            add_header X-Scope $auth_token_scope always;
            add_header X-Issuer $auth_token_issuer always;
            add_header X-Expires $auth_token_expires_on always;
            add_header X-Team $auth_token_field_team always;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /write {{
            auth_token idp;
            auth_token_require scope=api:write;
            add_header X-Verdict $auth_token_verdict always;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /purge {{
            auth_token_purge;
        }}
"""

FRESH = "cache valid=0 negative=0;"


class Idp:
    """The provider, with clients that get tokens: "svc", and "brief", whose
    tokens live 5 s; and clients that ask about them."""

    def __init__(self, authority, *clients, **more):
        self.authority = authority
        self.port = free_port()
        get_tokens = [
            {"client_id": name, "client_secret": SECRET, "ttl": ttl,
             "grant_types": ["client_credentials"], "claims": {"team": "ops"}}
            for name, ttl in (("svc", 300), ("brief", 5))]
        ask = [{"client_id": name, "client_secret": SECRET,
                "token_endpoint_auth_method": method}
               for name, method in (("rs", "client_secret_basic"),
                                    ("rs-post", "client_secret_post"),
                                    ("stranger", "client_secret_basic"))]
        self.program = Program(PROGRAM, NPM, json.dumps({
            "port": self.port, "clients": [*get_tokens, *ask, *clients],
            **more}), ready="ready")
        authority.forbidden += [
            SECRET, quote(SECRET, safe=""),
            base64.b64encode(f"rs:{quote(SECRET, safe='')}".encode()).decode()]

    def post(self, path, client, **form):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=20)
        text = f"{client}:{quote(SECRET, safe='')}"
        connection.request("POST", path, urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization":
                "Basic " + base64.b64encode(text.encode()).decode()})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {body}")
        return json.loads(body) if body else None

    def token(self, client="svc", scope="api:read"):
        """A token by the client credentials grant."""
        answer = self.post("/token", client, scope=scope,
                           grant_type="client_credentials")
        self.authority.forbidden.append(answer["access_token"])
        self.tell(answer["access_token"], "active", answer["expires_in"])
        return answer["access_token"]

    def tell(self, token, status, seconds=0):
        """The oracle of the backend, of what it cannot ask about."""
        self.authority.call("POST", "tokens", {
            token: {"status": status, "exp": f"now+{seconds}"}})

    def revoke(self, token, client="svc"):
        self.post("/token/revocation", client, token=token)
        self.tell(token, "disabled")

    def introspections(self, count=0):
        """Those that the provider has told of, count of them at least."""
        def told():
            return [json.loads(line) for line in list(self.program.lines)
                    if line.startswith("{")]
        poll(lambda: len(told()) >= count, 5)
        return told()


def start(*clients, words, secret=None, authority=None, http=PROVIDER,
          **more):
    authority = authority or Authority()
    idp = Idp(authority, *clients, **more)
    path = authority.secret_file("idp.secret", secret or SECRET)
    words = words.replace("SECRET", "file:" + path)
    nginx = Nginx(authority, server=SERVER,
                  http=http.replace("PORT", str(idp.port)),
                  words=words.replace("PORT", str(idp.port)))
    return authority, idp, nginx


def verdict(nginx, token, path="/"):
    return get(nginx, path, bearer=token).header("x-verdict")


@test
def a_token_that_was_issued():
    authority, idp, nginx = start(words="credential basic rs SECRET;")
    token = idp.token()
    response = get(nginx, "/", bearer=token)
    is_(response.status, 200, "status")
    for name, value in (("verdict", "ALLOWED"), ("cache", "MISS"),
                        ("client", "svc"), ("scope", "api:read"),
                        ("team", "ops"),
                        ("issuer", f"http://127.0.0.1:{idp.port}")):
        is_(response.header("x-" + name), value, name)
    like(response.header("x-expires"), r"^\d{10,}$", "expires_on")
    is_(get(nginx, "/", bearer=token).header("x-cache"), "HIT", "again")
    is_(idp.introspections(1), [{"client": "rs", "status": 200,
                                "type": "application/json"}], "asked once")

    is_(verdict(nginx, token, "/write"), "INSUFFICIENT", "a lesser scope")
    is_(verdict(nginx, idp.token(scope="api:read api:write"), "/write"),
        "ALLOWED", "the scope")
    before = authority.counts()["backend"]
    is_(verdict(nginx, token[:-1]), "UNKNOWN", "a part of a token")
    is_(verdict(nginx, secrets.token_urlsafe(32)), "UNKNOWN", "another token")
    is_(authority.counts()["backend"], before, "requests at the backend")


@test
def a_token_that_was_revoked():
    authority, idp, nginx = start(
        words="credential basic rs SECRET; cache valid=300s;")
    token, other = idp.token(), idp.token()
    for one in (token, other):
        is_(verdict(nginx, one), "ALLOWED", "before")
    idp.revoke(token)
    authority.strangers_ok(1, "GET /: disabled token", "the cache has it")
    is_(verdict(nginx, token), "ALLOWED", "as the answer is in the cache")
    purge = get(nginx, "/purge", method="POST",
                headers=["Content-Type: application/json"],
                body=json.dumps({"token": token}).encode())
    is_(purge.status, 200, "purged")
    before = authority.counts()["backend"]
    is_(verdict(nginx, token), "UNKNOWN", "then")
    is_(authority.counts()["backend"], before, "requests at the backend")
    is_(verdict(nginx, other), "ALLOWED", "another token")

    nginx.configure(words=nginx.settings["words"].replace(
        "cache valid=300s;", FRESH))
    ok(nginx.reload(), "without a cache")
    token = idp.token()
    is_(verdict(nginx, token), "ALLOWED", "before")
    idp.revoke(token)
    is_(verdict(nginx, token), "UNKNOWN", "at once")


@test
def a_token_that_expires():
    """The provider forgets it in that second, and so does the cache."""
    for cache in ("cache valid=300s;", FRESH):
        authority, idp, nginx = start(words="credential basic rs SECRET; "
                                      + cache)
        token, other = idp.token("brief"), idp.token()
        is_(verdict(nginx, token), "ALLOWED", f"{cache} before")
        asked = len(idp.introspections(1))
        ok(poll(lambda: verdict(nginx, token) in ("EXPIRED", "UNKNOWN"), 20),
           "it ends")
        before = authority.counts()["backend"]
        is_(verdict(nginx, token),
            "EXPIRED" if cache != FRESH else "UNKNOWN", "verdict")
        is_(get(nginx, "/", bearer=token).status, 401, "status")
        is_(authority.counts()["backend"], before, "requests at the backend")
        if cache != FRESH:
            is_(len(idp.introspections()), asked, "without a look-up")
        is_(verdict(nginx, other), "ALLOWED", "another token")


@test
def the_secret_in_the_form():
    _, idp, nginx = start(words="credential post rs-post SECRET;")
    is_(verdict(nginx, idp.token()), "ALLOWED", "a token")
    is_(verdict(nginx, secrets.token_urlsafe(32)), "UNKNOWN", "another one")
    is_([one["client"] for one in idp.introspections(2)],
        ["rs-post", "rs-post"], "who asked")


def refused(words, name, secret=None, says="credential", clients=()):
    authority, idp, nginx = start(*clients, words=words, secret=secret)
    response = get(nginx, "/", bearer=idp.token())
    is_(response.status, 503, name)
    is_(response.header("x-verdict"), "UNAVAILABLE", "verdict")
    is_(response.header("www-authenticate"), None, "no challenge")
    is_(authority.counts()["backend"], 0, "requests at the backend")
    like(nginx.error_log(), r"\[error\].*provider \"idp\".*" + says,
         "the log tells")


@test
def credentials_that_are_wrong():
    refused("credential basic rs SECRET;", "another secret", "wrong" * 8)
    refused("credential basic nobody SECRET;", "another id")
    refused("credential post rs-post SECRET;", "in the form", "wrong" * 8)
    # RFC 6749 would have it 401; the package finds no client_id
    refused("credential none;", "none", says="status 400")


@test
def a_client_that_may_not_ask():
    """RFC 7662, section 2.2: it is told that no token is active."""
    authority, idp, nginx = start(words="credential basic stranger SECRET;")
    is_(verdict(nginx, idp.token()), "UNKNOWN", "verdict")
    is_(authority.counts()["backend"], 0, "requests at the backend")


@test
def the_secret_as_a_key():
    """It signs, and the provider checks audience, time and jti itself."""
    client = {"client_id": "signs", "client_secret": SECRET,
              "token_endpoint_auth_method": "client_secret_jwt"}
    for audience in ("", " aud=http://127.0.0.1:PORT"):
        _, idp, nginx = start(client, words=(
            f"credential client_secret_jwt signs SECRET{audience};" + FRESH))
        token = idp.token()
        is_([verdict(nginx, token) for _ in range(3)], ["ALLOWED"] * 3,
            "tokens" + audience)
        is_([one["client"] for one in idp.introspections(3)], ["signs"] * 3,
            "who asked")
    for words, name, secret in (
            ("signs SECRET", "another secret", "wrong" * 8),
            ("signs SECRET aud=https://elsewhere.test/", "elsewhere", None),
            ("rs SECRET", "registered otherwise", None)):
        refused(f"credential client_secret_jwt {words};", name, secret,
                clients=[client])


KEYS = {"RS256": ("RSA", "rsa_keygen_bits:2048"),
        "PS256": ("RSA", "rsa_keygen_bits:2048"),
        "ES256": ("EC", "ec_paramgen_curve:P-256"),
        "EdDSA": ("ED25519",)}


def pair(authority, name, kind, *option):
    """A private key's path, and the public key."""
    path = os.path.join(authority.dir, name)
    options = ["-pkeyopt", *option] if option else []
    subprocess.run(["openssl", "genpkey", "-algorithm", kind, *options, "-out",
                    path], check=True, capture_output=True)
    os.chmod(path, 0o600)
    return path, subprocess.run(["openssl", "pkey", "-in", path, "-pubout"],
                                check=True, capture_output=True,
                                text=True).stdout


@test
def keys_of_our_own():
    authority = Authority()
    paths, clients = {}, []
    for algorithm, kind in KEYS.items():
        paths[algorithm], pem = pair(authority, algorithm, *kind)
        clients.append({"client_id": algorithm, "pem": pem,
                        "token_endpoint_auth_method": "private_key_jwt",
                        "token_endpoint_auth_signing_alg": algorithm})
    wrong, _ = pair(authority, "wrong", *KEYS["ES256"])

    def line(algorithm, path=None, client=None):
        return (f"credential private_key_jwt {client or algorithm} "
                f"file:{path or paths[algorithm]} alg={algorithm}"
                + (" kid=k1;" if algorithm in ("RS256", "PS256") else ";")
                + FRESH)

    _, idp, nginx = start(*clients, words=line("RS256"), authority=authority)
    token = idp.token()
    for i, algorithm in enumerate(KEYS):
        nginx.configure(words=line(algorithm))
        ok(nginx.reload(), algorithm)
        is_([verdict(nginx, token) for _ in range(3)], ["ALLOWED"] * 3,
            f"{algorithm}: tokens")
        is_(verdict(nginx, secrets.token_urlsafe(32)), "UNKNOWN",
            f"{algorithm}: another one")
        is_([one["client"] for one in idp.introspections(4 * i + 4)[4 * i:]],
            [algorithm] * 4, "who asked")
    before = authority.counts()["backend"]
    for name, words in (("another key", line("ES256", wrong)),
                        ("another algorithm", line("PS256", client="RS256")),
                        ("another client", line("EdDSA", client="ES256"))):
        nginx.configure(words=words)
        ok(nginx.reload(), name)
        is_(verdict(nginx, token), "UNAVAILABLE", name)
    is_(authority.counts()["backend"], before, "requests at the backend")


@test
def certificates():
    """Of a CA, known by the name; and self-signed, known as such."""
    authority = Authority()
    authority.call("POST", "tls", {"client": True})     # makes them
    tls = free_port()
    with open(authority.dir + "/ownclient.pem") as read:
        own = read.read()
    clients = [
        {"client_id": "of-a-ca", "tls_client_auth_subject_dn": "CN=nginx",
         "token_endpoint_auth_method": "tls_client_auth"},
        {"client_id": "self-signed", "pem": own,
         "token_endpoint_auth_method": "self_signed_tls_client_auth"}]

    def line(client, name):
        shown = (f"ssl_certificate {authority.dir}/{name}.pem; "
                 f"ssl_certificate_key {authority.dir}/{name}.key;")
        return (f"credential tls {client}; {shown} "
                f"ssl_trusted_certificate {authority.ca}; " + FRESH)

    _, idp, nginx = start(
        *clients, words=line("of-a-ca", "client"), authority=authority,
        http=PROVIDER.replace("http://127.0.0.1:PORT",
                              f"https://localhost:{tls}"),
        tls_port=tls, cert=authority.dir + "/good.pem",
        key=authority.dir + "/good.key", ca=authority.ca)
    token = idp.token()
    for client, name, wanted in (
            ("of-a-ca", "client", "ALLOWED"),
            ("self-signed", "ownclient", "ALLOWED"),
            ("of-a-ca", "neighbour", "UNAVAILABLE"),
            ("of-a-ca", "ownclient", "UNAVAILABLE"),
            ("self-signed", "otherclient", "UNAVAILABLE"),
            ("self-signed", "client", "UNAVAILABLE"),
            ("rs", "client", "UNAVAILABLE")):
        nginx.configure(words=line(client, name))
        ok(nginx.reload(), f"{client}, {name}")
        authority.clear()
        is_([verdict(nginx, token) for _ in range(2)], [wanted] * 2,
            f"{client}, {name}: verdict")
        is_(authority.counts()["backend"], 2 if wanted == "ALLOWED" else 0,
            "requests at the backend")


@test
def a_token_of_our_own():
    """From the provider's token endpoint; an endpoint of ours takes it."""
    authority = Authority()
    path, pem = pair(authority, "ed", *KEYS["EdDSA"])
    client = {"client_id": "gets", "pem": pem, "grant_types":
              ["client_credentials"], "token_endpoint_auth_method":
              "private_key_jwt", "token_endpoint_auth_signing_alg": "EdDSA"}
    _, idp, nginx = start(client, authority=authority, words=(
        "credential client_credentials http://127.0.0.1:PORT/token "
        f"private_key_jwt gets file:{path} scope=api:read;"),
        http=PROVIDER.replace("PORT/token/introspection",
                              "{plain}/introspect"))
    authority.rules({"match": {}, "answer": {"body": {"active": True}}})
    is_(verdict(nginx, authority.token().token), "ALLOWED", "a token")
    value = dict(authority.log()[0]["headers"])["Authorization"]
    own = value.partition("Bearer ")[2]
    authority.forbidden.append(own)
    known = idp.post("/token/introspection", "rs", token=own)
    is_([known.get(name) for name in ("active", "client_id", "scope")],
        [True, "gets", "api:read"], "what nginx showed")


@test
def what_the_provider_publishes():
    """OpenID Connect Discovery, as RFC 8414 has no document there."""
    _, idp, nginx = start(
        words="issuer http://127.0.0.1:PORT; credential basic rs SECRET;",
        http=PROVIDER.replace(
            "endpoint    http://127.0.0.1:PORT/token/introspection;", ""))
    is_(verdict(nginx, idp.token()), "ALLOWED", "a token")
    is_(verdict(nginx, secrets.token_urlsafe(32)), "UNKNOWN", "another one")
    nginx.configure(words=nginx.settings["words"].replace(
        "127.0.0.1", "localhost"))
    ok(nginx.reload(), "under another name")
    is_(verdict(nginx, idp.token()), "UNAVAILABLE", "it is another issuer")


@test
def answers_that_are_signed():
    """RFC 9701, with keys that the discovery document leads to."""
    clients = [{"client_id": "gets-" + name, "client_secret": SECRET,
                "introspection_signed_response_alg": name}
               for name in (*KEYS, "HS256")]
    authority, idp, nginx = start(
        *clients, words="credential none; issuer http://127.0.0.1:PORT;",
        http=PROVIDER.replace(
            "endpoint    http://127.0.0.1:PORT/token/introspection;", ""))
    token = idp.token()
    path = authority.dir + "/idp.secret"

    def ask(name, client, answer, keys=""):
        nginx.configure(words=(
            f"credential basic {client} file:{path}; answer {answer};"
            f"issuer http://127.0.0.1:{idp.port}; {keys} " + FRESH))
        ok(nginx.reload(), name)
        return verdict(nginx, token)

    for count, name in enumerate(KEYS, 1):
        is_(ask(name, "gets-" + name, "jwt"), "ALLOWED", f"{name}: a token")
        is_(verdict(nginx, secrets.token_urlsafe(32)), "UNKNOWN",
            f"{name}: another one")
        is_(idp.introspections(2 * count)[-1],
            {"client": "gets-" + name, "status": 200,
             "type": "application/token-introspection+jwt"}, "the answer")
    is_(authority.counts()["backend"], len(KEYS), "requests at the backend")

    _, pem = pair(authority, "other", *KEYS["EdDSA"])
    raw = base64.b64decode("".join(pem.split("\n")[1:-2]))[-32:]
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    keys = authority.secret_file("jwks.json", json.dumps({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "x": x}]}))
    authority.forbidden.pop()
    for name, client, answer, more in (
            ("a shared secret", "gets-HS256", "jwt", ""),
            ("another algorithm", "gets-RS256", "jwt alg=PS256", ""),
            ("for another client", "gets-RS256", "jwt aud=rs", ""),
            ("of another issuer", "gets-RS256", "jwt iss=http://a.test", ""),
            ("another set of keys", "gets-EdDSA", "jwt", f"keys file:{keys};")):
        is_(ask(name, client, answer, more), "UNAVAILABLE", name)
    is_(authority.counts()["backend"], len(KEYS), "requests at the backend")


@test
def answers_that_are_not_signed():
    authority, idp, nginx = start(
        words="credential basic rs SECRET; answer jwt; "
              "issuer http://127.0.0.1:PORT;",
        http=PROVIDER.replace(
            "endpoint    http://127.0.0.1:PORT/token/introspection;", ""),
        features={"jwtIntrospection": {"enabled": False}})
    is_(verdict(nginx, idp.token()), "UNAVAILABLE", "a good token")
    is_(idp.introspections(1)[0]["type"], "application/json", "the answer")
    is_(authority.counts()["backend"], 0, "requests at the backend")


if not module_built():
    plan_skip_all("the module is not built")
needs_npm("oidc-provider")
run()
