# Copyright (C) The ngx_http_auth_token_module authors

"""Certificates, good and bad, made by the openssl command when wanted.

Nothing of it is kept: keys live in the directory of one run.
"""

import os
import ssl
import subprocess
import time

CONFIG = """
[ca]
default_ca = here
[here]
database = {dir}/{ca}.db
serial = {dir}/{ca}.serial
new_certs_dir = {dir}/issued
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
commonName = {name}
[ext]
{extensions}
"""

LOOPBACK = "DNS:localhost,DNS:authority.test,IP:127.0.0.1,IP:::1"
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign"
CLIENT = "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth"
SERVER = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"

# kind: (common name, issuer, first and last day from now, extensions, key)
KINDS = {
    "good": ("localhost", "ca", -1, 2, SERVER + "subjectAltName=" + LOOPBACK,
             None),
    "expired": ("localhost", "ca", -3, -1,
                SERVER + "subjectAltName=" + LOOPBACK, None),
    "notyet": ("localhost", "ca", 1, 3,
               SERVER + "subjectAltName=" + LOOPBACK, None),
    "wronghost": ("localhost", "ca", -1, 2,
                  SERVER + "subjectAltName=DNS:elsewhere.test", None),
    "unknownca": ("localhost", "otherca", -1, 2,
                  SERVER + "subjectAltName=" + LOOPBACK, None),
    "selfsigned": ("localhost", None, -1, 2,
                   SERVER + "subjectAltName=" + LOOPBACK, None),
    "clientonly": ("localhost", "ca", -1, 2,
                   "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n"
                   "subjectAltName=" + LOOPBACK, None),
    "weakkey": ("localhost", "ca", -1, 2,
                SERVER + "subjectAltName=" + LOOPBACK, "rsa:1024"),
    "nochain": ("localhost", "intermediate", -1, 2,
                SERVER + "subjectAltName=" + LOOPBACK, None),
    "intermediate": ("Intermediate", "ca", -1, 2, CA, None),
    "ca": ("Test CA", None, -1, 2, CA, None),
    "otherca": ("Other CA", None, -1, 2, CA, None),
    "client": ("nginx", "ca", -1, 2, CLIENT, None),
    "neighbour": ("neighbour", "ca", -1, 2, CLIENT, None),
    "ownclient": ("nginx", None, -1, 2, CLIENT, None),
    "otherclient": ("nginx", None, -1, 2, CLIENT, None),
}


def stamp(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time()
                                                      + days * 86400))


class Certificates:
    def __init__(self, directory):
        self.dir = directory
        self.context = None
        os.makedirs(os.path.join(directory, "issued"), mode=0o700,
                    exist_ok=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError("openssl " + arguments[0] + ": " + done.stderr)

    def make(self, kind):
        """Makes KIND.pem and KIND.key unless they are there already."""
        name, issuer, first, last, extensions, key = KINDS[kind]
        if os.path.exists(self.path(kind + ".pem")):
            return
        signer = issuer or kind
        if issuer:
            self.make(issuer)

        config = self.path(kind + ".cnf")
        with open(config, "w") as out:
            out.write(CONFIG.format(dir=self.dir, ca=signer, name=name,
                                    extensions=extensions))
        if not os.path.exists(self.path(signer + ".db")):
            open(self.path(signer + ".db"), "w").close()
            with open(self.path(signer + ".serial"), "w") as out:
                out.write(os.urandom(8).hex().upper() + "\n")

        how = ["-newkey", key] if key else [
            "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self.openssl("req", "-config", config, "-new", "-nodes", *how,
                     "-keyout", self.path(kind + ".key"),
                     "-out", self.path(kind + ".csr"))
        sign = ["-cert", self.path(signer + ".pem")] if issuer \
            else ["-selfsign"]
        self.openssl("ca", "-batch", "-notext", "-config", config, *sign,
                     "-keyfile", self.path(signer + ".key"),
                     "-in", self.path(kind + ".csr"),
                     "-out", self.path(kind + ".new"), "-extensions", "ext",
                     "-startdate", stamp(first), "-enddate", stamp(last))
        os.rename(self.path(kind + ".new"), self.path(kind + ".pem"))

    def configure(self, settings):
        """What the next handshakes show: {"cert": KIND, "min": "TLSv1",
        "max": "TLSv1_1", "client": bool or KIND of the only one to be let
        in, "alpn": [...]}; what is absent goes back to the default."""
        kind = settings.get("cert", "good")
        self.make(kind)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if "min" in settings or kind == "weakkey":
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(self.path(kind + ".pem"),
                                self.path(kind + ".key"))
        context.minimum_version = ssl.TLSVersion[settings.get("min",
                                                              "TLSv1_2")]
        context.maximum_version = ssl.TLSVersion[
            settings.get("max", "MAXIMUM_SUPPORTED")]
        if settings.get("client"):
            known = settings["client"]
            for one in ("client", "neighbour", "ownclient", "otherclient"):
                self.make(one)
            context.load_verify_locations(self.path(
                "ca.pem" if known is True else known + ".pem"))
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.verify_mode = ssl.CERT_REQUIRED
        if "alpn" in settings:
            context.set_alpn_protocols(settings["alpn"])
        self.context = context
