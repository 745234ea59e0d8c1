#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for auth_token_purge.  The failure this file exists for: a token is
# revoked, its answer is purged, and a look-up that was under way meanwhile
# puts the old answer back, so that it is admitted for another minute.

import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"

HTTP = PROVIDER + """
    auth_token_zone  tokens:1m;
    auth_token_zone  other:1m;

    auth_token_provider idp {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  basic nginx file:{client_secret};
        cache       zone=other;
    }}
"""

SERVER = """
        location / {{
            auth_token  cloudflare;
            add_header  X-Cache $auth_token_cache always;
            proxy_pass  http://127.0.0.1:{backend};
        }}
        location /idp {{
            auth_token  idp;
            add_header  X-Cache $auth_token_cache always;
            proxy_pass  http://127.0.0.1:{backend};
        }}
        location = /purge {{
            allow       127.0.0.1;
            deny        all;
            auth_token_purge;
        }}
        location = /guarded {{
            allow       192.0.2.1;
            deny        all;
            auth_token_purge;
        }}
"""


def start(authority, **settings):
    settings.setdefault("http", HTTP)
    return Nginx(authority, server=SERVER, **settings)


def purge(nginx, path="/purge", **order):
    response = get(nginx, path, method="POST", headers=[JSON],
                   body=json.dumps(order).encode())
    is_(response.status, 200, f"purge by {sorted(order)}")
    is_(response.header("content-type"), "application/json", "is JSON")
    return json.loads(response.body)


def cached(nginx, token, path="/"):
    response = get(nginx, path, bearer=token)
    return response.status, response.header("x-cache")


@test
def by_token():
    authority = Authority()
    nginx = start(authority, workers=2)
    token, other = authority.token(), authority.token()
    for one in (token, other):
        is_(cached(nginx, one.token), (200, "MISS"), "not known yet")
        is_(cached(nginx, one.token), (200, "HIT"), "known")
    authority.token(token=token.token, id=token.id, status="disabled")
    authority.strangers_ok(1, "GET /: disabled token", "the cache has it")
    is_(cached(nginx, token.token), (200, "HIT"), "revoked, but not here")
    is_(purge(nginx, token=token.token), {"records": 2, "negatives": 0},
        "what was dropped: the token's answer, and the details")
    is_(cached(nginx, token.token), (401, "MISS"), "revoked here too")
    is_(cached(nginx, other.token), (200, "HIT"), "another one is as before")
    is_(purge(nginx, token=token.token)["records"], 1, "its denial")
    is_(purge(nginx, token=token.token)["records"], 0, "nothing is left")
    purged = purge(nginx, token=other.token, provider="idp")
    is_(purged["records"], 0, "another provider has none")
    is_(cached(nginx, other.token), (200, "HIT"), "and this one keeps it")


@test
def by_token_in_a_form():
    authority = Authority()
    nginx = start(authority)
    token = authority.token(token="a+b/c" + "d" * 40 + "==",
                            active=True)
    is_(cached(nginx, token.token, "/idp"), (200, "MISS"), "not known yet")
    body = b"token=a%2bb%2Fc" + b"d" * 40 + b"%3D=&provider=idp"
    response = get(nginx, "/purge", method="POST", headers=[FORM], body=body)
    is_(response.status, 200, "a form")
    is_(json.loads(response.body)["records"], 1, "it is decoded")
    is_(cached(nginx, token.token, "/idp"), (200, "MISS"), "asked anew")


@test
def an_unknown_token_that_becomes_known():
    authority = Authority()
    nginx = start(authority)
    stranger = "stranger-" * 6
    is_(cached(nginx, stranger), (401, "MISS"), "unknown")
    is_(cached(nginx, stranger), (401, "NEGATIVE"), "known to be")
    authority.token(token=stranger)
    is_(cached(nginx, stranger), (401, "NEGATIVE"), "known, but not here")
    is_(purge(nginx, token=stranger), {"records": 0, "negatives": 1},
        "what was dropped")
    is_(cached(nginx, stranger)[0], 200, "known here too")


@test
def by_id():
    authority = Authority()
    nginx = start(authority)
    first = authority.token()
    second = authority.token(id=first.id)
    other = authority.token()
    for one in (first, second, other):
        is_(cached(nginx, one.token), (200, "MISS"), "not known yet")
    counts = authority.counts()
    is_(counts["requests"], 5, "two tokens of one id share the details")
    is_(purge(nginx, id=first.id), {"records": 3, "negatives": 0},
        "what was dropped: details, and both tokens that lead to them")
    is_(cached(nginx, other.token), (200, "HIT"), "another id is as before")
    is_(cached(nginx, first.token), (200, "MISS"), "asked anew")
    is_(cached(nginx, second.token), (200, "MISS"), "the other one too")
    is_(authority.counts()["requests"], 8, "look-ups")


@test
def by_id_of_one_step():
    authority = Authority()
    nginx = start(authority)
    token = authority.token(token="x" * 43, active=True, jti="number/1")
    is_(cached(nginx, token.token, "/idp"), (200, "MISS"), "not known yet")
    is_(purge(nginx, id="number/1", provider="cloudflare")["records"], 0,
        "another provider has none")
    is_(cached(nginx, token.token, "/idp"), (200, "HIT"), "known")
    is_(purge(nginx, id="number/1")["records"], 1, "what was dropped")
    is_(cached(nginx, token.token, "/idp"), (200, "MISS"), "asked anew")


@test
def by_provider_and_all():
    authority = Authority()
    nginx = start(authority, workers=2)
    mine = [authority.token() for _ in range(5)]
    theirs = [authority.token(active=True) for _ in range(5)]

    def states():
        found = set()
        for i in range(5):
            found.add(("mine",) + cached(nginx, mine[i].token))
            found.add(("theirs",) + cached(nginx, theirs[i].token, "/idp"))
        return found

    states()
    is_(states(), {("mine", 200, "HIT"), ("theirs", 200, "HIT")}, "known")
    is_(purge(nginx, provider="cloudflare"), {"records": 10, "negatives": 0},
        "what was dropped")
    is_(states(), {("mine", 200, "MISS"), ("theirs", 200, "HIT")},
        "one provider is asked anew")
    is_(purge(nginx, all=True), {"records": 15, "negatives": 0},
        "all of both zones")
    is_(states(), {("mine", 200, "MISS"), ("theirs", 200, "MISS")},
        "both are asked anew")
    is_(states(), {("mine", 200, "HIT"), ("theirs", 200, "HIT")}, "and kept")


@test
def orders_that_are_none():
    authority = Authority()
    nginx = start(authority)
    token = authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")

    def post(body, headers=(JSON,), path="/purge", method="POST"):
        return get(nginx, path, method=method, headers=list(headers),
                   body=body).status

    secret = token.token.encode()
    for body in (b"", b"{", b"[]", b"{}", b'{"all":false}', b'{"all":1}',
                 b'{"all":"true"}', b'{"token":1}', b'{"token":null}',
                 b'{"token":""}', b'{"tokens":"x"}', b'{"provider":"none"}',
                 b'{"token":"x","id":"y"}', b'{"id":"y","all":true}',
                 b'{"all":true,"provider":"idp"}', b'{"all":true} x',
                 b'{"id":"a","id":"b"}', b'{"all":true,"force":true}',
                 b'{"token":"%s","all":true}' % secret, b"all=true"):
        is_(post(body), 400, f"JSON: {body[:30]!r}")
    for body in (b"all", b"all=1", b"all=", b"all=true&all=true", b"x=y",
                 b"token=%", b"token=%4", b"token=%zz", b"id=a&id=b",
                 b"&all=true", b"token=&all=true", b"id=x&all=true",
                 b"provider=none", b'{"all":true}'):
        is_(post(body, [FORM]), 400, f"form: {body!r}")
    is_(post(b'{"all":true}', path="/purge?all=true"), 400, "an argument")
    is_(post(b'{"all":true}', []), 415, "no type")
    is_(post(b'{"all":true}', ["Content-Type: text/plain"]), 415, "text")
    is_(post(b'{"all":true}', [JSON + "x"]), 415, "a longer type")
    is_(post(b'{"all":true}', path="/guarded"), 403, "a stranger")
    is_(post(b'{"id":"%s"}' % (b"x" * 20000)), 413, "too long")
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        response = get(nginx, "/purge", method=method)
        is_(response.status, 405, method)
        is_(response.header("allow"), "POST", "what would do")
    is_(cached(nginx, token.token), (200, "HIT"), "nothing was dropped")


@test
def a_body_in_pieces():
    authority = Authority()
    nginx = start(authority)
    token = authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")

    def chunks(*pieces):
        head = (f"POST /purge HTTP/1.1\r\nHost: localhost\r\n{JSON}; "
                "charset=utf-8\r\nTransfer-Encoding: chunked\r\n"
                "Connection: close\r\n\r\n").encode()
        body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces)
        return exchange(nginx, head + body + b"0\r\n\r\n")

    like(chunks(b'{"to', b'ken":"', token.token.encode(), b'"}').decode(),
         r'"records":2', "chunked")
    like(chunks(*[b" " * 1000] * 40).decode(), "^HTTP/1.1 413 ", "too long")

    with open_socket(nginx) as sock:
        body = json.dumps({"token": token.token}).encode()
        data = request_bytes("/purge", "POST", headers=[JSON], body=body)
        cached(nginx, token.token)
        sock.sendall(data[:-20])
        poll(lambda: False, 0.05)
        is_(cached(nginx, token.token), (200, "HIT"), "not before the end")
        sock.sendall(data[-20:])
        is_(read_response(sock).status, 200, "slowly")


@test
def a_body_in_a_file():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER.replace(
        "auth_token_purge;",
        "auth_token_purge; client_body_in_file_only clean;"), http=HTTP)
    response = get(nginx, "/purge", method="POST", headers=[JSON],
                   body=b'{"all":true}')
    is_(response.status, 413, "refused")
    like(nginx.error_log(), "was written to a file", "the log tells")


def race(what):
    """A look-up of a good token is under way; the token is revoked; purge."""
    authority = Authority()
    nginx = start(authority, workers=2)
    token = authority.token()
    held = "/" + token.id + "$" if what == "details" else "/verify$"
    # the answer of before the revocation is on its way, and slow
    old = {"success": True, "errors": [], "messages": [],
           "result": {"id": token.id, "status": "active"}}
    authority.rules({"match": {"path": {"re": held}}, "times": 1,
                     "actions": [{"delay": 700}, {"answer": {
                         "status": 200, "body": old}}]})
    early = []
    thread = threading.Thread(target=lambda: early.append(
        cached(nginx, token.token)))
    thread.start()
    ok(poll(lambda: any(request["path"].endswith(held.strip("$"))
                        for request in authority.log()), 5), "under way")
    authority.token(token=token.token, id=token.id, status="disabled")
    return authority, nginx, token, thread, early


def after_race(authority, nginx, token, thread, early):
    late = parallel(8, lambda i: cached(nginx, token.token)[0])
    is_(late, [401] * 8, "who comes after the purge gets the new answer")
    thread.join()
    is_(early[0][0], 401, "and so does who waited")
    is_([cached(nginx, token.token)[0] for _ in range(4)], [401] * 4,
        "the old answer was not put back")


@test
def a_slow_lookup_and_a_purge_by_token():
    args = race("verify")
    purge(args[1], token=args[2].token)
    after_race(*args)


@test
def a_slow_lookup_and_a_purge_by_id():
    args = race("details")
    purge(args[1], id=args[2].id)
    after_race(*args)


@test
def a_slow_lookup_and_a_purge_by_id_before_it_is_known():
    args = race("verify")
    purge(args[1], id=args[2].id)
    after_race(*args)


@test
def a_slow_lookup_and_a_purge_of_the_provider():
    args = race("verify")
    purge(args[1], provider="cloudflare")
    after_race(*args)


@test
def a_slow_lookup_and_a_purge_of_all():
    args = race("details")
    purge(args[1], all=True)
    after_race(*args)


@test
def a_slow_lookup_of_one_step_and_a_purge():
    authority = Authority()
    nginx = start(authority, workers=2)
    token = authority.token(token="x" * 43)
    authority.rules({"match": {"path": "/introspect"}, "times": 1,
                     "actions": [{"delay": 700}, {"answer": {
                         "status": 200, "body": {"active": True}}}]})
    early = []
    thread = threading.Thread(target=lambda: early.append(
        cached(nginx, token.token, "/idp")))
    thread.start()
    ok(poll(lambda: authority.counts()["requests"] == 1, 5), "under way")
    authority.token(token=token.token, id=token.id, status="disabled")
    purge(nginx, token=token.token)
    thread.join()
    is_(early[0][0], 401, "who waited gets the new answer")
    is_(cached(nginx, token.token, "/idp")[0], 401, "and who comes later")


def who_waits(what):
    """Verify is in the cache, and details are asked for when the purge comes:
    what verify said before must not let in who waits."""
    authority = Authority()
    nginx = start(authority, workers=2, words="timeout 8s; cache valid=1h;")
    token = authority.token()
    details = {"path": {"re": token.id + "$"}}
    authority.rules({"match": details, "answer": {"status": 500}})
    is_(cached(nginx, token.token)[0], 503, "details are not known")
    poll(lambda: False, 1.2)

    # its secret was rolled meanwhile
    refusal = {"success": False, "messages": [], "result": None,
               "errors": [{"code": 1000, "message": "Invalid API Token"}]}
    authority.rules(
        {"match": details, "actions": [{"delay": 1500},
                                       {"answer": "default"}]},
        {"match": {"path": {"re": "/verify$"}, "token": token.token},
         "answer": {"status": 401, "body": refusal}})
    asked, early = authority.counts()["requests"], []
    thread = threading.Thread(
        target=lambda: early.append(cached(nginx, token.token)))
    thread.start()
    ok(poll(lambda: authority.counts()["requests"] > asked, 5), "asked for")
    purge(nginx, **what(token))
    is_(cached(nginx, token.token)[0], 401, "who comes later is refused")
    thread.join()
    is_(early[0][0], 401, "and so is who has waited")


@test
def who_waits_and_a_purge_by_token():
    who_waits(lambda token: {"token": token.token})


@test
def who_waits_and_a_purge_by_id():
    who_waits(lambda token: {"id": token.id})


@test
def who_waits_and_a_purge_of_the_provider():
    who_waits(lambda token: {"provider": "cloudflare"})


@test
def who_waits_and_a_purge_of_all():
    who_waits(lambda token: {"all": True})


@test
def purges_of_others_disturb_nobody():
    """Also not those whose answers are not kept."""
    authority = Authority()
    nginx = start(authority, words="cache valid=0; timeout 5s;")
    authority.rules({"match": {"path": {"re": "/tokens/[0-9a-f]{32}$"}},
                     "actions": [{"delay": 150}, {"answer": "default"}]})
    token = authority.token()
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(cached(nginx, token.token)))
    thread.start()
    count = 0
    while thread.is_alive():
        get(nginx, "/purge", method="POST", headers=[JSON], body=json.dumps(
            {"token": f"another-token-{count}" * 3}).encode())
        count += 1
        poll(lambda: False, 0.01)
    is_(answers, [(200, "MISS")], f"{count} purges in the time of one look-up")
    # keys may share a place in the table of purges
    ok(authority.counts()["requests"] <= 4, "which asked twice as a rule")


@test
def a_worker_that_is_about_to_go():
    """To it the configuration that came after its own is another one too."""
    authority = Authority()
    nginx = start(authority, words="cache valid=1h;")
    tokens = [authority.token() for _ in range(5)]
    body = json.dumps({"token": "x" * 45}).encode()
    client = Client(nginx, 10)
    client.sock.sendall(
        b"POST /purge HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + JSON.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body))
    poll(lambda: False, 0.3)
    http = nginx.settings["http"]
    nginx.configure(http=http.replace("http://127.0.0.1", "http://localhost"))
    ok(nginx.reload(), "with another endpoint")
    for one in tokens:
        is_(cached(nginx, one.token), (200, "MISS"), "known to the new one")
    client.sock.sendall(body)
    is_(client.receive().status, 200, "the old one has purged")
    # one of them may share a place in the table of purges with it
    hits = [cached(nginx, one.token) for one in tokens].count((200, "HIT"))
    ok(hits >= 4, f"they are known as before: {hits} of 5")


@test
def all_steps_of_a_token():
    authority = Authority()
    steps = "".join(f"step {name}; request GET /{path}; {more}\n"
                    for name, path, more in (
                        ("a", "first", "send_credential token; id /id;"),
                        ("b", "second/$id", "id /id match=any;"),
                        ("c", "third/$id", "id /id; active /active true;")))
    nginx = start(authority, http=HTTP + (
        "auth_token_provider three {{ endpoint http://127.0.0.1:{plain};\n"
        f"credential none; cache valid=1h;\n{steps}}}}}\n"))
    nginx.configure(server=SERVER + """
        location /three {{
            auth_token  three;
            add_header  X-Cache $auth_token_cache always;
            proxy_pass  http://127.0.0.1:{backend};
        }}
    """)
    ok(nginx.reload(), "with three steps")

    def answers(active):
        authority.rules(*({"match": {"path": {"re": path}},
                           "answer": {"body": body}} for path, body in (
                               ("/first$", {"id": "u1"}),
                               ("/second/u1$", {"id": "k9"}),
                               ("/third/k9$", {"id": "k9",
                                               "active": active}))))

    token = os.urandom(20).hex()
    authority.forbidden.append(token)
    authority.vouch(token)
    answers(True)
    is_(cached(nginx, token, "/three"), (200, "MISS"), "known")
    is_(cached(nginx, token, "/three"), (200, "HIT"), "in the cache")
    answers(False)
    authority.oracle(good=[])
    is_(purge(nginx, token=token, provider="three")["records"], 3,
        "all that is known of it")
    is_(cached(nginx, token, "/three"), (401, "MISS"), "it is asked about anew")


@test
def a_configuration_that_comes_back():
    """Answers of a former configuration cannot be purged by name; they must
    not come back with it."""
    for what in ("token", "id", "provider"):
        authority = Authority()
        nginx = start(authority, words="cache valid=1h;")
        token, other = authority.token(), authority.token()
        order = {"provider": "cloudflare"} if what == "provider" \
            else {what: getattr(token, what)}
        for one in (token, other):
            is_(cached(nginx, one.token), (200, "MISS"), "known at first")
        http = nginx.settings["http"]
        nginx.configure(http=http.replace("/user/tokens", "/user/tokens/."))
        ok(nginx.reload(), "with another endpoint")
        authority.token(token=token.token, id=token.id, status="disabled")
        purge(nginx, **order)
        nginx.configure(http=http)
        ok(nginx.reload(), "and back")
        is_(cached(nginx, token.token), (401, "MISS"), f"{what}: was purged")


@test
def stale_answers_end_with_a_purge():
    authority = Authority()
    nginx = start(authority, words="cache valid=1s stale=1h; breaker "
                  "failures=0;")
    token = authority.token()
    is_(cached(nginx, token.token), (200, "MISS"), "not known yet")
    authority.rules({"match": {"path": {"re": "."}},
                     "answer": {"status": 500}})
    ok(poll(lambda: cached(nginx, token.token) == (200, "STALE"), 5),
       "used beyond its life")
    is_(purge(nginx, token=token.token)["records"], 2, "what was dropped")
    is_(cached(nginx, token.token)[0], 503, "not used any more")


@test
def directive():
    for text, error in (("auth_token_purge on;",
                         "invalid number of arguments"),
                        ("auth_token_purge; auth_token_purge;",
                         '"auth_token_purge" directive is duplicate')):
        nginx = Nginx(server="location /x {{ " + text + " }}", http="",
                      start=False)
        status, said = nginx.test_configuration()
        isnt(status, 0, "refused")
        like(said, error, text)
        nginx.emerg_ok = "asked for"
    nginx = Nginx(server="location /x {{ auth_token_purge; }}", http="")
    is_(get(nginx, "/x", method="POST", headers=[JSON],
            body=b'{"all":true}').body, b'{"records":0,"negatives":0}\n',
        "without any provider there is nothing to drop")


run()
