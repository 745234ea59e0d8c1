#!/usr/bin/env python3
# Copyright (C) The ngx_http_auth_token_module authors

"""
Compares auth_token_cidr with Python's ipaddress: COUNT texts through the
parser, then COUNT clients against random compiled sets.

    COUNT=1000000 SEED=1 cidr_diff.py DRIVER

Where the two are meant to differ:

 1. A prefix length is one to three digits with no leading zero; ipaddress
    also takes "/08" and netmasks such as "/255.0.0.0".
 2. Zone ids ("fe80::1%eth0") are refused.
 3. A network written as IPv4-mapped IPv6 is the IPv4 network, and refused if
    its prefix is under 96; a mapped client is the IPv4 client.  ipaddress
    keeps both in IPv6.
 4. Host bits are masked, as by strict=False.
"""

import ipaddress
import random
import re
import sys

from differential import Tally, ask, garbage, mutate, settings

CHUNK = 20000
CLIENTS = 50
ALPHABET = b"0123456789abcdefF.:/% "
PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")
MAX = {4: 2 ** 32 - 1, 6: 2 ** 128 - 1}


def network(data):
    """The ip_network that a text means, or None."""
    text = data.decode("latin-1")
    address, slash, prefix = text.partition("/")

    if slash and not PREFIX.fullmatch(prefix):
        return None

    if "%" in text:
        return None

    try:
        net = ipaddress.ip_network(text, strict=False)
        mapped = (ipaddress.IPv6Address(address).ipv4_mapped
                  if net.version == 6 else None)
    except ValueError:
        return None

    if mapped is None:
        return net

    if net.prefixlen < 96:
        return None

    return ipaddress.ip_network((mapped, net.prefixlen - 96), strict=False)


def ends(net):
    return int(net.network_address), int(net.broadcast_address)


def oracle(data):
    """The line that the driver has to print for a text."""
    net = network(data)

    if net is None:
        return "-"

    return "%d %032x %032x" % (net.version, *ends(net))


def merged(nets):
    """How many ranges of each family are left of a list."""
    count = {4: 0, 6: 0}
    last = {4: None, 6: None}

    for version, low, high in sorted((net.version, *ends(net))
                                     for net in nets):
        if last[version] is None or low > last[version] + 1:
            count[version] += 1
            last[version] = high

        last[version] = max(last[version], high)

    return "%d %d" % (count[4], count[6])


def number(rng, version):
    """An address with a tendency to cluster, so that networks meet."""
    kind = rng.randrange(8)
    bits = 32 if version == 4 else 128

    if kind < 2:
        return rng.getrandbits(bits)

    if kind < 3:
        return rng.choice((0, MAX[version], 1 << (bits - 1)))

    if version == 6 and kind < 5:
        return 0xffff << 32 | rng.getrandbits(32)

    base = 0x0a000000 if version == 4 else 0x20010db8 << 96

    return base | (rng.getrandbits(4) << rng.randrange(0, bits - 8, 4))


def written(rng, version, value):
    """One of the ways to write an address."""
    if version == 4:
        return str(ipaddress.IPv4Address(value))

    address = ipaddress.IPv6Address(value)
    kind = rng.randrange(5)

    if kind == 0:
        return address.exploded

    if kind == 1:
        return str(address).upper()

    if kind == 2 or value >> 32 in (0, 0xffff):
        head = ":".join("%x" % (value >> shift & 0xffff)
                        for shift in range(112, 16, -16))

        if value >> 32 == 0xffff:
            head = rng.choice((head, ":".join(("", "", "ffff"))))

        return head + ":" + str(ipaddress.IPv4Address(value & MAX[4]))

    return str(address)


def entry(rng, valid):
    """An address or a network; always a valid one if so asked."""
    version = rng.choice((4, 6))
    value = number(rng, version)
    text = written(rng, version, value)
    bits = 32 if version == 4 else 128

    if rng.randrange(4) == 0:
        return text

    kind = rng.randrange(16)

    if kind == 0 and not valid:
        return text + "/" + rng.choice((
            "08", "00", "032", "-1", "+8", " 8", "255.255.0.0", "0.0.255.255",
            "33", "129", "999", "1000", "", "8/8", "ffff::", "8%1"))

    if version == 6 and value >> 32 == 0xffff:
        low = 96 if valid or rng.randrange(4) else 0
        return text + "/%d" % rng.randint(low, 128)

    low = rng.choice((0, bits // 2, bits - 8))
    high = bits if valid or rng.randrange(8) else bits + 2

    return text + "/%d" % rng.randint(low, high)


def generate(rng):
    """A text for the parser."""
    kind = rng.randrange(100)

    if kind < 5:
        return garbage(rng, ALPHABET)

    text = entry(rng, False).encode()

    if kind < 8:
        return text.replace(b"/", b"%eth0/") + b"%1" * rng.randrange(2)

    return text if kind < 60 else mutate(rng, text, ALPHABET)


def compare_texts(driver, rng, count):
    tally = Tally("cidr, texts", count)

    for start in range(0, count, CHUNK):
        texts = [generate(rng) for _ in range(min(CHUNK, count - start))]
        answers = ask(driver, ["p " + text.hex() for text in texts])

        for text, got in zip(texts, answers):
            want = oracle(text)
            tally.add(text, got, want, want != "-")

    return tally.finish()


def client(rng, nets):
    """(version, number) of a client near one of the networks, or anywhere."""
    if not nets or rng.randrange(5) == 0:
        version = rng.choice((4, 6))
        return version, number(rng, version)

    net = rng.choice(nets)
    low, high = ends(net)
    value = rng.choice((low, high, low - 1, high + 1, rng.randint(low, high)))
    value = min(max(value, 0), MAX[net.version])

    # an IPv4 client on a socket of both families, and a false friend of it
    if net.version == 4 and rng.randrange(3) == 0:
        return 6, rng.choice((0xffff, 0xffff, 0)) << 32 | value

    return net.version, value


def address(version, value):
    if version == 4:
        return ipaddress.IPv4Address(value)

    plain = ipaddress.IPv6Address(value)

    return plain.ipv4_mapped or plain


def compare_sets(driver, rng, count):
    tally = Tally("cidr, clients", count)
    sets = Tally("cidr, sets", 0)

    while tally.compared < count:
        lines, wants = [], []

        while len(lines) < CHUNK:
            texts = [entry(rng, True)
                     for _ in range(rng.choice((0, 1, 2, 3, 5, 8, 16)))]
            nets = [network(text.encode()) for text in texts]

            lines.append("s " + " ".join(texts).encode().hex())
            wants.append(merged(nets))

            for _ in range(CLIENTS):
                version, value = client(rng, nets)
                who = address(version, value)

                lines.append("%d %0*x" % (version, 8 if version == 4 else 32,
                                          value))
                wants.append("1" if any(who in net for net in nets) else "0")

        for line, got, want in zip(lines, ask(driver, lines), wants):
            if line[0] == "s":
                listed = bytes.fromhex(line[2:]).decode()
                sets.add(listed, got, want, 1)
            else:
                tally.add((listed, line), got, want, want == "1")

    print("cidr, sets: %d compiled, %d different" % (sets.compared,
                                                     sets.different))

    return tally.finish() and sets.different == 0


def main():
    count, seed = settings()
    rng = random.Random(seed)

    print("cidr: COUNT=%d SEED=%d" % (count, seed))

    texts = compare_texts(sys.argv[1], rng, count)
    clients = compare_sets(sys.argv[1], rng, count)

    return 0 if texts and clients else 1


if __name__ == "__main__":
    sys.exit(main())
