"""scenes.py - what the rigs' camera shows: pictures of 320x240 pixels, each person in a quarter of
its own, so that the place of a face says whose name is right.

    top left: amy, enrolled       top right: raj, enrolled
                                  bottom right: a stranger

Few faces, because an emulated machine takes a second for each. The pictures shown are not those that the people are enrolled from."""
import os
import random
import shutil
import subprocess

from check import shared, skip, temp_folder

WIDTH, HEIGHT = 320, 240
PLACES = {"amy": (20, 10), "raj": (200, 10), "bernadette": (200, 130)}
SCENES = {"pair": ("amy", "bernadette"), "amy": ("amy",), "raj": ("raj",),
          "nobody": ()}
PICTURE = 100  # side of a person's picture


def person(face, scene):
    """Whose face it is by its place in the scene; None where the scene has no face."""
    x, y, w, h = face["box"]
    for name in SCENES[scene]:
        left, top = PLACES[name]
        if left < x + w / 2 < left + PICTURE and top < y + h / 2 < top + PICTURE:
            return name
    return None


ENROLLED = ("amy", "raj")


def people():
    """A folder of pictures to enroll from; skips the case where there are none."""
    folder = temp_folder()
    for name in ENROLLED:
        os.mkdir(os.path.join(folder, name))
        for number in (1, 2, 4, 5):
            shutil.copy(shared("data/people/%s/%s%d.png" % (name, name, number)),
                        os.path.join(folder, name))
    return folder


def _draw(path, names, *form):
    words = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
             "color=c=0x606870:s=%dx%d" % (WIDTH, HEIGHT)]
    graph, last = ["[0:v]null[o0]"], "o0"
    for i, name in enumerate(names, 1):
        words += ["-i", shared("data/people/%s/%s3.png" % (name, name))]
        graph += ["[%d:v]scale=%d:%d[p%d]" % (i, PICTURE, PICTURE, i),
                  "[%s][p%d]overlay=%d:%d[o%d]" % (last, i, *PLACES[name], i)]
        last = "o%d" % i
    subprocess.run(words + ["-filter_complex", ";".join(graph), "-map", "[%s]" % last,
                            "-frames:v", "1", *form, path], check=True)


def draw(folder):
    """Writes the scenes as .jpg and .yuyv, and damaged pictures that show raj as far as they can be
    read: cut.jpg, short.yuyv, and noise.jpg. Returns the names of the files."""
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg to draw pictures with")
    for scene, names in SCENES.items():
        path = os.path.join(folder, scene)
        _draw(path + ".jpg", names, "-q:v", "2")
        _draw(path + ".yuyv", names, "-pix_fmt", "yuyv422", "-f", "rawvideo")
    damaged = {}
    for ending, name in (("jpg", "cut"), ("yuyv", "short")):
        with open(os.path.join(folder, "raj." + ending), "rb") as file:
            whole = file.read()
        damaged["%s.%s" % (name, ending)] = whole[:len(whole) // 2]
    damaged["noise.jpg"] = random.Random(4).randbytes(9000)
    for name, data in damaged.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    return sorted(os.listdir(folder))
