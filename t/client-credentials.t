#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for access tokens that the provider itself gets (RFC 6749, 4.4).  The
# failures this file exists for: a token endpoint that is asked once for each
# look-up, a token used beyond its end, and one that was revoked in use for as
# long as it would have lived.

import os
import subprocess
import sys
import time
from urllib.parse import parse_qs

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

ENDPOINT = "http://127.0.0.1:{plain}/oauth2/token"

SERVER = """
    location / {{
        auth_token p;
        add_header X-Verdict $auth_token_verdict always;
        proxy_pass http://127.0.0.1:{backend};
    }}
"""


def provider(client="basic nginx file:{client_secret}", words="",
             endpoint="endpoint http://127.0.0.1:{plain}/introspect",
             token=ENDPOINT):
    return ("auth_token_provider p {{\n    preset introspection;\n"
            f"    {endpoint};\n    credential client_credentials {token}\n"
            f"        {client};\n    breaker failures=0;\n    {words}\n}}}}\n")


def start(authority, *arguments, **named):
    more = {name: named.pop(name) for name in ("workers", "log_level")
            if name in named}
    return Nginx(authority, server=SERVER, http=provider(*arguments, **named),
                 **more)


def verdict(nginx, token):
    return get(nginx, "/", bearer=token.token).header("x-verdict")


def granted(authority):
    """The tokens there are; no log may have one of them."""
    tokens = list(authority.call("GET", "granted"))
    authority.forbidden += [one for one in tokens
                            if one not in authority.forbidden]
    return tokens


def asked_for(authority):
    return [request for request in authority.log()
            if request["path"].endswith("/oauth2/token")]


def form(request):
    return parse_qs(request["body"], keep_blank_values=True)


@test
def a_token_serves_all_look_ups():
    authority = Authority()
    nginx = start(authority, words="max_lookups 64;")
    results = parallel(20, lambda i: verdict(nginx, authority.token()))
    is_(set(results), {"ALLOWED"}, "20 tokens at once")
    is_(verdict(nginx, Token("unknown", "")), "UNKNOWN", "one it knows not")
    requests = asked_for(authority)
    is_(len(requests), 1, "one request for an access token")
    is_(requests[0]["method"], "POST", "method")
    is_(form(requests[0]), {"grant_type": ["client_credentials"]}, "form")
    headers = dict(requests[0]["headers"])
    like(headers["Authorization"], "^Basic ", "the client's credential")
    is_(headers["Content-Type"], "application/x-www-form-urlencoded", "type")
    used = {dict(request["headers"])["Authorization"]
            for request in authority.log()
            if request["path"] == "/introspect"}
    is_(used, {"Bearer " + granted(authority)[0]}, "and it is used")


@test
def what_is_asked_for():
    authority = Authority()
    nginx = start(authority, "post nginx file:{client_secret} "
                  "'scope=introspect all' audience=https://x/?a=b&c "
                  "resource=https://r1/ resource=https://r2/")
    is_(verdict(nginx, authority.token()), "ALLOWED", "admitted")
    got = form(asked_for(authority)[0])
    authority.forbidden += got.pop("client_secret")
    is_(got, {"grant_type": ["client_credentials"], "client_id": ["nginx"],
              "scope": ["introspect all"], "audience": ["https://x/?a=b&c"],
              "resource": ["https://r1/", "https://r2/"]}, "form")
    request = [one for one in authority.log()
               if one["path"] == "/introspect"][0]
    ok("client_secret" not in request["body"], "the secret goes nowhere else")
    granted(authority)


@test
def clients_of_every_method():
    authority = Authority()
    secret = "k" * 32
    shared = authority.secret_file("shared", secret)
    path = authority.dir + "/the.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out",
                    path], check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout"],
                            check=True, capture_output=True, text=True).stdout
    url = f"http://127.0.0.1:{authority.plain}/oauth2/token"
    for client, entry in (
            (f"client_secret_jwt me file:{shared} scope=x",
             {"alg": "HS256", "secret": secret, "aud": [url]}),
            (f"private_key_jwt me file:{path} aud=a kid=k audience=b",
             {"alg": "EdDSA", "key": public, "aud": ["a"], "kid": "k"})):
        authority.call("POST", "clients", {"me": entry})
        nginx = start(authority, client)
        is_(verdict(nginx, authority.token()), "ALLOWED", client.split()[0])
        is_(authority.call("GET", "refusals"), [], "no refusal")
        granted(authority)

    authority.call("POST", "tls", {"client": True})
    authority.call("POST", "clients", {"me": {"subject": "nginx"}})
    nginx = start(
        authority, "tls me", endpoint="endpoint https://localhost:{tls}/"
        "introspect", token="https://localhost:{tls}/oauth2/token",
        words="ssl_trusted_certificate {ca}; "
        f"ssl_certificate {authority.dir}/client.pem; "
        f"ssl_certificate_key {authority.dir}/client.key;")
    is_(verdict(nginx, authority.token()), "ALLOWED", "tls")
    granted(authority)


@test
def the_endpoint_of_the_issuer():
    authority = Authority()
    origin = f"http://127.0.0.1:{authority.plain}"
    rule = {"match": {"path": "/.well-known/oauth-authorization-server"},
            "answer": {"body": {"issuer": origin, "introspection_endpoint":
                                origin + "/introspect",
                                "token_endpoint": origin + "/oauth2/token"}}}
    authority.rules(rule)
    nginx = start(authority, endpoint=f"issuer {origin}", token="issuer")
    is_(verdict(nginx, authority.token()), "ALLOWED", "published")
    granted(authority)
    del rule["answer"]["body"]["token_endpoint"]
    authority.rules(rule)
    nginx = start(authority, endpoint=f"issuer {origin}", token="issuer")
    is_(verdict(nginx, authority.token()), "UNAVAILABLE", "not published")
    like(nginx.error_log(), "access token: the issuer publishes no token "
         "endpoint", "the log")


@test
def renewed_ahead():
    """With three quarters of its life behind it, while it still serves."""
    authority = Authority()
    authority.call("POST", "settings", {"expires_in": 4})
    nginx = start(authority)
    is_(verdict(nginx, authority.token()), "ALLOWED", "the first")
    refused = []

    def renewed():
        if verdict(nginx, authority.token()) != "ALLOWED":
            refused.append(1)
        return len(granted(authority)) == 2

    begun = time.time()
    ok(poll(renewed, 10), "another is fetched")
    ok(2 < time.time() - begun < 4, "before the end of the first")
    authority.clear()
    ok(poll(lambda: verdict(nginx, authority.token()) == "ALLOWED"
            and time.time() - begun > 4.5, 10), "after the end of the first")
    is_(refused, [], "no look-up failed meanwhile")
    is_([request for request in authority.log()
         if request["path"] == "/introspect"
         and granted(authority)[0] in str(request["headers"])], [],
        "which is used no more")


@test
def at_its_end():
    authority = Authority()
    authority.call("POST", "settings", {"expires_in": 1})
    nginx = start(authority)
    is_(verdict(nginx, authority.token()), "ALLOWED", "the first")
    ok(poll(lambda: min(authority.call("GET", "granted").values())
            < time.time(), 5), "it ends unused")
    authority.clear()
    is_(verdict(nginx, authority.token()), "ALLOWED", "a look-up after that")
    paths = [request["path"] for request in authority.log()]
    is_(paths, ["/oauth2/token", "/introspect"], "begins with another one")
    granted(authority)


@test
def a_token_that_was_revoked():
    authority = Authority()
    nginx = start(authority)
    is_(verdict(nginx, authority.token()), "ALLOWED", "the first")
    first = granted(authority)
    authority.call("DELETE", "granted")
    authority.clear()
    is_(verdict(nginx, authority.token()), "ALLOWED", "the same look-up")
    paths = [request["path"] for request in authority.log()]
    is_(paths, ["/introspect", "/oauth2/token", "/introspect"],
        "was asked again with another one")
    isnt(granted(authority), first, "another one")


@test
def an_authority_that_refuses_every_token():
    """It is not asked for more and more of them."""
    authority = Authority()
    authority.rules({"match": {"path": "/introspect"},
                     "answer": {"status": 401, "body": {"error": "no"}}})
    nginx = start(authority)
    for _ in range(10):
        is_(verdict(nginx, authority.token()), "UNAVAILABLE", "denied")
    is_(len(asked_for(authority)), 2, "access tokens for ten look-ups")
    counts = authority.counts()["paths"]
    is_(counts["/introspect"], 11, "one of which was made twice")
    like(nginx.error_log(), "the credential was refused", "the log")
    granted(authority)


@test
def many_at_once_meet_a_revoked_token():
    authority = Authority()
    nginx = start(authority)
    is_(verdict(nginx, authority.token()), "ALLOWED", "the first")
    granted(authority)
    authority.call("DELETE", "granted")
    authority.clear()
    # the others are refused while the first one waits for another token
    authority.rules(*({"match": {"path": path},
                       "actions": [{"delay": 500}, {"answer": "default"}]}
                      for path in ("/oauth2/token", "/introspect")))
    tokens = [authority.token() for _ in range(20)]
    results = parallel(20, lambda i: verdict(nginx, tokens[i]))
    is_(set(results), {"ALLOWED"}, "20 tokens at once")
    is_(len(asked_for(authority)), 1, "one more access token for all")
    granted(authority)


@test
def a_refusal_of_the_clients_token_is_none_of_ours():
    """Where 401 means an unknown token, it says nothing about the other."""
    authority = Authority()
    authority.rules({"match": {"path": "/self"},
                     "answer": {"status": 401, "body": {"error": "no"}}})
    nginx = Nginx(authority, server=SERVER, http=(
        "auth_token_provider p {{ endpoint http://127.0.0.1:{plain}; "
        f"credential client_credentials {ENDPOINT} "
        "basic nginx file:{client_secret}; step s; request POST /self; "
        "form token $token; unknown 401; }}"))
    is_(verdict(nginx, authority.token()), "UNKNOWN", "unknown")
    is_(len(asked_for(authority)), 1, "no other access token")
    granted(authority)


ANSWERS = (
    ("no JSON", {"body": "no"}, "is not valid JSON"),
    ("a page", {"headers": ["-Content-Type", "Content-Type: text/html"],
                "body": "{}"}, "is not JSON"),
    ("no token", {"body": {"token_type": "Bearer"}}, "has no access token"),
    ("a token that ends a line", {"body": {
        "access_token": "a\r\nX: y", "token_type": "Bearer"}}, "be sent"),
    ("another type", {"body": {"access_token": "a", "token_type": "DPoP"}},
     "is not a bearer token"),
    ("no life", {"body": {"access_token": "a", "token_type": "Bearer",
                          "expires_in": 0}}, "is not understood"),
    ("a refusal", {"status": 401, "body": {"error": "invalid_client"}},
     "the client was refused"),
    ("another", {"status": 400, "body": {"error": "<secret-of-the-body>"}},
     "no token was given"),
    ("a redirect", {"status": 302, "headers": ["Location: /elsewhere"],
                    "body": {}}, "no token was given"),
    ("an error", {"status": 500, "body": {"error": "server_error"}},
     "no token was given"),
)


@test
def answers_that_are_no_token():
    authority = Authority()
    authority.forbidden.append("secret-of-the-body")
    nginx = start(authority)
    for name, answer, says in ANSWERS:
        authority.rules({"match": {"path": "/oauth2/token"},
                         "answer": answer})
        nginx.stop()
        nginx.start()
        authority.clear()
        response = get(nginx, "/", bearer=authority.token().token)
        is_(response.header("x-verdict"), "UNAVAILABLE", f"{name}: denied")
        is_(response.status, 503, f"{name}: status")
        ok(nginx.wait_log(rf"\[error\].*access token: .*{says}"),
           f"{name}: the log") or diag(nginx.error_log()[-600:])
        paths = [request["path"] for request in authority.log()]
        is_(paths, ["/oauth2/token"], f"{name}: nobody else was asked")


@test
def a_failure_is_remembered():
    authority = Authority()
    authority.rules({"match": {"path": "/oauth2/token"},
                     "answer": {"status": 500, "body": {}}})
    nginx = start(authority)
    begun = time.monotonic()
    count = 0
    while time.monotonic() - begun < 0.7:
        response = get(nginx, "/", bearer=authority.token().token)
        is_(response.header("x-verdict"), "UNAVAILABLE", "denied")
        count += 1
    ok(count > 3, f"{count} look-ups")
    is_(response.header("retry-after"), "1", "Retry-After")
    is_(len(asked_for(authority)), 1, "asked once")
    authority.rules()
    ok(poll(lambda: verdict(nginx, authority.token()) == "ALLOWED", 5),
       "when it works again")
    granted(authority)


@test
def one_deadline_for_all():
    authority = Authority()
    authority.rules({"match": {"path": "/oauth2/token"},
                     "actions": [{"hold": 30000}]})
    nginx = start(authority, words="timeout 1s;")
    begun = time.monotonic()
    is_(verdict(nginx, authority.token()), "UNAVAILABLE", "denied")
    spent = time.monotonic() - begun
    ok(0.5 < spent < 3, f"in time: {spent:.1f} s")


@test
def reloads():
    authority = Authority()
    nginx = start(authority, workers=2)
    for _ in range(3):
        parallel(8, lambda i: verdict(nginx, authority.token()))
        ok(nginx.reload(), "reload")
    is_(verdict(nginx, authority.token()), "ALLOWED", "afterwards")
    granted(authority)


@test
def what_nginx_says():
    authority = Authority()
    nginx = Nginx(authority, start=False)
    nginx.emerg_ok = "they are the test"
    secret = "file:{client_secret}"
    basic = f"basic nginx {secret}"
    for credential, words, says in (
            ("client_credentials", "", "takes 3 parameters"),
            (f"client_credentials {ENDPOINT} basic", "", "3 parameters"),
            (f"client_credentials {ENDPOINT} basic nginx", "",
             'method "basic" takes 2 parameters'),
            (f"client_credentials {ENDPOINT} bearer {secret}", "",
             'credential method "bearer" is none of a client'),
            (f"client_credentials {ENDPOINT} none x", "", "none of a client"),
            (f"client_credentials {ENDPOINT} token x", "", "none of a client"),
            (f"client_credentials {ENDPOINT} digest nginx {secret}", "",
             'unknown credential method "digest"'),
            (f"client_credentials {ENDPOINT} client_credentials "
             f"{ENDPOINT} {basic}", "", "none of a client"),
            (f"client_credentials ftp://x/ {basic}", "",
             'invalid token endpoint "ftp://x/"'),
            (f"client_credentials https://a@b/ {basic}", "",
             "invalid token endpoint"),
            (f"client_credentials http://192.0.2.1/ {basic}", "",
             "sends secrets in clear text"),
            (f"client_credentials issuer {basic}", "",
             'needs "issuer" or a URL'),
            (f"client_credentials {ENDPOINT} {basic} scope=", "",
             'invalid parameter "scope="'),
            (f"client_credentials {ENDPOINT} {basic} scope=a scope=b", "",
             'invalid parameter "scope=b"'),
            (f"client_credentials {ENDPOINT} {basic} audience=a audience=b",
             "", 'invalid parameter "audience=b"'),
            (f"client_credentials {ENDPOINT} {basic} alg=HS256", "",
             'invalid parameter "alg=HS256"'),
            (f"client_credentials {ENDPOINT} {basic} 'scope=\xfc'", "",
             "invalid parameter"),
            (f"client_credentials {ENDPOINT} tls me", "",
             'needs "ssl_certificate"'),
            (f"client_credentials {ENDPOINT} {basic}",
             "step s; request POST; form token $token; "
             "header Authorization x;", "that the credential writes too"),
            (f"client_credentials http://192.0.2.1/ {basic}",
             "allow_http on;", None),
            (f"client_credentials {ENDPOINT} {basic} resource=urn:a resource=urn:b",
             "", None)):
        preset = "" if "step" in words else "preset introspection;"
        nginx.configure(http=(
            "auth_token_provider p {{ endpoint http://127.0.0.1:1/; "
            f"credential {credential}; {preset} {words} }}}}"))
        status, said = nginx.test_configuration()
        if says is None:
            is_(status, 0, f"fine: {credential}") or diag(said)
        else:
            ok(status == 1 and says in said, f"{says}: {credential}") \
                or diag(said)


if not module_built():
    plan_skip_all("the module is not built")
run()
