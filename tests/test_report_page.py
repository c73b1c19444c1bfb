#!/usr/bin/python3
"""identify --report: one file that needs nothing else, says what --json says, and takes no name for
HTML."""
import base64
import json
import os
import re
import shutil
from html.parser import HTMLParser

from check import case, main, require, run, shared, skip, temp_folder
from people import People, placed, portrait, portraits
from program import FACEID, environment, faceid, models, png

VOID = {"meta", "img", "br"}
HOSTILE = "<img src=x onerror=alert(1)>\"&'"


class Page(HTMLParser):
    """A page's elements in order, its texts, and whether every one that is opened is closed."""

    def __init__(self, path):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        with open(path, encoding="utf-8") as file:
            self.source = file.read()
        self.feed(self.source)
        self.close()
        require(not self.open, "not closed: %s" % self.open)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        require(self.open and self.open[-1] == tag, "</%s> ends %s" % (tag, self.open[-3:]))
        self.open.pop()

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data.strip())

    def of_class(self, word):
        return [a for _, a in self.elements if word in (a.get("class") or "").split()]

    def self_contained(self):
        tags = {tag for tag, _ in self.elements}
        require(tags <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "b",
                         "span", "table", "tr", "th", "td", "bdi", "a", "img", "i", "section"}, tags)
        for tag, attributes in self.elements:
            for key, value in attributes.items():
                require(not key.startswith("on"), "a handler: %s" % key)
                require(key != "href" or re.fullmatch(r"#p\d+", value), "a link: %s" % value)
            if tag == "img":
                kind, _, data = attributes["src"].partition(",")
                require(kind == "data:image/jpeg;base64", attributes["src"][:80])
                picture = base64.b64decode(data, validate=True)
                require(picture[:2] == b"\xff\xd8" and picture[-2:] == b"\xff\xd9", "no JPEG")
        require("url(" not in self.source and "@import" not in self.source, "the style loads something")


def report(people, *words, code=0):
    """(Page, what --json says)."""
    path = os.path.join(temp_folder(), "out.html")
    done = faceid("identify", "--json", "--explain", "--report", path, *words, **people.options())
    require(done.returncode == code, "exit %d: %s" % (done.returncode, done.stderr))
    require(os.listdir(os.path.dirname(path)) == ["out.html"], str(os.listdir(os.path.dirname(path))))
    page = Page(path)
    page.self_contained()
    return page, [json.loads(line) for line in done.stdout.splitlines()]


@case
def what_a_killed_run_left_is_not_in_the_way():
    """A number of a process comes again, soonest where there are few: in a container it is mostly the same."""
    folder, picture = temp_folder(), png(os.path.join(temp_folder(), "a.png"), 64, 64)
    page = os.path.join(folder, "out.html")
    done = run("sh", "-c", 'touch "$1.$$.tmp"; exec "$0" identify --report "$1" "$2"', FACEID, page, picture,
               env=environment(pair=models()))
    require(done.returncode == 3 and "cannot be written" not in done.stderr, done.stderr)
    require("out.html" in os.listdir(folder) and len(os.listdir(folder)) == 2, str(os.listdir(folder)))


def three():
    people = People()
    for name in ("sheldon", "penny"):
        people.enroll(name, *portraits(name))
    people.enroll(HOSTILE, *portraits("raj"))
    return people


@case
def a_page_says_what_json_says():
    people = three()
    empty = png(os.path.join(temp_folder(), "empty.png"), 100, 100)
    page, pictures = report(people, shared("data/people/_group/bbt3.jpg"), empty, portrait("amy", 1))
    faces = [face for picture in pictures for face in picture["faces"]]
    boxes, rows = page.of_class("face"), page.source.count("class=\"crop\"")
    require(len(boxes) == rows == len(faces) and len(faces) >= 6, "%d boxes, %d rows, %d faces" % (
        len(boxes), rows, len(faces)))
    known = [box for box in boxes if "known" in box["class"].split()]
    require(len(known) == sum(face["known"] for face in faces) >= 3, "%d known" % len(known))
    first = pictures[0]
    for face in first["faces"]:
        x, y, w, h = face["box"]
        want = [100 * x / first["width"], 100 * y / first["height"], 100 * w / first["width"],
                100 * h / first["height"]]
        shown = [[float(n) for n in re.findall(r"([\d.]+)%", box["style"])] for box in boxes]
        require(any(max(abs(a - b) for a, b in zip(want, s)) < 0.1 for s in shown), "no box %s" % want)
        for word in ("(%s)" % face["reason"], "%.3f" % face["score"]):
            require(word in page.texts, "no %s" % word)
    for word in ("no face", empty, "3", "pictures", str(len(faces)), "with a name"):
        require(word in page.texts, "no text %r" % word)


@case
def hostile_names_stay_text():
    people = three()
    folder = temp_folder()
    strange = os.path.join(folder, "a<b>&\"'\n\x1b[2J\u202e.png")
    shutil.copy(portrait("raj", 1), strange)
    page, _ = report(people, strange)
    require(page.texts.count(HOSTILE) >= 3, "the name: %s" % page.texts)
    shown = os.path.join(folder, "a<b>&\"'\\n\\x1B[2J\\u{202E}.png")
    require(shown in page.texts, "the file: %s" % page.texts)
    require("\x1b" not in page.source and "\u202e" not in page.source, "steers a terminal")
    require(len([1 for tag, _ in page.elements if tag == "img"]) == 2, "the name has become an element")


@case
def frames_that_show_the_same_are_counted():
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    people = three()
    clip = shared("data/clips/chengwei1.MOV")
    page, pictures = report(people, "--every", "10", clip, clip, code=1)
    require(len(pictures) == 14 and all(len(p["faces"]) == 1 for p in pictures), str(len(pictures)))
    require(len([1 for tag, _ in page.elements if tag == "section"]) == 2 + 1, "sections")
    told = [text for text in page.texts if text.startswith("6 more frames up to frame 60")]
    require(len(told) == 2, str(page.texts))


@case
def long_pictures_are_shown_whole():
    people = three()
    long = placed(6000, 500, [(portrait("penny", 1), 200, 200, 300, 100),
                              (portrait("sheldon", 1), 200, 200, 5500, 200)], "long.jpg")
    page, _ = report(people, long)
    require(len(page.of_class("long")) == 1, "no window for a long picture")
    size = next(a for tag, a in page.elements if tag == "img")
    width, height = int(size["width"]), int(size["height"])
    require(width * height <= 960 * 960 * 1.01 and abs(width / height - 12) < 0.2, str((width, height)))


@case
def pages_that_cannot_be_written():
    people = three()
    file = os.path.join(temp_folder(), "file")
    open(file, "w").close()
    done = faceid("identify", portrait("amy", 1), "--report", file + "/out.html", **people.options())
    require(done.returncode == 70 and file in done.stderr and not done.stdout, done.stderr)
    for wrong in (shutil.copy(portrait("amy", 1), temp_folder()), "out", ".html/x"):
        done = faceid("identify", portrait("amy", 1), "--report", wrong, **people.options())
        require(done.returncode == 2 and ".html" in done.stderr and not done.stdout, done.stderr)


main()
