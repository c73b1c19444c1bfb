#!/usr/bin/python3
"""Pictures as they come: turned by EXIF, with faces that the border cuts, very long, crowded, without
colors. Each with YuNet and MobileFaceNet, and with the starter; made of the portraits of ../shared."""
import csv
import os
import struct
import subprocess

from check import BUILD, case, main, require, shared, skip, temp_folder
from people import NAMES, People, box_overlap, changed, ffmpeg, placed, portrait, portraits
from program import FACEID, environment, has_sanitizers, models, starter

_known = {}


def everybody(pair):
    """The eight people, enrolled from all their portraits."""
    if pair not in _known:
        _known[pair] = People(pair)
        for name in NAMES:
            _known[pair].enroll(name, *portraits(name))
    return _known[pair]


def with_both(test):
    """Runs the case with either pair of models."""
    def yunet():
        shared("models/mobilefacenet")
        test(everybody(models()))

    def the_starter():
        test(everybody(starter() or skip("no starter model and no network to fetch it")))
    for function in (yunet, the_starter):
        function.__name__ = "%s_%s" % (test.__name__, function.__name__)
        case(function)


# ---- EXIF ----

# How ffmpeg gets from the upright picture to the one that is stored with this orientation.
STORED = {1: "null", 2: "hflip", 3: "hflip,vflip", 4: "vflip", 5: "transpose=0", 6: "transpose=2",
          7: "transpose=3", 8: "transpose=1"}


def add_orientation(path, orientation, order):
    """Writes an EXIF segment with the orientation behind the start of a JPEG."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    tiff = mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    body = b"Exif\0\0" + tiff
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:])


@with_both
def turned_by_exif(people):
    upright = None
    for orientation, change in STORED.items():
        for order in "<>":
            turned = changed(shared("data/people/_group/bbt3.jpg"), change, "turned.jpg", "-q:v", "1",
                             "-pix_fmt", "yuvj444p")
            add_orientation(turned, orientation, order)
            faces, = people.identify(turned)
            upright = upright or faces
            require(len(upright) == 5 and sum(face["known"] for face in upright) >= 2, str(upright))
            what = "orientation %d %s: %s" % (orientation, order, faces)
            require(len(faces) == len(upright), what)
            for face in upright:
                same = max(faces, key=lambda other: box_overlap(face["box"], other["box"]))
                # compressing anew moves a box by a few pixels, a wrong turn puts it elsewhere
                require(box_overlap(face["box"], same["box"]) > 0.7, what)
                require(same["name"] == face["name"], what)


# ---- borders ----

def cut(picture, box, share, side):
    """The picture without `share` of the face at one side, or, of "all", close around the face."""
    x, y, w, h = box
    left, top, right, bottom = 0, 0, 150, 150
    if side == "left":
        left = x + share * w
    elif side == "right":
        right = x + w - share * w
    elif side == "top":
        top = y + share * h
    elif side == "bottom":
        bottom = y + h - share * h
    else:
        left, top, right, bottom = x, y, x + w, y + h
    left, top, right, bottom = (int(min(max(n, 0), 150)) for n in (left, top, right, bottom))
    return changed(picture, "crop=%d:%d:%d:%d" % (right - left, bottom - top, left, top))


@with_both
def cut_by_the_border(people):
    pictures = [portrait(name, number) for name in NAMES for number in (1, 2)]
    boxes = [faces[0]["box"] for faces in people.identify(*pictures)]
    for side in ("left", "right", "top", "bottom", "all"):
        found = people.names(*[cut(picture, box, 0.1, side) for picture, box in zip(pictures, boxes)])
        want = [[name] for name in NAMES for _ in (1, 2)]
        wrong = [(a, b) for a, b in zip(found, want) if a != b]
        require(not wrong, "a tenth cut off at %s: %s" % (side, wrong))


# ---- long ones ----

def peak_kb(people, picture):
    """The most memory that identify has."""
    child = subprocess.Popen([FACEID, "identify", "--quiet", picture], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, env=environment(**people.options()))
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    require(child.returncode in (0, 1), "exit %d" % child.returncode)
    return used.ru_maxrss


def long_picture(across):
    """20 portraits on 10,000 x 1,000 pixels or, across, on 1,000 x 10,000: (path, places)."""
    places = []
    for i in range(20):
        along, aside = 500 * i + 175, (60, 425, 790)[i % 3]
        x, y = (aside, along) if across else (along, aside)
        places.append((portrait(NAMES[i % 8], i // 8 + 1), 150, 150, x, y))
    size = (1000, 10000) if across else (10000, 1000)
    return placed(*size, places, "long.jpg", "-q:v", "2"), places


@with_both
def panoramas(people):
    for across in (False, True):
        path, places = long_picture(across)
        faces, = people.identify(path)
        require(len(faces) == 20, "%d of 20 faces" % len(faces))
        named = []
        for picture, w, h, x, y in places:
            here = [f for f in faces if x <= f["box"][0] + f["box"][2] / 2 <= x + w and
                    y <= f["box"][1] + f["box"][3] / 2 <= y + h]
            require(len(here) == 1, "%d faces at %d,%d" % (len(here), x, y))
            name = os.path.basename(picture)[:-5]
            taken = here[0]["nearest"] == name and here[0]["reason"] == "taken"
            require(here[0]["name"] == name or taken, "%s at %d,%d is %s" % (name, x, y, here[0]))
            named += [here[0]["name"]] if here[0]["known"] else []
        require(sorted(named) == NAMES, "each once: %s" % sorted(named))
        pixels_kb = 10000 * 1000 * 3 // 1024
        ordinary = placed(1280, 720, places[:1], "ordinary.jpg")
        more = peak_kb(people, path) - peak_kb(people, ordinary)
        if has_sanitizers():
            skip("all but the memory, which a sanitizer keeps when it is freed")
        require(more < 2 * pixels_kb, "%d KB more than a picture of 1280 x 720" % more)


@with_both
def one_long_face_at_every_place(people):
    """Wherever it lies over the seams of the tiles, a face is found once."""
    sheldon = portrait("sheldon", 1)
    pictures = [placed(3600, 400, [(sheldon, 300, 300, x, 50)], "seam%d.png" % x)
                for x in range(700, 1800, 61)]
    found = people.names(*pictures)
    require(all(names == ["sheldon"] for names in found), str(found))


# ---- crowds ----

def lfw(role, count):
    """{person: a picture with this role in identify.tsv}, of the first people who have all roles."""
    with open(shared("data/lfw/identify.tsv")) as file:
        rows = list(csv.reader(file, delimiter="\t"))
    by_role = {}
    for row in rows:
        if row[0] in ("enroll", "known"):
            by_role.setdefault(row[0], {}).setdefault(row[1], []).append(
                shared("data/lfw/images/" + row[2]))
    people = [person for person in by_role["enroll"] if person in by_role["known"]][:count]
    return {person: by_role[role][person] for person in people}


def a_crowd(pair):
    people = People(pair)
    for person, pictures in lfw("enroll", 20).items():
        people.enroll(person, *pictures)
    known = {person: pictures[0] for person, pictures in lfw("known", 20).items()}
    places = [(picture, 250, 250, 250 * (i % 5), 250 * (i // 5))
              for i, picture in enumerate(known.values())]
    faces, = people.identify(placed(1250, 1000, places, "crowd.jpg", "-q:v", "2"))
    alone = people.names(*known.values())
    right = 0
    for person, (_, w, h, x, y), names in zip(known, places, alone):
        face = min(faces, key=lambda f: abs(f["box"][0] + f["box"][2] / 2 - x - w / 2) +
                   abs(f["box"][1] + f["box"][3] / 2 - y - h / 2))
        require(box_overlap(face["box"], (x + 75, y + 60, 100, 120)) > 0.3, "no face of " + person)
        name = face["name"] or "?"
        require(name in (person, "?") and (name in names or name == "?"), "%s is %s, alone %s" % (
            person, name, names))
        right += name == person
    require(right >= sum(person in names for person, names in zip(known, alone)) - 1,
            "%d of 20 are named; alone %s" % (right, alone))


@case
def a_crowd_of_twenty_yunet():
    shared("models/mobilefacenet")
    a_crowd(models())


@case
def a_crowd_of_twenty_the_starter():
    a_crowd(starter() or skip("no starter model and no network to fetch it"))


# ---- without colors ----

def gray_jpeg(picture):
    path = os.path.join(temp_folder(), "gray.jpg")
    subprocess.run([os.path.join(BUILD, "tests", "gray_jpeg"), picture, path], check=True)
    return path


def recoded(picture, pixels):
    """As a PNG with ffmpeg's name of the pixels."""
    return changed(picture, "format=" + pixels, pixels + ".png", "-pix_fmt", pixels)


def with_palette(picture):
    path = os.path.join(temp_folder(), "palette.png")
    ffmpeg("-i", picture, "-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse", path)
    return path


KINDS = {  # how it is made, and how a PNG says it: bits, color type
    "gray": (lambda p: recoded(p, "gray"), (8, 0)),
    "gray of 16 bits": (lambda p: recoded(p, "gray16be"), (16, 0)),
    "gray with alpha": (lambda p: recoded(p, "ya8"), (8, 4)),
    "16 bits": (lambda p: recoded(p, "rgb48be"), (16, 2)),
    "16 bits with alpha": (lambda p: recoded(p, "rgba64be"), (16, 6)),
    "palette": (with_palette, (8, 3)),
    "gray JPEG": (gray_jpeg, None),
}


@with_both
def other_colors(people):
    pictures = [portrait(name, 2) for name in NAMES]
    for kind, (make, header) in KINDS.items():
        made = [make(picture) for picture in pictures]
        with open(made[0], "rb") as file:
            start = file.read(600)
        if header:
            require(tuple(start[24:26]) == header, "%s is of %s" % (kind, tuple(start[24:26])))
        else:
            require(b"\x08\x00\x96\x00\x96\x01" in start, "the JPEG has more than one channel")
        found = people.names(*made)
        require(found == [[name] for name in NAMES], "%s: %s" % (kind, found))


main()
