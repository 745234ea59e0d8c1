# Copyright (C) The ngx_http_auth_token_module authors

"""Answers in the shapes of Cloudflare's token API.

An entry of the token table: token, id, status, name, not_before,
expires_on, condition, policies, ...; "account": ID for a token owned by an
account.  Members that are not set are left out, as the original does.
"verify" and "details" may each hold a whole answer description that is
given in place of the regular one.
"""

import re

from . import answers
from .answers import Answer

PREFIX = re.compile(
    r"/client/v4/(?:user|accounts/(?P<account>[^/?]+))/tokens"
    r"(?P<rest>/[^?]*)?(?:\?.*)?")

# members of an entry that are not part of a details answer
PRIVATE = ("token", "account", "verify", "details", "introspection",
           "exp", "nbf", "scope", "active", "client_id", "may_read")

HEADERS = [
    "Cache-Control: no-store",
    'Ratelimit: "default";r=50;t=30',
    'Ratelimit-Policy: "burst";q=100;w=60',
    "Set-Cookie: __cf_bm=not-for-reuse; path=/; HttpOnly; Secure",
]

GROUPS = [{"id": "c8fed203ed3043cba015a93ad1616f1f", "name": "Zone Read",
           "scopes": ["com.cloudflare.api.account.zone"]}]


def good(result, messages=()):
    return Answer.of_json(200, {"result": result, "success": True,
                                "errors": [], "messages": list(messages)},
                          HEADERS)


def bad(status, code, message, **more):
    return Answer.of_json(status, {"success": False, "errors": [
        {"code": code, "message": message, **more}],
        "messages": [], "result": None}, HEADERS)


def handles(path):
    return path.startswith("/client/v4/")


def answer(state, request):
    found = PREFIX.fullmatch(request.path)
    if not found:
        return bad(404, 7003, "Could not route to " + request.path.split("?")[0]
                   + ", perhaps your object identifier is invalid?")
    if request.method != "GET":
        return bad(405, 10405, "Method not allowed for this authentication "
                               "scheme")
    refusal = refused_header(request)
    if refusal:
        return refusal
    rest = found.group("rest") or ""
    if rest == "/verify":
        return verify(state, request.bearer, found.group("account"))
    return details(state, request.bearer, found.group("account"), rest[1:])


def refused_header(request):
    value = request.header("authorization")
    if value is None:
        return bad(400, 9106, "Missing X-Auth-Key, X-Auth-Email or "
                              "Authorization headers")
    if not re.fullmatch(r"Bearer [A-Za-z0-9_-]{40,80}", value):
        chain = [{"code": 6111,
                  "message": "Invalid format for Authorization header"}]
        return bad(400, 6003, "Invalid request headers", error_chain=chain)
    return None


def verify(state, token, account):
    entry = state.tokens.get(token)
    if entry is None and token in state.credentials:
        # what a sibling path of the details would give away
        entry = {"id": "0" * 32, "status": "active", "account": account}
    if entry is None or entry.get("account") != account:
        return bad(401, 1000, "Invalid API Token")
    if "verify" in entry:
        return answers.from_spec(
            entry["verify"], lambda: verified(entry))
    return verified(entry)


def verified(entry):
    result = {name: entry[name]
              for name in ("id", "status", "not_before", "expires_on")
              if name in entry}
    messages = []
    if entry.get("status") == "active":
        messages = [{"code": 10000, "type": None,
                     "message": "This API Token is valid and active"}]
    return good(result, messages)


def details(state, credential, account, token_id):
    if credential not in state.credentials:
        entry = state.tokens.get(credential)
        if entry is None:
            return bad(401, 10000, "Authentication error")
        if not entry.get("may_read"):
            return bad(403, 9109,
                       "Unauthorized to access requested resource")
    if token_id == "":
        return good([public(entry) for entry in state.tokens.values()])
    if token_id == "permission_groups":
        return good(GROUPS)
    entry = state.ids.get(token_id)
    if entry is None or entry.get("account") != account:
        return bad(404, 1003, "Invalid or missing API token")
    if "details" in entry:
        return answers.from_spec(
            entry["details"], lambda: good(public(entry)))
    return good(public(entry))


def public(entry):
    return {name: value for name, value in entry.items()
            if name not in PRIVATE}
