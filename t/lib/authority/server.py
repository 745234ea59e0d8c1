# Copyright (C) The ngx_http_auth_token_module authors

"""Listeners, connections, requests.

The accept loop is our own, so that a rule can meet a connection before
TLS does.  One request of a connection is answered at a time.
"""

import asyncio
import socket
import struct
import time
from urllib.parse import parse_qs

from . import (assertions, cloudflare, faults, grants, introspection, rules,
               vendors)
from .answers import Answer

MAX_HEAD = 65536
MAX_BODY = 1 << 20


class BadRequest(Exception):
    pass


class Request:
    def __init__(self, conn, head):
        self.conn = conn
        self.nth = conn.record["requests"] + 1
        self.raw_head = head.decode("latin-1")
        lines = self.raw_head.split("\r\n")
        try:
            self.method, self.path, self.version = lines[0].split(" ")
            self.headers = []
            for line in lines[1:]:
                name, _, value = line.partition(":")
                self.headers.append((name, value.strip()))
        except ValueError:
            raise BadRequest(lines[0])
        if self.path.startswith("/~"):
            # a prefix by which tests tell endpoints apart, no more
            self.path = "/" + self.path.partition("/~")[2].partition("/")[2]
        self.by_name = {name.lower(): value for name, value in self.headers}
        self.body = ""
        self.time = time.time()
        self.rule = None

    def header(self, name):
        return self.by_name.get(name.lower())

    @property
    def bearer(self):
        value = self.header("authorization") or ""
        return value[7:] if value[:7].lower() == "bearer " else None

    @property
    def token(self):
        """The token that is asked about: of the form, else the bearer."""
        if self.method == "POST" and self.body:
            found = parse_qs(self.body).get("token")
            if found:
                return found[0]
        return self.bearer

    def record(self):
        return {"role": self.conn.role, "connection": self.conn.record["id"],
                "nth": self.nth, "method": self.method, "path": self.path,
                "version": self.version, "headers": self.headers,
                "body": self.body, "token": self.token, "time": self.time,
                "rule": self.rule}


class Connection(asyncio.Protocol):
    """handler(request) gives an Answer, or None where a rule takes over."""

    ids = 0

    def __init__(self, server, at_accept=None):
        Connection.ids += 1
        self.server = server
        self.state = server.state
        self.role = server.role
        self.listener = server.name
        self.at_accept = at_accept
        self.buffer = b""
        self.busy = False
        self.touched = False
        self.headed = False
        self.noted = False
        self.tasks = set()
        self.record = {"id": Connection.ids, "listener": server.name,
                       "requests": 0, "tls": None, "alpn": None,
                       "time": time.time()}

    def connection_made(self, transport):
        self.transport = transport
        self.closed = asyncio.get_running_loop().create_future()
        self.arrived = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.state.connections.add(self)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.record["tls"] = tls.version()
            self.record["alpn"] = tls.selected_alpn_protocol()
            self.record["resumed"] = bool(tls.session_reused)
            cert = transport.get_extra_info("peercert")
            if cert:
                self.record["client"] = str(cert.get("subject"))
                self.record["client_name"] = dict(
                    pair for one in cert.get("subject", ())
                    for pair in one).get("commonName")
                self.record["client_sha256"] = assertions.fingerprint(
                    tls.getpeercert(True))
        if self.at_accept:
            self.busy = True
            self.start(faults.run(self, None, self.at_accept, None))
        elif self.role == "authority":
            self.state.note_connection(self)

    def connection_lost(self, exc):
        self.state.connections.discard(self)
        if not self.closed.done():
            self.closed.set_result(None)
        self.writable.set()
        self.arrived.set()
        for task in list(self.tasks):
            task.cancel()

    def pause_writing(self):
        self.writable.clear()

    def resume_writing(self):
        self.writable.set()

    def eof_received(self):
        return False

    def start(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def data_received(self, data):
        self.arrived.set()
        if self.at_accept:
            return
        self.buffer += data
        if not self.touched:
            self.touched = True
            if self.obey("bytes", None):
                return
        self.advance()

    def obey(self, at, request):
        """Hands the connection to the rule that fits, if any does."""
        if self.role != "authority" or not self.state.rules:
            return False
        rule = rules.find(self.state.rules, at, self, request)
        if rule is None:
            return False
        if request:
            request.rule = rule.get("name", True)
        actions = rule.get("actions")
        if actions is None:
            actions = [{"answer": rule.get("answer", "default")}]
        self.busy = True
        self.arrived.clear()
        self.start(self.follow(request, actions))
        return True

    async def follow(self, request, actions):
        def default():
            return self.server.handler(self.state, request)

        await faults.run(self, request, actions, default)
        self.busy = False
        self.advance()

    def advance(self):
        while not self.busy and not self.transport.is_closing():
            try:
                request = self.next_request()
            except BadRequest:
                self.transport.write(Answer(400, b"bad request\n").render())
                self.transport.close()
                return
            if request is None:
                return
            if not self.noted:
                self.state.note_request(request)
            self.noted = False
            if self.obey("request", request):
                return
            answer = self.server.handler(self.state, request)
            self.transport.write(answer.render(request.method))
            if answer.closes or request.version == "HTTP/1.0" \
                    or (request.header("connection") or "") == "close":
                self.transport.close()

    def next_request(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MAX_HEAD:
                raise BadRequest("head too large")
            return None
        request = Request(self, self.buffer[:end])
        if request.header("content-length"):
            try:
                size = int(request.header("content-length"))
            except ValueError:
                raise BadRequest("content-length")
            if size > MAX_BODY:
                raise BadRequest("body too large")
            if not self.headed:
                self.headed = True
                if (request.header("expect") or "") == "100-continue":
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                if self.obey("head", request):
                    self.noted = True
                    self.state.note_request(request)
                    return None
            if len(self.buffer) < end + 4 + size:
                return None
            body = self.buffer[end + 4:end + 4 + size]
            request.body = body.decode("latin-1")
            self.buffer = self.buffer[end + 4 + size:]
            self.headed = False
        else:
            self.buffer = self.buffer[end + 4:]
        return request

    def reset(self):
        """Closes with RST."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        self.transport.abort()


class Server:
    def __init__(self, state, name, address, handler, role, tls=None):
        self.state = state
        self.name = name
        self.handler = handler
        self.role = role
        self.tls = tls
        self.sockets = bind_all(address)
        self.tasks = []

    @property
    def address(self):
        name = self.sockets[0].getsockname()
        return name if isinstance(name, str) else name[1]

    def start(self):
        for sock in self.sockets:
            self.tasks.append(asyncio.ensure_future(self.accept_loop(sock)))

    def stop(self):
        for task in self.tasks:
            task.cancel()
        for sock in self.sockets:
            sock.close()

    async def accept_loop(self, listening):
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asyncio.ensure_future(self.serve(sock))

    async def serve(self, sock):
        loop = asyncio.get_running_loop()
        conn = Connection(self)
        rule = None
        if self.role == "authority":
            self.state.counts["accepted"] += 1
            rule = rules.find(self.state.rules, "accept", conn)
        try:
            if rule is None:
                context = self.tls.context if self.tls else None
                await loop.connect_accepted_socket(
                    lambda: conn, sock, ssl=context,
                    ssl_handshake_timeout=60 if context else None)
            else:
                conn.at_accept = rule["actions"]
                await loop.connect_accepted_socket(lambda: conn, sock)
        except (OSError, asyncio.TimeoutError):
            sock.close()


def bind_all(address):
    """Listening sockets of "IP:PORT", "[IP6]:PORT", "localhost:PORT" (both
    families) or "unix:PATH"."""
    if address.startswith("unix:"):
        places = [(socket.AF_UNIX, address[5:])]
    else:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        if host == "localhost":
            places = [(socket.AF_INET, ("127.0.0.1", int(port)))]
            if socket.has_ipv6:
                places.append((socket.AF_INET6, ("::1", int(port))))
        elif ":" in host:
            places = [(socket.AF_INET6, (host, int(port)))]
        else:
            places = [(socket.AF_INET, (host, int(port)))]

    sockets = []
    for family, place in places:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if sockets:
                place = ("::1", sockets[0].getsockname()[1])
        try:
            sock.bind(place)
        except OSError:
            sock.close()
            if sockets:
                continue                # a machine without IPv6 loopback
            raise
        sock.listen(1024)
        sockets.append(sock)
    return sockets


def authority(state, request):
    answer = vendors.answer(state, request)
    if answer is not None:
        return answer
    if cloudflare.handles(request.path):
        return cloudflare.answer(state, request)
    if grants.handles(request.path):
        return grants.answer(state, request)
    if introspection.handles(request.path):
        return introspection.answer(state, request)
    return Answer(404, b"no such page\n", ["Content-Type: text/plain"])


def backend(state, request):
    """The server behind nginx: tells what it got, but no header of it, and
    judges by itself whether it should have got it."""
    state.strangers.judge(state, request)
    text = f"backend: {request.method} {request.path}\n"
    return Answer(200, text.encode(), ["Content-Type: text/plain"])
