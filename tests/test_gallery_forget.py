#!/usr/bin/python3
"""faceid forget where others share something with the person: faces, words, a name, copies that were
galleries themselves, processes that read on."""
import json
import os
import random
import sqlite3
import struct
import subprocess
import time

from check import case, main, require
from galleries import gallery_of, get, good, names, put, refused
from people_file import SIZE, people_file, person


def copy_of(gallery):
    copy = os.path.join(os.path.dirname(gallery), "copy.db")
    good("backup", copy, gallery=gallery)
    return copy


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
        return reader.execute("SELECT count(*) FROM person").fetchone()[0]
    do.close = reader.close
    return do


@case
def the_history_of_a_copy_goes_too():
    """What restore puts aside was a gallery, and knows what it had before its last change."""
    gallery = gallery_of(person("ana", 3, seed="first"), person("bob"))
    copy = copy_of(gallery)
    take_in(gallery, person("ana", 3, seed="second"))
    take_in(gallery, person("ana", 3, seed="third"))
    good("restore", copy, gallery=gallery)
    before = aside(gallery)
    require(all(v in get(before) for v in vectors("second", 3)), "there is no history")
    good("forget", "ana", gallery=gallery)
    require(b"ana" not in get(before), "the name is left")
    require(not any(v in get(before) for v in vectors("second", 3)), "vectors are left")
    refused(5, ("undo",), "final", gallery=before)
    require(names(before) == ["bob"], str(names(before)))

    gallery = gallery_of(person("ana", 3), person("bob"))
    copy = copy_of(gallery)
    good("rename", "ana", "lisa", gallery=gallery)
    good("restore", copy, gallery=gallery)
    good("forget", "ana", gallery=gallery)
    require(names(aside(gallery)) == ["bob"] and b"ana" not in get(aside(gallery)), "lisa was ana")


@case
def a_history_of_others_stays():
    gallery = gallery_of(person("ana"), person("bob"))
    copy = copy_of(gallery)
    good("rename", "bob", "robert", gallery=copy)
    take_in(gallery, person("zoe"))
    good("forget", "zoe", gallery=gallery)
    good("undo", gallery=copy)
    require(names(copy) == ["ana", "bob"], str(names(copy)))


@case
def who_had_a_face_of_hers_stays_in_the_copies():
    his, hers = person("bob", 2), person("ana", 1)
    face = person("", 1, seed="whose?")[-1]
    gallery = gallery_of(his + [face])
    copy = copy_of(gallery)
    sample = json.loads(good("show", "--json", "bob", gallery=gallery).stdout)["samples"][-1]["id"]
    good("remove", "bob", "--sample", str(sample), gallery=gallery)
    take_in(gallery, hers + [face])
    good("forget", "ana", gallery=gallery)
    require(names(copy) == ["bob"], str(names(copy)))
    require(all(v in get(copy) for v in vectors(repr("bob"), 2)), "his faces are gone")
    require(vectors("whose?", 1)[0] not in get(copy), "her face is left")
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


@case
def looks_on_behind_a_shared_face():
    """A find that is somebody else's hides none behind it: bytes put there by hand are found."""
    gallery = gallery_of(person("ana", 3, seed="same"), person("bob", 1, seed="same"))
    there = sqlite3.connect(gallery)
    there.execute("CREATE TABLE unknown(bytes BLOB)")
    there.execute("INSERT INTO unknown VALUES(?)", (vectors("same", 3)[2],))
    there.commit()
    there.close()
    refused(5, ("forget", "ana"), "bytes of them are still in", gallery=gallery)


@case
def a_forgetting_held_up_is_finished_later():
    """Also behind another change, and while who held it up has the gallery open, as the window has."""
    for finish in (("check",), ("forget", "anastasia")):
        gallery = gallery_of(person("anastasia", 3), person("bob"))
        reader = reader_of(gallery)
        require(reader("BEGIN") == 2, "no reader")
        refused(8, ("forget", "anastasia"), "deleted", "another process", gallery=gallery)
        refused(8, ("forget", "anastasia"), "deleted", "another process", gallery=gallery)
        require(reader("COMMIT") == 1, "the reader sees it")
        take_in(gallery, person("eva"))
        files = [gallery, gallery + "-wal"]
        require(any(b"anastasia" in bytes_of(path) for path in files), "nothing held it up")
        if finish[0] == "check":
            good(*finish, gallery=gallery)
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
    good("rename", "bob", "bobby", gallery=copy)  # it has a journal now
    reader = reader_of(copy)
    require(reader("BEGIN") == 2, "no reader")
    refused(8, ("forget", "anastasia"), "not forgotten yet", "copy.db", gallery=gallery)
    require("anastasia" in names(gallery), "she went before her copies")
    reader("COMMIT")
    said = good("forget", "anastasia", gallery=gallery).stderr
    require("nothing is left" in said, said)
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
    require(time.monotonic() - begun < 5, "waited for itself")
    require(names(gallery) == names(copy) == ["bob", "eva"], "%s %s" % (names(gallery), names(copy)))


main()
