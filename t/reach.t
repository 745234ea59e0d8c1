#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the ways to an authority: unix sockets, a forward proxy, addresses
# that the configuration gives.

import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402


def provider(endpoint, words=""):
    return ("auth_token_provider p {{\n    preset cloudflare;\n"
            f"    endpoint {endpoint};\n"
            f"    credential bearer file:{{credential}};\n    {words}\n}}}}\n")


SERVER = """
    location / {{
        auth_token p;
        add_header X-Verdict $auth_token_verdict always;
        proxy_pass http://127.0.0.1:{backend};
    }}
"""


def verdict(nginx, token):
    return get(nginx, "/", bearer=token.token).header("x-verdict")


class Proxy(threading.Thread):
    """CONNECT only; notes the heads that it got."""

    def __init__(self, refuse=False):
        super().__init__(daemon=True)
        self.heads = []
        self.refuse = refuse
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.listening.accept()
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        client.settimeout(20)
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.heads.append(head.decode("latin-1"))
        if self.refuse:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                           b"Content-Length: 0\r\n\r\n")
            client.close()
            return
        port = int(head.split(b" ")[1].rpartition(b":")[2])
        server = socket.create_connection(("127.0.0.1", port), 20)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for one, two in ((client, server), (server, client)):
            threading.Thread(target=self.pump, args=(one, two),
                             daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        sink.close()


class Relay(threading.Thread):
    """A unix socket that leads to a port; each direction has a thread."""

    def __init__(self, path, port):
        super().__init__(daemon=True)
        self.port = port
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(path)
        os.chmod(path, 0o777)
        self.listening.listen(8)
        self.start()

    def run(self):
        while True:
            client, _ = self.listening.accept()
            server = socket.create_connection(("127.0.0.1", self.port), 20)
            for one, two in ((client, server), (server, client)):
                threading.Thread(target=Proxy.pump, args=(self, one, two),
                                 daemon=True).start()


@test
def a_unix_socket_with_tls():
    authority = Authority()
    path = os.path.join(authority.dir, "tls.sock")
    Relay(path, authority.tls)
    for words, expected in (("", "ALLOWED"), ("ssl_name localhost;", "ALLOWED"),
                            ("ssl_name 127.0.0.1;", "ALLOWED"),
                            ("ssl_name [::1];", "ALLOWED"),
                            ("ssl_name elsewhere.test;", "UNAVAILABLE")):
        nginx = Nginx(authority, server=SERVER, http=provider(
            f"https://unix:{path}:/client/v4/user/tokens",
            f"ssl_trusted_certificate {authority.ca}; {words}"))
        is_(verdict(nginx, authority.token()), expected,
            f"{words or 'no ssl_name'}: {expected}")
        nginx.stop()


@test
def a_unix_socket():
    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=provider(
        "http://unix:{socket}:/client/v4/user/tokens"))
    is_(verdict(nginx, authority.token()), "ALLOWED", "a good token")
    is_(verdict(nginx, authority.token(status="disabled")), "INACTIVE",
        "a disabled one")
    first = authority.log()[0]
    is_(dict(first["headers"])["Host"], "localhost", "the host")
    is_(first["path"], "/client/v4/user/tokens/verify", "the path")
    nginx.configure(http=provider("http://unix:{socket}.gone:/a"))
    ok(nginx.reload(), "a socket that is not there")
    is_(verdict(nginx, authority.token()), "UNAVAILABLE", "denies")


@test
def an_address_for_a_name():
    authority = Authority()
    url = "https://authority.test:{tls}/client/v4/user/tokens"
    trust = "ssl_trusted_certificate {ca}; "
    nginx = Nginx(authority, server=SERVER, http=provider(
        url, trust + "resolve authority.test=127.0.0.1;"))
    is_(verdict(nginx, authority.token()), "ALLOWED", "a good token")
    is_(dict(authority.log()[0]["headers"])["Host"],
        f"authority.test:{authority.tls}", "the host")
    nginx.configure(http=provider(
        url, trust + "resolve authority.test=127.0.0.9;"))
    ok(nginx.reload(), "an address where nobody listens")
    is_(verdict(nginx, authority.token()), "UNAVAILABLE", "denies")
    nginx.configure(http=provider(
        url.replace("authority.test", "another.test"),
        trust + "resolve another.test=127.0.0.1;"))
    ok(nginx.reload(), "a name that is not in the certificate")
    authority.clear()
    is_(verdict(nginx, authority.token()), "UNAVAILABLE", "denies")
    is_(authority.counts()["requests"], 0, "and is told nothing")


@test
def a_proxy():
    authority = Authority()
    proxy = Proxy()
    url = "https://authority.test:{tls}/client/v4/user/tokens"
    trust = "ssl_trusted_certificate {ca}; "
    nginx = Nginx(authority, server=SERVER, http=provider(
        url, trust + f"proxy http://127.0.0.1:{proxy.port};"))
    good = authority.token()
    is_(verdict(nginx, good), "ALLOWED", "a good token")
    ok(proxy.heads, "through the proxy")
    like(proxy.heads[0], rf"^CONNECT authority\.test:{authority.tls} ",
         "which resolves the name")
    ok(not any(secret in "".join(proxy.heads)
               for secret in authority.forbidden), "and learns no secret")

    refusing = Proxy(refuse=True)
    nginx.configure(http=provider(
        url, trust + f"proxy http://127.0.0.1:{refusing.port};"))
    ok(nginx.reload(), "a proxy that refuses")
    is_(verdict(nginx, authority.token()), "UNAVAILABLE", "denies")
    ok(refusing.heads, "it was asked")

    plain = "http://authority.test/client/v4/user/tokens"
    nginx.configure(http=provider(
        plain, "allow_http on; proxy http://127.0.0.1:{plain};"))
    ok(nginx.reload(), "in clear text")
    authority.clear()
    verdict(nginx, authority.token())
    like(authority.log()[0]["path"], r"^http://authority\.test/client/",
         "the proxy gets the whole URL")


@test
def an_endpoint_with_arguments():
    """Of its own, as gateways have them: the key of an API, a version."""
    authority = Authority()
    nginx = Nginx(authority, server=SERVER, http=(
        "auth_token_provider p {{ preset introspection;"
        " endpoint http://127.0.0.1:{plain}/introspect?version=2&a/b:c;"
        " credential basic nginx file:{client_secret}; }}"))
    is_(verdict(nginx, authority.token()), "ALLOWED", "introspection")
    is_(authority.log()[0]["path"], "/introspect?version=2&a/b:c", "the path")
    unlike(nginx.error_log(), "version=2", "is not logged")

    nginx.configure(http=(
        "auth_token_provider p {{ endpoint http://127.0.0.1:{plain}?v=2;"
        " credential none; step s; request GET; header X-T $token; unknown 404;"
        " id /id; }}"))
    ok(nginx.reload(), "a step that adds no path, and no path at all")
    authority.clear()
    authority.rules({"match": {}, "answer": {"body": {"id": "a"}}})
    is_(verdict(nginx, authority.token()), "ALLOWED", "a step without a path")
    is_(authority.log()[0]["path"], "/?v=2", "the path")


BUNDLES = ("/etc/ssl/certs", "/etc/pki", "/etc/ssl/cert.pem")


@test
def a_machine_without_certificates():
    """Clear text to this machine needs none; TLS is not done without."""
    if os.getuid() != 0:
        skip("needs root, to hide the certificates of this machine")
    authority = Authority()
    hide = "".join(f"[ ! -d {path} ] || mount -t tmpfs none {path}\n"
                   for path in BUNDLES)
    without = ("unshare", "-m", "sh", "-c", hide + 'exec "$@"', "sh")
    if subprocess.run([*without, "test", "!", "-e",
                       BUNDLES[0] + "/ca-certificates.crt"],
                      capture_output=True).returncode != 0:
        skip("the certificates of this machine cannot be hidden")

    nginx = Nginx(authority, server=SERVER, command=without, http=provider(
        "http://127.0.0.1:{plain}/client/v4/user/tokens"))
    is_(verdict(nginx, authority.token()), "ALLOWED", "http")

    nginx.emerg_ok = "they are the test"
    secure = provider("https://localhost:{tls}/client/v4/user/tokens",
                      "WORDS")
    # and what is fetched aside, for an endpoint in clear text
    aside = ("auth_token_provider p {{ preset introspection; WORDS\n"
             " endpoint http://127.0.0.1:{plain}/introspect; OTHER }}")
    clear = "credential none;"
    token = ("credential client_credentials SCHEME/token basic nginx"
             " file:{client_secret};")
    keys = clear + " answer jwt iss=a aud=b; keys SCHEME/jwks;"
    trusted = "ssl_trusted_certificate {ca};"

    def other(text, scheme):
        return aside.replace("OTHER", text.replace("SCHEME", scheme))

    https, http = "https://localhost:{tls}", "http://127.0.0.1:{plain}"
    for name, block, words, fine in (
            ("https", secure, "", False),
            ("with its own", secure, trusted, True),
            ("unverified", secure, "ssl_verify off;", True),
            ("a token endpoint", other(token, https), "", False),
            ("with its own", other(token, https), trusted, True),
            ("in clear text", other(token, http), "", True),
            ("keys", other(keys, https), "", False),
            ("with its own", other(keys, https), trusted, True),
            ("in clear text", other(keys, http), "", True)):
        nginx.configure(http=block.replace("WORDS", words))
        done = subprocess.run([*without, *nginx.arguments(), "-t"],
                              capture_output=True, text=True, timeout=60)
        is_(done.returncode, 0 if fine else 1, name) or diag(done.stderr)
        if not fine:
            like(done.stderr, r"no file of trusted certificates.*"
                 r"nginx\.conf:\d+", "nginx -t tells")


@test
def what_nginx_says():
    authority = Authority()
    nginx = Nginx(authority, start=False)
    nginx.emerg_ok = "they are the test"
    for endpoint, words, says in (
            ("http://unix:", "", "invalid endpoint"),
            ("http://unix:relative.sock:/a", "", "invalid endpoint"),
            ("http://unix:/a.sock:b", "", "invalid endpoint"),
            ("http://unix:/" + "a" * 107, "", "invalid endpoint"),
            ("unix:/a.sock:/b", "", "invalid endpoint"),
            ("http://unix:/a.sock:/b", "proxy http://127.0.0.1:1;",
             "invalid proxy"),
            ("https://a.test/?a=b", "", 'step "verify" cannot add a path'),
            ("https://a.test?a=b", "", 'step "verify" cannot add a path'),
            ("https://?a=b", "", "invalid endpoint"),
            ("https://a.test/#a", "", "invalid endpoint"),
            ("https://a.test", "proxy http://127.0.0.1:1/?a;",
             "invalid proxy"),
            ("https://a.test", "proxy https://127.0.0.1:1;", "invalid proxy"),
            ("https://a.test", "proxy socks5://127.0.0.1:1;",
             "invalid proxy"),
            ("https://a.test", "proxy http://u:p@127.0.0.1;",
             "invalid proxy"),
            ("https://a.test", "proxy http://a; proxy http://b;",
             '"proxy" directive is duplicate'),
            ("http://127.0.0.1", "proxy http://127.0.0.1:1;",
             "sends tokens in clear text"),
            ("https://a.test", "resolve a.test;", 'parameter "a.test"'),
            ("https://a.test", "resolve =1.2.3.4;", "invalid parameter"),
            ("https://a.test", "resolve a.test=b.test;",
             'invalid address "b.test"'),
            ("https://a.test", "resolve b.test=1.2.3.4;",
             'which connects to "a.test"'),
            ("https://a.test", "resolve a.test=1.2.3.4; resolve A.test=::1;",
             '"resolve" directive is duplicate'),
            ("https://a.test:8443/x", "resolve a.test=::1;", None),
            ("https://a.test", "proxy http://b.test:3128; "
             "resolve b.test=127.0.0.1;", None),
            ("http://unix:/a.sock:", "", "invalid endpoint"),
            ("http://unix:/a.sock", "", None),
            ("https://unix:/a.sock:/b", "ssl_name a.test;", None)):
        nginx.configure(http=provider(endpoint, words))
        status, said = nginx.test_configuration()
        if says is None:
            is_(status, 0, f"fine: {endpoint[:40]} {words}") or diag(said)
        else:
            ok(status == 1 and says in said and "nginx.conf:" in said,
               f"{says}: {endpoint[:40]} {words}") or diag(said)


if not module_built():
    plan_skip_all("the module is not built")
run()
