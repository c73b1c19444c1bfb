"""graph.py - the graph between a reader and the writer.

A Graph is a list of Nodes in topological order over named values. A value is an activation
[n, h, w, c], channels last; a vector is [n, 1, 1, c]. The readers translate into this form, the
passes (graph_passes.py) simplify it, fid_writer.py writes it. Operators are those of
weights/FORMAT.md and, before the passes have run, the few INTERIM ones below, which stand for what
another framework writes out and our format does not have.

Weights are kept as the source has them or in double precision, and are rounded to f32 once, by the
writer."""
import contextlib
import math
from dataclasses import dataclass, field

import numpy as np

OPS = {"conv": 1, "max_pool": 2, "average_pool": 3, "global_average_pool": 4,
       "fully_connected": 5, "add": 6, "multiply": 7, "concat": 8, "activation": 9, "softmax": 10,
       "reshape": 11, "transpose": 12, "resize_nearest": 13, "affine": 14, "layer_norm": 15,
       "l2_normalize": 16, "matmul": 17, "resize_bilinear": 18, "slice": 19, "convert": 20}
INTERIM = {"pad", "abs", "negate", "sum", "mean", "square", "sqrt", "erf", "reduce_max", "subtract",
           "divide", "l2_norm", "round", "same"}
ACTIVATIONS = {"none": 0, "clamp": 1, "prelu": 2, "sigmoid": 3, "tanh": 4, "gelu": 5,
               "hard_swish": 6, "exp": 7, "reciprocal": 8}
PAD_MODES = {"explicit": 0, "ceil": 1, "same": 2}
RESIZE_MODES = {"half_pixel": 0, "align_corners": 1, "asymmetric": 2}
TENSOR_ORDER = {"conv": ("filter", "bias"), "fully_connected": ("filter", "bias"),
                "affine": ("scale", "shift"), "layer_norm": ("scale", "shift")}
MAPS = ("scale", "shift")     # of an affine: for each channel, or for each number of a picture
AXES = "nhwc"
QUANTIZED = ("whole numbers in this form are not read: take the network's export in float32 or "
             "float16, or in int8 as TFLite has it or with QuantizeLinear and DequantizeLinear")
# What the format can hold (FORMAT.md, Limits): field -> (least, largest) of nodes that use it.
WINDOW_LIMITS = {"kernel": (1, 255), "stride": (1, 16), "pads": (0, 255)}
CONV_LIMITS = {**WINDOW_LIMITS, "dilation": (1, 16)}


class ConvertError(Exception):
    """The source cannot be converted; the text names file, operator and node."""


@dataclass(eq=False)
class Node:
    """One operation. tensors: role -> array ("filter" [c_out, kh, kw, c_in/groups] or
    [c_out, h*w*c], which may be a grids.Filter, "bias", "slope", "scale", "shift": [c]; the last two
    of an affine may be [h, w, c]). grid: a grids.Grid: a "round" takes its input to it, and where an
    operator of the format has one, its output is bytes."""
    name: str
    op: str
    inputs: list
    output: str
    tensors: dict = field(default_factory=dict)
    activation: str = "none"
    low: float = 0.0              # limits of "clamp"
    high: float = 0.0
    kernel: tuple = (0, 0)        # h, w
    stride: tuple = (0, 0)
    pads: tuple = (0, 0, 0, 0)    # top, left, bottom, right
    dilation: tuple = (0, 0)
    groups: int = 0
    pad_mode: str = "explicit"
    axis: int = 0
    scale: int = 0
    shape: tuple = (0, 0, 0, 0)
    epsilon: float = 0.0
    mode: str = "half_pixel"      # of resize_bilinear
    grid: object = None

    def tensor_roles(self):
        """The roles in the order of FORMAT.md."""
        roles = TENSOR_ORDER.get(self.op, ())
        return roles + ("slope",) if self.activation == "prelu" else roles


class Graph:
    def __init__(self, name, input_name, h, w, c):
        self.name = name
        self.input = input_name
        self.size = (h, w, c)
        self.free_size = False
        self.multiple = 1
        self.nodes = []
        self.outputs = []
        self._edges = None

    def append(self, op, inputs, output, name=None, **fields):
        """Adds a node at the end and returns it."""
        node = Node(name or output, op, list(inputs), output, **fields)
        self.nodes.append(node)
        return node

    def _index(self):
        """(producer of each value, readers of each value), kept or made anew."""
        if self._edges is not None:
            return self._edges
        producers, readers = {}, {}
        for node in self.nodes:
            producers.setdefault(node.output, node)
            for value in node.inputs:
                readers.setdefault(value, []).append(node)
        return producers, readers

    @contextlib.contextmanager
    def kept_edges(self):
        """A block in which nodes are changed by keep() and the methods below alone: producers and
        readers are then kept up to date, and looked up in constant time."""
        self._edges = self._index()
        try:
            yield
        finally:
            self._edges = None

    def keep(self, nodes):
        """These are the nodes from now on, of those that were."""
        self.nodes = nodes
        if self._edges is not None:
            self._edges = None
            self._edges = self._index()

    def producer(self, value):
        """The node that computes value, or None for the input."""
        return self._index()[0].get(value)

    def consumers(self, value):
        """The nodes that read value."""
        return list(dict.fromkeys(self._index()[1].get(value, ())))

    def used_once(self, value):
        """Is value read by one node in one place and no output of the graph?"""
        return len(self._index()[1].get(value, ())) == 1 and value not in self.outputs

    def insert_before(self, node, op, inputs, output, **fields):
        """A new node in front of node; returns it."""
        made = Node(output, op, list(inputs), output, **fields)
        self.nodes.insert(self.nodes.index(node), made)
        producers, readers = self._index()
        producers[output] = made
        for value in made.inputs:
            readers.setdefault(value, []).append(made)
        return made

    def connect(self, node, inputs):
        """node reads inputs from now on."""
        readers = self._index()[1]
        for value in node.inputs:
            readers[value].remove(node)
        node.inputs = list(inputs)
        for value in node.inputs:
            readers.setdefault(value, []).append(node)

    def compute(self, node, output):
        """node computes output from now on; no other node may."""
        producers = self._index()[0]
        if producers.get(node.output) is node:
            del producers[node.output]
        node.output = output
        producers[output] = node

    def remove(self, node):
        """node is gone; what it computed may get another producer."""
        self.connect(node, [])
        self._index()[0].pop(node.output)
        self.nodes.remove(node)

    def rename(self, old, new):
        """Every reader of old reads new from now on (producers keep their output's name)."""
        for node in self.consumers(old):
            self.connect(node, [new if value == old else value for value in node.inputs])
        self.outputs = [new if value == old else value for value in self.outputs]

    def cut(self, names):
        """Values of these names become the outputs, in place of the outputs, if there are any."""
        made = {node.output for node in self.nodes}
        self.outputs = [name for name in names if name in made] or self.outputs

    def shapes(self, h=0, w=0):
        """(h, w, c) of every value by name, for an input of h x w (0: the customary size).
        ConvertError names the node whose inputs do not fit."""
        size = (h or self.size[0], w or self.size[1], self.size[2])
        found = {self.input: size}
        for node in self.nodes:
            found[node.output] = output_shape(node, [found[value] for value in node.inputs])
        return found

    def parameter_count(self):
        return sum(math.prod(np.shape(node.tensors[role]))
                   for node in self.nodes for role in node.tensor_roles())

    def multiply_add_count(self):
        """Multiply-adds of convolutions and fully connected layers for one customary input."""
        shapes = self.shapes()
        total = 0
        for node in self.nodes:
            if node.op in ("conv", "fully_connected"):
                h, w, c = shapes[node.output]
                total += h * w * math.prod(np.shape(node.tensors["filter"]))
        return total


def needed_steps(steps, outputs):
    """Those of steps, (what it reads, what it computes, the step) in the order of computing, that
    outputs depend on: the steps alone."""
    needed, kept = set(outputs), []
    for reads, computes, step in reversed(steps):
        if needed.intersection(computes):
            needed.update(reads)
            kept.append(step)
    return kept[::-1]


def _refuse(node, reason, *numbers):
    raise ConvertError("node '%s' (%s): %s" % (node.name, node.op, reason % numbers))


def window_length(size, kernel, stride, before, after, dilation, mode):
    """Number of windows of a convolution or pool along one axis, by FORMAT.md's pad_mode."""
    if mode == "same":
        return -(-size // stride)
    room = size + before + after - (dilation * (kernel - 1) + 1)
    if room < 0:
        return 0
    if mode == "explicit":
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + before else count


def same_pads(size, kernel, stride, dilation=1):
    """(before, after) of "same" padding along one axis: the smaller half comes first."""
    total = max(0, (-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, total - total // 2


def _windows(node, shape, channels):
    h, w, _ = shape
    limits = CONV_LIMITS if node.op == "conv" else WINDOW_LIMITS
    for name, (least, largest) in limits.items():
        numbers = getattr(node, name)
        if min(numbers) < least or max(numbers) > largest:
            _refuse(node, "%s %s, possible are %d to %d", name, tuple(numbers), least, largest)
    top, left, bottom, right = node.pads
    dilation = node.dilation if node.op == "conv" else (1, 1)
    size = (window_length(h, node.kernel[0], node.stride[0], top, bottom, dilation[0],
                          node.pad_mode),
            window_length(w, node.kernel[1], node.stride[1], left, right, dilation[1],
                          node.pad_mode))
    if min(size) < 1:
        _refuse(node, "the window %dx%d is larger than its input %dx%d", *node.kernel, h, w)
    return size + (channels,)


def _conv_shape(node, shapes):
    dims = np.shape(node.tensors["filter"])
    if len(dims) != 4 or dims[1:3] != tuple(node.kernel):
        _refuse(node, "filter of shape %s for a kernel of %dx%d", dims, *node.kernel)
    if node.groups < 1 or dims[3] * node.groups != shapes[0][2] or dims[0] % node.groups:
        _refuse(node, "filter wants %d channels, the input has %d", dims[3] * node.groups,
                shapes[0][2])
    shape = _windows(node, shapes[0], dims[0])
    if len(shapes) > 1 and shapes[1] != shape:
        _refuse(node, "residual of shape %s, output of shape %s", shapes[1], shape)
    return shape


def _fully_connected_shape(node, shapes):
    dims = np.shape(node.tensors["filter"])
    if len(dims) != 2 or dims[1] != math.prod(shapes[0]):
        _refuse(node, "filter of shape %s for an input of %d numbers", dims, math.prod(shapes[0]))
    return (1, 1, dims[0])


def _pair_shape(node, shapes):
    a, b = shapes
    spread = {"multiply": (1, 1, a[2]), "subtract": a[:2] + (1,), "divide": a[:2] + (1,)}
    if a != b and b != spread.get(node.op):
        _refuse(node, "inputs of shapes %s and %s", a, b)
    return a


def _concat_shape(node, shapes):
    axis = node.axis - 1
    rest = {shape[:axis] + shape[axis + 1:] for shape in shapes}
    if len(rest) != 1:
        _refuse(node, "inputs of shapes %s", shapes)
    joined = list(shapes[0])
    joined[axis] = sum(shape[axis] for shape in shapes)
    return tuple(joined)


def _slice_shape(node, shapes):
    shape = list(shapes[0])
    _, first, count, _ = node.shape
    if not (0 <= first and 1 <= count <= shape[node.axis - 1] - first):
        _refuse(node, "%d from %d on of an input of shape %s", count, first, shapes[0])
    shape[node.axis - 1] = count
    return tuple(shape)


def _matmul_shape(node, shapes):
    a, b = shapes
    k, count = (b[2], b[1]) if node.axis == 3 else (b[1], b[2])
    if a[0] != b[0] or a[2] != k:
        _refuse(node, "inputs of shapes %s and %s", a, b)
    return (a[0], a[1], count)


def _bilinear_shape(node, shapes):
    h, w, c = shapes[0]
    return (h * node.scale, w * node.scale, c) if node.scale else tuple(node.shape[1:3]) + (c,)


def _reshape_shape(node, shapes):
    count = int(np.prod(shapes[0]))
    wanted = list(node.shape[1:])
    known = int(np.prod([size for size in wanted if size != -1]))
    if -1 in wanted and known:
        wanted[wanted.index(-1)] = count // known
    if int(np.prod(wanted)) != count:
        _refuse(node, "%d numbers do not fit the shape %s", count, tuple(node.shape[1:]))
    return tuple(wanted)


def _pad_shape(node, shapes):
    top, left, bottom, right = node.pads
    return (shapes[0][0] + top + bottom, shapes[0][1] + left + right, shapes[0][2])


_SHAPES = {
    "conv": _conv_shape,
    "max_pool": lambda node, shapes: _windows(node, shapes[0], shapes[0][2]),
    "average_pool": lambda node, shapes: _windows(node, shapes[0], shapes[0][2]),
    "global_average_pool": lambda node, shapes: (1, 1, shapes[0][2]),
    "fully_connected": _fully_connected_shape,
    "add": _pair_shape,
    "multiply": _pair_shape,
    "subtract": _pair_shape,
    "divide": _pair_shape,
    "concat": _concat_shape,
    "reshape": _reshape_shape,
    "transpose": lambda node, shapes: tuple(((1,) + shapes[0])[axis] for axis in node.shape[1:]),
    "resize_nearest": lambda node, shapes: (shapes[0][0] * node.scale, shapes[0][1] * node.scale,
                                            shapes[0][2]),
    "matmul": _matmul_shape,
    "resize_bilinear": _bilinear_shape,
    "slice": _slice_shape,
    "sum": lambda node, shapes: shapes[0][:2] + (1,),
    "mean": lambda node, shapes: shapes[0][:2] + (1,),
    "reduce_max": lambda node, shapes: shapes[0][:2] + (1,),
    "l2_norm": lambda node, shapes: shapes[0][:2] + (1,),
    "pad": _pad_shape,
}


def output_shape(node, shapes):
    """(h, w, c) of a node's output from those of its inputs; ConvertError where they do not fit."""
    shape = _SHAPES.get(node.op, lambda _, inputs: inputs[0])(node, shapes)
    for role in node.tensor_roles():
        found = np.shape(node.tensors[role])
        if role != "filter" and found != (shape[2],) and not (
                node.op == "affine" and role in MAPS and found == tuple(shape)):
            _refuse(node, "%s of shape %s for %d channels", role, np.shape(node.tensors[role]),
                    shape[2])
    return shape


def check_final(graph):
    """Raises ConvertError if an operator is left that the format does not have."""
    for node in graph.nodes:
        if node.op not in OPS:
            _refuse(node, "there is no such operator in the weight file, and no pattern that "
                          "would replace it was found around this node")
    graph.shapes()
