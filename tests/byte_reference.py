"""byte_reference.py - runs a graph of a quantized file in NumPy by the formulas of kernels/kernels.h:
one rounding to f32 for each operation that stands there, so that bytes can be compared with bytes.
What is computed in f32 between bytes is computed in double precision (convert/reference.py), and is near
alone."""
import numpy as np

from fid_reader import Filter
from reference import _RUN as run_f32
from reference import activate, patches, window_counts

f32 = np.float32
BIAS_LIMIT = 2 ** 30 - 1


def _rows(quantized, channels):
    return np.broadcast_to(quantized.scales, (channels,))


def _limits(node, out, channels):
    """(low, high) for each channel, in steps of the output."""
    low, high = (node.low, node.high) if node.activation == "clamp" else (-np.inf, np.inf)
    if out is None:
        return np.full(channels, f32(low)), np.full(channels, f32(high))
    scales = _rows(out, channels).astype(np.float64)
    return [np.clip(np.float64(f32(limit)) / scales, -out.zero, 255 - out.zero).astype(f32) for limit in (low, high)]


def _finish(v, node, out):
    """Slope, limits and rounding of numbers that are counted in steps of the output."""
    if node.activation == "prelu":
        v = np.where(v < 0, node.tensors["slope"].astype(f32) * v, v)
    low, high = _limits(node, out, v.shape[3])
    v = np.minimum(np.maximum(v, low), high)
    if out is None:
        return v + f32(0)
    return (np.rint(v).astype(np.int32) + out.zero).astype(np.uint8)


def _sums(node, x, zero, weights):
    """The exact sums of products, without a bias."""
    if node.op == "fully_connected":
        return (x.reshape(len(x), -1).astype(np.int64) @ weights.T.astype(np.int64))[:, None, None, :]
    counts, pads = window_counts(x, node.kernel, node.stride, node.pads, node.pad_mode, node.dilation)
    seen = patches(x.astype(np.int64), node.kernel, node.stride, pads, counts, node.dilation, filling=zero)
    if node.groups > 1:
        return np.einsum("nyxijc,cij->nyxc", seen, weights[..., 0].astype(np.int64))
    flat = seen.reshape(seen.shape[:3] + (-1,))
    return flat @ weights.reshape(len(weights), -1).T.astype(np.int64)


def _product(node, inputs, kinds, out):
    weights = node.tensors["filter"]
    c = len(weights.bytes)
    product = _rows(kinds[0], c).astype(np.float64) * weights.scales.astype(np.float64)
    bias = np.rint(node.tensors["bias"].astype(np.float64) / product)
    bias = np.clip(bias, -BIAS_LIMIT, BIAS_LIMIT).astype(np.int64)
    bias -= kinds[0].zero * weights.bytes.reshape(c, -1).sum(axis=1, dtype=np.int64)
    sums = _sums(node, inputs[0], kinds[0].zero, weights.bytes) + bias
    if np.abs(sums).max() >= 2 ** 31:
        raise ValueError("%s: a sum leaves int32" % node.name)
    unit = _rows(out, c).astype(np.float64) if out else np.ones(c)
    v = sums.astype(f32) * (product / unit).astype(f32)
    if len(inputs) > 1:
        scale = (kinds[1].scales[0].astype(np.float64) / unit).astype(f32)
        v = v + (inputs[1].astype(np.int32) - kinds[1].zero).astype(f32) * scale
    return _finish(v.astype(f32), node, out)


def _sum(node, inputs, kinds, out):
    c = inputs[0].shape[3]
    unit = _rows(out, c).astype(np.float64)
    parts = [(x.astype(np.int32) - kind.zero).astype(f32) * (kind.scales[0].astype(np.float64) / unit).astype(f32)
             for x, kind in zip(inputs, kinds)]
    return _finish((parts[0] + parts[1]).astype(f32), node, out)


def _moved(node, inputs):
    """Bytes in other places: as f32 moves its numbers, which are whole here."""
    return run_f32[node.op](node, {}, *[x.astype(np.float64) for x in inputs]).astype(np.uint8)


def _convert(x, kind, out):
    if out is None:
        return (x.astype(np.int32) - kind.zero).astype(f32) * kind.scales
    inverse = f32(1) / out.scales
    v = np.minimum(np.maximum(x.astype(f32) * inverse, f32(-out.zero)), f32(255 - out.zero))
    return (np.rint(v).astype(np.int32) + out.zero).astype(np.uint8)


def _average(x, kind):
    pixels = x.shape[1] * x.shape[2]
    sums = x.sum(axis=(1, 2), keepdims=True, dtype=np.int64) - pixels * kind.zero
    return sums.astype(f32) * (kind.scales[0] / f32(pixels))


def _step(node, inputs, kinds, out):
    if node.op == "convert":
        return _convert(inputs[0], kinds[0], out)
    if node.op == "global_average_pool" and kinds[0]:
        return _average(inputs[0], kinds[0])
    if node.op in ("conv", "fully_connected") and kinds[0]:
        v = _product(node, inputs, kinds, out)
    elif node.op == "add" and kinds[0]:
        return _sum(node, inputs, kinds, out)
    elif kinds[0]:
        return _moved(node, inputs)
    else:
        tensors = {role: t.widened() if isinstance(t, Filter) else t for role, t in node.tensors.items()}
        v = run_f32[node.op](node, {role: t.astype(np.float64) for role, t in tensors.items()},
                             *[x.astype(np.float64) for x in inputs])
    if kinds[0] and node.activation in ("none", "clamp", "prelu"):
        return v
    return activate(v, node).astype(f32)


def run_bytes(graph, quantized, x):
    """{name: array} of every value: uint8 of those of bytes, else f32."""
    values = {graph.input: np.asarray(x, f32)}
    for node in graph.nodes:
        kinds = [quantized.get(name) for name in node.inputs]
        values[node.output] = _step(node, [values[name] for name in node.inputs], kinds,
                                    quantized.get(node.output))
    return values


def as_numbers(values, quantized):
    """The same as f32, for any type."""
    return {name: (v.astype(f32) - quantized[name].zero) * quantized[name].scales if name in quantized else v
            for name, v in values.items()}
