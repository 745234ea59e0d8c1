#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the reuse of connections to the authority.  The failure this file
# exists for: an authority that sends a response nobody asked for on an idle
# connection shifts every later answer by one in some releases of libcurl, so
# that one client's token gets the facts of another's.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

HTTP = """
    auth_token_provider as {{
        preset      introspection;
        endpoint    {endpoint};
        credential  basic nginx file:{client_secret};
        ssl_trusted_certificate {ca};
        cache       valid=60s negative=60s;
        {words}
    }}
"""

SERVER = """
        location / {{
            auth_token  as;
            add_header  X-Subject $auth_token_subject always;
            add_header  X-Cache $auth_token_cache always;
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""

# what a confused or hostile authority pushes down an idle connection
BODY = '{"active":true,"sub":"somebody-else","jti":"stolen"}'
UNASKED = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
           f"Content-Length: {len(BODY)}\r\n\r\n{BODY}")


INTROSPECT = {"path": {"re": "introspect"}}

# more connections than libcurl is given to look through at a time
MANY = 150


def start(authority, tls, words="", **settings):
    port = authority.tls if tls else authority.plain
    scheme = "https" if tls else "http"
    endpoint = f"{scheme}://localhost:{port}/introspect"
    return Nginx(authority, server=SERVER,
                 http=HTTP.replace("{endpoint}", endpoint), words=words,
                 **settings)


def tokens(authority, count):
    return [authority.token(sub=f"subject-{i}") for i in range(count)]


def mix_up(tls):
    authority = Authority()
    known = tokens(authority, 60)
    nginx = start(authority, tls)

    is_(get(nginx, "/", bearer=known[0].token).header("x-subject"),
        "subject-0", "without fault")

    growth = Growth(nginx)
    authority.rules({"match": {"path": {"re": "introspect"}},
                     "actions": [{"answer": "default"}, {"send": UNASKED}]})
    wrong = []
    for i, token in enumerate(known[1:30], 1):
        response = get(nginx, "/", bearer=token.token)
        if (response.status, response.header("x-subject")) \
                != (200, f"subject-{i}"):
            wrong.append((i, response.status, response.header("x-subject")))
    is_(wrong, [], "response right behind the answer")

    authority.rules({"match": {"path": {"re": "introspect"}},
                     "actions": [{"answer": "default"},
                                 {"later": 3, "actions":
                                     [{"send": UNASKED}]}]})
    wrong = []
    for i, token in enumerate(known[30:], 30):
        response = get(nginx, "/", bearer=token.token)
        if (response.status, response.header("x-subject")) \
                != (200, f"subject-{i}"):
            wrong.append((i, response.status, response.header("x-subject")))
        # time for it to arrive: until the authority has sent what it owes
        poll(lambda: False, 0.008)
    is_(wrong, [], "response on the idle connection")
    ok(growth.peak() < ROOM, f"for {growth.peak()} KiB")

    stranger = get(nginx, "/", bearer="no-such-token-anywhere")
    is_(stranger.status, 401, "an unknown token stays unknown")
    is_(authority.counts()["backend"], len(known), "requests at the backend")


@test
def unasked_responses_over_http():
    mix_up(False)


@test
def unasked_responses_over_https():
    mix_up(True)


def reuse(tls):
    authority = Authority()
    known = tokens(authority, 30)
    nginx = start(authority, tls)
    for token in known:
        is_(get(nginx, "/", bearer=token.token).status, 200, "status")
    counts = authority.counts()
    is_(counts["requests"], 30, "look-ups")
    is_(counts["connections"], 1, "connections for them")


def flood(tls):
    """More than a worker should read, on a connection that nobody uses."""
    authority = Authority()
    known = tokens(authority, 3)
    nginx = start(authority, tls)
    growth = Growth(nginx)
    authority.rules({"match": INTROSPECT, "times": 1, "actions": [
        {"answer": "default"},
        {"later": 3, "actions": [{"endless": "body", "size": 65536,
                                  "gap": 10}]}]})
    is_(get(nginx, "/", bearer=known[0].token).status, 200, "before")
    ok(poll(lambda: authority.counts()["open"] == 0, 5),
       "the connection is closed, whatever was still to come")
    ok(growth.peak() < ROOM, f"for {growth.peak()} KiB")
    is_(get(nginx, "/", bearer=known[1].token).header("x-subject"),
        "subject-1", "the next one has its own answer")


@test
def a_flood_nobody_asked_for_over_http():
    flood(False)


@test
def a_flood_nobody_asked_for_over_https():
    flood(True)


@test
def one_connection_serves_all_over_http():
    reuse(False)


@test
def one_connection_serves_all_over_https():
    reuse(True)


@test
def a_closed_idle_connection_costs_no_request():
    authority = Authority()
    known = tokens(authority, 10)
    nginx = start(authority, True)
    for token in known:
        is_(get(nginx, "/", bearer=token.token).status, 200, "status")
        authority.call("POST", "close", {"rst": token is known[4]})
    is_(authority.counts()["connections"], 10, "connections")


def many(authority, **settings):
    return start(authority, False, f"max_connections {MANY}; timeout 30s; "
                 "max_lookups 1024;", **settings)


def burst(authority, nginx, known, which, name, rules=()):
    """Those of them at a time, of an authority that takes its time."""
    authority.rules(*rules, {"match": INTROSPECT, "actions": [
        {"delay": 1500}, {"answer": "default"}]})
    asked = authority.counts()["requests"]
    clients = [Client(nginx, 40) for _ in which]
    for i, client in zip(which, clients):
        client.send("/", bearer=known[i].token)
    ok(poll(lambda: authority.counts()["requests"] - asked
            >= min(MANY, len(which)), 20), f"{name}: all connections are used")
    answers = []
    for client in clients:
        response = client.receive()
        answers.append((response.status, response.header("x-subject")))
        client.close()
    is_(answers, [(200, f"subject-{i}") for i in which],
        f"{name}: each has its own answer")
    is_(authority.counts()["requests"] - asked, len(which),
        f"{name}: look-ups")
    authority.rules()


@test
def many_connections_are_used_again():
    authority = Authority()
    known = tokens(authority, 600)
    nginx = many(authority)
    burst(authority, nginx, known, range(200), "at first")
    is_(authority.counts()["connections"], MANY, "connections")
    burst(authority, nginx, known, range(200, 400), "again")
    burst(authority, nginx, known, range(400, 600), "once more")
    counts = authority.counts()
    is_((counts["connections"], counts["open"]), (MANY, MANY),
        "they are the same, and none is lost")


@test
def few_lookups_use_few_of_many_connections():
    authority = Authority()
    known = tokens(authority, 30)
    nginx = many(authority)
    for token in known:
        is_(get(nginx, "/", bearer=token.token).status, 200, "status")
    is_(authority.counts()["connections"], 1, "connections")


@test
def an_unasked_response_on_one_of_many_connections():
    authority = Authority()
    known = tokens(authority, MANY + 5)
    nginx = many(authority)
    burst(authority, nginx, known, range(MANY), "before", [
        {"match": INTROSPECT, "skip": MANY - 1, "times": 1, "actions": [
            {"delay": 1500}, {"answer": "default"},
            {"later": 1500, "actions": [{"send": UNASKED}]}]}])
    is_(authority.counts()["open"], MANY, "connections that are open")
    ok(nginx.wait_log("sent an answer that nobody asked for"), "the log tells")
    ok(poll(lambda: authority.counts()["open"] == 0), "all of them are closed")
    for token in known[MANY:]:
        is_(get(nginx, "/", bearer=token.token).status, 200, "status")
    is_(authority.counts()["connections"], MANY + 5,
        "each look-up has one of its own now")


@test
def many_connections_that_are_not_used_again():
    authority = Authority()
    clock = Clock(authority)
    known = tokens(authority, MANY + 1)
    nginx = many(authority, environment=clock.environment, main=clock.main)
    burst(authority, nginx, known, range(MANY), "before")
    is_(authority.counts()["open"], MANY, "connections")
    clock.set(70)
    is_(get(nginx, "/", bearer=known[MANY].token).status, 200,
        "a look-up after a minute")
    ok(poll(lambda: authority.counts()["open"] == 1),
       "has a new connection, and the old ones are closed")


run()
