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
import tempfile
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
        return answer["access_token"]

    def revoke(self, token, client="svc"):
        self.post("/token/revocation", client, token=token)

    def introspections(self):
        return [json.loads(line) for line in list(self.program.lines)
                if line.startswith("{")]


def start(*clients, words, secret=None, **more):
    authority = Authority()
    idp = Idp(authority, *clients, **more)
    path = authority.secret_file("idp.secret", secret or SECRET)
    nginx = Nginx(authority, server=SERVER,
                  http=PROVIDER.replace("PORT", str(idp.port)),
                  words=words.replace("SECRET", "file:" + path)
                  .replace("ISSUER", f"http://127.0.0.1:{idp.port}"))
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
    is_(idp.introspections(), [{"client": "rs", "status": 200,
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
        asked = len(idp.introspections())
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
    is_([one["client"] for one in idp.introspections()],
        ["rs-post", "rs-post"], "who asked")


def refused(words, name, secret=None, says="credential"):
    authority, idp, nginx = start(words=words, secret=secret)
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
def a_secret_that_signs():
    """Its audience is the issuer, as the package and OpenID want it."""
    client = {"client_id": "rs-jwt", "client_secret": SECRET,
              "token_endpoint_auth_method": "client_secret_jwt"}
    words = "credential client_secret_jwt rs-jwt SECRET aud=ISSUER;"
    _, idp, nginx = start(client, words=words)
    for _ in range(3):
        is_(verdict(nginx, idp.token()), "ALLOWED", "a token")
    is_(verdict(nginx, secrets.token_urlsafe(32)), "UNKNOWN", "another one")
    is_({one["client"] for one in idp.introspections()}, {"rs-jwt"},
        "who asked")


@test
def another_secret_that_signs():
    authority, idp, nginx = start(
        {"client_id": "rs-jwt", "client_secret": SECRET,
         "token_endpoint_auth_method": "client_secret_jwt"},
        words="credential client_secret_jwt rs-jwt SECRET aud=ISSUER;",
        secret="w" * 64)
    is_(verdict(nginx, idp.token()), "UNAVAILABLE", "verdict")
    like(nginx.error_log(), "the credential was refused", "the log")


KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ed": ["-algorithm", "ED25519"],
}


def jwk(path, **more):
    """The public key of a file with a private key or a certificate."""
    done = subprocess.run(
        ["node", "-e", "const { createPublicKey } = require('node:crypto');"
         "const pem = require('node:fs').readFileSync(process.argv[1]);"
         "console.log(JSON.stringify(createPublicKey(pem)"
         ".export({ format: 'jwk' })))", path],
        check=True, capture_output=True, text=True)
    return {**json.loads(done.stdout), **more}


def make_key(directory, kind, name):
    path = os.path.join(directory, name)
    subprocess.run(["openssl", "genpkey", *KEYS[kind], "-out", path],
                   check=True, capture_output=True)
    os.chmod(path, 0o600)
    return path


for algorithm, kind in (("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "ec"),
                        ("EdDSA", "ed")):
    def case(alg=algorithm, kind=kind):
        with tempfile.TemporaryDirectory() as directory:
            path = make_key(directory, kind, "the.key")
            other = make_key(directory, kind, "other.key")
            client = {"client_id": "rs-key",
                      "token_endpoint_auth_method": "private_key_jwt",
                      "token_endpoint_auth_signing_alg": alg,
                      "jwks": {"keys": [jwk(path, kid="k1", use="sig")]}}
            words = (f"credential private_key_jwt rs-key file:{path} "
                     f"alg={alg} kid=k1 aud=ISSUER;")
            _, idp, nginx = start(client, words=words)
            for _ in range(3):
                is_(verdict(nginx, idp.token()), "ALLOWED", "a token")
            is_({one["client"] for one in idp.introspections()}, {"rs-key"},
                "who asked")
            _, idp, nginx = start(client, words=words.replace(path, other))
            is_(verdict(nginx, idp.token()), "UNAVAILABLE", "another key")
    case.__name__ = "a_key_that_signs_" + algorithm
    test(case)


def mutual(authority, client, name):
    """An nginx that shows the certificate of that name."""
    tls_port = free_port()
    idp = Idp(authority, client, tls_port=tls_port,
              **{one: f"{authority.dir}/{file}" for one, file in (
                  ("cert", "good.pem"), ("key", "good.key"),
                  ("ca", "ca.pem"))})
    http = PROVIDER.replace("http://127.0.0.1:PORT",
                            f"https://localhost:{tls_port}")
    return idp, Nginx(authority, server=SERVER, http=http, words=(
        "credential tls rs-tls; "
        f"ssl_trusted_certificate {authority.ca}; "
        f"ssl_certificate {authority.dir}/{name}.pem; "
        f"ssl_certificate_key {authority.dir}/{name}.key;"))


@test
def a_certificate_of_a_ca():
    authority = Authority()
    authority.call("POST", "tls", {"client": True, "cert": "clientonly"})
    client = {"client_id": "rs-tls",
              "token_endpoint_auth_method": "tls_client_auth",
              "tls_client_auth_san_dns": "localhost"}
    idp, nginx = mutual(authority, client, "clientonly")
    is_(verdict(nginx, idp.token()), "ALLOWED", "a token")
    is_(idp.introspections()[0]["client"], "rs-tls", "who asked")
    for name in ("client", "otherclient"):
        idp, nginx = mutual(authority, client, name)
        is_(verdict(nginx, idp.token()), "UNAVAILABLE", f"another: {name}")


@test
def a_certificate_of_its_own():
    authority = Authority()
    authority.call("POST", "tls", {"client": True})
    path = authority.dir + "/ownclient.pem"
    with open(path) as read:
        x5c = "".join(read.read().split("-----")[2].split())
    client = {"client_id": "rs-tls",
              "token_endpoint_auth_method": "self_signed_tls_client_auth",
              "jwks": {"keys": [jwk(path, x5c=[x5c])]}}
    idp, nginx = mutual(authority, client, "ownclient")
    is_(verdict(nginx, idp.token()), "ALLOWED", "a token")
    idp, nginx = mutual(authority, client, "otherclient")
    is_(verdict(nginx, idp.token()), "UNAVAILABLE", "another one")


if not module_built():
    plan_skip_all("the module is not built")
needs_npm("oidc-provider")
run()
