#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for handshakes that somebody breaks, between the hello of the module
# and the end of it.  The failure this file exists for: the worker waits for
# the rest, keeps all that comes, or takes the failure for a verdict.

import os
import select
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

TIMEOUT = 0.8

HTTP = """
    auth_token_provider cloudflare {{
        preset      cloudflare;
        endpoint    https://localhost:%d/client/v4/user/tokens;
        credential  bearer file:{credential};
        ssl_trusted_certificate {ca};
        timeout     800ms;
        breaker     failures=100000 delay=1s;
    }}
"""

# types of records, RFC 8446, section 5.1
ALERT, HANDSHAKE = 21, 22


def record(kind, data, version=0x303):
    return struct.pack("!BHH", kind, version, len(data)) + data


def read_record(sock):
    """The next one, with its header."""
    head = sock.recv(5, socket.MSG_WAITALL)
    if len(head) < 5:
        return head
    return head + sock.recv(struct.unpack("!H", head[3:])[0],
                            socket.MSG_WAITALL)


class Between:
    """Somebody between nginx and the authority.  Takes each connection, reads
    the first record and does the deed (client, authority, that record); with
    none, passes on what both say."""

    def __init__(self, authority):
        self.authority, self.deed = authority, None
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.sock.getsockname()[1]
        self.ended = threading.Event()
        self.done = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.sock.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.meet, args=(client, self.deed),
                             daemon=True).start()

    def meet(self, client, deed):
        try:
            with client, socket.create_connection(
                    ("127.0.0.1", self.authority.tls), 10) as server:
                client.settimeout(10)
                hello = read_record(client)
                if deed:
                    self.done += 1
                    deed(client, server, hello)
                else:
                    server.sendall(hello)
                    self.relay(client, server)
        except OSError:
            pass

    @staticmethod
    def relay(client, server):
        """Until one of them ends."""
        other = {client: server, server: client}
        while True:
            for sock in select.select(list(other), [], [], 10)[0]:
                data = sock.recv(65536)
                if not data:
                    return
                other[sock].sendall(data)

    def end(self):
        # an accept() that waits is not woken by close()
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack("ii", 1, 0))


def stall(client):
    """Until the client is tired of it."""
    while client.recv(65536):
        pass


ENDS = {"resets": reset, "closes": lambda client: None, "stalls": stall}


def says(data, end=stall):
    def deed(client, server, hello):
        client.sendall(data)
        end(client)
    return deed


def endless(opening, piece):
    def deed(client, server, hello):
        client.sendall(opening)
        for _ in range((64 << 20) // len(piece)):
            client.sendall(piece)
    return deed


def flight(server, hello):
    """The records of the authority, until it waits."""
    server.sendall(hello)
    records = [read_record(server)]
    while select.select([server], [], [], 0.1)[0]:
        records.append(read_record(server))
    return records


def part(share, end):
    """What the authority says, but not to its end."""
    def deed(client, server, hello):
        client.sendall(share(flight(server, hello)))
        end(client)
    return deed


def second_flight(end):
    """All that the authority says first, but nothing after it."""
    def deed(client, server, hello):
        client.sendall(b"".join(flight(server, hello)))
        read_record(client)
        end(client)
    return deed


def drip(client, server, hello):
    for byte in b"".join(flight(server, hello)):
        client.sendall(bytes([byte]))
        time.sleep(0.005)


def flipped(place):
    def share(records):
        data = bytearray(b"".join(records))
        data[place] ^= 1
        return bytes(data)
    return share


PARTS = {
    "in the server's hello": lambda records: records[0][:len(records[0]) // 2],
    "after the server's hello": lambda records: records[0],
    "before its last byte": lambda records: b"".join(records)[:-1],
}

FLIGHTS = {
    **{f"{word} {where}": part(share, end)
       for where, share in PARTS.items() for word, end in ENDS.items()},
    "drops it too slowly": drip,
    "changes the server's random": part(flipped(20), stall),
    "changes the last byte": part(flipped(-1), stall),
}

DEEDS = {
    **{f"{word} after the hello": says(b"", end)
       for word, end in ENDS.items()},
    "sends garbage": says(os.urandom(3000)),
    "sends garbage in a record": says(record(HANDSHAKE, os.urandom(3000))),
    "speaks HTTP": says(b"HTTP/1.1 400 Bad Request\r\n\r\n", ENDS["closes"]),
    "sends the hello back": lambda client, _, hello: says(hello)(
        client, _, hello),
    "sends an alert": says(record(ALERT, bytes([2, 40]))),
    "sends a record too long": says(struct.pack("!BHH", HANDSHAKE, 0x303,
                                                0xffff) + b"x" * 0xffff),
    "sends a server's hello of SSL 3": says(record(
        HANDSHAKE, b"\x02\0\0\x26\x03\0" + bytes(32) + b"\0\x13\x01\0", 0x300)),
    "ends warnings never": endless(b"", record(ALERT, bytes([1, 90])) * 1000),
    "ends empty records never": endless(b"", record(HANDSHAKE, b"") * 1000),
    "ends a message of 16 MiB never": endless(
        record(HANDSHAKE, b"\x02\xff\xff\xff"), record(HANDSHAKE,
                                                       bytes(16384))),
    **FLIGHTS,
}


def each(authority, nginx, between, name, deed):
    """503 in time, no byte of a request is sent, little memory is needed."""
    token, disabled = authority.token(), authority.token(status="disabled")
    between.deed, between.done = deed, 0
    before, growth = authority.counts(), Growth(nginx)

    def ask(which):
        begun = time.monotonic()
        return get(nginx, "/", bearer=which.token), time.monotonic() - begun

    answers = parallel(2, lambda i: ask((token, disabled)[i]))
    counts, grown = authority.counts(), growth.peak()
    took = max(took for _, took in answers)
    good = [response.status for response, _ in answers] == [503, 503] \
        and answers[0][0].header("retry-after") is not None \
        and answers[0][0].header("www-authenticate") is None \
        and counts["requests"] == before["requests"] \
        and counts["backend"] == before["backend"] \
        and took < TIMEOUT + 1 and grown < ROOM and between.done
    if not ok(good, name):
        diag(f"{[response.status for response, _ in answers]} after "
             f"{took:.2f} s, {grown} KiB, {between.done} handshakes")
    return token, disabled


def all_of(deeds, **settings):
    authority = Authority()
    authority.call("POST", "tls", settings)
    between = Between(authority)
    try:
        nginx = Nginx(authority, server=PROTECTED, http=HTTP % between.port)
        asked = [each(authority, nginx, between, *item)
                 for item in deeds.items()]
        between.deed = None
        # what has failed is remembered for a second
        late = [pair for pair in asked if not poll(lambda: [
            get(nginx, "/", bearer=one.token).status for one in pair]
            == [200, 401], 3)]
        is_(late, [], "each is judged right when nobody is between")
        ok(authority.counts()["backend"] >= len(asked),
           "the backend is reached then")
    finally:
        between.end()


@test
def tls_1_3():
    all_of(DEEDS)


@test
def tls_1_2():
    all_of({**FLIGHTS, **{f"{word} before its finished": second_flight(end)
                          for word, end in ENDS.items()}}, max="TLSv1_2")


run()
