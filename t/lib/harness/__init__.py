# Copyright (C) The ngx_http_auth_token_module authors

"""For tests that need more than Test::Nginx offers: reloads under load,
signals, aborts, many clients.  Such a test is an executable t/NAME.t:

    #!/usr/bin/env python3
    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
    from harness import *

    @test
    def a_good_token_is_admitted():
        authority = Authority()
        token = authority.token(status="active")
        nginx = Nginx(authority, server=PROTECTED)
        response = get(nginx, "/", bearer=token.token)
        is_(response.status, 200, "status")

    run()

Every server that a test starts ends with it, and then its logs are looked
at: no alert, no crash, no secret.  No secret may be in what a client got
either (watch.py), and nobody may have come to the authority's backend whom
its oracle does not know as good (authority/strangers.py): see
Authority.vouch(), oracle() and strangers_ok() for those who may.  Waiting is
polling with a bound.
"""

from .authority import Authority, Token
from .clock import Clock
from .h2 import H2
from .http import (Client, Response, exchange, get, h2_get, open_socket,
                   parallel, read_response, request_bytes)
from .latency import LONGEST, Strangers, unhurt
from .load import Load
from .memory import Growth, ROOM
from .nginx import (Nginx, PATIENCE, PROTECTED, PROVIDER, SANITIZED,
                    module_built)
from .tap import (VALGRIND, allow, diag, is_, isnt, like, ok, plan_skip_all,
                  poll, run, skip, test, unlike)

__all__ = [
    "Authority", "Client", "Clock", "Growth", "H2", "LONGEST", "Load",
    "Nginx", "PATIENCE", "PROTECTED", "PROVIDER", "ROOM", "Response",
    "SANITIZED", "Strangers", "Token", "VALGRIND", "allow", "diag",
    "exchange", "get", "h2_get", "is_", "isnt", "like", "module_built",
    "ok", "open_socket", "parallel", "plan_skip_all", "poll",
    "read_response", "request_bytes", "run", "skip", "test", "unhurt",
    "unlike",
]
