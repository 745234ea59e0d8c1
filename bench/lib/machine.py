# Copyright (C) The ngx_http_auth_token_module authors

"""What the figures are of: kinds and versions, no names."""

import os
import platform
import re
import shutil
import subprocess

from servers import BINARY, MODULE, TOP


def describe():
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": first(r"^model name\s*:\s*(.+)$", "/proc/cpuinfo"),
        "system": first(r'^PRETTY_NAME="(.+)"$', "/etc/os-release"),
        "kernel": platform.release().split("-")[0],
        "nginx": said(r"nginx/(\S+)", BINARY, "-v"),
        "libcurl": libcurl(),
        "wrk": said(r"wrk \S*?(\d+\.\d+\.\d+)", "wrk", "-v"),
    }


def commit():
    """Of the module; with "+" if it was changed since."""
    def git(*words):
        done = subprocess.run(["git", "-C", TOP, *words], capture_output=True,
                              text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    found = git("log", "-1", "--format=%h", "--", "ngx_module")
    if not found:
        return "unknown"
    return found + ("+" if git("status", "--porcelain", "ngx_module") else "")


def first(pattern, path):
    with open(path) as read:
        found = re.search(pattern, read.read(), re.M)
    return found.group(1) if found else "unknown"


def said(pattern, *command):
    if shutil.which(command[0]) is None:
        return "none"
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "unknown"


def compiler():
    """Whose code the module is: the major version is what matters."""
    done = subprocess.run([os.environ.get("CC", "cc"), "--version"],
                          capture_output=True, text=True)
    words = done.stdout.split("\n")[0]
    found = re.search(r"(\d+)\.\d+\.\d+", words)
    kind = "clang" if "clang" in words else "gcc"
    return f"{kind} {found.group(1) if found else 'unknown'}"


def libcurl():
    """Of the file that the module would be linked with."""
    done = subprocess.run(["ldd", MODULE], capture_output=True, text=True)
    found = re.search(r"libcurl\.so\S* => (\S+)", done.stdout)
    if not found:
        return "unknown"
    with open(found.group(1), "rb") as read:
        match = re.search(rb"libcurl/(\d+\.\d+\.\d+)", read.read())
    return match.group(1).decode() if match else "unknown"
