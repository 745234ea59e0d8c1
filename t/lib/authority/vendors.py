# Copyright (C) The ngx_http_auth_token_module authors

"""Answers in the documented shapes of other vendors' token APIs.

An entry of the token table with "vendor": NAME is known to that vendor only;
its "set" ({member: value}) replaces members of the documented example.
"""

import base64
import json
import re
from urllib.parse import unquote_plus

from .answers import Answer

JSON_TYPE = ["Content-Type: application/json; charset=utf-8"]


def find(state, vendor, token):
    entry = state.tokens.get(token) if token else None
    return entry if entry and entry.get("vendor") == vendor else None


def merged(entry, body):
    body.update(entry.get("set", {}))
    return body


def reply(status, value):
    return Answer(status, json.dumps(value).encode(), list(JSON_TYPE))


def gitlab(state, request, _):
    """docs.gitlab.com, personal access tokens API: GET .../self."""
    if request.header("private-token") is None:
        return reply(401, {"message": "401 Unauthorized"})
    entry = find(state, "gitlab", request.header("private-token"))
    if entry is None:
        return reply(401, {"message": "401 Unauthorized"})
    return reply(200, merged(entry, {
        "id": 4, "name": "Test Token", "revoked": False,
        "created_at": "2020-07-23T14:31:47.729Z", "scopes": ["api"],
        "user_id": 3, "last_used_at": "2021-10-06T17:58:37.550Z",
        "active": True, "expires_at": None}))


def github(state, request, found):
    """docs.github.com, REST, OAuth applications: check a token."""
    try:
        scheme, _, pair = (request.header("authorization") or "").partition(
            " ")
        name, _, secret = base64.b64decode(pair).decode().partition(":")
        good = scheme == "Basic" and name == found.group(1) \
            and state.clients.get(name) in (secret, unquote_plus(secret))
    except ValueError:
        good = False
    if not good:
        return reply(401, {"message": "Bad credentials",
                           "documentation_url": "https://docs.github.com"})
    if not request.header("user-agent"):
        return Answer(403, b"Request forbidden by administrative rules.\r\n",
                      ["Content-Type: text/plain"])
    token = json.loads(request.body).get("access_token")
    entry = find(state, "github", token)
    if entry is None:
        return reply(404, {"message": "Not Found",
                           "documentation_url": "https://docs.github.com"})
    return reply(200, merged(entry, {
        "id": 1, "url": "https://api.github.com/authorizations/1",
        "scopes": ["public_repo", "user"], "token": token,
        "token_last_eight": token[-8:], "hashed_token": "25f94a2a5c7fbaf499c",
        "app": {"url": "http://my-github-app.com", "name": "my github app",
                "client_id": found.group(1)},
        "note": "optional note", "note_url": "http://optional/note/url",
        "updated_at": "2011-09-06T20:39:23Z",
        "created_at": "2011-09-06T17:26:27Z", "fingerprint": "jklmnop12345678",
        "expires_at": None,
        "user": {"login": "octocat", "id": 1, "type": "User"}}))


def vercel(state, request, _):
    """vercel.com/docs/rest-api: get auth token metadata."""
    entry = find(state, "vercel", request.bearer)
    if entry is None:
        return reply(403, {"error": {"code": "forbidden",
                                     "message": "Not authorized",
                                     "invalidToken": True}})
    return reply(200, {"token": merged(entry, {
        "id": "5d9f2ebd38ddca62e5d51e9c1704c72530bdc8bfdd41e782a6687c48399e83",
        "name": "string", "type": "oauth-token", "origin": "github",
        "scopes": [{"type": "user", "origin": "github",
                    "createdAt": 1632816536002, "expiresAt": 4102444800000}],
        "expiresAt": 4102444800000, "activeAt": 1632816536002,
        "createdAt": 1632816536002})})


def fastly(state, request, _):
    """www.fastly.com/documentation: get the current token."""
    entry = find(state, "fastly", request.header("fastly-key"))
    if entry is None:
        return reply(401, {"msg": "Provided credentials are missing or "
                                  "invalid"})
    return reply(200, merged(entry, {
        "id": "5Yo3XXnrQpjc20u0ybrf2g", "user_id": "4y5K5trZocEAQYkesWlk7M",
        "customer_id": "x4xCwxxJxGCx123Rx5xTx", "name": "my_token",
        "last_used_at": None, "created_at": "2016-06-22T03:19:48+00:00",
        "expires_at": "2099-07-28T19:24:50+00:00", "services": [],
        "scope": "global purge_select", "ip": "127.17.202.173",
        "user_agent": "curl"}))


def linode(state, request, found):
    """techdocs.akamai.com/linode-api: get a personal access token."""
    if request.bearer not in state.credentials:
        return reply(401, {"errors": [{"reason": "Invalid Token"}]})
    entry = find(state, "linode", found.group(1))
    if entry is None:
        return reply(404, {"errors": [{"reason": "Not found"}]})
    return reply(200, merged(entry, {
        "created": "2018-01-01T00:01:01", "expiry": "2099-01-01T13:46:32",
        "id": int(found.group(1)), "label": "linode-cli",
        "scopes": "linodes:read_only domains:read_write",
        "token": "abcdefghijklmnop"}))


def consul(state, request, _):
    """developer.hashicorp.com/consul/api-docs/acl/tokens: self token."""
    token = request.header("x-consul-token")
    entry = find(state, "consul", token)
    if entry is None:
        return Answer(403, b"ACL not found", ["Content-Type: text/plain"])
    return reply(200, merged(entry, {
        "AccessorID": "6a1253d2-1785-24fd-91c2-f8e78c745511",
        "SecretID": token,
        "Description": "Agent token for 'my agent'",
        "Policies": [{"ID": "165d4317-e379-f732-ce70-86278c4558f7",
                      "Name": "node-read"},
                     {"ID": "e359bd81-baca-903e-7e64-1ccd9fdc78f5",
                      "Name": "kv-read"}],
        "Local": False, "CreateTime": "2018-10-24T12:25:06.921933-04:00",
        "Hash": "UuiRkOQPRCvoRZHRtUxxbrmwZ5crYrOdZ0Z1FTFbTbA=",
        "CreateIndex": 59, "ModifyIndex": 59}))


def vault(state, request, _):
    """developer.hashicorp.com/vault/api-docs/auth/token: lookup a token."""
    if request.header("x-vault-token") not in state.credentials:
        return reply(403, {"errors": ["permission denied"]})
    token = json.loads(request.body).get("token")
    entry = find(state, "vault", token)
    if entry is None:
        return reply(403, {"errors": ["bad token"]})
    data = merged(entry, {
        "accessor": "8609694a-cdbc-db9b-d345-e782dbb562ed",
        "creation_time": 1523979354, "creation_ttl": 2764800,
        "display_name": "ldap2-tesla",
        "entity_id": "7d2e3179-f69b-450c-7179-ac8ee8bd8ca9",
        "expire_time": "2099-05-19T11:35:54.466476215-04:00",
        "explicit_max_ttl": 0, "id": token,
        "identity_policies": ["dev-group-policy"],
        "issue_time": "2018-04-17T11:35:54.466476078-04:00",
        "meta": {"username": "tesla"}, "num_uses": 0, "orphan": True,
        "path": "auth/ldap2/login/tesla",
        "policies": ["default", "testgroup2-policy"], "renewable": True,
        "ttl": 2764790})
    return reply(200, {
        "request_id": "a1", "lease_id": "", "renewable": False,
        "lease_duration": 0, "data": data, "wrap_info": None,
        "warnings": None, "auth": None})


PLACES = [
    ("GET", r"/api/v4/personal_access_tokens/self", gitlab),
    ("POST", r"/applications/([^/]+)/token", github),
    ("GET", r"/v5/user/tokens/current", vercel),
    ("GET", r"/tokens/self", fastly),
    ("GET", r"/v4/profile/tokens/(\d+)", linode),
    ("GET", r"/v1/acl/token/self", consul),
    ("POST", r"/v1/auth/token/lookup", vault),
]


def answer(state, request):
    """An Answer, or None where the path is no vendor's."""
    for method, pattern, vendor in PLACES:
        found = re.fullmatch(pattern, request.path)
        if found and request.method == method:
            return vendor(state, request, found)
    return None
