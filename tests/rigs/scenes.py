"""scenes.py - what the rigs' camera shows: pictures of 320x240 pixels, each person in a quarter of
its own, so that the place of a face says whose name is right.

    top left: amy, enrolled       top right: raj, enrolled
    bottom left: a stranger       bottom right: another one

The pictures shown are not those that the people are enrolled from."""
import os
import random
import shutil
import subprocess

from check import shared, skip, temp_folder

WIDTH, HEIGHT = 320, 240
QUARTERS = {(0, 0): "amy", (1, 0): "raj", (0, 1): None, (1, 1): None}
PLACES = {"amy": (20, 10), "raj": (200, 10), "howard": (20, 130), "bernadette": (200, 130)}
SCENES = {"first": ("amy", "bernadette"), "second": ("raj", "howard")}
PICTURE = 100  # side of a person's picture


def right_name(face):
    """The name that belongs to the face's quarter."""
    x, y, w, h = face["box"]
    return QUARTERS[x + w / 2 > WIDTH / 2, y + h / 2 > HEIGHT / 2]


def in_scene(face, scene):
    """Is the face where the scene has one?"""
    x, y, w, h = face["box"]
    return any(px < x + w / 2 < px + PICTURE and py < y + h / 2 < py + PICTURE
               for px, py in (PLACES[name] for name in SCENES[scene]))


def people():
    """A folder of pictures to enrol from; skips the case where there are none."""
    folder = temp_folder()
    for name in ("amy", "raj"):
        os.mkdir(os.path.join(folder, name))
        for number in (1, 2, 4, 5):
            shutil.copy(shared("data/people/%s/%s%d.png" % (name, name, number)),
                        os.path.join(folder, name))
    return folder


def _draw(path, names, *form):
    words = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
             "color=c=0x606870:s=%dx%d" % (WIDTH, HEIGHT)]
    graph, last = [], "0:v"
    for i, name in enumerate(names, 1):
        words += ["-i", shared("data/people/%s/%s3.png" % (name, name))]
        graph += ["[%d:v]scale=%d:%d[p%d]" % (i, PICTURE, PICTURE, i),
                  "[%s][p%d]overlay=%d:%d[o%d]" % (last, i, *PLACES[name], i)]
        last = "o%d" % i
    subprocess.run(words + ["-filter_complex", ";".join(graph), "-map", "[%s]" % last,
                            "-frames:v", "1", *form, path], check=True)


def draw(folder):
    """Writes first and second as .jpg and .yuyv, and damaged pictures that show the second scene as
    far as they can be read: cut.jpg, noise.jpg, short.yuyv. Returns the names of the files."""
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg to draw pictures with")
    for scene, names in SCENES.items():
        path = os.path.join(folder, scene)
        _draw(path + ".jpg", names, "-q:v", "2")
        _draw(path + ".yuyv", names, "-pix_fmt", "yuyv422", "-f", "rawvideo")
    damaged = {}
    for ending, name in (("jpg", "cut"), ("yuyv", "short")):
        with open(os.path.join(folder, "second." + ending), "rb") as file:
            whole = file.read()
        damaged["%s.%s" % (name, ending)] = whole[:len(whole) // 2]
    damaged["noise.jpg"] = random.Random(4).randbytes(9000)
    for name, data in damaged.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    return sorted(os.listdir(folder))
