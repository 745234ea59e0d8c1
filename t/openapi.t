#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests with the OpenAPI document of Cloudflare's token endpoints, which is
# no part of this project.  The failure this file exists for: requests that
# the vendor would refuse, and an authority of our own that answers as the
# vendor never does.

import http.client
import json
import os
import secrets
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.nginx import TOP  # noqa: E402
from harness.npm import Program, needs_npm  # noqa: E402
from harness.ports import free_port  # noqa: E402

DOCUMENT = os.environ.get("AUTH_TOKEN_OPENAPI") or os.path.join(
    TOP, "..", "shared", "data", "cloudflare-tokens-2026-07-27.openapi.json")

# of the document's examples, which expired in 2020 and admit few addresses
EXAMPLE = "ed17574386854bf78a67040be0a770b0"
THEN = "leeway 36500d;"

ACCOUNT = "ac" * 16


class Prism:
    """prism with --errors: what is not in the document gets an answer that
    the document does not know either."""

    def __init__(self, mode, *arguments):
        self.port = free_port()
        Program("node_modules/@stoplight/prism-cli/dist/index.js", mode,
                "--errors", "-h", "127.0.0.1", "-p", str(self.port),
                os.path.abspath(DOCUMENT), *arguments,
                ready="Prism is listening")


def ask(port, path, bearer=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    if bearer is not None:
        headers["Authorization"] = "Bearer " + bearer
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body)


# the mock, which answers by the header field Prefer, with its example or
# with what it makes up; the first part of the path says which

SERVER = """
        location / {{
            auth_token $arg_provider;
            add_header X-Verdict $auth_token_verdict always;
            add_header X-Id $auth_token_id always;
            add_header X-Name $auth_token_name always;
            add_header X-Expires $auth_token_expires_on always;
            add_header X-Policies $auth_token_policies always;
            proxy_pass http://127.0.0.1:{backend};
        }}
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Real-IP;
    }}

    server {{
        listen 127.0.0.1:FRONT;

        location ~ ^/(?<prefer>[a-z]+=[a-z0-9]+)(?<rest>/.*)$ {{
            proxy_set_header Prefer $prefer;
            proxy_pass http://127.0.0.1:MOCK$rest;
        }}
"""


def provider(name, preset, endpoint, words=""):
    return (f"auth_token_provider {name} {{{{\n preset {preset};\n"
            f" endpoint {endpoint};\n credential bearer file:{{credential}};\n"
            f" cache valid=0 negative=0;\n breaker failures=0;\n"
            f" {words}\n}}}}\n")


def mocked(*providers):
    """Each: name, preset, what the mock is to prefer, path, words."""
    authority = Authority()
    mock = Prism("mock")
    front = free_port()
    http = "".join(
        provider(name, preset, f"http://127.0.0.1:{front}/{prefer}{path}",
                 words)
        for name, preset, prefer, path, words in providers)
    nginx = Nginx(authority, http=http, server=SERVER.replace(
        "FRONT", str(front)).replace("MOCK", str(mock.port)))
    return authority, mock, nginx


def asked(nginx, name, token=None, address=None):
    if token is None:
        token = secrets.token_hex(20)
        nginx.forbidden.append(token)
    headers = [f"X-Real-IP: {address}"] if address else []
    return get(nginx, "/?provider=" + name, bearer=token, headers=headers,
               timeout=30)


def verdict(nginx, name, *more):
    return asked(nginx, name, *more).header("x-verdict")


@test
def the_examples_of_the_document():
    paths = {"user": "/user/tokens", "account": f"/accounts/{ACCOUNT}/tokens"}
    authority, mock, nginx = mocked(*(
        (f"{owner}_{preset}_{name}", preset, "code=200", path, words)
        for owner, path in paths.items()
        for preset in ("cloudflare", "cloudflare_id")
        for name, words in (("now", ""), ("then", THEN))))
    authority.strangers_ok(5, "GET /: unknown token", "the mock knows them")
    is_(ask(mock.port, "/user/tokens/verify", "x" * 40)[0], 200,
        "the mock answers")
    is_(ask(mock.port, "/user/tokens/verify")[0], 401,
        "and wants a credential")
    for owner in paths:
        for preset, token in (("cloudflare", None),
                              ("cloudflare_id", EXAMPLE)):
            name = f"{owner}_{preset}"
            is_(verdict(nginx, name + "_now", token), "EXPIRED",
                f"{name}: now")
            authority.clear()
            for address, wanted in (("2606:4700::1", "ALLOWED"),
                                    ("2606:4700:4700::1111",
                                     "ADDRESS_DENIED"),
                                    ("2606:4701::1", "ADDRESS_DENIED"),
                                    ("123.123.123.7", "ADDRESS_DENIED"),
                                    ("127.0.0.1", "ADDRESS_DENIED")):
                is_(verdict(nginx, name + "_then", token, address), wanted,
                    f"{name}: then, {address}")
            is_(authority.counts()["backend"], 1, "requests at the backend")

    response = asked(nginx, "user_cloudflare_then", None, "2606:4700::1")
    is_(response.header("x-id"), EXAMPLE, "id")
    is_(response.header("x-name"), "readonly token", "name")
    is_(response.header("x-expires"), "1577836800", "expires_on")
    is_([policy["effect"] for policy
         in json.loads(response.header("x-policies"))], ["allow"], "policies")
    is_(verdict(nginx, "user_cloudflare_id_then", "0" * 32, "2606:4700::1"),
        "UNAVAILABLE", "the details of another id")


@test
def refusals_of_the_document():
    """In the document's form, with the statuses that it allows."""
    _, _, nginx = mocked(*(
        (f"{preset}_{code}", preset, f"code={code}", "/user/tokens", THEN)
        for preset in ("cloudflare", "cloudflare_id")
        for code in (400, 401, 403, 404, 429)))
    for preset, token, wanted in (
            ("cloudflare", None, ("UNKNOWN", "UNKNOWN", "UNAVAILABLE",
                                  "UNAVAILABLE", "UNAVAILABLE")),
            ("cloudflare_id", EXAMPLE,
             ("UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE", "UNKNOWN",
              "UNAVAILABLE"))):
        for code, one in zip((400, 401, 403, 404, 429), wanted):
            is_(verdict(nginx, f"{preset}_{code}", token, "2606:4700::1"),
                one, f"{preset}: {code}")


@test
def what_the_mock_makes_up():
    """Names for ids, Latin for networks, any status: never a way in."""
    authority, mock, nginx = mocked(
        ("verify", "cloudflare", "dynamic=true", "/user/tokens", THEN),
        ("details", "cloudflare_id", "dynamic=true", "/user/tokens", THEN))
    answers = [json.dumps(ask(mock.port, "/user/tokens/" + EXAMPLE, "x" * 40,
                              Prefer="dynamic=true")[1]) for _ in range(4)]
    ok(len(set(answers)) > 1, "no two answers are the same")
    is_({asked(nginx, "verify").status for _ in range(12)}, {503}, "verify")
    is_({asked(nginx, "details", EXAMPLE).status for _ in range(12)}, {503},
        "details")
    is_(authority.counts()["backend"], 0, "requests at the backend")


# the authority of this project, judged by the document

RICH = {
    "name": "readonly token", "not_before": "2018-07-01T05:20:00Z",
    "expires_on": "2099-01-01T00:00:00Z", "issued_on": "2018-07-01T05:20:00Z",
    "modified_on": "2018-07-02T05:20:00Z",
    "last_used_on": "2020-01-02T12:34:00Z",
    "condition": {"request_ip": {"in": ["127.0.0.0/8"],
                                 "not_in": ["127.0.0.9/32"]}},
    "policies": [{
        "id": "f267e341f3dd4697bd3b9f71dd96247f", "effect": "allow",
        "permission_groups": [{"id": "c8fed203ed3043cba015a93ad1616f1f",
                               "name": "Zone Read"}],
        "resources": {"com.cloudflare.api.account.zone.*": "*"}}],
}


def proxied():
    authority = Authority()
    return authority, Prism(
        "proxy", f"http://127.0.0.1:{authority.plain}/client/v4")


def conforms(authority, proxy, path, bearer, status, name):
    """The proxy lets through what the document allows, and no more."""
    direct = ask(authority.plain, "/client/v4" + path, bearer)
    is_(direct[0], status, f"{name}: status")
    is_(ask(proxy.port, path, bearer), direct, f"{name}: conforms")


@test
def our_authority_conforms():
    authority, proxy = proxied()
    credential = authority.credential_value
    for owner, path in ((None, "/user/tokens"),
                        (ACCOUNT, f"/accounts/{ACCOUNT}/tokens")):
        kind = "account" if owner else "user"
        more = {"account": owner} if owner else {}
        for name, entry in (
                ("plain", {}), ("rich", RICH),
                ("disabled", {"status": "disabled"}),
                ("expired", {"status": "expired",
                             "expires_on": "2020-01-01T00:00:00Z"}),
                ("not yet valid", {"not_before": "2099-01-01T00:00:00Z"}),
                ("nobody", {"condition": {"request_ip": {"in": []}}})):
            token = authority.token(**entry, **more)
            name = f"{kind}, {name}"
            conforms(authority, proxy, path + "/verify", token.token, 200,
                     f"{name}, verify")
            conforms(authority, proxy, f"{path}/{token.id}", credential, 200,
                     f"{name}, details")
            conforms(authority, proxy, f"{path}/{token.id}", token.token, 403,
                     f"{name}, details with the token")
        conforms(authority, proxy, path + "/verify", "cfut_" + "0" * 40, 401,
                 f"{kind}, verify an unknown token")
        conforms(authority, proxy, path + "/verify", "short", 400,
                 f"{kind}, verify what is no token")
        conforms(authority, proxy, f"{path}/{'0' * 32}", credential, 404,
                 f"{kind}, details of an unknown id")
        conforms(authority, proxy, f"{path}/{'0' * 32}", "x" * 40, 401,
                 f"{kind}, details with a wrong credential")


@test
def what_does_not_conform_is_noticed():
    authority, proxy = proxied()
    for name, step, entry in (
            ("a status that is not in the document", "details",
             {"status": "revoked (exposed)"}),
            ("null for a time", "details", {"expires_on": None}),
            ("a number for a time", "verify", {"expires_on": 1577836800}),
            ("a time that is none", "verify", {"not_before": "yesterday"}),
            ("an id that is too long", "verify", {"id": "0" * 33}),
            ("a list that is none", "details",
             {"condition": {"request_ip": {"in": "127.0.0.1"}}})):
        token = authority.token(**entry)
        path, bearer = (("/user/tokens/verify", token.token)
                        if step == "verify" else
                        ("/user/tokens/" + token.id,
                         authority.credential_value))
        is_(ask(authority.plain, "/client/v4" + path, bearer)[0], 200,
            f"{name}: is answered")
        status, said = ask(proxy.port, path, bearer)
        is_(status, 500, f"{name}: is noticed")
        like(str(said.get("type")), "VIOLATIONS", "and named")
    is_(ask(proxy.port, "/user/tokens/verify")[0], 401,
        "a request without a credential")


@test
def the_module_asks_as_the_document_says():
    """Both sides of the conversation pass the proxy."""
    authority, proxy = proxied()
    base = f"http://127.0.0.1:{proxy.port}"
    nginx = Nginx(authority, server=SERVER.replace(
        "FRONT", str(free_port())).replace("MOCK", "1"), http=(
        provider("user", "cloudflare", base + "/user/tokens")
        + provider("account", "cloudflare",
                   f"{base}/accounts/{ACCOUNT}/tokens")
        + provider("id", "cloudflare_id", base + "/user/tokens")))
    rich = authority.token(**RICH)
    authority.oracle(ids=True)
    for name, token, address, wanted in (
            ("user", rich, "127.0.0.1", "ALLOWED"),
            ("user", rich, "127.0.0.9", "ADDRESS_DENIED"),
            ("user", rich, "192.0.2.1", "ADDRESS_DENIED"),
            ("id", Token(rich.id, rich.id), "127.0.0.1", "ALLOWED"),
            ("id", Token("0" * 32, ""), "127.0.0.1", "UNKNOWN"),
            ("account", authority.token(account=ACCOUNT), None, "ALLOWED"),
            ("account", rich, None, "UNKNOWN"),
            ("user", authority.token(status="disabled"), None, "INACTIVE"),
            ("user", authority.token(expires_on="2020-01-01T00:00:00Z"), None,
             "EXPIRED"),
            ("user", authority.token(not_before="2099-01-01T00:00:00Z"), None,
             "NOT_YET_VALID"),
            ("user", Token("cfut_" + "0" * 40, ""), None, "UNKNOWN")):
        is_(verdict(nginx, name, token.token, address), wanted,
            f"{name}, {wanted}")
    is_(verdict(nginx, "user",
                authority.token(status="revoked (exposed)").token),
        "UNAVAILABLE", "what does not conform does not pass the proxy")
    is_(authority.counts()["backend"], 3, "requests at the backend")


if not module_built():
    plan_skip_all("the module is not built")
needs_npm("@stoplight/prism-cli")
if not os.path.exists(DOCUMENT):
    plan_skip_all("no OpenAPI document: it stands in ../shared/data of this "
                  "checkout, or where AUTH_TOKEN_OPENAPI says")
run()
