# Copyright (C) The ngx_http_auth_token_module authors

"""What the torture is done to.

good: what is answered when nothing fails.  may: what may be answered when
something does; 0 is a connection that was closed without an answer.
"""

import json
import signal

from harness import PROVIDER, Client, get, is_, poll

SERVER = """
        location / {{
            auth_token  cloudflare;
            stub_status;
        }}
        location /control {{
            auth_token  cloudflare;
            stub_status;
        }}
"""

# what nginx itself answers when it cannot go on, and our own
FAILURES = {0, 500, 503}

# a token that is of any syntax
UNKNOWN = "f" * 48

SCENARIOS = {}


def scenario(cls):
    SCENARIOS[cls.name] = cls
    return cls


class Scenario:
    server = SERVER
    http = PROVIDER
    words = ""
    path = "/"
    control = "/control"
    denied = {401}
    good = {200}
    may = {200} | FAILURES
    kind = "good"

    # of thousands of calls, or slow ones, a short run takes fewer
    dilution = 1

    # words of MODES in torture.py
    modes = ("once", "persistent")

    # descriptors that come and go by themselves
    spread = 0

    def entry(self, kind):
        entry = {"status": "active", "name": "a token"}
        if kind == "disabled":
            entry["status"] = "disabled"
        return entry

    def names(self, authority):
        """What else stands in "http" for a {name}."""
        return {}

    def prepare(self, torture):
        """Once, when all servers run."""

    def fresh(self, torture):
        """Before each failure."""

    def token(self, torture):
        return torture.token(self.kind)

    def ready(self, torture):
        """The connection is nginx's already when calls begin to fail."""
        client = Client(torture.nginx, timeout=10)
        is_alive(client.get("/-/alive"))
        return client, self.token(torture)

    def act(self, torture, ready):
        client, token = ready
        try:
            client.send(self.path, bearer=token)
            return [client.receive().status]
        except ConnectionError:
            return [0]

    def after(self, torture, ready):
        ready[0].close()


def is_alive(response):
    if response.status != 200:
        is_(response.status, 200, "alive")


class Cold:
    """A worker that has asked nobody yet."""
    dilution = 5

    def fresh(self, torture):
        super().fresh(torture)
        pids = torture.nginx.workers()
        for pid in pids:
            torture.nginx.send_signal(signal.SIGTERM, pid)
        poll(lambda: len(torture.nginx.workers()) == 1
             and torture.nginx.workers() != pids, 10, 0.01)


@scenario
class TwoSteps(Scenario):
    """A miss in a worker that knows its authority."""
    name = "cloudflare"


@scenario
class ColdWorker(Cold, Scenario):
    name = "cold"


class Apart:
    """Without a connection to the authority."""

    def ready(self, torture):
        torture.authority.call("POST", "close")
        return super().ready(torture)


@scenario
class Connect(Apart, Scenario):
    name = "connect"


@scenario
class Hit(Scenario):
    name = "hit"

    def token(self, torture):
        token = torture.token()
        poll(lambda: get(torture.nginx, self.path, bearer=token).status
             == 200, 3)
        return token


@scenario
class Introspection(Scenario):
    name = "introspection"
    http = """
    auth_token_provider cloudflare {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  post nginx file:{client_secret};
        {words}
    }}
    """


@scenario
class Unknown(Scenario):
    """Nobody knows the token, and the answer is of the problem kind."""
    name = "unknown"
    server = """
        auth_token_error_format problem;
        auth_token_realm "of $host";
        auth_token_resource_metadata {{
            resource               https://api.example.com/;
            authorization_servers  https://as.example.com;
        }}
    """ + SERVER
    kind = "unknown"
    good = {401}
    may = {401} | FAILURES


@scenario
class Inactive(Scenario):
    name = "inactive"
    kind = "disabled"
    good = {401}
    may = {401} | FAILURES


@scenario
class Insufficient(Scenario):
    """What a location requires is not met, or cannot be told."""
    name = "insufficient"
    server = SERVER + """
        location /required {{
            auth_token          cloudflare;
            auth_token_require  claim /name in other another;
            stub_status;
        }}
    """
    path = "/required"
    good = {403}
    may = {403} | FAILURES


@scenario
class Required(Scenario):
    """Met, and the backend learns from variables and claims who it is."""
    name = "required"
    server = SERVER + """
        location /required {{
            auth_token          cloudflare;
            auth_token_require  claim /name ~ "^a t";
            auth_token_strip    on;
            proxy_set_header    X-Id $auth_token_id;
            proxy_set_header    X-Record $auth_token_record;
            proxy_set_header    X-Name $token_name;
            proxy_set_header    X-Verdict $auth_token_verdict;
            proxy_pass          http://127.0.0.1:{backend};
        }}
    """
    http = "auth_token_set $token_name /name;" + PROVIDER
    path = "/required"
    may = {200, 502, 504} | FAILURES

    def prepare(self, torture):
        torture.authority.strangers_ok(None, "GET /required: no token",
                                       "stripped")


@scenario
class DryRun(Scenario):
    """Who is let through unjudged is nobody."""
    name = "dry-run"
    server = SERVER + """
        location /dry {{
            auth_token          cloudflare;
            auth_token_dry_run  on;
            add_header          X-Id "$auth_token_id" always;
            stub_status;
        }}
    """
    path = "/dry"
    kind = "disabled"

    def act(self, torture, ready):
        client, token = ready
        try:
            client.send(self.path, bearer=token)
            response = client.receive()
        except ConnectionError:
            return [0]
        if response.header("x-id"):
            torture.complain("an identity without a verdict")
        return [response.status]


@scenario
class Coalesced(Scenario):
    """Three requests for one token, one look-up."""
    name = "coalesced"

    def ready(self, torture):
        clients = [Client(torture.nginx, timeout=10) for _ in range(3)]
        for client in clients:
            is_alive(client.get("/-/alive"))
        return clients, self.token(torture)

    def act(self, torture, ready):
        clients, token = ready
        for client in clients:
            client.send(self.path, bearer=token)
        statuses = []
        for client in clients:
            try:
                statuses.append(client.receive().status)
            except ConnectionError:
                statuses.append(0)
        return statuses

    def after(self, torture, ready):
        for client in ready[0]:
            client.close()


@scenario
class Refresh(Hit):
    """A hit, and its renewal behind it."""
    name = "refresh"
    words = "cache valid=1h refresh=1ms;"

    def act(self, torture, ready):
        statuses = super().act(torture, ready)
        # what fails behind the answer is to fail as well
        poll(lambda: False, 0.02)
        return statuses


@scenario
class Stale(Hit):
    """The authority fails, an old answer is used."""
    name = "stale"
    words = "cache valid=1ms stale=1h;"

    def ready(self, torture):
        ready = super().ready(torture)
        torture.authority.rules({"match": {}, "answer": {"status": 500}})
        return ready

    def after(self, torture, ready):
        torture.authority.rules()
        super().after(torture, ready)


@scenario
class Unavailable(Scenario):
    """The authority gives no usable answer."""
    name = "unavailable"
    good = {503}
    may = FAILURES

    def ready(self, torture):
        torture.authority.rules({"match": {}, "answer": {"status": 502}})
        return super().ready(torture)

    def after(self, torture, ready):
        torture.authority.rules()
        super().after(torture, ready)


@scenario
class Purge(Hit):
    """What is said to be purged is."""
    name = "purge"
    server = """
        add_header X-Cache $auth_token_cache always;
    """ + SERVER + """
        location = /purge {{
            allow 127.0.0.1;
            deny all;
            auth_token_purge;
        }}
    """

    def act(self, torture, ready):
        client, token = ready
        try:
            client.send("/purge", method="POST",
                        headers=["Content-Type: application/json"],
                        body=json.dumps({"token": token}).encode())
            self.status = client.receive().status
        except ConnectionError:
            self.status = 0
        return [self.status]

    def after(self, torture, ready):
        super().after(torture, ready)
        if self.status == 200:
            cache = get(torture.nginx, "/", bearer=ready[1]).header("x-cache")
            if cache == "HIT":
                torture.complain("what was purged is a hit")


@scenario
class Tls(Apart, Scenario):
    """Over TLS, each time with a handshake."""
    name = "tls"
    dilution = 10
    http = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    https://localhost:{tls}/client/v4/user/tokens;
        credential  bearer file:{credential};
        ssl_trusted_certificate  {ca};
        {words}
    }}
    """


@scenario
class ColdTls(Cold, Tls):
    """The trust store is built, the name looked up.

    OpenSSL takes what it had no memory for in a first handshake, algorithms
    or extensions of trusted certificates, for wrong as long as a worker lives:
    it has to have been done before there were workers.  MODES=persistent shows
    whether it was.
    """
    name = "cold-tls"
    dilution = 100


@scenario
class ClientLeaves(Scenario):
    """The client is gone before the answer comes."""
    name = "abort"
    good = may = {0}

    def act(self, torture, ready):
        client, token = ready
        client.send(self.path, bearer=token)
        poll(lambda: False, 0.005)
        client.close()
        poll(lambda: False, 0.03)
        return [0]


@scenario
class Reload(Scenario):
    """A new configuration: secrets are read, the zone is taken over."""
    name = "reload"
    dilution = 5

    def fresh(self, torture):
        torture.nginx.reload()

        # a worker has a channel to each that lived when it was started
        poll(lambda: len(torture.nginx.all_workers()) == 1, 10, 0.01)
