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
    for kind in ("none", "dns", "connect", "tls", "answer"):
        if kind == "dns" and not possible():
            print("dns: needs root and namespaces", flush=True)
            continue
        found[kind] = [this(kind, size["stall"])]
        tell_latency(kind, found[kind][0])
    for one in contestants.RIVALS:
        if one.asks and one is not contestants.THIS:
            found[one.name] = [other(one, size["stall"])]
            tell_latency(one.name, found[one.name][0])
    return found


def tell_latency(name, sample):
    print(f"{name:14} p50 {sample['p50'] / 1000:.2f} ms, p99 "
          f"{sample['p99'] / 1000:.2f} ms, p99.9 "
          f"{sample['p999'] / 1000:.2f} ms, longest "
          f"{sample['max'] / 1000:.1f} ms, {sample['hanging']} hung",
          flush=True)


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


def measure(server, seconds, stall, held):
    hanging = None
    if stall:
        hanging = load.start(server.url("/t"), seconds + 3, 200, new=100,
                             given=load.seed())
        time.sleep(1)
    found = load.run(server.url("/-/free"), seconds, 20, pause=10)
    found["hanging"] = connections(server)
    if hanging:
        hanging.communicate()
    server.end()
    for sock in held:
        sock.close()
    return found


def connections(server):
    """That clients have to it: a wrk that has ended leaves none."""
    done = subprocess.run(["ss", "-Htn", "state", "established",
                           f"( sport = :{server.port} )"],
                          capture_output=True, text=True)
    return len(done.stdout.splitlines())
