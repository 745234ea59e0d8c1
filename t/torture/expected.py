# Copyright (C) The ngx_http_auth_token_module authors

"""What the error log may say of calls that were made to fail: nothing that is
an alert, apart from what is listed here."""

import re
from errno import EIO, EMFILE, ENOBUFS, ENOMEM, ENOSPC

from harness import Nginx

# the text, the error that fail.c gives this call, and why it is no finding
EXPECTED = (
    (r"(?:malloc|posix_memalign|memalign)\(\d+(?:, \d+)?\) failed", ENOMEM,
     "nginx says so of each allocation"),
    (r"epoll_ctl\((?:\d+|EPOLL_CTL_ADD), \d+\) failed", ENOSPC,
     "nginx says so of each event, its own and ours"),
    (r"write\(\) to \"[^\"]*/access\.log\" failed", EIO,
     "nginx says so of a line that it cannot log"),
    (r"close\(\) socket failed", EIO,
     "nginx says so of a socket of its own, and we do of ours"),
    (r"ioctl\(FIONBIO\) failed", EIO,
     "nginx says so of a connection to the backend, and does without"),
    (r"setsockopt\(TCP_NODELAY\) failed", ENOBUFS,
     "nginx says so of a client's connection, and closes it"),
    (r"connect\(\) failed", ENOBUFS,
     "nginx says so of a backend, getsockopt() having told of no connection"),
    (r"socket\(\) failed", EMFILE,
     "nginx says so of a connection to the backend, and answers 500"),
)

LINE = re.compile(r"\d{4}/\d\d/\d\d [\d:]{8} \[(?:alert|emerg)\] "
                  r"\d+#\d+: (?:\*\d+ )?")


def expected(line):
    """Of a line of the error log, where it is at least an alert."""
    found = LINE.match(line)
    return bool(found) and any(
        re.match(rf"(?:{text}) \({error}: ", line[found.end():])
        for text, error, why in EXPECTED)


class Tortured(Nginx):
    def judge(self, name, text):
        for found in super().judge(name, text):
            if name != "error.log" or not expected(found):
                yield found
