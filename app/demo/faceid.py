"""The program, as the demo uses it."""
import json
import os
import subprocess

OK, UNKNOWN, NO_FACE, NO_MODEL = 0, 1, 3, 4  # exit codes of faceid


class Failed(Exception):
    """What the program said."""


class Face:
    def __init__(self, entry):
        self.box = entry["box"]  # x, y, w, h in pixels
        self.name = entry["name"] if entry["known"] else None


class Program:
    def __init__(self, path, gallery):
        self.path, self.gallery = path, gallery

    def _run(self, verb, *words):
        return subprocess.run([self.path, verb, "--quiet", "--gallery", self.gallery, *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)

    def has_models(self):
        """Does the program find a detector and a recognizer?"""
        return self._run("identify", os.devnull).returncode != NO_MODEL

    def identify(self, paths, draw=None):
        """{path: ((width, height), [Face])}; labelled pictures go into the folder draw."""
        words = ["--json"] + (["--draw", draw] if draw else []) + ["--"] + paths
        done = self._run("identify", *words)
        if done.returncode not in (OK, UNKNOWN, NO_FACE):
            raise Failed(done.stderr.strip())
        found = {}
        for line in done.stdout.splitlines():
            picture = json.loads(line)
            found[picture["file"]] = ((picture["width"], picture["height"]),
                                      [Face(entry) for entry in picture["faces"]])
        missing = [path for path in paths if path not in found]
        if missing:
            raise Failed("%s was not identified: %s" % (missing[0], done.stderr.strip()))
        return found

    def enroll(self, name, picture):
        """False when the program finds no usable face in the picture."""
        done = self._run("enroll", "--", name, picture)
        if done.returncode not in (OK, NO_FACE, 7):
            raise Failed(done.stderr.strip())
        return done.returncode == OK


def drawn_path(folder, picture):
    """Where identify --draw puts a picture."""
    return os.path.join(folder, os.path.splitext(os.path.basename(picture))[0] + ".jpg")
