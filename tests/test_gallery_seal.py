#!/usr/bin/python3
"""Sealed galleries through the program: protect and its refusals, every verb, several processes, and
kills at the calls that change files. `make soak` tries all calls, else some."""
import errno
import json
import os
import pty
import random
import re
import shutil
import subprocess
import termios
import time

from check import BUILD, PATIENCE, SOAK, case, main, require, run, shared, skip, temp_folder
from people_file import people_file, person
from program import FACEID, environment, models

FAULTS = os.path.join(BUILD, "tests", "faults.so")
SEAL = os.path.join(BUILD, "tests", "seal_gallery")
SEED = int(os.environ.get("FACEID_SEED", "1"))
HEADER = b"faceid sealed gallery\n"  # how a seal begins
CROWD = 6
_start = {}


def put(path, data, mode=0o600):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


def start():
    """A folder with people's files, a plain gallery, the same sealed cheaply, and its key."""
    if "folder" not in _start:
        if "without sealed" in run(FACEID, "doctor", env=environment()).stdout:
            skip("built without libsodium")
        folder = _start["folder"] = temp_folder()
        first = [person("ana", CROWD, consents=["agreed in words of hers"]), person("bob", CROWD), person("eva", CROWD)]
        put(os.path.join(folder, "first.people"), people_file(*first))
        put(os.path.join(folder, "more.people"), people_file(person("raj", CROWD), person("zoe", CROWD)))
        key = put(os.path.join(folder, "key"), bytes(range(40)))
        for name in ("plain", "sealed"):
            gallery = os.path.join(folder, name + ".db")
            done = run(FACEID, "import", os.path.join(folder, "first.people"), env=environment(gallery=gallery))
            require(done.returncode == 0, done.stderr)
        done = run(SEAL, gallery, key)
        require(done.returncode == 0 and HEADER in get(gallery), done.stderr)
    return _start["folder"]


def is_sealed(gallery):
    return "is sealed" in faceid("list", gallery=gallery, code=None).stderr


@case
def without_libsodium_no_key_is_left():
    if "with sealed" in run(FACEID, "doctor", env=environment()).stdout:
        skip("built with libsodium")
    folder = temp_folder()
    old, new = put(os.path.join(folder, "old"), bytes(range(32))), os.path.join(folder, "new")
    for key in (old, new):
        done = run(FACEID, "protect", "--new-key", key, env=environment(gallery=os.path.join(folder, "g.db")))
        require(done.returncode != 0 and "libsodium" in done.stderr, done.stderr)
    require(os.listdir(folder) == ["old"], "left: %s" % os.listdir(folder))


def fresh(name="sealed"):
    """(gallery, key) in a folder of their own."""
    folder = temp_folder()
    shutil.copy(os.path.join(start(), name + ".db"), os.path.join(folder, "gallery.db"))
    shutil.copy(os.path.join(start(), "key"), os.path.join(folder, "key"))
    return os.path.join(folder, "gallery.db"), os.path.join(folder, "key")


def faceid(*words, gallery, key=None, code=0, say=None, **more):
    env = environment(gallery=gallery, **more)
    if key:
        env["FACEID_KEY_FILE"] = key
    stdin = subprocess.DEVNULL
    done = subprocess.run([FACEID, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=PATIENCE, **({"input": say} if say is not None else {"stdin": stdin}))
    require(code is None or done.returncode == code, "%r: exit %d, not %s: %s" % (
        words, done.returncode, code, done.stderr))
    return done


def names(gallery, key=None):
    return [json.loads(line)["name"] for line in faceid("list", "--json", gallery=gallery, key=key).stdout.splitlines()]


def state(gallery, key=None):
    path = gallery + ".state"
    if not names(gallery, key):
        return b""
    faceid("export", "--force", path, gallery=gallery, key=key)
    return get(path)


@case
def protect_and_its_refusals():
    gallery, key = fresh("plain")
    before = state(gallery)
    open_key = put(gallery + ".open", bytes(40), 0o644)
    short = put(gallery + ".short", bytes(31))
    for words, code, said in ((("protect",), 2, "without a terminal"),
                              (("protect", "--off"), 5, "is not sealed"),
                              (("protect", "--off", "--new-key", key), 2, "exclude"),
                              (("protect", "--new-key", open_key), 5, "chmod 600"),
                              (("protect", "--new-key", short), 5, short + ": a key has to have 32 bytes"),
                              (("protect", "--new-passphrase-file", "/dev/null"), 5, "/dev/null: the passphrase is empty"),
                              (("list", "--key-file", key), 5, "is not sealed"),
                              (("list", "--key-file", gallery + ".none"), 5, "cannot be read"),
                              (("list", "--key-file", key, "--passphrase-file", key), 2, "not with both")):
        done = faceid(*words, gallery=gallery, code=code)
        require(said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout, done.stderr)
    require(state(gallery) == before and not is_sealed(gallery), "changed")
    made = gallery + ".key"
    done = faceid("protect", "--new-key", made, gallery=gallery)
    require("keep a copy" in done.stderr, done.stderr)
    require(os.path.getsize(made) == 32 and os.stat(made).st_mode & 0o777 == 0o600, "the key file")
    require(is_sealed(gallery) and os.stat(gallery).st_mode & 0o777 == 0o600, "not sealed")
    require(state(gallery, made) == before, "people changed")
    for words, said in ((("list",), "key file"), (("list", "--key-file", key), "does not open"),
                        (("check",), "key file"),
                        (("protect", "--off"), "key file"),
                        (("list", "--passphrase-file", key), "not with a passphrase"),
                        (("enroll", "x", "/dev/null"), "key file")):
        pair = models() if words[0] == "enroll" else None
        done = faceid(*words, gallery=gallery, code=5, pair=pair)
        require(said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout, done.stderr)
    require(state(gallery, made) == before, "people changed")
    faceid("protect", "--off", gallery=gallery, key=made)
    require(state(gallery) == before and not is_sealed(gallery), "not opened up")


@case
def a_passphrase_from_files_and_pipes():
    gallery, _ = fresh("plain")
    before = state(gallery)
    word = put(gallery + ".word", "a passphrase in ünicode\nnot this line\n".encode())
    faceid("protect", "--new-passphrase-file", word, gallery=gallery)
    require("passphrase" in faceid("list", gallery=gallery, code=5).stderr, "no advice")
    require("does not open" in faceid("list", "--passphrase-file", "-", gallery=gallery, code=5, say="other\n").stderr, "opened")
    require(faceid("list", "--passphrase-file", "-", gallery=gallery, say="a passphrase in ünicode\n").stdout.count("\n") == 3, "closed")
    faceid("protect", "--passphrase-file", "-", "--new-passphrase-file", "-", gallery=gallery, say="a passphrase in ünicode\nnext\n")
    faceid("list", "--passphrase-file", word, gallery=gallery, code=5)
    faceid("protect", "--off", "--passphrase-file", "-", gallery=gallery, say="next")
    require(state(gallery) == before, "people changed")


@case
def a_passphrase_whose_line_ends_as_elsewhere():
    gallery, _ = fresh("plain")
    crlf, lf = put(gallery + ".crlf", b"a word\r\nnot this line\r\n"), put(gallery + ".lf", b"a word\n")
    faceid("protect", "--new-passphrase-file", lf, gallery=gallery)
    faceid("list", "--passphrase-file", crlf, gallery=gallery)
    faceid("protect", "--passphrase-file", lf, "--new-passphrase-file", crlf, gallery=gallery)
    faceid("list", "--passphrase-file", "-", gallery=gallery, say="a word")
    empty = put(gallery + ".empty", b"\r\n")
    done = faceid("protect", "--passphrase-file", lf, "--new-passphrase-file", empty, gallery=gallery, code=5)
    require("is empty" in done.stderr, done.stderr)


def typed(words, gallery, lines):
    """The program on a terminal of its own: types a line at each question; (exit code, all that is shown)."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(FACEID, [FACEID, *words], environment(gallery=gallery))
    shown, left = b"", list(lines)
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
        asked = len(re.findall(rb"(?:passphrase[^:\n]*|again): ", shown))
        while left and asked > len(lines) - len(left):
            for _ in range(100):  # until nothing is shown of what is typed
                if not termios.tcgetattr(terminal)[3] & termios.ECHO:
                    break
                time.sleep(0.02)
            os.write(terminal, (left.pop(0) + "\n").encode())
    status = os.waitpid(child, 0)[1]
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


@case
def a_passphrase_on_a_terminal():
    gallery, _ = fresh("plain")
    code, shown = typed(["protect"], gallery, ["secret words", "secret word"])
    require(code == 2 and "not the same" in shown and not is_sealed(gallery), shown)
    code, shown = typed(["protect"], gallery, ["secret words", "secret words"])
    require(code == 0 and is_sealed(gallery) and "secret" not in shown, shown)
    code, shown = typed(["list"], gallery, ["secret words"])
    require(code == 0 and "ana" in shown and "secret" not in shown, shown)
    path = os.path.join(os.path.dirname(gallery), "a\x1b[31m")
    shutil.copy(gallery, path)
    code, shown = typed(["list"], path, ["secret words"])
    require(code == 0 and "a\\x1B[31m" in shown and "\x1b" not in shown, repr(shown))
    code, shown = typed(["list"], gallery, ["wrong"])
    require(code == 5 and "does not open" in shown, shown)


@case
def every_verb_works():
    gallery, key = fresh()
    folder = os.path.dirname(gallery)
    go = lambda *words, **more: faceid(*words, gallery=gallery, key=key, **more)
    go("import", os.path.join(start(), "more.people"))
    go("rename", "ana", "Ana Two")
    require(names(gallery, key) == ["Ana Two", "bob", "eva", "raj", "zoe"], "rename")
    shown = go("show", "ana two").stdout
    require("agreed in words of hers" in shown and "made up 5" in shown, shown)
    go("merge", "bob", "eva")
    go("undo")
    require(len(names(gallery, key)) == 5, "undo")
    go("remove", "eva", "--sample", re.search(r"face\s+(\d+)", go("show", "eva").stdout).group(1))
    go("backup", folder + "/copy.db")
    require(is_sealed(folder + "/copy.db"), "the copy is plain")
    require("nothing is left" in go("forget", "zoe").stderr, "no proof")
    require(names(folder + "/copy.db", key) == ["Ana Two", "bob", "eva", "raj"], "forgetting missed the copy")
    require("is whole" in go("check").stderr, "check")
    go("check", "--salvage", folder + "/saved.db")
    require(is_sealed(folder + "/saved.db") and names(folder + "/saved.db", key) == names(gallery, key), "salvage")
    require("sealed galleries" in faceid("doctor", gallery=gallery, key=key, code=None).stdout, "doctor")
    faceid("list", gallery=folder + "/copy.db", code=5)
    for name in ("gallery.db", "copy.db", "saved.db"):
        for word in (b"Ana Two", b"ana two", b"made up", b"in words of hers"):
            require(word not in get(os.path.join(folder, name)), "%r in %s" % (word, name))
    new = folder + "/new.db"  # made where there is none
    faceid("import", os.path.join(start(), "first.people"), gallery=new, key=key)
    require(is_sealed(new) and names(new, key) == ["ana", "bob", "eva"], "made")
    done = go("protect", "--new-key", folder + "/key2")
    require("copy.db is left as it was, sealed" in done.stderr, done.stderr)


@case
def faces_are_enrolled_and_identified():
    start()
    pair, face = models(), shared("data/people/amy/amy1.png")
    folder = temp_folder()
    gallery, key = os.path.join(folder, "gallery.db"), put(os.path.join(folder, "key"), bytes(range(32)))
    faceid("enroll", "Amy", face, gallery=gallery, key=key, pair=pair)
    require(is_sealed(gallery), "plain")
    faceid("is-known", "-q", face, gallery=gallery, key=key, pair=pair)
    faceid("identify", face, gallery=gallery, code=5, pair=pair)
    require("Amy" in faceid("identify", face, gallery=gallery, key=key, pair=pair).stdout, "not known")


@case
def several_processes_at_once():
    """Four writers and two makers: nobody is lost."""
    gallery, key = fresh()
    folder = os.path.dirname(gallery)
    new = os.path.join(folder, "new.db")
    children = []
    for i in range(4):
        for path in (gallery, new):
            people = put(os.path.join(folder, "%d.people" % i), people_file(person("writer %d" % i, CROWD)))
            children.append(subprocess.Popen([FACEID, "import", people], stderr=subprocess.PIPE, text=True,
                                             env=dict(environment(gallery=path), FACEID_KEY_FILE=key)))
    for child in children:
        said = child.communicate(timeout=PATIENCE)[1]
        require(child.returncode == 0, said)
    require(names(gallery, key) == ["ana", "bob", "eva"] + ["writer %d" % i for i in range(4)], "somebody is lost")
    require(names(new, key) == ["writer %d" % i for i in range(4)], "somebody is lost: %r" % names(new, key))
    require(sorted(os.listdir(folder)) == sorted(["gallery.db", "key", "new.db"] + ["%d.people" % i for i in range(4)]),
            "left over: %r" % os.listdir(folder))


# ---- kills ----

OPERATIONS = {  # on the sealed gallery
    "import": ("import", "more.people"), "merge": ("merge", "ana", "bob"), "forget": ("forget", "ana"),
    "backup": ("backup", "COPY"), "undo": ("undo",),
}
PROTECTIONS = {  # name: (gallery before, words, key after; None: plain)
    "seal": ("plain", ("protect", "--new-key", "KEY"), True),
    "open up": ("sealed", ("protect", "--off"), False),
    "seal anew": ("sealed", ("protect", "--new-key", "KEY2"), True),
}


def command(words, gallery):
    replaced = {"more.people": os.path.join(start(), "more.people"), "COPY": gallery + ".copy",
                "KEY": os.path.join(os.path.dirname(gallery), "key"), "KEY2": gallery + ".key2"}
    return [replaced.get(word, word) for word in words]


def fault(words, gallery, key, **settings):
    env = environment(gallery=gallery, LD_PRELOAD=FAULTS, **settings)
    if key:
        env["FACEID_KEY_FILE"] = key
    return run(FACEID, *command(words, gallery), env=env)


def calls_of(words, gallery, key):
    count = os.path.join(temp_folder(), "count")
    done = fault(words, gallery, key, FAULT_COUNT=count)
    require(done.returncode == 0, done.stderr)
    return int(get(count))


def chosen(count, share):
    """The last one always: what it interrupts is nearly done."""
    return range(1, count + 1) if SOAK else [
        *sorted(random.Random(SEED).sample(range(1, count), max(3, count // share))), count]


def damage(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


@case
def a_damaged_first_page():
    """What is lost with it stands elsewhere, too."""
    for at in (3, 17, 100, 104):
        gallery, key = fresh()
        people = names(gallery, key)
        copy, saved = gallery + ".copy", gallery + ".saved"
        faceid("backup", copy, gallery=gallery, key=key)
        damage(gallery, at)
        require(faceid("list", gallery=gallery, key=key, code=5).stderr.count("\n") == 1, "byte %d" % at)
        faceid("check", "--salvage", saved, gallery=gallery, key=key)
        require(names(saved, key) == people and is_sealed(saved), "byte %d" % at)
        faceid("restore", copy, gallery=gallery, key=key)
        require(names(gallery, key) == people, "byte %d: somebody is lost" % at)


@case
def a_damaged_seal():
    """It stands three times in the file, and salvage needs one that is not the root's."""
    gallery, key = fresh()
    whole, people = get(gallery), names(gallery, key)
    places = [found.start() for found in re.finditer(re.escape(HEADER), whole)]
    require(len(places) == 3, str(places))
    for count in (1, 2, 3):
        for first in range(3 if count < 3 else 1):
            put(gallery, whole)
            hurt = [places[(first + i) % 3] for i in range(count)]
            for place in hurt:
                damage(gallery, place + 100)
            saved = "%s.%d.%d" % (gallery, count, first)
            done = faceid("check", "--salvage", saved, gallery=gallery, key=key, code=None)
            left = [place for place in places if place not in hurt and b"FIDk" in whole[place - 24:place]]
            require((done.returncode == 0) == bool(left), "%s: %s" % (hurt, done.stderr))
            require(not left or names(saved, key) == people, "somebody is lost")
            done = faceid("check", gallery=gallery, key=key, code=None)
            require(done.returncode == 5, "it is whole with %s: %s" % (hurt, done.stderr))


@case
def killed_at_each_call_while_sealed():
    total = 0
    for name, words in OPERATIONS.items():
        gallery, key = fresh()
        before = state(gallery, key)
        count = calls_of(words, gallery, key)
        after = state(gallery, key)
        for kind in ("kill", "torn"):
            # each torn write of one: of them all only few meet the first page
            every = kind == "torn" and name == "merge"
            for at in range(1, count + 1) if every else chosen(count, 25):
                gallery, key = fresh()
                done = fault(words, gallery, key, FAULT_AT=str(at), FAULT_KIND=kind)
                what = "%s, %s at call %d of %d" % (name, kind, at, count)
                require(done.returncode in (-9, 0), "%s: %d: %s" % (what, done.returncode, done.stderr))
                require("is whole" in faceid("check", gallery=gallery, key=key).stderr, what)
                require(state(gallery, key) in (before, after), what + ": neither as before nor as after")
                total += 1
                shutil.rmtree(os.path.dirname(gallery))
        print("%s: %d changing calls" % (name, count))
    print("%d kills in all" % total)


@case
def protect_killed_at_each_call():
    """Whole, plain or sealed, and everybody there. What is left beside it, a new try takes away."""
    total, states = 0, set()
    for name, (before, words, sealed) in PROTECTIONS.items():
        gallery, key = fresh(before)
        put(gallery + ".key2", bytes(range(64)))
        keys = {"plain": None, "sealed": key}
        people = state(gallery, keys[before])
        count = calls_of(words, gallery, keys[before])
        for kind in ("kill", "torn"):
            for at in chosen(count, 40):
                gallery, key = fresh(before)
                second = put(gallery + ".key2", bytes(range(64)))
                done = fault(words, gallery, key if before == "sealed" else None, FAULT_AT=str(at), FAULT_KIND=kind)
                what = "%s, %s at call %d of %d" % (name, kind, at, count)
                require(done.returncode in (-9, 0), "%s: %d: %s" % (what, done.returncode, done.stderr))
                sealed_now = is_sealed(gallery)
                opens = [k for k in ((key, second) if sealed_now else (None,))
                         if faceid("list", gallery=gallery, key=k, code=None).returncode == 0]
                require(len(opens) == 1, what + ": nothing opens it")
                require("is whole" in faceid("check", gallery=gallery, key=opens[0]).stderr, what)
                require(state(gallery, opens[0]) == people, what + ": somebody is lost")
                states.add((name, opens[0] == second, sealed_now))
                if sealed_now:  # check has finished what was begun
                    require(b"made up" not in get(gallery), what + ": plain text in what is sealed")
                done = fault(words, gallery, opens[0]) if (name, sealed) != ("open up", sealed_now) else None
                require(done is None or done.returncode == 0, what + ": cannot be done again")
                total += 1
                shutil.rmtree(os.path.dirname(gallery))
        print("%s: %d changing calls" % (name, count))
    print("%d kills in all" % total)
    require(len(states) == 6, "not each state was met: %r" % states)


@case
def refused_while_somebody_looks():
    """A live program has the gallery open: protect says so, and nothing is changed."""
    gallery, key = fresh()
    faceid("rename", "ana", "Ana", gallery=gallery, key=key)  # whoever writes gives it a WAL
    before = get(gallery)
    holder = subprocess.Popen([os.path.join(BUILD, "tests", "scan_gallery"), "1", "1", "16", "1", gallery, key, "hold"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    require(holder.stdout.readline().startswith("open"), "the holder does not open it")
    done = faceid("protect", "--off", gallery=gallery, key=key, code=8)
    require("locked by another process" in done.stderr and get(gallery) == before, done.stderr)
    holder.communicate("\n", timeout=PATIENCE)
    faceid("protect", "--off", gallery=gallery, key=key)


@case
def a_new_key_that_was_for_nothing():
    """Unless it was not: what comes after the new file is in its place may fail too."""
    counts = {}
    gallery = fresh("plain")[0]
    count = calls_of(("protect", "--new-key", gallery + ".new"), gallery, None)
    for at in (count // 3, *range(count - 1, 0, -3)):  # backwards, to where the file is put in its place
        gallery = fresh("plain")[0]
        made = gallery + ".new"
        done = fault(("protect", "--new-key", made), gallery, None, FAULT_AT=str(at), FAULT_KIND=str(errno.ENOSPC))
        sealed = is_sealed(gallery)
        if done.returncode == 0:  # it was the closing alone
            continue
        said = "is sealed with the new key file" if sealed else "nothing is sealed with it"
        said = (said, "may be sealed with the new key file")  # where even that cannot be read
        require(done.returncode == 5 and any(word in done.stderr for word in said) and os.path.exists(made),
                "call %d of %d: %s" % (at, count, done.stderr))
        require(names(gallery, made if sealed else None) == ["ana", "bob", "eva"], "call %d" % at)
        counts[sealed] = counts.get(sealed, 0) + 1
        if counts.get(True) and not sealed:
            break
    require(counts.get(True) and counts.get(False), str(counts))


@case
def copies_that_are_sealed_otherwise():
    """What forget says of them helps."""
    gallery, key = fresh()
    other, copy = put(gallery + ".other", bytes(range(7, 50))), gallery + ".copy"
    faceid("backup", copy, gallery=gallery, key=key)
    faceid("protect", "--new-key", other, gallery=gallery, key=key)
    done = faceid("forget", "ana", gallery=gallery, key=other, code=5)
    require("sealed with another secret" in done.stderr and copy in done.stderr, done.stderr)
    faceid("protect", "--new-key", other, gallery=copy, key=key)
    faceid("forget", "ana", gallery=gallery, key=other)
    require(names(copy, other) == ["bob", "eva"], "ana is in the copy")
    faceid("protect", "--off", gallery=gallery, key=other)
    for given, said in ((None, copy + ", a copy of this gallery, is sealed, and the gallery is not"), (other, "is not sealed, though a key")):
        done = faceid("forget", "bob", gallery=gallery, key=given, code=5)
        require(said in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    faceid("protect", "--off", gallery=copy, key=other)
    faceid("forget", "bob", gallery=gallery)
    require(names(copy) == ["eva"] and names(gallery) == ["eva"], "bob is in the copy")


main()
