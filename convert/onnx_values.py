"""onnx_values.py - where the axes of an ONNX value lie in a graph that is channels-last.

ONNX writes pictures as [n, c, h, w], but after a Transpose or Reshape the order is another. Instead
of moving data, every ONNX value carries `axes`: for each of its dimensions the letter of the axis
n, h, w or c that it is in our graph. A Transpose then only permutes letters, and a Reshape that
adds or drops ones only renames them. Data moves (a transpose node) where an operator needs its
channels in another place than they are."""
from dataclasses import dataclass

import onnx
from onnx import numpy_helper

from graph import AXES, ConvertError, output_shape


CHANNELS_SECOND = "nchw"


@dataclass(frozen=True)
class Value:
    name: str     # in the graph
    axes: str     # a letter for each ONNX dimension, none twice: "nchw", "nc", "hwnc", "hc", ...
    shape: tuple  # (h, w, c) in the graph, for the size that is being probed

    def size(self, letter):
        return 1 if letter == "n" else self.shape["hwc".index(letter)]

    @property
    def dims(self):
        """The ONNX shape, batch 1."""
        return [self.size(letter) for letter in self.axes]


class Builder:
    """Adds nodes to a graph and keeps track of shapes and axes."""

    def __init__(self, graph, fixed):
        self.graph = graph
        self.fixed = fixed  # the input's height and width: not only probed
        self.count = 0

    def fresh(self, name):
        """A name for a value that ONNX does not have."""
        self.count += 1
        return "%s:%d" % (name, self.count)

    def append(self, op, inputs, axes, output, name=None, **fields):
        """Appends a node over Values and returns the Value it computes."""
        node = self.graph.append(op, [value.name for value in inputs], output, name, **fields)
        return Value(output, axes, output_shape(node, [value.shape for value in inputs]))

    def relayout(self, value, axes):
        """value with its ONNX dimensions at the axes wanted (as many letters)."""
        if value.axes == axes:
            return value
        source = dict(zip(axes, value.axes))
        unused = [letter for letter in AXES if letter not in value.axes]  # all of size 1
        for letter in AXES:
            if letter not in source:
                source[letter] = unused.pop(0)
        first = source["n"]
        if value.size(first) != 1:
            raise ConvertError("an activation of shape %s, wanted is the batch, 1, first" %
                               value.dims)
        source[next(letter for letter in AXES if source[letter] == "n")] = first
        source["n"] = "n"
        permutation = tuple(AXES.index(source[letter]) for letter in AXES)
        return self.append("transpose", [value], axes, self.fresh(value.name),
                           shape=permutation)

    def reshape(self, value, dims, free):
        """The ONNX Reshape of value to dims (all known). free: the place whose size is left to the
        graph, or None. Dims without a batch are read as if it stood before them."""
        if not dims or dims[0] != 1:
            made = self.reshape(value, [1] + list(dims), None if free is None else free + 1)
            return Value(made.name, made.axes[1:], made.shape)
        value = Value(value.name, "n" + value.axes.replace("n", ""), value.shape)
        old, new = value.dims, list(dims)
        if [d for d in old[1:] if d != 1] == [d for d in new[1:] if d != 1] and len(new) <= 4:
            return Value(value.name, _axes_without_ones(value, new), value.shape)
        rank_axes = {1: "n", 2: "nc", 3: "nhc", 4: "nhwc"}
        if len(new) > 4:
            raise ConvertError("a shape of %d dimensions" % len(new))
        value = self.relayout(value, rank_axes[len(old)])
        sizes = dict(zip(rank_axes[len(new)], new))
        if free is not None:
            sizes[rank_axes[len(new)][free]] = -1
        shape = (0,) + tuple(sizes.get(letter, 1) for letter in "hwc")
        return self.append("reshape", [value], rank_axes[len(new)], self.fresh(value.name),
                           shape=shape)


def _axes_without_ones(value, dims):
    """The letters for dims, which has the same sizes as value but for ones."""
    kept = [letter for letter, size in zip(value.axes[1:], value.dims[1:]) if size != 1]
    # A one keeps its own letter where it can, so that [1, c, 1, 1] stays "nchw".
    spare = [letter for letter in value.axes[1:] if letter not in kept]
    spare += [letter for letter in "chw" if letter not in value.axes]
    if len(dims) == 2 and not kept:
        return "nc"
    letters = "n"
    for size in dims[1:]:
        letters += kept.pop(0) if size != 1 else spare.pop(0)
    return letters


def rank4(x):
    if len(x.axes) != 4:
        raise ConvertError("an input of %d dimensions, wanted is [n, c, h, w]" % len(x.axes))
    return x


def tensor_array(tensor):
    """The array of a TensorProto; numbers in a second file are refused."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise ConvertError("tensor '%s' lies in another file; wanted is one file that holds "
                           "everything" % tensor.name)
    try:
        array = numpy_helper.to_array(tensor)
        return array.astype("f4") if array.dtype == "f2" else array
    except (ValueError, TypeError, KeyError) as error:
        raise ConvertError("tensor '%s' is damaged (%s)" % (tensor.name, error)) from None
