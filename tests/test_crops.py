#!/usr/bin/python3
"""Kept crops, and a gallery that goes over to another model with them (faceid reembed)."""
import ctypes
import glob
import json
import os
import random
import statistics
import struct
import subprocess
import time

from check import BUILD, PATIENCE, case, main, require, shared, skip, temp_folder
from gallery_rows import CROP, all_rows, crops, damage, samples
from people_file import crop as crop_row, people_file, person
from program import FACEID, TRACED, environment, faceid, models, starter, strace

SEED = int(os.environ.get("FACEID_SEED", "1"))
PEOPLE = ("amy", "penny", "raj", "stuart")
MAGIC = b"FCR1"


def pictures(name):
    return sorted(glob.glob(os.path.join(shared("data/people"), name, "*")))


def new_model():
    """The starter's recognizer beside the detector of models(): another model than theirs."""
    pair = starter() or skip("no starter model can be had")
    return pair[0], models()[1]


def good(*words, **options):
    done = faceid(*words, **options)
    require(done.returncode == 0, "%s: %s" % (" ".join(words), done.stderr))
    return done


def enrolled(*options, people=PEOPLE, pair=None, count=3):
    gallery = os.path.join(temp_folder(), "gallery.db")
    for name in people:
        good("enroll", *options, name, *pictures(name)[:count], gallery=gallery, pair=pair or models())
    return gallery


def read(path):
    with open(path, "rb") as file:
        return file.read()


def everything(gallery):
    """The bytes of the gallery's file and of what lies beside it."""
    return b"".join(read(path) for path in glob.glob(gallery + "*"))


def crops_of(gallery, name):
    return json.loads(good("show", "--json", name, gallery=gallery).stdout)["crops"]


def vectors(gallery):
    """{source: the sample's numbers}."""
    return {source: struct.unpack("<%df" % (len(data) // 4), data) for source, data in samples(gallery)}


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


def names_found(gallery, pair):
    """{(picture, box): name} of the pictures nobody was enrolled from."""
    rest = [p for name in PEOPLE for p in pictures(name)[3:]] + pictures("_group")
    lines = [line.split("\t") for line in good("identify", *rest, gallery=gallery, pair=pair).stdout.splitlines()]
    return {(line[0], line[1]): line[2] for line in lines}


@case
def are_kept_only_when_asked_for():
    gallery = enrolled(people=("amy",))
    require(MAGIC not in everything(gallery) and crops_of(gallery, "amy") == 0, "crops are kept unasked")
    gallery = enrolled("--keep-crops", people=("amy",))
    data = everything(gallery)
    require(data.count(MAGIC) >= 3 and crops_of(gallery, "amy") == 3, "no crops")
    print("%d bytes of a gallery with 3 faces" % os.path.getsize(gallery))
    settings = temp_folder()
    os.mkdir(os.path.join(settings, "faceid"))
    with open(os.path.join(settings, "faceid", "config"), "w") as file:
        file.write("[enroll]\nkeep_crops = 1\n")
    gallery = os.path.join(temp_folder(), "gallery.db")
    good("enroll", "amy", pictures("amy")[0], gallery=gallery, pair=models(), XDG_CONFIG_HOME=settings)
    require(crops_of(gallery, "amy") == 1, "the settings are not heard")


@case
def another_model_is_as_good_as_enrolling_anew():
    pair = new_model()
    gallery = enrolled("--keep-crops")
    done = faceid("identify", pictures("amy")[3], gallery=gallery, pair=pair)
    require(done.returncode == 5 and "faceid reembed" in done.stderr and "4 of 4" in done.stderr, done.stderr)
    listed = good("reembed", "--dry-run", gallery=gallery, pair=pair).stdout
    require(listed == "".join("%s\t3\t3\tcan move\n" % name for name in PEOPLE), listed)
    good("reembed", gallery=gallery, pair=pair)
    there = sorted(os.listdir(os.path.dirname(gallery)))
    for dry in ((), ("--dry-run",)):
        done = faceid("reembed", *dry, gallery=gallery, pair=pair)
        require(done.returncode == 5 and "of that model already" in done.stderr, done.stderr)
    require(sorted(os.listdir(os.path.dirname(gallery))) == there, "a needless copy")
    good("check", gallery=gallery)
    fresh = enrolled(pair=pair)
    a, b = vectors(gallery), vectors(fresh)
    likeness = [cosine(a[source], b[source]) for source in a]
    require(set(a) == set(b), "%s, %s" % (sorted(a), sorted(b)))
    print("%d faces: cosine to the picture's own vector %.4f at least, %.4f median"
          % (len(a), min(likeness), statistics.median(likeness)))
    require(statistics.median(likeness) >= 0.99, "median %.4f" % statistics.median(likeness))
    again, anew = names_found(gallery, pair), names_found(fresh, pair)
    known = [sum(name != "?" for name in found.values()) for found in (again, anew)]
    print("%d faces named after going over, %d after enrolling anew, of %d" % (*known, len(anew)))
    for (path, box), name in again.items():
        owner = os.path.basename(os.path.dirname(path))
        require(owner not in PEOPLE or name == anew[path, box], "%s: %s, not %s" % (path, name, anew[path, box]))
        require("?" in (name, anew[path, box]) or name == anew[path, box], "%s: two names" % path)


@case
def the_library_wants_it_opened_without_a_model():
    """With one it would end in FID_MISMATCH, too late: everybody would be over at the other model by then."""
    pair, gallery = new_model(), enrolled("--keep-crops", people=("amy",))
    before = read(gallery)
    library = ctypes.CDLL(os.path.join(BUILD, "libfaceid.so"))
    text = ctypes.create_string_buffer(512)
    pointers = {name: ctypes.c_void_p() for name in ("runtime", "old", "new", "embedder", "gallery")}
    runtime, old, new, embedder, opened = pointers.values()

    def call(function, *words):
        return getattr(library, function)(*words, text)

    require(call("fid_runtime_open", ctypes.byref(runtime), None) == 0, text.raw)
    for path, model in ((models()[0], old), (pair[0], new)):
        require(call("fid_model_open", runtime, path.encode(), ctypes.byref(model)) == 0, text.raw)
    require(call("fid_embedder_open", runtime, new, 1, ctypes.byref(embedder)) == 0, text.raw)
    require(call("fid_gallery_open", gallery.encode(), old, None, 0, ctypes.byref(opened)) == 0, text.raw)
    done = ctypes.create_string_buffer(64)
    status = call("fid_gallery_reembed", opened, new, embedder, False, None, None, done)
    require(status == 1 and b"without a model" in text.raw, "%d, %s" % (status, text.raw.strip(b"\0")))
    library.fid_gallery_close(ctypes.byref(opened))
    require(read(gallery) == before, "it was changed")
    good("identify", pictures("amy")[0], gallery=gallery, pair=models())


@case
def who_has_no_crop_has_to_come_back():
    pair = new_model()
    gallery = enrolled("--keep-crops", people=("amy", "raj"))
    good("enroll", "penny", pictures("penny")[0], gallery=gallery, pair=models())
    before = read(gallery)
    done = faceid("reembed", gallery=gallery, pair=pair)
    require(done.returncode == 7 and "penny must come back" in done.stderr and "amy" not in done.stderr,
            "%d: %s" % (done.returncode, done.stderr))
    require(read(gallery) == before and os.listdir(os.path.dirname(gallery)) == ["gallery.db"],
            "something was written")
    copy = gallery + ".before"
    done = good("reembed", "--leave-out", "--copy", copy, gallery=gallery, pair=pair)
    require("1 person is left out" in done.stderr and copy in done.stderr, done.stderr)
    require(good("list", gallery=gallery).stdout.count("\n") == 2, "who is left")
    done = faceid("undo", gallery=gallery)
    require(done.returncode == 5 and "copy" in done.stderr, done.stderr)
    found = good("identify", pictures("penny")[0], gallery=copy, pair=models()).stdout
    require("penny" in found, "the copy: " + found)
    done = faceid("reembed", gallery=gallery, pair=pair)
    require(done.returncode == 5 and "already" in done.stderr, done.stderr)


@case
def nobody_who_comes_meanwhile_is_lost():
    """Somebody is enrolled between the copy and the change: in neither, if that went on."""
    gallery = enrolled("--keep-crops", people=("amy",))
    copy = gallery + ".before"
    slow = strace("-e", "trace=link", "-e", "inject=link:delay_exit=3000000")
    child = subprocess.Popen([*slow, FACEID, "reembed", "--leave-out", "--copy", copy], stderr=subprocess.PIPE,
                             text=True, env=environment(gallery=gallery, pair=new_model(), **TRACED))
    end = time.monotonic() + PATIENCE
    while not os.path.exists(copy) and child.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    good("enroll", "raj", pictures("raj")[0], gallery=gallery, pair=models())
    said = child.communicate()[1]
    require(child.returncode == 8 and "changed by another process" in said, "%d: %s" % (child.returncode, said))
    require(good("list", gallery=gallery).stdout.count("\n") == 2, "who is there")
    good("identify", pictures("amy")[3], gallery=gallery, pair=models())


@case
def the_copy_takes_a_name_that_is_free():
    """restore and reembed within one second."""
    gallery, pair = enrolled("--keep-crops", people=("amy",)), new_model()
    begin = time.time()
    for second in range(60):
        path = "%s.%s" % (gallery, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(begin + second)))
        with open(path, "w"):
            pass
    good("enroll", "amy", pictures("amy")[4], gallery=gallery, pair=models())
    said = good("reembed", gallery=gallery, pair=pair).stderr
    require("1 face had no usable crop and is gone" in said, said)
    copies = [name for name in os.listdir(os.path.dirname(gallery)) if name.endswith("Z-2")]
    require(len(copies) == 1 and copies[0] in said, "%s: %s" % (copies, said))


@case
def limit_of_the_old_model_goes():
    gallery = enrolled("--keep-crops", people=("amy",))
    cohort = os.path.join(temp_folder(), "strangers")
    for name in ("raj", "howard", "leonard"):
        os.makedirs(cohort, exist_ok=True)
        os.symlink(pictures(name)[0], "%s/%s.png" % (cohort, name))
    good("calibrate", "--cohort", cohort, "--fpir", "0.3", "--apply", gallery=gallery, pair=models())
    done = good("reembed", gallery=gallery, pair=new_model())
    require("calibrated for the old model is taken back" in done.stderr, done.stderr)
    good("check", gallery=gallery)


@case
def travel_with_export_and_import():
    gallery, there = enrolled("--keep-crops", people=("amy", "raj")), os.path.join(temp_folder(), "there.db")
    one, two = (os.path.join(temp_folder(), n) for n in ("one", "two"))
    good("export", one, gallery=gallery)
    good("import", one, gallery=there)
    require(crops_of(there, "amy") == 3, "crops of amy")
    good("export", two, gallery=there)
    require(read(one) == read(two), "not the same again")


@case
def hostile_crops_are_refused():
    numbers = struct.pack("<15f", *([10] * 15))
    crops = {"none": b"", "other letters": b"FCR2" + numbers + b"\xff\xd8\xff", "no picture": MAGIC + numbers,
             "no JPEG": MAGIC + numbers + b"\x89PNG", "not a number": MAGIC + struct.pack(
                 "<15f", *([float("nan")] * 15)) + b"\xff\xd8\xff", "huge": MAGIC + numbers + b"\xff\xd8\xff" * 400000}
    for what, crop in crops.items():
        path, gallery = (os.path.join(temp_folder(), n) for n in ("a.people", "gallery.db"))
        with open(path, "wb") as file:
            file.write(people_file(person("ana") + [crop_row(crop)]))
        done = faceid("import", path, gallery=gallery)
        require(done.returncode == 3 and done.stderr.count("\n") == 1,
                "%s: %d: %s" % (what, done.returncode, done.stderr))
    whole = MAGIC + numbers + b"\xff\xd8\xff"
    for rows in ([crop_row(whole)], person("ana", 1) + [crop_row(whole)] * 2):
        with open(path, "wb") as file:
            file.write(people_file(rows))
        done = faceid("import", path, gallery=gallery)
        require(done.returncode == 3 and "breaks the rules" in done.stderr, done.stderr)


@case
def are_forgotten_with_their_person():
    gallery = enrolled("--keep-crops")
    crop = crops(gallery, PEOPLE[0])[0].rstrip(b"\0")
    pieces = [crop[i:i + 64] for i in range(1024, len(crop) - 64, 64)]
    require(all(piece[:8] in everything(gallery) for piece in pieces), "the search finds nothing")
    good("backup", gallery + ".copy", gallery=gallery)
    good("merge", "raj", "stuart", gallery=gallery)
    done = good("forget", PEOPLE[0], gallery=gallery)
    left = everything(gallery)
    require(not any(piece[:32] in left for piece in pieces), "pieces of the crop are left")
    for name in ("penny", "stuart"):
        good("forget", name, gallery=gallery)
    require(MAGIC not in everything(gallery), "crops of nobody are left: " + done.stderr)


@case
def damage_is_told_and_hurts_no_vector():
    pair = new_model()
    chance = random.Random(SEED)
    gallery = enrolled("--keep-crops", people=("amy", "raj"))
    for row in all_rows(gallery, CROP)[:2]:
        damage(gallery, row, chance.randrange(len(row.content)))
    done = faceid("check", gallery=gallery)
    require(done.returncode == 5 and done.stderr.count("faceid: crop ") == 2, done.stderr)
    require("amy" in good("identify", pictures("amy")[4], gallery=gallery, pair=models()).stdout, "a vector")
    done = faceid("reembed", gallery=gallery, pair=pair)
    require(done.returncode == 5 and "is damaged, and is not copied" in done.stderr, "no way back: " + done.stderr)
    saved = gallery + ".saved"
    faceid("check", "--salvage", saved, gallery=gallery)
    done = good("reembed", gallery=saved, pair=pair)
    require("2 faces had no usable crop and are gone" in done.stderr, done.stderr)
    good("check", gallery=saved)


main()
