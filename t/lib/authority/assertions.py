# Copyright (C) The ngx_http_auth_token_module authors

"""Clients that authenticate by more than a secret, as the one who is asked
sees them: assertions (RFC 7523) and certificates (RFC 8705).

Such an entry of the table of clients is a dictionary:

    {"alg": "RS256", "key": PUBLIC KEY IN PEM, "aud": [...], "kid": "..."}
    {"alg": "HS256", "secret": "..."}
    {"subject": COMMON NAME} or {"sha256": OF THE CERTIFICATE}

Nothing here is shared with the module: the signatures are verified by Python's
"cryptography".  Why a client was refused goes into state.refusals.
"""

import base64
import hashlib
import hmac
import json
import time

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 300                   # seconds that an assertion may be good for


class Refused(Exception):
    pass


def decoded(text):
    if set(text) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                       "0123456789-_"):
        raise Refused("not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signed(alg, entry, data, signature):
    """Raises unless it is the signature of data by this client."""
    if alg[:2] == "HS":
        made = hmac.new(entry["secret"].encode(), data, "sha" + alg[2:])
        if not hmac.compare_digest(made.digest(), signature):
            raise Refused("signature")
        return

    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    key = serialization.load_pem_public_key(entry["key"].encode())
    digest = hashes.SHA256()
    try:
        if alg == "RS256":
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif alg == "PS256":
            key.verify(signature, data, padding.PSS(
                padding.MGF1(digest), digest.digest_size), digest)
        elif alg == "ES256":
            if len(signature) != 64 or key.curve.name != "secp256r1":
                raise Refused("not a signature of ES256")
            numbers = [int.from_bytes(half, "big")
                       for half in (signature[:32], signature[32:])]
            key.verify(utils.encode_dss_signature(*numbers), data,
                       ec.ECDSA(digest))
        elif alg == "EdDSA":
            key.verify(signature, data)
        else:
            raise Refused("unknown algorithm")
    except InvalidSignature:
        raise Refused("signature")


def assertion(state, form):
    """The client that the form's assertion is of."""
    if form.get("client_assertion_type") != TYPE:
        raise Refused("client_assertion_type")
    parts = form["client_assertion"].split(".")
    if len(parts) != 3:
        raise Refused("not a JWT")
    head, claims = (json.loads(decoded(part)) for part in parts[:2])

    name = claims.get("sub")
    entry = state.clients.get(name)
    if not isinstance(entry, dict) or "alg" not in entry:
        raise Refused("no such client")
    if head.get("alg") != entry["alg"]:
        raise Refused("alg")
    if head.get("kid") != entry.get("kid"):
        raise Refused("kid")
    signed(entry["alg"], entry, f"{parts[0]}.{parts[1]}".encode(),
           decoded(parts[2]))

    now = time.time()
    if claims.get("iss") != name or form.get("client_id", name) != name:
        raise Refused("iss, sub and client_id differ")
    if claims.get("aud") not in entry["aud"]:
        raise Refused("aud")
    if not now < claims.get("exp", 0) <= now + LONGEST:
        raise Refused("exp")
    if claims.get("iat", 0) > now + 5:
        raise Refused("iat")
    if not claims.get("jti") or (name, claims["jti"]) in state.used:
        raise Refused("jti")
    state.used.add((name, claims["jti"]))
    return name


def certificate(entry, record):
    """RFC 8705, sections 2.1 and 2.2."""
    if "sha256" in entry:
        wanted, shown = entry["sha256"], record.get("client_sha256")
    else:
        wanted, shown = entry["subject"], record.get("client_name")
    if not shown or wanted != shown:
        raise Refused("certificate")


def authenticated(state, request, form):
    """None where the form holds no such client; else whether it is it."""
    entry = state.clients.get(form.get("client_id"))
    by_tls = isinstance(entry, dict) and "alg" not in entry
    if "client_assertion" not in form and not by_tls:
        return None
    try:
        if by_tls:
            certificate(entry, request.conn.record)
        else:
            assertion(state, form)
    except Refused as reason:
        state.refusals.append(str(reason))
        return False
    except (KeyError, TypeError, ValueError) as error:
        state.refusals.append(f"malformed: {error!r}")
        return False
    return True


def fingerprint(der):
    return hashlib.sha256(der).hexdigest()
