"""small_model.py - .fid files of one tiny network with whatever metadata a test wants."""
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
            "detect.strides": [8, 16, 32]}
BOX = {"align.kind": "box", "align.box_extend": 1.3, "align.box_resize": 6, "align.box_crop": 4}


def graph_of(channels=3):
    """4 x 4 pixels to the eight numbers of the output "out"."""
    graph = Graph("small", "in", 4, 4, channels)
    graph.append("fully_connected", ["in"], "out",
                 tensors={"filter": np.full((8, 16 * channels), 0.5), "bias": np.arange(8.0)})
    graph.outputs = ["out"]
    return graph


def mtcnn_graphs():
    """The three graphs by name and kind of input; what they compute is nothing."""
    graphs = []
    for name in ("pnet", "rnet", "onet"):
        graph = Graph(name, "in", 4, 4, 3)
        graph.free_size = name == "pnet"
        graph.append("affine", ["in"], "prob", tensors={"scale": np.ones(3), "shift": np.zeros(3)})
        graph.outputs = ["prob"]
        graphs.append(graph)
    return graphs


def yunet_graph(side=None):
    """A detector of one face in each 8 x 8 pixels, 32 pixels wide, whose five landmarks are one point, so
    that no crop can be aligned by them. side: the one size of pictures that it takes; None: any."""
    graph = Graph("yunet", "in", side or 32, side or 32, 3)
    graph.free_size, graph.multiple = side is None, 8 if side is None else 1
    for name, bias in (("cls", [1.0]), ("obj", [1.0]), ("bbox", [0.5, 0.5, np.log(4), np.log(4)]),
                       ("kps", [0.0] * 10)):
        graph.append("conv", ["in"], name + "_8", kernel=(8, 8), stride=(8, 8), dilation=(1, 1), groups=1,
                     tensors={"filter": np.zeros((len(bias), 8, 8, 3)), "bias": np.array(bias)})
    graph.outputs = ["cls_8", "obj_8", "bbox_8", "kps_8"]
    return graph


def small_model(meta=None, graphs=None):
    """Writes the model; returns its path. In meta (over RECOGNIZER) None takes a key away."""
    entries = {**RECOGNIZER, **(meta or {})}
    path = os.path.join(temp_folder(), "model.fid")
    with open(path, "wb") as file:
        file.write(file_bytes(graphs or [graph_of()], {k: v for k, v in {**META, **entries}.items()
                                                       if v is not None}))
    return path
