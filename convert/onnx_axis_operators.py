"""onnx_axis_operators.py - ONNX operators that work along one axis of an activation: matrix products,
norms, means, softmax. EMITTERS as in onnx_operators.py."""
import numpy as np

from graph import ConvertError
from grids import moved


def _channels_at(call, x, axis):
    """x with its dimension axis as our channels."""
    letter = x.axes[axis % len(x.axes)]
    if letter == "n":
        raise ConvertError("along the batch is not supported")
    return call.builder.relayout(x, x.axes.translate(str.maketrans("c" + letter, letter + "c")))


# ---- matrix products ----

def _linear(call, x, filters, bias):
    """x times a constant matrix [c_out, c_in]: over a vector, or over the last axis of a map."""
    if x.axes[:1] == "n" and len(x.axes) == 2:
        x = call.builder.relayout(x, "nc")
        return call.append("fully_connected", [x], "nc", tensors={"filter": filters, "bias": bias})
    x = _channels_at(call, x, -1)
    filters = moved(filters, lambda f: f[:, None, None, :])
    return call.append("conv", [x], x.axes, kernel=(1, 1), stride=(1, 1), dilation=(1, 1), groups=1,
                       tensors={"filter": filters, "bias": bias})


def _gemm(call):
    if call.attribute("transA", 0):
        raise ConvertError("a transposed input is not supported")
    filters = call.filter(1, (0, 1) if call.attribute("transB", 0) else (1, 0))
    if call.attribute("alpha", 1.0) != 1.0:
        filters = np.asarray(filters, np.float64) * call.attribute("alpha", 1.0)
    bias = np.zeros(filters.shape[0])
    if call.has(2):
        bias = np.broadcast_to(np.asarray(call.weights(2), np.float64) *
                               call.attribute("beta", 1.0), (1, len(bias)))[0]
    x = call.value(0)
    if len(x.axes) != 2:
        raise ConvertError("an input of %d dimensions, wanted are 2" % len(x.axes))
    return _linear(call, x, filters, bias)


def _matmul(call):
    if not call.is_constant(1):
        return _product(call, call.value(0), call.value(1))
    if call.weights(1).ndim != 2:
        raise ConvertError("a matrix of %d dimensions, wanted are 2" % call.weights(1).ndim)
    filters = call.filter(1, (1, 0))
    return _linear(call, call.value(0), filters, np.zeros(filters.shape[0]))


def _product(call, a, b):
    """Of two activations of one rank: [..., m, k] times [..., k, n]."""
    rank = len(a.axes)
    if len(b.axes) != rank or not 2 <= rank <= 4:
        raise ConvertError("activations of shapes %s and %s" % (a.dims, b.dims))
    batch = rank == 4 or (rank == 3 and a.dims[0] == b.dims[0] == 1)
    axes = ("n" if batch else "") + "hwc"[batch + 3 - rank:]
    columns = axes[:-2] + axes[-1] + axes[-2]
    # The right matrix is taken as it lies: rows by columns, or turned.
    over = 3 if b.axes[-2:] == columns[-2:] else 2
    b = call.builder.relayout(b, columns if over == 3 else axes)
    return call.append("matmul", [call.builder.relayout(a, axes), b], axes, axis=over)


# ---- norms and means ----

def _axes(call, x):
    axes = call.constant(1) if call.has(1) else call.attribute("axes", range(len(x.axes)))
    if call.attribute("noop_with_empty_axes", 0) and not call.has(1):
        raise ConvertError("noop_with_empty_axes is not supported")
    return sorted(int(axis) % len(x.axes) for axis in axes)


def _drop(call, value, axes):
    """value without its dimensions axes, which are of size 1, where the node does not keep them."""
    if call.attribute("keepdims", 1):
        return value
    return call.builder.reshape(value, [size for i, size in enumerate(value.dims)
                                        if i not in axes], None)


def _reduce_mean(call):
    x = call.value(0)
    axes = _axes(call, x)
    if len(x.axes) == 3 and axes == [1]:  # over tokens: rows of a map
        x = call.builder.relayout(x, "nhc")
    elif axes == [len(x.axes) - 1]:
        x = _channels_at(call, x, -1)
    letters = {x.axes[i] for i in axes if x.dims[i] != 1}
    op = "mean" if letters == {"c"} else "global_average_pool"
    if op != "mean" and (letters - set("hw") or any(x.size(letter) != 1
                                                    for letter in set("hw") - letters)):
        raise ConvertError("only over height and width, or over one dimension, is supported")
    return _drop(call, call.append(op, [x], x.axes), axes)


def _reduce_l2(call):
    x = call.value(0)
    axes = _axes(call, x)
    if len(axes) != 1 or not call.attribute("keepdims", 1):
        raise ConvertError("only over one dimension, keeping it, is supported")
    x = _channels_at(call, x, axes[0])
    return call.append("l2_norm", [x], x.axes)


def _lp_normalization(call):
    if call.attribute("p", 2) != 2:
        raise ConvertError("p %d is not supported, only 2" % call.attribute("p", 2))
    x = _channels_at(call, call.value(0), call.attribute("axis", -1))
    return call.append("l2_normalize", [x], x.axes)


def _layer_normalization(call):
    x = call.value(0)
    rank = len(x.axes)
    if any(size != 1 for size in x.dims[call.attribute("axis", -1) % rank:rank - 1]):
        raise ConvertError("over several dimensions is not supported")
    x = _channels_at(call, x, -1)
    scale = call.weights(1).reshape(-1)
    shift = call.weights(2).reshape(-1) if call.has(2) else np.zeros(scale.shape)
    return call.append("layer_norm", [x], x.axes, tensors={"scale": scale, "shift": shift},
                       epsilon=call.attribute("epsilon", 1e-5))


def _expand(call):
    """A norm may be spread over the channels that are divided by it: Div does that itself."""
    x = call.value(0)
    node = call.builder.graph.producer(x.name)
    if node is not None and node.op == "activation":
        node = call.builder.graph.producer(node.inputs[0])
    if node is None or node.op != "l2_norm":
        raise ConvertError("only of a norm that an activation is divided by is supported")
    return x


def _softmax(call):
    x = call.value(0)
    axis = call.attribute("axis", -1 if call.opset >= 13 else 1) % len(x.axes)
    if call.opset < 13 and any(size != 1 for size in x.dims[axis + 1:]):
        raise ConvertError("softmax over several axes (opset %d) is not supported" % call.opset)
    x = _channels_at(call, x, axis)
    return call.append("softmax", [x], x.axes, axis=3)


EMITTERS = {
    "Expand": _expand,
    "Gemm": _gemm,
    "LayerNormalization": _layer_normalization,
    "LpNormalization": _lp_normalization,
    "MatMul": _matmul,
    "ReduceL2": _reduce_l2,
    "ReduceMean": _reduce_mean,
    "Softmax": _softmax,
}
