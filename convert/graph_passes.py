"""graph_passes.py - makes a graph smaller without changing what it computes.

Each pass takes a Graph and one of its nodes, changes the graph there and returns whether it changed
anything; _sweep() shows it every node. simplify() runs the passes until none changes anything. That
takes linear time: the graph keeps its edges as they change, and the shapes, which some passes take
too, are computed at most once a sweep. Weights are folded in double precision. A pass changes the
numbers of a value only if one node alone reads it and it is no output."""
import functools

import numpy as np

import byte_passes
from graph import ConvertError, check_final
from grids import Filter, moved
from pattern_passes import (drop_last_l2_normalize, fold_abs_prelu, fold_gelu, fold_l2_normalize,
                            fold_layer_norm, fold_negated_prelu, fold_softmax)
from sibling_passes import join_behind_slices, join_siblings

LINEAR = ("conv", "fully_connected")
SCALED = ("affine", "layer_norm")  # scale and shift are theirs
ACTIVATING = ("conv", "fully_connected", "add", "multiply", "affine")
IDENTITY = (0, 1, 2, 3)


def _f64(array):
    return np.asarray(array, np.float64)


def _replace(graph, node, value):
    """Removes node; its readers read value instead."""
    graph.remove(node)
    graph.rename(node.output, value)


def _merge(graph, first, second):
    """second is gone, first computes its output."""
    graph.remove(second)
    graph.compute(first, second.output)


def remove_dead(graph):
    """Drops nodes that no output depends on."""
    needed = set(graph.outputs)
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
    alive = [node for node in graph.nodes if node.output in needed]
    changed = len(alive) != len(graph.nodes)
    graph.keep(alive)
    return changed


def fold_pad(graph, node):
    """Zeros around a picture become the padding of the convolution that reads it."""
    pad = graph.producer(node.inputs[0])
    if (node.op == "conv" and pad is not None and pad.op == "pad" and
            node.pad_mode == "explicit" and graph.used_once(pad.output)):
        node.pads = tuple(a + b for a, b in zip(node.pads, pad.pads))
        _replace(graph, pad, pad.inputs[0])
        return True
    return False


def _scaled(filters, factors):
    """filters with each channel times a factor; bytes stay bytes where they can."""
    kept = filters.scaled(factors) if isinstance(filters, Filter) else None
    if kept is not None:
        return kept
    filters = _f64(filters)
    return filters * factors.reshape((-1,) + (1,) * (filters.ndim - 1))


def fold_affine(graph, node):
    """Batch norm: y = scale * (W x + b) + shift is W' x + b' in the layer before."""
    if node.op != "affine":
        return False
    before = graph.producer(node.inputs[0])
    if (before is None or before.op not in LINEAR + SCALED or
            before.activation != "none" or len(before.inputs) != 1 or
            not graph.used_once(before.output)):
        return False
    scale, shift = _f64(node.tensors["scale"]), _f64(node.tensors["shift"])
    weights, bias = ("scale", "shift") if before.op in SCALED else ("filter", "bias")
    maps = max(scale.ndim, shift.ndim, *(before.op == "affine" and np.ndim(before.tensors[role])
                                         for role in ("scale", "shift"))) > 1
    if maps or (before.op == "layer_norm" and node.activation != "none"):
        return False
    before.tensors[weights] = _scaled(before.tensors[weights], scale)
    before.tensors[bias] = _f64(before.tensors[bias]) * scale + shift
    before.activation, before.low, before.high = node.activation, node.low, node.high
    if "slope" in node.tensors:
        before.tensors["slope"] = node.tensors["slope"]
    _merge(graph, before, node)
    return True


def fuse_activation(graph, node):
    """An activation behind an operator that can apply it before it stores."""
    if node.op != "activation":
        return False
    before = graph.producer(node.inputs[0])
    if (before is None or before.op not in ACTIVATING or before.activation != "none" or
            not graph.used_once(before.output)):
        return False
    before.activation, before.low, before.high = node.activation, node.low, node.high
    before.tensors.update(node.tensors)
    _merge(graph, before, node)
    return True


def merge_clamps(graph, node):
    """A clamp behind a clamp is one clamp."""
    before = graph.producer(node.inputs[0])
    if (node.op == "activation" and node.activation == "clamp" and before is not None and
            before.activation == "clamp" and graph.used_once(before.output)):
        before.low = min(max(before.low, node.low), node.high)
        before.high = min(max(before.high, node.low), node.high)
        _merge(graph, before, node)
        return True
    return False


def fuse_residual(graph, node, grids):
    """add(conv(x), r) becomes conv(x, residual r) where the convolution has no activation of its
    own and no other node reads it. Of two candidates the later one takes it: r then exists
    already."""
    if node.op != "add" or node.inputs[0] == node.inputs[1]:
        return False
    able = [conv for conv in map(graph.producer, node.inputs)
            if conv is not None and conv.op == "conv" and conv.activation == "none" and
            len(conv.inputs) == 1 and graph.used_once(conv.output) and
            all(value == conv.output or byte_passes.fits_residual(conv, value, grids())
                for value in node.inputs)]
    if not able:
        return False
    conv = max(able, key=graph.nodes.index)
    graph.connect(conv, conv.inputs + [v for v in node.inputs if v != conv.output])
    conv.activation, conv.low, conv.high = node.activation, node.low, node.high
    if "slope" in node.tensors:
        conv.tensors["slope"] = node.tensors["slope"]
    graph.nodes.remove(conv)
    graph.nodes.insert(graph.nodes.index(node), conv)
    _merge(graph, conv, node)
    return True


def clean_transposes(graph, node, shapes):
    """Two transposes are one; one that moves nothing is none; one that only moves axes of size 1
    is a reshape."""
    if node.op != "transpose":
        return False
    before = graph.producer(node.inputs[0])
    if before is not None and before.op == "transpose":
        node.shape = tuple(before.shape[axis] for axis in node.shape)
        graph.connect(node, before.inputs)
        return True
    if node.shape == IDENTITY and node.output not in graph.outputs:
        _replace(graph, node, node.inputs[0])
        return True
    sizes = (1,) + shapes()[node.inputs[0]]
    moved = [axis for axis in node.shape if sizes[axis] != 1]
    if moved == sorted(moved) and not graph.free_size:
        node.op, node.shape = "reshape", (0,) + shapes()[node.output]
        return True
    return False


def clean_reshapes(graph, node, shapes):
    """Two reshapes are one; one that changes nothing, or only feeds a fully connected layer (which
    reads numbers in order, whatever their shape), is none."""
    if node.op != "reshape":
        return False
    before = graph.producer(node.inputs[0])
    if before is not None and before.op == "reshape" and -1 not in node.shape:
        graph.connect(node, before.inputs)
        return True
    same = shapes()[node.inputs[0]] == shapes()[node.output] and not graph.free_size
    readers = graph.consumers(node.output)
    to_connected = readers and all(r.op == "fully_connected" for r in readers)
    if (same or to_connected) and node.output not in graph.outputs:
        _replace(graph, node, node.inputs[0])
        return True
    return False


def _skip_reshape(graph, node, value):
    """A reshape that now stands before another one is none: merged at once, for a chain of them
    would else sink by one a sweep."""
    readers = graph.consumers(value)
    if graph.used_once(value) and readers[0].op == "reshape" and -1 not in readers[0].shape:
        graph.connect(readers[0], node.inputs)


def sink_reshapes(graph, node, shapes):
    """An activation does not care about height and width: it goes before a reshape that keeps the
    channels, to where it can be fused. A reshape that keeps the channels of an output is dropped:
    the map itself, [n, h, w, c], has the same numbers in the same order and tells more."""
    if node.op != "reshape" or shapes()[node.inputs[0]][2] != shapes()[node.output][2]:
        return False
    readers = graph.consumers(node.output)
    if graph.used_once(node.output) and readers[0].op == "activation":
        activation = readers[0]
        between, last = node.output, activation.output
        graph.connect(activation, node.inputs)
        graph.connect(node, [between])
        graph.compute(activation, between)
        graph.compute(node, last)
        shapes()[between] = shapes()[activation.inputs[0]]
        i, j = graph.nodes.index(node), graph.nodes.index(activation)
        graph.nodes[i], graph.nodes[j] = activation, node
        _skip_reshape(graph, node, last)
        return True
    before = graph.producer(node.inputs[0])
    if (node.output in graph.outputs and not readers and before is not None and
            graph.used_once(before.output)):
        shapes()[node.output] = shapes()[before.output]
        _merge(graph, before, node)
        return True
    return False


def fold_transpose_into_connected(graph, node, shapes):
    """A fully connected layer over [n, c, h, w] numbers: its columns are permuted to read them as
    they lie, channels last."""
    before = graph.producer(node.inputs[0])
    if node.op != "fully_connected" or before is None or before.op != "transpose":
        return False
    h, w, c = shapes()[before.inputs[0]]
    outer = [axis - 1 for axis in before.shape[1:]]
    sides = tuple((h, w, c)[axis] for axis in outer)
    back = [0] + [1 + outer.index(axis) for axis in range(3)]
    node.tensors["filter"] = moved(node.tensors["filter"], lambda f: f.reshape(
        (len(f),) + sides).transpose(back).reshape(len(f), -1))
    graph.connect(node, before.inputs)
    return True


def globalise_pool(graph, node, shapes):
    """Average pooling over the whole picture is global average pooling."""
    if (node.op == "average_pool" and not graph.free_size and not any(node.pads) and
            node.kernel == shapes()[node.inputs[0]][:2] and shapes()[node.output][:2] == (1, 1)):
        node.op = "global_average_pool"
        node.kernel = node.stride = (0, 0)
        node.pad_mode = "explicit"
        return True
    return False


def lower_pad(graph, node, shapes):
    """Zeros that nothing else takes in are the padding of a convolution that copies."""
    if node.op != "pad":
        return False
    channels, grid = shapes()[node.output][2], byte_passes.grids_of(graph).get(node.output)
    ones = np.ones((channels, 1, 1, 1))
    if grid is not None:  # of bytes, which stay the bytes they are
        ones = Filter("s8", ones.astype(np.int16), np.ones(channels, np.float32))
        pad = graph.insert_before(node, "pad", node.inputs, node.output + ":numbers", pads=node.pads)
        graph.connect(node, [pad.output])
        node.op, node.grid, node.pads = "round", grid, (0, 0, 0, 0)
        node = pad
    node.op, node.groups = "conv", channels
    node.kernel = node.stride = node.dilation = (1, 1)
    node.tensors = {"filter": ones, "bias": np.zeros(channels)}
    return True


def lower_difference(graph, node, shapes):
    """a - b is a + -b, and a / b is a times the reciprocal of b."""
    if node.op not in ("subtract", "divide") or len({shapes()[v] for v in node.inputs}) != 1:
        return False
    first, second = node.inputs
    channels = shapes()[second][2]
    turned = node.output + ":second"
    if node.op == "subtract":
        graph.insert_before(node, "affine", [second], turned, tensors={
            "scale": -np.ones(channels), "shift": np.zeros(channels)})
    else:
        graph.insert_before(node, "activation", [second], turned, activation="reciprocal")
    node.op = "add" if node.op == "subtract" else "multiply"
    graph.connect(node, [first, turned])
    return True


def transpose_pictures(graph):
    """For a network that was trained on pictures whose first axis is x: swaps height and width of
    every window, filter and shape, so that it gives the same numbers for ordinary pictures."""
    shapes = graph.shapes()
    swapped = (0, 2, 1, 3)
    for node in graph.nodes:
        h, w, c = shapes[node.inputs[0]]
        if node.op == "conv":
            node.tensors["filter"] = moved(node.tensors["filter"], lambda f: f.transpose(swapped))
        elif node.op == "fully_connected":
            sides = (-1, h, w, c)
            node.tensors["filter"] = moved(node.tensors["filter"], lambda f: f.reshape(
                sides).transpose(swapped).reshape(len(f), -1))
        elif (node.op in ("reshape", "transpose", "matmul") or
              (node.op in ("concat", "slice") and node.axis != 3) or
              any(np.ndim(node.tensors.get(role, 0)) > 1 for role in ("scale", "shift"))):
            raise ConvertError("node '%s' (%s) cannot be turned to ordinary pictures" %
                               (node.name, node.op))
        node.kernel, node.stride = node.kernel[::-1], node.stride[::-1]
        node.dilation = node.dilation[::-1]
        top, left, bottom, right = node.pads
        node.pads = (left, top, right, bottom)
        if node.op == "resize_bilinear":
            node.shape = (0, node.shape[2], node.shape[1], 0)
    graph.size = (graph.size[1], graph.size[0], graph.size[2])


BYTE_PASSES = (byte_passes.drop_same, byte_passes.drop_idle_rounding, byte_passes.lift_rounding,
               byte_passes.open_residual, byte_passes.open_rounding)
PASSES = (fold_abs_prelu, fold_negated_prelu, fold_softmax, fold_l2_normalize,
          drop_last_l2_normalize, fold_layer_norm, fold_gelu, fold_pad, fold_affine, merge_clamps, clean_transposes,
          clean_reshapes, sink_reshapes, fold_transpose_into_connected, globalise_pool,
          fuse_activation, fuse_residual, *BYTE_PASSES, lower_pad, lower_difference, join_siblings,
          join_behind_slices)
BY_SHAPE = {clean_transposes, clean_reshapes, sink_reshapes, fold_transpose_into_connected,
            globalise_pool, lower_pad, lower_difference, fold_layer_norm}
BY_GRID = {fuse_residual, *BYTE_PASSES[1:]}


def _sweep(graph, one_pass):
    """Shows a pass every node once; one that is gone reads nothing. Did anything change?"""
    more = (functools.cache(graph.shapes),) if one_pass in BY_SHAPE else ()
    more += (functools.cache(lambda: byte_passes.grids_of(graph)),) if one_pass in BY_GRID else ()
    changed = False
    for node in list(graph.nodes):
        changed = bool(node.inputs) and one_pass(graph, node, *more) or changed
    return changed


def simplify(graph):
    """Runs every pass until nothing changes any more, has bytes computed with where that can be, then
    checks that only operators of the format are left. Returns graph. ConvertError names the node that
    has none."""
    remove_dead(graph)
    with graph.kept_edges():
        while any(_sweep(graph, one_pass) for one_pass in PASSES):
            remove_dead(graph)
    byte_passes.to_bytes(graph)
    check_final(graph)
    return graph
