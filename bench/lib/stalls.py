# Copyright (C) The ngx_http_auth_token_module authors

"""What other requests to the same worker notice while the authority stalls.
Clients with new tokens keep look-ups hanging; the others ask for a page that
is not protected, well under what the worker can do, and their time to the
last byte is what is looked at."""

import os
import socket
import subprocess
import tempfile
import time

import contestants
import load
from servers import expand

NAMESERVER = "127.0.0.153"

PROVIDER = """
    auth_token_zone tokens:10m;
    auth_token_provider idp {
        preset           introspection;
        endpoint         @ENDPOINT@/introspect;
        credential       basic nginx file:@DIR@/secret;
        ssl_verify       on;
        timeout          2s;
        breaker          failures=0;
        max_lookups      4096;
        max_connections  256;
    }
"""


def listener(backlog=4096):
    """Takes connections, as the kernel does that by itself, and is silent."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    return sock


def full():
    """Takes no connection: what would fill its queue is there already."""
    sock = listener(0)
    fill = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(sock.getsockname())
        fill.append(one)
    return [sock, *fill]


def nameserver(directory):
    """A command under which nginx asks a DNS server that is silent."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((NAMESERVER, 53))
    path = os.path.join(directory, "resolv.conf")
    with open(path, "w") as out:
        out.write(f"nameserver {NAMESERVER}\noptions timeout:5 attempts:2\n")
    target = os.path.realpath("/etc/resolv.conf")
    return sock, ["unshare", "-m", "sh", "-c",
                  f"mount --bind {path} {target} && exec \"$@\"", "sh"]


def possible():
    """A mount namespace, and port 53, are for root."""
    return os.getuid() == 0 and os.path.exists("/etc/resolv.conf") and (
        subprocess.run(["unshare", "-m", "true"],
                       capture_output=True).returncode == 0)


def stalls(size, tell):
    found = {}
    for turn in range(size["turns"]):
        for kind in ("none", "dns", "connect", "tls", "answer"):
            if kind == "dns" and not possible():
                print("dns: needs root and namespaces", flush=True)
                continue
            found.setdefault(kind, []).append(this(kind, size["stall"]))
            tell_latency(kind, found[kind][-1])
        # those there is no target for: every second turn will do
        for one in contestants.RIVALS if turn % 2 == 0 else ():
            if one.asks and one is not contestants.THIS:
                found.setdefault(one.name, []).append(
                    other(one, size["stall"]))
                tell_latency(one.name, found[one.name][-1])
    return found


def tell_latency(name, sample):
    print(f"{name:14} p50 {sample['p50'] / 1000:.2f} ms, p99 "
          f"{sample['p99'] / 1000:.2f} ms, p99.9 "
          f"{sample['p999'] / 1000:.2f} ms, longest "
          f"{sample['max'] / 1000:.1f} ms, {sample['rate']:.0f}/s, "
          f"{sample['hanging']} hung", flush=True)


def this(kind, seconds):
    held = full() if kind == "connect" else [listener()]
    port = held[0].getsockname()[1]
    endpoint, command = f"http://127.0.0.1:{port}", ()
    if kind == "tls":
        endpoint = f"https://127.0.0.1:{port}"
    if kind == "dns":
        directory = tempfile.TemporaryDirectory()
        sock, command = nameserver(directory.name)
        held.append(sock)
        endpoint = "https://authority.bench.test"
    one = contestants.Contestant(
        "this", "", load=("this",), server=contestants.LOCATION,
        http=expand(PROVIDER, {"ENDPOINT": endpoint}))
    server = one.start(Nobody(port), command=command)
    return measure(server, seconds, kind != "none", held)


def other(one, seconds):
    held = [listener()]
    server = one.start(Nobody(held[0].getsockname()[1]))
    return measure(server, seconds, True, held)


class Nobody:
    """An authority by its port alone."""

    def __init__(self, port):
        self.port = port


CLIENTS, TIMEOUT = 200, 2


def measure(server, seconds, stall, held):
    hanging = None
    if stall:
        hanging = load.start(server.url("/t"), seconds + 3, CLIENTS, new=100,
                             given=load.seed(), pause=100)
        time.sleep(1)
    found = load.run(server.url("/-/free"), seconds, 20, pause=10)
    found["hanging"] = connections(server)
    asked = names_asked(held)
    if hanging:
        found["answered"] = hung(hanging, seconds + 3, not asked)
    server.end()
    for sock in held:
        sock.close()
    return found


def hung(process, seconds, wait):
    """How many answers clients got, all refusals.  Those who wait for the
    authority have one for each time-out, or nothing was stalled."""
    output = process.communicate(timeout=seconds + 60)[0]
    last = [line for line in output.splitlines()
            if line.startswith("result ")][-1]
    answered, refused = int(last.split()[1]), int(last.split()[3])
    if answered != refused or (
            wait and answered > CLIENTS * (seconds // TIMEOUT + 1)):
        raise load.Failed(f"stall: {answered} answers, {refused} refusals")
    return answered


def names_asked(held):
    """Whether there is a silent name server, which was asked then.  Once it
    has not answered in time, most are refused at once."""
    for sock in held:
        if sock.type == socket.SOCK_DGRAM:
            sock.setblocking(False)
            try:
                return sock.recv(512)
            except BlockingIOError:
                raise load.Failed("stall: no name was asked for")
    return None


def connections(server):
    """That clients have to it: a wrk that has ended leaves none."""
    done = subprocess.run(["ss", "-Htn", "state", "established",
                           f"( sport = :{server.port} )"],
                          capture_output=True, text=True)
    return len(done.stdout.splitlines())
