"""Hostile names through the whole life of a person: kept byte for byte in their normal form, or refused
with a reason; and no file is made or written outside the gallery's folder (seen by strace)."""
import json
import os
import re
import shutil
import unicodedata

from check import case, main, require, run, skip, temp_folder
from people_file import people_file, person
from program import FACEID, environment, faceid

MARKS = ["/", "\\", "..", "?", "*", "'", '"', "`", ",", ";", ":", "|", "<", ">", "&", "$", "#", "%", "=", "@",
         "~", "!", "(", "[", "{", "^", "-", "--", "+", "\t", "\n", "\r", "\x1b[2J", "\x7f", "\u0085",
         "\u00a0", "\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e",
         "\u202a", "\u202e", "\u2028", "\u2029", "\u2060", "\u2066", "\u2800", "\u3000", "\u3164", "\ufeff",
         "\ufff9", "\ufffd", "\ufffe", "\ue000", "\U000e0061", "\U0010ffff", "\u0301"]
WORDS = ["../../etc/passwd", "/etc/passwd", ".", "..", "...", "-rf", "--help", "-", "?", "??", "NULL", "nan",
         "'; DROP TABLE person; --", "\" OR 1=1 --", "=cmd()", "=1+1", "+1", "@SUM(A1)", "%s%n%x", "%00",
         "$(id)", "`id`", "${HOME}", "&& id", "| id", "<script>", "&lt;", "{{7*7}}", "\\u0041", "\\x00", "con",
         "gallery.db", "gallery.db-wal", "0", "-1", "1e309", "true", "{}", "[]", "name\tfaces", "a\x00b",
         "Alex", "alex", "ALEX", "Stra\u00dfe", "STRASSE", "\u0130stanbul", "istanbul", "Zo\u00e9", "Zoe\u0301",
         "\u00c5ngstr\u00f6m", "\u212bngstr\u00f6m", "\ud55c\uae00", "\u1112\u1161\u11ab", "\u05d0\u05d1",
         "\u0627\u0644", "\u5f20\u4f1f", "\u0e01\u0e33", "\u0915\u094d\u0937", "\U0001f600",
         "\U0001f469\u200d\U0001f4bb", "\U0001f1e9\U0001f1ea", "\ufdfa", "\ufb01", "\u01c4", "\u1e9e",
         "Z\u0351\u0343a\u0310\u0352l", "x" * 128, "x" * 129, "x" * 65536, "\u00e9" * 64, "\u00e9" * 65,
         "e\u0301" * 64, "\U0001f600" * 32, " ", "  a", "a  ", "a  b"]
BYTES = [b"\xff", b"\xfe\xff", b"\x80", b"a\xc3", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe2\x82",
         b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
         b"\xf8\x88\x80\x80\x80", b"ok\xffok"]


def hostile_names():
    names = [word.encode() for word in WORDS] + BYTES
    for mark in MARKS:
        names += [form.replace("x", mark).encode() for form in ("x", "ax", "xa")]
    return [name for name in dict.fromkeys(names) if b"\0" not in name]  # no argument can have that


def good(gallery, *words):
    done = faceid(*words, gallery=gallery)
    require(done.returncode == 0, "%r: exit %d: %s" % (words, done.returncode, done.stderr))
    return done.stdout


def names(gallery):
    return [json.loads(line)["name"] for line in good(gallery, "list", "--json").splitlines()]


def live(gallery, name):
    """The life of a person of this name, after the renaming that gave it."""
    path = gallery + ".people"
    kept = unicodedata.normalize("NFC", name)
    require(names(gallery) == [kept], "%r became %r" % (kept, names(gallery)))
    good(gallery, "export", "--force", path, name)
    good(gallery, "forget", name)
    require(not names(gallery), "%r is still there" % kept)
    good(gallery, "import", path)
    require(names(gallery) == [kept], "%r came back as %r" % (kept, names(gallery)))
    good(gallery, "rename", name, "somebody")


@case
def live_or_are_refused():
    gallery = os.path.join(temp_folder(), "gallery.db")
    source = gallery + ".start"
    with open(source, "wb") as file:
        file.write(people_file(person("somebody")))
    good(gallery, "import", source)
    lived = refused = 0
    for name in hostile_names():
        name = os.fsdecode(name)
        done = faceid("rename", "--", "somebody", name, gallery=gallery)
        if done.returncode == 0:
            live(gallery, name)
            lived += 1
        else:
            require(done.returncode == 2 and done.stdout == "" and done.stderr.startswith("faceid: ") and
                    done.stderr.count("\n") == 1 and "\x1b" not in done.stderr,
                    "%r: exit %d: %s" % (name[:40], done.returncode, done.stderr[:300]))
            refused += 1
    for words in (("rename", "somebody", "x" * 129), ("show", "a/b"), ("enroll", "x" * 129, "/none")):
        require("rename --help" in faceid(*words, gallery=gallery).stderr, "where the rules stand")
    rules = faceid("rename", "--help").stdout
    require("128 bytes" in rules and all(rule in rules for rule in ("'/'", "control", "blanks")), rules)
    print("%d names: %d lived, %d refused" % (lived + refused, lived, refused))
    require(lived + refused >= 200 and lived >= 60 and refused >= 80, "too few")


CHANGES = re.compile(r'\b(?:openat\([^,]+, "([^"]*)", ([A-Z_|]+)|'
                     r'(?:creat|mkdir|unlink|rename|link|symlink|truncate|chmod|mknod)\("([^"]*)"|'
                     r'(?:mkdirat|unlinkat|renameat2?|linkat|symlinkat|fchmodat|mknodat)\([^,]+, "([^"]*)")')


@case
def write_nowhere_else():
    if shutil.which("strace") is None:
        skip("strace is not installed")
    folder = os.path.realpath(temp_folder())
    gallery, trace = os.path.join(folder, "data", "gallery.db"), os.path.join(folder, "trace")
    os.mkdir(os.path.dirname(gallery))
    people = gallery + ".people"
    with open(people, "wb") as file:
        file.write(people_file(person("somebody")))
    if run("strace", "-o", trace, "true").returncode != 0:
        skip("strace may not trace here")
    seen = 0
    for words in [("import", people), ("list",)] + [
            step for name in ("../../tmp/x", "a\\..\\b", "gallery.db-wal", "$(touch x)", "=cmd()", "...")
            for step in (("rename", "somebody", name), ("export", "--force", gallery + ".out", name),
                         ("backup", "--force", gallery + ".copy"), ("show", name), ("forget", name),
                         ("import", "--force", people), ("undo",), ("import", "--force", people))]:
        run("strace", "-f", "-e", "trace=%file,openat", "-o", trace, FACEID, *words, cwd=folder,
            env=environment(gallery=gallery))
        with open(trace, encoding="utf-8", errors="replace") as file:
            for line in file:
                match = CHANGES.search(line)
                if match is None or "= -1 E" in line or (match[1] is not None and not re.search(r"O_(CREAT|WRONLY|RDWR)", match[2])):
                    continue
                path = next(p for p in (match[1], match[3], match[4]) if p is not None)
                path = os.path.normpath(os.path.join(folder, path))
                if path == "/proc/self/coredump_filter":  # no file: how the process is dumped
                    continue
                require(path.startswith(os.path.dirname(gallery) + "/"), "%r: %s" % (words, line))
                seen += 1
    print("%d changing calls, all in the gallery's folder" % seen)
    require(seen > 100, "the trace sees only %d calls" % seen)


main()
