# Copyright (C) The ngx_http_auth_token_module authors

"""Options, addresses, life time."""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile

from . import server
from .control import Control
from .state import State
from .tls import Certificates


def options(arguments):
    parser = argparse.ArgumentParser(
        prog="authority.py",
        description="A scriptable token authority on loopback.  An ADDRESS "
        "is 127.0.0.1:PORT, [::1]:PORT, localhost:PORT (both families) or "
        "unix:PATH; port 0 takes a free one.")
    parser.add_argument("--plain", metavar="ADDRESS", action="append",
                        default=[], help="answer HTTP here")
    parser.add_argument("--tls", metavar="ADDRESS", action="append",
                        default=[], help="answer HTTPS here")
    parser.add_argument("--backend", metavar="ADDRESS", action="append",
                        default=[], help="be a counting backend here")
    parser.add_argument("--control", metavar="ADDRESS",
                        help="take orders here (control.py)")
    parser.add_argument("--dir", help="where certificates and ready.json go")
    parser.add_argument("--setup", metavar="FILE",
                        help='JSON: {"tokens": ..., "credentials": ..., '
                        '"clients": ..., "rules": ...}')
    parser.add_argument("--parent", type=int, metavar="PID",
                        help="stop when this process is gone")
    parser.add_argument("--seconds", type=float, default=7200,
                        help="stop after so long (7200)")
    chosen = parser.parse_args(arguments)
    if not (chosen.plain or chosen.tls or chosen.backend):
        chosen.plain = ["127.0.0.1:0"]
    return chosen


def read_setup(state, path):
    with open(path) as setup:
        setup = json.load(setup)
    state.add_tokens(setup.get("tokens", {}))
    state.credentials.update(setup.get("credentials", []))
    state.clients.update(setup.get("clients", {}))
    state.add_rules(setup.get("rules", []))


async def live(chosen, directory):
    state = State()
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)

    certificates = Certificates(directory)
    if chosen.tls:
        certificates.configure({})
        certificates.make("client")

    servers = []

    def listen(kind, addresses, handler, role, tls=None):
        for number, address in enumerate(addresses):
            name = kind + (str(number + 1) if number else "")
            servers.append(server.Server(state, name, address, handler, role,
                                         tls))

    listen("plain", chosen.plain, server.authority, "authority")
    listen("tls", chosen.tls, server.authority, "authority",
           certificates)
    listen("backend", chosen.backend, server.backend, "backend")
    if chosen.control:
        control = Control(certificates, done.set)
        listen("control", [chosen.control], control, "control")

    if chosen.setup:
        read_setup(state, chosen.setup)
    for one in servers:
        one.start()
    announce(directory, {one.name: one.address for one in servers})

    await until_done(done, chosen)
    for one in servers:
        one.stop()
    for conn in list(state.connections):
        conn.transport.abort()


def announce(directory, addresses):
    text = json.dumps({"pid": os.getpid(), "dir": directory, **addresses})
    path = os.path.join(directory, "ready.json")
    with open(path + ".new", "w") as out:
        out.write(text + "\n")
    os.rename(path + ".new", path)
    print(text, flush=True)


async def until_done(done, chosen):
    loop = asyncio.get_running_loop()
    end = loop.time() + chosen.seconds
    while not done.is_set() and loop.time() < end:
        if chosen.parent and not os.path.exists(f"/proc/{chosen.parent}"):
            return
        try:
            await asyncio.wait_for(done.wait(), 0.5)
        except asyncio.TimeoutError:
            pass


def main(arguments=None):
    chosen = options(arguments)
    os.umask(0o077)
    if chosen.dir:
        os.makedirs(chosen.dir, exist_ok=True)
        asyncio.run(live(chosen, os.path.abspath(chosen.dir)))
    else:
        with tempfile.TemporaryDirectory(prefix="authority.") as directory:
            asyncio.run(live(chosen, directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
