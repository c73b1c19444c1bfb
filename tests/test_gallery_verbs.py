#!/usr/bin/python3
"""The verbs of the gallery that need no picture: show, merge, remove, undo, export, import, backup,
check, forget."""
import json
import os
import random
import re
import shutil
import sqlite3
import stat
import struct
import subprocess
import threading
import time

import gallery_rows
from check import PATIENCE, case, figure, main, require, run, skip, temp_folder
from galleries import gallery_of, get, good, listed, names, put, refused
from people_file import NOW, SIZE, consent, head, people_file, person, sample
from program import FACEID, TRACED, environment, faceid, models, strace

SEED = int(os.environ.get("FACEID_SEED", "1"))


def shown(gallery, name):
    return json.loads(good("show", "--json", name, gallery=gallery).stdout)


def whole(gallery):
    """All that can be seen of a gallery, its export included."""
    path = os.path.join(temp_folder(), "whole")
    if names(gallery):
        good("export", path, gallery=gallery)
    return [shown(gallery, n) for n in names(gallery)], get(path) if names(gallery) else b""


@case
def shows_what_is_kept():
    gallery = gallery_of(person("ana", 3, "2999-01-31", ["by word of mouth", "and\nsigned"]),
                         person("bob"))
    ana = shown(gallery, "ANA")
    require(ana["name"] == "ana" and ana["expires"] == "2999-01-31" and not ana["expired"], str(ana))
    require([s["source"] for s in ana["samples"]] == ["made up %d" % i for i in range(3)], str(ana))
    require(all(s["created"] == NOW for s in ana["samples"]), str(ana))
    require([c["text"] for c in ana["consents"]] == ["by word of mouth", "and\nsigned"], str(ana))
    lines = good("show", "ana", gallery=gallery).stdout.splitlines()
    require("expires\t2999-01-31" in lines and "consent\t%s\tand\\nsigned" % NOW in lines, str(lines))
    require([b["expires"] for b in listed(gallery)] == ["2999-01-31", None], "list's last days")
    refused(5, ("show", "eva"), "nobody", "eva", gallery=gallery)
    refused(5, ("show", "eva"), "nobody", gallery=os.path.join(temp_folder(), "none.db"))
    refused(2, ("show", "a/b"), gallery=gallery)


@case
def nothing_in_a_gallery_steers_the_terminal():
    vector = struct.pack("<%df" % SIZE, *range(1, SIZE + 1))
    gallery = gallery_of([head("ana"), sample("\x1b[31m", vector)])
    done = good("show", "ana", gallery=gallery)
    require("\x1b" not in done.stdout and done.stdout.count("\\x1B[31m") == 1, repr(done.stdout))
    hostile = head("ana", created="\x1b[31m" + "x" * 15)[1]  # no time, which a right checksum does not make it
    gallery_rows.write(gallery, gallery_rows.all_rows(gallery, gallery_rows.PERSON)[0], hostile)
    for words in (("list",), ("show", "ana")):
        done = faceid(*words, gallery=gallery)
        require(done.returncode == 5 and "damaged" in done.stderr and "\x1b" not in done.stderr + done.stdout, str(done))


@case
def tells_of_expired_people():
    gallery = gallery_of(person("ana", expires="2020-01-31"), person("bob"))
    done = good("list", gallery=gallery)
    require(done.stderr.startswith("faceid: ana is not named") and "2020-01-31" in done.stderr,
            done.stderr)
    require("\t2020-01-31\n" in done.stdout and listed(gallery)[0]["expired"], done.stdout)


@case
def merges_and_undoes():
    gallery = gallery_of(person("ana", 3), person("bob", 2))
    before = whole(gallery)
    good("merge", "ana", "bob", gallery=gallery)
    require(names(gallery) == ["bob"] and listed(gallery)[0]["samples"] == 5, "merged")
    said = good("undo", gallery=gallery).stderr
    require("merge" in said, said)
    require(whole(gallery) == before, "undo left a trace")
    refused(5, ("undo",), "nothing to undo", gallery=gallery)
    refused(5, ("merge", "ana", "eva"), "eva", gallery=gallery)
    refused(5, ("merge", "ana", "Ana"), "one person", gallery=gallery)
    good("forget", "ana", gallery=gallery)
    refused(5, ("undo",), "final", gallery=gallery)


@case
def merging_tells_whose_last_day_holds():
    for name, into, said in (("2020-01-31", "", "the last day is that of ana, 2020-01-31"),
                             ("2999-01-31", "2998-01-31", "the last day is that of bob, 2998-01-31"),
                             ("", "2999-01-31", "the last day is that of bob, 2999-01-31"), ("", "", "of bob now\n")):
        gallery = gallery_of(person("ana", expires=name), person("bob", expires=into))
        told = good("merge", "ana", "bob", gallery=gallery).stderr
        require(said in told and ("bob is not named any more" in told) == (name < "2021" and name > ""), told)


@case
def a_replacing_import_doubles_no_consent():
    """Who comes in has what the file says; undo brings back what was."""
    gallery, path = gallery_of(person("ana", consents=["yes", "signed"])), os.path.join(temp_folder(), "out")
    before = whole(gallery)[1]  # all but the faces' numbers
    good("export", path, gallery=gallery)
    for _ in range(2):
        good("import", "--force", path, gallery=gallery)
        require(whole(gallery)[1] == before, str(shown(gallery, "ana")["consents"]))
    good("import", "--force", put(people_file(person("ana", consents=["by word of mouth"]))), gallery=gallery)
    require([c["text"] for c in shown(gallery, "ana")["consents"]] == ["by word of mouth"], "not those of the file")
    good("undo", gallery=gallery)
    require(whole(gallery)[1] == before, str(shown(gallery, "ana")["consents"]))


@case
def removes_one_face():
    gallery = gallery_of(person("ana", 2))
    first, second = (str(s["id"]) for s in shown(gallery, "ana")["samples"])
    refused(2, ("remove", "ana"), "--sample", gallery=gallery)
    refused(2, ("remove", "ana", "--sample", "1x"), "1x", gallery=gallery)
    refused(5, ("remove", "ana", "--sample", "999"), "999", gallery=gallery)
    good("remove", "ana", "--sample", first, gallery=gallery)
    require([str(s["id"]) for s in shown(gallery, "ana")["samples"]] == [second], "the wrong one")
    refused(5, ("remove", "ana", "--sample", second), "only face", gallery=gallery)


@case
def export_comes_back_the_same():
    gallery = gallery_of(person("ana", 3, "2999-01-31", ["yes"]), person("Zo\u00e9", 1), person("bob"))
    path, again = (os.path.join(temp_folder(), n) for n in ("a.people", "b.people"))
    good("export", path, gallery=gallery)
    require(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "others can read it")
    other = os.path.join(temp_folder(), "other.db")
    good("import", path, gallery=other)
    good("export", again, gallery=other)
    require(get(path) == get(again) and len(get(path)) > 500, "not the same")
    require(names(gallery) == names(other), str(names(other)))
    refused(5, ("export", path), "already", gallery=gallery)
    good("export", "--force", path, "BOB", gallery=gallery)
    third = os.path.join(temp_folder(), "third.db")
    good("import", path, gallery=third)
    require(names(third) == ["bob"], str(names(third)))
    refused(5, ("export", again + "x", "eva"), "eva", gallery=gallery)
    refused(5, ("export", again + "x"), "nobody", gallery=os.path.join(temp_folder(), "none.db"))
    refused(5, ("export", "/none/x"), "/none/x", gallery=gallery)
    for verb in ("export", "backup"):
        refused(5, (verb, "-"), "not written to standard output", gallery=gallery)
    require(not os.path.exists(again + "x") and not os.path.exists(again + "x.faceid-part"), "left behind")


@case
def import_takes_all_or_nobody():
    gallery = gallery_of(person("ana", 3))
    before = whole(gallery)
    refused(5, ("import", put(people_file(person("bob"), person("ANA")))), "ANA", gallery=gallery)
    refused(5, ("import", put(people_file(person("bob"), person("bob")))), "bob", gallery=gallery)
    refused(5, ("import", put(people_file(person("bob"), model="f" * 32))), "model", gallery=gallery)
    require(whole(gallery) == before, "something was taken in")
    good("import", "--force", put(people_file(person("bob"), person("ANA", 1))), gallery=gallery)
    require([(p["name"], p["samples"]) for p in listed(gallery)] == [("ana", 1), ("bob", 2)],
            str(listed(gallery)))
    good("undo", gallery=gallery)
    require(whole(gallery) == before, "undo left a trace")


def broken_files():
    """[(what is wrong, bytes)]: well-formed rows that break a rule."""
    ana, begin = person("ana"), head("ana")
    vector = struct.pack("<%df" % SIZE, *range(1, SIZE + 1))
    one = sample("x", vector)
    yield "no sample", people_file([begin])
    yield "a person without one, then another", people_file([begin], ana)
    yield "a sample of nobody", people_file([one])
    yield "a consent of nobody", people_file([consent("x")])
    yield "a sample before its person", people_file([one, begin], in_order=False)
    yield "an unknown row", people_file(ana + [(10, b"x")])
    yield "a row of the history", people_file(ana + [(6, b"x")])
    yield "a huge consent", people_file([begin, one, consent("x" * 20000)])
    yield "a long name", people_file([head("x" * 129), one])
    yield "a hostile name", people_file(person("../x"))
    yield "a name in NFD", people_file(person("Zoe\u0301"))
    yield "no UTF-8", people_file(person(b"\xff"))
    yield "no day", people_file(person("ana", expires="2026-02-30"))
    yield "no time", people_file([head("ana", created="yesterday"), one])
    yield "an empty consent", people_file(person("ana", consents=[""]))
    yield "a short vector", people_file([begin, sample("x", vector[4:])])
    yield "a long vector", people_file([begin, sample("x", vector + b"1234")])
    yield "another size than there is", people_file([begin, sample("x", vector[4:], size=SIZE)])
    yield "a sample of another model", people_file([begin, sample("x", vector, model="f" * 32)])
    for bad in ("nan", "inf", "-inf"):
        yield bad, people_file([begin, sample("x", struct.pack("<f", float(bad)) + vector[4:])])
    yield "no numbers", people_file(ana, size=0)
    yield "too many numbers", people_file(ana, size=65537)
    yield "no id", people_file(ana, model="x" * 32)
    yield "an older version", people_file(ana, version=2)
    yield "a newer version", people_file(ana, version=4)
    yield "more behind the end", people_file(ana) + b"x"
    yield "nothing", b""
    yield "something else", b"\x89PNG\r\n\x1a\n" + b"x" * 100


@case
def hostile_files_are_refused():
    gallery = gallery_of(person("bob"))
    before = whole(gallery)
    for what, data in broken_files():
        done = faceid("import", put(data), gallery=gallery)
        require(done.returncode == 3 and done.stderr.count("\n") == 1,
                "%s: exit %d: %s" % (what, done.returncode, done.stderr))
    refused(5, ("import", put(people_file([head("ana"), sample("x", bytes(4 * SIZE))]))), "direction",
            gallery=gallery)
    refused(3, ("import", os.path.join(temp_folder(), "none")), "none", gallery=gallery)
    refused(3, ("import", temp_folder()), gallery=gallery)
    require(whole(gallery) == before, "something was taken in")


@case
def damaged_files_are_refused():
    """A flip of any kind and an end anywhere: nothing of it gets in."""
    data, chance = people_file(person("ana", 2, "2999-01-31", ["yes"])), random.Random(SEED)
    gallery = os.path.join(temp_folder(), "gallery.db")
    damaged = [data[:n] for n in sorted(chance.sample(range(len(data)), 60))]
    for bit in chance.sample(range(8 * len(data)), 140):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        damaged.append(bytes(flipped))
    for i, some in enumerate(damaged):
        done = faceid("import", put(some), gallery=gallery)
        require(done.returncode == 3, "seed %d, %d: exit %d: %s" % (SEED, i, done.returncode, done.stderr))
    require(not os.path.exists(gallery), "a gallery was made of them")


@case
def backs_up_and_forgets_there_too():
    gallery = gallery_of(person("anastasia", 3, consents=["said on a sunny day"]), person("bob"))
    copy = os.path.join(temp_folder(), "copy.db")
    good("backup", copy, gallery=gallery)
    require(stat.S_IMODE(os.stat(copy).st_mode) == 0o600, "others can read it")
    require(names(copy) == ["anastasia", "bob"], str(names(copy)))
    refused(5, ("backup", copy), "already", gallery=gallery)
    good("backup", "--force", copy, gallery=gallery)
    refused(5, ("backup", "/none/x"), "/none/x", gallery=gallery)
    vector = struct.pack("<%df" % SIZE, *(lambda c: [c.uniform(-1, 3) for _ in range(SIZE)])(
        random.Random(repr("anastasia"))))
    require(vector in get(gallery) and vector in get(copy), "the search does not work")
    good("rename", "anastasia", "stasi", gallery=gallery)
    said = good("forget", "stasi", gallery=gallery).stderr
    require("nothing is left" in said and "in 1 copy of it" in said and "not where" not in said, said)
    for path in (gallery, copy):
        for trace in (vector[:32], vector[32:], b"anastasia", b"sunny day"):
            require(trace not in get(path), "%r is left in %s" % (trace, path))
        require(names(path) == ["bob"], str(names(path)))
        require(not os.path.exists(path + "-wal") or not get(path + "-wal"), "a journal is left")
    os.rename(copy, copy + "-taken-away")
    said = good("forget", "bob", gallery=gallery).stderr
    require("1 copy of faceid backup is not where it was made" in said and "bob may be in it" in said, said)


@case
def tells_of_copies_that_are_elsewhere():
    gallery = gallery_of(person("ana"), person("bob"))
    for name in ("one", "two"):
        copy = os.path.join(temp_folder(), name)
        good("backup", copy, gallery=gallery)
        os.rename(copy, copy + "-taken-away")
    said = good("forget", "bob", gallery=gallery).stderr
    require("2 copies of faceid backup are not where they were made: if they still exist elsewhere, bob may be in them"
            in said, said)


@case
def does_not_write_over_itself_or_a_device():
    gallery = gallery_of(person("ana"), person("bob"))
    before, folder = names(gallery), temp_folder()
    pipe, link, twin = (os.path.join(folder, name) for name in ("pipe", "link", "twin"))
    os.mkfifo(pipe)
    os.symlink("/none", link)
    os.link(gallery, twin)
    for verb in ("backup", "export"):
        for path in (gallery, twin, os.path.join(os.path.dirname(gallery), ".", os.path.basename(gallery))):
            refused(5, (verb, "--force", path), "gallery itself", gallery=gallery)
        for path in (pipe, link, folder):
            refused(5, (verb, "--force", path), "not replaced", gallery=gallery)
    require(names(gallery) == before and stat.S_ISFIFO(os.stat(pipe).st_mode) and os.path.islink(link), "replaced")


@case
def a_copy_takes_no_journal_from_before():
    gallery = gallery_of(person("ana"), person("bob"))
    copy = os.path.join(temp_folder(), "copy.db")
    for force in ((), ("--force",)):
        other = gallery_of(person("eva"), person("raj"), person("zoe"))
        reader = sqlite3.connect(other)  # the last one out would put the journal away
        reader.execute("SELECT id FROM record").fetchone()
        good("rename", "zoe", "zoo", gallery=other)
        require(get(other + "-wal"), "no journal")
        shutil.copy(other + "-wal", copy + "-wal")
        reader.close()
        if not force:
            refused(5, ("backup", copy), "the journal %s-wal" % copy, "not replaced unasked", gallery=gallery)
            os.remove(copy + "-wal")
        good("backup", *force, copy, gallery=gallery)
        require(names(copy) == ["ana", "bob"], str(names(copy)))


@case
def writes_who_is_named_twice_once():
    gallery, people = gallery_of(person("ana"), person("bob")), os.path.join(temp_folder(), "one.people")
    said = good("export", people, "ana", "ANA", "ana", gallery=gallery).stderr
    require("1 person" in said, said)
    other = gallery_of(person("eva"))
    good("import", people, gallery=other)
    require(names(other) == ["ana", "eva"], str(names(other)))


@case
def tells_when_a_reader_blocks():
    gallery = gallery_of(person("anastasia", 3), person("bob"))
    reader = sqlite3.connect(gallery, isolation_level=None)
    reader.execute("BEGIN")
    require(reader.execute("SELECT count(*) FROM record").fetchone()[0] > 6, "no reader")
    refused(8, ("forget", "anastasia"), "deleted", "another process", gallery=gallery)
    require(names(gallery) == ["bob"], "not deleted")
    require(b"anastasia" in get(gallery), "nothing held it up")
    reader.execute("COMMIT")
    reader.close()
    good("check", gallery=gallery)
    require(b"anastasia" not in get(gallery), "the bytes are still there")


@case
def checks_and_saves():
    gallery = gallery_of(person("ana", 3), person("bob", expires="2020-01-01"))
    said = good("check", gallery=gallery).stderr
    require("is whole" in said and "bob is not named" in said, said)
    refused(5, ("check",), "no gallery", gallery=os.path.join(temp_folder(), "none.db"))
    empty = put(b"", "empty.db")
    require("nobody is enrolled" in good("check", gallery=empty).stderr and names(empty) == [], "an empty file")
    copy = os.path.join(temp_folder(), "copy.db")
    good("backup", copy, gallery=gallery)
    data = get(gallery)
    vector = struct.pack("<%df" % SIZE, *(lambda c: [c.uniform(-1, 3) for _ in range(SIZE)])(
        random.Random(repr("ana"))))
    require(vector in data, "the vector is not there")
    with open(gallery, "wb") as file:
        file.write(data.replace(vector, vector[:20] + b"????" + vector[24:]))
    done = faceid("check", gallery=gallery)
    require(done.returncode == 5 and "face" in done.stderr and "--salvage" in done.stderr, done.stderr)
    saved = os.path.join(temp_folder(), "saved.db")
    said = good("check", "--salvage", saved, gallery=gallery).stderr
    require("lost: 1 face\n" in said and "2 people saved" in said, said)
    require({p["name"]: p["samples"] for p in listed(saved)} == {"ana": 2, "bob": 2}, "not saved")
    refused(5, ("check", "--salvage", saved), "already", gallery=gallery)
    good("check", gallery=saved)
    good("forget", "ana", gallery=saved)
    require(names(copy) == ["bob"] and vector not in get(copy), "the copies are not known any more")


@case
def exports_whoever_is_forgotten_meanwhile():
    """Somebody is forgotten between the export's look at who is there and its first record."""
    for names_wanted in ((), ("bob", "eva")):
        gallery, out = gallery_of(person("ana"), person("bob"), person("eva")), os.path.join(temp_folder(), "out")
        child = subprocess.Popen(
            [*strace("-P", out + ".faceid-part", "-e", "trace=openat", "-e", "inject=openat:delay_exit=2000000:when=1"),
             FACEID, "export", out, *names_wanted],
            stderr=subprocess.PIPE, text=True, env=environment(gallery=gallery, **TRACED))
        end = time.monotonic() + PATIENCE
        while not os.path.exists(out + ".faceid-part") and child.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        good("forget", "bob", gallery=gallery)
        said = child.communicate()[1]
        require(child.returncode == 0, "exit %d: %s" % (child.returncode, said))
        there = os.path.join(temp_folder(), "there.db")
        good("import", out, gallery=there)
        require("bob" in names(there) and names(gallery) == ["ana", "eva"], str(names(there)))


def begin(gallery, part, how, *words):
    """The program held up at a call on the part; returns when it is there."""
    child = subprocess.Popen([*strace("-P", part, "-e", "trace=" + how.split(":")[0], "-e", "inject=" + how), FACEID,
                              *words], stderr=subprocess.PIPE, text=True, env=environment(gallery=gallery, **TRACED))
    end = time.monotonic() + PATIENCE
    while not os.path.exists(part) and child.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    require(os.path.exists(part), "it did not begin")
    return child


@case
def two_write_one_file():
    """Whoever comes second while the first writes is told so; one that was taken for what a killed process
    left does not publish what another one writes."""
    gallery, others = gallery_of(person("ana", 3), person("bob")), gallery_of(person("eva"))
    for verb in ("export", "backup"):
        out = os.path.join(temp_folder(), "out")
        good(verb, out, gallery=others)
        part = out + ".faceid-part"
        first = begin(gallery, part, "fsync:delay_enter=1500000:when=1", verb, "--force", out)
        refused(8, (verb, "--force", out), "another process writes " + out, gallery=others)
        said = first.communicate()[1]
        require(first.returncode == 0 and not os.path.exists(part), said)
        good(*(("import", out) if verb == "export" else ("restore", out)), gallery=out + ".db")
        require(names(out + ".db") == ["ana", "bob"], verb)
        first = begin(others, part, "openat:delay_exit=1500000:when=1", verb, "--force", out)
        good(verb, "--force", out, gallery=gallery)  # it has no lock yet
        whole_file, said = get(out), first.communicate()[1]
        require(first.returncode == 8 and "try again" in said and said.count("\n") == 1, said)
        require(get(out) == whole_file and not os.path.exists(part), "the first one wrote it")

    out = os.path.join(temp_folder(), "out")
    good("export", out, gallery=gallery)
    part, before = out + ".faceid-part", get(out)
    first = begin(others, part, "fsync:delay_enter=1500000:when=1", "export", "--force", out)
    os.unlink(part)
    with open(part, "xb"):
        said = first.communicate()[1]
    require(first.returncode == 8 and "try again" in said and said.count("\n") == 1, said)
    require(get(out) == before and get(part) == b"", "what it did not write has the name, or is removed")


@case
def two_forget_at_once():
    """Each makes the file shorter while the other searches it: nobody is told of a bad disk."""
    who = ["p%02d" % i for i in range(60)]
    gallery, codes, said = gallery_of(*(person(name, 9) for name in who)), [], []

    def forget(some):
        for name in some:
            done = faceid("forget", name, gallery=gallery)
            codes.append(done.returncode)
            said.append(done.stderr)

    both = [threading.Thread(target=forget, args=(who[i::2],)) for i in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    bad = [text for code, text in zip(codes, said) if code not in (0, 8)]  # 8: the other one was reading
    require(len(codes) == 60 and not bad and names(gallery) == [], "%s %s" % (names(gallery), bad))


@case
def saves_what_a_page_and_a_cut_leave():
    """Each face that is not on a page that is gone, with its name where that is not; where nothing is left, no file
    is made."""
    gallery = gallery_of(*(person("p%02d" % i, 9) for i in range(20)))
    who = {number: name for name, number in gallery_rows.ids(gallery).items()}
    data, saved, size = get(gallery), os.path.join(temp_folder(), "saved.db"), 65536
    pages, chance = [data[at:at + size] for at in range(0, len(data), size)], random.Random(SEED)

    def save(hurt):
        with open(gallery, "wb") as file:
            file.write(hurt)
        if os.path.exists(saved):
            os.unlink(saved)
        return faceid("check", "--salvage", saved, gallery=gallery)

    def on(kind, some):
        """Whose rows of that kind are on these pages."""
        return {struct.unpack_from("<Q", page, found.start() + 20)[0] for page in some
                for found in re.finditer(b"FIDr\1" + bytes([kind]), page)}

    require(on(2, pages) == set(who), "the rows are not where they are looked for")
    lost = []
    for i in range(len(pages)):
        rest = pages[:i] + pages[i + 1:]
        for hurt in (pages[:i] + [chance.randbytes(size)] + pages[i + 1:], pages[:i] + [bytes(size)] + pages[i + 1:],
                     *([rest] if i == len(pages) - 1 else [])):
            faces, named = on(2, rest), on(1, rest)
            lost.append(20 - len(faces))
            done = save(b"".join(hurt))
            require(done.returncode == 0 and "%d people saved" % len(faces) in done.stderr, done.stderr)
            require({n for n in names(saved) if n[0] == "p"} == {who[p] for p in faces & named}, str(names(saved)))
            require(len(listed(saved)) == len(faces), str(names(saved)))
            good("check", gallery=saved)
    require(lost.count(0) > 4 and max(lost) > 4, "the pages are not those that were meant: %s" % lost)
    for hurt in (data[:size], chance.randbytes(len(data)), b"", data[:100]):
        done = save(hurt)
        require(done.returncode == 5 and done.stderr.count("\n") == 1, done.stderr)
        require(not os.path.exists(saved), "an empty gallery is left")


@case
def saves_faces_whose_model_is_lost():
    """Who enrolled them says which model it was; the faces are the same."""
    model = models()[0]
    name = json.loads(good("model", "info", "--json", model).stdout)["name"]
    size = int(name.rsplit(" numbers", 1)[0].rsplit(" ", 1)[1])  # "MobileFaceNet, 128 numbers"
    people = people_file(person("ana", 3, size=size), person("bob", size=size), size=size)
    gallery = os.path.join(temp_folder(), "other.db")
    good("import", put(people), gallery=gallery)
    data, saved = get(gallery), os.path.join(temp_folder(), "saved.db")
    with open(gallery, "wb") as file:
        file.write(data[:4096] + bytes(4096) + data[8192:])
    said = good("check", "--salvage", saved, "--model", model, gallery=gallery).stderr
    require("2 people saved" in said and "lost" not in said, said)
    require({p["name"]: p["samples"] for p in listed(saved)} == {"ana": 3, "bob": 2}, "not saved")


@case
def writers_wait_for_each_other():
    """Twenty programs change one gallery at once: all succeed, and no change is lost."""
    gallery = gallery_of(*(person("p%02d" % i) for i in range(20)))
    started = [subprocess.Popen([FACEID, "rename", "p%02d" % i, "q%02d" % i], stderr=subprocess.PIPE,
                                text=True, env=environment(gallery=gallery)) for i in range(20)]
    for child in started:
        _, said = child.communicate()
        require(child.returncode == 0, said)
    require(names(gallery) == ["q%02d" % i for i in range(20)], str(names(gallery)))


@case
def locked_out_after_five_seconds():
    gallery = gallery_of(person("ana"))
    other = sqlite3.connect(gallery, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    start = time.monotonic()
    refused(8, ("rename", "ana", "bob"), "locked", gallery=gallery)
    waited = time.monotonic() - start
    require(waited >= 4.5, "waited %.1f s" % waited)
    figure("waiting for a locked gallery", waited, 9)
    require(names(gallery) == ["ana"], "a reader is kept out")
    other.execute("ROLLBACK")
    good("rename", "ana", "bob", gallery=gallery)


@case
def read_where_nothing_may_be_written():
    """Another owner's folder: readable, without a file being made there; a journal is told of."""
    if os.geteuid() != 0:
        skip("only root can be somebody else")
    gallery = gallery_of(person("ana"), person("bob", expires="2020-01-01"))
    folder = os.path.dirname(gallery)
    def as_nobody(*words):
        for path in (folder, gallery):
            os.chmod(path, 0o755 if path == folder else 0o644)
        return subprocess.run([FACEID, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=environment(gallery=gallery), user=65534, group=65534, extra_groups=[])
    done = as_nobody("list")
    require(done.returncode == 0 and done.stdout.startswith("ana\t"), done.stderr)
    require(as_nobody("check").returncode == 0 and as_nobody("show", "ana").returncode == 0, "other verbs")
    require(os.listdir(folder) == ["gallery.db"], str(os.listdir(folder)))
    done = as_nobody("forget", "ana")
    require(done.returncode == 5 and done.stderr.count("\n") == 1, done.stderr)
    holder = sqlite3.connect(gallery, isolation_level=None)
    holder.execute("SELECT id FROM record").fetchone()  # the last one out would put the journal away
    good("rename", "ana", "anna", gallery=gallery)
    done = as_nobody("list")
    require(done.returncode == 5 and "-wal" in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    holder.close()
    require(as_nobody("list").returncode == 0, "after the owner has closed it")


@case
def read_on_a_read_only_disk():
    """Mounted so that not even root may write: read as it lies there; a change is refused with a sentence."""
    gallery = gallery_of(person("ana"), person("bob"))
    folder = os.path.dirname(gallery)
    before = get(gallery)
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" || exit 99; exec "$@"'
    def mounted(*words):
        return run("unshare", "--mount", "sh", "-c", mount, folder, *words, env=environment(gallery=gallery))
    if mounted("true").returncode != 0:
        skip("no file system may be mounted here")
    for words, said in ((("list",), "bob"), (("show", "ana"), "ana"), (("check",), "")):
        done = mounted(FACEID, *words)
        require(done.returncode == 0 and said in done.stdout, "%s: %s" % (words, done.stderr))
    for words in (("rename", "ana", "eva"), ("forget", "ana"), ("undo",)):
        done = mounted(FACEID, *words)
        require(done.returncode == 5 and gallery in done.stderr and done.stderr.count("\n") == 1,
                "%s: %d: %s" % (words, done.returncode, done.stderr))
    done = mounted(FACEID, "doctor")
    require("which or whose folder may not be written" in done.stdout, done.stdout)
    require(os.listdir(folder) == ["gallery.db"] and get(gallery) == before, "something was written")


@case
def the_same_name_is_no_change():
    """What was changed before can still be taken back."""
    gallery = gallery_of(person("ana", 3))
    face = json.loads(good("show", "--json", "ana", gallery=gallery).stdout)["samples"][0]["id"]
    good("remove", "ana", "--sample", str(face), gallery=gallery)
    good("rename", "ana", "ana", gallery=gallery)
    require("remove" in good("undo", gallery=gallery).stderr, "the rename was taken back")
    good("rename", "ana", "Ana", gallery=gallery)
    require(names(gallery) == ["Ana"] and "rename" in good("undo", gallery=gallery).stderr, "no change")


main()
