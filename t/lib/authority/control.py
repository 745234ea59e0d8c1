# Copyright (C) The ngx_http_auth_token_module authors

"""What tests ask and set, as JSON over HTTP on a port of its own.

    POST /reset         everything as at the start; {"log": false} keeps no log
    POST /clear         counts and log only
    POST /tokens        {token: entry}, see cloudflare.py, introspection.py
    POST /credentials   ["...", ...] that may read details and introspect
    POST /clients       {id: secret} for basic and post, {id: entry} as
                        assertions.py has it
    POST /rules         [rule, ...], see rules.py, faults.py
    POST /tls           see tls.py, configure()
    POST /close         close every connection; {"rst": true} with RST
    GET  /counts        requests, connections, accepted, backend, open, and
                        requests per path and per token
    POST /settings      {"expires_in": seconds of access tokens}
    GET  /granted       access tokens, see grants.py, and when they end
    DELETE /granted     ends them all
    POST /oracle        {"lag": ..., "clock": ..., "ids": ...,
                        "good": [...]}, see strangers.py
    DELETE /strangers   {description: number} of those at the backend, which
                        are forgotten
    GET  /refusals      why clients were refused, one reason each
    GET  /log           {"requests": [...], "connections": [...]}
    POST /stop
"""

import json

from .answers import Answer


def ok(value):
    return Answer.of_json(200, value)


class Control:
    def __init__(self, certificates, stop):
        self.certificates = certificates
        self.stop = stop

    def __call__(self, state, request):
        name = request.path.strip("/").split("?")[0]
        method = getattr(self, request.method.lower() + "_" + name, None)
        if method is None:
            return Answer.of_json(404, {"error": "unknown: " + request.path})
        try:
            value = json.loads(request.body) if request.body else None
            return ok(method(state, value))
        except Exception as error:
            return Answer.of_json(400, {"error": f"{error!r}"})

    def post_reset(self, state, value):
        state.reset()
        state.settings["log"] = (value or {}).get("log", True)
        if self.certificates.context:
            self.certificates.configure({})
        return {}

    def post_clear(self, state, value):
        state.clear_log()
        return {}

    def post_tokens(self, state, value):
        state.add_tokens(value)
        return {"tokens": len(state.tokens)}

    def post_credentials(self, state, value):
        state.credentials.update(value)
        return {}

    def post_clients(self, state, value):
        state.clients.update(value)
        return {}

    def post_rules(self, state, value):
        state.add_rules(value)
        return {"rules": len(state.rules)}

    def delete_rules(self, state, value):
        state.rules = []
        return {}

    def post_tls(self, state, value):
        self.certificates.configure(value or {})
        return {}

    def post_close(self, state, value):
        closed = 0
        for conn in list(state.connections):
            if conn.role != "control":
                closed += 1
                if (value or {}).get("rst"):
                    conn.reset()
                else:
                    conn.transport.close()
        return {"closed": closed}

    def get_counts(self, state, value):
        return {**state.counts, "paths": state.per_path,
                "tokens": state.per_token,
                "open": sum(conn.role == "authority"
                            for conn in state.connections)}

    def get_log(self, state, value):
        return {"requests": state.log, "connections": state.opened}

    def post_settings(self, state, value):
        state.settings.update(value)
        return {}

    def get_granted(self, state, value):
        return state.granted

    def delete_granted(self, state, value):
        state.granted.clear()
        return {}

    def post_oracle(self, state, value):
        for name, one in value.items():
            if name not in ("lag", "clock", "ids", "good"):
                raise ValueError(name)
            setattr(state.strangers, name, one)
        return {}

    def delete_strangers(self, state, value):
        return state.strangers.take()

    def get_refusals(self, state, value):
        return state.refusals

    def get_rules(self, state, value):
        return state.rules

    def post_stop(self, state, value):
        self.stop()
        return {}
