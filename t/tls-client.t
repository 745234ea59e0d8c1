#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for how nginx speaks TLS with the authority, and for the certificate
# that it shows.  The failures this file exists for: a certificate that was
# replaced before it ended is not taken up until somebody reloads nginx, or one
# is taken up with the key of another; and a protocol or a cipher that was
# ruled out is spoken all the same.

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402

HTTP = """
    auth_token_provider p {{
        preset      introspection;
        endpoint    https://localhost:{tls}/introspect;
        cache       valid=0 negative=0;
        breaker     failures=0;
        ssl_trusted_certificate {ca};
        {words}
    }}
"""

SERVER = """
    location / {{
        auth_token p;
        add_header X-Verdict $auth_token_verdict always;
        proxy_pass http://127.0.0.1:{backend};
    }}
"""

BASIC = "credential bearer file:{credential};"
CLOSE = {"match": {}, "answer": {"base": "default",
                                 "headers": ["Connection: close"]}}


def start(authority, words, **more):
    return Nginx(authority, server=SERVER,
                 http=HTTP.replace("{words}", words), **more)


def verdict(nginx, authority):
    return get(nginx, "/", bearer=authority.token().token).header("x-verdict")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True,
                   timeout=60)


class Shown:
    """An authority that wants a certificate, and nginx with one in files of
    its own; each look-up is a handshake."""

    def __init__(self):
        self.authority = Authority()
        self.authority.call("POST", "tls", {"client": True})
        self.authority.call("POST", "clients", {"me": {"subject": "nginx"},
                                                "you": {"subject":
                                                        "neighbour"}})
        self.authority.rules(CLOSE)
        self.pem = os.path.join(self.authority.dir, "turning.pem")
        self.key = os.path.join(self.authority.dir, "turning.key")
        self.put("client", "pem", "key")
        self.words = ("credential tls me;\n"
                      f"ssl_certificate {self.pem};\n"
                      f"ssl_certificate_key {self.key};\n")

    def put(self, kind, *suffixes):
        """Replaces files as one should: by renaming others to their names."""
        for suffix in suffixes:
            path = getattr(self, suffix)
            shutil.copy(os.path.join(self.authority.dir, f"{kind}.{suffix}"),
                        path + ".new")
            os.rename(path + ".new", path)

    def name(self, nginx):
        """Who nginx said it was."""
        get(nginx, "/", bearer=self.authority.token().token)
        opened = self.authority.call("GET", "log")["connections"]
        return opened[-1].get("client_name") if opened else None


@test
def a_certificate_that_changes():
    shown = Shown()
    nginx = start(shown.authority, shown.words)
    is_(shown.name(nginx), "nginx", "the first")
    shown.put("neighbour", "pem", "key")
    ok(poll(lambda: shown.name(nginx) == "neighbour", 10),
       "the second is shown without a reload")
    ok(nginx.wait_log(r"\[notice\].*certificate \"[^\"]*turning\.pem\" has "
                      "changed and is in use"), "the log says so")
    shown.put("neighbour", "pem", "key")
    ok(poll(lambda: age(shown.key) > 3 and shown.name(nginx), 10),
       "the same once more")
    is_(nginx.error_log().count("is in use"), 1, "is no change")


@test
def half_a_change_is_none():
    shown = Shown()
    nginx = start(shown.authority, shown.words)
    is_(shown.name(nginx), "nginx", "the first")
    shown.put("neighbour", "pem")
    ok(poll(lambda: shown.name(nginx) and "cannot be used" in
            nginx.error_log(), 10), "a certificate without its key")
    like(nginx.error_log(), r"\[error\].*certificate \"[^\"]*turning\.pem\" or "
         r"its key has changed and cannot be used, the old one stays in use: "
         r"SSL_CTX_use_PrivateKey\(.*key values mismatch", "the log tells")
    is_(shown.name(nginx), "nginx", "the old one is shown")
    shown.put("neighbour", "key")
    ok(poll(lambda: shown.name(nginx) == "neighbour", 10), "and with it")

    for broken in ("", "no PEM"):
        with open(shown.key + ".new", "w") as out:
            out.write(broken)
        os.rename(shown.key + ".new", shown.key)
        before = nginx.error_log().count("cannot be used")
        ok(poll(lambda: shown.name(nginx) == "neighbour" and before <
                nginx.error_log().count("cannot be used"), 10),
           f"a broken key: {broken!r}")
    os.unlink(shown.key)
    before = nginx.error_log().count("cannot be used")
    ok(poll(lambda: shown.name(nginx) == "neighbour" and before <
            nginx.error_log().count("cannot be used"), 10), "a key that is gone")
    ok(poll(lambda: False, 2.5) is False and shown.name(nginx) == "neighbour",
       "changes nothing")
    is_(nginx.error_log().count("cannot be used"), before + 1, "one line")


@test
def a_key_of_another_type():
    """OpenSSL puts it beside the one that is there, and takes it for good."""
    shown = Shown()
    rsa = [os.path.join(shown.authority.dir, "rsa." + suffix)
           for suffix in ("pem", "key")]
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
            "/CN=nginx", "-days", "2", "-out", rsa[0], "-keyout", rsa[1])
    nginx = start(shown.authority, shown.words, start=False)
    nginx.emerg_ok = "it is the test"
    for suffix in ("pem", "key"):
        shown.put("rsa", suffix)
        status, said = nginx.test_configuration()
        ok(status != 0 and "SSL_CTX_use_PrivateKey(" in said, suffix) \
            or diag(said)
        shown.put("client", suffix)

    nginx.start()
    is_(shown.name(nginx), "nginx", "the first")
    for suffix in ("pem", "key"):
        shown.put("rsa", suffix)
        before = nginx.error_log().count("cannot be used")
        ok(poll(lambda: shown.name(nginx) == "nginx" and before <
                nginx.error_log().count("cannot be used"), 10),
           f"{suffix}: the old pair is shown")
        shown.put("client", suffix)
        poll(lambda: False, 1.2)
        is_(shown.name(nginx), "nginx", "and the same when it is back")


@test
def a_file_that_would_not_end():
    """A FIFO without anybody at its other end is no reason to wait."""
    shown = Shown()
    nginx = start(shown.authority, shown.words)
    is_(shown.name(nginx), "nginx", "the first")
    for path in (shown.key, shown.pem):
        os.mkfifo(path + ".new")
        os.rename(path + ".new", path)
        before = nginx.error_log().count("cannot be used")
        ok(poll(lambda: shown.name(nginx) == "nginx" and before <
                nginx.error_log().count("cannot be used"), 10),
           "the old one is shown")
        begun = time.monotonic()
        is_(get(nginx, "/-/alive").status, 200, "others are answered")
        ok(time.monotonic() - begun < 1, "at once")
    shown.put("client", "pem", "key")


@test
def a_certificate_for_the_level_of_security():
    """Ciphers say how strong a key must be: by what is used to read it too."""
    shown = Shown()
    weak = [os.path.join(shown.authority.dir, "weak." + suffix)
            for suffix in ("pem", "key")]
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj",
            "/CN=nginx", "-days", "2", "-out", weak[0], "-keyout", weak[1])
    for command, wanted in (("DEFAULT@SECLEVEL=0", 0), ("DEFAULT", 1)):
        nginx = start(shown.authority, shown.words
                      + f"ssl_conf_command CipherString {command};",
                      start=False)
        nginx.emerg_ok = "it is the test"
        shown.put("weak", "pem", "key")
        status, said = nginx.test_configuration()
        is_(status, wanted, command) or diag(said)
        shown.put("client", "pem", "key")


def age(path):
    return time.time() - os.stat(path).st_mtime


@test
def a_key_with_a_pass_phrase():
    shown = Shown()
    openssl("pkey", "-in", shown.key, "-aes256", "-passout",
            "pass:the right phrase", "-out", shown.key + ".locked")
    os.rename(shown.key + ".locked", shown.key)
    shown.authority.forbidden += ["the right phrase", "a wrong phrase"]

    for text, says in (("a wrong phrase\nthe right phrase\nanother", None),
                       ("the right phrase\r\n", None),
                       ("a wrong phrase", "PEM_read_bio_PrivateKey("),
                       (None, "PEM_read_bio_PrivateKey("),
                       ("", 'phrases" is empty')):
        words = shown.words
        if text is not None:
            path = os.path.join(shown.authority.dir, "phrases")
            with open(path, "w") as out:
                os.chmod(path, 0o600)
                out.write(text)
            words += f"ssl_password_file {path};"
        nginx = start(shown.authority, words, start=False)
        if says:
            nginx.emerg_ok = "it is the test"
            status, said = nginx.test_configuration()
            ok(status != 0 and says in said, f"{text!r}: {says}") or diag(said)
            continue
        nginx.start()
        is_(verdict(nginx, shown.authority), "ALLOWED", f"{text!r}")

    # as long as nginx runs, for a key that comes later
    path = shown.authority.secret_file("phrases", "the right phrase")
    nginx = start(shown.authority, shown.words + f"ssl_password_file {path};")
    is_(shown.name(nginx), "nginx", "before")
    os.unlink(path)
    openssl("pkey", "-in", shown.authority.dir + "/neighbour.key", "-aes256",
            "-passout", "pass:the right phrase", "-out", shown.key + ".new")
    os.rename(shown.key + ".new", shown.key)
    shown.put("neighbour", "pem")
    ok(poll(lambda: shown.name(nginx) == "neighbour", 10),
       "another key with the same phrase")


@test
def protocols():
    authority = Authority()
    for words, settings, wanted in (
            ("", {"max": "TLSv1_2"}, "ALLOWED"),
            ("", {"min": "TLSv1_3"}, "ALLOWED"),
            ("ssl_protocols TLSv1.2;", {"min": "TLSv1_3"}, "UNAVAILABLE"),
            ("ssl_protocols TLSv1.2;", {}, "ALLOWED"),
            ("ssl_protocols TLSv1.3;", {"max": "TLSv1_2"}, "UNAVAILABLE"),
            ("ssl_protocols TLSv1.3;", {}, "ALLOWED"),
            ("ssl_protocols TLSv1.2 TLSv1.3;", {"max": "TLSv1_2"}, "ALLOWED"),
            ("ssl_protocols TLSv1.2 TLSv1.3;", {"min": "TLSv1_3"}, "ALLOWED")):
        authority.call("POST", "tls", settings)
        nginx = start(authority, BASIC + words)
        authority.clear()
        is_(verdict(nginx, authority), wanted, f"{words} {settings}")
        is_(authority.counts()["requests"], int(wanted == "ALLOWED"),
            "requests that the authority saw")


@test
def commands():
    """Of TLS 1.2; the authority has a key for ECDSA."""
    authority = Authority()
    authority.call("POST", "tls", {"max": "TLSv1_2"})
    for words, wanted in (
            ("CipherString ECDHE-ECDSA-AES256-GCM-SHA384", "ALLOWED"),
            ("cipherstring ECDHE-RSA-AES256-GCM-SHA384", "UNAVAILABLE"),
            ("Groups P-256; ssl_conf_command Options -SessionTicket",
             "ALLOWED")):
        nginx = start(authority, BASIC + f"ssl_conf_command {words};")
        authority.clear()
        is_(verdict(nginx, authority), wanted, words)
        is_(authority.counts()["requests"], int(wanted == "ALLOWED"),
            "requests that the authority saw")


@test
def what_nginx_says():
    authority = Authority()
    nginx = start(authority, "", start=False)
    nginx.emerg_ok = "they are the test"
    for words, says in (
            ("ssl_protocols TLSv1.1;", 'invalid value "TLSv1.1"'),
            ("ssl_protocols TLSv1.2 SSLv3;", 'invalid value "SSLv3"'),
            ("ssl_protocols;", 'invalid number of arguments in "ssl_proto'),
            ("ssl_conf_command A;", 'invalid number of arguments in "ssl_conf'),
            ("ssl_conf_command Nothing a;", 'TLS option("Nothing") failed'),
            ("ssl_conf_command Groups nothing;", 'TLS option("Groups") failed'),
            ("ssl_conf_command Certificate a;", 'option("Certificate") failed'),
            ("ssl_conf_command VerifyCAFile a;",
             'TLS option("VerifyCAFile") failed'),
            *[(f"ssl_conf_command {command} a;",
               f'command "{command}" is not for "ssl_conf_command", use '
               f'"{word}"')
              for command, word in (("MinProtocol", "ssl_protocols"),
                                    ("maxprotocol", "ssl_protocols"),
                                    ("Protocol", "ssl_protocols"),
                                    ("VerifyMode", "ssl_verify"))],
            ("ssl_password_file '';", '"ssl_password_file" directive'),
            ("ssl_password_file /a; ssl_password_file /b;", "is duplicate"),
            *[(f"{word} /nonexistent;",
               f'no "ssl_certificate" is defined for "{word}"')
              for word in ("ssl_password_file", "ssl_certificate_key")],
            ("ssl_certificate {ca}; ssl_certificate_key {ca}; "
             "ssl_password_file /nonexistent;",
             'open() "/nonexistent" failed')):
        nginx.configure(http=HTTP.replace("{words}", BASIC + words))
        status, said = nginx.test_configuration()
        ok(status == 1 and says in said
           and " in " + nginx.dir + "/nginx.conf:" in said,
           f"{says}: {words}") or diag(said)


run()
