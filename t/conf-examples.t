#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for what administrators copy: each file of conf-examples/ and the
# synopsis of README.md is taken as it is, but for names and addresses of
# this machine, passes "nginx -t", and judges requests as it says.  The other
# blocks of README.md pass "nginx -t" where they belong.

import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.example import EXAMPLES, Example, example  # noqa: E402
from harness.example import no_warnings, statuses  # noqa: E402
from harness.nginx import MODULE, TOP  # noqa: E402


def cloudflare(authority):
    return ((r"https://api\.cloudflare\.com/",
             f"http://127.0.0.1:{authority.plain}/"),
            (r"/etc/nginx/cloudflare\.token", authority.credential))


@test
def synopsis_of_the_readme():
    with open(os.path.join(TOP, "README.md")) as read:
        found = re.search(r"^## Synopsis\n.*?^```nginx\n(.*?)^```", read.read(),
                          re.M | re.S)
    if not ok(found, "README.md has a synopsis"):
        return
    lines = [line for line in found.group(1).split("\n") if line.strip()]
    ok(15 <= len(lines) <= 30, f"of about 20 lines: {len(lines)}")
    authority = Authority()
    good = authority.token(name="a name")
    nginx = Example(authority, found.group(1), *cloudflare(authority))
    no_warnings(nginx)
    statuses(nginx, (
        (200, "a good token", dict(bearer=good)),
        (401, "no token", {}),
        (401, "a disabled token",
         dict(bearer=authority.token(status="disabled")))))
    is_(len(nginx.backend()), 1, "one request reached the backend")


# where the directives of a block belong: the first that takes all of them
LEVELS = (
    ("main", "load_module events http"),
    ("http", "auth_token_provider auth_token_set auth_token_zone map server "
             "auth_token"),
    ("server", "auth_token auth_token_require auth_token_resource_metadata "
               "auth_token_status error_page location"),
    ("provider", "endpoint"),
    ("steps", "step request send_credential header unknown id active allow "
              "expires_on"),
)

# what the blocks speak of
AROUND = """
    auth_token_provider {name} {{
        preset introspection; endpoint https://idp.test; credential none;
    }}
"""
NAMES = ("cloudflare", "idp", "users", "accounts")


def directives(text):
    """The top level of a text: each directive with what belongs to it."""
    found, depth, begin = [], 0, 0
    text = re.sub(r"#.*", "", text)
    for end, char in enumerate(re.sub(r'"[^"]*"',
                                      lambda m: "x" * len(m.group()), text)):
        depth += (char == "{") - (char == "}")
        if depth == 0 and char in ";}":
            found.append(text[begin:end + 1].strip())
            begin = end + 1
    return found if depth == 0 and not text[begin:].strip() else []


def wrapped(level, text, secret):
    """A whole configuration with the text at that level."""
    text = text.replace("/etc/nginx/cloudflare.token", secret)
    text = re.sub(r"preset( +)\.\.\.;", r"preset\1cloudflare;", text)
    text = re.sub(r"endpoint( +)\.\.\.;", r"endpoint\1https://a.test;", text)
    text = re.sub(r"credential( +)\.\.\.;", r"credential\1none;", text)
    if level in ("provider", "steps"):
        text = "auth_token_provider p { credential none;\n" \
            + ("preset introspection;\n" if level == "provider"
               else "endpoint https://a.test;\n") + text + "}"
    text = "".join(AROUND.format(name=name) for name in NAMES
                   if f"auth_token_provider {name} " not in text) \
        + (text if level != "server" else
           "server { listen 127.0.0.1:1; set $zone x;\n" + text + "}")
    return "events { } http {\n" + text + "\n}\n"


def loads(nginx, text, name):
    load = "" if "load_module" in text or not MODULE \
        else f"load_module {MODULE};\n"
    with open(nginx.path("nginx.conf"), "w") as out:
        out.write(f"pid {nginx.path('pid')};\n" + load + text)
    status, said = nginx.test_configuration()
    is_(status, 0, name) or diag(said)


@test
def blocks_of_the_readme():
    nginx = Nginx(http="", start=False)
    secret = nginx.path("secret")
    with open(secret, "w") as out:
        out.write("x" * 40)
    os.chmod(secret, 0o600)
    with open(os.path.join(TOP, "README.md")) as read:
        blocks = re.findall(r"^```nginx\n(.*?)^```", read.read(), re.M | re.S)
    ok(len(blocks) >= 15, f"there are blocks: {len(blocks)}")
    for number, block in enumerate(blocks, 1):
        parts = directives(block)
        words = [part.split()[0] for part in parts]
        name = f"block {number}, {' '.join(dict.fromkeys(words))}"
        level = next((level for level, known in LEVELS
                      if words and set(words) <= set(known.split())), None)
        if not ok(level, name + ": has a place"):
            diag(block)
        elif level == "main":
            text = block.replace("modules/ngx_http_auth_token_module.so",
                                 MODULE)
            text = text if MODULE else re.sub(r"load_module.*", "", text)
            text = text.replace("/etc/nginx/cloudflare.token", secret)
            loads(nginx, text + ("" if "events" in words else "events { }"),
                  name)
        elif words == ["auth_token"] * len(words):
            # one or the other
            for part in parts:
                loads(nginx, wrapped("server", part, secret), name)
        else:
            loads(nginx, wrapped(level, block, secret), name)


@test
def minimal():
    authority = Authority()
    nginx = Example(authority, example("minimal.conf"), *cloudflare(authority))
    no_warnings(nginx)
    good = authority.token()
    statuses(nginx, (
        (200, "a good token", dict(bearer=good)),
        (200, "again", dict(bearer=good)),
        (401, "no token", {}),
        (401, "an expired token",
         dict(bearer=authority.token(expires_on="now-1"))),
        (401, "a disabled token",
         dict(bearer=authority.token(status="disabled"))),
        (403, "a token of another address", dict(bearer=authority.token(
            condition={"request_ip": {"in": ["192.0.2.0/24"]}})))))
    is_(len(nginx.backend()), 2, "two requests reached the backend")


@test
def cloudflare_user_tokens():
    authority = Authority()
    nginx = Example(authority, example("cloudflare-user-tokens.conf"),
                    *cloudflare(authority), tls=True)
    no_warnings(nginx)
    authority.strangers_ok(1, "GET /: no token", "stripped")
    good = authority.token(name="a name", policies=[{"effect": "allow"}],
                           expires_on="2099-01-01T00:00:00Z")
    statuses(nginx, (
        (200, "a good token", dict(bearer=good)),
        (401, "no token", {}),
        (204, "health, no token", dict(path="/health"))))

    response = nginx.ask(Host="api.example.com")
    is_(response.getheader("WWW-Authenticate"),
        'Bearer realm="api.example.com"', "the realm")

    got, = nginx.backend()
    is_(got.get("x-token-id"), good.id, "the backend learns the id")
    is_(got.get("x-token-name"), "a name", "the name")
    is_(got.get("x-token-status"), "active", "the status")
    is_(got.get("x-token-expires-on"), "4070908800", "the end")
    is_(got.get("x-token-not-before"), None, "no beginning")
    is_(got.get("x-token-policies"), '[{"effect":"allow"}]', "the policies")
    is_(got.get("authorization"), None, "and not the token")

    def logged():
        with open(nginx.path("access.log")) as read:
            return read.read()
    poll(lambda: logged().count("\n") >= 4)
    like(logged(), rf'"GET /" 200 ALLOWED MISS age=0 provider=cloudflare '
                   rf'id={good.id}$', "the log line of the good token")
    like(logged(), r'"GET /" 401 MISSING - age=- provider=cloudflare id=-$',
         "the log line without token")


@test
def cloudflare_account_tokens():
    authority = Authority()
    nginx = Example(authority, example("cloudflare-account-tokens.conf"),
                    *cloudflare(authority),
                    (r"/accounts/ACCOUNT/", "/accounts/" + "ac" * 16 + "/"),
                    tls=True)
    no_warnings(nginx)
    authority.strangers_ok(2, "GET /: no token", "only POST needs one")
    authority.strangers_ok(1, "POST /: no token", "stripped")
    good = authority.token(account="ac" * 16)
    statuses(nginx, (
        (200, "GET without a token", {}),
        (401, "POST without a token", dict(method="POST")),
        (200, "POST with the account's token",
         dict(method="POST", bearer=good)),
        (401, "POST with a user's token",
         dict(method="POST", bearer=authority.token())),
        (401, "POST with another account's token", dict(
            method="POST", bearer=authority.token(account="ad" * 16)))))
    is_([got.get("x-token-id") for got in nginx.backend()], [None, good.id],
        "the backend learns the id")
    is_(nginx.ask(X_Token_Id="forged").status, 200, "GET with a forged id")
    is_(nginx.backend()[-1].get("x-token-id"), None,
        "the forged id does not reach the backend")


@test
def introspection_jwt():
    try:
        from harness.jose import Key, claims
    except ImportError:
        skip("no python3-cryptography")
    authority = Authority()
    key = Key("ES256", kid="one")
    origin = f"https://localhost:{authority.tls}"
    issuer = origin + "/oauth2"

    def signed(**token):
        return {"match": {"path": "/introspect"}, "answer": {
            "body": key.jws(claims(issuer, "nginx",
                                   token_introspection=token)),
            "headers": ["-Content-Type", "Content-Type: "
                        "application/token-introspection+jwt"]}}

    published = (
        {"match": {"path": "/.well-known/oauth-authorization-server/oauth2"},
         "answer": {"body": {"issuer": issuer, "jwks_uri": origin + "/jwks",
                             "introspection_endpoint":
                             origin + "/introspect"}}},
        {"match": {"path": "/jwks"}, "answer": {"body": {
            "keys": [key.public()]}}})
    nginx = Example(authority, example("introspection-jwt.conf"),
                    (r"https://idp\.example\.com/",
                     f"https://localhost:{authority.tls}/"),
                    (r"/etc/nginx/introspection\.secret",
                     authority.client_secret),
                    (r"/etc/nginx/internal-ca\.pem", authority.ca), tls=True)
    no_warnings(nginx)
    authority.strangers_ok(1, "GET /: no token", "stripped")
    authority.rules(*published, signed(active=True, sub="s-1", scope="a b"))
    statuses(nginx, ((200, "a signed answer",
                      dict(bearer=authority.token())),
                     (401, "no token", {})))
    got, = nginx.backend()
    is_(got.get("x-subject"), "s-1", "the backend learns the subject")
    is_(got.get("x-scope"), "a b", "the scope")
    authority.rules(*published, signed(active=False))
    statuses(nginx, ((401, "an inactive token",
                      dict(bearer=authority.token())),))
    authority.rules(*published)
    statuses(nginx, ((503, "an answer that is not signed",
                      dict(bearer=authority.token())),))


@test
def introspection():
    authority = Authority()
    nginx = Example(authority, example("introspection.conf"),
                    (r"https://idp\.example\.com/",
                     f"https://localhost:{authority.tls}/"),
                    (r"/etc/nginx/introspection\.secret",
                     authority.client_secret),
                    (r"/etc/nginx/internal-ca\.pem", authority.ca), tls=True)
    no_warnings(nginx)
    authority.strangers_ok(2, "GET /: no token", "stripped")
    good = authority.token(scope="read write", client_id="app", sub="s-1",
                           username="jo", aud=["api", "other"],
                           iss="https://idp.example.com", exp="now+60")
    statuses(nginx, (
        (200, "a good token", dict(bearer=good)),
        (401, "no token", {}),
        (401, "an inactive token",
         dict(bearer=authority.token(active=False))),
        (401, "an expired token", dict(bearer=authority.token(exp="now-60"))),
        (200, "one that expired within the leeway",
         dict(bearer=authority.token(exp="now-1")))))
    got = nginx.backend()[0]
    for name, value in (("user", "jo"), ("subject", "s-1"),
                        ("client-id", "app"), ("scope", "read write"),
                        ("audience", '["api","other"]'),
                        ("issuer", "https://idp.example.com")):
        is_(got.get("x-" + name), value, f"the backend learns the {name}")


@test
def private_key_jwt():
    authority = Authority()
    path = os.path.join(authority.dir, "the.key")
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", path], check=True,
                   capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout"],
                            check=True, capture_output=True, text=True).stdout
    authority.call("POST", "clients", {"nginx": {
        "alg": "ES256", "key": public, "kid": "2026-11",
        "aud": ["https://idp.example.com"]}})
    nginx = Example(authority, example("private-key-jwt.conf"),
                    (r"https://idp\.example\.com/oauth2/",
                     f"http://127.0.0.1:{authority.plain}/"),
                    (r"/etc/nginx/client\.key", path), tls=True)
    no_warnings(nginx)
    good = authority.token(sub="s-1")
    statuses(nginx, (
        (200, "a good token", dict(bearer=good)),
        (401, "no token", {}),
        (401, "an inactive token",
         dict(bearer=authority.token(active=False)))))
    is_(nginx.backend()[0].get("x-subject"), "s-1", "the backend learns who")


@test
def client_credentials():
    authority = Authority()
    origin = f"http://127.0.0.1:{authority.plain}"
    authority.rules({
        "match": {"path": "/.well-known/oauth-authorization-server"},
        "answer": {"body": {"issuer": origin,
                            "introspection_endpoint": origin + "/introspect",
                            "token_endpoint": origin + "/oauth2/token"}}})
    nginx = Example(authority, example("client-credentials.conf"),
                    (r"https://idp\.example\.com", origin),
                    (r"/etc/nginx/client\.secret", authority.client_secret),
                    tls=True)
    no_warnings(nginx)
    good = authority.token(sub="s-1")
    statuses(nginx, (
        (200, "a good token", dict(bearer=good)),
        (401, "no token", {}),
        (401, "an inactive token",
         dict(bearer=authority.token(active=False)))))
    is_(nginx.backend()[0].get("x-subject"), "s-1", "the backend learns who")
    tokens = list(authority.call("GET", "granted"))
    is_(len(tokens), 1, "one access token for all")
    authority.forbidden += tokens


@test
def mcp_server():
    authority = Authority()
    nginx = Example(authority, example("mcp-server.conf"),
                    (r"https://login\.example\.com/oauth2/introspect",
                     f"http://127.0.0.1:{authority.plain}/introspect"),
                    (r"basic mcp-gateway", "basic nginx"),
                    (r"/etc/nginx/introspection\.secret",
                     authority.client_secret), tls=True)
    no_warnings(nginx)
    authority.strangers_ok(1, "GET /mcp: no token", "stripped")
    authority.strangers_ok(1, "OPTIONS /mcp: no token", "a preflight")
    audience = "https://api.example.com/mcp"
    good = authority.token(scope="tools:call", aud=audience, sub="s-1",
                           introspection={"roles": ["a", "b"]})
    document = "/.well-known/oauth-protected-resource/mcp"
    statuses(nginx, (
        (200, "a good token", dict(path="/mcp", bearer=good)),
        (401, "no token", dict(path="/mcp")),
        (401, "a token for another server", dict(
            path="/mcp",
            bearer=authority.token(scope="tools:call", aud=audience + "s"))),
        (403, "a token without the scope", dict(
            path="/mcp",
            bearer=authority.token(scope="tools:calls", aud=audience))),
        (200, "a preflight", dict(
            path="/mcp", method="OPTIONS", Origin="https://app.example.com",
            Access_Control_Request_Method="POST")),
        (401, "what is none", dict(path="/mcp", method="OPTIONS"))))
    is_(len(nginx.backend()), 2, "two requests reached the backend")
    got = nginx.backend()[0]
    is_([got.get(name) for name in ("x-user", "x-roles", "authorization")],
        ["s-1", "a,b", None], "which learns who, and not the token")
    statuses(nginx, ((200, "the document", dict(path=document)),))


@test
def dry_run():
    authority = Authority()
    nginx = Example(authority, example("dry-run.conf"),
                    *cloudflare(authority),
                    (r"/var/log/nginx/error\.log", "error.log"))
    is_(len(re.findall(r"\[warn\]", nginx.said)), 1, "nginx -t warns once")
    like(nginx.said, r'"auth_token_dry_run" is on', "and says of what")
    authority.strangers_ok(2, "GET /: (disabled|no) token", "dry run")
    good = authority.token()
    bad = authority.token(status="disabled")
    statuses(nginx, (
        (200, "a good token", dict(bearer=good)),
        (200, "a disabled token", dict(bearer=bad)),
        (200, "no token", {})))
    is_([got.get("x-token-id") for got in nginx.backend()],
        [good.id, None, None], "only a good token has a name")
    ok(nginx.wait_log(rf"\[warn\].*denied, dry run, verdict INACTIVE.*{bad.id}"),
       "the denial is logged")


@test
def satisfy_any():
    authority = Authority()
    nginx = Example(authority, example("satisfy-any.conf"),
                    *cloudflare(authority),
                    (r"192\.0\.2\.0/24", "127.0.0.2/32"), tls=True)
    no_warnings(nginx)
    authority.strangers_ok(2, "GET /: (disabled|no) token", "the office")
    good = authority.token()
    statuses(nginx, (
        (200, "from the office, no token", dict(source="127.0.0.2")),
        (200, "from the office, a disabled token", dict(
            source="127.0.0.2", bearer=authority.token(status="disabled")))))
    is_(authority.counts()["requests"], 0, "nothing was looked up")
    statuses(nginx, (
        (200, "from elsewhere, a good token", dict(bearer=good)),
        (401, "from elsewhere, no token", {}),
        (401, "from elsewhere, a disabled token",
         dict(bearer=authority.token(status="disabled")))))
    is_(len(nginx.backend()), 3, "three requests reached the backend")


@test
def behind_a_load_balancer():
    authority = Authority()
    nginx = Example(authority, example("behind-a-load-balancer.conf"),
                    *cloudflare(authority),
                    (r"10\.0\.0\.0/8", "127.0.0.1/32"))
    no_warnings(nginx)
    bound = authority.token(
        condition={"request_ip": {"in": ["203.0.113.0/24"]}})
    statuses(nginx, (
        (200, "a client of the token's addresses",
         dict(bearer=bound, X_Forwarded_For="203.0.113.7")),
        (200, "the same with a forged address before it",
         dict(bearer=bound, X_Forwarded_For="198.51.100.1, 203.0.113.7")),
        (403, "a client of another address",
         dict(bearer=bound, X_Forwarded_For="198.51.100.1")),
        (403, "that claims to be of the token's addresses",
         dict(bearer=bound, X_Forwarded_For="203.0.113.7, 198.51.100.1")),
        (403, "a client that is no load balancer", dict(
            bearer=bound, source="127.0.0.2", X_Forwarded_For="203.0.113.7")),
        (204, "a health check", dict(path="/health"))))
    is_([got["x-real-ip"] for got in nginx.backend()], ["203.0.113.7"] * 2,
        "the backend learns the address")


@test
def no_example_is_forgotten():
    there = {os.path.basename(path) for path in glob.glob(EXAMPLES + "/*")}
    ok(there, "there are examples")
    tests = ""
    for path in glob.glob(os.path.join(TOP, "t", "*.t")):
        with open(path) as read:
            tests += read.read()
    is_(sorted(name for name in there if f'example("{name}")' not in tests),
        [], "each is tested")


if not module_built():
    plan_skip_all("the module is not built")
run()
