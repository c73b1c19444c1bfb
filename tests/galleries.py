"""galleries.py - what the tests of the gallery's verbs share."""
import json
import os

from check import require, temp_folder
from people_file import people_file
from program import faceid


def put(data, name="some.people"):
    path = os.path.join(temp_folder(), name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


def good(*words, **options):
    done = faceid(*words, **options)
    require(done.returncode == 0, "%r: exit %d: %s" % (words, done.returncode, done.stderr))
    return done


def refused(code, words, *said, gallery):
    done = faceid(*words, gallery=gallery)
    require(done.returncode == code, "%r: exit %d, not %d: %s" % (
        words, done.returncode, code, done.stderr))
    require(done.stdout == "" and done.stderr.count("\n") == 1, done.stdout + done.stderr)
    for word in said:
        require(word in done.stderr, "no %r in %s" % (word, done.stderr))


def gallery_of(*people):
    gallery = os.path.join(temp_folder(), "gallery.db")
    good("import", put(people_file(*people)), gallery=gallery)
    return gallery


def listed(gallery, *words):
    return [json.loads(line) for line in good("list", "--json", *words, gallery=gallery).stdout.splitlines()]


def names(gallery, *words):
    return [p["name"] for p in listed(gallery, *words)]
