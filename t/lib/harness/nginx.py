# Copyright (C) The ngx_http_auth_token_module authors

"""An nginx of a test's own, in the foreground, as a child."""

import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile

from . import tap, watch
from .ports import free_port

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
MODULE = os.environ.get("AUTH_TOKEN_MODULE", os.path.join(
    TOP, "build", "ngx_http_auth_token_module.so"))
BINARY = os.environ.get("TEST_NGINX_BINARY", "nginx")

if tap.VALGRIND:
    os.environ["AUTH_TOKEN_NGINX"] = BINARY
    BINARY = os.path.join(TOP, "t", "lib", "valgrind")

os.environ["PATH"] += ":/usr/sbin:/sbin"

# made by util/sanitize/run: memory that was freed is kept for a while
SANITIZED = "-fsanitize=" in subprocess.run(
    [BINARY, "-V"], capture_output=True, text=True).stderr \
    if shutil.which(BINARY) else False

# what a limit of time is multiplied by: nginx is so much slower then
PATIENCE = tap.SLOWER if tap.VALGRIND else 3 if SANITIZED else 1

# a provider and a protected server that most tests want; keys of the format
# are attributes of the Nginx and of its Authority
PROVIDER = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    http://127.0.0.1:{plain}/client/v4/user/tokens;
        credential  bearer file:{credential};
        {words}
    }}
"""

PROTECTED = """
        location / {{
            auth_token  cloudflare;
            proxy_pass  http://127.0.0.1:{backend};
        }}
"""

CONF = """
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log {log_level};
worker_processes {workers};
worker_rlimit_core 0;
{user}
{load}
{main}
events {{
    worker_connections {connections};
}}
http {{
    access_log {dir}/access.log;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    scgi_temp_path {dir}/scgi;
    uwsgi_temp_path {dir}/uwsgi;
    {http}
    server {{
        listen 127.0.0.1:{port}{listen};
        {server}
        location = /-/alive {{
            access_log off;
            return 200 "alive\\n";
        }}
        location = /-/status {{
            access_log off;
            stub_status;
        }}
    }}
}}
"""


def module_built():
    return MODULE == "" or os.path.exists(MODULE)


class Nginx:
    """Nginx(authority, server=..., http=..., main=..., words=...) starts.
    server and http are formats over the names of PROTECTED; http defaults to
    one provider "cloudflare" with the words given.  load=False leaves the
    module out.  environment is added to that of the process."""

    def __init__(self, authority=None, server="", http=PROVIDER, main="",
                 words="", workers=1, connections=4096, listen="",
                 log_level="info", load=True, environment=None, start=True,
                 command=()):
        self.authority = authority
        self.dir = tempfile.mkdtemp(prefix="nginx-")
        self.port = free_port()
        self.places = {}
        self.forbidden = []             # beside those of its authority
        watch.holders.append(self)
        self.environment = environment or {}
        self.command = list(command)
        self.alert_ok = self.emerg_ok = None
        self.process = None
        self.settings = dict(server=server, http=http if load else "",
                             main=main, words=words, workers=workers,
                             connections=connections, listen=listen,
                             log_level=log_level, load=load)
        tap.cleanups.append(self.end)
        self.configure()
        if start:
            self.start()

    def configure(self, **changes):
        """Writes the configuration, with changes if any are given."""
        self.settings.update(changes)
        chosen = dict(self.settings)
        values = {"dir": self.dir, "port": self.port, "top": TOP,
                  "words": chosen.pop("words")}
        if self.authority:
            for name in ("plain", "tls", "backend", "ca", "socket",
                         "credential", "client_secret"):
                values[name] = getattr(self.authority, name)
        for name in ("server", "http", "main"):
            chosen[name] = chosen[name].format(**values)
        load = chosen.pop("load")
        chosen["load"] = f"load_module {MODULE};" if load and MODULE else ""
        chosen["user"] = "user root;" if os.getuid() == 0 else ""
        with open(self.path("nginx.conf"), "w") as out:
            out.write(CONF.format(dir=self.dir, port=self.port, **chosen))

    def path(self, name):
        return os.path.join(self.dir, name)

    def arguments(self):
        return [BINARY, "-e", self.path("error.log"), "-p", self.dir + "/",
                "-c", self.path("nginx.conf")]

    def start(self):
        with open(self.path("stderr"), "ab") as stderr:
            self.process = subprocess.Popen(
                [*self.command, *self.arguments()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=stderr, env=self.surroundings())
        wanted = self.settings["workers"]
        alive = tap.poll(lambda: self.process.poll() is not None
                         or len(self.workers()) >= wanted, 30)
        if not alive or self.process.poll() is not None:
            raise RuntimeError("nginx did not start:\n" + self.stderr())

    def surroundings(self):
        """The environment of nginx; sanitizers report into files."""
        found = {**os.environ, **self.environment}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            found[name] = ":".join(filter(None, (
                found.get(name), "log_path=" + self.path("sanitizer"))))
        found["AUTH_TOKEN_REPORTS"] = self.path("valgrind")
        return found

    def test_configuration(self):
        """nginx -t: (exit status, what it said)."""
        done = subprocess.run([*self.arguments(), "-t"], capture_output=True,
                              text=True, timeout=60 * tap.SLOWER,
                              env=self.surroundings())
        return done.returncode, done.stderr

    def stderr(self):
        with open(self.path("stderr"), errors="replace") as read:
            return read.read()

    def error_log(self):
        with open(self.path("error.log"), errors="replace") as read:
            return read.read()

    def wait_log(self, pattern, seconds=5):
        return tap.poll(lambda: re.search(pattern, self.error_log(), re.M),
                        seconds)

    @property
    def pid(self):
        """Of the master, or None where it has not written it yet."""
        try:
            with open(self.path("nginx.pid")) as read:
                return int(read.read())
        except (FileNotFoundError, ValueError):
            return None

    def workers(self, master=None):
        """The pids of the workers that are not shutting down."""
        pids = []
        master = master or self.pid
        if master is None:
            return []
        try:
            with open(f"/proc/{master}/task/{master}/children") as read:
                children = read.read().split()
        except OSError:
            return []
        for pid in children:
            try:
                title = self.title(pid)
            except OSError:
                continue
            if b"worker process" in title and b"shutting down" not in title:
                pids.append(int(pid))
        return pids

    @staticmethod
    def title(pid):
        """What nginx calls it.  Under valgrind the kernel does not see that:
        it is where valgrind has the arguments, at the end of its stack."""
        with open(f"/proc/{pid}/cmdline", "rb") as read:
            title = read.read()
        if b"valgrind" not in title and b"memcheck" not in title:
            return title
        with open(f"/proc/{pid}/mem", "rb", 0) as read:
            for size in range(4096, 32768, 4096):
                read.seek(0x1fff001000 - size)
                stack = read.read(size)
                if b"nginx: " in stack:
                    return stack[stack.rfind(b"nginx: "):].split(b"\0")[0]
        return b""

    def all_workers(self):
        """And those that are shutting down."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as read:
            return [int(pid) for pid in read.read().split()]

    def send_signal(self, number, pid=None):
        os.kill(pid or self.pid, number)

    def reload(self, seconds=30):
        """HUP, and waits until only new workers take connections; false if
        the new configuration was refused."""
        before = set(self.workers())
        start = len(self.error_log())
        self.send_signal(signal.SIGHUP)

        def done():
            if "[emerg]" in self.error_log()[start:]:
                return "refused"
            now = set(self.workers())
            return len(now) >= self.settings["workers"] \
                and not now & before

        return tap.poll(done, seconds) is True

    def stop(self, number=signal.SIGQUIT, seconds=20):
        """Ends it; the exit status, or None where it had to be killed."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(seconds * tap.SLOWER)
        except subprocess.TimeoutExpired:
            for pid in self.workers(self.process.pid):
                os.kill(pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            status = None
        self.process = None
        return status

    def status(self):
        """stub_status as a dictionary; this request counts itself."""
        from .http import get
        text = get(self, "/-/status").body.decode()
        numbers = [int(one) for one in re.findall(r"\d+", text)]
        return dict(zip(("active", "accepts", "handled", "requests",
                         "reading", "writing", "waiting"), numbers))

    def descriptors(self, pid=None):
        return len(os.listdir(f"/proc/{pid or self.workers()[0]}/fd"))

    def resident(self, pid=None):
        """KiB"""
        with open(f"/proc/{pid or self.workers()[0]}/status") as read:
            return int(re.search(r"VmRSS:\s+(\d+)", read.read()).group(1))

    def problems(self):
        """What may never stand in the logs, from where it was last asked."""
        found = []
        for name in ("error.log", "access.log", "stderr"):
            try:
                read = open(self.path(name), errors="replace")
            except FileNotFoundError:
                continue
            with read:
                read.seek(self.places.get(name, 0))
                text = read.read()
                self.places[name] = read.tell()
            found.extend(self.judge(name, text))
        return found + self.reports()

    def reports(self):
        """Of sanitizers and of valgrind, what was not seen yet."""
        found = []
        for path in sorted(glob.glob(self.path("sanitizer.*"))
                           + glob.glob(self.path("valgrind.*"))):
            with open(path, errors="replace") as read:
                read.seek(self.places.get(path, 0))
                text = read.read()
                self.places[path] = read.tell()
            if text:
                found.append(text)
        return found

    def judge(self, name, text):
        forbidden = list(self.forbidden)
        if self.authority:
            forbidden += self.authority.forbidden
        for line in text.split("\n"):
            if "[alert]" in line and not self.alert_ok \
                    or "[emerg]" in line and not self.emerg_ok \
                    or "Sanitizer" in line or "runtime error:" in line \
                    or "exited on signal" in line and not self.alert_ok:
                yield line
            for secret in forbidden:
                if secret in line:
                    yield f"secret {secret[:12]}... in {name}: {line}"

    def end(self):
        if self.process is not None:
            tap.is_(self.stop(), 0, "nginx ends")
        watch.forget(self)
        found = self.problems() + watch.take()
        tap.ok(not found, "logs and answers are clean")
        for line in found[:20]:
            tap.diag(line)
        if os.environ.get("AUTH_TOKEN_KEEP"):
            tap.diag("kept: " + self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
