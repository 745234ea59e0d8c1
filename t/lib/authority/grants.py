# Copyright (C) The ngx_http_auth_token_module authors

"""A token endpoint (RFC 6749, 4.4): access tokens for clients, with which they
may then introspect, for as long as "expires_in" of the settings says.

The scope "nothing" is refused, and so are resources that are no URL.
"""

import secrets
import time
from urllib.parse import parse_qs

from . import introspection
from .answers import Answer


def handles(path):
    return path.split("?")[0].endswith("/oauth2/token")


def refused(status, code):
    return Answer.of_json(status, {"error": code},
                          ["Cache-Control: no-store"])


def answer(state, request):
    form = introspection.form_of(request)
    if request.method != "POST" or form is None:
        return refused(400, "invalid_request")
    if any(len(values) > 1 for name, values in parse_qs(request.body).items()
           if name != "resource"):
        return refused(400, "invalid_request")
    if request.bearer is not None \
            or not introspection.authenticated(state, request, form):
        return refused(401, "invalid_client")
    if form.get("grant_type") != "client_credentials":
        return refused(400, "unsupported_grant_type")
    if form.get("scope") == "nothing":
        return refused(400, "invalid_scope")
    if not all(one.startswith("https://") for one
               in parse_qs(request.body).get("resource", [])):
        return refused(400, "invalid_target")

    token = "granted." + secrets.token_urlsafe(24)
    seconds = state.settings.get("expires_in", 3600)
    state.granted[token] = time.time() + seconds
    return Answer.of_json(200, {"access_token": token, "token_type": "bearer",
                                "expires_in": seconds},
                          ["Cache-Control: no-store"])
