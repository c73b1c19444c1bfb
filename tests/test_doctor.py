#!/usr/bin/python3
"""faceid doctor: what it finds of a good machine and of one that lacks something, each with its exit
code, in words and as JSON."""
import json
import os
import shutil

from check import case, main, require, run, skip, temp_folder
from program import FACEID, environment, models, png

CHECKS = ["program", "cpu", "recognizer", "detector", "gallery", "camera", "display", "fonts", "clips"]


def doctor(*words, pair=None, gallery=None, **more):
    """(exit code, {check: line}) of both forms, which must say the same."""
    env = environment(gallery=gallery, pair=pair, **more)
    text, objects = (run(FACEID, "doctor", *form, *words, env=env) for form in ((), ("--json",)))
    require(text.returncode == objects.returncode and not text.stderr and not objects.stderr,
            text.stderr + objects.stderr)
    said = {}
    for line, plain in zip(objects.stdout.splitlines(), text.stdout.splitlines(), strict=True):
        found = json.loads(line)
        require(found["v"] == 1 and found["state"] in ("ok", "warn", "fail"), line)
        require((found["advice"] is None) == (found["state"] == "ok"), line)
        require(plain.split()[:2] == [found["state"], found["check"]] and found["text"] in plain, plain)
        said[found["check"]] = found
    return text.returncode, said


def without_window(said):
    return "live window" in said["program"]["text"] and "without live" in said["program"]["text"]


@case
def good_machine():
    code, said = doctor(pair=models(), SDL_VIDEODRIVER="dummy")
    require(code == 0, str(said))
    if not without_window(said):
        require(list(said) == CHECKS, str(list(said)))
        require(said["display"]["state"] == "ok" and said["display"]["text"] == "dummy", str(said["display"]))
    for name, path in zip(("recognizer", "detector"), models()):
        require(said[name]["state"] == "ok" and path in said[name]["text"], str(said[name]))
    require("threads" in said["cpu"]["text"], str(said["cpu"]))


@case
def no_model_and_a_wrong_one():
    empty = temp_folder()
    pair = (os.path.join(empty, "none.fid"), models()[1])
    code, said = doctor(pair=pair)
    require(code == 4 and said["recognizer"]["state"] == "fail" and pair[0] in said["recognizer"]["text"],
            str(said))
    require(said["detector"]["state"] == "ok", str(said["detector"]))
    code, said = doctor(pair=tuple(reversed(models())))
    require(code == 4 and said["recognizer"]["state"] == said["detector"]["state"] == "fail", str(said))


@case
def model_with_a_wrong_byte():
    damaged = os.path.join(temp_folder(), "damaged.fid")
    shutil.copy(models()[1], damaged)
    with open(damaged, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    code, said = doctor(pair=(models()[0], damaged))
    require(code == 4 and said["detector"]["state"] == "fail" and "damaged.fid" in said["detector"]["text"],
            str(said["detector"]))


@case
def kernels_that_are_not_here():
    code, said = doctor("--isa", "abacus", pair=models())
    require(code == 2 and said["cpu"]["state"] == "fail" and "abacus" in said["cpu"]["text"], str(said))
    require("recognizer" not in said and "gallery" in said, str(list(said)))
    code, said = doctor("--isa", "ref", pair=models())
    require(code == 0 and said["cpu"]["state"] == "warn", str(said["cpu"]))


@case
def gallery_that_others_may_read_or_nobody():
    gallery = os.path.join(temp_folder(), "gallery.db")
    code, said = doctor(pair=models(), gallery=gallery)
    require(code == 0 and said["gallery"]["state"] == "warn" and not os.path.exists(gallery), str(said["gallery"]))
    with open(gallery, "wb") as file:
        file.write(b"no gallery at all " * 100)
    os.chmod(gallery, 0o600)
    code, said = doctor(pair=models(), gallery=gallery)
    require(code == 5 and said["gallery"]["state"] == "fail" and gallery in said["gallery"]["text"], str(said))
    require("--gallery FILE" in said["gallery"]["advice"], "where to look for what is there: %s" % said["gallery"])
    code, said = doctor(pair=models(), gallery="/dev/null/gallery.db")
    require(code == 5 and "--gallery FILE" in said["gallery"]["advice"], str(said["gallery"]))


@case
def gallery_of_somebody():
    from check import shared
    gallery = os.path.join(temp_folder(), "gallery.db")
    env = environment(gallery=gallery, pair=models())
    done = run(FACEID, "enroll", "ana", shared("data/vggface/ajb.jpg"), env=env)
    require(done.returncode == 0, done.stderr)
    code, said = doctor(pair=models(), gallery=gallery)
    require(code == 0 and said["gallery"]["state"] == "ok" and "1 person" in said["gallery"]["text"], str(said))
    os.chmod(gallery, 0o644)
    code, said = doctor(pair=models(), gallery=gallery)
    require(code == 0 and said["gallery"]["state"] == "warn", str(said["gallery"]))
    require(run(FACEID, "list", env=env).returncode == 0, "list")
    require(os.stat(gallery).st_mode & 0o777 == 0o644, "looking at it has changed who may read it")
    done = run(FACEID, "rename", "ana", "bo", env=env)
    require(done.returncode == 0 and gallery in done.stderr and "0600" in done.stderr, done.stderr)
    require(os.stat(gallery).st_mode & 0o777 == 0o600, "still open")
    done = run(FACEID, "rename", "bo", "ana", env=env)
    require(done.returncode == 0 and "0600" not in done.stderr, done.stderr)


@case
def gallery_that_cannot_be_made():
    code, said = doctor(pair=models(), XDG_DATA_HOME="/proc/1")
    require(code == 5 and said["gallery"]["state"] == "fail" and "/proc/1/" in said["gallery"]["text"], str(said))
    require("--gallery FILE" in said["gallery"]["advice"], str(said["gallery"]))
    folder = temp_folder()
    code, said = doctor(pair=models(), XDG_DATA_HOME=os.path.join(folder, "not", "yet"))
    require(code == 0 and said["gallery"]["state"] == "warn" and not os.listdir(folder), str(said["gallery"]))


@case
def packages_of_the_fonts_that_are_missing():
    """Only those that have the scripts: where DejaVu is, it is not named again."""
    dejavu = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    if not os.path.exists(dejavu):
        skip("without DejaVu's fonts")
    folder = temp_folder()
    os.makedirs(os.path.join(folder, "fonts"))
    os.symlink(dejavu, os.path.join(folder, "fonts", "DejaVuSans.ttf"))
    _, said = doctor(pair=models(), XDG_DATA_DIRS=folder)
    if without_window(said):
        skip("this build has no live window")
    require("Hindi" in said["fonts"]["text"] and "Latin" not in said["fonts"]["text"], str(said["fonts"]))
    advice = said["fonts"]["advice"]
    require("fonts-noto-core" in advice and "fonts-wqy-microhei" in advice and "dejavu" not in advice, advice)


@case
def no_ffmpeg_no_fonts_no_display():
    nowhere = temp_folder()
    code, said = doctor(pair=models(), PATH=nowhere, XDG_DATA_DIRS=nowhere, SDL_VIDEODRIVER="none")
    require(code == 0 and said["clips"]["state"] == "warn", str(said["clips"]))
    require(said["display"]["state"] == "warn", str(said["display"]))
    if without_window(said):
        skip("this build has no live window")
    require("Latin" in said["fonts"]["text"] and "Korean" in said["fonts"]["text"], str(said["fonts"]))


main()
