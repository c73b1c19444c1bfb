#!/usr/bin/python3
"""faceid restore: a copy comes in the gallery's place, and what was there goes aside."""
import os
import signal
import sqlite3
import subprocess
import threading
import time

from check import BUILD, case, main, require, run, skip, temp_folder
from galleries import gallery_of, get, good, names, put, refused
from people_file import people_file, person
from program import FACEID, TRACED, environment, faceid, strace

FAULTS = os.path.join(BUILD, "tests", "faults.so")


def gallery_and_copy():
    """A gallery of ana and bob, and its copy from before ana was called lisa."""
    gallery = gallery_of(person("ana", 4), person("bob", 4))
    copy = os.path.join(os.path.dirname(gallery), "copy.db")
    good("backup", copy, gallery=gallery)
    good("rename", "ana", "lisa", gallery=gallery)
    return gallery, copy


def aside(gallery):
    """What was put aside, without its journals."""
    folder = os.path.dirname(gallery)
    return sorted(os.path.join(folder, name) for name in os.listdir(folder)
                  if name.startswith("gallery.db.2") and name[-4:] not in ("-wal", "-shm"))


@case
def a_copy_takes_the_place():
    gallery, copy = gallery_and_copy()
    said = good("restore", copy, gallery=gallery).stderr
    require(names(gallery) == ["ana", "bob"] and names(copy) == ["ana", "bob"], str(names(gallery)))
    before, = aside(gallery)
    require(before in said and names(before) == ["bob", "lisa"], said)
    good("check", gallery=gallery)
    good("restore", before, gallery=gallery)
    require(names(gallery) == ["bob", "lisa"] and len(aside(gallery)) == 2, str(aside(gallery)))
    require(all(os.stat(path).st_mode & 0o777 == 0o600 for path in aside(gallery)), "others can read it")


@case
def forgetting_reaches_what_it_leaves():
    gallery, copy = gallery_and_copy()
    second = os.path.join(temp_folder(), "second.db")
    good("backup", second, gallery=gallery)
    good("restore", copy, gallery=gallery)
    good("forget", "bob", gallery=gallery)
    for path in [copy, second, *aside(gallery)]:
        require(b"bob" not in get(path) and "bob" not in names(path), "bob is in " + path)


@case
def damage_hides_no_copy():
    """Where the copies are is read from a gallery that does not open any more."""
    for way in ("restore", "salvage"):
        gallery, copy = gallery_and_copy()
        second = os.path.join(temp_folder(), "second.db")
        good("backup", second, gallery=gallery)
        with open(gallery, "r+b") as file:
            file.write(bytes(4096))
        if way == "restore":
            said = good("restore", copy, gallery=gallery).stderr
            require("may be unknown" in said, said)
            before, = aside(gallery)
            refused(5, ("forget", "bob"), "'bob' is not forgotten yet", before, gallery=gallery)
            os.remove(before)
        else:
            good("check", "--salvage", gallery + ".saved", gallery=gallery)
            os.rename(gallery + ".saved", gallery)
        good("forget", "bob", gallery=gallery)
        for path in (gallery, copy, second):
            require(b"bob" not in get(path) and "bob" not in names(path), "%s: bob is in %s" % (way, path))


@case
def a_journal_of_before_stays_outside():
    """Copying the file over the gallery is how people put backups back; the journal that a killed
    process left is played into it then."""
    kept = 0
    for broken in (False, True):
        for call in range(4, 40, 4):
            gallery, copy = gallery_and_copy()
            env = environment(gallery=gallery, LD_PRELOAD=FAULTS, FAULT_AT=str(call), FAULT_KIND="kill")
            done = run(FACEID, "rename", "bob", "bobby", env=env)
            require(done.returncode in (-signal.SIGKILL, 0), done.stderr)
            journal = get(gallery + "-wal") if os.path.exists(gallery + "-wal") else b""
            if broken:
                with open(gallery, "r+b") as file:
                    file.write(b"\xa5" * 8192)
            good("restore", copy, gallery=gallery)
            require(names(gallery) == ["ana", "bob"], "call %d: %s" % (call, names(gallery)))
            good("check", gallery=gallery)
            before, = aside(gallery)
            if broken and os.path.exists(before + "-wal"):
                require(get(before + "-wal") == journal, "its journal is lost")
                kept += 1
            elif broken:
                pass  # it had the first page, and could be played in
            else:
                require(names(before) in (["bob", "lisa"], ["bobby", "lisa"]), str(names(before)))
    require(kept > 0, "no journal was put aside")


def crash(gallery, *people):
    """Leaves the gallery as a killed process would: what was imported since is in its journal alone."""
    holder = sqlite3.connect(gallery)  # the last one out would bring it in
    holder.execute("SELECT count(*) FROM record").fetchone()
    for one in people:
        good("import", put(people_file(person(one, 9))), gallery=gallery)
    left = {gallery + end: get(gallery + end) for end in ("", "-wal")}
    holder.close()
    return left


@case
def a_damaged_journal_goes_aside_as_it_is():
    """Every verb refuses it, and all that salvage can save is still there."""
    gallery, copy = gallery_and_copy()
    left = crash(gallery, *("p%d" % i for i in range(6)))
    journal, frame = bytearray(left[gallery + "-wal"]), 32 + 4 * (24 + 65536)
    journal[frame + 24 + 60000] ^= 255
    for path, data in {**left, gallery + "-wal": journal}.items():
        write(path, data)
    for words in (("check",), ("list",), ("rename", "bob", "bobby"), ("forget", "bob"), ("backup", copy + ".2")):
        refused(5, words, gallery + "-wal", "byte %d " % frame, "faceid restore", "check --salvage", gallery=gallery)
        require(get(gallery) == left[gallery] and get(gallery + "-wal") == journal, "%s changes it" % words[0])
    said = good("restore", copy, gallery=gallery).stderr
    before, = aside(gallery)
    require("%s with its journal %s-wal" % (before, before) in said, said)
    require(names(gallery) == ["ana", "bob"] and get(before + "-wal") == journal, "it is not put aside")
    refused(5, ("forget", "bob"), "remove it and its journal %s-wal" % before, gallery=gallery)
    good("check", "--salvage", gallery + ".saved", gallery=before)
    require(names(gallery + ".saved") == ["bob", "lisa"] + ["p%d" % i for i in range(6)], str(names(gallery + ".saved")))


@case
def a_journal_without_its_gallery():
    """It holds what was changed last, and no verb removes it or writes beside it."""
    gallery, copy = gallery_and_copy()
    left = crash(gallery, "eva")
    journal = gallery + "-wal"
    os.remove(gallery)
    write(journal, left[journal])
    for words in (("list",), ("check",), ("check", "--salvage", gallery + ".saved"), ("show", "bob"),
                  ("rename", "bob", "bobby"), ("import", put(people_file(person("zoe"))))):
        refused(5, words, "is gone, but not its journal " + journal, gallery=gallery)
        require(not os.path.exists(gallery) and get(journal) == left[journal], "%s changes it" % words[0])
    said = good("restore", copy, gallery=gallery).stderr
    require(names(gallery) == ["ana", "bob"] and not os.path.exists(journal), str(names(gallery)))
    before, = (os.path.join(os.path.dirname(gallery), name) for name in os.listdir(os.path.dirname(gallery))
               if name.startswith("gallery.db.2"))
    require(before.endswith("-wal") and get(before) == left[journal] and before in said, said)
    refused(5, ("forget", "bob"), "'bob' is not forgotten yet", before, "remove it", gallery=gallery)
    write(before[:-4], left[gallery])
    require(names(before[:-4]) == ["bob", "eva", "lisa"], str(names(before[:-4])))
    good("forget", "bob", gallery=gallery)
    require(names(before[:-4]) == ["eva", "lisa"], str(names(before[:-4])))


@case
def no_journal_goes_under_a_new_file():
    """Of a gallery that was moved away it may have what was changed last."""
    gallery, copy = gallery_and_copy()
    left = crash(gallery, "eva")
    moved = gallery + ".moved"
    os.rename(gallery, moved)
    write(gallery + "-wal", left[gallery + "-wal"])
    for words in (("backup", gallery), ("check", "--salvage", gallery)):
        refused(5, words, "the journal %s-wal" % gallery, "not replaced unasked", gallery=copy)
        require(get(gallery + "-wal") == left[gallery + "-wal"] and not os.path.exists(gallery), str(words))
    os.rename(moved, gallery)
    require(names(gallery) == ["bob", "eva", "lisa"], str(names(gallery)))


@case
def nobody_is_lost_who_comes_meanwhile():
    """Nothing holds a gallery that is not there yet: who is enrolled while the copy is written stays."""
    gallery, copy = gallery_and_copy()
    os.remove(gallery)
    slow = strace("-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=300000")
    restoring = subprocess.Popen([*slow, FACEID, "restore", copy], env=environment(gallery=gallery, **TRACED),
                                 stderr=subprocess.PIPE, text=True)
    while restoring.poll() is None and not os.path.exists(gallery):
        time.sleep(0.01)
    good("import", put(people_file(person("eva"))), gallery=gallery)
    said = restoring.communicate()[1]
    if restoring.returncode == 0:  # it was faster
        require(names(gallery) == ["ana", "bob", "eva"], str(names(gallery)))
    else:
        require(restoring.returncode == 8 and "meanwhile" in said, "exit %d: %s" % (restoring.returncode, said))
        require(names(gallery) == ["eva"], str(names(gallery)))


@case
def a_journal_that_is_written_is_not_damaged():
    """Each change begins it anew, and what is left of the rounds before lies behind."""
    gallery = gallery_of(*(person("p%d" % i, 9) for i in range(6)))
    until = threading.Event()

    def write_on():
        writer = sqlite3.connect(gallery, isolation_level=None)
        writer.execute("PRAGMA wal_autocheckpoint=3")
        while not until.is_set():
            writer.execute("UPDATE record SET body = body WHERE id % 4 = 1")
            writer.execute("UPDATE record SET body = body")
        writer.close()

    other = threading.Thread(target=write_on)
    other.start()
    try:
        for _ in range(60):
            require(len(names(gallery)) == 6, "somebody is lost")
    finally:
        until.set()
        other.join()


@case
def a_gallery_that_is_gone():
    gallery, copy = gallery_and_copy()
    there = os.path.join(temp_folder(), "no", "such", "folder", "gallery.db")
    said = good("restore", copy, gallery=there).stderr
    require(names(there) == ["ana", "bob"] and "before" not in said and not aside(there), said)
    require(os.stat(os.path.dirname(there)).st_mode & 0o777 == 0o700, "others can look in")


@case
def on_a_disk_without_second_names():
    """FAT has no hard links, nor have some network mounts."""
    def there(*words, gallery, code=0, also=()):
        calls = strace("-e", "trace=link,linkat,rename", "-e", "inject=link,linkat:error=EPERM", *also)
        done = run(*calls, FACEID, *words, env=environment(gallery=gallery, **TRACED))
        require(done.returncode == code and (code == 0 or done.stderr.count("\n") == 1), done.stderr)
        return done.stderr

    gallery, copy = gallery_and_copy()
    second, out = copy + ".2", copy + ".people"
    for words, path in ((("backup", second), second), (("export", out), out)):
        there(*words, gallery=gallery)
        before = get(path)
        require("already" in there(*words, gallery=gallery, code=5) and get(path) == before, "it is replaced")
    require(names(second) == ["bob", "lisa"], str(names(second)))
    failing = ("-e", "trace=link,linkat,rename,renameat2", "-e", "inject=rename,renameat2:error=EIO")
    require("Input/output error" in there("restore", copy, gallery=gallery, code=5, also=failing), "why")
    require(names(gallery) == ["bob", "lisa"] and not aside(gallery), "the gallery is not where it was")
    there("restore", copy, gallery=gallery)
    require(names(gallery) == ["ana", "bob"] and names(aside(gallery)[0]) == ["bob", "lisa"], str(names(gallery)))
    write(gallery, b"\xa5" * 400)
    write(gallery + "-wal", b"what a killed process left")
    there("restore", copy, gallery=gallery, code=5, also=failing)
    require(get(gallery) == b"\xa5" * 400 and get(gallery + "-wal").startswith(b"what"), "its journal is not there")
    there("restore", copy, gallery=gallery)
    require(names(gallery) == ["ana", "bob"] and get(aside(gallery)[-1] + "-wal").startswith(b"what"), "it is lost")
    left = sorted(os.listdir(os.path.dirname(gallery)))
    require(not any("part" in name for name in left), str(left))


@case
def refuses_and_changes_nothing():
    gallery, copy = gallery_and_copy()
    broken, cut = copy + ".broken", copy + ".cut"
    whole = get(copy)
    at = whole.index(b"made up 3")
    for path, data in ((broken, whole[:at] + b"\xa5" * 100 + whole[at + 100:]), (cut, whole[:-65536])):
        write(path, data)
    refused(5, ("restore", broken), "damaged", gallery=gallery)
    refused(5, ("restore", cut), gallery=gallery)
    refused(5, ("restore", "/none"), "/none", gallery=gallery)
    refused(5, ("restore", gallery), "gallery itself", gallery=gallery)
    refused(5, ("restore", os.path.dirname(gallery)), gallery=gallery)
    require(names(gallery) == ["bob", "lisa"] and not aside(gallery), str(os.listdir(os.path.dirname(gallery))))
    require(not os.path.exists(gallery + ".faceid-part"), "something is left")


@case
def who_has_it_open_goes_on():
    """One transaction, as any change: who reads sees all of it before, then all of the copy."""
    gallery, copy = gallery_and_copy()
    reader = sqlite3.connect(gallery, isolation_level=None)
    count = lambda: reader.execute("SELECT generation FROM root").fetchone()[0]
    reader.execute("BEGIN")
    before = count()
    good("restore", copy, gallery=gallery)
    require(count() == before, "the reader sees it")
    reader.execute("COMMIT")
    require(count() > before, "the reader does not see it")
    reader.close()
    require(names(gallery) == ["ana", "bob"] and names(aside(gallery)[0]) == ["bob", "lisa"], str(names(gallery)))
    good("check", gallery=gallery)


@case
def sealed_or_plain_as_the_copy_is():
    if "without sealed" in faceid("doctor").stdout:
        skip("built without libsodium")
    gallery, copy = gallery_and_copy()
    key = os.path.join(temp_folder(), "key")
    good("protect", "--new-key", key, gallery=gallery)
    done = faceid("restore", copy, gallery=gallery)
    require(done.returncode == 5 and "sealed" in done.stderr, "the sealed one was not opened: " + done.stderr)
    said = good("restore", "--key-file", key, copy, gallery=gallery).stderr
    require("not sealed any more" in said and names(gallery) == ["ana", "bob"], said)
    before, = aside(gallery)
    said = good("restore", "--key-file", key, before, gallery=gallery).stderr
    plain, = set(aside(gallery)) - {before}
    require("is not sealed" in said and plain in said, said)
    good("protect", "--new-key", key, gallery=plain)
    good("forget", "--key-file", key, "bob", gallery=gallery)
    require(names(plain, "--key-file", key) == ["ana"], "forget did not look into it")
    require(faceid("list", gallery=gallery).returncode == 5, "plain")
    require(names(gallery, "--key-file", key) == ["lisa"], "another")


@case
def a_killed_salvage_leaves_no_gallery():
    """At each of its changing calls: what is under the name that was asked for is whole or not there, and
    the next try makes it."""
    gallery, _ = gallery_and_copy()
    target = gallery + ".saved"
    count = os.path.join(temp_folder(), "count")
    done = salvage_with_faults(gallery, target, FAULT_COUNT=count)
    require(done.returncode == 0, done.stderr)
    calls, left = int(get(count)), 0
    for call in [*range(1, calls, 3), calls]:
        os.unlink(target) if os.path.exists(target) else None
        done = salvage_with_faults(gallery, target, FAULT_AT=str(call), FAULT_KIND="kill")
        require(done.returncode in (-signal.SIGKILL, 0), done.stderr)
        what = "call %d of %d" % (call, calls)
        left += os.path.exists(target + ".faceid-part")
        if not os.path.exists(target):
            good("check", "--salvage", target, gallery=gallery)
        require(names(target) == ["bob", "lisa"], what)
        good("check", gallery=target)
        require(names(gallery) == ["bob", "lisa"], what)
        beside = [name for name in os.listdir(os.path.dirname(target)) if ".faceid-part" in name]
        require(not beside, "%s: %s" % (what, beside))
    require(left > 5, "nothing was left")


def salvage_with_faults(gallery, target, **fault):
    return run(FACEID, "check", "--salvage", target, env=environment(gallery=gallery, LD_PRELOAD=FAULTS, **fault))


@case
def salvages_into_no_folder_of_its_own():
    gallery, copy = gallery_and_copy()
    folder = os.path.join(temp_folder(), "no")
    refused(5, ("check", "--salvage", folder + "/saved.db"), "No such file", gallery=gallery)
    require(not os.path.exists(folder), "a folder is made")
    refused(5, ("check", "--salvage", copy), "not replaced unasked", gallery=gallery)
    require(names(copy) == ["ana", "bob"], "the copy is another")


@case
def refuses_copies_of_old_tables():
    """Those that were written before 0.1.0, of which no release was."""
    gallery, _ = gallery_and_copy()
    for version in range(1, 7):
        old = os.path.join(temp_folder(), "old.db")
        there = sqlite3.connect(old, isolation_level=None)
        there.executescript("CREATE TABLE model(id TEXT); CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT);"
                            "CREATE TABLE sample(id INTEGER PRIMARY KEY); PRAGMA application_id=1179206727;"
                            "PRAGMA user_version=%d" % version)
        there.close()
        before = get(old)
        for words, there in ((("restore", old), gallery), (("list",), old), (("check",), old)):
            done = faceid(*words, gallery=there)
            require(done.returncode == 5 and "before 0.1.0" in done.stderr, done.stderr)
        require(get(old) == before and names(gallery) == ["bob", "lisa"], "version %d" % version)


@case
def takes_the_place_of_what_is_no_database():
    for data in (b"", b"x", b"\0" * 511):
        gallery, copy = gallery_and_copy()
        for journal in ("-wal", "-shm"):
            require(not os.path.exists(gallery + journal), journal)
        write(gallery, data)
        said = good("restore", copy, gallery=gallery).stderr
        require("2 people" in said and names(gallery) == ["ana", "bob"], said)
        require([get(path) for path in aside(gallery)] == ([data] if data else []), "not put aside: " + said)
        require(("does not open" in said) == (data != b""), said)


@case
def looking_leaves_an_empty_file_empty():
    gallery, copy = gallery_and_copy()
    write(gallery, b"")
    for words in (("rename", "ana", "lisa"), ("check",), ("list",), ("restore", "/none")):
        faceid(*words, gallery=gallery)
        require(get(gallery) == b"", "%s changes it" % words[0])
    refused(5, ("restore", gallery), "empty", gallery=copy)
    write(gallery + "-wal", b"what a killed process left")
    people = put(people_file(person("eva", 2)))
    for words in (("check",), ("list",), ("import", people)):
        refused(5, words, "journal", gallery=gallery)
    refused(5, ("check", "--salvage", copy + ".saved"), "nothing in the file", gallery=gallery)
    good("restore", copy, gallery=gallery)
    require(get(aside(gallery)[0] + "-wal").startswith(b"what") and names(gallery) == ["ana", "bob"], "it is lost")


@case
def says_what_is_wrong_with_the_copy():
    gallery, copy = gallery_and_copy()
    write(copy, b"\0" * 8192 + get(copy)[8192:])
    refused(5, ("restore", copy), copy + " is no copy of a gallery, or damaged", "take another copy",
            gallery=gallery)
    refused(5, ("list",), "faceid restore", "--salvage", gallery=copy)


@case
def a_damaged_gallery_that_is_open_stays():
    gallery, copy = gallery_and_copy()
    reader = sqlite3.connect(gallery, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM record").fetchone()
    hurt = get(copy)[:20] + b"\xa5" * 80  # written by another: closing the file lets go of the reader's lock
    run("dd", "if=" + put(hurt, "hurt"), "of=" + gallery, "conv=notrunc")
    refused(8, ("restore", copy), "another process", gallery=gallery)
    require(not aside(gallery), "it is put aside")
    reader.close()
    require(get(gallery)[:100] == hurt, "it is changed")
    good("restore", copy, gallery=gallery)


@case
def tells_of_another_model():
    gallery, copy = gallery_and_copy()
    other = os.path.join(temp_folder(), "gallery.db")
    good("import", put(people_file(person("eva", 2), model="f" * 32)), gallery=other)
    said = good("restore", other, gallery=gallery).stderr
    require("1 person" in said and "now of the model made up (ffffffff), not of made up (01234567)" in said, said)
    require("model" not in good("restore", other, gallery=gallery).stderr, "it is the same")


@case
def what_opens_the_copy_counts():
    """The gallery's first page is damaged, or it was sealed anew since the copy was made."""
    if "without sealed" in faceid("doctor").stdout:
        skip("built without libsodium")
    gallery = gallery_and_copy()[0]
    key, second = (os.path.join(temp_folder(), name) for name in ("key", "second"))
    copy, plain = gallery + ".sealed", gallery + ".plain"
    good("backup", plain, gallery=gallery)
    good("protect", "--new-key", key, gallery=gallery)
    good("backup", "--key-file", key, copy, gallery=gallery)
    whole = get(gallery)
    for at in (3, 20, 100):
        write(gallery, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        hurt = get(gallery)
        said = good("restore", "--key-file", key, copy, gallery=gallery).stderr
        require("does not open" in said and get(aside(gallery)[-1]) == hurt, said)
        require(names(gallery, "--key-file", key) == ["bob", "lisa"], str(at))
    write(gallery, hurt)
    refused(5, ("restore", "--key-file", key, plain), "move it away", gallery=gallery)
    write(gallery, b"\0" * 4096 + whole[4096:])
    refused(5, ("check", "--key-file", key), "damaged", gallery=gallery)
    good("restore", "--key-file", key, copy, gallery=gallery)
    good("protect", "--key-file", key, "--new-key", second, gallery=gallery)
    refused(5, ("restore", "--key-file", second, copy), "the copy " + copy, "it was made with", gallery=gallery)
    good("restore", "--key-file", key, copy, gallery=gallery)
    require(names(gallery, "--key-file", key) == ["bob", "lisa"], "sealed with another")


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


main()
