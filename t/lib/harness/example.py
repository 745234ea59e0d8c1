# Copyright (C) The ngx_http_auth_token_module authors

"""An nginx that runs a file of conf-examples/."""

import http.client
import os
import re
import ssl

from . import watch
from .nginx import BINARY, MODULE, TOP, Nginx
from .tap import diag, is_, ok, unlike

EXAMPLES = os.path.join(TOP, "conf-examples")


class Example(Nginx):
    """An nginx that runs an example.  Pairs of (pattern, replacement) are
    applied to its text; each must match, at least once."""

    def __init__(self, authority, text, *replacements, tls=False, count=1):
        self.text = text
        self.replacements = replacements
        self.scheme = "https" if tls else "http"
        super().__init__(authority, start=False)
        status, said = self.test_configuration()
        is_(status, 0, "nginx -t") or diag(said)
        self.said = said
        self.start()

    def configure(self, **changes):
        text = self.text
        for pattern, replacement in (*self.common(), *self.replacements):
            text, count = re.subn(pattern, replacement, text, flags=re.M)
            ok(count, f"replaced: {pattern}")
        with open(self.path("nginx.conf"), "w") as out:
            out.write(text)

    def common(self):
        module = f"load_module {MODULE};" if MODULE else ""
        temporary = "".join(
            f"    {name}_temp_path {self.dir}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))
        yield (r"^load_module modules/ngx_http_auth_token_module\.so;",
               module)
        yield r"^http \{\n", "http {\n" + temporary
        if "access_log" in self.text:
            yield (r"/var/log/nginx/access\.log", self.path("access.log"))
        else:
            yield (r"^http \{\n", "http {\n    access_log "
                   + self.path("access.log") + ";\n")
        yield (r"listen (?:127\.0\.0\.1:)?(?:80|443)( ssl)?;",
               rf"listen 127.0.0.1:{self.port}\1;")
        yield r"127\.0\.0\.1:8080", f"127.0.0.1:{self.authority.backend}"
        if self.scheme == "https":
            for kind in ("pem", "key"):
                yield (rf"/etc/nginx/api\.example\.com\.{kind}",
                       f"{self.authority.dir}/good.{kind}")

    def arguments(self):
        main = f"daemon off; pid {self.path('nginx.pid')};"
        return [BINARY, "-e", self.path("error.log"), "-p", self.dir + "/",
                "-c", self.path("nginx.conf"), "-g", main]

    def ask(self, path="/", bearer=None, method="GET", source="127.0.0.1",
            **headers):
        if self.scheme == "https":
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=10, source_address=(source, 0),
                context=ssl._create_unverified_context())
        else:
            connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=10, source_address=(source, 0))
        headers = {name.replace("_", "-"): value
                   for name, value in headers.items()}
        if bearer is not None:
            headers["Authorization"] = "Bearer " + bearer.token
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        watch.answer(self.port, f"{response.headers}".encode()
                     + response.read())
        connection.close()
        return response

    def backend(self):
        """Header fields of the requests that reached the backend."""
        return [{name.lower(): value for name, value in request["headers"]}
                for request in self.authority.log("backend")]


def example(name):
    with open(os.path.join(EXAMPLES, name)) as read:
        return read.read()


def statuses(nginx, cases):
    """Each case: expected status, name, arguments of ask()."""
    for wanted, name, arguments in cases:
        is_(nginx.ask(**arguments).status, wanted, name)


def no_warnings(nginx):
    unlike(nginx.said, r"\[warn\]", "nginx -t warns of nothing")
