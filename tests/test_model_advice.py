#!/usr/bin/python3
"""A model whose limits nobody has measured says so, and how they are measured: once, when the first
person comes into a gallery, and where one asks what is wrong."""
import os
import subprocess
import sys

from check import ROOT, case, main, require, shared, temp_folder
from people import People, portrait
from program import SOURCES, faceid, models

SENTENCE = ("faceid: the limits of MobileFaceNet, 128 numbers are given, not measured: measure them with `faceid eval "
            "identify TABLE --model %s --json >eval.json` and `faceid model limits %s --from eval.json`\n")


def unmeasured():
    """MobileFaceNet with another limit than the measured one."""
    path = os.path.join(temp_folder(), "own.fid")
    subprocess.run([sys.executable, os.path.join(ROOT, "convert", "convert.py"),
                    shared(os.path.join("models", SOURCES["mobilefacenet"])), "-o", path, "--quiet", "--card",
                    "mobilefacenet", "--set", "decision.accept=0.5"], check=True)
    return path


@case
def told_at_the_first_enrolment_alone():
    model = unmeasured()
    people = People((model, models()[1]))
    sentence = SENTENCE % (model, model)
    require(people.enroll("amy", portrait("amy", 1)).count(sentence) == 1, "not told")
    for name in ("amy", "raj"):
        require("measured" not in people.enroll(name, portrait(name, 2)), "told again")
    require("measured" not in faceid("identify", portrait("amy", 3), **people.options()).stderr, "told at each run")
    said = faceid("doctor", **people.options()).stdout
    require("warn  recognizer" in said and "its limits are given and not measured" in said and
            "faceid model limits %s --from eval.json" % model in said, said)


@case
def silent_where_they_are_measured():
    people = People()
    require("measured" not in people.enroll("amy", portrait("amy", 1)), "told of a measured model")
    require("ok    recognizer" in faceid("doctor", **people.options()).stdout, "doctor warns of it")


main()
