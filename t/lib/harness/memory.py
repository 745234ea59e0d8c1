# Copyright (C) The ngx_http_auth_token_module authors

"""What a worker needs of memory, at the most and not only afterwards."""

import re

from .nginx import SANITIZED
from .tap import VALGRIND

# KiB that one look-up may cost, whatever is answered; memory that was freed
# is not given back under these
ROOM = 1 << 18 if SANITIZED or VALGRIND else 2048


class Growth:
    """From now on.  The kernel keeps the highest size of a process, so that
    what is given back before the answer counts too.  Pages of programs and of
    zones do not count: they come in when first they are needed, and stay."""

    def __init__(self, nginx):
        self.pid = nginx.workers()[0]
        # forgets the peak
        with open(f"/proc/{self.pid}/clear_refs", "w") as out:
            out.write("5")
        self.size = self.field("RssAnon")

    def field(self, name):
        with open(f"/proc/{self.pid}/status") as read:
            return int(re.search(rf"{name}:\s+(\d+)", read.read()).group(1))

    def peak(self):
        """KiB"""
        return self.field("VmHWM") - self.field("RssFile") \
            - self.field("RssShmem") - self.size
