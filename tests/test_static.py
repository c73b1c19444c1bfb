#!/usr/bin/python3
"""The static program (make STATIC=1): small, for no other machine's libraries, and at work in a folder
that it takes for the whole file system, where nothing is but itself, two models and a picture."""
import os
import shutil
import subprocess

from check import BUILD, ROOT, case, main, require, run, shared, skip, temp_folder
from program import FACEID, environment, models, png

LIMIT_BYTES = 5_500_000


def program(made=[]):
    if not made:
        folder = os.path.join(os.path.relpath(BUILD, ROOT), "static")
        clean = {k: v for k, v in os.environ.items() if k not in ("BUILD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        done = run("make", "-C", ROOT, "-j2", "STATIC=1", "WERROR=1", "BUILD=" + folder, "program", env=clean)
        require(done.returncode == 0, done.stdout + done.stderr)
        require("warning" not in done.stderr, done.stderr)
        made.append(os.path.join(ROOT, "faceid-static"))
    return made[0]


def alone(*files):
    """A folder with the program and copies of the files, each under its own name."""
    folder = temp_folder()
    for path in (program(), *files):
        shutil.copy(path, folder)
    os.mkdir(os.path.join(folder, "tmp"))
    return folder


def run_in(folder, *words):
    """The program with that folder as the root of all paths."""
    if os.geteuid() != 0:
        skip("only root can change the root")
    return run(shutil.which("chroot") or skip("no chroot"), folder, "/faceid-static", *words,
               env={"HOME": "/tmp"})


@case
def small_and_of_one_piece():
    size = os.path.getsize(program())
    require(size <= LIMIT_BYTES, "%d bytes" % size)
    headers = subprocess.run(["readelf", "-ld", program()], stdout=subprocess.PIPE, text=True, check=True).stdout
    require("(NEEDED)" not in headers and "INTERP" not in headers, headers)


@case
def help_is_that_of_the_headless_program():
    done = run_in(alone(), "--help")
    require(done.returncode == 0 and "faceid VERB" in done.stdout, done.stdout + done.stderr)
    done = run_in(alone(), "doctor")
    require(done.returncode == 4 and "without live window, without OpenBLAS" in done.stdout, done.stdout)


@case
def works_where_nothing_else_is():
    recognizer, detector = models()
    picture = shared("data/vggface/ajb.jpg")
    folder = alone(recognizer, detector, picture)
    words = ["--model", os.path.basename(recognizer), "--detector", os.path.basename(detector)]
    done = run_in(folder, "enroll", *words, "Zoë", "ajb.jpg")
    require(done.returncode == 0, done.stderr)
    done = run_in(folder, "identify", *words, "--json", "ajb.jpg")
    require(done.returncode == 0 and '"name":"Zoë"' in done.stdout, done.stdout + done.stderr)
    plain = png(os.path.join(folder, "plain.png"), 64, 64)
    done = run_in(folder, "identify", *words, os.path.basename(plain))
    require(done.returncode in (1, 3), done.stdout + done.stderr)
    done = run_in(folder, "identify", "--method", "im2col_openblas", *words, "ajb.jpg")
    require(done.returncode == 2 and "not in this build" in done.stderr, done.stderr)


@case
def sees_what_the_other_program_sees():
    """The same numbers to the last digit that is printed."""
    picture, said = shared("data/vggface/ajb.jpg"), []
    for path in (FACEID, program()):
        env = environment(gallery=os.path.join(temp_folder(), "gallery.db"), pair=models())
        done = run(path, "identify", "--json", "--explain", picture, env=env)
        require(done.returncode == 1, done.stderr)
        said.append(done.stdout)
    require(said[0] == said[1], "%s %s" % tuple(said))


main()
