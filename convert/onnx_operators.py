"""onnx_operators.py - what each ONNX operator becomes. EMITTERS maps its name to a function that
takes a Call (onnx_reader.py) and returns a Value, or an array where the result is a constant.
Operators that only move numbers, or compute with shapes, are in onnx_shape_operators.py.

To add an operator: write its function, add its line in EMITTERS."""
import math

import numpy as np
import onnx_shape_operators
from graph import ConvertError, same_pads

CHANNELS_SECOND = "nchw"


def _pair(numbers, what):
    if len(numbers) != 2:
        raise ConvertError("%s has %d numbers: only two-dimensional pictures are supported" %
                           (what, len(numbers)))
    return int(numbers[0]), int(numbers[1])


def _padding(call, shape, kernel, stride, dilation):
    """(pads top, left, bottom, right; pad_mode) from `pads` or `auto_pad`."""
    auto = call.attribute("auto_pad", "NOTSET")
    mode = "ceil" if call.attribute("ceil_mode", 0) else "explicit"
    if auto == "SAME_UPPER":
        return (0, 0, 0, 0), "same"
    if auto == "SAME_LOWER":
        halves = [same_pads(*axis) for axis in zip(shape, kernel, stride, dilation)]
        return (halves[0][1], halves[1][1], halves[0][0], halves[1][0]), mode
    if auto not in ("NOTSET", "VALID"):
        raise ConvertError("auto_pad '%s' is not known" % auto)
    pads = call.attribute("pads", [0, 0, 0, 0]) if auto == "NOTSET" else [0, 0, 0, 0]
    if len(pads) != 4:
        raise ConvertError("pads has %d numbers, wanted are 4" % len(pads))
    return tuple(int(p) for p in pads), mode


def _window(call, shape, kernel):
    """The fields that convolutions and pools share."""
    stride = _pair(call.attribute("strides", [1, 1]), "strides")
    dilation = _pair(call.attribute("dilations", [1, 1]), "dilations")
    pads, mode = _padding(call, shape, kernel, stride, dilation)
    return {"kernel": kernel, "stride": stride, "pads": pads, "pad_mode": mode}, dilation


def _conv(call):
    x = call.builder.relayout(_rank4(call.value(0)), CHANNELS_SECOND)
    filters = call.weights(1)
    if filters.ndim != 4:
        raise ConvertError("a filter of %d dimensions, wanted are 4" % filters.ndim)
    bias = call.weights(2) if call.has(2) else np.zeros(filters.shape[0], np.float32)
    fields, dilation = _window(call, x.shape, tuple(filters.shape[2:]))
    return call.append("conv", [x], CHANNELS_SECOND, dilation=dilation,
                       groups=int(call.attribute("group", 1)),
                       tensors={"filter": filters.transpose(0, 2, 3, 1), "bias": bias}, **fields)


def _rank4(x):
    if len(x.axes) != 4:
        raise ConvertError("an input of %d dimensions, wanted is [n, c, h, w]" % len(x.axes))
    return x


def _pool_input(call):
    x = call.builder.relayout(_rank4(call.value(0)), CHANNELS_SECOND)
    fields, dilation = _window(call, x.shape, _pair(call.attribute("kernel_shape", []),
                                                    "kernel_shape"))
    if dilation != (1, 1):
        raise ConvertError("dilated pooling is not supported")
    return x, fields


def _max_pool(call):
    x, fields = _pool_input(call)
    return call.append("max_pool", [x], CHANNELS_SECOND, **fields)


def _average_pool(call):
    x, fields = _pool_input(call)
    if not call.attribute("count_include_pad", 0) or not any(fields["pads"]):
        return call.append("average_pool", [x], CHANNELS_SECOND, **fields)
    if fields["pad_mode"] != "explicit":
        raise ConvertError("count_include_pad with ceil_mode is not supported")
    # The divisor counts the padding: that is a depthwise convolution with equal weights.
    channels, (h, w) = x.shape[2], fields["kernel"]
    return call.append("conv", [x], CHANNELS_SECOND, dilation=(1, 1), groups=channels,
                       tensors={"filter": np.full((channels, h, w, 1), 1.0 / (h * w)),
                                "bias": np.zeros(channels)}, **fields)


def _global_average_pool(call):
    x = call.builder.relayout(_rank4(call.value(0)), CHANNELS_SECOND)
    return call.append("global_average_pool", [x], CHANNELS_SECOND)


def _batch_normalization(call):
    x = call.value(0)
    gamma, beta, mean, variance = [np.asarray(call.weights(i), np.float64) for i in range(1, 5)]
    if call.attribute("training_mode", 0):
        raise ConvertError("training mode is not supported")
    scale = gamma / np.sqrt(variance + call.attribute("epsilon", 1e-5))
    x = call.builder.relayout(x, CHANNELS_SECOND[:1] + "c" + x.axes[2:].replace("c", x.axes[1]))
    return call.append("affine", [x], x.axes,
                       tensors={"scale": scale, "shift": beta - mean * scale})


def _fully_connected(call, x, filters, bias):
    x = call.builder.relayout(x, "nc")
    return call.append("fully_connected", [x], "nc", tensors={"filter": filters, "bias": bias})


def _gemm(call):
    if call.attribute("transA", 0):
        raise ConvertError("a transposed input is not supported")
    filters = np.asarray(call.weights(1), np.float64) * call.attribute("alpha", 1.0)
    if not call.attribute("transB", 0):
        filters = filters.T
    bias = np.zeros(len(filters))
    if call.has(2):
        bias = np.broadcast_to(np.asarray(call.weights(2), np.float64) *
                               call.attribute("beta", 1.0), (1, len(filters)))[0]
    return _fully_connected(call, _rank2(call.value(0)), filters, bias)


def _rank2(x):
    if len(x.axes) != 2:
        raise ConvertError("an input of %d dimensions, wanted are 2" % len(x.axes))
    return x


def _matmul(call):
    filters = call.weights(1)
    if filters.ndim != 2:
        raise ConvertError("a matrix of %d dimensions, wanted are 2" % filters.ndim)
    return _fully_connected(call, _rank2(call.value(0)), filters.T, np.zeros(filters.shape[1]))


def per_channel(x, constant):
    """A constant that is broadcast over x, as one number for each channel; ConvertError if it
    differs within a channel."""
    constant = np.asarray(constant, np.float64)
    dims = (1,) * (len(x.axes) - constant.ndim) + constant.shape
    if len(dims) != len(x.axes):
        raise ConvertError("a constant of more dimensions than the activation")
    for size, letter in zip(dims, x.axes):
        if size != 1 and (letter != "c" or size != x.size("c")):
            raise ConvertError("a constant of shape %s over an activation of shape %s: only one "
                               "number, or one for each channel, is supported" %
                               (list(constant.shape), x.dims))
    return np.broadcast_to(constant.reshape(-1), (x.size("c"),))


def _activation(kind, **limits):
    def emit(call):
        x = call.value(0)
        return call.append("activation", [x], x.axes, activation=kind, **limits)
    return emit


def _clip(call):
    x = call.value(0)
    low = call.attribute("min", None)
    high = call.attribute("max", None)
    if call.opset >= 11:
        low = call.constant(1).item() if call.has(1) else None
        high = call.constant(2).item() if call.has(2) else None
    return call.append("activation", [x], x.axes, activation="clamp",
                       low=-math.inf if low is None else float(low),
                       high=math.inf if high is None else float(high))


def _prelu(call):
    x = call.value(0)
    return call.append("activation", [x], x.axes, activation="prelu",
                       tensors={"slope": per_channel(x, call.weights(1))})


def _leaky_relu(call):
    x = call.value(0)
    return call.append("activation", [x], x.axes, activation="prelu",
                       tensors={"slope": np.full(x.size("c"), call.attribute("alpha", 0.01))})


def _softmax(call):
    x = call.value(0)
    axis = call.attribute("axis", -1 if call.opset >= 13 else 1) % len(x.axes)
    if call.opset < 13 and any(size != 1 for size in x.dims[axis + 1:]):
        raise ConvertError("softmax over several axes (opset %d) is not supported" % call.opset)
    letter = x.axes[axis]
    if letter == "n":
        raise ConvertError("softmax over the batch is not supported")
    swapped = x.axes.translate(str.maketrans("c" + letter, letter + "c"))
    x = call.builder.relayout(x, swapped)
    return call.append("softmax", [x], x.axes, axis=3)


def _divide(a, b):
    """Of constants: whole numbers lose their rest, as ONNX has it."""
    quotient = np.divide(a, b)
    return np.trunc(quotient).astype(a.dtype) if a.dtype.kind in "iu" else quotient


def _with_constant(op, numbers, constant_first):
    """(scale, shift) of the affine operation that op is where one of its operands is a constant."""
    ones, zeros = np.ones_like(numbers), np.zeros_like(numbers)
    if op == "multiply":
        return numbers, zeros
    if op == "divide":
        if constant_first:
            raise ConvertError("a constant divided by an activation is not supported")
        if not numbers.all():
            raise ConvertError("a division by zero")
        return 1.0 / numbers, zeros
    if op == "subtract":
        return (-ones, numbers) if constant_first else (ones, -numbers)
    return ones, numbers


def _binary(op, of_constants):
    """Add, Sub, Mul, Div: of two activations, or with a constant, which is an affine operation."""
    def emit(call):
        if call.is_constant(0) and call.is_constant(1):
            return np.asarray(of_constants(call.constant(0), call.constant(1)))
        for i in (0, 1):
            if call.is_constant(i):
                x = call.value(1 - i)
                scale, shift = _with_constant(op, per_channel(x, call.weights(i)), i == 0)
                return call.append("affine", [x], x.axes, tensors={"scale": scale, "shift": shift})
        a, b = call.value(0), call.value(1)
        if op == "multiply" and np.prod(a.shape) < np.prod(b.shape):
            a, b = b, a
        if len(a.axes) != len(b.axes):
            raise ConvertError("activations of shapes %s and %s" % (a.dims, b.dims))
        return call.append(op, [a, call.builder.relayout(b, a.axes)], a.axes)
    return emit


def _over_channels(call, x, axis):
    """x with its dimension axis, which must be the channels of a vector, as our channels."""
    axis %= len(x.axes)
    if any(size != 1 for i, size in enumerate(x.dims) if i != axis):
        raise ConvertError("axis %d of an activation of shape %s: only a vector is supported" %
                           (axis, x.dims))
    letter = x.axes[axis]
    return call.builder.relayout(x, x.axes.translate(str.maketrans("c" + letter, letter + "c")))


def _reduce_l2(call):
    axes = call.constant(1) if call.has(1) else call.attribute("axes", [])
    if len(axes) != 1 or not call.attribute("keepdims", 1):
        raise ConvertError("only over the channels, keeping the dimension, is supported")
    x = _over_channels(call, call.value(0), int(axes[0]))
    return call.append("l2_norm", [x], x.axes)


def _lp_normalization(call):
    if call.attribute("p", 2) != 2:
        raise ConvertError("p %d is not supported, only 2" % call.attribute("p", 2))
    x = _over_channels(call, call.value(0), call.attribute("axis", -1))
    return call.append("l2_normalize", [x], x.axes)


def _expand(call):
    """A norm may be spread over the channels that are divided by it: Div does that itself."""
    x = call.value(0)
    node = call.builder.graph.producer(x.name)
    if node is not None and node.op == "activation":
        node = call.builder.graph.producer(node.inputs[0])
    if node is None or node.op != "l2_norm":
        raise ConvertError("only of a norm that an activation is divided by is supported")
    return x


def _nearest_source(call, scale, o):
    """The input coordinate that ONNX's nearest Resize takes for output coordinate o."""
    where = call.attribute("coordinate_transformation_mode", "half_pixel")
    x = {"asymmetric": o / scale, "half_pixel": (o + 0.5) / scale - 0.5,
         "pytorch_half_pixel": (o + 0.5) / scale - 0.5}.get(where)
    if x is None:
        raise ConvertError("coordinate_transformation_mode '%s' is not supported" % where)
    rounding = {"floor": math.floor, "ceil": math.ceil,
                "round_prefer_floor": lambda v: math.ceil(v - 0.5),
                "round_prefer_ceil": lambda v: math.floor(v + 0.5)}
    return rounding[call.attribute("nearest_mode", "round_prefer_floor")](x)


def _resize(call):
    x = call.builder.relayout(_rank4(call.value(0)), CHANNELS_SECOND)
    if call.attribute("mode", "nearest") != "nearest":
        raise ConvertError("mode '%s' is not supported, only nearest" % call.attribute("mode", ""))
    if call.node.op_type == "Upsample" and call.opset < 9:
        scales = call.attribute("scales", [])
    elif call.node.op_type == "Upsample" or call.opset < 11:
        scales = call.constant(1)
    elif call.has(2) and call.constant(2).size:
        scales = call.constant(2)
    else:
        scales = np.asarray(call.constant(3), np.float64) / np.asarray(x.dims)
    scales = [float(s) for s in scales]
    scale = int(scales[-1]) if scales else 0
    if scales != [1, 1, scale, scale] or scale < 2:
        raise ConvertError("scales %s: only a whole factor from 2, the same for height and width, "
                           "is supported" % scales)
    if call.node.op_type == "Resize" and call.opset >= 11:
        for o in range(8 * scale):
            if min(max(_nearest_source(call, scale, o), 0), 7) != o // scale:
                raise ConvertError("this rounding of coordinates is not supported")
    return call.append("resize_nearest", [x], CHANNELS_SECOND, scale=scale)


def _pad(call):
    x = call.value(0)
    pads = call.attribute("pads", None) if call.opset < 11 else call.constant(1)
    if not np.any(pads):
        return x
    _rank4(x)
    filling = call.attribute("value", 0.0)
    if call.opset >= 11 and call.has(2):
        filling = call.constant(2).item()
    if call.attribute("mode", "constant") != "constant" or filling != 0.0:
        raise ConvertError("only padding with zeros is supported")
    before, after = dict(zip(x.axes, pads[:4])), dict(zip(x.axes, pads[4:]))
    if before["n"] or after["n"] or before["c"] or after["c"] or min(pads) < 0:
        raise ConvertError("pads %s: only height and width can be padded" % list(pads))
    return call.append("pad", [x], x.axes,
                       pads=tuple(int(p) for p in (before["h"], before["w"], after["h"],
                                                   after["w"])))


EMITTERS = {
    **onnx_shape_operators.EMITTERS,
    "Add": _binary("add", np.add),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Clip": _clip,
    "Conv": _conv,
    "Div": _binary("divide", _divide),
    "Expand": _expand,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_average_pool,
    "LeakyRelu": _leaky_relu,
    "LpNormalization": _lp_normalization,
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Mul": _binary("multiply", np.multiply),
    "PRelu": _prelu,
    "Pad": _pad,
    "ReduceL2": _reduce_l2,
    "Relu": _activation("clamp", low=0.0, high=math.inf),
    "Resize": _resize,
    "Sigmoid": _activation("sigmoid"),
    "Softmax": _softmax,
    "Sub": _binary("subtract", np.subtract),
    "Upsample": _resize,
}
