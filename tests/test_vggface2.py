#!/usr/bin/python3
"""The way of VGGFace2's networks, on faceres, which was trained on that data set: BGR minus means, the
box times 1.3, both detectors, gallery, identify, live."""
import glob
import json
import os
import sys

import numpy as np

from check import ROOT, case, main, need, require, run, shared, skip, temp_folder

from engine import run_engine, tool
from gallery_rows import samples
from program import faceid, model, starter
from tfjs_peer import HUMAN, model_file

KNOWN, STRANGERS = ("amy", "penny", "raj", "stuart"), ("howard", "sheldon", "leonard", "bernadette")
MEANS = np.float32([103.939, 116.779, 123.68])  # blue, green, red
EXTEND, SIDE = 1.3, 224


def faceres():
    """The converted model, without --card: its card names the file."""
    if not hasattr(faceres, "path"):
        source, faceres.path = model_file(HUMAN, "faceres"), temp_folder() + "/faceres.fid"
        done = run(sys.executable, os.path.join(ROOT, "convert", "convert.py"), source, "-o",
                   faceres.path)
        require(done.returncode == 0 and "card faceres" in done.stdout, done.stdout + done.stderr)
    return faceres.path


def detectors():
    pair = starter() or skip("no starter model can be had")
    return {"yunet": model("yunet"), "mtcnn": pair[1]}


def good(*words, **options):
    done = faceid(*words, **options)
    require(done.returncode in (0, 1), "%s: %s" % (" ".join(words), done.stderr))
    return done


def pictures(name):
    return sorted(glob.glob(os.path.join(shared("data/people"), name, "*")))


def scores(gallery, pair, people):
    """[(who it is, name given, score)] of the last two pictures of each."""
    found = []
    for who in people:
        done = good("identify", "--json", *pictures(who)[3:], gallery=gallery, pair=pair)
        found += [(who, face["name"], face["score"]) for line in done.stdout.splitlines()
                  for face in json.loads(line)["faces"]]
    return found


@case
def people_are_known_with_both_detectors():
    """Nobody gets a wrong name by the measured limits, and one's own pictures are all more like one
    than any stranger's."""
    for name, detector in detectors().items():
        pair, gallery = (faceres(), detector), os.path.join(temp_folder(), "gallery.db")
        for who in KNOWN:
            good("enroll", "-q", who, *pictures(who)[:3], gallery=gallery, pair=pair)
        own, others = [scores(gallery, pair, people) for people in (KNOWN, STRANGERS)]
        require(len(own) == len(others) == 8, "%s: %d faces" % (name, len(own) + len(others)))
        require(all(given in (who, None) for who, given, _ in own), "%s: %s" % (name, own))
        require(sum(given is not None for _, given, _ in own) >= 5, "%s: %s" % (name, own))
        require(not any(given for _, given, _ in others), "%s: %s" % (name, others))
        require(min(score for *_, score in own) > 0.1 + max(score for *_, score in others),
                "%s: %s %s" % (name, own, others))


@case
def live_names_one_and_not_another():
    need("ffmpeg")
    pair, gallery = (faceres(), model("yunet")), os.path.join(temp_folder(), "gallery.db")
    good("enroll", "-q", "--every", "12", "michelle", shared("data/clips/michelle1.avi"),
         gallery=gallery, pair=pair)
    for clip, name in (("michelle1.avi", "michelle"), ("chengwei1.MOV", None)):
        done = good("live", "--headless", "--input", shared("data/clips/" + clip), "--frames", "10",
                    "--events", "-", gallery=gallery, pair=pair)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        named = {event["name"] for event in events if event["event"] == "identified"}
        require(named == {name}, "%s: %s" % (clip, events))


def pixels(path, width, height):
    need("ffmpeg")
    target = temp_folder() + "/rgb"
    done = run("ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", target)
    require(done.returncode == 0, done.stderr)
    return np.fromfile(target, "u1").reshape(height, width, 3).astype("f8")


def crop(picture, box):
    """The square around the box's center, bilinear, the border continued."""
    x, y, w, h = box
    side = EXTEND * max(w, h)
    axes = []
    for center, size in ((y + h / 2, picture.shape[0]), (x + w / 2, picture.shape[1])):
        at = center - side / 2 + (np.arange(SIDE) + 0.5) * side / SIDE - 0.5
        low = np.floor(at)
        axes.append([(np.clip(low + i, 0, size - 1).astype(int), abs(1 - i - (at - low)))
                     for i in (0, 1)])
    return sum(wy[:, None, None] * wx[None, :, None] * picture[iy][:, ix]
               for iy, wy in axes[0] for ix, wx in axes[1])


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@case
def a_crop_made_here_gives_the_same_numbers():
    """Channels, means and crop, by another program: red and blue exchanged, no means or another
    crop are further off."""
    tool()
    pair, gallery = (faceres(), model("yunet")), os.path.join(temp_folder(), "gallery.db")
    path = shared("data/lfw/images/Abdoulaye_Wade/Abdoulaye_Wade_0001.jpg")  # in color
    good("enroll", "-q", "one", path, gallery=gallery, pair=pair)
    stored = np.frombuffer(samples(gallery)[0][1], "<f4")
    found = json.loads(good("identify", "--json", path, gallery=gallery, pair=pair).stdout)
    box, picture = found["faces"][0]["box"], pixels(path, found["width"], found["height"])

    def alike(crop_of, change=lambda bgr: bgr - MEANS):
        bgr = crop(picture, crop_of)[None, :, :, ::-1]
        values = run_engine(faceres(), change(bgr))
        return cosine(values["global_pooling/Mean"].reshape(-1), stored.astype("f8"))

    x, y, w, h = box
    right = alike(box)
    require(right >= 0.999, "cosine %.4f" % right)
    for what, other in (("RGB", alike(box, lambda bgr: bgr[..., ::-1] - MEANS)),
                        ("no means", alike(box, lambda bgr: bgr)),
                        ("1.3 times 0.9", alike([x + 0.05 * w, y + 0.05 * h, 0.9 * w, 0.9 * h]))):
        require(other < 0.98, "%s: cosine %.4f" % (what, other))


main()
