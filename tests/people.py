"""people.py - the portraits of ../shared for tests: enrolled, changed by ffmpeg, put together."""
import json
import os
import shutil
import subprocess

import gallery_rows
from check import require, shared, skip, temp_folder
from program import faceid, models

NAMES = ["amy", "bernadette", "howard", "leonard", "penny", "raj", "sheldon", "stuart"]


def portrait(name, number):
    return shared("data/people/%s/%s%d.png" % (name, name, number))


def portraits(name, *numbers):
    return [portrait(name, number) for number in numbers or (1, 2, 3, 4, 5)]


def ffmpeg(*words):
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *words], check=True)


def changed(picture, change, name="changed.png", *more):
    """A picture with one of ffmpeg's filters over it; more: words for the output."""
    path = os.path.join(temp_folder(), name)
    ffmpeg("-i", picture, "-vf", change, *more, path)
    return path


def placed(width, height, places, name="placed.png", *more):
    """A gray picture with others on it: places [(picture, its width and height, x, y)]."""
    path = os.path.join(temp_folder(), name)
    words, chain, last = [], "", "[0]"
    for i, (picture, w, h, x, y) in enumerate(places):
        words += ["-i", picture]
        chain += "[%d]scale=%d:%d[p%d];%s[p%d]overlay=%d:%d:format=rgb[o%d];" % (
            i + 1, w, h, i, last, i, x, y, i)
        last = "[o%d]" % i
    ffmpeg("-f", "lavfi", "-i", "color=c=0x607080:s=%dx%d:d=1:r=1,format=rgb24" % (width, height),
           *words, "-filter_complex", chain.rstrip(";"), "-map", last, "-frames:v", "1", *more, path)
    return path


def box_overlap(a, b):
    """Intersection over union of two boxes [x, y, w, h]."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared_area = max(w, 0) * max(h, 0)
    return shared_area / (a[2] * a[3] + b[2] * b[3] - shared_area)


class People:
    """A gallery, and what the program says of it."""

    def __init__(self, pair=None):
        self.folder, self.pair = temp_folder(), pair or models()
        self.gallery = os.path.join(self.folder, "gallery.db")
        self.settings = os.path.join(self.folder, "faceid", "config")

    def options(self):
        return {"gallery": self.gallery, "pair": self.pair, "XDG_CONFIG_HOME": self.folder}

    def configure(self, text):
        os.makedirs(os.path.dirname(self.settings), exist_ok=True)
        with open(self.settings, "w") as file:
            file.write(text)

    def enroll(self, *words, code=0):
        done = faceid("enroll", *words, **self.options())
        require(done.returncode == code, "exit %d, not %d: %s" % (done.returncode, code, done.stderr))
        require(not done.stdout, done.stdout)
        return done.stderr

    def samples(self):
        """{name: how many faces}"""
        done = faceid("list", "--json", **self.options())
        return {p["name"]: p["samples"] for p in map(json.loads, done.stdout.splitlines())}

    def sources(self, name):
        """Where the person's faces came from."""
        return [source for source, _ in gallery_rows.samples(self.gallery, name)]

    def identify(self, *words):
        """What identify --json says: [faces] for each picture."""
        done = faceid("identify", "--json", "--explain", *words, **self.options())
        require(done.returncode in (0, 1, 3), done.stderr)
        return [json.loads(line)["faces"] for line in done.stdout.splitlines()]

    def names(self, *words):
        """The names that identify gives, a picture a list."""
        return [[face["name"] or "?" for face in faces] for faces in self.identify(*words)]
