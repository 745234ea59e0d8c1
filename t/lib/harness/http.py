# Copyright (C) The ngx_http_auth_token_module authors

"""Clients.  A server is a Nginx, a port of 127.0.0.1, or a path."""

import re
import socket
import subprocess
import threading
from dataclasses import dataclass, field

from . import watch


@dataclass
class Response:
    status: int
    headers: list = field(default_factory=list)
    body: bytes = b""
    raw: bytes = b""

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None


def open_socket(server, timeout=10, source=None):
    if isinstance(server, str):
        sock = watch.Socket(socket.AF_UNIX)
        sock.place = server
    else:
        sock = watch.Socket()
        sock.place = getattr(server, "port", server)
        if source:
            sock.bind((source, 0))
    sock.settimeout(timeout)
    try:
        sock.connect(sock.place if isinstance(sock.place, str)
                     else ("127.0.0.1", sock.place))
    except OSError:
        sock.close()
        raise
    return sock


def request_bytes(path="/", method="GET", bearer=None, headers=(), body=b"",
                  version="HTTP/1.1", close=True):
    lines = [f"{method} {path} {version}", "Host: localhost"]
    if bearer is not None:
        lines.append("Authorization: Bearer " + bearer)
    if body:
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    lines.extend(headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def read_response(sock, head_only=False):
    """One response; the connection may go on after it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return Response(0, raw=data)
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    found = re.match(r"HTTP/\d\.\d (\d+)", lines[0])
    status = int(found.group(1)) if found else 0
    headers = [tuple(part.strip() for part in line.split(":", 1))
               for line in lines[1:] if ":" in line]
    response = Response(status, headers, raw=data)
    if head_only or status in (204, 304) or 100 <= status < 200:
        return response
    length = response.header("content-length")
    if response.header("transfer-encoding") == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            more = sock.recv(65536)
            if not more:
                break
            body += more
        body = dechunked(body)
        watch.answer(sock.place, body)
    else:
        while length is None or len(body) < int(length):
            more = sock.recv(65536)
            if not more:
                break
            body += more
    response.body = body
    response.raw = head + b"\r\n\r\n" + body
    return response


def dechunked(body):
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        size = int(size.split(b";")[0] or b"0", 16)
        if size == 0:
            break
        out += body[:size]
        body = body[size + 2:]
    return out


def exchange(server, data, timeout=10):
    """Sends bytes, returns every byte that comes until the end."""
    with open_socket(server, timeout) as sock:
        sock.sendall(data)
        received = b""
        while True:
            try:
                more = sock.recv(65536)
            except ConnectionResetError:
                return received
            if not more:
                return received
            received += more


def get(server, path="/", timeout=10, **request):
    with open_socket(server, timeout) as sock:
        sock.sendall(request_bytes(path, **request))
        return read_response(sock, request.get("method") == "HEAD")


class Client:
    """A client that keeps its connection."""

    def __init__(self, server, timeout=10):
        self.sock = open_socket(server, timeout)

    def get(self, path="/", **request):
        self.send(path, **request)
        return self.receive()

    def send(self, path="/", **request):
        self.sock.sendall(request_bytes(path, close=False, **request))

    def receive(self):
        return read_response(self.sock)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def h2_get(server, path="/", bearer=None, headers=(), timeout=10):
    """Over HTTP/2 without TLS, by the curl command."""
    port = getattr(server, "port", server)
    command = ["curl", "-sS", "--http2-prior-knowledge", "--include",
               "--max-time", str(timeout), "--config", "-"]
    config = "".join(f'header = "{line}"\n' for line in headers)
    if bearer is not None:
        config += f'header = "Authorization: Bearer {bearer}"\n'
    done = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"],
                          input=config.encode(), capture_output=True)
    watch.answer(port, done.stdout)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if done.returncode != 0 or not lines[0].startswith("HTTP/2 "):
        return Response(0, raw=done.stdout + done.stderr)
    fields = [tuple(part.strip() for part in line.split(":", 1))
              for line in lines[1:]]
    return Response(int(lines[0].split()[1]), fields, body, done.stdout)


def parallel(count, function):
    """function(i) in count threads; what they returned, in order, with an
    exception in place of a result where one was raised."""
    results = [None] * count

    def work(i):
        try:
            results[i] = function(i)
        except Exception as error:
            results[i] = error

    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
