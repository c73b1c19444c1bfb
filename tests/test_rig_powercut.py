"""A machine that loses its power while people are being enrolled (in a virtual machine that is
killed): the gallery opens again, and whoever the program said was enrolled is there."""
import os
import random
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rigs"))
import vm  # noqa: E402
from check import BUILD, SOAK, case, main, require, shared, skip, temp_folder  # noqa: E402
import json  # noqa: E402
import program  # noqa: E402

FACE = "data/people/amy/amy1.png"
SEED = int(os.environ.get("FACEID_SEED", "1"))
CUTS = 3 if SOAK else 1


def fresh_disk():
    tool = shutil.which("mke2fs", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if tool is None:
        skip("no mke2fs (make deps-rig installs it)")
    path = os.path.join(temp_folder(), "disk")
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    subprocess.run([tool, "-q", "-F", "-t", "ext4", path], check=True)
    return path


def boot(disk, what, first=1, cut_after=None):
    guest = vm.prepare("amd64")
    recognizer, detector = program.models()
    folder = temp_folder()
    for name, text in (("what", what), ("first", "%d" % first)):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
    files = {"faceid": os.path.join(BUILD, "faceid"), "face.png": shared(FACE),
             "careless.so": os.path.join(BUILD, "tests", "careless.so"),
             "model.fid": recognizer, "detector.fid": detector,
             "what": os.path.join(folder, "what"), "first": os.path.join(folder, "first")}
    return vm.boot(guest, "powercut_steps.sh", files, disk=disk, cut_after=cut_after)


def known(run):
    """The names in the gallery when the guest began."""
    with open(os.path.join(run.out, "code"), encoding="ascii") as file:
        require(file.read() == "0\n", "faceid list failed: %s" % run.console)
    with open(os.path.join(run.out, "list"), encoding="utf-8") as file:
        return {json.loads(line)["name"] for line in file}


def acknowledged(run):
    return re.findall(r"^DONE (enroll|rename) (\d+)$", run.console, re.M)


def after(names, steps):
    """The names after these steps."""
    names = set(names)
    for verb, number in steps:
        if verb == "rename":
            names.remove("new " + number)
        names.add(("new " if verb == "enroll" else "known ") + number)
    return names


def next_step(steps, first):
    """The step that was at work when the power went."""
    if not steps:
        return "enroll", "%d" % first
    verb, number = steps[-1]
    return ("rename", number) if verb == "enroll" else ("enroll", "%d" % (int(number) + 1))


def cut_at(count, seconds):
    """Cuts so many seconds after so many acknowledged steps."""
    reached = []

    def cut(console):
        if not reached and console.count("DONE ") >= count:
            reached.append(time.monotonic())
        return bool(reached) and time.monotonic() - reached[0] >= seconds
    return cut


@case
def gallery_outlives_power_cuts():
    disk, names, at_work = fresh_disk(), set(), None
    chance = random.Random(SEED)
    for cut in range(CUTS + 1):
        first = 10 * (cut + 1)
        if cut == CUTS:
            run = boot(disk, "look")
        else:  # the first right after an answer, the others anywhere
            run = boot(disk, "write", first,
                       cut_at(chance.randint(2, 4), chance.uniform(0, 2) if cut else 0))
        allowed = [names] + ([after(names, [at_work])] if at_work else [])
        found = known(run)
        require(found in allowed, "seed %d, after cut %d the gallery holds %r, not one of %r"
                % (SEED, cut, found, allowed))
        steps = acknowledged(run)
        require(cut == CUTS or len(steps) >= 2, "the guest did not get far: " + run.console)
        names, at_work = after(found, steps), next_step(steps, first)


@case
def careless_program_would_be_noticed():
    """Without fsync the same cut loses what was acknowledged: else the case above says nothing."""
    disk = fresh_disk()
    steps = acknowledged(boot(disk, "careless", 10, cut_at(2, 0)))
    require(len(steps) >= 2, "the guest did not get far")
    lost = boot(disk, "look")
    with open(os.path.join(lost.out, "code"), encoding="ascii") as file:
        damaged = file.read() != "0\n"
    require(damaged or known(lost) != after(set(), steps), "nothing was lost")


main()
