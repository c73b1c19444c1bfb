#!/usr/bin/python3
"""Models that lack a key of META, or have a wrong one, are refused with the key's name: nothing runs
on a guess about what the numbers mean."""
import re

from check import case, main, require
from program import faceid
from small_model import BOX, DETECTOR, graph_of, mtcnn_graphs, small_model, yunet_graph

WRONG_RECOGNIZER = {
    "input.channels": ("gbr", 3),
    "input.mean": ([1.0, 2.0], [1.0] * 4, [1e7] * 3, "127"),
    "input.scale": ([1.0], [-1e7] * 3),
    "align.kind": ("circle", 1),
    "align.template": ([1.0] * 9, [5000.0] * 10),
    "embed.output": ("nowhere", 7),
    "embed.metric": ("euclidean",),
}
WRONG_BOX = {
    "align.box_extend": (0.0, 11.0, [1.0, 1.0]),
    "align.box_resize": (0, 6.5, 5000),
    "align.box_crop": (7, 3, 0),
}
WRONG_DETECTOR = {
    "detect.kind": ("haar", 2),
    "detect.score": (1.5, -0.1, "0.7"),
    "detect.nms": (2.0, [0.3, 0.3]),
    "detect.strides": ([0], [512], [1] * 50),
}
MTCNN = {"face.kind": "detector", "detect.kind": "mtcnn", "detect.stage_scores": [0.6, 0.7, 0.7],
         "detect.stage_nms": [0.5, 0.7, 0.7, 0.7], "detect.pyramid_factor": 0.709,
         "detect.min_face": 40}
WRONG_MTCNN = {
    "detect.stage_scores": ([0.6, 0.7], [0.6, 0.7, 1.7]),
    "detect.stage_nms": ([0.5] * 3, [-0.5] * 4),
    "detect.pyramid_factor": (1.0, 0.0),
    "detect.min_face": (0, 2.5),
}


def refused(recognizer, detector, key, what):
    """verify opens the recognizer before the detector and both before the pictures."""
    done = faceid("verify", "a.jpg", "b.jpg", pair=(recognizer, detector))
    require(done.returncode == 4, "%s: exit %d: %s" % (what, done.returncode, done.stderr))
    require(re.fullmatch("faceid: [^\n]+\n", done.stderr), "%s: %s" % (what, done.stderr))
    require(key in done.stderr, "%s is not named: %s" % (what, done.stderr))


def each(good, wrong, as_detector=False, graphs=None):
    """Each key away, then with each wrong value."""
    for key, values in wrong.items():
        for value in (None, *values):
            bad = small_model({**good, key: value}, graphs)
            pair = (small_model(), bad) if as_detector else (bad, small_model(DETECTOR))
            named = value if key == "embed.output" and value == "nowhere" else key
            refused(*pair, named, "%s = %s" % (key, value))


@case
def recognizers():
    each({}, WRONG_RECOGNIZER)


@case
def recognizers_with_a_box():
    each(BOX, WRONG_BOX)


@case
def detectors():
    each(DETECTOR, WRONG_DETECTOR, as_detector=True)


@case
def detectors_of_three_stages():
    each(MTCNN, WRONG_MTCNN, as_detector=True, graphs=mtcnn_graphs())


@case
def gray_networks_take_pictures():
    gray = {"input.channels": "gray", "input.mean": [127.5], "input.scale": [1 / 128]}
    pair = small_model(gray, [graph_of(1)]), small_model(DETECTOR, [yunet_graph()])
    done = faceid("verify", "no-such.jpg", "b.jpg", pair=pair)
    require("no-such.jpg" in done.stderr, "the models are refused: " + done.stderr)
    refused(small_model({**gray, "input.mean": [1.0] * 3}, [graph_of(1)]), small_model(DETECTOR),
            "'input.mean' has 3 numbers instead of 1", "a mean of three")
    refused(small_model(gray), small_model(DETECTOR), "wants 3 channels", "gray of three channels")


@case
def stages_without_their_outputs():
    """At opening, not at the first picture."""
    for stage, name, count in ((0, "box", 4), (1, "prob", 2), (2, "landmarks", 10)):
        graphs = mtcnn_graphs()
        for node in graphs[stage].nodes:
            if node.output == name:
                node.tensors = {role: array[1:] for role, array in node.tensors.items()}
        refused(small_model(), small_model(MTCNN, graphs), "no output '%s' of %d" % (name, count),
                "%s of %d" % (name, count - 1))


@case
def pictures_have_three_channels():
    refused(small_model(graphs=[graph_of(4)]), small_model(DETECTOR), "4 channels", "4 channels")
    for channels in (1, 4):  # a detector of fewer would be filled past its end
        refused(small_model(), small_model(DETECTOR, [graph_of(channels)]), "wants %d channels" % channels,
                "a detector of %d channels" % channels)


@case
def kinds():
    for kind, words in (("toaster", "toaster"), (None, "face.kind")):
        refused(small_model({"face.kind": kind}), small_model(DETECTOR), words, "face.kind")


@case
def the_untouched_ones_are_taken():
    """Else the refusals above could have another reason."""
    for recognizer in ({}, BOX):
        done = faceid("verify", "/nowhere/a.jpg", "/nowhere/b.jpg",
                      pair=(small_model(recognizer), small_model(MTCNN, mtcnn_graphs())))
        require(done.returncode == 3 and "/nowhere/a.jpg" in done.stderr, done.stderr)


main()
