"""small_model.py - .fid files of one tiny network with whatever metadata a test wants."""
import numpy as np

from engine import write_fid
from graph import Graph

RECOGNIZER = {
    "face.kind": "recognizer", "input.channels": "rgb", "input.mean": [127.5] * 3,
    "input.scale": [1 / 128] * 3, "align.kind": "landmarks5",
    "align.template": [1.0, 1.0, 2.0, 1.0, 1.5, 1.5, 1.0, 2.0, 2.0, 2.0], "embed.output": "out",
    "embed.metric": "cosine", "decision.accept": 0.5, "decision.maybe": 0.4, "decision.margin": 0.05,
}
BOX = {"align.kind": "box", "align.box_extend": 1.3, "align.box_resize": 6, "align.box_crop": 4}


def graph_of(channels=3):
    """4 x 4 pixels to the eight numbers of the output "out"."""
    graph = Graph("small", "in", 4, 4, channels)
    graph.append("fully_connected", ["in"], "out",
                 tensors={"filter": np.full((8, 16 * channels), 0.5), "bias": np.arange(8.0)})
    graph.outputs = ["out"]
    return graph


def small_model(meta=None, channels=3):
    """Writes the model; returns its path. In meta (over RECOGNIZER) None takes a key away."""
    entries = {**RECOGNIZER, **(meta or {})}
    return write_fid([graph_of(channels)], **{k: v for k, v in entries.items() if v is not None})
