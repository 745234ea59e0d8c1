# Copyright (C) The ngx_http_auth_token_module authors

"""Programs of npm packages, which util/install-deps.sh npm puts into
build/npm: a process that tells when it is ready and ends with the test."""

import os
import shutil
import subprocess
import threading

from . import tap
from .nginx import TOP

NPM = os.environ.get("AUTH_TOKEN_NPM") or os.path.join(TOP, "build", "npm")


def needs_npm(package):
    """Skips the whole file where the package is not installed."""
    if shutil.which("node") is None:
        tap.plan_skip_all("no node on this machine")
    if not os.path.isdir(os.path.join(NPM, "node_modules", package)):
        tap.plan_skip_all(f"npm package {package} is not installed: "
                          "util/install-deps.sh npm")


class Program:
    """node with these arguments; its lines of output are in .lines"""

    def __init__(self, *arguments, ready, seconds=60):
        self.lines = []
        self.process = subprocess.Popen(
            ["node", *arguments], cwd=NPM, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        tap.cleanups.append(self.stop)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if not tap.poll(lambda: self.said(ready)
                        or self.process.poll() is not None, seconds) \
                or not self.said(ready):
            raise RuntimeError(f"{arguments[0]} did not start:\n"
                               + "\n".join(self.lines[-30:]))

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def said(self, text):
        return any(text in line for line in list(self.lines))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(5)
        self.process.stdin.close()
        self.process.stdout.close()
