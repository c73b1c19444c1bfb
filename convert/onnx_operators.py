"""onnx_operators.py - what each ONNX operator becomes. EMITTERS maps its name to a function that
takes a Call (onnx_reader.py) and returns a Value, or an array where the result is a constant, or a list
of one for each output. Operators that only move numbers, or compute with shapes, are in
onnx_shape_operators.py, those that work along one axis in onnx_axis_operators.py, those that change
the size of a picture in onnx_resize_operators.py, and those of bytes in onnx_byte_operators.py.

To add an operator: write its function, add its line in EMITTERS."""
import math

import numpy as np
import onnx_axis_operators
import onnx_byte_operators
import onnx_resize_operators
import onnx_shape_operators
from graph import ConvertError, same_pads
from onnx_values import CHANNELS_SECOND, rank4


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
    x = call.builder.relayout(rank4(call.value(0)), CHANNELS_SECOND)
    if call.weights(1).ndim != 4:
        raise ConvertError("a filter of %d dimensions, wanted are 4" % call.weights(1).ndim)
    filters = call.filter(1, (0, 2, 3, 1))
    bias = call.weights(2) if call.has(2) else np.zeros(filters.shape[0], np.float32)
    fields, dilation = _window(call, x.shape, tuple(filters.shape[1:3]))
    return call.append("conv", [x], CHANNELS_SECOND, dilation=dilation,
                       groups=int(call.attribute("group", 1)),
                       tensors={"filter": filters, "bias": bias}, **fields)


def _pool_input(call):
    x = call.builder.relayout(rank4(call.value(0)), CHANNELS_SECOND)
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
    x = call.builder.relayout(rank4(call.value(0)), CHANNELS_SECOND)
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


def _factors(call, x, constant):
    """A constant that is broadcast over x: one number for each channel or, in a picture of fixed size,
    for each number of it."""
    try:
        return per_channel(x, constant)
    except ConvertError:
        if not call.builder.fixed or len(np.shape(constant)) > len(x.axes):
            raise
    dims = [1] * (len(x.axes) - np.ndim(constant)) + list(np.shape(constant))
    if any(size not in (1, wanted) for size, wanted in zip(dims, x.dims)):
        raise ConvertError("a constant of shape %s over an activation of shape %s" %
                           (list(np.shape(constant)), x.dims))
    order = [x.axes.index(letter) for letter in "hwc" if letter in x.axes]
    order += [i for i, letter in enumerate(x.axes) if letter == "n"]
    numbers = np.broadcast_to(np.asarray(constant, np.float64).reshape(dims), x.dims)
    return numbers.transpose(order).reshape(x.shape)


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


def _hard_sigmoid(call):
    x = call.value(0)
    slope = np.full(x.size("c"), call.attribute("alpha", 0.2))
    shift = np.full(x.size("c"), call.attribute("beta", 0.5))
    return call.append("affine", [x], x.axes, tensors={"scale": slope, "shift": shift},
                       activation="clamp", low=0.0, high=1.0)


def _gelu(call):
    if call.attribute("approximate", "none") != "none":
        raise ConvertError("approximate '%s' is not supported, only none" %
                           call.attribute("approximate", ""))
    return _activation("gelu")(call)


def _pow(call):
    if call.is_constant(0) and call.is_constant(1):
        return np.power(call.constant(0), call.constant(1))
    exponent = float(call.constant(1).item()) if call.constant(1).size == 1 else None
    op = {2.0: "square", 0.5: "sqrt"}.get(exponent)
    if op is None:
        raise ConvertError("only the exponents 2 and 0.5 are supported")
    x = call.value(0)
    return call.append(op, [x], x.axes)


def _interim(op, of_constant):
    def emit(call):
        if call.is_constant(0):
            return np.asarray(of_constant(call.constant(0)))
        x = call.value(0)
        return call.append(op, [x], x.axes)
    return emit


def _negative(call):
    if call.is_constant(0):
        return -call.constant(0)
    x = call.value(0)
    ones = np.ones(x.size("c"))
    return call.append("affine", [x], x.axes, tensors={"scale": -ones, "shift": 0 * ones})


def _leaky_relu(call):
    x = call.value(0)
    return call.append("activation", [x], x.axes, activation="prelu",
                       tensors={"slope": np.full(x.size("c"), call.attribute("alpha", 0.01))})


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
                scale, shift = _with_constant(op, _factors(call, x, call.weights(i)), i == 0)
                return call.append("affine", [x], x.axes, tensors={"scale": scale, "shift": shift})
        a, b = call.value(0), call.value(1)
        if op == "multiply" and np.prod(a.shape) < np.prod(b.shape):
            a, b = b, a
        if len(a.axes) != len(b.axes):
            raise ConvertError("activations of shapes %s and %s" % (a.dims, b.dims))
        return call.append(op, [a, call.builder.relayout(b, a.axes)], a.axes)
    return emit


def _pad(call):
    x = call.value(0)
    pads = call.attribute("pads", None) if call.opset < 11 else call.constant(1)
    if not np.any(pads):
        return x
    if call.has(3):  # from opset 18 on
        named = [int(axis) % len(x.axes) for axis in call.constant(3)]
        sides = dict(zip(named, zip(pads[:len(named)], pads[len(named):])))
        pads = [sides.get(axis, (0, 0))[i] for i in (0, 1) for axis in range(len(x.axes))]
    rank4(x)
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
    **onnx_axis_operators.EMITTERS,
    **onnx_byte_operators.EMITTERS,
    **onnx_resize_operators.EMITTERS,
    **onnx_shape_operators.EMITTERS,
    "Add": _binary("add", np.add),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Clip": _clip,
    "Conv": _conv,
    "Div": _binary("divide", _divide),
    "Erf": _interim("erf", np.vectorize(math.erf)),
    "Exp": _activation("exp"),
    "Gelu": _gelu,
    "GlobalAveragePool": _global_average_pool,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _activation("hard_swish"),
    "LeakyRelu": _leaky_relu,
    "MaxPool": _max_pool,
    "Mul": _binary("multiply", np.multiply),
    "Neg": _negative,
    "PRelu": _prelu,
    "Pad": _pad,
    "Pow": _pow,
    "Reciprocal": _activation("reciprocal"),
    "Relu": _activation("clamp", low=0.0, high=math.inf),
    "Sigmoid": _activation("sigmoid"),
    "Sqrt": _interim("sqrt", np.sqrt),
    "Sub": _binary("subtract", np.subtract),
    "Tanh": _activation("tanh"),
}
