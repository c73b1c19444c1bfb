"""Memory runs out at the k-th request of a whole program, for that one request or from then on: it ends
with a sentence and its exit code, or does what it would have done; the gallery is as before or as after.

Requests of every library count (tests/rigs/lean.c). Here each 61st of them is refused, in `make soak`
every one."""
import os
import re
import shutil

import program
from check import BUILD, SOAK, case, main, require, shared, temp_folder

STEP = 1 if SOAK else 61
LEAN = os.path.join(BUILD, "tests", "lean.so")
NO_MEMORY = 70


class Base:
    """A gallery with one person, copied for each run."""

    def __init__(self):
        self.folder = temp_folder()
        self.first = os.path.join(self.folder, "first.db")
        self.path = os.path.join(self.folder, "gallery.db")
        self.amy = [shared("data/people/amy/amy%d.png" % i) for i in range(1, 4)]
        self.raj = [shared("data/people/raj/raj%d.png" % i) for i in range(1, 3)]
        done = self.faceid("enroll", "amy", *self.amy[1:], gallery=self.first)
        require(done.returncode == 0, done.stderr)

    def faceid(self, *words, gallery=None, **more):
        return program.faceid(*words, gallery=gallery or self.path, pair=program.models(), **more)

    def begin(self):
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.path + end):
                os.unlink(self.path + end)
        shutil.copy(self.first, self.path)

    def people(self):
        done = self.faceid("list", "--json")
        require(done.returncode == 0, "the gallery is not whole: %s" % done.stderr)
        # a person's number is drawn anew by each enrollment
        return [re.sub(r'"id": *\d+, *', '', line.split('"created"')[0].split('"date"')[0])
                for line in done.stdout.splitlines()]


def starve(base, *words):
    base.begin()
    before = base.people()
    counted = os.path.join(base.folder, "count")
    good = base.faceid(*words, LD_PRELOAD=LEAN, LEAN_COUNT=counted)
    require(good.returncode in (0, 1), good.stderr)
    with open(counted, encoding="ascii") as file:
        requests = int(file.read())
    after = base.people()
    refused = told = 0
    for number in range(1, requests + 1, STEP):
        for long in ({}, {"LEAN_LONG": "1"}):
            base.begin()
            done = base.faceid(*words, LD_PRELOAD=LEAN, LEAN_AT=str(number), **long)
            what = "request %d of %d%s: exit code %d, %r" % (number, requests, " and on" if long else "",
                                                           done.returncode, done.stderr[-300:])
            if done.returncode == NO_MEMORY:
                require(done.stderr.startswith("faceid: ") and done.stderr.endswith("\n"), what)
                told += 1
            else:
                require((done.returncode, done.stdout) == (good.returncode, good.stdout), what)
            require(base.people() in (before, after), "%s: the gallery is neither as before nor as "
                    "after" % what)
            refused += 1
    print("   %s: %d requests, %d refusals, %d told" % (words[0], requests, refused, told))
    require(told > 0, "no refusal was noticed")


def add(name, words):
    def run_it():
        base = Base()
        starve(base, *words(base))
    run_it.__name__ = name
    case(run_it)


add("listing", lambda base: ["list"])
add("telling_of_a_model", lambda base: ["model", "info", program.models()[0]])
add("verifying", lambda base: ["verify", base.amy[0], base.raj[0]])
add("identifying", lambda base: ["identify", "--json", base.amy[0]])
add("enrolling", lambda base: ["enroll", "raj", base.raj[1]])
add("renaming", lambda base: ["rename", "amy", "Amy Farrah"])
add("forgetting", lambda base: ["forget", "amy"])
main()
