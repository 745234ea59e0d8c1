# Copyright (C) The ngx_http_auth_token_module authors

"""Instructions that requests take, as valgrind counts them: in the module's
own code, and in all of the process, which libraries have a part in that change
with the system, and not with this module.

A request to the purge location is the mark between two loads: callgrind
writes what it has counted by then, and begins anew."""

import collections
import glob
import os
import re
import socket

from servers import MODULE

MARK = "ngx_http_auth_token_purge_handler"
LIBRARY = os.path.basename(MODULE)


class Counted:
    """Answers of one nginx under callgrind, one after the other on one
    connection."""

    def __init__(self, contestant, authority):
        self.server = contestant.start(
            authority, single=True, command=[
                "valgrind", "--tool=callgrind", f"--dump-before={MARK}",
                "--callgrind-out-file=@DIR@/callgrind.out",
                "--log-file=@DIR@/valgrind.log"])
        self.socket = socket.create_connection(
            ("127.0.0.1", self.server.port), 60)
        self.stream = self.socket.makefile("rb")
        self.parts = 0

    def get(self, path, token=None, status=200):
        field = f"Authorization: Bearer {token}\r\n" if token else ""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                            f"{field}\r\n".encode())
        line = self.stream.readline()
        if int(line.split()[1]) != status:
            raise RuntimeError(f"{path}: {line!r}, {status} is wanted")
        length = 0
        while line not in (b"\r\n", b""):
            line = self.stream.readline()
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.stream.read(length)

    def mark(self):
        """What was counted since the last mark, see own()."""
        self.get("/-/purge", status=405)
        self.parts += 1
        (path,) = glob.glob(
            os.path.join(self.server.dir, f"callgrind.out*.{self.parts}"))
        with open(path) as read:
            return own(read)

    def count(self, path, tokens, batch=10):
        """Per request, and by function, see own(): of the batch that took
        least.  Once a second a hit takes another way, and on a slow machine
        that is a matter of chance."""
        self.mark()
        batches = []
        for start in range(0, len(tokens), batch):
            for token in tokens[start:start + batch]:
                self.get(path, token)
            batches.append(self.mark())
        least = min(batches, key=lambda found: sum(found[0].values()))
        return [collections.Counter({name: cost / batch
                                     for name, cost in costs.items()})
                for costs in least]

    def end(self):
        self.stream.close()
        self.socket.close()
        self.server.end()


def own(lines):
    """What functions cost themselves, of a callgrind file: the module's, and
    all.  What a call costs stands on the line after "calls=" and is not
    theirs."""
    names = {}
    ours, every = collections.Counter(), collections.Counter()
    mine, skip = False, False
    function = None
    for line in lines:
        head = re.match(r"(ob|fn|fl|fi|fe|cob|cfn|cfi|cfl)=\((\d+)\)(?: (.*))?",
                        line)
        if head:
            kind, number, name = head.groups()
            space = kind[-2:] if kind[-2:] in ("ob", "fn") else "file"
            if name is not None:
                names[space, number] = name.strip()
            name = names[space, number]
            if kind == "ob":
                mine = os.path.basename(name) == LIBRARY
            elif kind == "fn":
                function = name
        elif line.startswith("calls="):
            skip = True
        elif line[0] in "0123456789+-*":
            if not skip:
                cost = int(line.split()[1])
                every[function] += cost
                if mine:
                    ours[function] += cost
            skip = False
    return ours, every
