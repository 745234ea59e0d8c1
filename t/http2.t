#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for HTTP/2 to the authority, with nginx in front of it, which tells it
# by what connection and protocol a request came.  The failure this file
# exists for: streams of one connection end or break apart, and one token
# gets another's answer, or all of them get none.

import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

FRONT = """
        ssl_certificate      {authority_dir}/good.pem;
        ssl_certificate_key  {authority_dir}/good.key;
        {more}
        location / {{
            proxy_pass          http://127.0.0.1:{plain};
            proxy_http_version  1.1;
            proxy_buffering     off;
            proxy_set_header    Connection "";
            proxy_set_header    X-Front "$connection $server_protocol";
        }}
"""

HTTP = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    https://127.0.0.1:{front}/client/v4/user/tokens;
        credential  bearer file:{credential};
        ssl_trusted_certificate {ca};
        breaker     failures=0;
        {words}
    }}
    auth_token_provider rfc {{
        preset      introspection;
        endpoint    https://127.0.0.1:{front}/introspect;
        credential  basic nginx file:{client_secret};
        ssl_trusted_certificate {ca};
        breaker     failures=0;
    }}
"""

SERVER = """
        location / {{
            auth_token  cloudflare;
            add_header  X-Id $auth_token_id always;
            proxy_pass  http://127.0.0.1:{backend};
        }}
        location /rfc {{
            auth_token  rfc;
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""

VERIFY = {"path": {"re": "/verify$"}}


def start(listen=" ssl http2", more="", words="", workers=1):
    """The authority, nginx in front of it, and the nginx that asks."""
    authority = Authority()
    text = FRONT.replace("{authority_dir}", authority.dir)
    front = Nginx(authority, load=False, listen=listen, workers=workers,
                  server=text.replace("{more}", more))
    nginx = Nginx(authority, server=SERVER, words=words,
                  http=HTTP.replace("{front}", str(front.port)))
    return authority, front, nginx


def ask(nginx, token):
    response = get(nginx, "/", bearer=token.token, timeout=20)
    return response.status, response.header("x-id")


def right(nginx, tokens, name):
    """All of them at a time: each is admitted, and by its own answer."""
    answers = parallel(len(tokens), lambda i: ask(nginx, tokens[i]))
    is_(answers, [(200, token.id) for token in tokens], name)


def fronts(authority):
    """What the front said of each request: [(connection, protocol)]."""
    return [tuple(dict(request["headers"])["X-Front"].split())
            for request in authority.log()]


@test
def many_lookups_over_one_connection():
    authority, front, nginx = start()
    tokens = [authority.token() for _ in range(40)]
    is_(ask(nginx, tokens[0]), (200, tokens[0].id), "the first")
    authority.rules({"match": VERIFY, "actions": [{"delay": 400},
                                                  {"answer": "default"}]})
    began = time.monotonic()
    right(nginx, tokens[1:], "the others, at a time")
    took = time.monotonic() - began
    seen = fronts(authority)
    is_(len(seen), 80, "look-ups")
    is_({protocol for _, protocol in seen}, {"HTTP/2.0"}, "by HTTP/2")
    is_(len({connection for connection, _ in seen}), 1, "over one connection")
    ok(took < 39 * 0.4 / 2, f"side by side ({took:.1f} s)")


@test
def many_connections_are_not_needed():
    """Nor made before it is known that they are not."""
    authority, front, nginx = start(words="max_connections 200; timeout 20s;")
    tokens = [authority.token() for _ in range(90)]
    thread = threading.Thread(target=lambda: right(nginx, tokens, "admitted"))
    os.kill(front.workers()[0], signal.SIGSTOP)
    thread.start()
    ok(poll(lambda: nginx.status()["writing"] > len(tokens), 10),
       "all wait for the first connection")
    os.kill(front.workers()[0], signal.SIGCONT)
    thread.join()
    seen = fronts(authority)
    is_(len(seen), 2 * len(tokens), "look-ups")
    is_({protocol for _, protocol in seen}, {"HTTP/2.0"}, "by HTTP/2")
    is_(len({connection for connection, _ in seen}), 1, "over one connection")


@test
def a_server_without_http_2():
    authority, front, nginx = start(listen=" ssl")
    tokens = [authority.token() for _ in range(5)]
    right(nginx, tokens, "admitted")
    is_({protocol for _, protocol in fronts(authority)}, {"HTTP/1.1"},
        "by HTTP/1.1")


@test
def fewer_streams_than_lookups():
    authority, front, nginx = start(more="http2_max_concurrent_streams 2;")
    tokens = [authority.token() for _ in range(20)]
    right(nginx, tokens, "all of them")
    is_({protocol for _, protocol in fronts(authority)}, {"HTTP/2.0"},
        "by HTTP/2")


@test
def a_connection_that_ends_after_some_requests():
    """nginx says GOAWAY with the last of them."""
    authority, front, nginx = start(more="keepalive_requests 3;")
    tokens = [authority.token() for _ in range(15)]
    for token in tokens:
        is_(ask(nginx, token), (200, token.id), "one after the other")
    seen = fronts(authority)
    is_(len(seen), 30, "look-ups")
    is_({protocol for _, protocol in seen}, {"HTTP/2.0"}, "by HTTP/2")
    is_(len({connection for connection, _ in seen}), 10, "connections")


@test
def a_connection_that_ends_while_others_wait():
    authority, front, nginx = start(more="keepalive_requests 4;",
                                    words="timeout 10s;")
    tokens = [authority.token() for _ in range(30)]
    answers = parallel(30, lambda i: ask(nginx, tokens[i]))
    wrong = [(answer, token.id) for answer, token in zip(answers, tokens)
             if answer not in ((200, token.id), (503, ""), (503, None))]
    is_(wrong, [], "nobody gets another's answer")
    diag(f"{sum(1 for answer in answers if answer[0] == 200)} of 30 admitted "
         "at once")
    ok(poll(lambda: all(ask(nginx, token) == (200, token.id)
                        for token in tokens), 20, 0.3), "all are, soon")


@test
def a_server_that_is_reloaded():
    """GOAWAY, while streams that were begun are finished."""
    authority, front, nginx = start(words="timeout 10s;")
    tokens = [authority.token() for _ in range(10)]
    is_(ask(nginx, tokens[0]), (200, tokens[0].id), "before")
    authority.rules({"match": VERIFY, "actions": [{"delay": 1500},
                                                  {"answer": "default"}]})
    asked = authority.counts()["requests"]
    answers = []
    thread = threading.Thread(target=lambda: answers.extend(
        parallel(9, lambda i: ask(nginx, tokens[i + 1]))))
    thread.start()
    ok(poll(lambda: authority.counts()["requests"] == asked + 9, 5),
       "under way")
    ok(front.reload(), "reloaded")
    thread.join()
    is_(answers, [(200, token.id) for token in tokens[1:]],
        "all of them are answered")
    authority.rules()
    late = authority.token()
    is_(ask(nginx, late), (200, late.id), "afterwards")
    seen = fronts(authority)
    ok(len({connection for connection, _ in seen}) >= 2, "by another one")
    is_({protocol for _, protocol in seen}, {"HTTP/2.0"}, "by HTTP/2")


@test
def a_stream_that_is_reset():
    """One answer is cut off: the front resets its stream, no other."""
    authority, front, nginx = start(words="timeout 10s;")
    good = [authority.token() for _ in range(10)]
    cut = authority.token()
    authority.rules(
        {"match": {**VERIFY, "token": [cut.token]}, "actions": [
            {"delay": 200},
            {"send": "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Content-Length: 5000\r\n\r\n{\"success\":true,"},
            {"close": True}]},
        {"match": VERIFY, "actions": [{"delay": 400}, {"answer": "default"}]})
    tokens = good[:5] + [cut] + good[5:]
    answers = parallel(11, lambda i: ask(nginx, tokens[i]))
    is_([one[0] for one in answers], [200] * 5 + [503] + [200] * 5, "statuses")
    is_([one[1] for one in answers if one[0] == 200],
        [token.id for token in good], "each with its own answer")
    seen = fronts(authority)
    is_(len({connection for connection, _ in seen}), 1,
        "over the one connection")
    like(nginx.error_log(), r"\[error\].*HTTP/2 stream was reset", "logged")
    authority.rules()
    ok(poll(lambda: ask(nginx, cut) == (200, cut.id), 5, 0.2),
       "its next look-up is good")


@test
def a_server_that_dies():
    authority, front, nginx = start(words="timeout 10s;")
    front.alert_ok = "its worker is killed"
    tokens = [authority.token() for _ in range(10)]
    authority.rules({"match": VERIFY, "actions": [{"hold": True}]})
    answers = []
    began = time.monotonic()
    thread = threading.Thread(target=lambda: answers.extend(
        parallel(10, lambda i: ask(nginx, tokens[i]))))
    thread.start()
    ok(poll(lambda: authority.counts()["requests"] == 10, 5), "under way")
    front.process.send_signal(signal.SIGSTOP)
    for pid in front.workers():
        os.kill(pid, signal.SIGKILL)
    thread.join()
    took = time.monotonic() - began
    is_(answers, [(503, None)] * 10, "nobody is admitted")
    # newer versions of libcurl connect once more, and are not answered
    ok(took < (16 if VALGRIND else 11),
       f"and nobody waits for longer than told ({took:.1f} s)")
    front.process.send_signal(signal.SIGCONT)
    authority.rules()
    ok(poll(lambda: [ask(nginx, token) for token in tokens]
            == [(200, token.id) for token in tokens], 10, 0.3),
       "all of them when there is a server again")


@test
def a_server_that_dies_and_comes_back():
    """A look-up by POST: it is sent again, by another connection."""
    authority, front, nginx = start(words="timeout 10s;")
    front.alert_ok = "its worker is killed"
    first, late = authority.token(), authority.token()
    is_(get(nginx, "/rfc", bearer=first.token).status, 200, "the first")
    authority.rules({"match": {"path": "/introspect"}, "times": 1,
                     "actions": [{"hold": True}]})
    answers = []
    thread = threading.Thread(target=lambda: answers.append(
        get(nginx, "/rfc", bearer=late.token, timeout=20).status))
    thread.start()
    ok(poll(lambda: authority.counts()["requests"] == 2, 5), "under way")
    for pid in front.workers():
        os.kill(pid, signal.SIGKILL)
    thread.join()
    is_(answers, [200], "admitted")
    seen = fronts(authority)
    is_({protocol for _, protocol in seen}, {"HTTP/2.0"}, "by HTTP/2")
    is_(len(seen), 3, "asked once more")


@test
def a_server_that_is_gone():
    authority, front, nginx = start()
    token = authority.token()
    is_(ask(nginx, token), (200, token.id), "before")
    front.stop()
    is_(ask(nginx, authority.token()), (503, None), "nobody is there")
    like(nginx.error_log(), r"could not connect \(.*\(111: ", "the reason")
    is_(ask(nginx, token), (200, token.id), "what is known is known")
    front.start()
    late = authority.token()
    is_(ask(nginx, late), (200, late.id), "it is there again")


run()
