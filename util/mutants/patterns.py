# Copyright (C) The ngx_http_auth_token_module authors

"""What is wrong with a mutant, and where, as files *.mutants say it:

    = SOURCE: TEST...
    # what is wrong with it, one line
    - text that occurs once; any run of blanks stands for any other
    + text in its place; may be left out

A "-" after a "+" is one more place of the same mutant.
"""

import glob
import os
import re
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                    "../.."))

# of the file whose mutants are loaded into nginx; unit tests have the others
GLUE = "glue.mutants"


class Broken(Exception):
    pass


class Mutant:
    def __init__(self, source, tests, reason, *places):
        self.source, self.tests, self.reason = source, tests, reason
        self.places = [([old], [new]) for old, new in places]

    def __str__(self):
        name = os.path.basename(self.source).removesuffix(".c")
        return name.removeprefix("ngx_http_").removeprefix("auth_token_") \
            + ": " + self.reason

    def add_old(self, text):
        if not self.places or self.places[-1][1]:
            self.places.append(([], []))
        self.places[-1][0].append(text)

    def add_new(self, text):
        if not self.places:
            raise Broken("says what to put, and not where")
        self.places[-1][1].append(text)

    def apply(self, text):
        if not self.places:
            raise Broken("applies 0 times, not once")
        for old, new in self.places:
            text = replace(text, old, "\n".join(new))
        return text


def replace(text, old, new):
    words = " ".join(old).split()
    pattern = r"\s+".join(re.escape(word) for word in words)
    found = len(re.findall(pattern, text))
    if not words or found != 1:
        raise Broken("applies %d times, not once" % found)
    return re.sub(pattern, lambda _: new, text)


def parse(path):
    mutants, source, tests = [], None, None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            kind, text = line[:1], line[1:].strip()
            if kind == "=":
                source, tests = text.split(":")
                tests = tests.split()
            elif kind == "#":
                mutants.append(Mutant(source, tests, text))
            elif kind == "-":
                mutants[-1].add_old(text)
            elif kind == "+":
                mutants[-1].add_new(text)
            elif line.strip():
                sys.exit("%s:%d: not of a mutant" % (path, number))
    return mutants


def load(words, glue=False):
    """The mutants with one of the words in file name or reason, or all."""
    paths = sorted(glob.glob(os.path.join(TOP, "util/mutants/*.mutants")))
    mutants = [mutant for path in paths
               if (os.path.basename(path) == GLUE) == glue
               for mutant in parse(path)]
    if words:
        mutants = [m for m in mutants if any(w in str(m) for w in words)]
    if not mutants:
        sys.exit("no mutants")
    return mutants


def report(results):
    """Pairs of (good, name) as TAP; the exit status."""
    for number, (good, name) in enumerate(results, 1):
        print("%sok %d - %s" % ("" if good else "not ", number, name))
    print("1..%d" % len(results))
    return not all(good for good, _ in results)
