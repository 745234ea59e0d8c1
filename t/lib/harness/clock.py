# Copyright (C) The ngx_http_auth_token_module authors

"""A clock that a test sets, by libfaketime, in an nginx of its own."""

import glob
import os

from . import tap


class Clock:
    """Clock(authority) skips the test where there is no libfaketime.  With
    monotonic=False only the wall clock is another one.  environment and main
    are what Nginx takes."""

    def __init__(self, authority, monotonic=True):
        library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        if not library:
            tap.skip("no libfaketime")
        self.authority = authority
        self.path = os.path.join(authority.dir, "faketime")
        self.set(0)
        self.environment = {"LD_PRELOAD": library[0],
                            "FAKETIME_TIMESTAMP_FILE": self.path,
                            "FAKETIME_NO_CACHE": "1"}
        if not monotonic:
            # the name depends on the release
            self.environment.update({"FAKETIME_DONT_FAKE_MONOTONIC": "1",
                                     "DONT_FAKE_MONOTONIC": "1"})
        self.main = " ".join(f"env {name};" for name in self.environment)

    def set(self, seconds):
        """Seconds away from the time of the system, for all from now on."""
        with open(self.path, "w") as out:
            out.write(f"{seconds:+d}\n")
        self.authority.call("POST", "oracle", {"clock": seconds})
