"""facenet_graph.py - the graph of FaceNet's Inception-ResNet v1, 512 numbers, as facenet-pytorch
has it (carried over from davidsandberg/facenet, 2018). A dictionary of weights holds no graph; this
is it, written from the network's published definition.

Values have the names of the modules that compute them: "repeat_1.0.branch1.1" is the activated norm
of that unit, "repeat_1.0" the end of that block."""
import numpy as np

from dictionary_graph import Builder, LayerWeights
from graph import Graph

SIZE, NUMBERS, EPSILON = 160, 512, 1e-3
NONE, SAME3 = (0, 0, 0, 0), (1, 1, 1, 1)
SAME_ROW3, SAME_COLUMN3 = (0, 1, 0, 1), (1, 0, 1, 0)
SAME_ROW7, SAME_COLUMN7 = (0, 3, 0, 3), (3, 0, 3, 0)
# A unit: channels, kernel (h, w), stride, zeros around (top, left, bottom, right).
STEM = (("conv2d_1a", (32, (3, 3), 2, NONE)), ("conv2d_2a", (32, (3, 3), 1, NONE)),
        ("conv2d_2b", (64, (3, 3), 1, SAME3)), ("maxpool_3a", None),
        ("conv2d_3b", (80, (1, 1), 1, NONE)), ("conv2d_4a", (192, (3, 3), 1, NONE)),
        ("conv2d_4b", (256, (3, 3), 2, NONE)))
# A residual block: its branches, which are joined, and the factor before the sum.
BLOCK35 = ([[(32, (1, 1), 1, NONE)],
            [(32, (1, 1), 1, NONE), (32, (3, 3), 1, SAME3)],
            [(32, (1, 1), 1, NONE), (32, (3, 3), 1, SAME3), (32, (3, 3), 1, SAME3)]], 0.17)
BLOCK17 = ([[(128, (1, 1), 1, NONE)],
            [(128, (1, 1), 1, NONE), (128, (1, 7), 1, SAME_ROW7), (128, (7, 1), 1, SAME_COLUMN7)]],
           0.10)
_BRANCHES8 = [[(192, (1, 1), 1, NONE)],
              [(192, (1, 1), 1, NONE), (192, (1, 3), 1, SAME_ROW3), (192, (3, 1), 1, SAME_COLUMN3)]]
BLOCK8, LAST_BLOCK8 = (_BRANCHES8, 0.20), (_BRANCHES8, 1.0)
# A reduction: its branches; the last of what is joined is a pool.
MIXED_6A = [[(384, (3, 3), 2, NONE)],
            [(192, (1, 1), 1, NONE), (192, (3, 3), 1, SAME3), (256, (3, 3), 2, NONE)]]
MIXED_7A = [[(256, (1, 1), 1, NONE), (384, (3, 3), 2, NONE)],
            [(256, (1, 1), 1, NONE), (256, (3, 3), 2, NONE)],
            [(256, (1, 1), 1, NONE), (256, (3, 3), 1, SAME3), (256, (3, 3), 2, NONE)]]


class _Builder(Builder):
    """channels: of each value so far."""

    def __init__(self, weights):
        super().__init__(Graph("facenet", "input", SIZE, SIZE, 3), weights, EPSILON)
        self.channels = {"input": 3}

    def unit(self, x, name, width, kernel, stride, pads):
        """Convolution without bias, batch norm, ReLU."""
        conv = self.conv(x, name + ".conv", self.channels[x], width, kernel, stride, pads=pads)
        self.channels[name] = width
        return self.relu(self.norm(conv, name + ".bn", width), name)

    def pool(self, x, name):
        self.graph.append("max_pool", [x], name, kernel=(3, 3), stride=(2, 2))
        self.channels[name] = self.channels[x]
        return name

    def branches(self, x, name, branches):
        """The ends of the branches; of a branch of several units each has a number."""
        ends = []
        for i, units in enumerate(branches):
            end = x
            for j, unit in enumerate(units):
                part = "%s.branch%d" % (name, i) + (".%d" % j if len(units) > 1 else "")
                end = self.unit(end, part, *unit)
            ends.append(end)
        return ends

    def join(self, ends, name):
        self.graph.append("concat", ends, name, axis=3)
        self.channels[name] = sum(self.channels[end] for end in ends)
        return name

    def reduction(self, x, name, branches):
        ends = self.branches(x, name, branches)
        return self.join(ends + [self.pool(x, "%s.branch%d" % (name, len(ends)))], name)

    def residual(self, x, name, block, relu=True):
        """x + factor * (1x1 of the joined branches)."""
        branches, factor = block
        joined = self.join(self.branches(x, name, branches), name + ".cat")
        count = self.channels[name] = self.channels[x]
        up = self.conv(joined, name + ".conv2d", self.channels[joined], count, (1, 1), bias=True)
        self.graph.append("affine", [up], name + ".scaled", tensors={
            "scale": np.full(count, factor), "shift": np.zeros(count)})
        self.graph.append("add", [name + ".scaled", x], name + ".add" if relu else name)
        return self.relu(name + ".add", name) if relu else name

    def top(self, x):
        """The embedding: mean over the picture, fully connected, batch norm, length 1."""
        self.graph.append("global_average_pool", [x], "avgpool_1a")
        self.graph.append("fully_connected", ["avgpool_1a"], "last_linear", tensors={
            "filter": self.weights.take("last_linear", "filter", (NUMBERS, self.channels[x])),
            "bias": np.zeros(NUMBERS)})
        self.norm("last_linear", "last_bn", NUMBERS)
        self.graph.append("l2_normalize", ["last_bn"], "embedding")
        self.graph.outputs.append("embedding")
        self.weights.leave("logits")  # of the classes that it was trained on

    def build(self):
        x = "input"
        for name, unit in STEM:
            x = self.unit(x, name, *unit) if unit else self.pool(x, name)
        for i in range(5):
            x = self.residual(x, "repeat_1.%d" % i, BLOCK35)
        x = self.reduction(x, "mixed_6a", MIXED_6A)
        for i in range(10):
            x = self.residual(x, "repeat_2.%d" % i, BLOCK17)
        x = self.reduction(x, "mixed_7a", MIXED_7A)
        for i in range(5):
            x = self.residual(x, "repeat_3.%d" % i, BLOCK8)
        self.top(self.residual(x, "block8", LAST_BLOCK8, relu=False))
        self.weights.check_all_taken()
        return self.graph


def build(layers):
    """The graph with the weights of layers, name -> {role: array}. ConvertError names the layer
    that is missing, wrong or one too many."""
    return _Builder(LayerWeights(layers, "FaceNet's weights", "Inception-ResNet v1")).build()
