# Copyright (C) The ngx_http_auth_token_module authors

"""What the differential tests share: their settings, the pipe to the driver,
mutations of a text, and the tally that ends a run."""

import os
import subprocess
import sys

MAX_SHOWN = 10
MIN_SHARE = 0.10


def settings():
    """COUNT and SEED of the environment; a seed is drawn if none is set."""
    count = int(os.environ.get("COUNT") or 100000)
    seed = os.environ.get("SEED") or ""
    seed = int(seed) if seed else int.from_bytes(os.urandom(4), "big")

    return count, seed


def ask(driver, lines):
    """The driver's answers, one line for each line; ends the run if not."""
    run = subprocess.run([driver], input="\n".join(lines) + "\n",
                         stdout=subprocess.PIPE, text=True, check=False)

    answers = run.stdout.splitlines()

    if run.returncode != 0 or len(answers) != len(lines):
        sys.exit("%s: exit status %d, %d answers to %d lines, stopped at %r"
                 % (driver, run.returncode, len(answers), len(lines),
                    lines[min(len(answers), len(lines) - 1)]))

    return answers


def mutate(rng, data, alphabet):
    """One to three small changes to a text; alphabet is its usual bytes."""
    text = bytearray(data)

    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        i = rng.randrange(len(text) + 1)
        kind = rng.randrange(6)

        if kind == 0:
            text.insert(i, rng.choice(alphabet))
        elif kind == 1:
            text.insert(i, rng.randrange(256))
        elif kind == 2:
            del text[i:i + rng.choice((1, 1, 2, 5))]
        elif kind == 3:
            text[i:i] = text[i:i + rng.randrange(4)]
        elif i < len(text):
            text[i] = (rng.choice(alphabet) if kind == 4
                       else text[i] ^ 1 << rng.randrange(8))

    return bytes(text)


def garbage(rng, alphabet):
    """A text that has nothing of a valid one but perhaps its bytes."""
    length = rng.randrange(40)

    if rng.randrange(2):
        return rng.randbytes(length)

    return bytes(rng.choices(alphabet, k=length))


class Tally:
    """Counts what was compared; a comparison that proves little fails."""

    def __init__(self, name, count):
        self.name = name
        self.count = count
        self.compared = 0
        self.accepted = 0
        self.different = 0

    def add(self, what, got, want, accepted):
        self.compared += 1
        self.accepted += accepted

        if got != want:
            self.different += 1

            if self.different <= MAX_SHOWN:
                print("%s: %r\n    got %s\n    expected %s"
                      % (self.name, what, got, want))

    def finish(self):
        """Prints the figures; returns whether the comparison counts."""
        share = self.accepted / max(self.compared, 1)

        print("%s: %d compared, %.1f %% accepted, %.1f %% rejected, "
              "%d different" % (self.name, self.compared, share * 100,
                                100 - share * 100, self.different))

        if self.compared < self.count:
            print("%s: fewer than %d" % (self.name, self.count))
            return False

        if min(share, 1 - share) < MIN_SHARE:
            print("%s: a share is under %d %%" % (self.name, MIN_SHARE * 100))
            return False

        return self.different == 0
