# Copyright (C) The ngx_http_auth_token_module authors

"""Answers as an RFC 7662 introspection endpoint gives them.

An entry of the token table is active when its "active" says so or, where
that is absent, when its status is "active".  Members nbf, exp, scope,
client_id and all of "introspection" go into the answer.
"""

import base64
import hmac
import time
from urllib.parse import parse_qsl, unquote_plus

from . import assertions
from .answers import Answer

MEMBERS = ("nbf", "exp", "iat", "scope", "client_id", "username", "sub",
           "aud", "iss", "jti", "token_type")


def handles(path):
    return path.split("?")[0].endswith("/introspect")


def form_of(request):
    kind = (request.header("content-type") or "").split(";")[0].strip()
    if kind.lower() != "application/x-www-form-urlencoded":
        return None
    return dict(parse_qsl(request.body, keep_blank_values=True))


def refused():
    return Answer.of_json(401, {"error": "invalid_client"},
                          ['WWW-Authenticate: Basic realm="authority"'])


def authenticated(state, request, form):
    """RFC 6749, section 2.3.1: basic or post; bearer and any header too;
    assertions and certificates."""
    found = assertions.authenticated(state, request, form)
    if found is not None:
        return found
    value = request.header("authorization") or ""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(rest, validate=True).decode()
        except ValueError:
            return False
        name, _, secret = text.partition(":")
        return known(state, name, secret) \
            or known(state, unquote_plus(name), unquote_plus(secret))
    if scheme.lower() == "bearer":
        return rest in state.credentials \
            or state.granted.get(rest, 0) > time.time()
    if "client_id" in form:
        return known(state, form["client_id"], form.get("client_secret", ""))
    return any(value in state.credentials
               for name, value in request.headers
               if name.lower() not in ("host", "accept", "content-type"))


def known(state, name, secret):
    wanted = state.clients.get(name)
    return isinstance(wanted, str) and hmac.compare_digest(wanted.encode(),
                                                           secret.encode())


def answer(state, request):
    if request.method != "POST":
        return Answer.of_json(405, {"error": "invalid_request"})
    form = form_of(request)
    if form is None:
        return Answer.of_json(400, {"error": "invalid_request"})
    if not authenticated(state, request, form):
        return refused()
    if "token" not in form:
        return Answer.of_json(400, {"error": "invalid_request"})

    entry = state.tokens.get(form["token"])
    if entry is None:
        return Answer.of_json(200, {"active": False})
    active = entry.get("active", entry.get("status") == "active")
    if active is False:
        return Answer.of_json(200, {"active": False})
    result = {"active": active}
    for name in MEMBERS:
        if name in entry:
            result[name] = entry[name]
    result.update(entry.get("introspection", {}))
    return Answer.of_json(200, result, ["Cache-Control: no-store"])
