"""fid_rules.py - the rules of weights/FORMAT.md that the reader holds a file to, held by the
writer: what breaks one is refused when it is converted and not when it is first used.

In the order of weight_structure.c and weight_node.c, and of the shapes and limits of work that
engine/nn finds when it opens a model; types of numbers are in type_rules.py. What only a machine's kernels decide, scratch and packed
weights, is not foreseen. To add an operator: its line in RULES."""
import math
from dataclasses import dataclass

import numpy as np

import type_rules
from graph import ACTIVATIONS, OPS, PAD_MODES, RESIZE_MODES, ConvertError, output_shape, same_pads

LARGEST_DIM, LARGEST_TENSOR, LARGEST_VALUE = 1 << 24, 1 << 30, 1 << 28  # tensor: bytes
LARGEST_WORK, LARGEST_FILE, LARGEST_F32 = 1 << 42, 4 << 30, float(np.finfo(np.float32).max)
MOST_GRAPHS, MOST_INPUTS = 64, 1 << 16
MOST_RECORDS = {"VALU": 1 << 16, "NODE": 1 << 16, "TENS": 1 << 16, "INDX": 1 << 20, "META": 4096,
                "MVAL": 1 << 20, "STRS": 16 << 20}
KERNEL, STRIDE, PAD, DILATION, SCALE = 255, 16, 255, 16, 16
# What a field holds that an operator does not use.
NOTHING = {"kernel": (0, 0), "stride": (0, 0), "pads": (0,) * 4, "dilation": (0, 0), "groups": 0,
           "pad_mode": "explicit", "axis": 0, "scale": 0, "shape": (0,) * 4, "epsilon": 0.0,
           "mode": "half_pixel"}
WINDOW = {"kernel": (1, KERNEL), "stride": (1, STRIDE), "pads": (0, PAD), "pad_mode": PAD_MODES}


@dataclass(frozen=True)
class Rule:
    """inputs: how many, least and most; fields: those that the operator uses, with the range of
    each number, or the words that one may be; activation: may it have one, or must it ("needed"); ranks: that each of its tensors
    may have."""
    inputs: tuple
    fields: dict
    activation: str = ""
    ranks: tuple = ()


RULES = {
    "conv": Rule((1, 2), {**WINDOW, "dilation": (1, DILATION), "groups": (1, LARGEST_DIM)},
                 "possible", ((4,), (1,))),
    "max_pool": Rule((1, 1), WINDOW), "average_pool": Rule((1, 1), WINDOW),
    "global_average_pool": Rule((1, 1), {}),
    "fully_connected": Rule((1, 1), {}, "possible", ((2,), (1,))),
    "add": Rule((2, 2), {}, "possible"), "multiply": Rule((2, 2), {}, "possible"),
    "concat": Rule((2, MOST_INPUTS), {"axis": (1, 3)}),
    "activation": Rule((1, 1), {}, "needed"), "softmax": Rule((1, 1), {"axis": (3, 3)}),
    "reshape": Rule((1, 1), {"shape": (-1, LARGEST_DIM)}),
    "transpose": Rule((1, 1), {"shape": (0, 3)}),
    "resize_nearest": Rule((1, 1), {"scale": (2, SCALE)}),
    "affine": Rule((1, 1), {}, "possible", ((1, 3), (1, 3))),
    "layer_norm": Rule((1, 1), {"epsilon": (0, LARGEST_F32)}, ranks=((1,), (1,))),
    "l2_normalize": Rule((1, 1), {"epsilon": (0, LARGEST_F32)}),
    "matmul": Rule((2, 2), {"axis": (2, 3)}),
    "resize_bilinear": Rule((1, 1), {"scale": (0, SCALE), "shape": (0, LARGEST_DIM),
                                     "mode": RESIZE_MODES}),
    "slice": Rule((1, 1), {"axis": (1, 3), "shape": (0, LARGEST_DIM)}),
    "convert": Rule((1, 1), {}),
}


def _refuse(node, text, *words):
    raise ConvertError("node '%.80s' (%s): %s" % (node.name, node.op, text % words))


def _name(text, what, seen=None):
    """A name is text, not empty, and, of those in seen, not there twice."""
    try:
        fits = bool(text) and "\0" not in text and bool(text.encode("utf-8"))
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise ConvertError("%s is called %.80s: no name that a weight file can hold" % (
            what, ascii(text)))
    if seen is not None:
        if text in seen:
            raise ConvertError("two %ss are called '%.80s'" % (what.split()[-1], text))
        seen.add(text)


# ---- nodes ----

def _check_fields(node, rule):
    for field, unused in NOTHING.items():
        value = getattr(node, field)
        value = tuple(value) if isinstance(value, list) else value
        possible = rule.fields.get(field)
        if possible is None and value != unused:
            _refuse(node, "%s is %s, and it uses none", field, value)
        if isinstance(possible, dict) and value not in possible:
            _refuse(node, "%s is %s, possible are %s", field, value, ", ".join(possible))
        if isinstance(possible, tuple):
            _check_numbers(node, field, value, unused, possible)
    if "shape" in rule.fields:
        _check_order(node)


def _check_numbers(node, field, value, unused, possible):
    low, high = possible
    if node.pad_mode == "same" and field == "pads":
        high = 0  # the reader computes them
    numbers = value if type(value) is tuple else (value,)
    if len(numbers) != np.size(unused) or not all(
            low <= number <= high and (field == "epsilon" or number == int(number))
            for number in numbers):
        _refuse(node, "%s is %s, possible are %s to %s", field, value, low, high)


def _check_order(node):
    first, *rest = node.shape
    fits = rest.count(-1) <= 1 and 0 not in rest
    if node.op == "transpose":
        fits = sorted(rest) == [1, 2, 3]
    elif node.op == "slice":
        fits = rest[1] >= 1 and rest[2] == 0
    elif node.op == "resize_bilinear":
        fits = rest[2] == 0 and (min(rest[:2]) >= 1 if node.scale == 0 else
                                 node.scale >= 2 and not any(rest))
    if first != 0 or not fits:
        _refuse(node, "the shape %s", node.shape)


def _check_activation(node, rule):
    has = node.activation != "none"
    if node.activation not in ACTIVATIONS or (has and not rule.activation) or (
            not has and rule.activation == "needed"):
        _refuse(node, "the activation '%s'", node.activation)
    limits = node.low, node.high
    if node.activation == "clamp" and not (
            node.low <= node.high and node.low < math.inf and node.high > -math.inf and
            all(math.isinf(limit) or abs(limit) <= LARGEST_F32 for limit in limits)):
        _refuse(node, "limits from %g to %g", *limits)


def _check_tensors(node, rule, seen, prefix):
    ranks = rule.ranks + ((1,),) * (node.activation == "prelu")
    roles = node.tensor_roles()
    if len(roles) != len(ranks) or not set(roles) <= set(node.tensors):
        _refuse(node, "%d tensors, wanted are %d", len(node.tensors), len(ranks))
    for role, possible in zip(roles, ranks):
        dims = np.shape(node.tensors[role])
        if len(dims) not in possible or not all(1 <= dim <= LARGEST_DIM for dim in dims) or (
                math.prod(dims) * 4 > LARGEST_TENSOR):
            _refuse(node, "the %s of shape %s, possible are %s dimensions and %d bytes", role, dims,
                    " or ".join(map(str, possible)), LARGEST_TENSOR)
        _name("%s%s/%s" % (prefix, node.name, role), "a tensor", seen)


def _check_windows(node, shape, counts):
    """No window of a pool sees nothing but padding."""
    for i in (0, 1):
        size, kernel, stride = shape[i], node.kernel[i], node.stride[i]
        before = (same_pads(size, kernel, stride)[0] if node.pad_mode == "same" else node.pads[i])
        if before >= kernel or (counts[i] - 1) * stride >= before + size:
            _refuse(node, "a window that sees nothing but padding")


def _check_shape(node, shapes, shape):
    if not all(1 <= size <= LARGEST_DIM for size in shape) or math.prod(shape) > LARGEST_VALUE:
        _refuse(node, "an output of %d x %d x %d, possible are %d numbers", *shape, LARGEST_VALUE)
    if node.op in ("max_pool", "average_pool"):
        _check_windows(node, shapes[0], shape)


def _work(node, shapes, shape):
    """Numbers to read for one picture, as FORMAT.md counts them."""
    roles = node.tensor_roles()
    each = (math.prod(np.shape(node.tensors[roles[0]])[1:]) if roles else
            max(1, math.prod(node.kernel)))
    return each * math.prod(shape) + sum(map(math.prod, shapes))


# ---- graphs ----

def _check_input(graph):
    if not all(1 <= size <= LARGEST_DIM for size in graph.size) or (
            math.prod(graph.size) > LARGEST_VALUE):
        raise ConvertError("the input of %d x %d x %d is too large" % graph.size)
    if graph.multiple < 1 or (any(size % graph.multiple for size in graph.size[:2])
                              if graph.free_size else graph.multiple != 1):
        raise ConvertError("the input of %d x %d is no multiple of %d, or of no free size" % (
            *graph.size[:2], graph.multiple))


def _check_graph(graph, tensors, prefix):
    names, found, work = set(), {graph.input: tuple(graph.size)}, 0
    grids = {graph.input: None}
    _check_input(graph)
    _name(graph.input, "a value", names)
    for node in graph.nodes:
        rule = RULES.get(node.op)
        if rule is None or node.op not in OPS:
            _refuse(node, "there is no such operator in the weight file")
        _name(node.name, "a node")
        _name(node.output, "a value", names)
        if not rule.inputs[0] <= len(node.inputs) <= rule.inputs[1]:
            _refuse(node, "%d inputs, possible are %d to %d", len(node.inputs), *rule.inputs)
        missing = [value for value in node.inputs if value not in found]
        if missing:
            _refuse(node, "'%.80s' is not computed before it", missing[0])
        _check_activation(node, rule)
        _check_fields(node, rule)
        _check_tensors(node, rule, tensors, prefix)
        shapes = [found[value] for value in node.inputs]
        shape = found[node.output] = output_shape(node, shapes)
        _check_shape(node, shapes, shape)
        grids[node.output] = node.grid
        type_rules.check_node(node, grids, shape[2])
        work += _work(node, shapes, shape)
        if work > LARGEST_WORK:
            _refuse(node, "the work up to it, %d numbers to read, is more than %d", work,
                    LARGEST_WORK)
    in_bytes = [value for value in graph.outputs if grids.get(value) is not None]
    if in_bytes:
        raise ConvertError("the output '%.80s' is in bytes" % in_bytes[0])
    if not graph.nodes or not graph.outputs or len(set(graph.outputs)) != len(graph.outputs) or (
            graph.input in graph.outputs) or not set(graph.outputs) <= set(found):
        raise ConvertError("graph '%.80s': wanted are nodes, and outputs that they compute, each "
                           "once" % graph.name)


def check_graphs(graphs):
    """ConvertError says what the reader would refuse."""
    if not 1 <= len(graphs) <= MOST_GRAPHS:
        raise ConvertError("%d graphs, possible are 1 to %d" % (len(graphs), MOST_GRAPHS))
    names, tensors = set(), set()
    for graph in graphs:
        _name(graph.name, "a graph", names)
        _check_graph(graph, tensors, graph.name + "/" if len(graphs) > 1 else "")


def check_sections(counts, file_bytes):
    """counts: section -> records. ConvertError."""
    for kind, most in MOST_RECORDS.items():
        if counts[kind] > most:
            raise ConvertError("%d records in the section %s of the weight file, possible are %d" %
                               (counts[kind], kind, most))
    if file_bytes > LARGEST_FILE:
        raise ConvertError("the weight file would have %d bytes, possible are %d" % (
            file_bytes, LARGEST_FILE))


def check_metadata(key, words, counts):
    """An entry of META. words: its values as text; counts: does the model's id count it?
    ConvertError."""
    _name(key, "an entry of the metadata")
    for word in words:
        if word:
            _name(word, "a value of '%.80s'" % key)
    if counts and ("=" in key or any("\n" in word for word in [key, *words])):
        raise ConvertError("metadata '%.80s' has a line end, or its key a '='" % key)
