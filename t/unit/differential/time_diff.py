#!/usr/bin/env python3
# Copyright (C) The ngx_http_auth_token_module authors

"""
Compares auth_token_time with Python's datetime.

    COUNT=1000000 SEED=1 time_diff.py DRIVER

The grammar is written down here as a regular expression (RFC 3339, 5.6, with
"t" and "z"); calendar, clock and arithmetic are datetime's.  Where the two are
meant to differ:

 1. datetime has no second 60.  It is accepted if it is 23:59:60 in UTC on the
    last day of June or December; rounded down it is 23:59:59, rounded up the
    midnight that follows, whatever its fraction.
 2. datetime has no year 0.  It is computed 400 years later, which are 146097
    days.
 3. datetime keeps microseconds.  A fraction of any length counts as 0 down,
    and up as one second unless all its digits are 0.
 4. A result before the year 0000 or after 9999 in UTC is refused, after it
    was rounded.
 5. datetime.fromisoformat() accepts more (a blank for "T", a comma, basic and
    week forms, no zone).  It is asked only for texts of the grammar, where it
    has to agree.
"""

import random
import re
import sys
from datetime import datetime, timedelta, timezone

from differential import Tally, ask, garbage, mutate, settings

CHUNK = 20000
ALPHABET = b"0123456789-:.TZ+tz ,"
LOW, HIGH = -62167219200, 253402300799
EPOCH = datetime(1970, 1, 1)
SECOND = timedelta(seconds=1)
CYCLE = 146097 * 86400

CLOCK = (rb"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?")
RFC3339 = re.compile(CLOCK + rb"(?:[Zz]|([+-])(\d\d):(\d\d))")
LOCAL = re.compile(CLOCK)
DATE = re.compile(rb"(\d{4})-(\d\d)-(\d\d)")


def since_epoch(year, month, day, hour, minute, second):
    """Seconds; ValueError if there is no such time."""
    shift = 400 if year == 0 else 0
    moment = datetime(year + shift, month, day, hour, minute, second)

    return (moment - EPOCH) // SECOND - (CYCLE if shift else 0)


def is_leap(seconds):
    """Whether a leap second may follow this last regular one."""
    if (seconds + 1) % 86400:
        return False

    # year 0 and the ends of the range: move by whole cycles
    moment = EPOCH + timedelta(seconds=seconds % CYCLE)

    return (moment.month, moment.day) in ((6, 30), (12, 31))


def judge(match):
    """(down, up) of a text that has the grammar; None where refused."""
    if match is None:
        return None, None

    fields = [int(field) for field in match.groups()[:6]]
    zone = match.groups()[7:]
    leap = fields[5] == 60

    if leap:
        fields[5] = 59

    try:
        seconds = since_epoch(*fields)
    except ValueError:
        return None, None

    if zone and zone[0]:
        hour, minute = int(zone[1]), int(zone[2])

        if hour > 23 or minute > 59:
            return None, None

        offset = hour * 3600 + minute * 60
        seconds += offset if zone[0] == b"-" else -offset

    if leap and not is_leap(seconds):
        return None, None

    later = leap or (match[7] or b"").strip(b"0") != b""
    down, up = seconds, seconds + later

    return (down if LOW <= down <= HIGH else None,
            up if LOW <= up <= HIGH else None)


def judge_date(match):
    """A date: the start of its day, both ways."""
    if match is None:
        return None, None

    try:
        seconds = since_epoch(*map(int, match.groups()), 0, 0, 0)
    except ValueError:
        return None, None

    return seconds, seconds


def second_opinion(text, match, down):
    """fromisoformat() on what it can represent; complains if it disagrees."""
    if down is None or match[1] == b"0000" or match[6] == b"60":
        return

    plain = text.decode().upper()

    if match[7]:
        plain = plain.replace("." + match[7].decode(), "", 1)

    try:
        moment = datetime.fromisoformat(plain) - timedelta(0)
        moment = (moment - EPOCH.replace(tzinfo=timezone.utc)) // SECOND
    except OverflowError:
        return

    if moment != down:
        sys.exit("the oracle is at odds with fromisoformat(): %r" % text)


def oracle(text):
    """The line that the driver has to print."""
    match = RFC3339.fullmatch(text)
    results = judge(match)

    second_opinion(text, match, results[0])

    results += judge(LOCAL.fullmatch(text))
    results += judge_date(DATE.fullmatch(text))

    return " ".join("-" if value is None else str(value) for value in results)


def number(rng, low, high, digits):
    """Mostly in the range, often at its ends, sometimes just outside."""
    kind = rng.randrange(100)

    if kind < 70:
        value = rng.randint(low, high)
    elif kind < 94:
        value = rng.choice((low, high))
    else:
        value = max(rng.choice((low - 1, high + 1, high + 2)), 0)

    return "%0*d" % (digits, value)


def zone(rng):
    kind = rng.randrange(10)

    if kind < 4:
        return rng.choice("ZZz")

    if kind < 5:
        return rng.choice(("+00:00", "-00:00", "+23:59", "-23:59", "+24:00"))

    return (rng.choice("+-") + number(rng, 0, 23, 2) + ":"
            + number(rng, 0, 59, 2))


def leap_second(rng):
    """A true leap second in a random zone, moved a little now and then."""
    year = rng.choice((0, 1, 1972, 2016, 9998, 9999, rng.randrange(10000)))
    month, day = rng.choice(((6, 30), (12, 31)))
    shift = 400 if year < 2 else -400 if year > 9997 else 0
    offset = rng.choice((0, 0, 60, -60, rng.randint(-1439, 1439)))

    moment = datetime(year + shift, month, day, 23, 59)
    moment += timedelta(minutes=offset)

    if rng.randrange(4) == 0:
        moment += rng.choice((-1, 1)) * timedelta(
            minutes=rng.choice((1, 60, 1440)))

    year = moment.year - shift

    if not 0 <= year <= 9999:
        return "9999-12-31T23:59:60Z"

    return "%04d-%s:60%s%s%02d:%02d" % (
        year, moment.strftime("%m-%dT%H:%M"), rng.choice(("", "", ".0", ".7")),
        "-" if offset < 0 else "+", *divmod(abs(offset), 60))


def likely(rng):
    """A text with the grammar; its numbers may be out of range."""
    if rng.randrange(8) == 0:
        return leap_second(rng)

    year = number(rng, 0, 9999, 4)[:4]

    if rng.randrange(3) == 0:
        day = rng.choice(("02-28", "02-29", "02-30", "12-31", "01-01", "06-30",
                          "04-31", "03-01"))
        year = rng.choice((year, "1900", "2000", "2024", "2100", "0000",
                           "9999", "0400", "0004"))
    else:
        day = number(rng, 1, 12, 2) + "-" + number(rng, 1, 28, 2)

    text = year + "-" + day

    if rng.randrange(16) == 0:
        return text

    text += rng.choice("TTt") + ":".join((
        number(rng, 0, 23, 2), number(rng, 0, 59, 2), number(rng, 0, 59, 2)))

    if rng.randrange(3) == 0:
        text += "." + rng.choice((
            "0", "5", "000000", "000001", "999999999", "0" * 40 + "1",
            str(rng.randrange(10 ** 12))))

    return text if rng.randrange(16) == 0 else text + zone(rng)


def generate(rng):
    kind = rng.randrange(100)

    if kind < 5:
        return garbage(rng, ALPHABET)

    text = likely(rng).encode()

    return text if kind < 65 else mutate(rng, text, ALPHABET)


def main():
    count, seed = settings()
    rng = random.Random(seed)
    tally = Tally("time", count)

    print("time: COUNT=%d SEED=%d" % (count, seed))

    for start in range(0, count, CHUNK):
        texts = [generate(rng) for _ in range(min(CHUNK, count - start))]
        answers = ask(sys.argv[1], [text.hex() for text in texts])

        for text, got in zip(texts, answers):
            want = oracle(text)
            tally.add(text, got, want, want != "- - - - - -")

    return 0 if tally.finish() else 1


if __name__ == "__main__":
    sys.exit(main())
