# Copyright (C) The ngx_http_auth_token_module authors

"""The page that fail.c shares with its test."""

import mmap
import os
import struct

MEMORY, SYSTEM, LOOP = 1, 2, 4

LAYOUT = struct.Struct("=iIIIQQQ32s24Q")
PID = struct.Struct("=i")


class Page:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as out:
            out.write(bytes(LAYOUT.size))
        with open(path, "r+b") as both:
            self.map = mmap.mmap(both.fileno(), LAYOUT.size)

    def arm(self, pid, kind, at=0, persistent=False):
        """From now on the at-th call of this process fails; 0: none."""
        self.disarm()
        self.map[:] = LAYOUT.pack(0, kind, persistent, 0, at, 0, 0, b"",
                                  *[0] * 24)
        self.map[:PID.size] = PID.pack(pid)

    def disarm(self):
        self.map[:PID.size] = PID.pack(0)

    def read(self):
        """(calls, how many failed, name of the first, its frames)"""
        _, _, _, frames, _, calls, failed, name, *addresses = \
            LAYOUT.unpack(self.map[:])
        return (calls, failed, name.rstrip(b"\0").decode(),
                addresses[:frames])

    def close(self):
        self.map.close()
        os.unlink(self.path)
