#!/usr/bin/python3
"""Every verb and what can be wrong with its input: one sentence on stderr, the documented exit code,
nothing on stdout, nothing lost."""
import csv
import io
import json
import os
import re
import shutil

from check import case, main, require, shared, skip, temp_folder
from gallery_rows import PERSON, all_rows, damage
from program import FACEID, faceid, models, png
from small_model import DETECTOR, small_model, yunet_graph


def refused(done, code, *words, lines=1):
    """Holds a refusal to the contract: exit code, an empty stdout, one sentence with these words."""
    said = done.stderr.splitlines()
    require(done.returncode == code, "exit %d, not %d: %s" % (done.returncode, code, done.stderr))
    require(done.stdout == "", "stdout has " + done.stdout[:200])
    require(len(said) == lines, "%d lines, not %d: %s" % (len(said), lines, done.stderr))
    require(all(line.startswith("faceid: ") for line in said), done.stderr)
    for word in words:
        require(word in done.stderr, "no %r in %s" % (word, done.stderr))


def fresh_gallery():
    return os.path.join(temp_folder(), "gallery.db")


def a_face():
    return shared("data/vggface/ajb.jpg")


def gallery_of_one():
    gallery = fresh_gallery()
    done = faceid("enroll", "ana", a_face(), gallery=gallery, pair=models())
    require(done.returncode == 0, done.stderr)
    return gallery


def people(gallery):
    done = faceid("list", "--json", gallery=gallery)
    require(done.returncode == 0, done.stderr)
    return {p["name"]: p["samples"] for p in map(json.loads, done.stdout.splitlines())}


@case
def help_and_version():
    done = faceid("--help")
    require(done.returncode == 0 and not done.stderr, done.stderr)
    require(done.stdout.index("Examples") < done.stdout.index("Verbs"), "examples come first")
    for code in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "70", "130"):
        require("\n  %3s  " % code in done.stdout, "exit code %s is not documented" % code)
    for verb in ("enroll", "identify", "verify", "list", "rename", "forget"):
        one = faceid(verb, "--help")
        require(one.returncode == 0 and "Usage: faceid " + verb in one.stdout, one.stderr)
        require(faceid("help", verb).stdout == one.stdout, "help VERB differs from VERB --help")
    require(faceid("--version").stdout.startswith("faceid "), "no version")


@case
def wrong_command_lines():
    refused(faceid("enrolle"), 2, "did you mean enroll")
    refused(faceid("xyzzy"), 2, "xyzzy")
    refused(faceid("list", "--jsno"), 2, "did you mean --json")
    require(faceid("list", "--js", "--gal", fresh_gallery()).returncode == 0, "options cut short")
    refused(faceid("enroll", "--force", "-rq", gallery=fresh_gallery()), 2, "enroll needs")
    for words in (("protect", "--of"), ("backup", "x", "--for"), ("enroll", "--repl", "ana", "x"), ("reembed", "--leave")):
        refused(faceid(*words, gallery=fresh_gallery()), 2, "is too short")
    refused(faceid("list", "-Z"), 2, "-Z")
    refused(faceid("list", "--json=3"), 2, "takes no argument")
    refused(faceid("list", "more"), 2, "more")
    refused(faceid("identify"), 2, "SOURCE")
    refused(faceid("identify", "a.jpg", "--model"), 2, "--model")
    refused(faceid("identify", "a.jpg", "--threads", "many"), 2, "many")
    refused(faceid("identify", "a.jpg", "--threads", "1.5"), 2, "1.5")
    refused(faceid("identify", "a.jpg", "--threads", "-1"), 2, "-1")
    refused(faceid("identify", "a.jpg", "--min-score", "nan"), 2, "nan")
    refused(faceid("identify", "a.jpg", "--frames", "5:3"), 2, "5:3")
    refused(faceid("identify", "a.jpg", "--compat", "other"), 2, "other")
    refused(faceid("identify", "a.jpg", "--threshold", "1.5"), 2, "-1..1")
    refused(faceid("identify", "a.jpg", "--json", "--csv"), 2, "--csv")
    refused(faceid("is-known"), 2, "IMAGE")
    refused(faceid("is-known", "a.jpg", "--frames", "5:3"), 2, "5:3")
    refused(faceid("--method", "direct", "identify", "a.jpg"), 2, "the verb comes first")
    refused(faceid("model", "info", "a.fid", "--model", "b.fid"), 2, "no option --model")
    refused(faceid("verify", "a.jpg"), 2, "A B")
    refused(faceid("enroll", "ana"), 2, "SOURCE")
    refused(faceid("enroll", "ana", "x", "--from", "y"), 2, "--from")
    refused(faceid("rename", "ana"), 2, "OLD NEW")
    refused(faceid("forget"), 2, "NAME")
    require(faceid().returncode == 2, "no arguments are not usage")


@case
def unknown_kernels_and_methods():
    refused(faceid("identify", "a.jpg", "--method", "x"), 2, "direct", "im2col_openblas")
    said = faceid("identify", "a.jpg", "--isa", "x")
    refused(said, 2, "not in this build", "ref")
    levels = said.stderr.split("which has ")[1].strip().split(", ")
    described = set()
    for name, more in re.findall("([a-z0-9]+)(?:\\[(.*?)\\])?", re.search("kernels: (.*)", faceid("identify", "--help").stdout)[1]):
        described.update([name] + [name + end for end in more.split("|")])
    require(len(levels) > 1 and described.issuperset(levels), "--help names %s, not all of %s" % (described, levels))
    said = faceid("identify", "a.jpg", "--method", "x").stderr
    named = re.search("convolutions by (.*), \\.\\.\\.", faceid("identify", "--help").stdout)[1]
    for method in named.split(", "):
        require(method in said, "there is no method " + method)


@case
def hostile_names():
    for name in ("a\nb", "", "a/b", "-x", "?", "\u202eana", "a\x1b[2J", ".."):
        words = ("--", name) if name.startswith("-") else (name,)
        for verb, more in (("enroll", ["a.jpg"]), ("forget", []), ("rename", ["bob"])):
            done = faceid(verb, *words, *more, gallery=fresh_gallery())
            refused(done, 2)
            require("\x1b" not in done.stderr and "\u202e" not in done.stderr, "steers a terminal")


@case
def missing_model():
    for verb, words in (("identify", ["a.jpg"]), ("enroll", ["ana", "a.jpg"]), ("verify", ["a", "b"])):
        refused(faceid(verb, *words, "--model", "/nowhere/x.fid"), 4, "/nowhere/x.fid")
        refused(faceid(verb, *words, FACEID_MODEL="/nowhere/y.fid"), 4, "/nowhere/y.fid")
    alone = os.path.join(temp_folder(), "faceid")  # a program with no models beside it
    shutil.copy(FACEID, alone)
    import program
    original, program.FACEID = program.FACEID, alone
    try:
        refused(faceid("identify", "a.jpg"), 4, "faceid model get starter", "of a clone of faceid", "weights/models")
    finally:
        program.FACEID = original


@case
def models_by_name():
    """Where models are looked for, and only for a name that is no file here."""
    recognizer, detector = models()
    data = temp_folder()
    os.makedirs(os.path.join(data, "faceid", "models"))
    shutil.copy(recognizer, os.path.join(data, "faceid", "models", "mine.fid"))
    for name in ("mine", "mine.fid"):
        done = faceid("verify", a_face(), a_face(), "--model", name, "--detector", detector, XDG_DATA_HOME=data)
        require(done.returncode == 0, done.stderr)
    for name in ("./mine", "other", "min"):
        refused(faceid("verify", a_face(), a_face(), "--model", name, "--detector", detector, XDG_DATA_HOME=data),
                4, name)


@case
def wrong_model():
    recognizer, detector = models()
    text = os.path.join(temp_folder(), "x.fid")
    with open(text, "w") as file:
        file.write("this is no model\n" * 100)
    half = os.path.join(temp_folder(), "half.fid")
    with open(recognizer, "rb") as source, open(half, "wb") as target:
        target.write(source.read()[:100000])
    for bad in (text, half, os.path.dirname(text)):
        refused(faceid("identify", "a.jpg", "--model", bad), 4)
    refused(faceid("identify", "a.jpg", pair=(detector, detector)), 4, "recognizer is needed: give it as --detector")
    refused(faceid("identify", "a.jpg", pair=(recognizer, recognizer)), 4, "detector is needed: give it as --model")
    done = faceid("reembed", gallery=gallery_of_one(), pair=(detector, detector))
    refused(done, 4, "recognizer is needed")
    require("--detector" not in done.stderr, "reembed has no such option: " + done.stderr)
    done = faceid("identify", a_face(), "--compat", "demo", gallery=fresh_gallery(), pair=models())
    refused(done, 4, "VGGFace2")


@case
def empty_gallery():
    gallery = fresh_gallery()
    done = faceid("list", gallery=gallery)
    require(done.returncode == 0 and not done.stdout and "no one" in done.stderr, done.stderr)
    refused(faceid("forget", "ana", gallery=gallery), 5, gallery)
    refused(faceid("rename", "ana", "bob", gallery=gallery), 5, gallery)
    require(not os.path.exists(gallery), "reading made a gallery")
    done = faceid("identify", a_face(), gallery=gallery, pair=models())
    require(done.returncode == 1 and done.stdout.endswith("\t?\t-\n"), done.stdout + done.stderr)
    done = faceid("identify", "--json", "--explain", a_face(), gallery=gallery, pair=models())
    face, = json.loads(done.stdout)["faces"]
    require((face["score"], face["second_score"]) == (None, None), done.stdout)
    require(not os.path.exists(gallery), "identifying made a gallery")


@case
def unusable_gallery():
    file = os.path.join(temp_folder(), "file")
    open(file, "w").close()
    for verb, words in (("list", []), ("forget", ["ana"]), ("rename", ["ana", "bob"])):
        refused(faceid(verb, *words, gallery=file + "/gallery.db"), 5, file)
    junk = fresh_gallery()
    with open(junk, "w") as target:
        target.write("not a database\n" * 1000)
    before = open(junk).read()
    refused(faceid("list", gallery=junk), 5, junk)
    refused(faceid("enroll", "ana", a_face(), gallery=junk, pair=models()), 5, junk)
    require(open(junk).read() == before, "another program's file was changed")
    link = fresh_gallery()
    os.symlink(junk, link)
    refused(faceid("list", gallery=link), 5, "symbolic link")


@case
def bad_pictures():
    folder = temp_folder()
    empty = os.path.join(folder, "empty.jpg")
    open(empty, "w").close()
    text = os.path.join(folder, "notes.txt")
    with open(text, "w") as file:
        file.write("no picture\n")
    half = os.path.join(folder, "half.jpg")
    with open(a_face(), "rb") as source, open(half, "wb") as target:
        data = source.read()
        target.write(data[:len(data) // 2])
    fake = os.path.join(folder, "fake.mp4")
    with open(fake, "wb") as file:
        file.write(b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20)
    strange = os.path.join(folder, "a\nb\x1b[2J.jpg")
    wide = png(os.path.join(folder, "wide.png"), 20000, 20)
    for bad in (empty, text, half, fake, strange, os.path.join(folder, "none.jpg")):
        gallery = fresh_gallery()
        refused(faceid("identify", bad, "--quiet", gallery=gallery, pair=models()), 3)
        refused(faceid("verify", bad, a_face(), pair=models()), 3)
        refused(faceid("enroll", "ana", bad, gallery=gallery, pair=models()), 3, lines=2)
        require(people(gallery) == {}, "a person was enrolled")
    refused(faceid("identify", wide, "--quiet", gallery=fresh_gallery(), pair=models()), 3, lines=0)
    refused(faceid("verify", wide, a_face(), pair=models()), 3, "no face")


@case
def an_odd_face_does_not_stop_the_rest():
    """Landmarks of which nothing can be cut out are a detector's mistake, and no fault of the album."""
    detector = small_model({**DETECTOR, "detect.strides": [8]}, [yunet_graph()])
    options = {"pair": (small_model(), detector), "gallery": fresh_gallery()}
    album = [png(os.path.join(temp_folder(), "%d.png" % i), 8, 8) for i in range(3)]
    done = faceid("identify", "--json", "--explain", "--quiet", *album, **options)
    require(done.returncode == 1 and not done.stderr, "exit %d: %s" % (done.returncode, done.stderr))
    found = [[face["reason"] for face in json.loads(line)["faces"]] for line in done.stdout.splitlines()]
    require(found == [["no_vector"]] * 3, done.stdout)
    refused(faceid("is-known", *album, **options), 1, lines=1)  # nobody is enrolled
    refused(faceid("verify", *album[:2], pair=options["pair"]), 3, "landmarks")


@case
def a_picture_that_cannot_be_searched_does_not_stop_the_rest():
    detector = small_model({**DETECTOR, "detect.strides": [8]}, [yunet_graph(side=16)])
    options = {"pair": (small_model(), detector), "gallery": fresh_gallery()}
    large, small = (png(os.path.join(temp_folder(), "a.png"), side, side) for side in (24, 16))
    for words, code in (((), 1), (("--strict",), 3)):
        done = faceid("identify", "--quiet", *words, large, small, **options)
        require(done.returncode == code and "cls_8" in done.stderr and small in done.stdout,
                "exit %d: %s" % (done.returncode, done.stdout + done.stderr))
    require(faceid("is-known", large, small, **options).returncode == 3, "is-known took it for a stranger")


@case
def folders_without_pictures():
    empty, nested = temp_folder(), temp_folder()
    os.makedirs(os.path.join(nested, "inside"))
    open(os.path.join(nested, "inside", "a.jpg"), "w").close()
    for folder in (empty, nested):
        words = (folder, "no JPEG, PNG or clip in it")
        refused(faceid("identify", "--quiet", folder, gallery=fresh_gallery(), pair=models()), 3,
                *words)
        refused(faceid("enroll", "ana", folder, gallery=fresh_gallery(), pair=models()), 3, *words,
                lines=2)
        refused(faceid("live", "--headless", "--input", folder, gallery=fresh_gallery(),
                       pair=models()), 3, *words)


@case
def bad_files_do_not_stop_the_rest():
    folder, gallery = temp_folder(), gallery_of_one()
    with open(os.path.join(folder, "a.txt"), "w") as file:
        file.write("no picture\n")
    shutil.copy(a_face(), os.path.join(folder, "b.jpg"))
    done = faceid("identify", folder, gallery=gallery, pair=models())
    require(done.returncode == 0 and "\tana\t" in done.stdout and "a.txt" in done.stderr, done.stderr)
    require(faceid("identify", "--strict", folder, gallery=gallery, pair=models()).returncode == 3,
            "--strict let a bad file pass")
    done = faceid("enroll", "bob", "--force", folder, gallery=gallery, pair=models())
    require(done.returncode == 0 and people(gallery) == {"ana": 1, "bob": 1}, done.stderr)
    done = faceid("enroll", "--strict", "--force", "bob", folder, gallery=gallery, pair=models())
    require(done.returncode == 3 and people(gallery)["bob"] == 2, done.stderr)


@case
def people_from_a_folder():
    folder, gallery = temp_folder(), fresh_gallery()
    for name in ("ana", "bob", "nobody", "_aside", ".hidden"):
        os.mkdir(os.path.join(folder, name))
    for name in ("ana", "bob"):
        shutil.copy(a_face(), os.path.join(folder, name, "1.jpg"))
    png(os.path.join(folder, "nobody", "1.png"), 200, 200)
    done = faceid("enroll", "--from", folder, gallery=gallery, pair=models())
    require(done.returncode == 0 and "1 person enrolled, 2 skipped" in done.stderr and
            "looks like ana (1.00)" in done.stderr, done.stderr)
    require(people(gallery) == {"ana": 1}, str(people(gallery)))
    gallery = fresh_gallery()
    done = faceid("enroll", "--force", "--from", folder, gallery=gallery, pair=models())
    require(done.returncode == 0 and not done.stdout, done.stderr)
    require("2 people enrolled, 1 skipped" in done.stderr, done.stderr)
    require(people(gallery) == {"ana": 1, "bob": 1}, str(people(gallery)))


@case
def life_of_a_person():
    gallery = gallery_of_one()
    require(faceid("enroll", "ANA", a_face(), gallery=gallery, pair=models()).returncode == 0, "add")
    require(people(gallery) == {"ana": 2}, "a second enrollment does not add")
    done = faceid("enroll", "ana", "--replace", a_face(), gallery=gallery, pair=models())
    require(done.returncode == 0 and people(gallery) == {"ana": 1}, "--replace does not replace")
    done = faceid("identify", "--json", "--explain", a_face(), gallery=gallery, pair=models())
    found = json.loads(done.stdout)
    require(found["v"] == 1 and found["faces"][0]["name"] == "ana", done.stdout)
    require(found["faces"][0]["reason"] == "known", done.stdout)
    require(faceid("rename", "ana", "Zo\u00e9 \"x\"", gallery=gallery).returncode == 0, "rename")
    require(people(gallery) == {"Zo\u00e9 \"x\"": 1}, str(people(gallery)))
    refused(faceid("rename", "ana", "bob", gallery=gallery), 5, "ana")
    require(faceid("forget", "zo\u00c9 \"X\"", gallery=gallery).returncode == 0, "forget")
    require(people(gallery) == {}, "not forgotten")


@case
def explained_faces():
    """The figures of --explain are the same in all three forms, and they add up to the reason."""
    gallery = gallery_of_one()
    said = {form: faceid("identify", "--explain", *form, a_face(), gallery=gallery, pair=models())
            for form in ((), ("--json",), ("--csv",))}
    for done in said.values():
        require(done.returncode == 0 and not done.stderr, done.stderr)
    line, = said[()].stdout.splitlines()
    page = json.loads(said["--json",].stdout)
    row, = csv.DictReader(io.StringIO(said["--csv",].stdout))
    face, = page["faces"]
    limits, quality = page["limits"], face["quality"]
    require(limits["from"] == "model" and limits["maybe"] < limits["accept"], str(limits))
    require(face["reason"] == "known" and face["score"] >= limits["accept"], str(face))
    require(face["second"] is None and face["second_score"] is None, str(face))
    require(set(quality) == {"size", "sharpness", "brightness", "contrast", "yaw", "pitch", "score"},
            str(quality))
    words = line.split("\t")
    require(words[2] == words[5] == "ana" and words[4] == "known" and words[6:8] == ["", "-"], line)
    require("accept=%.3f (model)" % limits["accept"] in words[8], line)
    require("quality=%.2f" % quality["score"] in words[9], line)
    require((row["known"], row["name"], row["reason"], row["second_score"], row["frame"]) ==
            ("1", "ana", "known", "", ""), str(row))
    require(float(row["accept"]) == limits["accept"] and float(row["quality"]) == quality["score"] and
            float(row["x"]) == face["box"][0], str(row))
    done = faceid("identify", "--json", "--explain", "--threshold", "0.999999", a_face(),
                  gallery=gallery, pair=models())
    require(json.loads(done.stdout)["limits"]["from"] == "option", done.stdout)


@case
def csv_survives_any_name():
    """Names and paths come back from a CSV reader as they went in."""
    names = ['=1+1', '+1', '@x', 'a,b', 'say "hi"', "Zo\u00e9 \u738b", "O'Brien; DROP", "plain"]
    gallery = gallery_of_one()
    was = "ana"
    for name in names:
        require(faceid("rename", was, "--", name, gallery=gallery).returncode == 0, name)
        was = name
        folder = os.path.join(temp_folder(), name)
        os.mkdir(folder)
        file = os.path.join(folder, "line\nbreak, \"quoted\".jpg")
        shutil.copy(a_face(), file)
        done = faceid("identify", "--csv", file, gallery=gallery, pair=models())
        require(done.returncode == 0, done.stderr)
        row, = csv.DictReader(io.StringIO(done.stdout, newline=""))
        require(row["name"] == name and row["file"] == file, done.stdout)
        cell = done.stdout.split("\n", 1)[1].rsplit(",", 2)[1]
        require(cell.startswith('"') == (name[0] in "=+@" or "," in name or '"' in name) or
                "," in name, done.stdout)
    bad = os.path.join(temp_folder(), "\udcff\x1b[2J.jpg")
    shutil.copy(a_face(), bad)
    done = faceid("identify", "--csv", bad, gallery=gallery, pair=models())
    require("\ufffd\ufffd[2J.jpg" in done.stdout and "\x1b" not in done.stdout, repr(done.stdout))


@case
def is_known_like_grep():
    gallery, blank = gallery_of_one(), png(os.path.join(temp_folder(), "blank.png"), 200, 200)
    known = lambda *words: faceid("is-known", *words, gallery=gallery, pair=models())
    done = known(a_face(), blank)
    require(done.returncode == 0 and done.stdout == a_face() + "\tana\n", done.stdout + done.stderr)
    refused(known(blank), 1, "no face")
    refused(known("--threshold", "1", "--", blank, "/nowhere.jpg"), 3, "no face", "/nowhere", lines=2)
    done = known(a_face(), "/nowhere.jpg")  # one is known, but not every file was examined
    require(done.returncode == 3 and done.stdout and "/nowhere" in done.stderr, done.stderr)
    done = known("-q", "/nowhere.jpg", a_face(), "/never.jpg")
    require(done.returncode == 0 and not done.stdout and "/never" not in done.stderr, done.stderr)
    require(known("-q", "/nowhere.jpg", blank).returncode == 3, "a bad file passed as nobody")
    done = known("-q", blank)
    require((done.returncode, done.stdout, done.stderr) == (1, "", ""), done.stderr)
    require(faceid("is-known", a_face(), gallery=fresh_gallery(), pair=models()).returncode == 1,
            "a person is known to an empty gallery")
    refused(faceid("is-known", a_face(), "--model", "/nowhere/x.fid"), 4, "/nowhere/x.fid")


@case
def the_wrong_person():
    other = shared("data/clips/gallery/alex_lacamoire/alex-lacamoire.png")
    gallery = gallery_of_one()
    for name, picture, words in (("ANA", other, (other, "does not look like ana (")),
                                 ("bob", a_face(), (a_face(), "looks like ana (1.00)"))):
        done = faceid("enroll", name, picture, gallery=gallery, pair=models())
        refused(done, 7, "nothing saved", "--force", *words)
        require(people(gallery) == {"ana": 1}, "the gallery changed")
    done = faceid("enroll", "eve", other, a_face(), gallery=fresh_gallery(), pair=models())
    refused(done, 7, other, a_face(), "do not look like one person")
    done = faceid("enroll", "ana", "--replace", other, gallery=gallery, pair=models())
    require(done.returncode == 0 and people(gallery) == {"ana": 1}, done.stderr)
    done = faceid("enroll", "ana", "--force", a_face(), gallery=gallery, pair=models())
    require(done.returncode == 0 and people(gallery) == {"ana": 2}, done.stderr)


@case
def another_model():
    gallery = gallery_of_one()
    import program
    other = program.starter()
    if other is None or other == models():
        skip("only one recognizer is here")
    refused(faceid("identify", a_face(), gallery=gallery, pair=other), 5, "enroll again")
    require(people(gallery) == {"ana": 1}, "the gallery changed")


@case
def locked_gallery():
    import sqlite3
    gallery = gallery_of_one()
    other = sqlite3.connect(gallery, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused(faceid("forget", "ana", gallery=gallery), 8, "locked", "try again")
    other.close()
    require(people(gallery) == {"ana": 1}, "the gallery changed")


@case
def verify_pairs():
    done = faceid("verify", a_face(), a_face(), pair=models())
    require(done.returncode == 0 and done.stdout == "1.0000\tsame\n", done.stdout + done.stderr)
    other = shared("data/clips/gallery/alex_lacamoire/alex-lacamoire.png")
    done = faceid("verify", "--json", a_face(), other, pair=models())
    require(done.returncode == 1 and json.loads(done.stdout)["same"] is False, done.stdout)


@case
def drawn_pictures():
    folder, gallery = os.path.join(temp_folder(), "out"), gallery_of_one()
    done = faceid("identify", "--draw", folder, a_face(), gallery=gallery, pair=models())
    require(done.returncode == 0 and os.listdir(folder) == ["ajb.jpg"], done.stderr)
    require(open(os.path.join(folder, "ajb.jpg"), "rb").read(2) == b"\xff\xd8", "no JPEG")
    own = temp_folder()
    picture = shutil.copy(a_face(), os.path.join(own, "a.jpg"))
    before = open(picture, "rb").read()
    done = faceid("identify", "--quiet", "--draw", own, picture, gallery=gallery, pair=models())
    require(done.returncode == 2 and "another folder" in done.stderr, done.stderr)
    require(open(picture, "rb").read() == before, "the picture was replaced")


@case
def output_of_verbs_that_cannot_be_written():
    gallery, file = gallery_of_one(), os.path.join(temp_folder(), "file")
    open(file, "w").close()
    refused(faceid("identify", "--draw", file + "/out", a_face(), gallery=gallery, pair=models()),
            70, file)
    refused(faceid("live", "--headless", "--events", file + "/out", "--input", a_face(),
                   gallery=gallery, pair=models()), 70, file)


@case
def drawings_of_the_same_name():
    gallery, out, sources = gallery_of_one(), os.path.join(temp_folder(), "out"), []
    for ending in ("jpg", "JPG"):
        sources.append(os.path.join(temp_folder(), "party." + ending))
        shutil.copy(a_face(), sources[-1])
    sources.append(shutil.copy(a_face(), os.path.join(temp_folder(), "party-2.jpg")))
    for _ in range(2):  # a second run writes the same files again
        done = faceid("identify", "--json", "--draw", out, *sources, gallery=gallery, pair=models())
        require(done.returncode == 0, done.stderr)
        drawn = [json.loads(line)["drawn"] for line in done.stdout.splitlines()]
        want = ["party.jpg", "party-2.jpg", "party-2-2.jpg"]
        require(drawn == [os.path.join(out, name) for name in want], str(drawn))
        require(sorted(os.listdir(out)) == sorted(want), str(os.listdir(out)))


@case
def a_damaged_name():
    gallery = gallery_of_one()
    damage(gallery, all_rows(gallery, PERSON)[0], 4)
    for verb, words in (("list", []), ("forget", ["ana"]), ("rename", ["ana", "bob"])):
        refused(faceid(verb, *words, gallery=gallery), 5, "damaged", "faceid restore", gallery)


@case
def output_that_cannot_be_written():
    import subprocess
    if not os.path.exists("/dev/full"):
        skip("no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([FACEID, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    require(done.returncode == 70 and "No space" in done.stderr, done.stderr)
    done = subprocess.run(["sh", "-c", '"$1" --help | true; echo done', "sh", FACEID],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    require(done.stdout == "done\n" and not done.stderr, "a closed pipe: " + done.stderr)


main()
