# Copyright (C) The ngx_http_auth_token_module authors

"""Looks at every byte that a test's clients get: no secret of an authority
may be among them, but where it is the authority itself that speaks.  Header
fields of HTTP/2 are seen by h2_get() alone: H2 does not decode them."""

import socket

# whatever has secrets in "forbidden"
holders = []

# ports and paths of the authorities
authorities = set()

found = []

KEPT = 8192                     # of what came before; no secret is longer


def forget(holder):
    if holder in holders:
        holders.remove(holder)
    if not holders:
        authorities.clear()


def answer(place, data):
    if place in authorities:
        return
    text = data.decode("utf-8", "replace")
    for one in holders:
        for secret in list(one.forbidden):
            if secret in text:
                note(f"secret {secret[:12]}... in an answer")


def note(text):
    if text not in found:
        found.append(text)


def take():
    """What was found since it was last asked."""
    taken = list(found)
    found.clear()
    return taken


class Socket(socket.socket):
    """Of a client to a place: a port, or a path."""

    place = None
    past = b""

    def recv(self, *arguments):
        data = super().recv(*arguments)
        if data:
            self.past = self.past[-KEPT:] + data
            answer(self.place, self.past)
        return data
