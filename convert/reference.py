"""reference.py - layers in NumPy and double precision, and a run of a graph with them.

The yardstick of the tests: written from the definitions of the layers, slow and plain. Pictures are
[n, h, w, c], filters [c_out, kh, kw, c_in/groups]. run_graph() executes the converter's graph, so
that a pass can be checked by running before and after; reference_onnx.py, reference_tflite.py
and reference_resnet50.py run models as their own frameworks define them."""
import math

import numpy as np

from graph import window_length, same_pads


def patches(x, kernel, stride, pads, counts, dilation=(1, 1), filling=0.0):
    """[n, oh, ow, kh, kw, c]: what each window of a padded picture sees. counts = (oh, ow)."""
    n, h, w, c = x.shape
    reach = [(counts[i] - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 for i in (0, 1)]
    padded = np.full((n, max(reach[0], pads[0] + h), max(reach[1], pads[1] + w), c), filling,
                     dtype=x.dtype)
    padded[:, pads[0]:pads[0] + h, pads[1]:pads[1] + w] = x
    result = np.empty((n,) + tuple(counts) + tuple(kernel) + (c,), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            top, left = i * dilation[0], j * dilation[1]
            result[:, :, :, i, j] = padded[:, top:top + counts[0] * stride[0]:stride[0],
                                           left:left + counts[1] * stride[1]:stride[1]][
                                               :, :counts[0], :counts[1]]
    return result


def window_counts(x, kernel, stride, pads, mode, dilation=(1, 1)):
    """(counts, pads): windows along h and w, and the padding that "same" stands for."""
    if mode == "same":
        halves = [same_pads(x.shape[1 + i], kernel[i], stride[i], dilation[i]) for i in (0, 1)]
        pads = (halves[0][0], halves[1][0], halves[0][1], halves[1][1])
    counts = [window_length(x.shape[1 + i], kernel[i], stride[i], pads[i], pads[2 + i],
                            dilation[i], mode) for i in (0, 1)]
    return counts, pads


def convolution(x, filters, bias, stride=(1, 1), pads=(0, 0, 0, 0), mode="explicit",
                dilation=(1, 1), groups=1):
    kernel = filters.shape[1:3]
    counts, pads = window_counts(x, kernel, stride, pads, mode, dilation)
    seen = patches(x, kernel, stride, pads, counts, dilation)
    n, c_in, c_out = len(x), x.shape[3] // groups, len(filters) // groups
    parts = []
    for group in range(groups):
        rows = seen[..., group * c_in:(group + 1) * c_in].reshape(-1, kernel[0] * kernel[1] * c_in)
        weights = filters[group * c_out:(group + 1) * c_out].reshape(c_out, -1)
        parts.append(rows @ weights.T)
    return np.concatenate(parts, axis=1).reshape([n] + counts + [len(filters)]) + bias


def max_pool(x, kernel, stride, pads=(0, 0, 0, 0), mode="explicit"):
    counts, pads = window_counts(x, kernel, stride, pads, mode)
    return patches(x, kernel, stride, pads, counts, filling=-np.inf).max(axis=(3, 4))


def average_pool(x, kernel, stride, pads=(0, 0, 0, 0), mode="explicit"):
    """The divisor counts the taps inside the picture."""
    counts, pads = window_counts(x, kernel, stride, pads, mode)
    inside = patches(np.ones_like(x), kernel, stride, pads, counts).sum(axis=(3, 4))
    return patches(x, kernel, stride, pads, counts).sum(axis=(3, 4)) / inside


def softmax(x, axis=-1):
    power = np.exp(x - x.max(axis=axis, keepdims=True))
    return power / power.sum(axis=axis, keepdims=True)


def sigmoid(x):
    return 0.5 * (np.tanh(0.5 * x) + 1)


def prelu(x, slope):
    return np.where(x >= 0, x, x * slope)


def erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x)


def gelu(x):
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def hard_swish(x):
    return x * np.clip(x / 6 + 0.5, 0, 1)


def layer_norm(x, scale, shift, epsilon):
    """Over the last axis."""
    middle = x - x.mean(axis=-1, keepdims=True)
    return middle / np.sqrt((middle ** 2).mean(axis=-1, keepdims=True) + epsilon) * scale + shift


def l2_normalize(x, epsilon, axis=-1):
    norm = np.maximum(np.sqrt((x * x).sum(axis=axis, keepdims=True)), epsilon)
    return np.divide(x, norm, out=np.zeros_like(x), where=norm > 0)


def between(count, size, mode):
    """(the pixel before, the one after, the share of the latter) of each of count output pixels along
    an axis of size pixels."""
    o = np.arange(count, dtype=np.float64)
    at = {"half_pixel": (o + 0.5) * size / count - 0.5, "asymmetric": o * size / count,
          "align_corners": o * (size - 1) / max(count - 1, 1)}[mode]
    at = np.clip(at, 0, size - 1)
    first = np.floor(at).astype(int)
    return first, np.minimum(first + 1, size - 1), at - first


def resize_bilinear(x, h, w, mode):
    """x [n, h, w, c] to another size."""
    for axis, count in ((1, h), (2, w)):
        first, second, share = between(count, x.shape[axis], mode)
        share = share.reshape([-1 if i == axis else 1 for i in range(4)])
        x = x.take(first, axis) * (1 - share) + x.take(second, axis) * share
    return x


_CURVES = {"none": lambda x: x, "sigmoid": sigmoid, "tanh": np.tanh, "gelu": gelu,
           "hard_swish": hard_swish, "exp": np.exp, "reciprocal": lambda x: 1 / x}


def activate(x, node):
    if node.activation == "clamp":
        return np.clip(x, node.low, node.high)
    if node.activation == "prelu":
        return prelu(x, np.asarray(node.tensors["slope"], np.float64))
    return _CURVES[node.activation](x)


def _spread(b, a):
    """b [n, 1, 1, c] or [n, h, w, 1] over the shape of a."""
    return np.broadcast_to(b, a.shape)


def _pad(x, node):
    top, left, bottom, right = node.pads
    return np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))


_RUN = {
    "conv": lambda n, t, x, *r: convolution(x, t["filter"], t["bias"], n.stride, n.pads, n.pad_mode,
                                            n.dilation, n.groups) + (r[0] if r else 0.0),
    "max_pool": lambda n, t, x: max_pool(x, n.kernel, n.stride, n.pads, n.pad_mode),
    "average_pool": lambda n, t, x: average_pool(x, n.kernel, n.stride, n.pads, n.pad_mode),
    "global_average_pool": lambda n, t, x: x.mean(axis=(1, 2), keepdims=True),
    "fully_connected": lambda n, t, x: (x.reshape(len(x), -1) @ t["filter"].T +
                                        t["bias"])[:, None, None, :],
    "add": lambda n, t, a, b: a + b,
    "multiply": lambda n, t, a, b: a * _spread(b, a),
    "subtract": lambda n, t, a, b: a - _spread(b, a),
    "divide": lambda n, t, a, b: a / _spread(b, a),
    "concat": lambda n, t, *x: np.concatenate(x, axis=n.axis),
    "activation": lambda n, t, x: x,
    "softmax": lambda n, t, x: softmax(x, n.axis),
    "reshape": lambda n, t, x: x.reshape((len(x),) + tuple(n.shape[1:])),
    "transpose": lambda n, t, x: x.transpose(n.shape),
    "resize_nearest": lambda n, t, x: x.repeat(n.scale, axis=1).repeat(n.scale, axis=2),
    "affine": lambda n, t, x: x * t["scale"] + t["shift"],
    "pad": lambda n, t, x: _pad(x, n),
    "layer_norm": lambda n, t, x: layer_norm(x, t["scale"], t["shift"], n.epsilon),
    "l2_normalize": lambda n, t, x: l2_normalize(x, n.epsilon),
    "matmul": lambda n, t, a, b: a @ (b.transpose(0, 1, 3, 2) if n.axis == 3 else b),
    "resize_bilinear": lambda n, t, x: resize_bilinear(
        x, n.shape[1] or x.shape[1] * n.scale, n.shape[2] or x.shape[2] * n.scale, n.mode),
    "slice": lambda n, t, x: x.take(range(n.shape[1], n.shape[1] + n.shape[2]), n.axis),
    "convert": lambda n, t, x: x,
    "round": lambda n, t, x: x,
    "same": lambda n, t, x: x,
    "abs": lambda n, t, x: np.abs(x),
    "negate": lambda n, t, x: -x,
    "erf": lambda n, t, x: erf(x),
    "square": lambda n, t, x: x * x,
    "sqrt": lambda n, t, x: np.sqrt(x),
    "sum": lambda n, t, x: x.sum(axis=3, keepdims=True),
    "mean": lambda n, t, x: x.mean(axis=3, keepdims=True),
    "l2_norm": lambda n, t, x: np.sqrt((x * x).sum(axis=3, keepdims=True)),
    "reduce_max": lambda n, t, x: x.max(axis=3, keepdims=True),
}


def run_node(node, inputs):
    """The output of a node, in double precision, before it is rounded to a grid."""
    tensors = {role: np.asarray(t, np.float64) for role, t in node.tensors.items()}
    return activate(_RUN[node.op](node, tensors, *inputs), node)


def run_graph(graph, x):
    """{name: [n, h, w, c]} of every value for the input x [n, h, w, c]; of one on a grid the real
    numbers."""
    values = {graph.input: np.asarray(x, np.float64)}
    for node in graph.nodes:
        found = run_node(node, [values[name] for name in node.inputs])
        values[node.output] = found if node.grid is None else node.grid.round(found)
    return values
