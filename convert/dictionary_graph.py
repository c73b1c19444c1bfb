"""dictionary_graph.py - what the graphs share that we write for dictionaries of weights, which have
names and numbers and no layers: looking arrays up by layer, with their shapes checked, and a
convolution with its batch norm."""
import math

import numpy as np

from graph import ConvertError

BATCH_NORM = ("gamma", "beta", "mean", "variance")


class LayerWeights:
    """layers: name -> {role: array}; every layer must be used by the graph. what: the dictionary,
    network: whose layers it should have, both for messages."""

    def __init__(self, layers, what, network):
        self.layers, self.what, self.network, self.taken = layers, what, network, set()

    def has(self, layer):
        return layer in self.layers

    def take(self, layer, role, shape=None):
        """The array; of this shape, if one is given. ConvertError."""
        if layer not in self.layers:
            raise ConvertError("%s: layer '%s' is missing" % (self.what, layer))
        if role not in self.layers[layer]:
            raise ConvertError("%s: layer '%s' has no %s" % (self.what, layer, role))
        self.taken.add(layer)
        array = self.layers[layer][role]
        if shape is not None and array.shape != shape:
            raise ConvertError("layer '%s': %s has the shape %s, %s's is %s" % (
                layer, role, list(array.shape), self.network, list(shape)))
        return array

    def leave(self, layer):
        """The graph has no use for this layer, which may be there."""
        self.taken.add(layer)

    def check_all_taken(self):
        left = sorted(set(self.layers) - self.taken)
        if left:
            raise ConvertError("%s: %s has no layer '%s'" % (self.what, self.network, left[0]))


class Builder:
    """Appends layers to a graph; epsilon: of batch norm."""

    def __init__(self, graph, weights, epsilon):
        self.graph, self.weights, self.epsilon = graph, weights, epsilon

    def conv(self, x, name, c_in, c_out, kernel, stride=1, bias=False, **padding):
        """A convolution by a kernel (h, w); returns its output."""
        filters = self.weights.take(name, "filter", (c_out, *kernel, c_in))
        self.graph.append("conv", [x], name, kernel=kernel, stride=(stride, stride),
                          dilation=(1, 1), groups=1, tensors={
                              "filter": filters, "bias": self.weights.take(name, "bias", (c_out,))
                              if bias else np.zeros(c_out)}, **padding)
        return name

    def norm(self, x, name, count):
        """Batch norm of so many channels; returns its output."""
        gamma, beta, mean, variance = [self.weights.take(name, role, (count,)).astype(np.float64)
                                       for role in BATCH_NORM]
        if variance.min() < 0:
            raise ConvertError("layer '%s': a variance is negative" % name)
        scale = gamma / np.sqrt(variance + self.epsilon)
        self.graph.append("affine", [x], name,
                          tensors={"scale": scale, "shift": beta - mean * scale})
        return name

    def relu(self, x, output):
        self.graph.append("activation", [x], output, activation="clamp", low=0.0, high=math.inf)
        return output
