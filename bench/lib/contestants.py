# Copyright (C) The ngx_http_auth_token_module authors

"""The contestants, each as one would configure it who wants it fast, and the
authority that they ask.  All answer /t with an empty gif."""

import json
import os
import tempfile

from servers import Server, base, free_port
from authority.tls import Certificates

LUA_MODULES = ("ndk_http_module.so", "ngx_http_lua_module.so")

# what RFC 7662 shows as an answer
INTROSPECTION = json.dumps({
    "active": True, "scope": "orders:read orders:write",
    "client_id": "l238j323ds-23ij4", "username": "jdoe",
    "token_type": "Bearer", "sub": "Z5O3upPC88QrAjx00dis",
    "aud": "https://api.example.com/", "iss": "https://idp.example.com/",
    "exp": 4102444800, "iat": 1704067200}, separators=(",", ":"))

AUTHORITY_HTTP = """
    # the id of a token is its last 32 characters
    map $http_authorization $id {
        "~(?<tail>[0-9a-f]{32})$"  $tail;
    }
"""

AUTHORITY = """
    location = /introspect {
        return 200 '@INTROSPECTION@';
    }
    location = /negative/introspect {
        return 200 '{"active":false}';
    }
    location ~ /user/tokens/verify$ {
        return 200 '@VERIFY@';
    }
    location ~ ^/user/tokens/(?<asked>[0-9a-f]+)$ {
        return 200 '@DETAILS@';
    }
    location ~ ^/(?<many>many|many6)/user/tokens/(?<asked>[0-9a-f]+)$ {
        alias @DIR@/$many.json;
        sub_filter_once on;
        sub_filter_types *;
        sub_filter ASKED $asked;
    }
"""

SLOW = """
    location = /introspect {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.sleep(0.1)
            ngx.header.content_length = #answer
            ngx.print(answer)
        }
    }
"""

# the same by HTTP/2, which is to be had over TLS only
STREAMS = """
        listen               127.0.0.1:@TLS_PORT@ ssl http2;
        ssl_certificate      @CERTIFICATES@/good.pem;
        ssl_certificate_key  @CERTIFICATES@/good.key;
"""

PROXY = """
            proxy_http_version  1.1;
            proxy_set_header    Connection "";
"""

CACHED = PROXY + """
            proxy_cache                    tokens;
            proxy_cache_valid              200 60s;
            proxy_cache_valid              401 403 10s;
            proxy_cache_lock               on;
            proxy_cache_background_update  on;
            proxy_cache_use_stale          updating error timeout http_500
                                           http_502 http_503 http_504;
            proxy_ignore_headers           Cache-Control Expires Vary
                                           Set-Cookie X-Accel-Expires;
"""

UPSTREAM = """
    proxy_cache_path @DIR@/cache levels=1:2 keys_zone=tokens:96m inactive=10m
                     max_size=1g use_temp_path=off;
    open_file_cache max=100000 inactive=60s;
    upstream authority {
        server 127.0.0.1:@AUTHORITY_PORT@ max_fails=0;
        keepalive 4096;
        keepalive_requests 1000000000;
    }
"""


class Contestant:
    def __init__(self, name, title, http="", server="", load=(), asks=True,
                 files=(), names=None):
        self.name = name
        self.title = title
        self.http = http
        self.server = server
        self.load = load
        self.asks = asks
        self.files = files
        self.names = names or {}

    def start(self, authority, **more):
        """A server of it; "more" goes to Server, names and options."""
        values = dict(AUTHORITY_PORT=authority.port, INTROSPECT="/introspect",
                      WORDS="", ZONE="10m", PREFIX="")
        return Server(self.http, self.server, self.load, files=self.files,
                      **{**values, **self.names, **more})


NONE = Contestant("none", "no authentication", asks=False, server="""
        location = /t {
            empty_gif;
        }
""")

# the authority's status is the answer: what really speaks RFC 7662 says 200 to
# an inactive token and would need a program in between
AUTH_REQUEST = Contestant("auth_request", "auth_request + proxy_cache",
                          http=UPSTREAM, server="""
        location = /t {
            auth_request  /-/introspect;
            empty_gif;
        }
        location = /-/introspect {
            internal;
            proxy_pass               http://authority@INTROSPECT@;
            proxy_method             POST;
            proxy_pass_request_body  off;
            proxy_pass_request_headers off;
            proxy_set_header         Authorization $http_authorization;
            proxy_set_header         Content-Length "";
            proxy_cache_methods      GET HEAD POST;
            proxy_cache_key          $http_authorization;
""" + CACHED + """
        }
""")

NJS = Contestant("njs", "njs + proxy_cache", load=("ngx_http_js_module.so",),
                 files=("introspect.js",), http=UPSTREAM + """
    js_import main from introspect.js;
    map $http_authorization $bench_token {
        "~^Bearer (?<rest>.+)$"  $rest;
    }
""", server="""
        location = /t {
            auth_request  /-/check;
            empty_gif;
        }
        location = /-/check {
            internal;
            js_content main.introspect;
        }
        location = /-/introspect {
            internal;
            proxy_pass                  http://authority@INTROSPECT@;
            proxy_pass_request_headers  off;
            proxy_set_header            Content-Type
                                        application/x-www-form-urlencoded;
            proxy_set_header            Authorization
                                        "Basic bmdpbng6c2VjcmV0";
            proxy_cache_methods         POST;
            proxy_cache_key             $bench_token;
            subrequest_output_buffer_size 16k;
""" + CACHED + """
        }
""")

# which keep a number under the token, or the answer under a digest of it
LUA_HTTP = """
    lua_package_path "@DIR@/?.lua;;";
    lua_shared_dict tokens @ZONE@;
    lua_shared_dict locks 1m;
    lua_socket_log_errors off;
"""

LUA_SERVER = """
        location = /t {
            access_by_lua_block {
                require("introspect").@CHECK@()
            }
            empty_gif;
        }
        location = /-/count {
            content_by_lua_block {
                ngx.say(#ngx.shared.tokens:get_keys(0))
            }
        }
"""

LUA = Contestant("lua", "Lua + shared dictionary, a number",
                 load=LUA_MODULES, files=("introspect.lua",), http=LUA_HTTP,
                 server=LUA_SERVER, names={"CHECK": "check"})

LUA_KEPT = Contestant("lua_kept", "Lua + shared dictionary, the answer",
                      load=LUA_MODULES, files=("introspect.lua",),
                      http=LUA_HTTP, server=LUA_SERVER,
                      names={"CHECK": "check_kept"})

LOCATION = """
        location = /t {
            auth_token  idp;
            empty_gif;
        }
        location = /require {
            auth_token          idp;
            auth_token_require  scope=orders:read;
            add_header          X-Subject $auth_token_subject;
            empty_gif;
        }
        location = /-/purge {
            auth_token_purge;
        }
"""

THIS = Contestant("this", "this module", load=("this",), http="""
    auth_token_zone tokens:@ZONE@;
    auth_token_provider idp {
        preset           introspection;
        endpoint         http://127.0.0.1:@AUTHORITY_PORT@@INTROSPECT@;
        credential       basic nginx file:@DIR@/secret;
        cache            valid=60s negative=10s;
        max_lookups      4096;
        @WORDS@
    }
""", server=LOCATION, names={"WORDS": "max_connections 64;"})

# of how many look-ups at a time one connection takes: 100
HTTP2 = Contestant("http2", "this module, one HTTP/2 connection",
                   load=("this",), http="""
    auth_token_zone tokens:@ZONE@;
    auth_token_provider idp {
        preset           introspection;
        endpoint         https://localhost:@TLS_PORT@/introspect;
        credential       basic nginx file:@DIR@/secret;
        cache            valid=60s negative=10s;
        max_lookups      4096;
        max_connections  1;
        timeout          20s;
        resolve          localhost=127.0.0.1;
        ssl_trusted_certificate  @CERTIFICATES@/ca.pem;
    }
""", server=LOCATION)

CLOUDFLARE = """
    auth_token_zone tokens:@ZONE@;
    auth_token_provider idp {
        preset      cloudflare;
        endpoint    http://127.0.0.1:@AUTHORITY_PORT@@PREFIX@/user/tokens;
        credential  bearer file:@DIR@/secret;
        cache       valid=60s negative=10s;
    }
"""

# two answers for each token, and address lists, which only this one judges
FOUR = Contestant("four", "this module, cloudflare, 4 CIDRs", load=("this",),
                  http=CLOUDFLARE, server=LOCATION)
MANY = Contestant("many", "this module, cloudflare, 1,000 CIDRs",
                  load=("this",), http=CLOUDFLARE, server=LOCATION,
                  names={"PREFIX": "/many"})

# in records that take four times as much
MANY6 = Contestant("many6", "this module, cloudflare, 1,000 IPv6 CIDRs",
                   load=("this",), http=CLOUDFLARE, server=LOCATION,
                   names={"PREFIX": "/many6"})

RIVALS = (NONE, AUTH_REQUEST, NJS, LUA, LUA_KEPT, THIS)


def verify(id):
    return json.dumps({
        "success": True, "errors": [], "messages": [],
        "result": {"id": id, "status": "active",
                   "not_before": "2024-01-01T00:00:00Z",
                   "expires_on": "2099-01-01T00:00:00Z"}},
        separators=(",", ":"))


def details(id, networks):
    """As Cloudflare's documentation shows one."""
    account = "com.cloudflare.api.account.01234567890123456789012345678901"
    return json.dumps({
        "success": True, "errors": [], "messages": [],
        "result": {
            "id": id, "name": "readonly token", "status": "active",
            "issued_on": "2024-01-01T05:20:00Z",
            "modified_on": "2024-01-02T05:20:00Z",
            "last_used_on": "2024-01-02T12:34:00Z",
            "not_before": "2024-01-01T00:00:00Z",
            "expires_on": "2099-01-01T00:00:00Z",
            "condition": {"request_ip": {"in": networks, "not_in": []}},
            "policies": [{
                "id": "f267e341f3dd4697bd3b9f71dd96247f", "effect": "allow",
                "permission_groups": [
                    {"id": "c8fed203ed3043cba015a93ad1616f1f",
                     "name": "Zone Read"},
                    {"id": "82e64a83756745bbbb1c9c2701bf816b",
                     "name": "DNS Read"}],
                "resources": {account: "*"}}]}},
        separators=(",", ":"))


def authority(cpus=None):
    """Answers at once, from the configuration."""
    four = ["127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]
    return Server(AUTHORITY_HTTP, AUTHORITY, bound=False, cpus=cpus,
                  files={"many.json": details("ASKED", thousand()),
                         "many6.json": details("ASKED", thousand6())},
                  INTROSPECTION=INTROSPECTION, VERIFY=verify("$id"),
                  DETAILS=details("$asked", four))


def thousand():
    """CIDRs that do not merge; the client's is among them."""
    return ["127.0.0.0/8"] + [f"10.{i // 128}.{i % 128 * 2}.0/24"
                              for i in range(999)]


def thousand6():
    return ["127.0.0.0/8"] + [f"2001:db8:{i * 2:x}::/48" for i in range(999)]


def slow_authority(cpus=None):
    """Takes 100 ms, over HTTP/1.1 and over HTTP/2."""
    names = {"TLS_PORT": free_port(), "CERTIFICATES": tempfile.mkdtemp(
        prefix="auth-token-bench-tls-", dir=base())}
    os.chmod(names["CERTIFICATES"], 0o755)
    Certificates(names["CERTIFICATES"]).make("good")
    server = Server("init_by_lua_block { answer = '%s' }" % INTROSPECTION,
                    STREAMS + SLOW, LUA_MODULES, bound=False, cpus=cpus,
                    more=[names["CERTIFICATES"]], **names)
    server.names = names
    return server
