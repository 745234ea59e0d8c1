# Copyright (C) The ngx_http_auth_token_module authors

"""What the torture is done to: other ways to ask, and to be answered."""

import subprocess
import time

from harness import Nginx
from harness.jose import Key, claims
from scenarios import FAILURES, UNKNOWN, Cold, Scenario, scenario

ISSUER = "https://as.example.com"


@scenario
class Address(Scenario):
    """A good token, which is not for the address of the client."""
    name = "address"
    kind = "elsewhere"
    good = {403}
    may = {403} | FAILURES

    def entry(self, kind):
        denied = ["198.51.100.0/24", "2001:db8::/32"]
        if kind == "elsewhere":
            denied.append("127.0.0.1/32")
        return {**super().entry(kind), "condition": {"request_ip": {
            "in": ["192.0.2.0/24", "127.0.0.0/8"], "not_in": denied}}}


@scenario
class Custom(Address):
    """The same, by steps that the configuration describes."""
    name = "custom"
    http = """
    auth_token_provider cloudflare {{
        endpoint         http://127.0.0.1:{plain}/client/v4/user/tokens;
        credential       bearer file:{credential};

        step             verify;
        request          GET /verify;
        send_credential  token;
        unknown          401;
        active           /result/status active;
        id               /result/id;

        step             details;
        request          GET /$id;
        id               /result/id;
        restriction      /result/condition request_ip;
        restriction      /result/condition/request_ip in not_in;
        allow            /result/condition/request_ip/in;
        deny             /result/condition/request_ip/not_in;
        {words}
    }}
    """


@scenario
class Failover(Scenario):
    """The first endpoint gives no answer, each time."""
    name = "failover"
    http = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    http://127.0.0.1:{plain}/client/v4/user/tokens max_fails=0;
        endpoint    http://unix:{socket}:/client/v4/user/tokens max_fails=0;
        credential  bearer file:{credential};
        {words}
    }}
    """

    def prepare(self, torture):
        torture.authority.rules({"match": {"at": "accept",
                                           "listener": "plain"},
                                 "actions": [{"rst": True}]})


@scenario
class Name(Cold, Scenario):
    """A worker that has to look up the name of its authority."""
    name = "name"
    http = """
    auth_token_provider cloudflare {{
        preset      introspection;
        endpoint    http://localhost:{plain}/introspect;
        credential  post nginx file:{client_secret};
        {words}
    }}
    """


@scenario
class Http2(Scenario):
    """HTTP/2 to the authority, by an nginx in front of it."""
    name = "http2"
    http = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    https://127.0.0.1:{front}/client/v4/user/tokens;
        credential  bearer file:{credential};
        ssl_trusted_certificate  {ca};
        {words}
    }}
    """

    # the front's, which the authority does not close
    spread = 1

    def names(self, authority):
        front = Nginx(authority, load=False, listen=" ssl http2", server=f"""
        ssl_certificate      {authority.dir}/good.pem;
        ssl_certificate_key  {authority.dir}/good.key;
        location /client {{{{
            proxy_pass  http://127.0.0.1:{authority.plain};
        }}}}
        """)
        return {"front": str(front.port)}


@scenario
class Assertion(Scenario):
    """The client signs a JWT for each request."""
    name = "assertion"
    http = """
    auth_token_provider cloudflare {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  private_key_jwt me file:{key} aud=authority;
        {words}
    }}
    """

    def names(self, authority):
        return {"key": authority.dir + "/good.key"}

    def prepare(self, torture):
        key = subprocess.run(
            ["openssl", "pkey", "-pubout", "-in",
             torture.authority.dir + "/good.key"],
            check=True, capture_output=True, text=True).stdout
        torture.authority.call("POST", "clients", {"me": {
            "alg": "ES256", "key": key, "aud": ["authority"]}})


@scenario
class Grant(Cold, Scenario):
    """An access token of its own is what a fresh worker gets first."""
    name = "grant"
    dilution = 10
    http = """
    auth_token_provider cloudflare {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  client_credentials
                    http://127.0.0.1:{plain}/oauth2/token
                    basic nginx file:{client_secret};
        {words}
    }}
    """


@scenario
class Signed(Scenario):
    """Answers that are signed, and keys that are known."""
    name = "signed"
    issuer = ISSUER
    http = f"""
    auth_token_provider cloudflare {{{{
        preset      introspection;
        endpoint    http://127.0.0.1:{{plain}}/introspect;
        credential  post nginx file:{{client_secret}};
        answer      jwt iss={ISSUER};
        keys        http://127.0.0.1:{{plain}}/jwks;
        {{words}}
    }}}}
    """

    def prepare(self, torture):
        self.key = Key("ES256", "a")
        self.sign(torture, self.key)

    def sign(self, torture, key):
        """All tokens but one are good, says who has the key."""
        self.signed = time.monotonic()
        torture.authority.rules(
            {"match": {"path": "/jwks"},
             "answer": {"body": {"keys": [self.key.public()]}}},
            self.answer(key, {"token": UNKNOWN}, active=False),
            self.answer(key, {}, active=True))

    def answer(self, key, match, **token):
        text = key.jws(claims(self.issuer, "nginx",
                              token_introspection=token))
        return {"match": {"path": "/introspect", **match}, "answer": {
            "body": text, "headers": [
                "-Content-Type",
                "Content-Type: application/token-introspection+jwt"]}}

    def fresh(self, torture):
        super().fresh(torture)

        # an answer has to be of the last minutes
        if time.monotonic() > self.signed + 60:
            self.sign(torture, self.key)


@scenario
class Forged(Signed):
    """Signed by a key that is another one of that name."""
    name = "forged"
    good = {503}
    may = FAILURES

    def prepare(self, torture):
        self.other = Key("ES256", "a")
        super().prepare(torture)

    def ready(self, torture):
        self.sign(torture, self.other)
        return super().ready(torture)

    def after(self, torture, ready):
        self.sign(torture, self.key)
        super().after(torture, ready)


@scenario
class Issuer(Cold, Signed):
    """What an issuer publishes is what a fresh worker reads first."""
    name = "issuer"
    dilution = 20
    http = """
    auth_token_provider cloudflare {{
        preset      introspection;
        issuer      http://127.0.0.1:{plain};
        credential  post nginx file:{client_secret};
        answer      jwt;
        {words}
    }}
    """

    def sign(self, torture, key):
        origin = self.issuer = f"http://127.0.0.1:{torture.authority.plain}"
        super().sign(torture, key)
        torture.authority.call("POST", "rules", [{
            "match": {"path": "/.well-known/oauth-authorization-server"},
            "answer": {"body": {
                "issuer": origin, "jwks_uri": origin + "/jwks",
                "introspection_endpoint": origin + "/introspect"}}}])
