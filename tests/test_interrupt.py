#!/usr/bin/python3
"""Ctrl-C and full disks: an interrupted identification ends with exit 130 after a whole line, what was
done in spite of the signal with its own exit code, and data that could not be written is an error."""
import glob
import json
import os
import shutil
import signal
import subprocess

from check import case, main, require, run, shared, skip, temp_folder
from people_file import people_file, person
from program import FACEID, TRACED, environment, faceid, models, starter, strace
from small_model import small_model


def interrupt(lines_before, *words):
    """Sends SIGINT, as a terminal does, to identify and its children after some lines; returns the
    lines it had printed."""
    gallery = os.path.join(temp_folder(), "gallery.db")
    child = subprocess.Popen([FACEID, "identify", "--json", "--quiet", *words],
                             env=environment(gallery=gallery, pair=models()), text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True)
    try:
        text = "".join(child.stdout.readline() for _ in range(lines_before))
        os.killpg(child.pid, signal.SIGINT)
        rest, said = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait()
    require(child.returncode == 130, "exit %d: %s" % (child.returncode, said))
    text += rest
    require(text.endswith("\n"), "the last line is cut: " + text[-80:])
    return [json.loads(line) for line in text.splitlines()]


@case
def of_a_folder():
    folder, count = temp_folder(), 2000
    for i in range(count):
        os.symlink(shared("data/vggface/ajb.jpg"), os.path.join(folder, "%04d.jpg" % i))
    seen = [os.path.basename(entry["file"]) for entry in interrupt(3, folder)]
    require(3 <= len(seen) < count, "%d of %d pictures" % (len(seen), count))
    require(seen == ["%04d.jpg" % i for i in range(len(seen))], "lines are missing: %s" % seen)


@case
def of_a_clip():
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    clip = shared("data/clips/michelle1.avi")
    numbers = [entry["frame"] for entry in interrupt(3, "--every", "1", *[clip] * 20)]
    require(3 <= len(numbers) < 20 * 96, "all %d frames were done" % len(numbers))
    require(numbers == [i % 96 for i in range(len(numbers))], "frames are missing: %s" % numbers)


def interrupted_at(call, *words, **options):
    """Runs the program, to which SIGINT comes with its first one of this system call."""
    return run(*strace("-e", "trace=" + call, "-e", "inject=%s:signal=SIGINT:when=1" % call), FACEID, *words,
               env=environment(**options, **TRACED))


@case
def of_what_is_done_all_the_same():
    """All or nothing, and it was all: no script may take that for not done."""
    folder = temp_folder()
    gallery, file, copy, key, rest = (os.path.join(folder, n) for n in ("a.db", "a.people", "b.db", "key", "rest"))
    with open(file, "wb") as out:
        out.write(people_file(person("ana"), person("bob"), person("eva")))
    for call, *words in (("fdatasync", "import", file), ("link", "backup", copy), ("fdatasync", "forget", "ana"),
                         ("rename", "protect", "--new-key", key), ("link", "export", rest, "--key-file", key),
                         ("fdatasync", "rename", "bob", "rob", "--key-file", key),
                         ("rename", "protect", "--off", "--key-file", key)):
        done = interrupted_at(call, *words, gallery=gallery)
        require(done.returncode == 0, "%s: exit %d: %s" % (words, done.returncode, done.stderr))
    listed = faceid("list", gallery=gallery).stdout
    require(listed.startswith("eva\t") and "\nrob\t" in listed, listed)


@case
def of_going_over_to_another_model():
    """Face by face in one transaction: the signal, which comes while the copy is made, ends it before
    the first."""
    gallery, pair = os.path.join(temp_folder(), "gallery.db"), starter() or skip("no starter model can be had")
    pictures = sorted(glob.glob(os.path.join(shared("data/people"), "amy", "*")))[:2]
    done = faceid("enroll", "--keep-crops", "amy", *pictures, gallery=gallery, pair=models())
    require(done.returncode == 0, done.stderr)
    done = interrupted_at("link", "reembed", gallery=gallery, pair=pair)
    require(done.returncode == 130 and "nothing is changed" in done.stderr, "%d: %s" % (
        done.returncode, done.stderr))
    done = faceid("identify", pictures[0], gallery=gallery, pair=models())
    require(done.returncode == 0 and "amy" in done.stdout, done.stdout + done.stderr)


def into_a_full_disk(*words, **options):
    if not os.path.exists("/dev/full"):
        skip("no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([FACEID, *words], env=environment(**options), text=True, stdout=full,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    require(done.returncode == 70, "%s: exit %d: %s" % (words, done.returncode, done.stderr))
    require("could not be written" in done.stderr and done.stderr.count("\n") == 1, done.stderr)


@case
def model_info_into_a_full_disk():
    into_a_full_disk("model", "info", "--json", small_model())


@case
def identify_into_a_full_disk():
    into_a_full_disk("identify", "--quiet", shared("data/vggface/ajb.jpg"), pair=models(),
                     gallery=os.path.join(temp_folder(), "gallery.db"))


main()
