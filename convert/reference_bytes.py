"""reference_bytes.py - runs a graph that has bytes in NumPy exactly as kernels/kernels.h defines its
slots: whole sums, then f32 with one rounding for each operation. What is not computed with bytes is
run by reference.py in double precision. For tests."""
import numpy as np

import reference
from grids import is_bytes

F32 = np.float32


def vectors(node, grids):
    """What stands in front of packed weights, from the graph's numbers: (bias, scale, low, high, slope
    or None, residual scale or None), [c_out] each. grids: {value: Grid}."""
    filters, x = node.tensors["filter"], grids[node.inputs[0]]
    products = np.float64(x.scales) * filters.scales.astype(np.float64)
    step = np.float64(node.grid.scales) if node.grid is not None else np.float64(1)
    count = filters.shape[0]
    bias = np.rint(F32(node.tensors["bias"]).astype(np.float64) / products).astype(np.int64)
    bias -= x.zero * filters.data.reshape(count, -1).sum(axis=1, dtype=np.int64)
    low, high, slope = limits(node, step, count)
    residual = None
    if len(node.inputs) > 1:
        residual = np.broadcast_to(F32(grids[node.inputs[1]].scales / step), count)
    return bias, np.broadcast_to(F32(products / step), count), low, high, slope, residual


def limits(node, step, count):
    """(low, high, slope or None) in steps of the output."""
    low, high = -np.inf, np.inf
    if node.activation == "clamp":
        low, high = node.low, node.high
    if node.grid is not None:
        low, high = [np.clip(limit / step, -node.grid.zero, 255 - node.grid.zero)
                     for limit in (low, high)]
    slope = F32(node.tensors["slope"]) if node.activation == "prelu" else None
    return [np.broadcast_to(F32(limit), count) for limit in (low, high)] + [slope]


def finish(v, low, high, slope, grid):
    """From numbers in f32 to the output: bytes, or f32."""
    if slope is not None:
        v = np.where(v < 0, slope * v, v)
    v = np.minimum(np.maximum(v, low), high)
    return v + F32(0) if grid is None else (np.rint(v).astype(np.int64) + grid.zero).astype(np.uint8)


def _linear(node, grids, x, residual=None):
    bias, scale, low, high, slope, more = vectors(node, grids)
    filters, zero = node.tensors["filter"].data.astype(np.float64), grids[node.inputs[0]].zero
    if node.op == "conv":  # float64 holds these sums exactly; the padding is the zero point
        x = x.astype(np.float64) - zero
        sums = reference.convolution(x, filters, 0.0, node.stride, node.pads, node.pad_mode,
                                     node.dilation, node.groups)
        sums += zero * filters.reshape(len(filters), -1).sum(axis=1)
    else:
        sums = (x.reshape(len(x), -1).astype(np.float64) @ filters.T)[:, None, None, :]
    v = F32(sums + bias) * scale
    if residual is not None:
        v = v + F32(residual.astype(np.int64) - grids[node.inputs[1]].zero) * more
    found = finish(v, low, high, slope, node.grid)
    if node.activation in ("none", "clamp", "prelu"):
        return found
    return F32(reference.activate(found.astype(np.float64), node))  # a curve is no kernel of bytes


def _add(node, grids, a, b):
    step = np.float64(node.grid.scales)
    low, high, slope = limits(node, step, a.shape[3])
    v = [F32(x.astype(np.int64) - grids[value].zero) * F32(grids[value].scales / step)
         for x, value in zip((a, b), node.inputs)]
    return finish(v[0] + v[1], low, high, slope, node.grid)


def _average(node, grids, x):
    grid, taps = grids[node.inputs[0]], x.shape[1] * x.shape[2]
    sums = x.astype(np.int64).sum(axis=(1, 2), keepdims=True) - taps * grid.zero
    return F32(sums) * F32(grid.scales[0] / taps)


def _convert(node, grids, x):
    if node.grid is None:
        grid = grids[node.inputs[0]]
        return F32(x.astype(np.int64) - grid.zero) * F32(grid.scales)
    grid = node.grid
    v = F32(x) * F32(1 / np.float64(grid.scales))
    return finish(v, F32(-grid.zero), F32(255 - grid.zero), None, grid)


def run_node(node, grids, inputs):
    """The output of a node: bytes (uint8) where it has a grid, else real numbers."""
    first = grids.get(node.inputs[0])
    if node.op == "convert":
        return _convert(node, grids, *inputs)
    if first is not None and is_bytes(node.tensors.get("filter")):
        return _linear(node, grids, *inputs)
    if first is not None and node.op == "global_average_pool":
        return _average(node, grids, *inputs)
    if node.grid is not None and node.op == "add":
        return _add(node, grids, *inputs)
    found = reference.run_node(node, [np.float64(x) for x in inputs])  # moves bytes as they are
    return found if node.grid is None else found.astype(np.uint8)


def run_bytes(graph, x):
    """{name: [n, h, w, c]} of every value for the input x [n, h, w, c]."""
    grids, values = {node.output: node.grid for node in graph.nodes}, {graph.input: x}
    for node in graph.nodes:
        values[node.output] = run_node(node, grids, [values[name] for name in node.inputs])
    return values
