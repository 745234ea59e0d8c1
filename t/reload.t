#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the life of the processes.  The failure this file exists for: a
# request that waits for a look-up is lost when its worker is told to go, as
# nginx counts timers only when it decides whether a worker is still needed.

import itertools
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

RELOADS = int(os.environ.get("AUTH_TOKEN_RELOADS", 20))

# requests a second while nginx is reloaded: what is aimed at, and the least
AIM = 700
LEAST = (500 if "AUTH_TOKEN_RELOADS" in os.environ else 250) / PATIENCE

# a page of nginx's own, as the backend takes longer
PAGES = PROTECTED + """
        location = /page {{
            auth_token   cloudflare;
            stub_status;
        }}
"""

VERIFY = {"path": {"re": "/verify$"}}


def slowly(authority, milliseconds):
    authority.rules({"match": VERIFY, "actions": [{"delay": milliseconds},
                                                  {"answer": "default"}]})


def waiting_clients(authority, nginx, count, same=False):
    """Clients whose look-ups are under way."""
    asked = authority.counts()["requests"]
    token = authority.token()
    clients = []
    for _ in range(count):
        client = Client(nginx, 20)
        client.send("/", bearer=token.token if same
                    else authority.token().token)
        clients.append(client)
    poll(lambda: authority.counts()["requests"]
         >= asked + (1 if same else count), 5)
    return clients


@test
def a_reload_loses_nobody_who_waits():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, words="timeout 10s;",
                  workers=2)
    slowly(authority, 1500)
    clients = waiting_clients(authority, nginx, 8) \
        + waiting_clients(authority, nginx, 8, same=True)
    ok(nginx.reload(), "reloaded")
    is_([client.receive().status for client in clients], [200] * 16,
        "all are answered")


@test
def quit_waits_for_those_who_wait():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, words="timeout 10s;")
    slowly(authority, 1000)
    clients = waiting_clients(authority, nginx, 5)
    nginx.send_signal(signal.SIGQUIT)
    is_([client.receive().status for client in clients], [200] * 5,
        "all are answered")
    is_(nginx.stop(), 0, "and nginx ends")


@test
def quit_is_bounded_by_the_timeout():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, words="timeout 700ms;")
    authority.rules({"match": VERIFY, "actions": [{"hold": True}]})
    clients = waiting_clients(authority, nginx, 5)
    start = time.monotonic()
    nginx.send_signal(signal.SIGQUIT)
    is_([client.receive().status for client in clients], [503] * 5,
        "all are answered")
    is_(nginx.stop(), 0, "nginx ends")
    ok(time.monotonic() - start < 2 * PATIENCE, "soon")


@test
def term_ends_at_once_with_many_pending():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED,
                  words="timeout 30s; max_lookups 2000;")
    authority.rules({"match": VERIFY, "actions": [{"hold": True}]})
    clients = waiting_clients(authority, nginx, 10) \
        + waiting_clients(authority, nginx, 300, same=True)
    start = time.monotonic()
    is_(nginx.stop(signal.SIGTERM), 0, "nginx ends")
    ok(time.monotonic() - start < 2 * PATIENCE, "soon")
    for client in clients:
        client.close()


def helpers(nginx):
    """The titles of the cache manager and of the cache loader."""
    found = []
    for pid in nginx.all_workers():
        try:
            title = nginx.title(pid)
        except OSError:
            continue
        found += [name for name in ("manager", "loader")
                  if f"cache {name} process".encode() in title]
    return found


@test
def the_processes_of_nginx_s_own_cache():
    authority = Authority()
    nginx = Nginx(authority, start=False, workers=2)
    nginx.configure(http=PROVIDER + f"proxy_cache_path {nginx.path('pages')} "
                    "keys_zone=pages:1m;", server="""
        location / {{
            auth_token   cloudflare;
            proxy_cache  pages;
            proxy_pass   http://127.0.0.1:{backend};
        }}
""")
    nginx.start()
    good = authority.token()
    ok(poll(lambda: "manager" in helpers(nginx)), "there is a cache manager")
    is_(get(nginx, "/", bearer=good.token).status, 200, "a good token")
    is_(get(nginx, "/").status, 401, "no token")
    ok(nginx.reload(), "reloaded")
    ok(poll(lambda: helpers(nginx).count("manager") == 1),
       "there is one cache manager again")
    is_(get(nginx, "/", bearer=good.token).status, 200, "a good token")
    unlike(nginx.error_log(), r"auth token(?!: access denied)|exited on signal",
           "nothing is wrong")
    is_(nginx.stop(), 0, "and nginx ends")


@test
def the_cache_survives_a_reload():
    authority = Authority()
    token, stranger = authority.token(), "no-such-token-" * 3
    nginx = Nginx(authority, server=PROTECTED, workers=2)
    for _ in range(2):
        is_(get(nginx, "/", bearer=token.token).status, 200, "known")
        is_(get(nginx, "/", bearer=stranger).status, 401, "unknown")
        is_(authority.counts()["requests"], 3, "look-ups")
        nginx.configure(workers=3)
        ok(nginx.reload(), "reloaded with another number of workers")


@test
def the_budget_survives_a_reload():
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, workers=2,
                  words="limit_lookups rate=1r/m burst=8;")
    strangers = [f"{n}" * 45 for n in range(8)]
    is_([get(nginx, "/", bearer=one).status for one in strangers[:5]],
        [401] * 4 + [503], "strangers have half of it")
    nginx.configure(workers=3)
    ok(nginx.reload(), "reloaded with another number of workers")
    is_([get(nginx, "/", bearer=one).status for one in strangers[5:]],
        [503] * 3, "that half is still used up")
    is_(get(nginx, "/", bearer=strangers[0]).status, 401, "hits go on")
    is_(authority.counts()["requests"], 4, "look-ups")


@test
def a_pause_survives_a_reload():
    for answer, words in (
            ({"status": 429, "headers": ["Retry-After: 120"]}, ""),
            ({"status": 500}, "breaker failures=1 delay=2m;")):
        authority = Authority()
        nginx = Nginx(authority, server=PROTECTED, workers=2, words=words)
        authority.rules({"match": {"path": {"re": "/tokens/[0-9a-f]{32}$"}},
                         "answer": answer})
        is_(get(nginx, "/", bearer=authority.token().token).status, 503,
            "the authority wants to be left alone")
        nginx.configure(workers=3)
        ok(nginx.reload(), "reloaded with another number of workers")
        for _ in range(4):
            response = get(nginx, "/", bearer=authority.token().token)
            is_(response.status, 503, "as it is")
            ok(100 <= int(response.header("retry-after")) <= 120, "for long")
        is_(authority.counts()["requests"], 2, "look-ups")
        nginx.end()


@test
def another_endpoint_finds_no_answer_of_before():
    authority = Authority()
    token = authority.token()
    nginx = Nginx(authority, server=PROTECTED)
    is_(get(nginx, "/", bearer=token.token).status, 200, "at the first")
    nginx.configure(http=nginx.settings["http"].replace("/user/tokens",
                                                        "/user/tokens/."))
    authority.rules({"match": {"path": {"re": "."}},
                     "answer": {"status": 500}})
    ok(nginx.reload(), "reloaded")
    is_(get(nginx, "/", bearer=token.token).status, 503, "at the second")


@test
def another_credential_finds_no_answer_of_before():
    authority = Authority()
    token = authority.token()
    nginx = Nginx(authority, server=PROTECTED)
    is_(get(nginx, "/", bearer=token.token).status, 200, "with the first")
    authority.secret_file("cloudflare.token", "w" * 40)
    ok(nginx.reload(), "reloaded")
    is_(get(nginx, "/", bearer=token.token).status, 503, "with the second")
    like(nginx.error_log(), r"credential was refused", "the log tells")


@test
def reloads_under_load():
    """At a rate of a hundred a minute; a minute of it where asked for."""
    authority = Authority()
    tokens = [authority.token() for _ in range(20)]
    nginx = Nginx(authority, server=PAGES, workers=2, log_level="notice",
                  words="cache valid=1s;")
    # some wait for a look-up whenever a worker is told to go
    slowly(authority, 100)
    turn = itertools.count()

    def choose():
        i = next(turn)
        path = "/page" if i % 8 else "/"
        if i % 3:
            return {"path": path, "bearer": tokens[i % 20].token}, (200,)
        return {"path": path, "bearer": "x" * 45}, (401,)

    load = Load(nginx, AIM, choose)
    begun = time.monotonic()
    reloads = 0
    for i in range(RELOADS):
        poll(lambda: time.monotonic() - begun >= i * 0.6, 5)
        reloads += nginx.reload()
    poll(lambda: time.monotonic() - begun >= RELOADS * 0.6, 5)
    pace = reloads / (time.monotonic() - begun) * 60
    load.end()
    is_(reloads, RELOADS, "reloads")
    diag(f"{load.total()} requests, {load.mean():.0f}/s, {load.seen}, "
         f"{pace:.0f} reloads a minute; sent again, as a kept connection had "
         f"ended: {load.again}")
    ok(load.mean() >= LEAST, f"{LEAST} requests a second at least")
    ok(pace > 95 / PATIENCE, "a hundred reloads a minute")
    is_(load.wrong, {}, "no request failed")
    ok(poll(lambda: nginx.descriptors(nginx.pid)
            <= 40 and len(nginx.all_workers()) == 2, 10),
       "old workers are gone, and the master keeps nothing of them")


# what may stand in the way of a reload
REFUSED = {
    "a wrong word": {"words": "timeout never;"},
    "a word that is not there": {"words": "no_such_word on;"},
    "an unknown provider": {"server": "location / {{ auth_token other; }}"},
    "no credential": {"http": PROVIDER.replace("{credential}", "/nonexistent")},
    "no trust": {"words": "ssl_trusted_certificate /nonexistent;"},
    "a zone that is too small": {"http": "auth_token_zone tokens:8k;"
                                 + PROVIDER},
    "another size of the zone, and a wrong word":
        {"http": "auth_token_zone tokens:3m;" + PROVIDER,
         "words": "timeout never;"},
    "another size of the zone, and a port that is taken":
        {"http": "auth_token_zone tokens:3m; server {{ listen "
         "127.0.0.1:{plain}; }}" + PROVIDER},
}


@test
def a_failing_reload_changes_nothing():
    authority = Authority()
    token = authority.token()
    nginx = Nginx(authority, server=PROTECTED)
    nginx.emerg_ok = "asked for"
    is_(get(nginx, "/", bearer=token.token).status, 200, "before")
    good = dict(nginx.settings)
    workers = nginx.workers()
    slowly(authority, 600)
    for name, changes in REFUSED.items():
        asked = authority.counts()["requests"]
        with Client(nginx) as client:
            client.send("/", bearer=authority.token().token)
            poll(lambda: authority.counts()["requests"] > asked)
            nginx.configure(**{**good, **changes})
            ok(not nginx.reload(5), f"{name}: refused")
            is_(client.receive().status, 200, f"{name}: who waits is answered")
        asked = authority.counts()["requests"]
        is_(get(nginx, "/", bearer=token.token).status, 200,
            f"{name}: a known token")
        is_(authority.counts()["requests"], asked, f"{name}: from the cache")
    ok(nginx.wait_log("still could not bind"), "nginx has tried long enough")
    is_(nginx.workers(), workers, "the workers are the same ones")
    nginx.configure(**good)
    ok(nginx.reload(), "a good one is taken after all")
    asked = authority.counts()["requests"]
    is_(get(nginx, "/", bearer=token.token).status, 200, "after")
    is_(authority.counts()["requests"], asked, "the zone has survived")


@test
def as_many_providers_as_a_zone_takes():
    """All of them change at once, and again: none is without a place in the
    zone for as long as those before are remembered there."""
    authority = Authority()
    token = authority.token()
    names = range(64)

    def providers(path, count=64):
        return "".join(
            f"auth_token_provider p{n} {{{{ preset introspection;\n"
            f"endpoint http://127.0.0.1:{{plain}}/introspect?{path}&n={n};\n"
            "credential basic nginx file:{client_secret}; }}\n"
            for n in range(count))

    nginx = Nginx(authority, workers=2, http=providers("a"), server="""
        location / {{
            auth_token  p$arg_p;
            proxy_pass  http://127.0.0.1:{backend};
        }}
    """)

    def statuses():
        return {get(nginx, f"/?p={n}", bearer=token.token).status
                for n in names}

    is_(statuses(), {200}, "64 providers")
    for path in ("b", "c", "d"):
        nginx.configure(http=providers(path))
        ok(nginx.reload(), "each is another one")
        is_(statuses(), {200}, "all answer")
    asked = authority.counts()["requests"]
    is_(statuses(), {200}, "once more")
    is_(authority.counts()["requests"], asked, "from the cache")

    nginx.emerg_ok = "it is the test"
    nginx.configure(http=providers("e", 65))
    status, said = nginx.test_configuration()
    ok(status == 1 and 'zone "tokens" has room for 64 providers in '
       f'{nginx.dir}/nginx.conf:' in said, "65 are refused") or diag(said)


@test
def descriptors_that_run_out():
    """Without eventfds workers look for themselves: nginx goes on."""
    authority = Authority()
    token = authority.token()
    nginx = Nginx(authority, server=PROTECTED, connections=32,
                  command=["prlimit", "--nofile=48:48"])
    nginx.alert_ok = nginx.emerg_ok = "descriptors run out"
    is_(get(nginx, "/", bearer=token.token).status, 200, "before")
    nginx.configure(workers=40)
    os.kill(nginx.pid, signal.SIGHUP)
    ok(nginx.wait_log(r"\[alert\].*eventfd\(\) failed.*24:"),
       "there is none for each of 40 workers")

    def served():
        # nginx's channels between 40 workers take descriptors as well: not
        # each of them has one left to ask an authority by
        try:
            return get(nginx, "/-/alive").status == 200
        except OSError:
            return False

    ok(poll(served, 30), "after")
    ok(nginx.process.poll() is None, "the master is there")


@test
def another_size_of_the_zone():
    authority = Authority()
    token = authority.token()
    nginx = Nginx(authority, server=PROTECTED,
                  http="auth_token_zone tokens:1m;" + PROVIDER)
    is_(get(nginx, "/", bearer=token.token).status, 200, "before")
    nginx.configure(http="auth_token_zone tokens:2m;" + PROVIDER)
    ok(nginx.reload(), "reloaded")
    is_(get(nginx, "/", bearer=token.token).status, 200, "after")
    is_(authority.counts()["requests"], 4, "look-ups: the zone is new")


run()
