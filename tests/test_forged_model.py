#!/usr/bin/python3
"""A recognizer that was changed under the id of the one that a gallery was made with names nobody and
learns nobody: every verb that embeds a face ends with the sentence and exit code 4."""
import json
import os
import shutil
import struct

from check import case, main, require, temp_folder
from forged import forged, sealed, sections
from people import People, portrait
from program import faceid


def gallery_of_amy():
    people = People()
    people.enroll("Amy", portrait("amy", 1), portrait("amy", 2))
    return people


def with_model(people, path):
    return dict(people.options(), pair=(path, people.pair[1]))


def refused(done):
    require(done.returncode == 4, "exit %d: %s %s" % (done.returncode, done.stdout, done.stderr))
    require("Amy" not in done.stdout and "Howard" not in done.stdout, "named: " + done.stdout)
    return done.stderr


def nobody_is_named(people, path, sentence):
    options, stranger = with_model(people, path), portrait("howard", 1)
    for words in (("is-known", stranger), ("is-known", portrait("amy", 1)), ("identify", stranger),
                  ("identify", "--json", portrait("amy", 1), stranger), ("verify", stranger, stranger),
                  ("enroll", "Howard", stranger), ("enroll", "Amy", portrait("amy", 3)),
                  ("doctor",),
                  ("live", "--headless", "--events", "-", "--input", portrait("amy", 1))):
        said = refused(faceid(*words, **options))
        require(sentence in said or words == ("doctor",), "%s: %s" % (words[0], said))
    require(people.samples() == {"Amy": 2}, "the gallery was changed: %s" % people.samples())
    return options


@case
def changed_weights_name_nobody():
    people = gallery_of_amy()
    path = forged(people.pair[0])
    nobody_is_named(people, path, "the model's id is")
    report = faceid("doctor", "--json", **with_model(people, path)).stdout
    require("the model's id is" in report, report)


@case
def nobody_moves_to_a_model_of_no_id():
    people = People()
    people.enroll("Amy", portrait("amy", 1), portrait("amy", 2), "--keep-crops")
    with open(people.pair[0], "rb") as file:
        data = bytearray(file.read())
    data[24:40] = b"\x5A" * 16
    path = os.path.join(temp_folder(), "other.fid")
    with open(path, "wb") as file:
        file.write(sealed(data))
    for words in (("reembed",), ("reembed", "--leave-out")):
        require("the model's id is" in refused(faceid(*words, **with_model(people, path))), "no reason")
    require(people.samples() == {"Amy": 2}, "the gallery was changed: %s" % people.samples())


@case
def a_new_gallery_learns_nobody():
    people = People()
    refused(faceid("enroll", "Howard", portrait("howard", 1), **with_model(people, forged(people.pair[0]))))
    require(people.samples() == {}, "a person was enrolled")


@case
def packed_weights_of_another_model_name_nobody():
    """The tensors are the honest ones and the id is theirs; only what is computed with is not."""
    people = gallery_of_amy()
    path = os.path.join(temp_folder(), "packed.fid")
    done = faceid("model", "pack", people.pair[0], "-o", path)
    require(done.returncode == 0, done.stderr)
    require(faceid("is-known", portrait("amy", 1), **with_model(people, path)).returncode == 0, "honest")
    with open(path, "rb") as file:
        data = bytearray(file.read())
    offset, size = sections(data)["STEP"]
    places = [struct.unpack_from("<QQ", data, offset + at + 32) for at in range(0, size, 64)]
    start, length = [place for place in places if place[1] > 0][-1]
    start += sections(data)["PACK"][0]
    data[start:start + length] = bytes(length)
    with open(path, "wb") as file:
        file.write(sealed(data))
    nobody_is_named(people, path, "packed weights of node")


@case
def thresholds_and_names_are_the_owners():
    """What is no part of the id may be changed, and the gallery stays."""
    people = gallery_of_amy()
    path = os.path.join(temp_folder(), "renamed.fid")
    shutil.copy(people.pair[0], path)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    offset, size = sections(data)["STRS"]
    name = json.loads(faceid("model", "info", "--json", path).stdout)["name"].encode()
    at = data.index(b"\0" + name + b"\0", offset, offset + size) + 1
    data[at:at + len(name)] = b"x" * len(name)
    with open(path, "wb") as file:
        file.write(sealed(data))
    done = faceid("is-known", portrait("amy", 1), **with_model(people, path))
    require(done.returncode == 0, done.stderr)


main()
