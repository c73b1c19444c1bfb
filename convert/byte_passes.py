"""byte_passes.py - which nodes of a quantized network compute with bytes, and where numbers change
their form.

The readers leave "round" nodes where a file quantizes an activation. The passes here, which follow the
rules of graph_passes.py and are run by it, take away those that change nothing and those that only
stand between two steps that can be one (a convolution and its PReLU or residual, which a file keeps
apart with a rounding between them). What is left out is a rounding and the ends of its range, which
were chosen for numbers that were seen; an end at zero is a ReLU and stays. to_bytes() then computes
with bytes what FORMAT.md lets be ("Which types a node takes"), and converts at the borders."""
import math

import numpy as np

from graph import Node
from grids import LARGEST_BIAS, MOST_SUMMED, Filter, is_bytes

LINEAR = ("conv", "fully_connected")
MOVERS = ("max_pool", "concat", "reshape", "transpose", "resize_nearest", "slice")
KEEPING = MOVERS + ("pad", "same")  # their numbers are some of their inputs', or zero
ACTIVATIONS = ("none", "clamp", "prelu")  # that bytes are given with
ACTIVATING = LINEAR + ("add", "multiply", "affine")


def grids_of(graph):
    """{value: Grid} of all values of which every number is on a grid."""
    found = {}
    for node in graph.nodes:
        if node.op == "round":
            found[node.output] = node.grid
        elif node.op in KEEPING:
            grids = {found.get(value) for value in node.inputs}
            if len(grids) == 1 and all(map(_one_scale, grids)):
                found[node.output] = grids.pop()
    return found


def in_bytes(node, grids):
    """Can the sums of a node be computed with bytes?"""
    if node.op == "add":
        return all(_one_scale(grids.get(value)) for value in node.inputs)
    grid = grids.get(node.inputs[0]) if node.op in LINEAR else None
    if not _one_scale(grid) or not is_bytes(node.tensors["filter"]):
        return False
    filters = node.tensors["filter"]
    if node.op == "conv" and node.groups != 1 and filters.shape[::3] != (node.groups, 1):
        return False  # groups of several channels
    products = np.abs(np.asarray(node.tensors["bias"], np.float64)) / (
        grid.scales[0] * filters.scales.astype(np.float64))
    return math.prod(filters.shape[1:]) <= MOST_SUMMED and bool(products.max() < LARGEST_BIAS)


def _one_scale(grid):
    return grid is not None and grid.one_scale


def fits_residual(node, value, grids):
    """May the node, a convolution, add value to its sums and stay what it is?"""
    return not in_bytes(node, grids) or _one_scale(grids.get(value))


# ---- roundings that are not needed ----

def _drop(graph, node):
    """node, a round, is gone."""
    value = node.inputs[0]
    before = graph.producer(value)
    graph.remove(node)
    if node.output not in graph.outputs:
        graph.rename(node.output, value)
    else:  # the output keeps its name
        graph.rename(value, node.output)
        graph.compute(before, node.output)


def drop_same(graph, node):
    """A node that says what was said already: a value under another name."""
    before = graph.producer(node.inputs[0])
    if node.op != "same":
        return False
    if node.output in graph.outputs and (before is None or before.output in graph.outputs):
        node.op = "reshape"
        node.shape = (0,) + graph.shapes()[node.inputs[0]]
    else:
        _drop(graph, node)
    return True


def drop_idle_rounding(graph, node, grids):
    """To a grid that the numbers are on."""
    if (node.op != "round" or grids().get(node.inputs[0]) != node.grid or
            node.output in graph.outputs):
        return False
    _drop(graph, node)
    return True


def lift_rounding(graph, node, grids):
    """What only moves numbers, or chooses of them, does so after they are rounded."""
    mover = graph.producer(node.inputs[0]) if node.op == "round" else None
    if (mover is None or mover.op not in KEEPING or not graph.used_once(mover.output) or
            grids().get(mover.output) is not None):
        return False
    inputs = []
    for i, value in enumerate(mover.inputs):
        inputs.append("%s:%d" % (mover.output, i))
        graph.insert_before(mover, "round", [value], inputs[-1], grid=node.grid)
    graph.connect(mover, inputs)
    graph.remove(node)
    graph.compute(mover, node.output)
    return True


def _wants_bytes(node, grids):
    return node.op in KEEPING + ("add", "global_average_pool") or (
        node.op in LINEAR and in_bytes(node, grids))


def _keeps_limits(graph, node):
    """The grid of node, a round, ends at zero where negative (or positive) numbers are cut off: that
    is a limit that the network wants. Does the node before it cut them off as well, or can it?"""
    before, zero = graph.producer(node.inputs[0]), node.grid.zero
    if 0 < zero < 255 or (before.activation == "clamp" and (
            before.low >= 0.0 if zero == 0 else before.high <= 0.0)):
        return True
    if before.op not in ACTIVATING or before.activation != "none":
        return False
    before.activation = "clamp"
    before.low, before.high = (0.0, math.inf) if zero == 0 else (-math.inf, 0.0)
    return True


def open_rounding(graph, node, grids):
    """A rounding that no step with bytes reads: the numbers are better without it."""
    if node.op != "round" or graph.producer(node.inputs[0]) is None or (
            not graph.used_once(node.inputs[0])):
        return False
    readers = graph.consumers(node.output)
    if any(_wants_bytes(reader, grids()) for reader in readers) or not _keeps_limits(graph, node):
        return False
    _drop(graph, node)
    return True


def open_residual(graph, node, grids):
    """add(round(conv(x)), r): the convolution can add r to its sums itself."""
    if node.op != "add" or node.inputs[0] == node.inputs[1] or not in_bytes(node, grids()):
        return False
    able = []
    for value in node.inputs:
        rounding = graph.producer(value)
        conv = graph.producer(rounding.inputs[0]) if rounding.op == "round" else None
        if (conv is not None and conv.op == "conv" and conv.activation == "none" and
                len(conv.inputs) == 1 and in_bytes(conv, grids()) and
                graph.used_once(conv.output) and graph.used_once(value) and
                0 < rounding.grid.zero < 255):
            able.append((graph.nodes.index(conv), rounding))
    if not able:
        return False
    _drop(graph, max(able, key=lambda pair: pair[0])[1])
    return True


# ---- bytes ----

def to_bytes(graph):
    """The graph as the format has it: nodes whose grid is set give bytes, "convert" changes the form,
    no "round" is left. A graph without one stays as it is."""
    if any(node.op == "round" for node in graph.nodes):
        graph.keep(_Lowering(graph).nodes)
    for node in graph.nodes:  # computed in f32
        if is_bytes(node.tensors.get("filter")) and node.tensors["filter"].wide:
            node.tensors["filter"] = np.asarray(node.tensors["filter"])


class _Lowering:
    """grids: of all values as they were; numbers, bytes: the name under which a value is there in f32, in
    bytes."""

    def __init__(self, graph):
        self.graph, self.nodes = graph, []
        self.grids = grids_of(graph)
        self.taken = {graph.input} | {node.output for node in graph.nodes}
        self.numbers, self.bytes = {graph.input: graph.input}, {}
        with graph.kept_edges():
            for node in graph.nodes:
                self._node(node)
        for value in graph.outputs:
            self._in_f32(value)

    def _fresh(self, name, ending):
        name += ending
        while name in self.taken:
            name += ending
        self.taken.add(name)
        return name

    def _append(self, op, inputs, output, **fields):
        self.nodes.append(Node(output, op, inputs, output, **fields))
        return output

    def _byte_name(self, value):
        """The name of a value's bytes, which are no output."""
        name = self._fresh(value, ":bytes") if value in self.graph.outputs else value
        self.bytes[value] = name
        return name

    def _in_f32(self, value):
        if value not in self.numbers:
            name = value if self.bytes[value] != value else self._fresh(value, ":f32")
            self.numbers[value] = self._append("convert", [self.bytes[value]], name)
        return self.numbers[value]

    def _in_bytes(self, values):
        return [self.bytes[value] for value in values]

    def _rounding(self, node):
        """The one reader of what node computes, if that is a round."""
        readers = self.graph.consumers(node.output)
        one = self.graph.used_once(node.output) and readers[0].op == "round"
        return readers[0] if one and node.activation in ACTIVATIONS else None

    def _node(self, node):
        if node.op == "round":
            self._round(node)
        elif node.op in MOVERS and self.grids.get(node.output) is not None:
            node.inputs, node.grid = self._in_bytes(node.inputs), self.grids[node.output]
            node.output = self._byte_name(node.output)
            self.nodes.append(node)
        elif node.op == "global_average_pool" and _one_scale(self.grids.get(node.inputs[0])):
            self._give_f32(node, self._in_bytes(node.inputs))
        elif node.op in LINEAR and self._fits(node):
            self._linear(node)
        elif node.op == "add" and in_bytes(node, self.grids) and self._rounding(node):
            self._give(node, self._in_bytes(node.inputs))
        else:
            self._give_f32(node, [self._in_f32(value) for value in node.inputs])

    def _round(self, node):
        if node.output in self.bytes:
            return  # what was before it gave the bytes itself
        value = node.inputs[0]
        if self.grids.get(value) == node.grid:
            self.bytes[node.output] = self.bytes[value]
            return
        x = self._in_f32(value)
        self._append("convert", [x], self._byte_name(node.output), grid=node.grid)

    def _fits(self, node):
        return in_bytes(node, self.grids) and all(
            _one_scale(self.grids.get(value)) for value in node.inputs[1:])

    def _linear(self, node):
        inputs = self._in_bytes(node.inputs)
        if node.tensors["filter"].wide:
            self._in_halves(node, inputs)
        else:
            self._give(node, inputs)

    def _in_halves(self, node, inputs):
        """Weights of nine bits, w = 2 · a + b with a, b in bytes: the sum of two convolutions."""
        filters, parts = node.tensors["filter"], []
        upper = np.trunc(filters.data / 2).astype(np.int16)
        for data, step, ending in ((upper, 2, ":upper"), (filters.data - 2 * upper, 1, ":lower")):
            part = Node(**{**vars(node), "activation": "none", "low": 0.0, "high": 0.0})
            part.name = part.output = self._fresh(node.output, ending)
            bias = np.asarray(node.tensors["bias"], np.float64)
            part.tensors = {"filter": Filter("s8", data, filters.scales * np.float32(step)),
                            "bias": bias if step == 1 else 0 * bias}
            part.inputs = inputs if step == 1 else inputs[:1]
            self.nodes.append(part)
            parts.append(part.output)
        tensors = {role: node.tensors[role] for role in ("slope",) if node.activation == "prelu"}
        self._append("add", parts, node.output, activation=node.activation, low=node.low,
                     high=node.high, tensors=tensors)
        self.numbers[node.output] = node.output

    def _give(self, node, inputs):
        """node, which reads bytes, gives them too where they are wanted."""
        rounding = self._rounding(node)
        if rounding is None:
            self._give_f32(node, inputs)
            return
        node.inputs, node.grid = inputs, rounding.grid
        node.output = self._byte_name(rounding.output)
        self.nodes.append(node)

    def _give_f32(self, node, inputs):
        node.inputs = inputs
        self.numbers[node.output] = node.output
        self.nodes.append(node)
