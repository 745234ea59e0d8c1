#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for a libcurl that cannot be used.  The failure this file exists for:
# workers refuse it one by one after the master has begun to listen, or a
# reload ends the workers that still served.

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.tap import cleanups  # noqa: E402

# what it says of itself is in a file, "VERSION NAME BACKEND"; not there: the
# truth
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <curl/curl.h>

curl_version_info_data *
curl_version_info(CURLversion asked)
{
    FILE                           *f;
    static char                     name[32], backend[32];
    static curl_version_info_data   data;
    curl_version_info_data       *(*real)(CURLversion);

    real = (curl_version_info_data *(*)(CURLversion))
               dlsym(RTLD_NEXT, "curl_version_info");
    data = *real(asked);

    f = fopen(SAYS, "r");

    if (f) {
        if (fscanf(f, "%x %31s %31s", &data.version_num, name, backend) == 3) {
            data.version = name;
            data.ssl_version = backend;
        }

        fclose(f);
    }

    return &data;
}
"""

GOOD = "0x080e01 8.14.1 OpenSSL/3.5.0"
BROKEN = "0x075700 7.87.0 OpenSSL/3.0.0"
OLD = "0x075600 7.86.0 OpenSSL/3.0.0"
GNUTLS = "0x080e01 8.14.1 GnuTLS/3.8.9"


class Shim:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="libcurl-")
        cleanups.append(lambda: shutil.rmtree(self.dir))
        self.file = os.path.join(self.dir, "says")
        source = os.path.join(self.dir, "shim.c")
        self.library = os.path.join(self.dir, "shim.so")
        with open(source, "w") as out:
            out.write(SHIM)
        done = subprocess.run(
            ["cc", "-shared", "-fPIC", f'-DSAYS="{self.file}"', "-o",
             self.library, source], capture_output=True, text=True)
        if done.returncode:
            diag(done.stderr)
            skip("cc does not compile a program with libcurl")

    def says(self, text):
        with open(self.file + ".new", "w") as out:
            out.write(text + "\n")
        os.rename(self.file + ".new", self.file)


def pretend(says):
    if not shutil.which("cc"):
        skip("no cc to compile another libcurl's word with")
    if SANITIZED:
        skip("the sanitizers want to be the first library")
    shim = Shim()
    shim.says(says)
    authority = Authority()
    nginx = Nginx(authority, server=PROTECTED, start=False,
                  environment={"LD_PRELOAD": shim.library})
    return shim, nginx, authority.token()


def line_of(nginx, text):
    with open(nginx.path("nginx.conf")) as read:
        for number, line in enumerate(read, 1):
            if text in line:
                return number


def refused(says, reason):
    shim, nginx, _ = pretend(says)
    nginx.emerg_ok = True
    status, said = nginx.test_configuration()
    isnt(status, 0, "nginx -t refuses it")
    like(said, r"\[emerg\] .*libcurl cannot be used, " + reason
         + r" in \S+/nginx\.conf:%d\n"
         % line_of(nginx, "auth_token_provider"), "and says why and where")
    nginx.configure(http="", server="")
    is_(nginx.test_configuration()[0], 0, "it is nothing to who needs none")


@test
def whose_event_interface_does_not_work():
    refused(BROKEN, r"the event interface of 7\.87\.0 does not work")


@test
def with_another_library_for_tls():
    refused(GNUTLS, r"it was not built with OpenSSL")


@test
def that_can_block():
    shim, nginx, _ = pretend(OLD)
    status, said = nginx.test_configuration()
    is_(status, 0, "nginx -t takes it")
    like(said, r"\[warn\] .*libcurl 7\.86\.0 can block while a name is "
         r"resolved in \S+/nginx\.conf:\d+\n", "and warns")
    shim.says(GOOD)
    status, said = nginx.test_configuration()
    is_(status, 0, "nginx -t takes a good one")
    unlike(said, r"libcurl", "and says nothing")


@test
def that_comes_with_a_reload():
    shim, nginx, good = pretend(GOOD)
    nginx.start()
    is_(get(nginx, "/", bearer=good.token).status, 200, "a good token")
    workers = nginx.workers()
    nginx.emerg_ok = True
    shim.says(BROKEN)
    ok(not nginx.reload(), "the reload is refused")
    is_(nginx.workers(), workers, "the workers stay")
    is_(get(nginx, "/", bearer=good.token).status, 200, "and serve")
    shim.says(GOOD)
    start = len(nginx.error_log())
    nginx.send_signal(1)
    ok(poll(lambda: set(nginx.workers()) - set(workers)
            and not set(nginx.workers()) & set(workers)),
       "a reload with a good one")
    is_(get(nginx, "/", bearer=good.token).status, 200, "a good token again")
    unlike(nginx.error_log()[start:], r"\[emerg\]", "nothing is wrong")


if not module_built():
    plan_skip_all("the module is not built")
run()
