# Copyright (C) The ngx_http_auth_token_module authors

"""Keys and signatures of JOSE, by python3-cryptography."""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed25519, padding,
                                                       rsa)
from cryptography.hazmat.primitives.asymmetric.utils import \
    decode_dss_signature

CURVES = {"ES256": ("P-256", ec.SECP256R1, 32),
          "ES384": ("P-384", ec.SECP384R1, 48),
          "ES512": ("P-521", ec.SECP521R1, 66)}


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    """Key("ES256", kid="a"); bits are RSA's."""

    def __init__(self, alg, kid=None, bits=2048):
        self.alg, self.kid = alg, kid
        if alg == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        elif alg in CURVES:
            self.private = ec.generate_private_key(CURVES[alg][1]())
        else:
            self.private = rsa.generate_private_key(65537, bits)

    def public(self, **changes):
        """As a JWK."""
        key = self.private.public_key()
        if self.alg == "EdDSA":
            raw = key.public_bytes(serialization.Encoding.Raw,
                                   serialization.PublicFormat.Raw)
            jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
        elif self.alg in CURVES:
            name, _, size = CURVES[self.alg]
            numbers = key.public_numbers()
            jwk = {"kty": "EC", "crv": name, "x": number(numbers.x, size),
                   "y": number(numbers.y, size)}
        else:
            numbers = key.public_numbers()
            jwk = {"kty": "RSA", "n": number(numbers.n),
                   "e": number(numbers.e)}
        if self.kid is not None:
            jwk["kid"] = self.kid
        jwk.update(changes)
        return {name: value for name, value in jwk.items()
                if value is not None}

    def pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo)

    def signature(self, data, alg=None):
        alg = alg or self.alg
        if alg == "EdDSA":
            return self.private.sign(data)
        hashed = getattr(hashes, "SHA" + alg[2:])()
        if alg in CURVES:
            size = CURVES[alg][2]
            r, s = decode_dss_signature(self.private.sign(data,
                                                          ec.ECDSA(hashed)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if alg.startswith("PS"):
            pad = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
        else:
            pad = padding.PKCS1v15()
        return self.private.sign(data, pad, hashed)

    def jws(self, payload, header=None, **changes):
        """Compact; header replaces the whole header, as text."""
        if header is None:
            members = {"alg": self.alg, "typ": "token-introspection+jwt",
                       "kid": self.kid, **changes}
            header = json.dumps({name: value for name, value
                                 in members.items() if value is not None})
        if not isinstance(payload, (str, bytes)):
            payload = json.dumps(payload)
        text = b64(header) + "." + b64(payload)
        return text + "." + b64(self.signature(text.encode(),
                                               changes.get("alg", self.alg)
                                               if changes.get("alg")
                                               in (self.alg, "PS256", "PS384",
                                                   "PS512", "RS256", "RS384",
                                                   "RS512") else self.alg))


def claims(issuer, audience, **changes):
    """Of an answer by RFC 9701; None takes a claim away."""
    members = {"iss": issuer, "aud": audience, "iat": int(time.time()),
               "token_introspection": {"active": True}, **changes}
    return {name: value for name, value in members.items()
            if value is not None}
