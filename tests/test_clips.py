#!/usr/bin/python3
"""The clips of the project's origin: two people enrolled from the first half of their clips, found in
every frame of the second half, and nobody else taken for them."""
import json
import os
import shutil

from check import case, main, require, shared, skip, temp_folder
from program import faceid, models, starter

HALVES = {"chengwei": ("data/clips/chengwei1.MOV", 69), "michelle": ("data/clips/michelle1.avi", 96)}


def identify(gallery, pair, *words):
    """The JSON objects of identify."""
    done = faceid("identify", "--json", "--explain", *words, gallery=gallery, pair=pair)
    require(done.returncode in (0, 1), done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def halves(pair):
    """Enrols the first halves, checks every frame of the second ones; returns the gallery."""
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
    folders = sorted({folder for folder, _, files in os.walk(shared("data/people2")) if files})
    strangers(gallery, pair, *folders)
    strangers(gallery, pair, shared("data/clips/short_hamilton_clip.mp4"),
              shared("data/clips/facenet_pytorch_video.mp4"))


@case
def yunet_and_mobilefacenet():
    shared("models/mobilefacenet")
    clips_and_people(models())


@case
def the_starter():
    clips_and_people(starter() or skip("no starter model and no network to fetch it"))


@case
def damaged_clip():
    clip = os.path.join(temp_folder(), "cut.avi")
    with open(shared("data/clips/michelle1.avi"), "rb") as source, open(clip, "wb") as target:
        target.write(source.read(3000))
    done = faceid("identify", clip, pair=models())
    require(done.returncode == 3 and "cut.avi" in done.stderr and not done.stdout, done.stderr)


@case
def no_ffmpeg():
    done = faceid("identify", shared("data/clips/michelle1.avi"), pair=models(), PATH="/nonexistent")
    require(done.returncode == 3 and "not installed" in done.stderr and not done.stdout, done.stderr)


main()
