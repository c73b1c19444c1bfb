#!/usr/bin/python3
"""A gallery on a disk that is full, may not be written or read, or has damaged it: what can still be read
is, and for the rest a sentence says what is wrong."""
import os
import random
import struct
import shutil
import sqlite3
import subprocess

from check import case, main, require, run, skip, temp_folder
from people_file import SIZE, people_file, person
from program import FACEID, environment, faceid


def people(*names):
    path = os.path.join(temp_folder(), "some.people")
    with open(path, "wb") as file:
        file.write(people_file(*map(person, names)))
    return path


def gallery_of(*names):
    gallery = os.path.join(temp_folder(), "gallery.db")
    done = faceid("import", people(*names), gallery=gallery)
    require(done.returncode == 0, done.stderr)
    return gallery


def sentence(done, *said):
    """Refused with exit code 5 and one sentence that has these words."""
    require(done.returncode == 5 and done.stderr.count("\n") == 1 and all(word in done.stderr for word in said),
            "%s: %d: %s" % (done.args, done.returncode, done.stderr))


def on_a_full_disk(folder, *words, room=0, size="1M"):
    """Runs the program where a disk has a copy of the folder's files and room for so many kB more."""
    disk = os.path.join(temp_folder(), "disk")
    os.mkdir(disk)
    script = ('mount -t tmpfs -o size=$3 none "$0" || exit 99; cp -a "$1"/. "$0"; dd if=/dev/zero of="$0/fill" '
              'bs=1k 2>/dev/null; truncate -s -$2K "$0/fill"; shift 3; exec "$@"')
    words = [os.path.join(disk, "copy") if word == "COPY" else word for word in words]
    done = run("unshare", "--mount", "sh", "-c", script, disk, folder, str(room), size, FACEID, *words,
               env=environment(gallery=os.path.join(disk, "gallery.db")))
    if done.returncode == 99:
        skip("no file system may be mounted here")
    return done


@case
def refused_on_a_full_disk():
    """SQLite wants room for what it shares between processes, and so nothing is read either."""
    folder, out = os.path.dirname(gallery_of("ana", "bob")), os.path.join(temp_folder(), "out")
    for words in (("list",), ("export", out), ("rename", "ana", "eva"), ("forget", "ana"), ("backup", out + ".db")):
        sentence(on_a_full_disk(folder, *words), "disk is full")


@case
def deleted_and_not_proven():
    """There is room to delete somebody, but not to write the file anew where the deletion has missed something."""
    gallery, chance = gallery_of(*("p%03d" % i for i in range(600))), random.Random(repr("p007"))
    vector = struct.pack("<%df" % SIZE, *(chance.uniform(-1, 3) for _ in range(SIZE)))
    with open(gallery, "r+b") as file:
        data = file.read()
        require(vector in data and len(data) > 12 * 65536, "%d bytes" % len(data))
        file.seek(data.index(bytes(4096), 65536) + 1000)  # in a page, where nothing is
        file.write(vector)
    done = on_a_full_disk(os.path.dirname(gallery), "forget", "p007", room=700, size="4M")
    sentence(done, "is deleted, but not proven", "disk is full")


def rows_of(data, size=4096):
    """Blocks of a gallery's file that have rows."""
    return [at for at in range(size, len(data), size) if b"FIDr" in data[at:at + size]]


def as_nobody(gallery, *words):
    if os.geteuid() != 0:
        skip("only root can be somebody else")
    return subprocess.run([FACEID, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environment(gallery=gallery), user=65534, group=65534, extra_groups=[])


@case
def told_what_may_not_be_done():
    gallery = gallery_of("ana")
    folder = os.path.dirname(gallery)
    os.chmod(folder, 0o755)
    os.chmod(gallery, 0o000)
    for words in (("list",), ("check",), ("rename", "ana", "eva"), ("export", "x")):
        sentence(as_nobody(gallery, *words), gallery, "could not be opened", "Permission denied")
    os.chmod(gallery, 0o644)
    for words in (("rename", "ana", "eva"), ("forget", "ana"), ("undo",)):
        sentence(as_nobody(gallery, *words), gallery, "its file may not be written (Permission denied)")
    os.chmod(gallery, 0o600)
    os.chown(gallery, 65534, 65534)
    for words in (("rename", "ana", "eva"), ("forget", "ana"), ("undo",)):
        sentence(as_nobody(gallery, *words), gallery, "its folder may not be written (Permission denied)")
    require(os.listdir(folder) == ["gallery.db"], str(os.listdir(folder)))


@case
def no_copy_that_cannot_be_noted():
    gallery, there = gallery_of("ana"), temp_folder()
    os.chmod(os.path.dirname(gallery), 0o755)
    os.chmod(there, 0o777)
    for mode, owner in ((0o644, 0), (0o600, 65534)):
        os.chmod(gallery, mode)
        os.chown(gallery, owner, owner) if os.geteuid() == 0 else skip("only root can be somebody else")
        sentence(as_nobody(gallery, "backup", os.path.join(there, "a.db")), "is not copied", "where its copies are",
                 "forget reaches them", "Permission denied")
    require(not os.listdir(there), "something was made")
    require("it must be writable" in faceid("backup", "--help").stdout, "the help")


@case
def behind_a_linked_folder():
    """A folder may be reached by a link; the file itself may be none."""
    gallery, there = gallery_of("ana", "bob"), temp_folder()
    link = os.path.join(temp_folder(), "link")
    os.symlink(there, link)
    saved, copy, out = (os.path.join(link, name) for name in ("saved.db", "copy.db", "out.people"))
    for words in (("backup", copy), ("backup", "--force", copy), ("export", out)):
        done = faceid(*words, gallery=gallery)
        require(done.returncode == 0, "%s: %s" % (words, done.stderr))
    done = faceid("forget", "bob", gallery=gallery)
    require(done.returncode == 0 and "in 1 copy of it" in done.stderr, done.stderr)
    left = faceid("list", gallery=os.path.join(there, "copy.db")).stdout
    require(left.startswith("ana\t") and "bob" not in left, left)
    for words in (("restore", copy), ("check", "--salvage", saved)):
        done = faceid(*words, gallery=os.path.join(link, "new.db"))
        require(done.returncode == 0, "%s: %s" % (words, done.stderr))
    require(sorted(os.listdir(there))[:2] == ["copy.db", "new.db"] and os.path.exists(saved), str(os.listdir(there)))
    os.symlink(os.path.join(there, "copy.db"), copy + ".link")
    sentence(faceid("backup", "--force", copy + ".link", gallery=gallery), "symbolic link")


def on_a_disk_that_is_read(folder, gallery, *words):
    """Runs the program where the folder may only be read."""
    done = run("unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" || '
               'exit 99; exec "$@"', folder, FACEID, *words, env=environment(gallery=gallery))
    if done.returncode == 99:
        skip("no file system may be mounted here")
    return done


@case
def nothing_is_left_where_nothing_may_be_written():
    """Nor is it told that a killed process left something."""
    gallery, there = gallery_of("ana", "bob"), temp_folder()
    copy = os.path.join(there, "copy.db")
    require(faceid("backup", copy, gallery=gallery).returncode == 0, "backup")
    for words in (("forget", "bob"), ("restore", gallery, "--gallery", os.path.join(there, "new.db"))):
        done = on_a_disk_that_is_read(there, gallery, *words)
        sentence(done, there)
        require("killed" not in done.stderr, done.stderr)


@case
def damage_is_told_in_sentences():
    """Blocks of a gallery are overwritten: no verb repeats what SQLite says, or blames another file."""
    gallery, chance, told = gallery_of(*("p%02d" % i for i in range(40))), random.Random(7), 0
    with open(gallery, "rb") as file:
        data = file.read()
    for i in range(12):
        page = chance.choice(rows_of(data))
        damaged = data[:page] + bytes(chance.choices(range(256), k=4096)) + data[page + 4096:]
        with open(gallery, "wb") as file:
            file.write(damaged[:len(data) // 2 // 4096 * 4096] if i == 0 else damaged)
        checked = faceid("check", gallery=gallery)
        require(checked.returncode == 5 and gallery in checked.stderr, checked.stderr)
        copied = faceid("backup", "--force", gallery + ".copy", gallery=gallery)
        if copied.returncode != 0:  # it was no page of what nobody uses
            sentence(copied, "the gallery %s is damaged" % gallery, "faceid check")
            told += 1
        for text in (checked.stderr, copied.stderr, faceid("list", gallery=gallery).stderr):
            require(not any(raw in text for raw in ("malformed", "disk image", "disk is full", "***", "\\n")), text)
            lines = text.splitlines()
            require(len(set(lines)) == len(lines), "said twice: " + text)
    require(told >= 6, "only %d copies were refused" % told)


@case
def damage_is_no_name_that_is_taken():
    """What a damaged file takes for a rule of its own."""
    gallery = gallery_of("ana", "bob", "eva")
    with open(gallery, "rb") as file:
        data = file.read()
    for words in (("rename", "ana", "lisa"), ("forget", "eva"), ("list",)):
        with open(gallery, "wb") as file:
            file.write(data.replace(b"CHECK(id = 1)", b"CHECK(id = 3)"))
        sentence(faceid(*words, gallery=gallery), "the gallery %s has the table 'root' otherwise" % gallery,
                 "faceid restore")
    with open(gallery, "wb") as file:
        file.write(data)
    sentence(faceid("rename", "ana", "bob", gallery=gallery), "bob")


@case
def damage_never_takes_the_place_of_a_copy():
    """What is copied is whole, and has everybody; else the copy of before stays as it was."""
    gallery, chance, kept = gallery_of(*("p%02d" % i for i in range(40))), random.Random(11), 0
    copy = gallery + ".copy"
    require(faceid("backup", copy, gallery=gallery).returncode == 0, "no copy")
    with open(gallery, "rb") as file:
        data = file.read()
    for i in range(24):
        damaged = bytearray(data)
        if i % 3 == 0:
            page = chance.choice(rows_of(data))
            damaged[page:page + 4096] = bytes(4096)
        elif i % 3 == 1:  # the page has fewer rows, which only the manifest tells
            page = chance.choice([p for p in range(65536, len(data), 65536) if data[p] == 13 and data[p + 4] > 1])
            damaged[page + 4] -= 1
        else:
            damaged[chance.choice(rows_of(data)) + chance.randrange(4096)] ^= 255
        with open(gallery, "wb") as file:
            file.write(damaged)
        with open(copy, "rb") as file:
            before = file.read()
        done = faceid("backup", "--force", copy, gallery=gallery)
        if done.returncode == 0:
            whole = faceid("check", gallery=copy)
            require(whole.returncode == 0, "round %d: %s" % (i, whole.stderr))
            require(faceid("list", gallery=copy).stdout.count("\n") == 40, "round %d: somebody is lost" % i)
        else:
            sentence(done, "damaged", gallery, "faceid restore", "check --salvage")
            with open(copy, "rb") as file:
                require(file.read() == before, "round %d: the copy is another" % i)
            kept += 1
        require(not any("part" in name for name in os.listdir(os.path.dirname(gallery))), "something is left")
    require(kept >= 12, "only %d copies were refused" % kept)


@case
def a_full_disk_of_the_copy_is_told_of():
    gallery = gallery_of(*("p%02d" % i for i in range(40)))
    done = on_a_full_disk(temp_folder(), "backup", "COPY", "--gallery", gallery)
    sentence(done, "copy", "cannot be written", "disk is full")
    done = on_a_full_disk(temp_folder(), "export", "COPY", "--gallery", gallery)
    sentence(done, "copy", "No space left")
    require("\n    5  the gallery cannot be read or written, a copy or export not written" in faceid("--help").stdout,
            "the table of exit codes")


main()
