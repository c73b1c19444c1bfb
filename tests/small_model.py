"""small_model.py - .fid files of one tiny network with any metadata that a test wants."""
import os

import numpy as np

from check import temp_folder
from engine import META
from fid_writer import file_bytes
from graph import Graph

RECOGNIZER = {
    "face.kind": "recognizer", "input.channels": "rgb", "input.mean": [127.5] * 3,
    "input.scale": [1 / 128] * 3, "align.kind": "landmarks5",
    "align.template": [1.0, 1.0, 2.0, 1.0, 1.5, 1.5, 1.0, 2.0, 2.0, 2.0], "embed.output": "out",
    "embed.metric": "cosine", "decision.accept": 0.5, "decision.maybe": 0.4, "decision.margin": 0.05,
}
DETECTOR = {"face.kind": "detector", "detect.kind": "yunet", "detect.score": 0.7, "detect.nms": 0.3,
            "detect.strides": [8]}
CELLS = {**DETECTOR, "detect.score": 0.5, "detect.per_cell": [1], "detect.activation": "none",
         "detect.points": "left_eye right_eye nose left_mouth right_mouth"}
SCRFD = {**CELLS, "detect.kind": "scrfd"}
PRIORS = {**CELLS, "detect.kind": "ssd_priors", "detect.widths": [16.0], "detect.heights": [24.0],
          "detect.variances": [0.1, 0.2], "detect.grid": "stride"}
BLAZEFACE = {**CELLS, "detect.kind": "blazeface", "detect.mouth_width": 1.0,
             "detect.points": "left_eye right_eye nose mouth other other"}
BOX = {"align.kind": "box", "align.box_extend": 1.3, "align.box_resize": 6, "align.box_crop": 4}


def graph_of(channels=3):
    """4 x 4 pixels to the eight numbers of the output "out"."""
    graph = Graph("small", "in", 4, 4, channels)
    graph.append("fully_connected", ["in"], "out",
                 tensors={"filter": np.full((8, 16 * channels), 0.5), "bias": np.arange(8.0)})
    graph.outputs = ["out"]
    return graph


def scaling_graph():
    """4 x 4 pixels, scaled: without a layer whose weights are packed."""
    graph = Graph("small", "in", 4, 4, 3)
    graph.append("affine", ["in"], "out", tensors={"scale": np.ones(3), "shift": np.zeros(3)})
    graph.outputs = ["out"]
    return graph


def mtcnn_graphs():
    """The three graphs by name and kind of input; what they compute is nothing."""
    outputs = {"prob": [0.0] * 2, "box": [0.0] * 4}
    return [_cells(outputs, (4, 4), True, 1, "pnet"), _cells(outputs, (4, 4), False, 4, "rnet"),
            _cells({**outputs, "landmarks": [0.0] * 10}, (4, 4), False, 4, "onet")]


def _cells(outputs, size, free, stride=8, name="cells"):
    """A network that gives each cell of stride x stride pixels the same numbers. outputs: name ->
    numbers."""
    graph = Graph(name, "in", *size, 3)
    graph.free_size, graph.multiple = free, stride if free else 1
    for output, bias in outputs.items():
        graph.append("conv", ["in"], output, kernel=(stride, stride), stride=(stride, stride), dilation=(1, 1),
                     groups=1, tensors={"filter": np.zeros((len(bias), stride, stride, 3)),
                                        "bias": np.array(bias, float)})
    graph.outputs = list(outputs)
    return graph


def yunet_graph(side=None):
    """A detector of one face in each 8 x 8 pixels, 32 pixels wide, whose five landmarks are one point, so
    that no crop can be aligned by them. side: of the only pictures for which it can be planned; None:
    of any."""
    graph = _cells({"cls_8": [1.0], "obj_8": [1.0], "bbox_8": [0.5, 0.5, np.log(4), np.log(4)],
                    "kps_8": [0.0] * 10}, (side or 32,) * 2, True)
    if side:
        graph.nodes[0].output = "cls"
        graph.append("reshape", ["cls"], "cls_8", shape=(0, side // 8, side // 8, 1))
    return graph


def cells_graph(kind, size=(8, 8), free=False, points=True, joined=False):
    """For SCRFD, PRIORS and BLAZEFACE: a face in each cell of 8 x 8 pixels, of 8 pixels to the left and
    above of a place in the cell, and 8 to the right and below, and points around this place. points:
    are they there? joined: are outputs named as those of all maps?"""
    place = [-3, -3, 3, -3, 0, 0, -3, 3, 3, 3]
    outputs = {"scrfd": {"scores": [0.9], "boxes": [1, 1, 1, 1], "points": np.array(place) / 8},
               "ssd_priors": {"scores": [0.9], "boxes": [0, 0, 0, 5 * np.log(16 / 24)],
                              "points": np.array(place) / ([1.6, 2.4] * 5)},
               "blazeface": {"scores": [0.9], "boxes": [0, 0, 16, 16, *place[:6], 0, 3, 9, 9, 9, 9]}}[kind]
    if not points:
        outputs.pop("points")
    return _cells({name + "_8" * (not joined): bias for name, bias in outputs.items()}, size, free)


def small_model(meta=None, graphs=None):
    """Writes the model; returns its path. In meta (over RECOGNIZER) None takes a key away. graphs: None:
    one that does what its kind must."""
    entries = {**RECOGNIZER, **(meta or {})}
    if graphs is None:
        graphs = [yunet_graph() if entries["face.kind"] == "detector" else graph_of()]
    path = os.path.join(temp_folder(), "model.fid")
    with open(path, "wb") as file:
        file.write(file_bytes(graphs, {k: v for k, v in {**META, **entries}.items()
                                                       if v is not None}))
    return path
