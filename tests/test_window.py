"""The live window on a display of its own: what is drawn, in which letters, and what keys do.

The scene is a clip with four portraits side by side, two of people who are enrolled (from other
pictures) and two of strangers. Letters are compared with those that ffmpeg's drawtext draws with the
font that should have been chosen."""
import glob
import json
import os
import re
import subprocess
import threading
import time

import gallery_rows
import numpy as np
import program
from check import PATIENCE, ROOT, case, figure, main, need, require, shared, skip, temp_folder
from display import Display, Window, keep, until

GREEN, GREY = (64, 208, 96), (208, 208, 208)  # of known faces and of strangers
SIDE, TOP, GAP, LEFT = 260, 230, 320, 30      # of the portraits in the scene
PEOPLE = ["amy", "raj", "sheldon", "penny"]   # from the left; the first two are enrolled
DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
MICROHEI = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
LETTERS = 20  # height in a window 720 pixels high
_made = {}


def portrait(name, number):
    return shared("data/people/%s/%s%d.png" % (name, name, number))


def scene():
    """A clip of 60 s, 1280 x 720 at 10 frames a second."""
    if "scene" not in _made:
        need("ffmpeg")
        path, words, graph, last = os.path.join(temp_folder(), "scene.avi"), [], "", "0"
        for i, name in enumerate(PEOPLE):
            words += ["-loop", "1", "-i", portrait(name, 1)]
            graph += "[%d]scale=%d:%d[p%d];[%s][p%d]overlay=%d:%d[s%d];" % (
                i + 1, SIDE, SIDE, i, last, i, LEFT + GAP * i, TOP, i)
            last = "s%d" % i
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=c=0x405060:s=1280x720:r=10",
                        *words, "-filter_complex", graph.rstrip(";"), "-map", "[s3]", "-t", "60",
                        "-c:v", "mjpeg", "-q:v", "3", path], check=True, stdin=subprocess.DEVNULL)
        _made["scene"] = path
    return _made["scene"]


class Run(Window):
    """The live window on the scene, or on another source, with a gallery of its own."""

    def __init__(self, display, gallery, *source, stdin=subprocess.DEVNULL, **variables):
        self.folder = temp_folder()
        env = program.environment(gallery, program.models(), HOME=self.folder, **variables)
        source = source or ("--input", scene(), "--fps", "10")
        super().__init__(display, [program.FACEID, "live", *source], env, cwd=self.folder, stdin=stdin)


def gallery(**names):
    """A fresh gallery: portrait=name."""
    path = os.path.join(temp_folder(), "g.db")
    for who, name in names.items():
        enroll(path, who, name)
    return path


def enroll(path, who, name):
    done = program.faceid("enroll", name, *[portrait(who, i) for i in (2, 3, 4)], gallery=path,
                          pair=program.models())
    require(done.returncode == 0, done.stderr)


# ---- what the window shows ----

def area(pixels, i):
    """The part of the picture around the i-th portrait, with room for the name above."""
    left = LEFT + GAP * i
    return pixels[TOP - 120:TOP + SIDE + 60, max(left - 28, 0):left + SIDE + 28]


def count(pixels, color):
    return int(np.all(pixels == color, axis=2).sum())


def is_boxed(pixels, i, color):
    """Is there a box of the color around the i-th face: its four sides, each at least 100 long?"""
    hits = np.all(area(pixels, i) == color, axis=2)
    columns, rows = np.flatnonzero(hits.sum(0) > 100), np.flatnonzero(hits.sum(1) > 100)
    return (columns.size >= 4 and rows.size >= 4 and columns[-1] - columns[0] > 120
            and rows[-1] - rows[0] > 120)


def boxes(window, *colors):
    """Waits until the faces are boxed in these colors, from the left; returns the pixels."""
    seen = {}

    def all_there():
        seen["pixels"] = window.pixels()
        return all(is_boxed(seen["pixels"], i, c) for i, c in enumerate(colors))
    try:
        until(all_there, "boxes")
    except AssertionError:
        got = [{n: count(area(seen["pixels"], i), c) for n, c in (("green", GREEN), ("gray", GREY))}
               for i in range(4)]
        raise AssertionError("not the boxes that were expected: %s; kept as %s" %
                             (got, keep(seen["pixels"], "boxes")))
    return seen["pixels"]


def ink(pixels, i, color):
    """How black each pixel of the i-th face's name field is, 0..1, cut to the letters."""
    part = area(pixels, i).astype(float)
    share = part[:, :, 1] / color[1]  # black letters on the color: every channel shrinks alike
    on_field = np.all(np.abs(part - share[:, :, None] * np.array(color)) <= 2, axis=2)
    rows = np.flatnonzero(np.all(part == color, axis=2)[:, 30:].sum(1) > 20)
    top = rows[0]  # the field's first row; it goes on until the box's thin sides alone are left
    width = np.flatnonzero(np.all(part[top] == color, axis=1))
    left, right = width[0], width[-1] + 1
    bottom = top
    while np.all(on_field[bottom, left:right]):
        bottom += 1
    require(bottom - top >= LETTERS, "no field for a name above face %d" % i)
    black = 1 - share[top:bottom - 3, left:right]  # without the box's upper side
    return trim(black)


def trim(black):
    rows, columns = np.flatnonzero(black.max(1) > 0.25), np.flatnonzero(black.max(0) > 0.25)
    require(rows.size and columns.size, "no letters")
    return black[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]


def drawn(words, font):
    """The same words by ffmpeg's drawtext."""
    key = (words, font)
    if key not in _made:
        if not os.path.exists(font):
            skip("no " + font)
        text = os.path.join(temp_folder(), "text")
        with open(text, "w", encoding="utf-8") as file:
            file.write(words)
        out = subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=c=black:s=400x80", "-frames:v", "1",
             "-vf", "drawtext=fontfile=%s:textfile=%s:fontsize=%d:fontcolor=white:x=20:y=20" % (
                 font, text, LETTERS), "-f", "rawvideo", "-pix_fmt", "gray", "-"],
            stdout=subprocess.PIPE, check=True, stdin=subprocess.DEVNULL).stdout
        _made[key] = trim(np.frombuffer(out, np.uint8).reshape(80, 400) / 255.0)
    return _made[key]


def built_in(words):
    """The words in the dots of the table in app/output/font.c, as large as the window draws them."""
    with open(os.path.join(ROOT, "app", "output", "font.c"), encoding="utf-8") as file:
        table = re.search(r"ascii\[95\]\[ROWS\] = \{(.*?)\n\};", file.read(), re.S).group(1)
    glyphs = [[int(row, 16) for row in glyph.split(",")]
              for glyph in re.findall(r"\{((?:0x\w\w(?:, )?){9})\}", table)]
    require(len(glyphs) == 95, "%d letters in app/output/font.c" % len(glyphs))
    dots = np.zeros((9, 6 * len(words)))
    for i, letter in enumerate(words):
        for y, row in enumerate(glyphs[ord(letter) - 32]):
            for x in range(5):
                dots[y, 6 * i + x] = row >> (4 - x) & 1
    scale = (LETTERS * 7 // 6 + 6) // 12
    return trim(np.kron(dots, np.ones((scale, scale))))


def likeness(a, b):
    """Correlation of two drawings at their best place on each other, moved by up to 2 pixels."""
    height, width = max(a.shape[0], b.shape[0]) + 4, max(a.shape[1], b.shape[1]) + 4
    first = np.zeros((height, width))
    first[2:2 + a.shape[0], 2:2 + a.shape[1]] = a
    best = 0
    for y in range(height - b.shape[0] + 1):
        for x in range(min(5, width - b.shape[1] + 1)):
            second = np.zeros((height, width))
            second[y:y + b.shape[0], x:x + b.shape[1]] = b
            best = max(best, float((first * second).sum() /
                                   np.sqrt((first ** 2).sum() * (second ** 2).sum())))
    return best


def is_written(pixels, i, name, color=GREEN):
    """The i-th face's field must be liker to the name in its font than to any other name, to
    question marks and to the boxes of a font that lacks the letters."""
    written = ink(pixels, i, color)
    names = {"Zoe": DEJAVU, "Zoë": DEJAVU, "Иван": DEJAVU, "陳大文": MICROHEI, "محمد علي": DEJAVU, "?": DEJAVU}
    others = [(other, font) for other, font in names.items() if other != name]
    others += [("?" * len(name), DEJAVU)] if name != "?" else []
    others += [("\U000E0FFF" * len(name), DEJAVU)]  # nobody has it: tofu
    right = likeness(written, drawn(name, names[name]))
    wrong = {other: likeness(written, drawn(other, font)) for other, font in others}
    require(right > max(wrong.values()), "%s is drawn as something else: %.2f, %s" % (name, right, wrong))
    expected = drawn(name, names[name]).shape
    require(abs(written.shape[0] - expected[0]) <= 2 and abs(written.shape[1] - expected[1]) <= 2,
            "%s is %s large, not %s" % (name, written.shape, expected))


def middle(pixels):
    """A part of the picture below the portraits, where nothing but the help is ever drawn."""
    return pixels[505:555, 500:780]


def hint_letters(window):
    """White pixels where the hint's line at the lower edge is."""
    return int((window.pixels()[690:720].max(axis=2) > 250).sum())


def question(window):
    """White pixels two lines above the lower edge: a hint alone has one line, the question two."""
    return int((window.pixels()[664:688].max(axis=2) > 250).sum())


def ring(pixels, i):
    """Green pixels beside the i-th portrait, where no box reaches."""
    left = LEFT + GAP * i
    return count(pixels[TOP:TOP + SIDE, left - 45:left - 5], GREEN)


# ---- cases ----

@case
def names_stand_in_their_letters():
    path = gallery(amy="Иван", raj="陳大文")
    with Display() as display, Run(display, path) as window:
        pixels = boxes(window, GREEN, GREEN, GREY, GREY)
        keep(pixels, "cyrillic-chinese")
        require(pixels.shape == (720, 1280, 3), "the window is %s large" % (pixels.shape,))
        is_written(pixels, 0, "Иван")
        is_written(pixels, 1, "陳大文")
        is_written(pixels, 2, "?", GREY)
        is_written(pixels, 3, "?", GREY)
        for old, new in (("Иван", "محمد علي"), ("陳大文", "Zoë")):
            require(program.faceid("rename", old, new, gallery=path).returncode == 0, "rename")
        time.sleep(2)  # a second until it is read, and another one for this machine
        pixels = boxes(window, GREEN, GREEN, GREY, GREY)
        keep(pixels, "arabic-latin")
        is_written(pixels, 0, "محمد علي")
        is_written(pixels, 1, "Zoë")
        window.key("q")
        require(window.end()[0] == 0, "q")


@case
def without_fonts_names_are_still_told_apart():
    path = gallery(amy="Иван", raj="陳大文")
    with Display() as display, Run(display, path, XDG_DATA_DIRS="/nowhere") as window:
        pixels = boxes(window, GREEN, GREEN, GREY, GREY)
        keep(pixels, "no-fonts")
        number = "#%d" % ((gallery_rows.ids(path)["陳大文"] & (1 << 56) - 1) % 100000)
        for i, expected in ((0, "Ivan"), (1, number)):  # Latin letters; the person's number
            black = built_in(expected)
            written = ink(pixels, i, GREEN)
            require(written.shape == black.shape and (abs(written - black) < 0.02).all(),
                    "face %d has no '%s' in the built-in letters" % (i, expected))
        window.key("q")
        require(window.end()[0] == 0, "q")


@case
def empty_gallery_says_how_to_begin():
    path = gallery()
    with Display() as display, Run(display, path) as window:
        pixels = boxes(window, GREY, GREY, GREY, GREY)
        keep(pixels, "empty")
        for i in range(4):
            is_written(pixels, i, "?", GREY)
        until(lambda: hint_letters(window) > 200, "no hint")
        enroll(path, "penny", "Zoë")  # by another process
        start = time.monotonic()
        boxes(window, GREY, GREY, GREY, GREEN)
        seconds = time.monotonic() - start
        figure("a person enrolled elsewhere is seen", seconds, 2)
        window.key("q")
        require(window.end()[0] == 0, "q")


@case
def keys_do_what_the_help_says():
    with Display() as display, Run(display, gallery(amy="Ana", raj="Ben")) as window:
        before = boxes(window, GREEN, GREEN, GREY, GREY)
        window.key("h")
        until(lambda: (middle(window.pixels()) != middle(before)).any(), "h shows nothing")
        keep(window.pixels(), "help")
        window.key("Escape")  # leaves the help, not the program
        until(lambda: (middle(window.pixels()) == middle(before)).all(), "Escape leaves it there")

        window.key("m")
        boxes(window, GREY, GREY, GREEN, GREEN)
        window.key("m")
        boxes(window, GREEN, GREEN, GREY, GREY)

        window.key("i")  # figures in the left upper corner
        until(lambda: (window.pixels()[:60, :200].max(axis=2) < 120).all(), "i hides nothing")
        window.key("i")

        window.key("d")
        until(lambda: (window.pixels()[60:180, :60].max(axis=2) > 250).any(), "d says nothing")
        keep(window.pixels(), "explain")
        window.key("d")

        window.key("s")
        path = until(lambda: next(iter(glob.glob(window.folder + "/faceid-*.png")), None), "s")
        until(lambda: os.path.getsize(path) > 10000, "the snapshot is empty")
        window.key("c")
        until(lambda: hint_letters(window) > 100, "c says nothing")
        window.key("f", "f", "Tab", "plus", "minus")
        require(window.process.poll() is None, "a key ended it")
        window.key("Escape")
        code, out, errors = window.end()
        require(code == 0 and out == "" and errors == "", "%d %r %r" % (code, out, errors))


@case
def strangers_are_blurred():
    with Display() as display, Run(display, gallery(amy="Ana", raj="Ben")) as window:
        before = boxes(window, GREEN, GREEN, GREY, GREY)
        window.key("p")

        def inner(pixels, i):  # the middle of the face, away from boxes and names
            left = LEFT + GAP * i
            return pixels[TOP + 60:TOP + 200, left + 90:left + 180]

        def colors(pixels, i):
            return len(np.unique(inner(pixels, i).reshape(-1, 3), axis=0))
        until(lambda: colors(window.pixels(), 3) <= 64, "p blurs nobody")
        pixels = window.pixels()
        keep(pixels, "blurred")
        require(colors(pixels, 2) <= 64, "a stranger is not blurred")  # at most 8 x 8 spots
        for i in (0, 1):
            require((inner(pixels, i) == inner(before, i)).all(), "a known face is blurred")
        window.key("p")
        until(lambda: (inner(window.pixels(), 3) == inner(before, 3)).all(), "p is not undone")
        window.key("q")
        require(window.end()[0] == 0, "q")


@case
def colors_are_right_in_every_format():
    """The scene as a camera or stream may give it: the background keeps its color."""
    folder = temp_folder()
    subprocess.run(["ffmpeg", "-v", "error", "-i", scene(), "-frames:v", "1", folder + "/a.png"],
                   check=True, stdin=subprocess.DEVNULL)
    streams = {
        "clip": None,
        "picture": ["-frames:v", "1", folder + "/a.jpg"],
        "mjpeg": ["-t", "8", "-q:v", "2", "-f", "mjpeg", "-"],
        "i420": ["-t", "8", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-"],
        "gray": ["-t", "8", "-pix_fmt", "gray", "-f", "yuv4mpegpipe", "-"],
    }
    for name, words in streams.items():
        make, source = None, ()
        if words is not None:
            make = subprocess.Popen(["ffmpeg", "-v", "error", "-re", "-loop", "1", "-framerate", "10", "-i",
                                     folder + "/a.png", *words], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE)
            source = ("--input", "-", "--fps", "10")
        if name == "picture":
            make.wait()
            source = ("--input", folder + "/a.jpg", "--loop")
        wanted = np.array((0x40, 0x50, 0x60))
        if name == "gray":
            wanted = np.full(3, round(0.299 * 0x40 + 0.587 * 0x50 + 0.114 * 0x60))
        with Display() as display, Run(display, gallery(), *source,
                                       stdin=make.stdout if make else subprocess.DEVNULL) as window:
            def color():  # of a part without anything drawn on it
                return window.pixels()[520:640, 100:300].reshape(-1, 3).mean(0)
            # Y, U and V are whole numbers, each may be off by one half: at most 2.02 steps of blue.
            until(lambda: (abs(color() - wanted) <= 3).all(),
                  "%s: the background is not %s" % (name, wanted))
            window.key("q")
            require(window.end()[0] == 0, "q")
        if make:
            make.kill()
            make.wait()


@case
def frozen_source_is_told_and_nobody_named():
    path, frame = gallery(amy="Ana", raj="Ben"), os.path.join(temp_folder(), "frame.jpg")
    subprocess.run(["ffmpeg", "-v", "error", "-i", scene(), "-frames:v", "1", "-q:v", "2", frame],
                   check=True, stdin=subprocess.DEVNULL)
    with open(frame, "rb") as file:
        jpeg = file.read()
    reader, writer = os.pipe()
    moving = threading.Event()
    moving.set()

    def feed():
        with os.fdopen(writer, "wb", buffering=0) as pipe:
            while window.process.poll() is None:
                if moving.is_set():
                    pipe.write(jpeg)
                time.sleep(0.1)
    with Display() as display, Run(display, path, "--input", "-", "--fps", "10", stdin=reader) as window:
        os.close(reader)
        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        boxes(window, GREEN, GREEN, GREY, GREY)
        moving.clear()
        frozen = time.monotonic()
        until(lambda: count(window.pixels(), GREEN) == 0, "a frozen picture keeps its names")
        seconds = time.monotonic() - frozen
        figure("names on a frozen picture stay", seconds, 2)
        until(lambda: hint_letters(window) > 200, "the window does not say that nothing comes")
        keep(window.pixels(), "frozen")
        seconds = time.monotonic() - frozen
        figure("the window says that nothing comes", seconds, 3)
        moving.set()
        boxes(window, GREEN, GREEN, GREY, GREY)
        window.key("q")
        require(window.end()[0] == 0, "q")
        feeder.join()


def choose(window, i):
    """Presses Tab until the i-th face has the white corners."""
    for _ in range(2 * len(PEOPLE)):
        window.key("Tab")
        time.sleep(0.3)
        white = np.all(area(window.pixels(), i) == 255, axis=2)
        if (white.sum(axis=1) >= 60).sum() >= 4:  # rows with two arms of the brackets
            return
    raise AssertionError("Tab does not come to face %d" % i)


@case
def enrolled_by_keys():
    path = gallery(amy="陳大文", raj="محمد علي")
    with Display() as display, Run(display, path) as window:
        boxes(window, GREEN, GREEN, GREY, GREY)
        choose(window, 3)
        window.key("e")
        until(lambda: hint_letters(window) > 100, "e says nothing")
        window.key("Escape")  # cancels, and the program goes on
        until(lambda: hint_letters(window) == 0, "Escape does not cancel")

        choose(window, 2)
        window.key("e")
        until(lambda: ring(window.pixels(), 2) > 200, "no ring around the face")
        keep(window.pixels(), "collecting")
        until(lambda: question(window) > 20, "the name is never asked for")
        keep(window.pixels(), "asking")
        window.key("Return")  # there is no name yet: one more line says so
        until(lambda: (window.pixels()[638:662, 400:880].max(axis=2) > 250).sum() > 100,
              "the empty name is not refused")
        keep(window.pixels(), "refused")
        window.type("Zoex")
        window.key("BackSpace")
        time.sleep(0.5)
        keep(window.pixels(), "typed")
        window.key("Return")
        pixels = boxes(window, GREEN, GREEN, GREEN, GREY)
        keep(pixels, "enrolled")
        is_written(pixels, 0, "陳大文")
        is_written(pixels, 1, "محمد علي")
        is_written(pixels, 2, "Zoe")
        listed = program.faceid("list", gallery=path).stdout
        require(sorted(line.split("\t")[0] for line in listed.splitlines()) ==
                sorted(["陳大文", "محمد علي", "Zoe"]), listed)
        window.key("x")  # the chosen one is not Zoe after all
        boxes(window, GREEN, GREEN, GREY, GREY)
        window.key("q")
        require(window.end()[0] == 0, "q")


@case
def times_are_written():
    stats = os.path.join(temp_folder(), "stats.json")
    env = program.environment(gallery(), program.models(), SDL_VIDEODRIVER="dummy")
    done = subprocess.run([program.FACEID, "live", "--input", scene(), "--fps", "20", "--frames", "60",
                           "--stats", stats], env=env, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    require(done.returncode == 0, done.stderr)
    with open(stats, encoding="utf-8") as file:
        times = json.load(file)
    require(times["v"] == 1 and times["frames"] == 60, "%r" % times)
    intervals, ages = times["display_interval_ms"], times["capture_to_drawn_ms"]
    require(2 <= times["seconds"] <= 20, "%r" % times)
    # Sixty pictures at twenty a second; those of the first second are not counted.
    require(30 <= intervals["count"] <= 40 and 30 <= ages["count"] <= 41, "%r" % times)
    require(40 <= intervals["median"] <= 60 and intervals["median"] <= intervals["p95"] <=
            intervals["max"] + 1, "%r" % times)
    require(intervals["over_100"] <= intervals["over_50"] <= intervals["count"], "%r" % times)
    require(0 < times["drawing_cpu"] < 1, "%r" % times)


@case
def times_that_find_no_room_are_an_error():
    if not os.path.exists("/dev/full"):
        skip("no /dev/full")
    env = program.environment(gallery(), program.models(), SDL_VIDEODRIVER="dummy")
    done = subprocess.run([program.FACEID, "live", "--input", scene(), "--frames", "3", "--stats", "/dev/full"],
                          env=env, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    require(done.returncode == 70 and "cannot write the times" in done.stderr, "%d: %s" % (
        done.returncode, done.stderr))


main()
