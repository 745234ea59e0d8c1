# Copyright (C) The ngx_http_auth_token_module authors

"""A steady load over connections that are kept."""

import collections
import errno
import re
import selectors
import socket
import threading
import time

from . import tap
from .http import open_socket, request_bytes

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.I)


class Kept:
    """One connection, and the request that is under way on it."""

    def __init__(self, load):
        self.load = load
        self.sock = self.right = None

    def ask(self, data, right, begun):
        self.data, self.right, self.begun = data, right, begun
        self.send()

    def send(self):
        self.fresh = self.sock is None
        self.buffer = b""
        try:
            if self.fresh:
                self.sock = open_socket(self.load.nginx)
                self.sock.setblocking(False)
                self.load.selector.register(self.sock, selectors.EVENT_READ,
                                            self)
            self.sock.send(self.data)
        except OSError as error:
            self.broken(error)

    def read(self):
        try:
            more = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.broken(error)
            return
        if not more:
            self.broken(EOFError())
            return
        self.buffer += more
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end + 2]
        length = LENGTH.search(head)
        if length and len(self.buffer) < end + 4 + int(length.group(1)):
            return
        if not length or b"\r\nConnection: close\r\n" in head:
            self.close()
        self.answered(int(head[9:12]))

    def broken(self, error):
        """A request that was not read, as the connection had ended before, is
        sent once more on another one; one that was read is lost."""
        again = not self.buffer and not self.fresh and self.unread(error)
        self.close()
        if self.right is None:
            return
        if again:
            self.load.again += 1
            self.send()
        else:
            self.answered(type(error).__name__)

    def unread(self, error):
        """Did the other side refuse the bytes of the request?  A FIN that is
        found first hides its RST."""
        return isinstance(error, (ConnectionResetError, BrokenPipeError)) \
            or self.sock.getsockopt(socket.SOL_SOCKET,
                                    socket.SO_ERROR) == errno.EPIPE

    def answered(self, status):
        right, self.right = self.right, None
        self.load.note(status, right, time.monotonic() - self.begun)
        self.load.idle.append(self)

    def close(self):
        if self.sock is not None:
            self.load.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None


class Load:
    """So many requests a second, from a thread, until end(); where no
    connection is idle, those that are due are not made up for.  choose()
    gives the arguments of request_bytes and the statuses that are right.

    seen: how many of each status, or name of an error; wrong: of each
    (status, right) that differ; again: of how many the connection had ended
    before they were read; took: of each number of milliseconds."""

    def __init__(self, nginx, rate, choose, connections=64):
        self.nginx, self.rate, self.choose = nginx, rate, choose
        self.selector = selectors.DefaultSelector()
        self.connections = connections
        # each in its turn: all workers have some
        self.idle = collections.deque(Kept(self) for _ in range(connections))
        self.seen, self.wrong, self.took, self.again = {}, {}, {}, 0
        self.done, self.stopped = threading.Event(), threading.Event()
        self.go = threading.Event()
        self.go.set()
        self.busy = 0
        tap.cleanups.append(self.end)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.begun = time.monotonic()
        self.thread.start()

    def note(self, status, right, took):
        self.seen[status] = self.seen.get(status, 0) + 1
        took = int(took * 1000)
        self.took[took] = self.took.get(took, 0) + 1
        if status not in right:
            self.wrong[status, right] = self.wrong.get((status, right), 0) + 1

    def run(self):
        while not self.done.is_set():
            since = time.monotonic()
            self.work()
            self.busy += time.monotonic() - since
            for kept in self.idle:
                kept.close()
            self.stopped.set()
            self.go.wait()

    def work(self):
        """Until a pause, and until all that is under way is answered."""
        due = time.monotonic()
        while self.going() or len(self.idle) < self.connections:
            now = time.monotonic()
            while self.going() and due <= now and self.idle:
                request, right = self.choose()
                self.idle.popleft().ask(request_bytes(close=False, **request),
                                    right, now)
                due += 1 / self.rate
            due = max(due, now - 0.1)
            wait = 0.05 if now >= due else due - now
            for key, _ in self.selector.select(wait):
                key.data.read()

    def going(self):
        return self.go.is_set() and not self.done.is_set()

    def pause(self, seconds=30):
        """Until resume() there are neither requests nor connections."""
        self.stopped.clear()
        self.go.clear()
        return self.stopped.wait(seconds * tap.SLOWER)

    def resume(self):
        self.go.set()

    def end(self):
        self.done.set()
        self.go.set()
        self.thread.join(60 * tap.SLOWER)

    def total(self):
        return sum(self.seen.values())

    def mean(self):
        """Requests a second, pauses left out; after end()."""
        return self.total() / self.busy

    def percentile(self, part):
        """The milliseconds within which that part was answered."""
        left = self.total() * part
        for took in sorted(self.took):
            left -= self.took[took]
            if left <= 0:
                return took + 1
        return 0
