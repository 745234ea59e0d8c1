# Copyright (C) The ngx_http_auth_token_module authors

"""HTTP/2 frame by frame, for what no client does: streams that are reset,
fields that must not be."""

import re
import struct

from .http import open_socket

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
WINDOW_UPDATE = 8

END_STREAM, END_HEADERS, ACK = 1, 4, 1

# the fields of HPACK's static table that tell a response's status
STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


def number(value, bits, first):
    """An integer of HPACK behind the high bits of "first"."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def text(value):
    value = value.encode("latin-1") if isinstance(value, str) else value
    return number(len(value), 7, 0) + value


def block(fields):
    """Literal fields, none of them indexed, none of them compressed."""
    return b"".join(b"\0" + text(name) + text(value)
                    for name, value in fields)


class H2:
    """A connection.  Streams are numbered by open()."""

    def __init__(self, server, timeout=10):
        self.sock = open_socket(server, timeout)
        self.stream = -1
        self.data = b""
        self.statuses = {}              # of streams, 0: reset
        self.gone = False
        self.sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.frame(SETTINGS)

    def frame(self, kind, payload=b"", flags=0, stream=0):
        self.sock.sendall(struct.pack("!I", len(payload))[1:]
                          + struct.pack("!BBI", kind, flags, stream) + payload)

    def open(self, path="/", bearer=None, fields=(), method="GET", end=True):
        """Begins a request; the number of its stream."""
        self.stream += 2
        head = [(":method", method), (":scheme", "http"), (":path", path),
                (":authority", "localhost")]
        if bearer is not None:
            head.append(("authorization", "Bearer " + bearer))
        self.frame(HEADERS, block([*head, *fields]),
                   END_HEADERS | (END_STREAM if end else 0), self.stream)
        return self.stream

    def reset(self, stream, code=8):
        self.frame(RST_STREAM, struct.pack("!I", code), 0, stream)

    def wait(self, *streams):
        """Reads until each has its status or was reset."""
        while not self.gone and any(one not in self.statuses
                                    for one in streams):
            self.read()
        return [self.statuses.get(one) for one in streams]

    def read(self):
        try:
            more = self.sock.recv(65536)
        except ConnectionResetError:
            more = b""
        if not more:
            self.gone = True
        self.data += more
        while len(self.data) >= 9:
            size = int.from_bytes(self.data[:3], "big")
            if len(self.data) < 9 + size:
                break
            kind, flags, stream = struct.unpack("!BBI", self.data[3:9])
            payload = self.data[9:9 + size]
            self.data = self.data[9 + size:]
            self.take(kind, flags, stream & 0x7fffffff, payload)

    def take(self, kind, flags, stream, payload):
        if kind == HEADERS:
            self.statuses.setdefault(stream, status_of(payload))
        elif kind == RST_STREAM:
            self.statuses.setdefault(stream, 0)
        elif kind == GOAWAY:
            self.gone = True
        elif kind == SETTINGS and not flags & ACK:
            self.frame(SETTINGS, flags=ACK)
        elif kind == PING and not flags & ACK:
            self.frame(PING, payload, ACK)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def status_of(payload):
    """nginx sends the status first: indexed, or literal with its name."""
    while payload and payload[0] & 0xe0 == 0x20:    # a new size of the table
        payload = payload[1:]
    if payload[0] & 0x80:
        return STATUS.get(payload[0] & 0x7f, -1)
    found = re.match(rb"[\x08\x18\x48]\x03(\d{3})", payload, re.S)
    return int(found.group(1)) if found else -1
