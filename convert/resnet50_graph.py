"""resnet50_graph.py - the graph of ResNet50 as VGGFace2's networks have it: the stride sits on the
first 1x1 of a stage. Keras' and Caffe's differ in what a Variant says, and are both exact.

Neither file of weights holds its graph; this is it, written from the networks' published
sources."""
import math
from dataclasses import dataclass

import numpy as np

from graph import ConvertError, Graph

INPUT = (224, 224, 3)
STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks, width; a block gives 4 x width channels
WIDEN = 4
BATCH_NORM = ("gamma", "beta", "mean", "variance")


@dataclass(frozen=True)
class Variant:
    """epsilon: of batch norm; conv1, pool1: padding of the first layer and the first pool;
    names: a class with the names of layers and values."""
    epsilon: float
    conv1: dict
    pool1: dict
    names: object


class _Builder:
    """layer(name, "filter" | "dense") -> arrays; every shape is checked before use."""

    def __init__(self, variant, weights):
        self.variant, self.weights = variant, weights
        self.graph = Graph("resnet50", variant.names.INPUT, *INPUT)

    def _array(self, layer, role, shape):
        array = self.weights.take(layer, role)
        if array.shape != shape:
            raise ConvertError("layer '%s': %s has the shape %s, ResNet50's is %s" %
                               (layer, role, list(array.shape), list(shape)))
        return array

    def conv(self, x, conv, norm, c_in, c_out, kernel, stride, padding):
        """A convolution without bias and its batch norm; returns the norm's output."""
        filters = self._array(conv, "filter", (c_out, kernel, kernel, c_in))
        self.graph.append("conv", [x], conv, kernel=(kernel, kernel), stride=(stride, stride),
                          dilation=(1, 1), groups=1,
                          tensors={"filter": filters, "bias": np.zeros(c_out)}, **padding)
        gamma, beta, mean, variance = [self._array(norm, role, (c_out,)).astype(np.float64)
                                       for role in BATCH_NORM]
        if variance.min() < 0:
            raise ConvertError("layer '%s': a variance is negative" % norm)
        scale = gamma / np.sqrt(variance + self.variant.epsilon)
        self.graph.append("affine", [conv], norm,
                          tensors={"scale": scale, "shift": beta - mean * scale})
        return norm

    def relu(self, x, output):
        self.graph.append("activation", [x], output, activation="clamp", low=0.0, high=math.inf)
        return output

    def block(self, x, stage, block, c_in, width, stride):
        """1x1 to fewer channels, 3x3, 1x1 to more; added to x, or to a 1x1 of x in the first."""
        names = self.variant.names(stage, block)
        c_out = width * WIDEN
        y = self.relu(self.conv(x, *names.reduce, c_in, width, 1, stride, {}), names.relus[0])
        y = self.relu(self.conv(y, *names.middle, width, width, 3, 1, {"pads": (1, 1, 1, 1)}),
                      names.relus[1])
        y = self.conv(y, *names.increase, width, c_out, 1, 1, {})
        if block == 0:
            x = self.conv(x, *names.project, c_in, c_out, 1, stride, {})
        self.graph.append("add", [y, x], names.add)
        return self.relu(names.add, names.relus[2])

    def top(self, x):
        """The class layer, if there is one: fully connected and softmax."""
        dense, names = self.variant.names.DENSE, self.variant.names
        if not self.weights.has(dense):
            return
        classes = self.weights.take(dense, "bias").shape[0]
        filters = self._array(dense, "filter", (classes, STAGES[-1][1] * WIDEN))
        self.graph.append("fully_connected", [x], names.LOGITS, name=dense,
                          tensors={"filter": filters, "bias": self.weights.take(dense, "bias")})
        self.graph.append("softmax", [names.LOGITS], names.CLASSES, axis=3)
        self.graph.outputs.append(names.CLASSES)

    def build(self):
        names = self.variant.names
        x = self.conv(names.INPUT, *names.CONV1, 3, 64, 7, 2, self.variant.conv1)
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


def build(variant, weights):
    """The graph with the weights of weights, which has take(layer, role), has(layer) and
    check_all_taken(). ConvertError names the layer that is missing, wrong or one too many."""
    return _Builder(variant, weights).build()


class LayerWeights:
    """layers: name -> {role: array}; every layer must be used by the graph."""

    def __init__(self, layers, what):
        self.layers, self.what, self.taken = layers, what, set()

    def has(self, layer):
        return layer in self.layers

    def take(self, layer, role):
        if layer not in self.layers:
            raise ConvertError("%s: layer '%s' is missing" % (self.what, layer))
        if role not in self.layers[layer]:
            raise ConvertError("%s: layer '%s' has no %s" % (self.what, layer, role))
        self.taken.add(layer)
        return self.layers[layer][role]

    def check_all_taken(self):
        left = sorted(set(self.layers) - self.taken)
        if left:
            raise ConvertError("%s: ResNet50 has no layer '%s'" % (self.what, left[0]))
