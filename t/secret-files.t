#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for secrets in files that change while nginx runs, and for those that
# systemd hands over.  The failures this file exists for: a worker that goes on
# with a secret that was taken back, or takes over half of one; and two workers
# of which one does not find the other's answers any more.

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

HTTP = """
    auth_token_provider p {{
        preset      introspection;
        endpoint    http://127.0.0.1:{plain}/introspect;
        credential  CREDENTIAL;
        cache       valid=1h;
    }}
"""

SERVER = """
    location / {{
        auth_token p;
        add_header X-Verdict $auth_token_verdict always;
        add_header X-Cache $auth_token_cache always;
        add_header X-Worker $pid always;
        proxy_pass http://127.0.0.1:{backend};
    }}
"""


def start(authority, credential, **more):
    return Nginx(authority, server=SERVER,
                 http=HTTP.replace("CREDENTIAL", credential), **more)


def verdict(nginx, token):
    return get(nginx, "/", bearer=token.token).header("x-verdict")


def sent(authority):
    return dict(authority.log()[-1]["headers"]).get("Authorization")


def secret(authority, value, name="turning"):
    """A file with a secret that the authority knows."""
    authority.call("POST", "credentials", [value])
    return authority.secret_file(name, value)


def replace(path, value):
    with open(path + ".new", "w") as out:
        os.chmod(path + ".new", 0o600)
        out.write(value)
    os.rename(path + ".new", path)


def uses(authority, nginx, value):
    verdict(nginx, authority.token())
    return sent(authority) == "Bearer " + value


@test
def a_file_that_changes():
    authority = Authority()
    path = secret(authority, "first-secret-1")
    nginx = start(authority, f"bearer file:{path}")
    token = authority.token()
    is_(verdict(nginx, token), "ALLOWED", "the first")
    is_(sent(authority), "Bearer first-secret-1", "was sent")

    secret(authority, "second-secret")
    ok(poll(lambda: uses(authority, nginx, "second-secret"), 10),
       "the second is in use without a reload")
    ok(nginx.wait_log(r"\[notice\].*turning\" has changed and is in use"),
       "the log says so")
    authority.clear()
    response = get(nginx, "/", bearer=token.token)
    is_((response.header("x-verdict"), response.header("x-cache")),
        ("ALLOWED", "HIT"), "what was in the cache still is")
    is_(authority.counts()["requests"], 0, "nobody was asked")

    secret(authority, "third-secret!")
    authority.forbidden.append("a-line-more")
    replace(path, "third-secret!\n")
    ok(poll(lambda: uses(authority, nginx, "third-secret!"), 10),
       "the third, of the same size, by another file of the same name")


@test
def a_broken_file_changes_nothing():
    authority = Authority()
    path = secret(authority, "good-secret")
    nginx = start(authority, f"bearer file:{path}")
    ok(uses(authority, nginx, "good-secret"), "a good one")

    def lines(words):
        return nginx.error_log().count(words)

    for text, says in (("", "is empty"), ("\n", "is empty"),
                       ("a\nAuthorization: b", "has control characters"),
                       ("x" * 9000, "is too large")):
        before = lines(says)
        replace(path, text)
        ok(poll(lambda: verdict(nginx, authority.token()) == "ALLOWED"
                and lines(says) > before, 10), f"a file that {says}")
        is_(sent(authority), "Bearer good-secret", "changes nothing")

    # beyond the time in which a second write could hide
    end = lines("auth token")
    ok(poll(lambda: age(path) > 3, 10) and uses(authority, nginx,
                                                "good-secret"), "later")
    is_((lines("is too large"), lines("auth token")), (1, end), "one line")

    os.unlink(path)
    ok(poll(lambda: uses(authority, nginx, "good-secret")
            and lines("is gone"), 10), "nor does one that is gone")
    os.mkdir(path)
    ok(poll(lambda: uses(authority, nginx, "good-secret")
            and lines("is not a regular file"), 10), "nor a directory")
    os.rmdir(path)
    is_(lines("is gone"), 1, "said once")
    os.mkfifo(path)
    ok(poll(lambda: uses(authority, nginx, "good-secret")
            and lines("is not a regular file") == 2, 10), "nor a FIFO")
    os.unlink(path)
    secret(authority, "another-secret")
    ok(poll(lambda: uses(authority, nginx, "another-secret"), 10),
       "a good one is taken over again")


def age(path):
    return time.time() - os.stat(path).st_mtime


@test
def a_file_with_the_old_time():
    """As of a copy that keeps times: neither time nor size tell."""
    authority = Authority()
    path = authority.dir + "/turning"
    hour_ago = time.time() - 3600

    def written(value):
        secret(authority, value)
        os.utime(path, (hour_ago, hour_ago))

    written("first-secret-1")
    nginx = start(authority, f"bearer file:{path}")
    ok(uses(authority, nginx, "first-secret-1"), "one")
    inode = os.stat(path).st_ino
    written("other-secret-1")
    is_(os.stat(path).st_ino, inode, "the same file")
    ok(poll(lambda: uses(authority, nginx, "other-secret-1"), 10), "another")


@test
def workers_agree():
    authority = Authority()
    path = secret(authority, "first-secret")
    nginx = start(authority, f"bearer file:{path}", workers=3,
                  main="worker_cpu_affinity auto;")
    token = authority.token()
    is_(verdict(nginx, token), "ALLOWED", "asked by one worker")
    secret(authority, "second-secret")

    def all_changed():
        parallel(6, lambda number: verdict(nginx, authority.token()))
        return nginx.error_log().count("has changed and is in use") == 3

    ok(poll(all_changed, 30), "all workers have the second secret")
    authority.clear()
    seen = {}

    def hit():
        response = get(nginx, "/", bearer=token.token)
        seen[response.header("x-worker")] = response.header("x-cache")
        return len(seen) == 3

    ok(poll(hit, 20), "all workers were asked")
    is_(set(seen.values()), {"HIT"}, "one answer serves them all")
    is_(authority.counts()["requests"], 0, "nobody was asked again")

    secret(authority, "third-secret")
    ok(nginx.reload(), "reload")
    is_(verdict(nginx, token), "ALLOWED", "after a reload")
    is_(sent(authority), "Bearer third-secret", "it is asked anew")


@test
def a_file_that_the_worker_may_not_read():
    if os.getuid() != 0:
        skip("needs root")
    authority = Authority()
    os.chmod(authority.dir, 0o755)
    path = secret(authority, "first-secret")
    nginx = start(authority, f"bearer file:{path}", start=False)
    nginx.configure()
    conf = open(nginx.path("nginx.conf")).read()
    with open(nginx.path("nginx.conf"), "w") as out:
        out.write(conf.replace("user root;", "user nobody nogroup;"))
    os.chmod(nginx.dir, 0o755)
    nginx.start()
    ok(uses(authority, nginx, "first-secret"), "read by the master")
    secret(authority, "second-secret")
    ok(poll(lambda: uses(authority, nginx, "first-secret")
            and "cannot be opened, the old secret stays in use (13"
            in nginx.error_log(), 10), "the worker says that it cannot")
    ok(nginx.reload(), "reload")
    ok(uses(authority, nginx, "second-secret"), "the master can")


@test
def a_key_that_changes():
    authority = Authority()
    path = os.path.join(authority.dir, "the.key")

    def make(*arguments):
        subprocess.run(["openssl", "genpkey", *arguments, "-out",
                        path + ".pem"], check=True, capture_output=True)
        os.chmod(path + ".pem", 0o600)
        os.rename(path + ".pem", path)

    def register():
        done = subprocess.run(["openssl", "pkey", "-in", path, "-pubout"],
                              check=True, capture_output=True, text=True)
        authority.call("POST", "clients", {"me": {
            "alg": "ES256", "key": done.stdout, "aud": ["a"]}})

    p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make(*p256)
    register()
    nginx = start(authority, f"private_key_jwt me file:{path} aud=a")
    is_(verdict(nginx, authority.token()), "ALLOWED", "the first key")
    make(*p256)
    register()
    ok(poll(lambda: verdict(nginx, authority.token()) == "ALLOWED", 10),
       "the second")
    for arguments, says in (
            (["-algorithm", "ED25519"], "is a key of another algorithm"),
            (p256 + ["-aes256", "-pass", "pass:x"],
             "is a private key with a pass phrase"),
            (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
             "is a key on another curve")):
        make(*arguments)
        ok(poll(lambda: verdict(nginx, authority.token()) == "ALLOWED"
                and says in nginx.error_log(), 10),
           f"one that {says} is not taken")


@test
def the_secret_of_basic_and_post():
    authority = Authority()
    for method in ("basic", "post", "client_secret_jwt"):
        path = authority.secret_file("shared", "a" * 32)
        client = "a" * 32
        entry = {"alg": "HS256", "aud": ["a"]}

        def known(value):
            return {"me": {**entry, "secret": value}
                    if method == "client_secret_jwt" else value}

        authority.call("POST", "clients", known(client))
        option = "aud=a" if method == "client_secret_jwt" else ""
        nginx = start(authority, f"{method} me file:{path} {option}")
        is_(verdict(nginx, authority.token()), "ALLOWED", f"{method}: first")
        authority.secret_file("shared", "b" * 33)
        authority.call("POST", "clients", known("b" * 33))
        ok(poll(lambda: verdict(nginx, authority.token()) == "ALLOWED", 10),
           f"{method}: second")


@test
def the_credentials_of_systemd():
    authority = Authority()
    authority.secret_file("short", "x" * 31)
    value = "of-systemd-1"
    secret(authority, value, "my.token")
    nginx = start(authority, "bearer credential:my.token",
                  environment={"CREDENTIALS_DIRECTORY": authority.dir})
    ok(uses(authority, nginx, value), "a credential")
    secret(authority, "of-systemd-2", "my.token")
    ok(poll(lambda: uses(authority, nginx, "of-systemd-2"), 10),
       "one that changes")


@test
def what_nginx_says():
    authority = Authority()
    authority.secret_file("short", "x" * 31)
    nginx = start(authority, "none", start=False)
    nginx.emerg_ok = "they are the test"
    full = {"CREDENTIALS_DIRECTORY": authority.dir}
    for credential, environment, says in (
            ("credential:", full, 'invalid parameter "credential:"'),
            ("credential:../short", full, 'parameter "credential:../short"'),
            ("credential:..", full, 'invalid parameter "credential:.."'),
            ("credential:.", full, 'invalid parameter "credential:."'),
            ("credential:gone", full, "No such file"),
            ("credential:short", {}, "needs the environment variable "
             "CREDENTIALS_DIRECTORY"),
            ("credential:short", {"CREDENTIALS_DIRECTORY": "."},
             "with a full path"),
            ("credential:short", full, None)):
        nginx.environment = environment
        nginx.configure(http=HTTP.replace("CREDENTIAL",
                                          f"bearer {credential}"))
        status, said = nginx.test_configuration()
        if says is None:
            is_(status, 0, f"fine: {credential}") or diag(said)
        else:
            ok(status == 1 and says in said and "nginx.conf:" in said,
               f"{says}: {credential}") or diag(said)


if not module_built():
    plan_skip_all("the module is not built")
run()
