#!/usr/bin/python3
"""The clips of the project's origin: two people enrolled from the first half of their clips, found in
every frame of the second half, and nobody else taken for them. Eight people enrolled from three
portraits each, looked for in two others and in pictures of the whole group."""
import json
import os
import shutil
import signal

from check import case, main, require, run, shared, skip, temp_folder
from people import NAMES, People, portrait, portraits
from program import FACEID, environment, faceid, models, starter

HALVES = {"chengwei": ("data/clips/chengwei1.MOV", 69), "michelle": ("data/clips/michelle1.avi", 96)}


def identify(gallery, pair, *words):
    """The JSON objects of identify."""
    done = faceid("identify", "--json", "--explain", *words, gallery=gallery, pair=pair)
    require(done.returncode in (0, 1), done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def halves(pair):
    """Enrolls the first halves, checks every frame of the second ones; returns the gallery."""
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    gallery = os.path.join(temp_folder(), "gallery.db")
    for name, (clip, frames) in HALVES.items():
        done = faceid("enroll", name, "--frames", "0:%d" % (frames // 2 - 1), shared(clip),
                      gallery=gallery, pair=pair)
        require(done.returncode == 0, done.stderr)
    for name, (clip, frames) in HALVES.items():
        seen = identify(gallery, pair, "--every", "1", "--frames", "%d:" % (frames // 2), shared(clip))
        numbers = [frame["frame"] for frame in seen]
        require(numbers == list(range(frames // 2, frames)), "%s: frames %s" % (name, numbers))
        wrong = [frame["frame"] for frame in seen
                 if [face["name"] for face in frame["faces"] if face["known"]] != [name]]
        require(not wrong, "%s is not (alone) named in the frames %s" % (name, wrong))
    return gallery


def strangers(gallery, pair, *sources):
    named = [(frame["file"], frame.get("frame"), face["name"], face["score"])
             for frame in identify(gallery, pair, *sources) for face in frame["faces"] if face["known"]]
    require(not named, "strangers with a name: %s" % named)


def clips_and_people(pair):
    gallery = halves(pair)
    for folder in ("data/people", "data/people2"):
        strangers(gallery, pair, *sorted({f for f, _, files in os.walk(shared(folder)) if files}))
    strangers(gallery, pair, shared("data/clips/short_hamilton_clip.mp4"),
              shared("data/clips/facenet_pytorch_video.mp4"))


@case
def yunet_and_mobilefacenet():
    shared("models/mobilefacenet")
    clips_and_people(models())


@case
def the_starter():
    clips_and_people(starter() or skip("no starter model and no network to fetch it"))


GROUPS = {  # who is on them, from the left, as a person sees it
    "bbt1.jpg": ["raj", "leonard", "howard", "sheldon"],
    "bbt2.jpg": ["raj", "leonard", "sheldon"],
    "bbt3.jpg": ["sheldon", "howard", "penny", "raj", "leonard"],
    "bbt4.jpg": ["leonard", "amy", "raj", "penny", "sheldon", "bernadette"],
    "bbt5.jpg": ["raj", "penny", "sheldon", "leonard", "howard"],
    "multiface.jpg": [None] * 6,
}


def three_portraits(pair):
    """Holds and prints what the group pictures and the other portraits say."""
    people, right, missed, wrong = People(pair), 0, [], []
    for name in NAMES:
        people.enroll(name, *portraits(name, 1, 2, 3))
    looks = [(portrait(name, number), [name]) for name in NAMES for number in (4, 5)]
    looks += [(shared("data/people/_group/" + file), who) for file, who in GROUPS.items()]
    for (picture, who), faces in zip(looks, people.identify(*[picture for picture, _ in looks])):
        faces.sort(key=lambda face: face["box"][0])
        require(len(faces) == len(who), "%d faces in %s" % (len(faces), picture))
        for want, face in zip(who, faces):
            told = "%s in %s" % (want, os.path.basename(picture))
            right += face["name"] == want  # a stranger's is None
            missed += [told] if want and not face["known"] else []
            wrong += ["%s is %s" % (told, face["name"])] if face["known"] and face["name"] != want else []
    print("    right %d of 45 (39 of these people, 6 strangers), missed: %s, false names: %s" % (
        right, missed, wrong))
    require(not wrong and len(missed) <= 3, "too many")


@case
def portraits_and_groups_yunet_and_mobilefacenet():
    shared("models/mobilefacenet")
    three_portraits(models())


@case
def portraits_and_groups_the_starter():
    three_portraits(starter() or skip("no starter model and no network to fetch it"))


@case
def damaged_clip():
    clip = os.path.join(temp_folder(), "cut.avi")
    with open(shared("data/clips/michelle1.avi"), "rb") as source, open(clip, "wb") as target:
        target.write(source.read(3000))
    done = faceid("identify", clip, pair=models())
    require(done.returncode == 3 and "cut.avi" in done.stderr and not done.stdout, done.stderr)


@case
def a_parent_that_ignores_its_children():
    """Some supervisors do, and a program inherits it: how ffmpeg ended has to be known all the same."""
    clip, pair = shared("data/clips/michelle1.avi"), models()
    done = run(FACEID, "identify", "--strict", "--frames", "0:3", clip, env=environment(pair=pair),
               preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    usual = faceid("identify", "--strict", "--frames", "0:3", clip, pair=pair)
    require(usual.returncode == 1 and usual.stdout, usual.stderr)
    require((done.returncode, done.stdout) == (1, usual.stdout), "exit %d: %s" % (done.returncode, done.stderr))


@case
def no_ffmpeg():
    done = faceid("identify", shared("data/clips/michelle1.avi"), pair=models(), PATH="/nonexistent")
    require(done.returncode == 3 and "not installed" in done.stderr and not done.stdout, done.stderr)


main()
