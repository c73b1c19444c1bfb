#!/usr/bin/python3
"""Enrollment: what is learnt from and what is left out, each for its reason, and that nobody else's
rows are touched."""
import json
import os
import pty
import shutil
import subprocess
import time

from check import case, figure, main, require, shared, skip, temp_folder
from gallery_rows import BEFORE, TEMPLATE, all_rows, consents, ids
from people import NAMES, People, changed, ffmpeg, portrait, portraits
from program import FACEID, environment, faceid, models, png, unmeasured_model
from rtsp import RtspServer

CLIPS = {"chengwei": "data/clips/chengwei1.MOV", "michelle": "data/clips/michelle1.avi"}


def clip_of(*sources, change="null"):
    """A clip that shows the sources [(picture, frames)] one after the other."""
    path = os.path.join(temp_folder(), "clip.mkv")
    words, parts = [], ""
    for i, (picture, frames) in enumerate(sources):
        words += ["-loop", "1", "-framerate", "10", "-t", "%g" % (frames / 10), "-i", picture]
        parts += "[%d]format=rgb24,scale=300:300,setsar=1[s%d];" % (i, i)
    parts += "".join("[s%d]" % i for i in range(len(sources)))
    parts += "concat=n=%d,%s" % (len(sources), change)
    ffmpeg(*words, "-filter_complex", parts, "-c:v", "ffv1", path)
    return path


# ---- the limits ----

@case
def limits_are_printed_as_they_are_read():
    people = People()
    before = faceid("enroll", "--limits", **people.options())
    require(before.returncode == 0 and "face_px = 80 " in before.stdout, before.stdout + before.stderr)
    people.configure(before.stdout.replace("face_px = 80 ", "face_px = 90 "))
    after = faceid("enroll", "--limits", **people.options())
    require(after.stdout == before.stdout.replace("face_px = 80 ", "face_px = 90 ") and
            not after.stderr, after.stdout + after.stderr)
    for line in before.stdout.splitlines():
        if " = " in line:
            require("#" in line and len(line.split("#")[1]) > 10, "no unit or meaning: " + line)


@case
def wrong_settings():
    people = People()
    for text, code, words in (
            ("[enroll]\nface_px = many\n", 2, (":2:", "face_px", "1 to 10000", "pixels", "many")),
            ("[enroll]\n\nface_px = 0.5 # half\n", 2, (":3:", "1 to 10000")),
            ("[enroll]\nkeep_crops = yes\n", 2, (":2:", "keep_crops takes 0 or 1, not 'yes'")),
            ("[enroll]\ninside = 2\n", 2, (":2:", "inside takes a number from 0 to 1, not '2'")),
            ("[enroll]\nface_px\n", 2, (":2:", "key = value")),
            ("[enroll\nface_px = 90\n", 2, (":1:", "]")),
            ("[enroll]\nface_pz = 90\n", 0, (":2:", "face_pz", "did you mean face_px")),
            ("[enrolls]\nface_px = 90\n", 0, (":1:", "enrolls", "did you mean enroll")),
            ("# mine\nface_px = 90\nyaw_deg = 20\n", 0, (":2:", "'face_px = 90'", "no section", "[enroll]")),
            ("[other]\nface_px = 90\n", 0, (":1:", "no section 'other'")),
            ("; nothing\n\n[enroll] # but\n  face_px=90 ; a comment\n", 0, ())):
        people.configure(text)
        done = faceid("enroll", "--limits", **people.options())
        require(done.returncode == code, "exit %d: %s" % (done.returncode, done.stderr))
        require(all(word in done.stderr for word in words), "%r: %s" % (text, done.stderr))
        require(len(done.stderr.splitlines()) == (1 if words else 0), done.stderr)
        require("face_px = %d " % (80 if words else 90) in done.stdout or code, done.stdout)
        done = faceid("enroll", "ana", portrait("amy", 1), **people.options())
        require(done.returncode == code and (people.samples() == {}) == (code != 0), done.stderr)


# ---- the gate, reason by reason ----

def spoilt():
    """{reason: (picture, setting)}: a picture that breaks one limit of frames and photographs."""
    face = portrait("amy", 1)
    return {
        "too small": (changed(face, "scale=75:75,pad=200:200:60:60"), ""),
        "cut by the border": (changed(face, "crop=88:150:0:0,pad=98:150:10:0"), "inside = 0.9"),
        "too dark": (changed(face, "lutrgb=r=val*0.12:g=val*0.12:b=val*0.12"), ""),
        "too bright": (changed(face, "lutrgb=r=160+val*0.35:g=160+val*0.35:b=160+val*0.35"),
                       "brightness_most = 0.8"),
        "without contrast": (changed(face, "lutrgb=r=120+val*0.2:g=120+val*0.2:b=120+val*0.2"), ""),
        "turned away": (portrait("amy", 2), "yaw_deg = 0\npitch_deg = 0"),
        "blurred": (changed(face, "gblur=5"), ""),
    }


def photo_settings(setting):
    """What breaks limits of frames breaks those of photographs with the frames' values."""
    rows = [line.split("#")[0] for line in faceid("enroll", "--limits").stdout.splitlines()]
    frames = [row for row in rows if " = " in row and not row.startswith(("photo_", "rival", "clip_"))]
    return "[enroll]\n" + "".join("photo_%s\n" % row for row in frames) + "".join(
        "%s\nphoto_%s\n" % (row, row) for row in setting.splitlines())


@case
def every_reason_of_the_gate():
    good = portrait("amy", 3)
    for reason, (picture, setting) in spoilt().items():
        people = People()
        people.configure(photo_settings(setting))
        if reason == "turned away":  # the good one has to stay good
            people.configure(photo_settings("") + "photo_yaw_deg = 0\nphoto_pitch_deg = 0\n")
            said = people.enroll("amy", picture)
            require("is used, though turned away (photo_" in said, said)
            continue
        said = people.enroll("amy", picture, good)
        require("%s is not used: %s (photo_" % (picture, reason) in said, reason + ": " + said)
        require("1 of 2 pictures used; 1 %s." % reason in said, said)
        require(people.sources("amy") == [good], str(people.sources("amy")))
        people = People()  # alone it is better than nothing
        people.configure(photo_settings(setting))
        said = people.enroll("amy", picture)
        require("%s is used, though %s (photo_" % (picture, reason) in said, reason + ": " + said)
        require(people.samples() == {"amy": 1}, said)


@case
def a_photograph_is_doubted_only_when_it_is_bad():
    for reason, (picture, setting) in spoilt().items():
        people = People()
        people.configure("[enroll]\n" + setting + "\n")  # breaks the limits of frames alone
        if reason in ("too small", "blurred", "turned away", "cut by the border"):
            said = people.enroll("amy", picture)
            require("though" not in said and "1 of 1 picture used." in said, reason + ": " + said)


@case
def frames_that_are_not_good_enough():
    for reason, (picture, setting) in spoilt().items():
        people = People()
        people.configure("[enroll]\n" + setting + "\n")
        clip = clip_of((picture, 10), change="scale=150:150" if reason == "too small" else "null")
        said = people.enroll("amy", clip, code=7)
        require("none of 10 frames is good enough" in said and "(10 %s)" % reason in said, said)
        require("nothing saved" in said and "--force" in said, said)
        require(people.samples() == {}, "saved all the same")
        said = people.enroll("--force", "amy", clip)
        require(people.samples() == {"amy": 8} and "8 of 10 frames used" in said, said)
        require("none of 10 frames is good enough" in said and "saved anyway" in said, said)


@case
def pictures_without_a_face():
    people = People()
    empty = png(os.path.join(temp_folder(), "empty.png"), 200, 200)
    said = people.enroll("amy", empty, code=3)
    require(empty + " is not used: without a face" in said, said)
    require("amy is not enrolled: 0 of 1 picture used; 1 without a face" in said, said)
    said = people.enroll("--strict", "amy", empty, portrait("amy", 1), code=3)
    require("1 of 2 pictures used; 1 without a face" in said, said)
    require(people.samples() == {"amy": 1}, said)
    clip = clip_of((empty, 5), (portrait("amy", 1), 10))
    said = people.enroll("amy", clip)
    require("10 of 15 frames used; 5 without a face" in said and "empty" not in said, said)


# ---- several people ----

def beside(left, right):
    path = os.path.join(temp_folder(), "beside.png")
    ffmpeg("-i", left, "-i", right, "-filter_complex", "hstack", path)
    return path


@case
def several_faces():
    both, people = beside(portrait("amy", 1), portrait("raj", 1)), People()
    said = people.enroll("amy", both, code=7)
    require(both + " is not used: with several faces" in said and "which face of" in said, said)
    require(people.samples() == {}, "saved all the same")
    said = people.enroll("--force", "amy", both)
    require("saved anyway" in said and people.samples() == {"amy": 1}, said)


@case
def the_one_who_is_in_all_pictures():
    """Beside another person in every picture, a different one each time."""
    pairs = [beside(portrait("amy", 1), portrait("raj", 1)),
             beside(portrait("penny", 2), portrait("amy", 2)),
             beside(portrait("amy", 3), portrait("howard", 3))]
    for pictures in (pairs, [portrait("amy", 4), pairs[0]], [pairs[1], portrait("amy", 4)]):
        people = People()
        said = people.enroll("amy", *pictures)
        require(people.samples() == {"amy": len(pictures)}, said)
        strangers = portraits("raj") + portraits("penny") + portraits("howard")
        require(people.names(portrait("amy", 5)) == [["amy"]], said)
        require(all(names == ["?"] for names in people.names(*strangers)), "a stranger has the name")


def vectors(people):
    return [row.content for row in all_rows(people.gallery, TEMPLATE)]


@case
def bystanders_in_photographs():
    """Every fourth picture shows another person: the same vectors as without them."""
    alone, mixed = People(), People()
    alone.enroll("amy", *portraits("amy"))
    bystanders = portraits("raj", 1, 2)
    said = mixed.enroll("amy", bystanders[0], *portraits("amy"), bystanders[1])
    for picture in bystanders:
        require("%s is not used: of another person" % picture in said, said)
    require("5 of 7 pictures used; 2 of another person." in said, said)
    require(vectors(alone) == vectors(mixed), "the bystander has changed the vectors")
    require(mixed.names(*portraits("raj")) == [["?"]] * 5, "the bystander is known")


@case
def bystanders_in_a_clip():
    """michelle for 24 frames, chengwei for 9 in the middle: 27 %."""
    folder = temp_folder()
    for name, clip in CLIPS.items():
        ffmpeg("-i", shared(clip), "-vf", "select=not(mod(n\\,4)),scale=640:360", "-vsync", "0",
               os.path.join(folder, name + "%02d.png"))
    order = [("michelle", 1 + i) for i in range(12)] + [("chengwei", 1 + i) for i in range(9)] + \
            [("michelle", 13 + i) for i in range(12)]
    for i, (name, number) in enumerate(order):
        os.rename("%s/%s%02d.png" % (folder, name, number), "%s/frame%03d.png" % (folder, i))
    clip = os.path.join(folder, "mixed.mkv")
    ffmpeg("-framerate", "10", "-i", os.path.join(folder, "frame%03d.png"), "-c:v", "ffv1", clip)
    people = People()
    said = people.enroll("michelle", clip)
    require("24 of 33 frames used; 9 of another person." in said, said)
    require("mixed.mkv, frames 12, 13, 14, 15, 16, 17, 18, 19 and 1 more: of another person" in said,
            said)
    want = ["%s#%d" % (clip, i) for i, (name, _) in enumerate(order) if name == "michelle"]
    require(people.sources("michelle") == want, str(people.sources("michelle")))
    rest = [name for name in os.listdir(folder) if name.startswith("chengwei")]
    names = people.names(*[os.path.join(folder, name) for name in rest])
    require(len(names) >= 8 and all(n == ["?"] for n in names), "the bystander is known: %s" % names)


@case
def nobody_in_most_of_the_pictures():
    people = People()
    pictures = portraits("amy", 1, 2) + portraits("raj", 1, 2)
    said = people.enroll("amy", *pictures, code=7)
    require("no more than 2 of the 4 faces look like one person" in said, said)
    require(people.samples() == {}, "saved all the same")
    said = people.enroll("--force", "amy", *pictures)
    require(people.samples() == {"amy": 4} and "saved anyway" in said, said)


@case
def somebody_who_is_enrolled_already():
    people = People()
    people.enroll("amy", *portraits("amy", 1, 2, 3))
    said = people.enroll("bob", *portraits("amy", 4, 5), code=7)
    require("looks like amy (0." in said and "nothing saved" in said and "--force" in said, said)
    require(people.samples() == {"amy": 3}, str(people.samples()))
    said = people.enroll("--force", "bob", *portraits("amy", 4, 5))
    require("looks like amy (0." in said and "saved anyway" in said, said)
    require(people.samples() == {"amy": 3, "bob": 2}, str(people.samples()))


# ---- clips ----

@case
def frames_of_a_clip_are_spread():
    people = People()
    people.configure("[enroll]\nclip_faces = 10\n")
    said = people.enroll("--every", "1", "chengwei", shared(CLIPS["chengwei"]))
    require("10 of 69 frames used; 59 more of the same." in said, said)
    frames = [int(source.split("#")[1]) for source in people.sources("chengwei")]
    gaps = [b - a for a, b in zip([0] + frames, frames + [68])]
    require(frames == sorted(frames) and max(gaps) <= 69 // 3, "the frames are %s" % frames)


@case
def verbose_tells_of_each_file():
    clip = clip_of((portrait("amy", 1), 5), (portrait("raj", 1), 2))
    said = People().enroll("-v", "amy", clip, portrait("amy", 2))
    for words in (clip + ", frames 0, 1, 2, 3, 4: good", clip + ", frames 5, 6: of another person",
                  portrait("amy", 2) + " is good"):
        require(words in said, "no %r in %s" % (words, said))
    require("kernels " not in said, "what the library chooses is said too: " + said)
    said = People().enroll("-vv", "amy", portrait("amy", 2))
    require("kernels " in said and " is good" in said, said)


# ---- many at once ----

def rows_of(gallery, *names):
    """Everything that the gallery holds of these people (but for what `undo` would bring back)."""
    of = ids(gallery)
    found = [(row.id, row.body) for row in all_rows(gallery)
             if row.kind < BEFORE and row.person in [of[name] for name in names]]
    return found


@case
def adding_a_person_touches_nobody_else():
    people = People()
    people.enroll("amy", *portraits("amy"))
    people.enroll("raj", *portraits("raj"))
    before = rows_of(people.gallery, "amy", "raj")
    require(len(before) > 10, "what is compared: %s" % before)
    people.enroll("penny", *portraits("penny"))
    people.enroll("penny", *portraits("penny", 1))
    people.enroll("--replace", "penny", *portraits("penny", 2, 3))
    require(rows_of(people.gallery, "amy", "raj") == before, "the rows of others have changed")


@case
def a_last_day_is_taken_back():
    people = People()
    for day, words in (("2999-01-31", ("--expires", "2999-01-31")), ("2999-01-31", ()), ("", ("--expires", "")),
                       ("2999-01-30", ("--expires=2999-01-30",)), ("", ("--expires=",))):
        done = faceid("enroll", "amy", *words, portrait("amy", 1), **people.options())
        require(done.returncode == 0, done.stderr)
        shown = faceid("show", "amy", **people.options()).stdout.splitlines()
        require("expires\t" + (day or "-") in shown, "%s: %s" % (words, shown))
    for option in ("--consent", "--gallery"):
        done = faceid("enroll", "amy", option, "", portrait("amy", 1), **people.options())
        require(done.returncode == 2 and "not an empty word" in done.stderr, done.stderr)


@case
def a_last_day_that_is_over_is_doubted():
    people = People()
    for words in (("amy", portrait("amy", 1)), ("amy",)):
        said = people.enroll("--expires", "2020-05-05", *words, code=2)
        require("2020-05-05 has passed already" in said and said.count("\n") == 1, said)
    people.enroll("--expires", time.strftime("%Y-%m-%d", time.gmtime()), "amy", portrait("amy", 1))
    people.enroll("--expires", "2020-05-05", "--force", "amy", portrait("amy", 1))
    done = faceid("identify", "--explain", portrait("amy", 1), **people.options())
    require(done.returncode == 1 and "\tempty_gallery\t" in done.stdout and "last day" in done.stderr and
            done.stderr.count("\n") == 1, done.stdout + done.stderr)


@case
def terms_are_changed_without_pictures():
    people = People()
    people.enroll("amy", "--consent", "first", portrait("amy", 1))
    said = people.enroll("AMY", "--expires", "2999-01-31", "--consent", "second")
    require("consent of amy is saved" in said and "last day of amy is now 2999-01-31" in said, said)
    shown = json.loads(faceid("show", "--json", "amy", **people.options()).stdout)
    require(shown["expires"] == "2999-01-31" and len(shown["samples"]) == 1 and
            [consent["text"] for consent in shown["consents"]] == ["first", "second"], str(shown))
    require("no longer has a last day" in people.enroll("amy", "--expires", ""), "no end")
    require("terms of" in faceid("undo", **people.options()).stderr, "undo")
    require("expires\t2999-01-31\n" in faceid("show", "amy", **people.options()).stdout, "not undone")
    people.enroll("raj", "--expires", "2999-01-31", code=5)
    for words in ((), ("--replace", "--expires", "2999-01-31")):
        require("NAME SOURCE" in people.enroll("amy", *words, code=2), "no picture and no terms")
    require(people.samples() == {"amy": 1}, str(people.samples()))


@case
def a_folder_of_people_with_damaged_files():
    folder, people = temp_folder(), People()
    for name in NAMES:
        os.mkdir(os.path.join(folder, name))
        for number in (1, 2, 3):
            shutil.copy(portrait(name, number), os.path.join(folder, name))
    whole = open(portrait("amy", 4), "rb").read()
    damaged = {"amy/half.png": whole[:len(whole) // 2], "raj/empty.jpg": b"", "raj/text.png": b"hello\n",
               "penny/flipped.png": whole[:3000] + bytes([whole[3000] ^ 255]) + whole[3001:]}
    for path, data in damaged.items():
        with open(os.path.join(folder, path), "wb") as file:
            file.write(data)
    said = people.enroll("--from", folder)
    require("8 people enrolled, 0 skipped" in said, said)
    require(people.samples() == {name: 3 for name in NAMES}, str(people.samples()))
    for path in damaged:
        require(sum(os.path.join(folder, path) in line for line in said.splitlines()) == 1,
                "%s is not told once: %s" % (path, said))
    require("raj: 3 of 3 pictures used; 2 files not readable." in said, said)
    said = People().enroll("--strict", "--from", folder, code=3)
    require("8 people enrolled" in said, said)


# ---- the terminal ----

def on_terminal(*words, **options):
    """What the program writes to a terminal on stderr."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([FACEID, *words], env=environment(TERM="xterm", **options),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(ours)
    require(child.wait() == 0, shown.decode())
    return shown.decode()


@case
def progress_is_for_terminals():
    people = People()
    words = ["enroll", "--force", "amy", *portraits("amy"), portrait("raj", 1)]
    shown = on_terminal(*words, **people.options())
    require("\renrolling [" in shown and " 0 %" in shown and "\x1b[K" in shown, repr(shown))
    lines = [line for line in shown.replace("\r\n", "\n").split("\n") if "faceid: " in line]
    for line in lines:  # a sentence stands where the bar was taken away
        require(line.split("faceid: ")[0].endswith(("\r\x1b[K", "\x1b[K\r\x1b[K")) or
                line.startswith("faceid: "), repr(line))
    require("enrolling" not in on_terminal(*words, "--quiet", **people.options()), "with --quiet")
    require("enrolling" not in people.enroll(*words[1:]), "where stderr is no terminal")


# ---- a camera ----

@case
def a_camera_that_is_not_there():
    people = People()
    for words, code, said in ((("--camera", "/dev/video99"), 6, "/dev/video99"),
                              (("--camera", "http://x/"), 2, "rtsp://"),
                              (("--camera", "0", "x.jpg"), 2, "no SOURCE"),
                              (("--camera", "0", "--compat", "demo"), 2, "--compat"),
                              (("--camera", "0", "--from", "x"), 2, "exclude")):
        told = people.enroll("amy", *words, code=code)
        require(said in told and len(told.splitlines()) == 1, told)
    require(people.samples() == {}, "a person was enrolled")


def before_camera(people, name, clip, *words, code=0):
    """Enrolls a person from a network camera that shows the clip again and again."""
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    server = RtspServer(None, "-stream_loop", "-1", "-i", clip, "-vf", "scale=640:-2", "-r", "10")
    server.start()
    try:
        return people.enroll(name, "--camera", server.url, *words, code=code)
    finally:
        server.end()


@case
def a_network_camera():
    """With a model whose limits are not measured, which is told once."""
    people, clip = People((unmeasured_model(), models()[1])), shared(CLIPS["michelle"])
    start = time.monotonic()
    said = before_camera(people, "michelle", clip, "--seconds", "60")
    require("michelle is enrolled with 15 faces" in said, said)
    figure("enrolling before a network camera, of 60 s", time.monotonic() - start, 60)
    require("secret" not in said, said)
    require(said.count("are given, not measured: measure them with") == 1, said)
    said = before_camera(people, "bob", clip, "--seconds", "60", code=7)
    require("looks like michelle" in said and "--force" in said, said)
    require(people.sources("michelle")[0].startswith("live 20"), people.sources("michelle")[0])
    said = before_camera(people, "michelle", clip, "--replace", "--consent", "by mail")
    require("not measured" not in said, said)
    require(consents(people.gallery) == ["by mail"], "no consent")
    require(people.samples() == {"michelle": 15}, str(people.samples()))
    people.configure("[enroll]\nface_px = 5000\n")
    said = before_camera(people, "eve", clip, "--seconds", "3", code=7)
    require("only 0 good frames" in said and "come closer" in said, said)
    require(people.samples() == {"michelle": 15}, str(people.samples()))


@case
def a_camera_that_shows_nobody():
    people = People()
    empty = png(os.path.join(temp_folder(), "empty.png"), 320, 240)
    clip = os.path.join(temp_folder(), "empty.mkv")
    ffmpeg("-loop", "1", "-framerate", "10", "-t", "3", "-i", empty, clip)
    said = before_camera(people, "amy", clip, "--seconds", "2", code=3)
    require("no face was seen" in said and people.samples() == {}, said)


main()
