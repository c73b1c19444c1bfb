#!/usr/bin/python3
"""A model whose limits nobody has measured says so, and how they are measured: once, when the first
person comes into a gallery, and where one asks what is wrong."""
from check import case, main, require
from people import People, portrait
from program import faceid, models, unmeasured_model

SENTENCE = ("faceid: the limits of MobileFaceNet, 128 numbers are given, not measured: measure them with `faceid eval "
            "identify FOLDER --model %s --json >eval.json` and `faceid model limits %s --from eval.json`\n")


@case
def told_at_the_first_enrollment_alone():
    model = unmeasured_model()
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
