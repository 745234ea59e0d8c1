# Copyright (C) The ngx_http_auth_token_module authors

"""An nginx of the benchmark's own, and what its workers cost."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP = os.path.dirname(BENCH)

sys.path.insert(0, os.path.join(TOP, "t", "lib"))
from harness.ports import free_port  # noqa: E402

MODULE = os.environ.get("AUTH_TOKEN_MODULE", os.path.join(
    TOP, "build", "ngx_http_auth_token_module.so"))
MODULES = os.environ.get("NGINX_MODULES", "/usr/lib/nginx/modules")
BINARY = os.environ.get("TEST_NGINX_BINARY", "nginx")

GONE = re.compile(r'\[crit\].* stat\(\) ".*/cache/.*" failed \(2: ')

os.environ["PATH"] += ":/usr/sbin:/sbin"

# the same for all: what differs is in the contestants
CONF = """
daemon off;
pid nginx.pid;
error_log error.log error;
master_process @MASTER@;
worker_processes @WORKERS@;
worker_rlimit_nofile 20000;
@AFFINITY@
@USER@
@LOAD@
events {
    worker_connections 16384;
}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;
    keepalive_timeout 300s;
    keepalive_requests 1000000000;
    default_type application/json;
    @HTTP@
    server {
        listen 127.0.0.1:@PORT@ backlog=4096@REUSEPORT@;
        @SERVER@
        location = /-/free {
            empty_gif;
        }
    }
}
"""

_running = []


def base():
    """Where servers have their files: in memory, if the system offers it."""
    shm = "/dev/shm"
    return shm if os.access(shm, os.W_OK) else tempfile.gettempdir()


class Server:
    """Server(http, server) starts; "names" are what @NAME@ stands for in
    both.  With bound, the worker has the first CPU.  Directories in "more"
    go when it ends."""

    def __init__(self, http="", server="", load=(), workers=1, bound=True,
                 command=(), cpus=None, files=(), single=False, more=(),
                 **names):
        self.dir = tempfile.mkdtemp(prefix="auth-token-bench-", dir=base())
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        self.command = [expand(word, {"DIR": self.dir}) for word in command]
        self.cpus = cpus
        self.workers = workers
        self.single = single
        self.more = list(more)
        _running.append(self)
        names.update(HTTP=http, SERVER=server)
        values = {
            "WORKERS": workers, "MASTER": "off" if single else "on",
            "PORT": self.port, "DIR": self.dir, "MODULE": MODULE,
            "REUSEPORT": " reuseport" if workers > 1 else "",
            "USER": "user root;" if os.getuid() == 0 else "",
            "AFFINITY": affinity(workers) if bound else "",
            "LOAD": "\n".join(f"load_module {module(name)};"
                              for name in load),
        }
        values = {**names, **values}
        for name in files:
            self.write(name, expand(source(files, name), values))
        os.chmod(self.write("secret", "secret"), 0o600)
        text = expand(expand(CONF, names), values)
        self.text = text
        self.write("nginx.conf", text)
        self.start()

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as out:
            out.write(text)
        return path

    def start(self):
        self.errors = open(os.path.join(self.dir, "stderr"), "w+")
        self.process = subprocess.Popen(
            [*self.command, BINARY, "-e", os.path.join(self.dir, "error.log"),
             "-p", self.dir + "/", "-c", os.path.join(self.dir, "nginx.conf")],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        end = time.monotonic() + 180
        while len(self.pids()) < self.workers or not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.errors.seek(0)
                raise RuntimeError("nginx did not start:\n"
                                   + self.errors.read())
            time.sleep(0.02)
        if self.cpus:
            for pid in self.pids():
                os.sched_setaffinity(pid, self.cpus)

    def pids(self):
        """Of the workers."""
        pid = self.process.pid
        if self.single:
            return [pid]
        found = []
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as read:
                children = read.read().split()
            for child in children:
                with open(f"/proc/{child}/cmdline", "rb") as read:
                    if b"worker process" in read.read():
                        found.append(int(child))
        except OSError:
            return []
        return found

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True

    def cpu(self):
        """Seconds that the workers have run, all their threads together, by
        the clock of each process."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.pids())

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def check(self):
        """No error may have gone unseen: it would have been measured.  That
        nginx's cache loader meets a file which the cache manager has just
        removed is no error of a request."""
        with open(os.path.join(self.dir, "error.log")) as read:
            text = "".join(line for line in read
                           if not GONE.search(line))
        if text:
            raise RuntimeError(f"error.log of {self.dir}:\n{text[:2000]}")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                for pid in self.pids():
                    os.kill(pid, 9)
                self.process.kill()
                self.process.wait(10)
        self.errors.close()
        for directory in (self.dir, *self.more):
            shutil.rmtree(directory, ignore_errors=True)
        if self in _running:
            _running.remove(self)


def complaints():
    """The last lines of error logs of servers that still run."""
    found = []
    for server in _running:
        with open(os.path.join(server.dir, "error.log")) as read:
            found += [line.rstrip() for line in read.readlines()[-3:]]
    return found


def end_all():
    for server in list(_running):
        server.end()


def source(files, name):
    """Of a file to write: given as a text, or the name of one in conf/."""
    if isinstance(files, dict):
        return files[name]
    with open(os.path.join(BENCH, "conf", name)) as read:
        return read.read()


def expand(text, values):
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def module(name):
    return MODULE if name == "this" else os.path.join(MODULES, name)


def affinity(workers):
    cpus = sorted(os.sched_getaffinity(0))
    if workers > len(cpus):
        return ""
    masks = [format(1 << cpu, "b") for cpu in cpus[:workers]]
    return f"worker_cpu_affinity {' '.join(masks)};"
