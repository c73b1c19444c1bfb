#!/usr/bin/python3
"""faceid forget where others share something with the person: faces, words, a name, copies, processes
that read on."""
import json
import os
import random
import sqlite3
import struct
import subprocess
import time

from check import case, figure, main, require, temp_folder
from galleries import gallery_of, get, good, names, put, refused
from people_file import SIZE, people_file, person, sample as sample_of
from program import FACEID, environment, faceid


def good_copy(gallery, name):
    copy = os.path.join(os.path.dirname(gallery), name)
    good("backup", copy, gallery=gallery)
    return copy


def copy_of(gallery):
    return good_copy(gallery, "copy.db")


def aside(gallery):
    folder = os.path.dirname(gallery)
    path, = (os.path.join(folder, name) for name in os.listdir(folder)
             if name.startswith("gallery.db.2") and name[-4:] not in ("-wal", "-shm"))
    return path


def bytes_of(path):
    """As get, by another process: this one's locks of the file would be lost."""
    if not os.path.exists(path):
        return b""
    return subprocess.run(["cat", path], stdout=subprocess.PIPE, check=True).stdout


def vectors(seed, count):
    """Those that person() gives with this seed."""
    chance = random.Random(seed)
    return [struct.pack("<%df" % SIZE, *(chance.uniform(-1, 3) for _ in range(SIZE))) for _ in range(count)]


def take_in(gallery, *people):
    good("import", "--force", put(people_file(*people)), gallery=gallery)


def reader_of(gallery):
    """A process that reads: reader("BEGIN") holds on to what it sees."""
    reader = sqlite3.connect(gallery, isolation_level=None)

    def do(what):
        reader.execute(what)
        return reader.execute("SELECT count(*) FROM record WHERE id >> 56 = 1").fetchone()[0]
    do.close = reader.close
    return do


@case
def a_history_is_not_copied():
    """What restore puts aside is a copy, which nobody writes to."""
    gallery = gallery_of(person("ana", 3, seed="first"), person("bob"))
    copy = copy_of(gallery)
    take_in(gallery, person("ana", 3, seed="second"))
    take_in(gallery, person("ana", 3, seed="third"))
    good("restore", copy, gallery=gallery)
    before = aside(gallery)
    require(all(v in get(before) for v in vectors("third", 3)), "it is not what was there")
    require(not any(v in get(before) for v in vectors("second", 3)), "its history is there")
    for words in (("undo",), ("rename", "ana", "lisa"), ("forget", "ana"), ("backup", before + ".copy")):
        refused(5, words, "only read", gallery=before)
    good("forget", "ana", gallery=gallery)
    require(b"ana" not in get(before) and not any(v in get(before) for v in vectors("third", 3)), "she is left")
    require(names(before) == ["bob"], str(names(before)))

    gallery = gallery_of(person("ana", 3), person("bob"))
    copy = copy_of(gallery)
    good("rename", "ana", "lisa", gallery=gallery)
    good("restore", copy, gallery=gallery)
    good("forget", "ana", gallery=gallery)
    require(names(aside(gallery)) == ["bob"] and b"ana" not in get(aside(gallery)), "lisa was ana")


@case
def who_had_a_face_of_hers_stays_in_the_copies():
    his, hers = person("bob", 2), person("ana", 1)
    face = sample_of("of a party", vectors("whose?", 1)[0], 9)
    gallery = gallery_of(his + [face])
    copy = copy_of(gallery)
    sample = json.loads(good("show", "--json", "bob", gallery=gallery).stdout)["samples"][-1]["id"]
    good("remove", "bob", "--sample", str(sample), gallery=gallery)
    take_in(gallery, hers + [face])
    said = good("forget", "ana", gallery=gallery).stderr
    require(names(copy) == ["bob"] and "other people" not in said, said)
    require(all(v in get(copy) for v in vectors(repr("bob"), 2)), "his faces are gone")
    require(vectors("whose?", 1)[0] in get(copy), "the face was his there")
    require(vectors(repr("ana"), 1)[0] not in get(gallery), "her face is left")
    good("check", gallery=copy)

    consent = "ana agrees, on a sheet of paper of her own"
    gallery = gallery_of(person("ana", consents=[consent]), person("bob", consents=["bob agrees"]))
    good("merge", "ana", "bob", gallery=gallery)
    copy = copy_of(gallery)
    good("undo", gallery=gallery)
    good("forget", "ana", gallery=gallery)
    require(names(copy) == ["bob"] and consent.encode() not in get(copy), str(names(copy)))
    require(not any(v in get(copy) for v in vectors(repr("ana"), 2)), "her faces are left")
    require(all(v in get(copy) for v in vectors(repr("bob"), 2)), "his faces are gone")
    consents = json.loads(good("show", "--json", "bob", gallery=copy).stdout)["consents"]
    require([c["text"] for c in consents] == ["bob agrees"], str(consents))
    good("check", gallery=copy)
    good("restore", copy, gallery=gallery)
    require(names(gallery) == ["bob"], "the copy is of use")


@case
def words_that_others_share_are_theirs():
    form = "consent by form 3 of 2026-11-01, signed by "
    gallery = gallery_of(person("ana", consents=[form + "Ana"]), person("bob", consents=[form + "Bob"]))
    said = good("forget", "ana", gallery=gallery).stderr
    require("nothing is left" in said, said)
    gallery = gallery_of(person("Alexandra Schmidt-Lang"), person("Christoph Schmidt-Lang"))
    good("forget", "Alexandra Schmidt-Lang", gallery=gallery)
    require(b"Alexandra" not in get(gallery), "the name is left")


def write_into_a_gap(path, data):
    """Where nothing is in a page of the database, as what a deletion has missed."""
    whole = get(path)
    at = whole.index(bytes(4096), 65536) + 1000
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


@case
def what_a_deletion_missed_goes_with_a_new_file():
    """Behind a face that somebody else has, too."""
    gallery = gallery_of(person("ana", 3, seed="same"), person("bob", 1, seed="same"))
    same = vectors("same", 3)
    write_into_a_gap(gallery, same[0] + same[2])
    require(same[2] in get(gallery), "it is not written")
    said = good("forget", "ana", gallery=gallery).stderr
    require("nothing is left" in said and "other people share" in said, said)
    require(same[0] in get(gallery) and same[2] not in get(gallery), "her face is left, or his is gone")
    good("check", gallery=gallery)


@case
def a_forgetting_held_up_is_finished_later():
    """Also behind another change, and while who held it up has the gallery open, as the window has."""
    for finish in (("check",), ("forget", "anastasia")):
        gallery = gallery_of(person("anastasia", 3), person("bob"))
        reader = reader_of(gallery)
        require(reader("BEGIN") == 2, "no reader")
        refused(8, ("forget", "anastasia"), "'anastasia' is deleted", "another process", gallery=gallery)
        refused(8, ("check",), "a forgetting is not finished", gallery=gallery)
        refused(8, ("forget", "anastasia"), "deleted", "another process", gallery=gallery)
        require(reader("COMMIT") == 1, "the reader sees it")
        take_in(gallery, person("eva"))
        files = [gallery, gallery + "-wal"]
        require(any(b"anastasia" in bytes_of(path) for path in files), "nothing held it up")
        if finish[0] == "check":
            require("held up is finished" in good(*finish, gallery=gallery).stderr, "does not tell")
            require("held up" not in good(*finish, gallery=gallery).stderr, "tells again")
        else:
            refused(5, finish, "nobody called", gallery=gallery)
        for path in files:
            require(b"anastasia" not in bytes_of(path), "the name is left in " + path)
            require(not any(v in bytes_of(path) for v in vectors(repr("anastasia"), 3)), "vectors are left in " + path)
        reader.close()


@case
def a_copy_held_up_is_finished_by_the_next_try():
    gallery = gallery_of(person("anastasia", 3), person("bob"))
    copy = copy_of(gallery)
    reader = reader_of(copy)
    require(reader("BEGIN") == 2, "no reader")
    refused(8, ("forget", "anastasia"), "not forgotten yet", "copy.db", gallery=gallery)
    require("anastasia" in names(gallery), "she went before her copies")
    reader("COMMIT")
    said = good("forget", "anastasia", gallery=gallery).stderr
    require("nothing is left" in said, said)
    require("other people" not in said, said)
    for path in (gallery, copy, copy + "-wal"):
        require(b"anastasia" not in bytes_of(path), "the name is left in " + path)
    reader.close()


@case
def copies_that_name_each_other():
    gallery = gallery_of(person("ana", 3), person("bob"))
    copy = copy_of(gallery)
    take_in(gallery, person("eva"))
    good("restore", gallery, gallery=copy)
    begun = time.monotonic()
    good("forget", "ana", gallery=gallery)
    figure("forget with copies that name each other", time.monotonic() - begun, 5)
    require(names(gallery) == names(copy) == ["bob", "eva"], "%s %s" % (names(gallery), names(copy)))


@case
def what_others_have_too_is_told():
    face = person("", 1, seed="whose?")[-1]
    gallery = gallery_of(person("bob", 2) + [face], person("ana", 1) + [face])
    said = good("forget", "ana", gallery=gallery).stderr
    require("but 128 that other people share" in said, said)
    require(vectors("whose?", 1)[0] in get(gallery), "his face is gone")


def hold(path, seconds):
    """A process that makes the file and holds it, as faceid does with one that it writes."""
    do = ("import fcntl, struct, sys, time\n"
          "file = open(sys.argv[1], 'x')\n"
          "fcntl.fcntl(file, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0x7fffffff, 1, 0))\n"
          "print('held', flush=True)\n"
          "time.sleep(float(sys.argv[2]))\n")
    holder = subprocess.Popen(["/usr/bin/python3", "-c", do, path, str(seconds)], stdout=subprocess.PIPE)
    require(holder.stdout.readline() == b"held\n", "nobody holds it")
    return holder


def let_go(holder):
    holder.kill()
    holder.wait()
    holder.stdout.close()


@case
def a_copy_that_is_being_written_is_waited_for():
    """Its process holds the file, as faceid backup does; what a killed one left is not held."""
    gallery = gallery_of(person("ana", 3), person("bob"))
    copy = copy_of(gallery)
    part = copy + ".faceid-part"
    for seconds in (1.0, 60.0):
        holder = hold(part, seconds)
        if seconds > 10:
            refused(8, ("forget", "bob"), "'bob' is not forgotten yet", "is writing " + copy, gallery=gallery)
            require(os.path.exists(part), "it was removed")
        else:
            good("forget", "ana", gallery=gallery)
            require(holder.poll() is not None, "it was not waited for")
        let_go(holder)
    good("forget", "bob", gallery=gallery)
    require(not os.path.exists(part), "it is left")


@case
def a_backup_that_comes_late():
    """It notes its copy and begins to copy while another one is waited for; who shares a face with the
    person hides nobody there."""
    face = person("", 1, seed="whose?")[-1]
    gallery = gallery_of(person("ana", 3) + [face], person("bob", 2) + [face])
    copy, late = copy_of(gallery), os.path.join(temp_folder(), "late.db")
    holder = hold(copy + ".faceid-part", 1.5)
    forgetting = subprocess.Popen([FACEID, "forget", "ana"], env=environment(gallery=gallery),
                                  stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    good("backup", late, gallery=gallery)
    said = forgetting.communicate()[1]
    require(forgetting.returncode == 0 and "nothing is left" in said, said)
    let_go(holder)
    for path in (gallery, copy, late):
        require(names(path) == ["bob"] and b"ana" not in get(path), "ana is in " + path)
        require(not any(v in get(path) for v in vectors(repr("ana"), 3)), "her faces are in " + path)


@case
def a_refused_backup_is_not_noted():
    gallery = gallery_of(person("ana", 3), person("bob"))
    path = os.path.join(os.path.dirname(gallery), "b.db")
    with open(path + "-wal", "wb") as file:
        file.write(b"of another database")
    refused(5, ("backup", path), "the journal %s-wal" % path, gallery=gallery)
    good("forget", "ana", gallery=gallery)


@case
def a_reader_of_one_copy_keeps_all():
    gallery = gallery_of(person("ana", 3), person("bob"))
    first, second = good_copy(gallery, "1.db"), good_copy(gallery, "2.db")
    reader = reader_of(second)
    require(reader("BEGIN") == 2, "no reader")
    refused(8, ("forget", "ana"), "'ana' is not forgotten yet", second, "in use", gallery=gallery)
    reader("COMMIT")
    reader.close()
    require(names(first) == ["ana", "bob"], "she is gone from " + first)
    good("forget", "ana", gallery=gallery)


@case
def all_copies_or_none():
    """One that cannot be searched keeps the person in the others."""
    gallery = gallery_of(person("ana", 3), person("bob"))
    first, second = good_copy(gallery, "1.db"), good_copy(gallery, "2.db")
    for spoilt in (second, first):
        other = first if spoilt == second else second
        whole = get(spoilt)
        with open(spoilt, "wb") as file:
            file.write(b"no gallery at all")
        refused(5, ("forget", "ana"), "'ana' is not forgotten yet", spoilt, gallery=gallery)
        with open(spoilt, "wb") as file:
            file.write(whole)
        require(names(other) == ["ana", "bob"], "ana is not in " + other)
    said = good("forget", "ana", gallery=gallery).stderr
    require("and in 2 copies of it" in said, said)


@case
def each_copy_once():
    """Whatever restore puts aside names what the others name."""
    gallery = gallery_of(*(person("p%d" % i, 2) for i in range(12)))
    copy = copy_of(gallery)
    for _ in range(7):
        good("restore", copy, gallery=gallery)
    size = sum(os.stat(os.path.join(os.path.dirname(gallery), name)).st_size
               for name in os.listdir(os.path.dirname(gallery)))
    said = good("forget", "p3", gallery=gallery).stderr
    searched = float(said.rsplit("(", 1)[1].split()[0]) * 1e6
    require(searched < 1.1 * size, "%d bytes of %d searched: %s" % (searched, size, said))


@case
def backups_beside_a_forgetting():
    """Whichever comes first, nobody who was forgotten is in a copy, and nothing fails."""
    for i in range(12):
        gallery = gallery_of(person("ana", 40), person("bob", 40))
        copies = [os.path.join(os.path.dirname(gallery), "%d.db" % n) for n in range(3)]
        children = [subprocess.Popen([FACEID, "backup", copy], env=environment(gallery=gallery),
                                     stderr=subprocess.PIPE, text=True) for copy in copies]
        time.sleep(0.002 * i)
        done = faceid("forget", "ana", gallery=gallery)
        said = [child.communicate()[1] for child in children]
        codes = [child.returncode for child in children]
        require(done.returncode == 0, "forget: exit %d: %s" % (done.returncode, done.stderr))
        require(all(code in (0, 8) for code in codes), "%s: %s" % (codes, said))
        for copy, code in zip(copies, codes):
            if code == 0:
                require(names(copy) == ["bob"] and b"ana" not in get(copy), "ana is in %s: %s %s" % (copy, done.stderr, said))


@case
def copies_are_counted_once():
    gallery = gallery_of(person("ana", 3), person("bob"))
    copy = copy_of(gallery)
    gone = copy + ".gone"
    good("backup", gone, gallery=gallery)
    os.remove(gone)
    good("restore", copy, gallery=gallery)  # what goes aside names the two as well
    said = good("forget", "ana", gallery=gallery).stderr
    require("1 copy of faceid backup is not where it was made" in said, said)


@case
def the_journal_of_a_copy_that_is_gone():
    """Who removes a damaged copy by the name of its file leaves what was changed last."""
    gallery = gallery_of(person("ana", 3), person("bob"))
    copy = copy_of(gallery)
    for journal in ("copy.db-wal", "copy.db-journal"):
        left = os.path.join(os.path.dirname(gallery), journal)
        with open(left, "wb") as file:
            file.write(vectors(repr("ana"), 1)[0])
        if os.path.exists(copy):
            os.remove(copy)
        refused(5, ("forget", "ana"), "'ana' is not forgotten yet", left, "remove it", gallery=gallery)
        os.remove(left)
    require("ana" in names(gallery), "she is gone")
    good("forget", "ana", gallery=gallery)


main()
