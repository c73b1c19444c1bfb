"""type_rules.py - the rules of weights/FORMAT.md for types of numbers, as fid_rules.py has the others:
what filters and values in few bits hold, and which types a node takes."""
import math

import numpy as np

from graph import ConvertError
from grids import (LARGEST_BYTE, LARGEST_SCALE, MOST_SUMMED, SMALLEST_SCALE, Filter, Grid,
                   is_bytes)

SAME_GRID = ("max_pool", "concat", "reshape", "transpose", "resize_nearest", "slice")
ACTIVATIONS = ("none", "clamp", "prelu")
DEPTHWISE = "the scales of its input's channels, and it is not depthwise"


def _refuse(node, text, *words):
    raise ConvertError("node '%.80s' (%s): %s" % (node.name, node.op, text % words))


def _scales(numbers):
    """Are they all scales? A NaN is none."""
    numbers = np.asarray(numbers, np.float32)
    return bool(((numbers >= SMALLEST_SCALE) & (numbers <= LARGEST_SCALE)).all())


def _check_grid(node, channels):
    grid = node.grid
    if not isinstance(grid, Grid) or not _scales(grid.scales):
        _refuse(node, "a scale of its output, possible are 2^-30 to 2^30")
    if grid.zero != int(grid.zero) or not 0 <= grid.zero <= 255:
        _refuse(node, "the zero point %s of its output, possible are 0 to 255", grid.zero)
    if len(grid.scales) not in (1, channels):
        _refuse(node, "%d scales of an output with %d channels", len(grid.scales), channels)


def _check_filter(node, filters):
    if filters.kind == "s8":
        if np.shape(filters.scales) != filters.shape[:1] or not _scales(filters.scales):
            _refuse(node, "the scales of its filter, wanted is one for each output channel, possible "
                          "are 2^-30 to 2^30")
        if np.abs(filters.data.astype(np.int32)).max() > LARGEST_BYTE:
            _refuse(node, "a weight past -127..127")
    if node.op not in ("conv", "fully_connected"):
        _refuse(node, "a filter of another type than f32")


def _depthwise(node, channels):
    return node.op == "conv" and node.groups == channels == node.tensors["filter"].shape[0] and (
        node.tensors["filter"].shape[3] == 1)


def _check_sums(node, grids, channels):
    """A product of bytes: its type, its sums."""
    filters, x, *residual = node.tensors["filter"], *(grids[value] for value in node.inputs)
    if not is_bytes(filters):
        _refuse(node, "bytes come in, and the filter is not of bytes")
    if not x.one_scale and not _depthwise(node, channels):
        _refuse(node, DEPTHWISE)
    if residual and (residual[0] is None or not residual[0].one_scale):
        _refuse(node, "a residual that is not of bytes with one scale")
    if node.grid is not None and node.activation not in ACTIVATIONS:
        _refuse(node, "bytes out of the activation '%s'", node.activation)
    if math.prod(filters.shape[1:]) > MOST_SUMMED:
        _refuse(node, "%d products in a sum, possible are %d", math.prod(filters.shape[1:]),
                MOST_SUMMED)
    if node.op == "conv" and node.groups != 1 and not _depthwise(node, channels):
        _refuse(node, "bytes in groups of several channels")


def _check_types(node, grids, channels):
    inputs = [grids[value] for value in node.inputs]
    given = [grid is not None for grid in inputs + [node.grid]]
    if node.op in ("conv", "fully_connected") and given[0]:
        _check_sums(node, grids, channels)
    elif node.op == "add" and all(given):
        if not all(grid.one_scale for grid in inputs) or node.activation not in ACTIVATIONS:
            _refuse(node, "scales of channels, or an activation that bytes do not have")
    elif node.op in SAME_GRID and any(given):
        if set(inputs) != {node.grid} or not node.grid.one_scale:
            _refuse(node, "its inputs and its output are not of one scale and zero point")
    elif node.op == "global_average_pool" and given == [True, False]:
        if not inputs[0].one_scale:
            _refuse(node, "the scales of its input's channels")
    elif node.op == "convert":
        if given[0] == given[1]:
            _refuse(node, "its input and its output are of one type")
    elif any(given):
        _refuse(node, "types that it does not take")


def check_node(node, grids, channels):
    """grids: {value: Grid or None}, the node's output included; channels: of its output.
    ConvertError says what the reader would refuse."""
    for role, tensor in node.tensors.items():
        if isinstance(tensor, Filter):
            if role != "filter":
                _refuse(node, "a %s of another type than f32", role)
            _check_filter(node, tensor)
    if node.grid is not None:
        _check_grid(node, channels)
    _check_types(node, grids, channels)
