#!/usr/bin/python3
"""What the program writes: never in the place of what is no file, its owner's alone under any umask, closed to
children, and whole also where a standard descriptor is closed."""
import json
import os
import shutil
import socket
import stat
import subprocess

from check import case, main, need, require, run, shared, skip, temp_folder
from galleries import gallery_of, get, good, names
from people_file import person
from program import FACEID, environment, faceid, models
from small_model import small_model


def a_face():
    return shared("data/vggface/ajb.jpg")


def enrolled():
    """A gallery of ana alone, as the models see her."""
    gallery = os.path.join(temp_folder(), "gallery.db")
    good("enroll", "--quiet", "ana", a_face(), gallery=gallery, pair=models())
    return gallery


def target_of(kind, path):
    """Makes something that is no regular file; a link leads to PATH.behind."""
    if kind == "folder":
        os.mkdir(path)
    elif kind == "named pipe":
        os.mkfifo(path)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(path)
    elif kind == "device":
        try:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
        except PermissionError:
            skip("no device can be made here")
    else:
        with open(path + ".behind", "w") as file:
            file.write("precious")
        os.symlink(path + ".behind", path)


def refused_targets(name, command, code=2):
    """command(path) must refuse every kind of target and leave it as it was."""
    for kind in ("folder", "symbolic link", "named pipe", "socket", "device"):
        path = os.path.join(temp_folder(), name)
        target_of(kind, path)
        before = os.lstat(path)
        done = command(path)
        require(done.returncode == code and done.stdout == "", "%s: exit %d: %s" % (kind, done.returncode, done.stderr))
        require("%s is a %s, and is not replaced" % (path, kind) in done.stderr and done.stderr.count("\n") == 1,
                "%s: %s" % (kind, done.stderr))
        after = os.lstat(path)
        require((before.st_ino, before.st_mode) == (after.st_ino, after.st_mode), "%s was replaced" % kind)
        left = set(os.listdir(os.path.dirname(path))) - {name, name + ".behind"}
        require(not left, "%s is left" % left)
        require(kind != "symbolic link" or get(path + ".behind") == b"precious", "the link was followed")


@case
def a_report_replaces_files_only():
    gallery = enrolled()
    refused_targets("r.html", lambda path: faceid("identify", "--report", path, a_face(), gallery=gallery,
                                                  pair=models()))


@case
def a_drawing_replaces_files_only():
    gallery = enrolled()
    refused_targets("ajb.jpg", lambda path: faceid("identify", "--draw", os.path.dirname(path), a_face(),
                                                   gallery=gallery, pair=models()))


@case
def a_packed_model_replaces_files_only():
    source = small_model()
    refused_targets("p.fid", lambda path: faceid("model", "pack", source, "-o", path, "--force"))


@case
def copies_replace_files_only():
    gallery = gallery_of(person("ana"))
    for verb in ("backup", "export"):
        refused_targets("copy", lambda path: faceid(verb, "--force", path, gallery=gallery), 5)


@case
def a_model_is_not_packed_into_itself():
    source = small_model()
    before, other = get(source), os.path.join(temp_folder(), "other.fid")
    os.link(source, other)
    for path in (source, other, os.path.join(os.path.dirname(source), ".", os.path.basename(source))):
        done = faceid("model", "pack", source, "-o", path, "--force")
        require(done.returncode == 2 and "is the model itself" in done.stderr, done.stderr)
    done = faceid("model", "pack", source, "-o", "-")
    require(done.returncode == 2 and "'-' is no file" in done.stderr, done.stderr)
    require(get(source) == before and os.stat(other).st_ino == os.stat(source).st_ino, "replaced")


@case
def no_input_is_drawn_over():
    """The folder of one picture would get the drawing of another one, of the same name."""
    gallery, first, second = enrolled(), temp_folder(), temp_folder()
    for folder in (first, second):
        shutil.copy(a_face(), os.path.join(folder, "a.jpg"))
    before = get(os.path.join(second, "a.jpg"))
    for source in (second, os.path.join(second, "a.jpg")):
        done = faceid("identify", "--draw", second, first, source, gallery=gallery, pair=models())
        require(done.returncode == 2 and "choose another folder" in done.stderr, done.stderr)
        require(get(os.path.join(second, "a.jpg")) == before, "a picture was replaced")


@case
def the_gallery_is_no_output():
    folder = temp_folder()
    gallery = shutil.move(enrolled(), os.path.join(folder, "g.html"))
    done = faceid("identify", "--report", gallery, a_face(), gallery=gallery, pair=models())
    require(done.returncode == 2 and "is the gallery" in done.stderr, done.stderr)
    for end in ("", "-wal"):
        open(gallery + end, "ab").close()
        done = faceid("live", "--headless", "--events", gallery + end, "--input", a_face(), gallery=gallery,
                      pair=models())
        require(done.returncode == 2 and "is the gallery" in done.stderr, done.stderr)
    require(names(gallery) == ["ana"], "lost")


# ---- streams ----

def live(*words, **options):
    gallery = enrolled()
    return faceid("live", "--headless", "--events-frames", "--input", a_face(), *words, gallery=gallery, pair=models(), **options)


@case
def events_are_added_to_a_file():
    path = os.path.join(temp_folder(), "log")
    with open(path, "w") as file:
        file.write("before\n")
    os.chmod(path, 0o644)
    done = live("--events", path)
    lines = open(path, encoding="utf-8").read().split("\n")
    require(done.returncode == 0 and lines[0] == "before" and json.loads(lines[1]), done.stderr)
    require(os.stat(path).st_mode & 0o777 == 0o644, "the mode of a file that is there was changed")


@case
def events_go_into_a_pipe():
    path = os.path.join(temp_folder(), "pipe")
    os.mkfifo(path)
    reader = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
    done = live("--events", path)
    said = reader.communicate(timeout=60)[0]
    require(done.returncode == 0 and json.loads(said.split(b"\n")[0]), done.stderr)
    require(stat.S_ISFIFO(os.stat(path).st_mode), "replaced")
    os.symlink(path, path + ".link")
    reader = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
    require(live("--events", path + ".link").returncode == 0, "a link to a pipe is refused")
    require(json.loads(reader.communicate(timeout=60)[0].split(b"\n")[0]), "nothing came")
    done = live("--events", "/dev/stdout")
    require(done.returncode == 0 and json.loads(done.stdout.split("\n")[0]), done.stderr)


@case
def events_do_not_follow_a_link_to_a_file():
    folder = temp_folder()
    path, behind = os.path.join(folder, "log"), os.path.join(folder, "behind")
    with open(behind, "w") as file:
        file.write("precious")
    os.symlink(behind, path)
    for bad, why in ((path, "symbolic link"), (folder, "is a folder")):
        done = live("--events", bad)
        require(done.returncode == 2 and why in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    require(get(behind) == b"precious", "followed")
    os.unlink(behind)
    require(live("--events", path).returncode != 0 and not os.path.exists(behind), "made behind a link")


@case
def events_do_not_go_to_a_disk():
    path = os.path.join(temp_folder(), "disk")
    try:
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 255))
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        skip("no block device can be made here")
    done = live("--events", path)
    require(done.returncode == 2 and "is a disk" in done.stderr, done.stderr)


# ---- modes ----

def modes(folder):
    found = {}
    for at, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(at, name)
            found[os.path.relpath(path, folder)] = (os.stat(path).st_mode & 0o777, os.path.isdir(path))
    return found


@case
def what_holds_faces_is_its_owners():
    for umask in (0o022, 0o000, 0o077):
        folder = temp_folder()
        script = """set -e; umask %o; cd "$1"
        "$0" enroll --quiet --keep-crops ana "$2"
        "$0" identify --report r.html --draw drawn "$2" >/dev/null
        "$0" live --headless --events log --record frames --input "$2"
        "$0" export e.people; "$0" backup copy.db""" % umask
        done = run("sh", "-c", script, FACEID, folder, a_face(),
                   env=environment(gallery=os.path.join(folder, "g", "gallery.db"), pair=models()))
        require(done.returncode == 0, done.stderr)
        found = modes(folder)
        require({"r.html", "drawn/ajb.jpg", "log", "frames", "e.people", "copy.db"} <= set(found), str(found))
        for name, (mode, is_folder) in found.items():
            require(mode == (0o700 if is_folder else 0o600), "umask %o: %s has %o" % (umask, name, mode))


@case
def what_is_there_keeps_its_mode_and_models_are_anybodys():
    folder, gallery = temp_folder(), enrolled()
    os.chmod(folder, 0o755)
    good("identify", "--quiet", "--draw", folder, a_face(), gallery=gallery, pair=models())
    require(os.stat(folder).st_mode & 0o777 == 0o755, "a folder that was there was changed")
    script = 'umask 022; exec "$0" model pack "$1" -o "$2"'
    target = os.path.join(folder, "p.fid")
    done = run("sh", "-c", script, FACEID, small_model(), target, env=environment())
    require(done.returncode == 0 and os.stat(target).st_mode & 0o777 == 0o644, done.stderr)


@case
def plots_are_their_owners_and_never_the_table():
    images, folder = shared("data/lfw/images"), temp_folder()
    table = os.path.join(folder, "scores.csv")
    text = "".join("\t".join(line) + "\n" for line in (
        ("role", "person", "file"),
        ("enroll", "Pacheco", "Abel_Pacheco/Abel_Pacheco_0001.jpg"),
        ("known", "Pacheco", "Abel_Pacheco/Abel_Pacheco_0004.jpg"),
        ("unknown", "Zakayev", "Akhmed_Zakayev/Akhmed_Zakayev_0001.jpg")))
    with open(table, "w") as file:
        file.write(text)
    words = ("eval", "identify", table, "--images", images, "--plots")
    done = faceid(*words, folder, pair=models())
    require(done.returncode == 2 and "scores.csv would be replaced" in done.stderr, done.stderr)
    require(get(table).decode() == text and os.listdir(folder) == ["scores.csv"], "the table was replaced")
    refused_targets("roc.svg", lambda path: faceid(*words, os.path.dirname(path), pair=models()))
    plots = os.path.join(folder, "plots")
    done = run("sh", "-c", 'umask 0; exec "$0" "$@"', FACEID, *words, plots, env=environment(pair=models()))
    require(done.returncode == 0, done.stderr)
    found = {mode for mode, _ in modes(plots).values()}
    require(found == {0o600} and os.stat(plots).st_mode & 0o777 == 0o700, str(modes(plots)))


# ---- descriptors ----

def leaked(folder, *ours):
    """Which of these words are in what the commands had open?"""
    text = open(os.path.join(folder, "open"), encoding="utf-8").read()
    require(text, "no child was looked at")
    return [line for line in text.split("\n")
            if any(word in line for word in ours)]


@case
def commands_have_none_of_our_files():
    """What ffmpeg has open is in test_clip_child.py: it may write no file that would tell."""
    folder, gallery = temp_folder(), enrolled()
    hook = os.path.join(folder, "hook")
    with open(hook, "w") as file:
        file.write('#!/bin/sh\nls -l /proc/$$/fd >>"%s/open"\n' % folder)
    os.chmod(hook, 0o755)
    clip = shared("data/clips/michelle1.avi")
    out = temp_folder()
    ours = (out, os.path.basename(out), gallery, ".fid", "deleted")
    faceid("live", "--headless", "--events", os.path.join(out, "log"), "--record", os.path.join(out, "f"), "--exec",
           hook, "--frames", "5", "--input", clip, gallery=gallery, pair=models())
    require(not leaked(folder, *ours), "\n".join(leaked(folder, *ours)))


CLOSED = ("0<&-", "1>&-", "2>&-", "0<&- 1>&-", "0<&- 2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-")


@case
def closed_descriptors_are_no_files():
    """A file that would be descriptor 1 or 2 would have the lines and messages in it."""
    gallery, damaged = enrolled(), os.path.join(temp_folder(), "damaged.jpg")
    with open(damaged, "wb") as file:
        file.write(b"\xff\xd8 no picture")
    for closed in CLOSED:
        folder = temp_folder()
        script = '"$0" identify -v --report r.html --draw drawn "$1" "$2" %s; "$0" backup -v copy.db %s; ' \
                 '"$0" live --headless -v --events log --events-frames --input "$1" --input "$2" %s' % (closed, closed, closed)
        run("sh", "-c", script, FACEID, a_face(), damaged, cwd=folder,
            env=environment(gallery=gallery, pair=models()))
        page = get(os.path.join(folder, "r.html"))
        require(page.startswith(b"<!") and page.rstrip().endswith(b"</html>"), "%s: the page" % closed)
        drawn = get(os.path.join(folder, "drawn", "ajb.jpg"))
        require(drawn[:2] == b"\xff\xd8" and drawn[-2:] == b"\xff\xd9", "%s: the drawing" % closed)
        require(names(os.path.join(folder, "copy.db")) == ["ana"], "%s: the copy" % closed)
        good("check", "--gallery", os.path.join(folder, "copy.db"))
        for line in get(os.path.join(folder, "log")).decode().splitlines():
            json.loads(line)
        for name in ("r.html", "copy.db", "log"):
            require(b"damaged.jpg" not in get(os.path.join(folder, name)), "%s: a message in %s" % (closed, name))


@case
def output_without_a_stdout_is_an_error():
    done = run("sh", "-c", 'exec "$0" list >&-', FACEID, env=environment(gallery=gallery_of(person("ana"))))
    require(done.returncode == 70 and "could not be written" in done.stderr, "%d %s" % (done.returncode, done.stderr))


main()
