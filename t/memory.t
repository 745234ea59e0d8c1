#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for a machine that has no memory left while a configuration is read.
# The failure this file exists for: what could not be allocated is used, or a
# server starts without the half that protects it.  Each place of the module
# that allocates fails once; with an nginx built with -DNGX_DEBUG_PALLOC=1
# that is every allocation, else those for which a pool has to grow.

import bisect
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.nginx import BINARY, MODULE  # noqa: E402

if SANITIZED:
    plan_skip_all("the allocator of the sanitizers is in the way")

HTTP = """
    auth_token_zone tokens:1m;
    auth_token_zone others:1m;
    variables_hash_max_size 4096;
    map $arg_p $provider {{ default cloudflare; b idp; }}
    auth_token_realm "realm of $host";
    auth_token_log_level warn;
    auth_token_set $roles /roles join=,;
    auth_token_set $tenant /tenant/id;

    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    https://localhost:{tls}/client/v4/user/tokens;
        credential  bearer file:{credential};
        cache       zone=tokens valid=1m negative=10s refresh=10s stale=1m;
        timeout     3s;
        connect_timeout 1s;
        leeway      1s;
        breaker     failures=3 delay=2s;
        limit_lookups rate=10r/s burst=5 queue=5;
        max_answer  32k;
        max_lookups 100;
        max_connections 4;
        realm       one;
        resolve     localhost=127.0.0.1;
        ssl_trusted_certificate {ca};
        ssl_certificate      {dir}/client.pem;
        ssl_certificate_key  {dir}/client.key;
        ssl_ciphers  HIGH;
        ssl_name     localhost;
        ssl_verify_depth 3;
        token_pattern ^cf;
    }}
    auth_token_provider idp {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  basic nginx file:{client_secret};
        proxy       http://127.0.0.1:{plain};
        allow_http  on;
    }}
    auth_token_provider form {{
        preset      introspection;
        endpoint    http://unix:{socket}:/introspect;
        credential  post nginx file:{client_secret};
    }}
    auth_token_provider vault {{
        preset      vault;
        endpoint    http://127.0.0.1:{plain}/v1;
        credential  header X-Vault-Token file:{client_secret};
        token_pattern  ^hvs\\.;
    }}
    auth_token_provider id {{
        preset      cloudflare_id;
        endpoint    http://127.0.0.1:{plain}/client/v4/user/tokens;
        credential  bearer file:{credential};
    }}
    auth_token_provider own {{
        endpoint    http://127.0.0.1:{plain};
        credential  bearer file:{credential};
        step     first;
        request  POST /a;
        send_credential token;
        header   X-A "a $token";
        form     token $token;
        unknown  404 410;
        later    409;
        refused  401;
        success  /ok true;
        refusal  /ok false;
        id       /id match=any;
        echo     /token;
        code     /code;
        step     second;
        request  GET /b/$id;
        send_credential provider;
        active   /status active enabled;
        inactive unknown;
        not_before /nbf seconds rfc3339;
        expires_on /exp seconds rfc3339;
        allow    /in empty=nobody;
        deny     /out;
        restriction /cond in out;
        id       /id match=earlier;
        name     /name;
        permissions /perms;
        field    tenant /tenant required;
        field    roles /roles as=words;
    }}
"""

SERVER = """
        auth_token_status UNAVAILABLE=502 ADDRESS_DENIED=404;
        location / {{
            auth_token  cloudflare;
            auth_token_require permission=a resource=b.c parent=d.e;
            auth_token_require "scope=a b" status=404;
            auth_token_require audience=$host issuer=i;
            auth_token_require acr_values="x y" max_age=1h;
            auth_token_require claim /tenant in x $host;
            auth_token_require claim /name ~* "^a";
            auth_token_require claim /level >= 3;
            auth_token_require $http_x_ok;
            auth_token_strip on;
            auth_token_error_format problem;
            auth_token_preflight pass;
            proxy_set_header X-Id "$auth_token_id $auth_token_name $tenant";
            proxy_pass  http://127.0.0.1:{backend};
        }}
        location /several {{
            auth_token  cloudflare vault idp token=$http_x_token;
            auth_token_resource_metadata {{
                resource  https://api.example.com/several;
                authorization_servers https://login.example.com;
                scopes_supported a b;
                resource_name "An API";
            }}
            auth_token_strip on;
            fastcgi_param A $roles;
            fastcgi_pass  127.0.0.1:{backend};
        }}
        location /by {{
            auth_token  $provider;
            auth_token_dry_run on;
        }}
        location = /purge {{
            auth_token_purge;
        }}
"""


def build(directory):
    library = os.path.join(directory, "memory.so")
    subprocess.run(["cc", "-O1", "-fPIC", "-shared", "-o", library,
                    os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                 "memory", "memory.c"), "-ldl"], check=True)
    return library


def functions():
    """Of a server with the module in it: addresses, and whether they are the
    module's."""
    listed = subprocess.run(["nm", "-n", shutil.which(BINARY)],
                            capture_output=True, text=True, check=True).stdout
    found = [line.split() for line in listed.split("\n")]
    found = [part for part in found if len(part) == 3 and part[1] in "tT"]
    return ([int(part[0], 16) for part in found],
            ["auth_token_" in part[2] for part in found])


class Own:
    """Tells addresses of the module from others, by the maps of its file."""

    def __init__(self, lines):
        path = os.path.realpath(MODULE or shutil.which(BINARY))
        spans = [line.split()[1].split("-") for line in lines
                 if line.startswith("map ") and line.split()[-1] == path]
        spans = [(int(first, 16), int(last, 16)) for first, last in spans]
        self.first = min(first for first, _ in spans)
        self.last = max(last for _, last in spans)
        self.starts, self.own = ([0], [True]) if MODULE else functions()

    def has(self, frame):
        if not self.first <= frame < self.last:
            return False
        n = bisect.bisect_right(self.starts, frame - self.first) - 1
        return n >= 0 and self.own[n]


def places(lines):
    """The first number of each chain of calls in the module."""
    own, seen, count = Own(lines), {}, 0
    for line in lines:
        if line.startswith("map "):
            continue
        number, *frames = line.split()
        count += 1
        chain = tuple(frame for frame in frames if own.has(int(frame, 16)))
        if chain:
            # by what the module's first function was called matters not
            seen.setdefault(chain[:3], int(number))
    diag(f"{count} allocations, {len(seen)} places in the module")
    return sorted(seen.values())


def configuration(nginx, **environment):
    with open(nginx.path("stderr"), "wb") as stderr:
        return subprocess.run(
            [*nginx.arguments(), "-t"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=stderr, timeout=60,
            env={**os.environ, **environment}).returncode


@test
def nowhere():
    authority = Authority()
    library = build(authority.dir)
    nginx = Nginx(authority, http=HTTP.replace("{dir}", authority.dir),
                  server=SERVER, start=False)
    nginx.emerg_ok = nginx.alert_ok = "there is no memory"
    if not is_(configuration(nginx), 0, "a good configuration"):
        diag(nginx.stderr())
        return
    where = nginx.path("list")
    is_(configuration(nginx, LD_PRELOAD=library, MEMORY_LIST=where), 0,
        "listed")
    with open(where) as read:
        lines = read.read().split("\n")[:-1]
    numbers = places(lines)
    ok(len(numbers) >= 20, "some of them are the module's")

    ended = {}
    for number in numbers:
        status = configuration(nginx, LD_PRELOAD=library,
                               MEMORY_AT=str(number))
        ended.setdefault(status, []).append(number)
    diag(f"statuses: { {status: len(n) for status, n in ended.items()} }")
    crashed = {signal.Signals(-status).name: n for status, n in ended.items()
               if status < 0}
    is_(crashed, {}, "nginx -t does not crash")
    # some of it is for the log's sake, or can be done without
    ok(len(ended.get(1, [])) > 2 * len(ended.get(0, [])),
       "it tells that the configuration cannot be used")


run(900)
