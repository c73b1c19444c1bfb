"""resnet50_graph.py - the graph of ResNet50 as VGGFace2's networks have it: the stride sits on the
first 1x1 of a stage. Keras' and Caffe's differ in what a Variant says, and are both exact.

Neither file of weights holds its graph; this is it, written from the networks' published
sources."""
from dataclasses import dataclass

from dictionary_graph import Builder, LayerWeights
from graph import Graph

INPUT = (224, 224, 3)
STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks, width; a block gives 4 x width channels
WIDEN = 4


@dataclass(frozen=True)
class Variant:
    """epsilon: of batch norm; conv1, pool1: padding of the first layer and the first pool;
    names: a class with the names of layers and values."""
    epsilon: float
    conv1: dict
    pool1: dict
    names: object


class _Builder(Builder):
    def __init__(self, variant, weights):
        super().__init__(Graph("resnet50", variant.names.INPUT, *INPUT), weights, variant.epsilon)
        self.variant = variant

    def unit(self, x, layers, c_in, c_out, kernel, stride, padding):
        """A convolution without bias and its batch norm, of which layers has the names."""
        conv = self.conv(x, layers[0], c_in, c_out, (kernel, kernel), stride, **padding)
        return self.norm(conv, layers[1], c_out)

    def block(self, x, stage, block, c_in, width, stride):
        """1x1 to fewer channels, 3x3, 1x1 to more; added to x, or to a 1x1 of x in the first."""
        names = self.variant.names(stage, block)
        c_out = width * WIDEN
        y = self.relu(self.unit(x, names.reduce, c_in, width, 1, stride, {}), names.relus[0])
        y = self.relu(self.unit(y, names.middle, width, width, 3, 1, {"pads": (1, 1, 1, 1)}),
                      names.relus[1])
        y = self.unit(y, names.increase, width, c_out, 1, 1, {})
        if block == 0:
            x = self.unit(x, names.project, c_in, c_out, 1, stride, {})
        self.graph.append("add", [y, x], names.add)
        return self.relu(names.add, names.relus[2])

    def top(self, x):
        """The class layer, if there is one: fully connected and softmax."""
        dense, names = self.variant.names.DENSE, self.variant.names
        if not self.weights.has(dense):
            return
        classes = self.weights.take(dense, "bias").shape[0]
        filters = self.weights.take(dense, "filter", (classes, STAGES[-1][1] * WIDEN))
        self.graph.append("fully_connected", [x], names.LOGITS, name=dense,
                          tensors={"filter": filters, "bias": self.weights.take(dense, "bias")})
        self.graph.append("softmax", [names.LOGITS], names.CLASSES, axis=3)
        self.graph.outputs.append(names.CLASSES)

    def build(self):
        names = self.variant.names
        x = self.unit(names.INPUT, names.CONV1, 3, 64, 7, 2, self.variant.conv1)
        x = self.relu(x, names.RELU1)
        self.graph.append("max_pool", [x], names.POOL1, kernel=(3, 3), stride=(2, 2),
                          **self.variant.pool1)
        x, channels = names.POOL1, 64
        for stage, (blocks, width) in enumerate(STAGES):
            for block in range(blocks):
                stride = 2 if stage and block == 0 else 1
                x = self.block(x, stage, block, channels, width, stride)
                channels = width * WIDEN
        self.graph.append("average_pool", [x], names.POOL5, kernel=(7, 7), stride=(7, 7))
        self.graph.outputs.append(names.POOL5)
        self.top(names.POOL5)
        self.weights.check_all_taken()
        return self.graph


def build(variant, layers, what):
    """The graph with the weights of layers, name -> {role: array}; what they are, for messages.
    ConvertError names the layer that is missing, wrong or one too many."""
    return _Builder(variant, LayerWeights(layers, what, "ResNet50")).build()
