#!/usr/bin/env python3
#
# Tests for the authority itself and for the Python harness: what the other
# tests take for given.  They need nginx, but not the module.

import base64
import os
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

from harness import *  # noqa: E402, F403

BASE = "/client/v4/user/tokens"


def verify(authority, token, server=None):
    return get(server or authority.plain, BASE + "/verify", bearer=token)


def details(authority, token_id, credential=None):
    return get(authority.plain, f"{BASE}/{token_id}",
               bearer=credential or authority.credential_value)


def introspect(authority, form, headers):
    return get(authority.plain, "/oauth/introspect", method="POST",
               headers=["Content-Type: application/x-www-form-urlencoded",
                        *headers], body=form.encode())


@test
def cloudflare_shapes():
    a = Authority()
    t = a.token(name="one", expires_on="now+60",
                condition={"request_ip": {"in": ["127.0.0.1/32"]}})
    owned = a.token(account="ac" * 16)
    other = a.token()

    like(verify(a, t.token).body.decode(),
         r'"status":"active","expires_on":"\d{4}-\d\d-\d\dT[\d:]{8}Z"},'
         r'"success":true,"errors":\[\],"messages":\[\{"code":10000',
         "verify")
    is_(verify(a, "x" * 48).status, 401, "verify of an unknown token")
    is_(verify(a, "short").status, 400, "verify of what is no token")
    is_(verify(a, owned.token).status, 401, "an account's token as a user's")
    is_(get(a.plain, f"/client/v4/accounts/{'ac' * 16}/tokens/verify",
            bearer=owned.token).status, 200, "an account's token")

    response = details(a, t.id)
    is_(response.status, 200, "details")
    like(response.body.decode(), "request_ip", "details have the condition")
    unlike(response.body.decode(), t.token, "details have no token")
    is_(details(a, "0" * 32).status, 404, "details of nothing")
    is_(details(a, t.id, other.token).status, 403, "details without the right")
    is_(details(a, t.id, "x" * 48).status, 401, "details, unknown credential")
    is_(details(a, "verify").status, 200, "the sibling path is there")
    is_(details(a, "permission_groups").status, 200, "and the other one")
    is_(details(a, "").status, 200, "and the list")
    is_(get(a.plain, "/elsewhere").status, 404, "any other path")


@test
def introspection_shapes():
    a = Authority()
    t = a.token(scope="read write", exp="now+60", nbf="now-60")
    off = a.token(status="disabled")
    with open(a.client_secret) as read:
        secret = read.read().strip()
    basic = base64.b64encode(f"nginx:{secret}".encode()).decode()
    auth = ["Authorization: Basic " + basic]

    like(introspect(a, "token=" + t.token, auth).body.decode(),
         r'^\{"active":true,"nbf":\d+,"exp":\d+,"scope":"read write"\}$',
         "active")
    for form in ("token=" + off.token, "token=unknown"):
        is_(introspect(a, form, auth).body, b'{"active":false}', "inactive")
    is_(introspect(a, "token=" + t.token, []).status, 401, "no client")
    is_(introspect(a, "token=" + t.token,
                   ["Authorization: Basic bmdpbng6d3Jvbmc="]).status, 401,
        "wrong secret")
    is_(introspect(a, "", auth).status, 400, "no token")


@test
def counting():
    a = Authority()
    t = a.token()
    with Client(a.plain) as client:
        for _ in range(3):
            client.get(BASE + "/verify", bearer=t.token)
    verify(a, "unknown" * 8)
    counts = a.counts()
    is_(counts["requests"], 4, "requests")
    is_(counts["connections"], 2, "connections")
    is_(counts["tokens"][t.token], 3, "requests for the token")
    is_([entry["nth"] for entry in a.log()], [1, 2, 3, 1], "the log")
    a.strangers_ok(1, "GET /x: no token", "it is asked directly")
    is_(get(a.backend, "/x").body, b"backend: GET /x\n", "the backend")
    is_(a.counts()["backend"], 1, "its count")
    is_(a.counts()["requests"], 4, "is not the authority's")
    a.clear()
    is_(a.counts()["requests"], 0, "cleared")


@test
def places():
    a = Authority()
    t = a.token()
    is_(verify(a, t.token, a.socket).status, 200, "unix socket")
    try:
        with socket.create_connection(("::1", a.plain), 5) as sock:
            sock.sendall(request_bytes(BASE + "/verify", bearer=t.token))
            like(sock.recv(65536).decode(), "^HTTP/1.1 200", "IPv6")
    except OSError as error:
        ok(True, f"IPv6 # SKIP {error}")


def handshake(a, ca=True, **settings):
    """What a client that looks at everything says of the authority's TLS."""
    a.call("POST", "tls", settings)
    context = ssl.create_default_context(cafile=a.ca if ca else None)
    try:
        with socket.create_connection(("127.0.0.1", a.tls), 5) as sock, \
                context.wrap_socket(sock, server_hostname="localhost") as tls:
            tls.sendall(request_bytes("/"))
            return tls.recv(12).decode()
    except OSError as error:
        return str(error)


@test
def certificates():
    a = Authority()
    for kind, said in (("good", "HTTP/1.1 404"), ("expired", "has expired"),
                       ("notyet", "not yet valid"),
                       ("wronghost", "Hostname mismatch"),
                       ("unknownca", "unable to get local issuer"),
                       ("selfsigned", "self[- ]signed"),
                       ("clientonly", "unsuitable certificate purpose|"
                                      "unsupported.*purpose"),
                       ("weakkey", "(?i)key.too.(weak|small)"),
                       ("nochain", "unable to get local issuer"),
                       ("good", "HTTP/1.1 404")):
        like(handshake(a, cert=kind), said, kind)
    like(handshake(a, min="TLSv1", max="TLSv1_1"),
         "(?i)version|protocol|alert|disallowed|unsupported", "old TLS only")
    like(handshake(a, client=True), "(?i)certificate.required|EOF|reset|broken|^$",
         "a client certificate is asked for")
    is_(a.counts()["requests"], 2, "bad handshakes carried no request")


def raw(a, actions, timeout=3, **match):
    """All that a client gets when these actions meet its request."""
    a.rules({"match": match, "times": 1, "actions": actions})
    start = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", a.plain), 5) as sock:
            sock.settimeout(timeout)
            sock.sendall(request_bytes("/", close=False))
            data = b""
            while True:
                more = sock.recv(65536)
                if not more:
                    end = "closed"
                    break
                data += more
                if len(data) > 1 << 20:
                    end = "endless"
                    break
    except ConnectionResetError:
        data, end = b"", "reset"
    except TimeoutError:
        end = "open"
    return data, end, time.monotonic() - start


@test
def faults():
    a = Authority()
    data, end, _ = raw(a, [{"send": "abc"}, {"close": True}])
    is_((data, end), (b"abc", "closed"), "send, close")
    is_(raw(a, [{"rst": True}])[1], "reset", "rst")
    is_(raw(a, [{"rst": True}], at="accept")[1], "reset", "rst at accept")
    is_(raw(a, [{"recv": True}, {"send": "x"}, {"close": True}],
            at="accept")[0], b"x", "recv at accept")
    is_(raw(a, [{"rst": True}], at="bytes")[1], "reset", "rst at first bytes")
    _, end, took = raw(a, [{"delay": 200}, {"close": True}])
    ok(end == "closed" and 0.19 < took < 2, "delay")
    is_(raw(a, [{"hold": 200}, {"close": True}])[1], "closed", "hold")
    is_(raw(a, [{"hold": True}], timeout=0.3)[1], "open", "hold for long")
    data, end, took = raw(a, [{"drip": {"body": "x" * 40}, "gap": 1},
                              {"close": True}])
    like(data.decode(), r"^HTTP/1.1 200 OK\r\n(.|\r|\n)*\r\n\r\nx{40}$",
         "drip")
    ok(took > 0.1, "drip takes its time")
    is_(len(raw(a, [{"garbage": 5000}, {"close": True}])[0]), 5000, "garbage")
    for kind in ("headers", "body", "chunks", "spaces", "interim"):
        is_(raw(a, [{"endless": kind}])[1], "endless", f"endless {kind}")
    data, end, _ = raw(a, [{"endless": "body", "max": 5000}])
    ok(5000 <= len(data) < 8000 and end == "closed", "endless to a bound")
    data, _, _ = raw(a, [{"answer": {"status": 200, "body": "one"}},
                         {"later": 100, "actions": [
                             {"answer": {"status": 200, "body": "two"}},
                             {"close": True}]}])
    like(data.decode(), r"one(.|\r|\n)*two$", "a second answer, unasked")
    is_(raw(a, [{"send": "x"}, {"fin": True}])[1], "closed", "fin")


@test
def answers():
    a = Authority()
    a.rules({"match": {}, "times": 1,
             "answer": {"status": 418, "reason": "Tea",
                        "headers": ["X-A: b"], "body": {"a": 1}}})
    like(get(a.plain, "/").raw.decode(),
         r'^HTTP/1.1 418 Tea\r\n(.|\r|\n)*X-A: b\r\n(.|\r|\n)*\{"a": 1\}$',
         "status, reason, header, body")
    t = a.token()
    a.rules({"match": {"path": BASE + "/verify"},
             "answer": {"base": "default", "set": {"/result/status": "odd"},
                        "unset": ["/messages"]}})
    body = verify(a, t.token).body.decode()
    like(body, '"status": "odd"', "set")
    unlike(body, "messages", "unset")
    like(verify(a, t.token).raw.decode("latin-1"), "__cf_bm", "as the default")

    a.rules({"match": {}, "answer": {"body": "x", "framing": "close"}})
    data = exchange(a.plain, request_bytes("/", close=False))
    like(data.decode(), r"(?s)Connection: close.*\r\n\r\nx$", "until close")
    a.rules({"match": {}, "answer": {"body": "hello", "framing": "chunked"}})
    is_(get(a.plain, "/").body, b"hello", "chunked")
    a.rules({"match": {}, "answer": {"body": "hello", "length": 50,
                                     "cut": -2}})
    like(exchange(a.plain, request_bytes("/")).decode(),
         r"(?s)Content-Length: 50\r\n\r\nhel$", "cut, with a wrong length")
    a.rules({"match": {}, "answer": {"body": "hello", "gzip": True}})
    response = get(a.plain, "/")
    is_(response.header("content-encoding"), "gzip", "gzip")
    is_(response.body[:2], b"\x1f\x8b", "gzip in fact")


@test
def rules_in_order():
    a = Authority()
    t = a.token()
    a.rules({"match": {"token": t.token}, "skip": 1, "times": 2,
             "answer": {"status": 500}},
            {"match": {"path": {"re": "verify$"}, "nth": 2},
             "answer": {"status": 503}},
            {"match": {"header": {"x-odd": None}, "method": "PUT"},
             "answer": {"status": 504}})
    is_([verify(a, t.token).status for _ in range(4)], [200, 500, 500, 200],
        "skip and times")
    with Client(a.plain) as client:
        is_([client.get(BASE + "/verify", bearer=t.token).status
             for _ in range(2)], [200, 503], "nth")
    is_(get(a.plain, "/", method="PUT").status, 504, "method, no header")
    is_(get(a.plain, "/", method="PUT", headers=["X-Odd: 1"]).status, 404,
        "method, a header")


@test
def many_clients():
    a = Authority()
    t = a.token()

    def hundred(_):
        with Client(a.plain) as client:
            return [client.get(BASE + "/verify", bearer=t.token).status
                    for _ in range(20)]

    results = parallel(100, hundred)
    is_(results, [[200] * 20] * 100, "2000 requests over 100 connections")
    is_(a.counts()["connections"], 100, "connections")


@test
def strangers_at_the_backend():
    a = Authority()
    good, off = a.token(), a.token(status="disabled")
    late = a.token(expires_on="now-60")
    idle = a.token(introspection={"active": False})
    odd = a.token(expires_on="soon")

    def came(path="/t", **request):
        get(a.backend, path, **request)
        return list(a.call("DELETE", "strangers"))

    for why, request in (
            (None, dict(bearer=good.token)),
            (None, dict(headers=["X-Token: " + good.token])),
            (None, dict(headers=["Cookie: a=b; c=" + good.token])),
            ("no token", dict(headers=["Authorization: Basic YTpi"])),
            ("no token", dict(headers=["X-Token: " + "x" * 20])),
            ("unknown token", dict(bearer="x" * 20)),
            ("unknown token", dict(bearer=good.token + "x")),
            ("unknown token", dict(bearer=good.id)),
            ("disabled token", dict(bearer=off.token)),
            ("disabled token", dict(bearer=idle.token)),
            ("disabled token", dict(headers=["X-Token: " + off.token])),
            ("disabled token", dict(
                bearer=good.token, headers=["Authorization: bearer "
                                            + off.token])),
            ("disabled token", dict(
                bearer=good.token, headers=["X-Token: " + off.token])),
            ("expired token", dict(bearer=late.token)),
            ("token of no known time", dict(bearer=odd.token)),
            ("token of later",
             dict(bearer=a.token(not_before="now+60").token)),
            ("token of later", dict(bearer=a.token(nbf="now+60").token))):
        is_(came(**request), [f"GET /t: {why}"] if why else [], f"{request}")
    is_(came("/a?t=" + good.token), [], "of an argument")
    is_(came(f"/{off.token}/b?t={off.token}"),
        ["GET /TOKEN/b: disabled token"], "it is not told")

    a.vouch("x" * 20)
    is_(came(bearer="x" * 20), [], "one that only rules know")
    a.oracle(ids=True)
    is_(came(bearer=good.id), [], "an id, where ids are tokens")
    a.oracle(clock=-90)
    is_(came(bearer=late.token), [], "by another clock")
    a.oracle(clock=0, lag=90)
    is_(came(bearer=late.token), [], "within the lag")
    a.oracle(lag=30)
    is_(came(bearer=late.token), ["GET /t: expired token"], "beyond it")
    a.token(token=good.token, status="disabled")
    is_(came(bearer=good.token), [], "disabled, within the lag")
    a.oracle(lag=0)
    is_(came(bearer=good.token), ["GET /t: disabled token"], "beyond it")


def last_words(script):
    """Runs a harness test of its own; its exit status and output."""
    head = f"import sys; sys.path.insert(0, {sys.path[0]!r})\n" \
           "from harness import *\n"
    done = subprocess.run([sys.executable, "-c", head + script + "\nrun()\n"],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


@test
def nginx_of_a_test():
    a = Authority()
    n = Nginx(a, load=False, workers=2,
              server="location / {{ proxy_pass http://127.0.0.1:{backend}; }}")
    a.strangers_ok(1, "GET /x: no token", "nothing asks for one")
    is_(get(n, "/x").status, 200, "a request")
    is_(len(n.workers()), 2, "workers")
    before = n.workers()
    ok(n.reload(), "reload")
    ok(not set(before) & set(n.workers()), "new workers")
    n.emerg_ok = True
    n.configure(main="nonsense;")
    ok(not n.reload(), "a reload that is refused")
    is_(n.test_configuration()[0], 1, "nginx -t")
    ok(n.status()["active"] >= 1, "status")
    ok(n.descriptors() > 5 and n.resident() > 500, "descriptors, memory")


@test
def checks_of_a_test_can_fail():
    status, said = last_words("""
@test
def leak():
    a = Authority()
    t = a.token()
    n = Nginx(a, load=False, server="location / {{ return 200; }}")
    get(n, "/" + t.token)
""")
    ok(status != 0, "a token in the access log")
    like(said, r"# secret cfut_\w{7}\.\.\. in access.log", "says so")

    status, said = last_words("""
import os
@test
def alert():
    n = Nginx(load=False)
    os.kill(n.workers()[0], 9)
    poll(lambda: "exited on signal 9" in n.error_log())
""")
    ok(status != 0, "an alert")
    like(said, r"(?m)^# .*\[alert\].*exited on signal 9", "says so")

    status, said = last_words("""
@test
def broken():
    Nginx(load=False, main="nonsense;")
""")
    ok(status != 0, "nginx that does not start")
    like(said, "unknown directive", "says why")

    status, said = last_words("""
@test
def raises():
    a = Authority()
    print("# pid", a.process.pid, flush=True)
    raise ValueError("on purpose")
""")
    ok(status != 0, "an exception")
    pid = like(said, r"# pid (\d+)", "the authority's pid").group(1)
    ok(not os.path.exists("/proc/" + pid), "the authority ended with it")

    is_(last_words("")[0], 1, "a file without a test")


@test
def a_stranger_fails_a_test():
    for name, token, words, said in (
            ("nobody", "None", "", "1 times: GET /x: no token"),
            ("a disabled one", "a.token(status='disabled').token", "",
             "1 times: GET /x: disabled token"),
            ("another kind", "'x' * 20",
             "a.strangers_ok(1, 'GET /x: no token', 'why')",
             "1 times: GET /x: unknown token"),
            ("too few", "None",
             "a.strangers_ok(2, 'GET /x: no token', 'why')",
             "strangers at the backend: why\n# +got: 1"),
            ("none", "a.token().token",
             "a.strangers_ok(1, '.*', 'why')",
             "strangers at the backend: why\n# +got: 0")):
        status, output = last_words(f"""
@test
def stranger():
    a = Authority()
    n = Nginx(a, load=False, server="location / {{{{ "
              "proxy_pass http://127.0.0.1:{{backend}}; }}}}")
    {words}
    get(n, "/x", bearer={token})
""")
        ok(status != 0, f"{name} at the backend")
        like(output, said, "says so")
        unlike(output, "cfut_", "and not with which token")


@test
def a_secret_in_an_answer_fails_a_test():
    ways = {
        "get": 'get(n, "/x", bearer=t)',
        "a header field": 'get(n, "/head", bearer=t)',
        "exchange": 'exchange(n, request_bytes("/x", bearer=t))',
        "Client": 'Client(n).get("/x", bearer=t)',
        "h2_get": 'h2_get(n, "/x", bearer=t)',
        "a socket of its own": """
    with open_socket(n) as sock:
        sock.sendall(request_bytes("/x", bearer=t))
        while sock.recv(7):
            pass""",
        "the credential":
            'get(n, "/x", headers=["Authorization: " + a.credential_value])',
        "a secret of the server": 'n.forbidden.append("a-secret-of-its-own")'
            '; get(n, "/x", headers=["Authorization: a-secret-of-its-own"])',
    }
    for name, how in ways.items():
        status, output = last_words(f"""
@test
def told():
    a = Authority()
    t = a.token().token
    n = Nginx(a, load=False, listen=" {'http2' if '2' in name else ''}",
              server="location / {{{{ return 200 <$http_authorization>; }}}}"
              "location /head {{{{ add_header X-A <$http_authorization>; "
              "return 204; }}}}")
    {how}
""")
        ok(status != 0, name)
        like(output, r"# secret [\w-]{12}\.\.\. in an answer", "says so")
        if not ok(output.count("not ok") == 1, "and nothing else"):
            diag(output)


@test
def an_answer_that_may_tell():
    status, output = last_words("""
@test
def told():
    a = Authority()
    t = a.token().token
    n = Nginx(a, load=False,
              server="location / {{ return 200 <$http_authorization>; }}")
    a.rules({"answer": {"body": t}})
    for place in (a.plain, a.socket):
        get(place, "/", bearer=t)
    a.forbidden.remove(t)
    get(n, "/x", bearer=t)
""")
    is_(status, 0, "the authority itself, and what is not forbidden") \
        or diag(output)


run()
