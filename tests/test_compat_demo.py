#!/usr/bin/python3
"""--compat demo from end to end, with a seeded file in the layout of the VGGFace2 weights: enrollment and
identification read a face by one path, so the very same picture is at distance 0."""
import json
import os

from check import case, main, require, shared, temp_folder
from program import faceid, models, resnet50

PICTURES = {"ana": "data/vggface/ajb.jpg", "bob": "data/clips/gallery/alex_lacamoire/alex-lacamoire.png"}


def gallery_of_two(*words):
    """(gallery, models) with both people enrolled from one picture each."""
    pictures = {name: shared(path) for name, path in PICTURES.items()}
    pair = (resnet50(), models()[1])
    gallery = os.path.join(temp_folder(), "gallery.db")
    for name, picture in pictures.items():
        # Seeded weights tell nobody apart, so enrollment would refuse the second person.
        done = faceid("enroll", "--force", *words, name, picture, gallery=gallery, pair=pair)
        require(done.returncode == 0, done.stderr)
    return gallery, pair


def only_face(gallery, pair, picture, *words):
    done = faceid("identify", "--json", "--explain", *words, picture, gallery=gallery, pair=pair)
    require(done.returncode in (0, 1), done.stderr)
    face, = json.loads(done.stdout)["faces"]
    return face


@case
def the_same_picture_is_at_distance_0():
    gallery, pair = gallery_of_two("--compat", "demo")
    for name, path in PICTURES.items():
        face = only_face(gallery, pair, shared(path), "--compat", "demo")
        require((face["known"], face["name"], face["score"]) == (True, name, 0), str(face))
        require(face["second_score"] > 0.001, "the other one is as near: %s" % face)


@case
def the_same_picture_has_cosine_1():
    gallery, pair = gallery_of_two()
    for name, path in PICTURES.items():
        face = only_face(gallery, pair, shared(path))
        require((face["nearest"], face["score"]) == (name, 1), str(face))


@case
def the_limit_is_the_distance():
    gallery, pair = gallery_of_two("--compat", "demo")
    require(faceid("forget", "bob", gallery=gallery).returncode == 0, "forget")
    picture = shared(PICTURES["bob"])
    distance = only_face(gallery, pair, picture, "--compat", "demo")["score"]
    for limit, known in ((distance * 1.01, True), (distance * 0.99, False)):
        face = only_face(gallery, pair, picture, "--compat", "demo", "--threshold", "%.4f" % limit)
        require(face["known"] == known, "limit %.4f: %s" % (limit, face))


@case
def other_models_have_no_demo():
    gallery = os.path.join(temp_folder(), "gallery.db")
    done = faceid("enroll", "--compat", "demo", "ana", shared(PICTURES["ana"]), gallery=gallery,
                  pair=models())
    require(done.returncode == 4 and "VGGFace2" in done.stderr, done.stderr)
    require(not os.path.exists(gallery), "a gallery was made")


main()
