# Copyright (C) The ngx_http_auth_token_module authors

"""The authority of t/lib/authority as a process of its own."""

import base64
import http.client
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from urllib.parse import quote

from . import tap, watch

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "authority.py")


@dataclass
class Token:
    token: str
    id: str


class Authority:
    """Attributes: plain, tls, backend (ports), ca, dir, credential (path of
    the file with the credential), client_secret (path; the id is "nginx"),
    forbidden (strings that may stand in no log and in no answer)."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="authority-")
        self.forbidden = []
        self.allowances = []            # of strangers
        self.vouched = []
        tap.cleanups.append(self.stop)
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, "--dir", self.dir,
             "--plain", "localhost:0", "--tls", "localhost:0",
             "--plain", f"unix:{self.dir}/authority.sock",
             "--backend", "127.0.0.1:0", "--control", "127.0.0.1:0",
             "--parent", str(os.getpid())],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the authority did not start")
        ready = json.loads(line)
        self.plain = ready["plain"]
        self.tls = ready["tls"]
        self.backend = ready["backend"]
        self.control = ready["control"]
        self.socket = ready["plain2"]
        watch.holders.append(self)
        watch.authorities |= {self.plain, self.tls, self.socket, self.backend}
        self.ca = os.path.join(self.dir, "ca.pem")

        self.credential_value = "cfut_" + secrets.token_hex(24)
        self.credential = self.secret_file("cloudflare.token",
                                           self.credential_value)
        secret = "s/+" + secrets.token_hex(16) + "&=%"
        self.client_secret = self.secret_file("client.secret", secret)
        self.forbidden += [
            quote(secret, safe=""),
            base64.b64encode(f"nginx:{secret}".encode()).decode(),
            base64.b64encode(f"nginx:{quote(secret, safe='')}".encode())
            .decode()]
        self.call("POST", "credentials", [self.credential_value])
        self.call("POST", "clients", {"nginx": secret})

    def secret_file(self, name, value):
        path = os.path.join(self.dir, name)
        with open(path, "w") as out:
            os.chmod(path, 0o600)
            out.write(value + "\n")
        self.forbidden.append(value)
        return path

    def call(self, method, name, value=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.control,
                                                timeout=20)
        body = None if value is None else json.dumps(value)
        connection.request(method, "/" + name, body)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"authority: {method} {name}: {answer}")
        return json.loads(answer)

    def token(self, **entry):
        """A new token with this entry of the table; see cloudflare.py."""
        token = entry.setdefault("token", "cfut_" + secrets.token_hex(24))
        entry.setdefault("id", secrets.token_hex(16))
        entry.setdefault("status", "active")
        self.call("POST", "tokens", [entry])
        self.forbidden.append(token)
        return Token(token, entry["id"])

    def rules(self, *rules):
        self.call("DELETE", "rules")
        self.call("POST", "rules", list(rules))

    def oracle(self, **settings):
        """What the oracle of the backend has to know: see strangers.py."""
        self.call("POST", "oracle", settings)

    def vouch(self, *tokens):
        """For the oracle these are good, whatever rules answer of them."""
        self.vouched.extend(tokens)
        self.oracle(good=self.vouched)

    def strangers_ok(self, count, pattern, reason):
        """So many whose description, "GET /open: no token", is of this
        pattern come to the backend; None: as many as like to."""
        self.allowances.append((count, re.compile(pattern), reason))

    def check_strangers(self):
        seen = self.call("DELETE", "strangers")
        for count, pattern, reason in self.allowances:
            met = [one for one in seen if pattern.fullmatch(one)]
            came = sum(seen.pop(one) for one in met)
            if count is not None:
                tap.is_(came, count, f"strangers at the backend: {reason}")
        tap.ok(not seen, "no stranger at the backend")
        for one, count in seen.items():
            tap.diag(f"{count} times: {one}")
        self.allowances = []

    def counts(self):
        return self.call("GET", "counts")

    def clear(self):
        self.call("POST", "clear")

    def log(self, role="authority"):
        return [request for request in self.call("GET", "log")["requests"]
                if request["role"] == role]

    def stop(self):
        watch.forget(self)
        if self.process.poll() is None:
            self.check_strangers()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)
