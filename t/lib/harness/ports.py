# Copyright (C) The ngx_http_auth_token_module authors

"""A range of ports for this process; AuthToken/Ports.pm shares the locks
and the numbers."""

import fcntl
import os
import socket
import tempfile

FIRST, LAST, SIZE = 20000, 31980, 20

_locks = []
_ports = []


def free_port():
    """A port that no other test process takes while this one lives."""
    while True:
        if not _ports:
            first = reserve()
            _ports.extend(range(first, first + SIZE))
        port = _ports.pop(0)
        if is_free(port):
            return port


def reserve():
    directory = os.path.join(tempfile.gettempdir(),
                             f"auth-token-ports-{os.getuid()}")
    os.makedirs(directory, mode=0o700, exist_ok=True)
    ranges = (LAST - FIRST) // SIZE
    start = os.getpid() % ranges
    for i in range(ranges):
        port = FIRST + SIZE * ((start + i) % ranges)
        lock = open(os.path.join(directory, str(port)), "a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        if all(is_free(one) for one in range(port, port + SIZE)):
            _locks.append(lock)
            return port
        lock.close()
    raise RuntimeError("no free range of ports")


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
