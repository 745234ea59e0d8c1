#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for what stands in the memory that workers share.  The failure this
# file exists for: whoever can read it, or a dump of a worker, or what a zone
# leaves behind, has tokens that are good.

import base64
import os
import re
import subprocess
import sys
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

if os.getuid() != 0:
    plan_skip_all("needs root, to read the memory of a worker")

HTTP = """
    auth_token_zone tokens:1m;
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    http://127.0.0.1:{plain}/client/v4/user/tokens;
        credential  bearer file:{credential};
        breaker     failures=0;
        timeout     2s;
    }}
    auth_token_provider as {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  basic nginx file:{client_secret};
        breaker     failures=0;
        timeout     2s;
    }}
    auth_token_provider granted {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  client_credentials http://127.0.0.1:{plain}/oauth2/token
                    basic nginx file:{client_secret};
        breaker     failures=0;
        timeout     2s;
    }}
"""

SERVER = "".join("""
    location /%s {{
        auth_token  %s;
        add_header  X-Verdict "$auth_token_verdict $auth_token_cache" always;
        proxy_pass  http://127.0.0.1:{backend};
    }}
""" % (name, name) for name in ("cloudflare", "as", "granted"))

PROVIDERS = ("cloudflare", "as", "granted")


def shared_memory(nginx):
    """All that the worker shares with others: its zones."""
    pid = nginx.workers()[0]
    found = []
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights, _, _, _, *path = line.split()
            if rights != "rw-s" or path[:1] != ["/dev/zero"]:
                continue
            start, end = (int(one, 16) for one in span.split("-"))
            memory.seek(start)
            data = bytearray()
            while len(data) < end - start:
                more = memory.read(end - start - len(data))
                if not more:
                    raise RuntimeError("cannot be read: " + line)
                data += more
            found.append(bytes(data))
    return b"\0".join(found)


def forms(secret):
    """As it is, and as it is sent.  In base64 it may begin at any byte of
    three, and what is next to it changes its ends.  Records hold hexadecimal
    digits as the bytes that they stand for."""
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    for before in range(3):
        coded = base64.b64encode(b"." * before + raw)[4:-4]
        yield coded
        yield coded.translate(bytes.maketrans(b"+/", b"-_"))
    yield raw.hex().encode()
    for digits in re.findall("(?:[0-9a-f]{2}){16,}", secret):
        yield bytes.fromhex(digits)


def new_token(provider):
    """With all that has to be escaped somewhere, if there may be such."""
    start = "cfut_" if provider == "cloudflare" else "t.~+/"
    return start + os.urandom(24).hex()


class Watch:
    """A server, and the search for what the authority knows as secret."""

    def __init__(self, authority=None):
        self.authority = authority or Authority()
        self.nginx = Nginx(self.authority, http=HTTP, server=SERVER)

    def token(self, provider, **entry):
        return self.authority.token(token=new_token(provider), **entry)

    def ask(self, provider, token):
        response = get(self.nginx, "/" + provider, bearer=token.token)
        return response.status, response.header("x-verdict")

    def clean(self, when):
        """Returns what was searched."""
        data = shared_memory(self.nginx)
        secrets = {*self.authority.forbidden,
                   *self.authority.call("GET", "granted")}
        found = [secret for secret in secrets
                 if any(form in data for form in forms(secret))]
        is_(found, [], f"{when}: neither token nor credential")
        return data


@test
def what_is_there_is_found():
    """Ids are kept as they are; were it not for this, a search that finds
    nothing could be one that looks elsewhere."""
    watch = Watch()
    for provider in PROVIDERS:
        token = watch.token(provider, jti="id-of-" + provider)
        is_(watch.ask(provider, token), (200, "ALLOWED MISS"), provider)
        name = token.id if provider == "cloudflare" else "id-of-" + provider
        data = watch.clean(provider)
        ok(any(form in data for form in forms(name)), "its id is there")
    for name in "n", "nginx", "nginx:":
        coded = base64.b64encode(f"{name}:a +/secret&".encode())
        ok(any(form in coded for form in forms("a +/secret")), "in base64 too")


@test
def good_and_bad_tokens():
    watch = Watch()
    for provider in PROVIDERS:
        good = watch.token(provider)
        bad = watch.token(provider, status="disabled")
        expired = watch.token(provider, exp=1577836800,
                              expires_on="2020-01-01T00:00:00Z")
        strange = Token(new_token(provider), "")
        watch.authority.forbidden.append(strange.token)
        is_(watch.ask(provider, good), (200, "ALLOWED MISS"), "miss")
        watch.clean(f"{provider}, miss")
        is_(watch.ask(provider, good), (200, "ALLOWED HIT"), "hit")
        for token in (bad, expired, strange):
            is_([watch.ask(provider, token)[0] for _ in range(2)], [401, 401],
                "refused, and from the cache")
        watch.clean(f"{provider}, hit and refusals")


@test
def while_an_answer_is_waited_for():
    watch = Watch()
    watch.authority.rules({"match": {}, "actions": [{"hold": True}]})
    clients = [Client(watch.nginx) for _ in PROVIDERS]
    for provider, client in zip(PROVIDERS, clients):
        client.send("/" + provider, bearer=watch.token(provider).token)
    ok(poll(lambda: watch.authority.counts()["requests"] == 3), "under way")
    watch.clean("meanwhile")
    for client in clients:
        client.close()


@test
def look_ups_that_fail():
    watch = Watch()
    for what in ({"status": 500}, {"status": 429},
                 {"status": 401, "body": '{"error":"invalid_client"}'},
                 {"status": 200, "body": "{", "headers":
                  ["Content-Type: application/json"]}):
        watch.authority.rules({"match": {}, "answer": what})
        for provider in PROVIDERS:
            is_(watch.ask(provider, watch.token(provider))[0], 503,
                provider)
        watch.clean(f"after {what['status']}")


@test
def a_credential_that_is_refused():
    authority = Authority()
    for name in "cloudflare.token", "client.secret":
        authority.secret_file(name, "wrong+/" + os.urandom(24).hex())
    watch = Watch(authority)
    for provider in PROVIDERS:
        is_(watch.ask(provider, watch.token(provider))[0], 503, "our fault")
    like(watch.nginx.error_log(), "credential was refused", "as the log says")
    watch.clean("afterwards")


@test
def an_answer_that_repeats_the_token():
    watch = Watch()
    for name, more in {
            "as a member": lambda text: {"token": text},
            "as its id": lambda text: {"jti": text},
            "as the subject": lambda text: {"sub": text},
            "as the scope": lambda text: {"scope": "a " + text},
            "in a list": lambda text: {"aud": ["x", text]},
            "in a text": lambda text: {"note": f"Bearer {text}, of today"},
            "as a name": lambda text: {text: 1},
            "deep inside": lambda text: {"a": [{"b": {"token": text}}]},
            }.items():
        text = new_token("as")
        token = watch.authority.token(token=text, jti="of-" + name,
                                      introspection=more(text))
        ok(watch.ask("as", token)[0] in (200, 503), name)
        watch.clean(name)


@test
def what_nginx_prints_of_its_configuration():
    watch = Watch()
    done = subprocess.run([*watch.nginx.arguments(), "-T"], text=True,
                          capture_output=True, timeout=60,
                          env=watch.nginx.surroundings())
    printed = done.stdout + done.stderr
    ok("preset      introspection;" in printed, "all of it is there")
    is_([one for one in watch.authority.forbidden if one in printed], [],
        "but no secret")


run()
