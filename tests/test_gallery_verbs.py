#!/usr/bin/python3
"""The verbs of the gallery that need no picture: show, merge, remove, undo, export, import, backup,
check, forget."""
import json
import os
import random
import sqlite3
import stat
import struct
import subprocess
import time

from check import case, main, require, run, skip, temp_folder
from people_file import MODEL, NOW, SIZE, people_file, person, record, text
from program import FACEID, environment, faceid

SEED = int(os.environ.get("FACEID_SEED", "1"))


def put(data, name="some.people"):
    path = os.path.join(temp_folder(), name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


def good(*words, **options):
    done = faceid(*words, **options)
    require(done.returncode == 0, "%r: exit %d: %s" % (words, done.returncode, done.stderr))
    return done


def refused(code, words, *said, gallery):
    done = faceid(*words, gallery=gallery)
    require(done.returncode == code, "%r: exit %d, not %d: %s" % (
        words, done.returncode, code, done.stderr))
    require(done.stdout == "" and done.stderr.count("\n") == 1, done.stdout + done.stderr)
    for word in said:
        require(word in done.stderr, "no %r in %s" % (word, done.stderr))


def gallery_of(*people):
    gallery = os.path.join(temp_folder(), "gallery.db")
    good("import", put(people_file(*people)), gallery=gallery)
    return gallery


def listed(gallery):
    return [json.loads(line) for line in good("list", "--json", gallery=gallery).stdout.splitlines()]


def names(gallery):
    return [p["name"] for p in listed(gallery)]


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
    require(not os.path.exists(again + "x") and not os.path.exists(again + "x.part"), "left behind")


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
    """[(what is wrong, bytes)]: well-formed records that break a rule."""
    ana = person("ana")
    vector = struct.pack("<%df" % SIZE, *range(1, SIZE + 1))
    head = record("PERS", text(NOW, "", "ana"))
    def sample(*words, data=vector):
        return record("SAMP", text(*words) + data)
    yield "no sample", people_file([head])
    yield "a person without one, then another", people_file([head], ana)
    yield "a sample of nobody", people_file([sample(NOW, "x")])
    yield "a consent of nobody", people_file([record("CONS", text(NOW, "x"))])
    yield "two ends", people_file(ana, [record("DONE")])
    yield "two models", people_file([record("MODL", text("x"))], ana)
    yield "an unknown record", people_file(ana, [record("WHAT", b"x")])
    yield "a huge record", people_file(ana, [record("CONS", text(NOW, "x" * 20000))])
    yield "a long name", people_file([record("PERS", text(NOW, "", "x" * 129)), sample(NOW, "x")])
    yield "a hostile name", people_file(person("../x"))
    yield "a name in NFD", people_file(person("Zoe\u0301"))
    yield "no UTF-8", people_file(person(b"\xff"))
    yield "no day", people_file(person("ana", expires="2026-02-30"))
    yield "no time", people_file([record("PERS", text("yesterday", "", "ana")), sample(NOW, "x")])
    yield "an empty consent", people_file(person("ana", consents=[""]))
    yield "a text without an end", people_file([record("PERS", text(NOW, "") + b"ana"), sample(NOW, "x")])
    yield "a short vector", people_file([head, sample(NOW, "x", data=vector[4:])])
    yield "a long vector", people_file([head, sample(NOW, "x", data=vector + b"1234")])
    for bad in ("nan", "inf", "-inf"):
        yield bad, people_file([head, sample(NOW, "x", data=struct.pack("<f", float(bad)) + vector[4:])])
    yield "no numbers", people_file(ana, size=0)
    yield "too many numbers", people_file(ana, size=65537)
    yield "no id", people_file(ana, model="x" * 32)
    yield "a newer version", people_file(ana, version=3)
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
    zero = record("SAMP", text(NOW, "x") + b"\0" * 4 * SIZE)
    refused(5, ("import", put(people_file([record("PERS", text(NOW, "", "ana")), zero]))),
            "direction", gallery=gallery)
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
    require("nothing is left" in said and "copies" in said, said)
    for path in (gallery, copy):
        for trace in (vector[:32], vector[32:], b"anastasia", b"sunny day"):
            require(trace not in get(path), "%r is left in %s" % (trace, path))
        require(names(path) == ["bob"], str(names(path)))
        require(not os.path.exists(path + "-wal") or not get(path + "-wal"), "a journal is left")


@case
def tells_when_a_reader_blocks():
    gallery = gallery_of(person("anastasia", 3), person("bob"))
    reader = sqlite3.connect(gallery, isolation_level=None)
    reader.execute("BEGIN")
    require(reader.execute("SELECT count(*) FROM person").fetchone() == (2,), "no reader")
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
    require("1 faces" in said and "2 people saved" in said, said)
    require({p["name"]: p["samples"] for p in listed(saved)} == {"ana": 2, "bob": 2}, "not saved")
    refused(5, ("check", "--salvage", saved), "already", gallery=gallery)
    good("check", gallery=saved)


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
    require(4.5 <= time.monotonic() - start < 9, "waited %.1f s" % (time.monotonic() - start))
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
    holder.execute("INSERT INTO backup VALUES('/none', '')")
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
    require(os.listdir(folder) == ["gallery.db"] and get(gallery) == before, "something was written")


main()
