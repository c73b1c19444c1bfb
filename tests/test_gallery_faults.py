"""A program that is killed, or is refused by the disk, at each of the calls by which it changes files:
the gallery is whole afterwards, nobody of before is lost or changed by a bit, and what was being done
is done or not done. `make soak` tries all calls, else a tenth of them."""
import errno
import json
import os
import random
import shutil

from check import BUILD, SOAK, case, main, require, run, shared, skip, temp_folder
from people_file import people_file, person
from power_cut import Disk, read_log
from program import FACEID, environment, models, starter

FAULTS = os.path.join(BUILD, "tests", "faults.so")
SEED = int(os.environ.get("FACEID_SEED", "1"))
CROWD = 6  # samples of each: enough to fill pages
_start = {}


def start_gallery():
    """A folder with a gallery of three people, and the file of two more."""
    if "folder" not in _start:
        folder = _start["folder"] = temp_folder()
        for name, people in (("first", [person("ana", CROWD), person("bob", CROWD), person("eva", CROWD)]),
                             ("more", [person("raj", CROWD), person("zoe", CROWD)])):
            with open(os.path.join(folder, name + ".people"), "wb") as file:
                file.write(people_file(*people))
        for name, people in (("gallery", "first"), ("other", "more")):
            done = run(FACEID, "import", os.path.join(folder, people + ".people"),
                       env=environment(gallery=os.path.join(folder, name + ".db")))
            require(done.returncode == 0, done.stderr)
    return _start["folder"]


def gallery_with_crops():
    """A gallery of one person of another model than the starter's."""
    if "crops" not in _start:
        _start["crops"] = os.path.join(temp_folder(), "gallery.db")
        done = run(FACEID, "enroll", "--keep-crops", "amy", *(shared("data/people/amy/amy%d.png" % i) for i in (1, 2)),
                   env=environment(gallery=_start["crops"], pair=models()))
        require(done.returncode == 0, done.stderr)
    return _start["crops"]


def state(gallery):
    """All that a gallery holds, by its own export; "" without people."""
    path = os.path.join(os.path.dirname(gallery), "state")
    env = environment(gallery=gallery)
    listed = run(FACEID, "list", env=env)
    require(listed.returncode == 0, "list: " + listed.stderr)
    if not listed.stdout:
        return b""
    done = run(FACEID, "export", "--force", path, env=env)
    require(done.returncode == 0, "export: " + done.stderr)
    with open(path, "rb") as file:
        return file.read()


def fresh(name):
    """A gallery for an operation to begin with, or a path where none is."""
    words, empty = OPERATIONS[name]
    gallery = os.path.join(temp_folder(), "gallery.db")
    if words[0] == "reembed":
        shutil.copy(gallery_with_crops(), gallery)
    elif not empty:
        shutil.copy(os.path.join(start_gallery(), "gallery.db"), gallery)
    return gallery


def attempt(words, gallery, **fault):
    pairs = {"enroll": models, "reembed": lambda: starter() or skip("no starter model can be had")}
    env = environment(gallery=gallery, pair=pairs.get(words[0], lambda: None)(), LD_PRELOAD=FAULTS, **fault)
    return run(FACEID, *words, env=env)


OPERATIONS = {  # name: (words, may the gallery be missing before)
    "first import": (("import", "more.people"), True),
    "import": (("import", "more.people"), False),
    "rename": (("rename", "ana", "somebody else"), False),
    "merge": (("merge", "ana", "bob"), False),
    "remove": (("remove", "ana", "--sample", "SAMPLE"), False),
    "forget": (("forget", "ana"), False),
    "backup": (("backup", "COPY"), False),
    "restore": (("restore", "OTHER"), False),
    "undo": (("undo",), False),
    "replacing import": (("import", "--force", "first.people"), False),
    "first enrollment": (("enroll", "new", "FACE"), True),
    "going over": (("reembed", "--copy", "COPY"), False),
}


def command(words, gallery):
    names = {**{n: os.path.join(start_gallery(), n) for n in ("first.people", "more.people")},
             "COPY": gallery + ".copy", "OTHER": os.path.join(start_gallery(), "other.db")}
    if "SAMPLE" in words:
        shown = run(FACEID, "show", "--json", "ana", env=environment(gallery=gallery))
        names["SAMPLE"] = str(json.loads(shown.stdout)["samples"][1]["id"])
    return [shared("data/people/amy/amy1.png") if w == "FACE" else names.get(w, w) for w in words]


def calls_of(name):
    """(number of changing calls, state before, state after)."""
    words, empty = OPERATIONS[name]
    gallery = fresh(name)
    before = b"" if empty else state(gallery)
    count = os.path.join(temp_folder(), "count")
    done = attempt(command(words, gallery), gallery, FAULT_COUNT=count)
    require(done.returncode == 0, done.stderr)
    with open(count, encoding="ascii") as file:
        return int(file.read()), before, state(gallery)


def chosen(count):
    return range(1, count + 1) if SOAK else sorted(
        random.Random(SEED).sample(range(1, count + 1), max(4, count // 10)))


def whole(gallery, before, what):
    """The state of a gallery in which nothing is damaged."""
    if not os.path.exists(gallery):
        return b""
    checked = run(FACEID, "check", env=environment(gallery=gallery))
    require(checked.returncode == 0 or (before == b"" and "there is no gallery" in checked.stderr),
            what + ": " + checked.stderr)
    return state(gallery)


def try_all(name, kinds, judge):
    count, before, after = calls_of(name)
    tried = 0
    for kind in kinds:
        for at in chosen(count):
            gallery = fresh(name)
            done = attempt(command(OPERATIONS[name][0], gallery), gallery, FAULT_AT=str(at), FAULT_KIND=kind)
            what = "%s, %s at call %d of %d" % (name, kind, at, count)
            judge(done, kind, what)
            found = whole(gallery, before, what)
            if name.endswith("enrollment"):  # its vectors have the time of each run
                require(found == before or len(found) == len(after), what + ": something else")
            else:
                require(found in (before, after), what + ": neither as before nor as after")
            tried += 1
            shutil.rmtree(os.path.dirname(gallery))
    return count, tried


def killed(done, kind, what):
    require(done.returncode in (-9, 0), "%s: ended with %d: %s" % (what, done.returncode, done.stderr))


def told(done, kind, what):
    """The disk's no is a sentence and exit code 5; 0: it did not matter."""
    require(done.returncode in (0, 5), "%s: ended with %d: %s" % (what, done.returncode, done.stderr))
    require(done.returncode == 0 or (done.stderr.startswith("faceid: ") and done.stdout == ""),
            what + ": " + done.stderr)


@case
def killed_at_each_call():
    total = 0
    for name in OPERATIONS:
        try:
            count, tried = try_all(name, ("kill", "torn"), killed)
        except Exception as problem:
            if type(problem).__name__ != "Skip":
                raise
            print("%s: %s" % (name, problem))
            continue
        print("%s: %d changing calls, %d kills" % (name, count, tried))
        total += tried
    print("%d kills in all" % total)
    require(not SOAK or total > 1000, "only %d kills" % total)


@case
def refused_at_each_call():
    total = 0
    for name in ("first import", "import", "rename", "merge", "forget", "backup", "going over"):
        codes = [str(e) for e in (errno.ENOSPC, errno.EIO) + ((errno.EROFS, errno.EDQUOT) if SOAK else ())]
        total += try_all(name, codes, told)[1]
    print("%d refusals in all" % total)


# ---- a power cut ----

IMAGES = 500 if SOAK else 25  # of each operation


def kept(gallery):
    """{name: bytes} of the gallery's own files."""
    folder = os.path.dirname(gallery)
    found = {}
    for name in os.listdir(folder):
        if name.startswith("gallery.db") and not name.endswith("-shm"):
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = file.read()
    return found


def put(image):
    """A gallery of these files."""
    folder = temp_folder()
    for name, data in image.items():
        if not name.endswith("-shm"):  # shared memory: its power is gone, too
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
            os.chmod(os.path.join(folder, name), 0o600)
    return os.path.join(folder, "gallery.db")


def logged(name):
    """(gallery's folder, its files before, the calls) of an operation."""
    words, empty = OPERATIONS[name]
    gallery = fresh(name)
    log = os.path.join(temp_folder(), "log")
    before = {} if empty else kept(gallery)
    done = attempt(command(words, gallery), gallery, FAULT_LOG=log)
    require(done.returncode == 0, done.stderr)
    return os.path.dirname(gallery), before, read_log(log)


@case
def power_cut_at_any_time():
    """What was being done is done or not done, and done for good once the program has said so."""
    chance = random.Random(SEED)
    total = lost = 0
    for name in OPERATIONS:
        if name.endswith("enrollment"):  # its vectors have the time of each run
            continue
        before, after = calls_of(name)[1:]
        folder, start, calls = logged(name)
        for i in range(IMAGES):
            end = len(calls) if i % 10 == 0 else chance.randint(1, len(calls))
            disk = Disk(folder, start)
            for call in calls[:end]:
                disk.call(*call)
            image = disk.after_cut(chance)
            what = "%s, cut after call %d of %d (image %d)" % (name, end, len(calls), i)
            gallery = put(image)
            found = whole(gallery, before, what)
            require(found in ((after,) if end == len(calls) else (before, after)),
                    what + (": not done" if end == len(calls) else ": neither as before nor as after"))
            lost += found == before != after
            total += 1
            shutil.rmtree(os.path.dirname(gallery))
    print("%d disks, %d as before, %d as after" % (total, lost, total - lost))
    require(0 < lost < total, "the cuts changed nothing")


main()
