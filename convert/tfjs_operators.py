"""tfjs_operators.py - what each TensorFlow operator of a TensorFlow.js graph becomes. EMITTERS maps
its name to a function that takes a Call (tfjs_reader.py) and returns an array where the result is
a constant. Operators that TFLite has too are read as there.

To add an operator: write its function, add its line in EMITTERS."""
import math

import numpy as np

from graph import ConvertError
from tflite_operators import EMITTERS as TFLITE
from tflite_operators import pad

CHANNELS_LAST = "NHWC"
RELU = {"activation": "clamp", "low": 0.0, "high": math.inf}
RELU6 = {"activation": "clamp", "low": 0.0, "high": 6.0}


def _sides(numbers, what):
    """(h, w) of an attribute with a number for each of n h w c."""
    if len(numbers) != 4 or numbers[0] != 1 or numbers[3] != 1:
        raise ConvertError("%s %s, wanted is one for each of n, h, w, c, 1 for n and c" %
                           (what, numbers))
    return tuple(numbers[1:3])


def _window(call, kernel):
    """The fields that convolutions and pools share."""
    node = call.node
    if node.attribute("data_format", "s", CHANNELS_LAST) != CHANNELS_LAST:
        raise ConvertError("the channels come first, wanted is NHWC")
    fields = {"kernel": tuple(kernel),
              "stride": _sides(node.attributes_of("strides", "i"), "strides")}
    padding = node.attribute("padding", "s", "")
    if padding == "EXPLICIT":
        pads = node.attributes_of("explicit_paddings", "i")
        if len(pads) != 8 or any(pads[:2] + pads[6:]):
            raise ConvertError("explicit paddings %s: only height and width can be padded" % pads)
        return {**fields, "pads": (pads[2], pads[4], pads[3], pads[5])}
    if padding not in ("SAME", "VALID"):
        raise ConvertError("padding '%s' is not supported" % padding)
    return {**fields, "pad_mode": "same" if padding == "SAME" else "explicit"}


def _append_conv(call, filters, groups):
    dilation = call.node.attributes_of("dilations", "i") or [1] * 4
    call.append("conv", [call.value(0)], groups=groups, dilation=_sides(dilation, "dilations"),
                tensors={"filter": filters, "bias": np.zeros(len(filters), np.float32)},
                **_window(call, filters.shape[1:3]))
    _fused(call)


def _conv(call):
    filters = call.constant(1).transpose(3, 0, 1, 2)
    _append_conv(call, filters, call.shape(0)[2] // filters.shape[3])


def _depthwise(call):
    filters = call.constant(1)
    kh, kw, channels, times = filters.shape
    _append_conv(call, filters.transpose(2, 3, 0, 1).reshape(channels * times, kh, kw, 1), channels)


def _fused(call):
    """What a fused operator does behind its product: its inputs from the third on are for that."""
    further = 2
    for name in call.node.attributes_of("fused_ops", "s"):
        x = [call.output]
        if name == "BiasAdd":
            _add_bias(call, x, call.constant(further))
            further += 1
        elif name == "Prelu":
            _append_prelu(call, x, call.constant(further))
            further += 1
        elif name == "LeakyRelu":
            _leaky(call, x, "leakyrelu_alpha")
        elif name in ACTIVATIONS:
            call.append("activation", x, **ACTIVATIONS[name])
        else:
            raise ConvertError("%s fused into it is not supported" % name)
    if further != len(call.inputs):
        raise ConvertError("%d inputs, wanted are %d" % (len(call.inputs), further))


def _add_bias(call, x, bias):
    call.append("affine", x, tensors={"scale": np.ones(bias.size), "shift": bias.reshape(-1)})


def _append_prelu(call, x, slope):
    """A slope for each channel, spread over the picture or not."""
    if slope.size != slope.shape[-1]:
        raise ConvertError("a slope of shape %s: one for each channel is supported" %
                           list(slope.shape))
    call.append("activation", x, activation="prelu", tensors={"slope": slope.reshape(-1)})


def _leaky(call, x, key):
    channels = call.reader.shapes[x[0]][2]
    call.append("activation", x, activation="prelu",
                tensors={"slope": np.full(channels, call.node.attribute(key, "f", 0.2))})


def _activation(fields):
    def emit(call):
        call.append("activation", [call.value(0)], **fields)
    return emit


def _limit(lower):
    """Maximum and Minimum of an activation and a number."""
    def emit(call):
        constant = 0 if call.is_constant(0) else 1
        numbers = np.unique(call.constant(constant))
        if len(numbers) != 1:
            raise ConvertError("only with one number for all is supported")
        limits = (float(numbers[0]), math.inf)[::1 if lower else -1]
        call.append("activation", [call.value(1 - constant)], activation="clamp",
                    low=limits[0] if lower else -math.inf, high=limits[1])
    return emit


def _batch_norm(call):
    scale, shift, mean, variance = [call.constant(i).astype("f8") for i in range(1, 5)]
    if call.node.attribute("is_training", "b", False):
        raise ConvertError("it is trained, wanted is a network that is used")
    scale = scale / np.sqrt(variance + call.node.attribute("epsilon", "f", 1e-4))
    call.append("affine", [call.value(0)], tensors={"scale": scale, "shift": shift - mean * scale})


def _matmul(call):
    if call.node.attribute("transpose_a", "b", False) or len(call.dims(0)) != 2:
        raise ConvertError("only of an activation [n, c] with weights is supported")
    filters = call.constant(1)
    if not call.node.attribute("transpose_b", "b", False):
        filters = filters.T
    call.append("fully_connected", [call.value(0)],
                tensors={"filter": filters, "bias": np.zeros(len(filters), np.float32)})
    _fused(call)


def _pool(op):
    def emit(call):
        kernel = _sides(call.node.attributes_of("ksize", "i"), "ksize")
        call.append(op, [call.value(0)], **_window(call, kernel))
    return emit


def _mean(call):
    rank = len(call.dims(0))
    axes = sorted(int(axis) % rank for axis in np.reshape(call.constant(1), -1))
    if rank != 4 or axes != [1, 2]:
        raise ConvertError("only over height and width is supported")
    keep = call.node.attribute("keep_dims", "b", False)
    call.append("global_average_pool", [call.value(0)], rank=4 if keep else 2)


def _append_reshape(call, dims):
    """dims: TensorFlow's, with the batch."""
    if not 2 <= len(dims) <= 4:
        raise ConvertError("a shape of %d dimensions" % len(dims))
    inner = list(dims[1:])
    shape = {1: [1, 1] + inner, 2: inner[:1] + [1] + inner[1:], 3: inner}[len(inner)]
    call.append("reshape", [call.value(0)], rank=len(dims), shape=(0, *shape))


def _reshape(call):
    old, dims = call.dims(0), [int(n) for n in np.reshape(call.constant(1), -1)]
    count, known = math.prod(old), math.prod(n for n in dims if n != -1)
    if dims.count(-1) == 1 and known:
        dims[dims.index(-1)] = count // known
    if not dims or dims[0] != 1 or math.prod(dims) != count:
        raise ConvertError("%s to %s moves numbers into the batch, or loses some" % (old, dims))
    _append_reshape(call, dims)


def _squeeze(call):
    old = call.dims(0)
    axes = [axis % len(old) for axis in call.node.attributes_of("squeeze_dims", "i")]
    axes = axes or [axis for axis in range(1, len(old)) if old[axis] == 1]
    if 0 in axes or any(old[axis] != 1 for axis in axes):
        raise ConvertError("%s without the axes %s" % (old, axes))
    _append_reshape(call, [n for axis, n in enumerate(old) if axis not in axes])


def _expand_dims(call):
    dims = list(call.dims(0))
    axis = int(call.constant(1).item())
    axis += (len(dims) + 1) * (axis < 0)
    if not 1 <= axis <= len(dims):
        raise ConvertError("a new axis %d of %s" % (axis, dims))
    _append_reshape(call, dims[:axis] + [1] + dims[axis:])


def _same(call):
    """What changes nothing; the passes drop it."""
    if call.is_constant(0):
        return call.constant(0)
    call.append("reshape", [call.value(0)], shape=(0, *call.shape(0)))
    return None


def _softmax(call):
    call.append("softmax", [call.value(0)], axis=3)


def _concat(call):
    count = len(call.inputs) - 1
    if all(call.is_constant(i) for i in range(count)):
        return np.concatenate([call.constant(i) for i in range(count)])
    rank = len(call.dims(0))
    axis = int(call.constant(count).item()) % rank
    if axis == 0 or any(len(call.dims(i)) != rank for i in range(count)):
        raise ConvertError("joining along the batch, or of activations of several ranks")
    call.append("concat", [call.value(i) for i in range(count)],
                axis=3 if axis == rank - 1 else axis)
    return None


def _pad(call):
    if call.has(2) and np.any(call.constant(2)):
        raise ConvertError("only padding with zeros is supported")
    pad(call)


def _shape(call):
    """The batch counts as 1, which a Reshape then leaves free."""
    return np.array(call.dims(0), np.int32)


def _strided_slice(call):
    """One number out of a shape."""
    node, numbers = call.node, call.constant(0)
    begin, end, step = [call.constant(i).reshape(-1) for i in (1, 2, 3)]
    if numbers.ndim != 1 or [len(n) for n in (begin, end, step)] != [1] * 3 or any(
            node.attribute(key, "i", 0) for key in ("ellipsis_mask", "new_axis_mask")):
        raise ConvertError("only of a shape is supported")
    if node.attribute("shrink_axis_mask", "i", 0):
        return numbers[int(begin[0])]
    first = None if node.attribute("begin_mask", "i", 0) else int(begin[0])
    last = None if node.attribute("end_mask", "i", 0) else int(end[0])
    return numbers[first:last:int(step[0])]


def _pack(call):
    return np.stack([call.constant(i) for i in range(len(call.inputs))],
                    axis=call.node.attribute("axis", "i", 0))


ACTIVATIONS = {"Relu": RELU, "Relu6": RELU6, "Sigmoid": {"activation": "sigmoid"}}
EMITTERS = {
    **{name: _activation(fields) for name, fields in ACTIVATIONS.items()},
    "Abs": TFLITE["ABS"],
    "Add": TFLITE["ADD"],
    "AddV2": TFLITE["ADD"],
    "AvgPool": _pool("average_pool"),
    "BiasAdd": TFLITE["ADD"],
    "ConcatV2": _concat,
    "Conv2D": _conv,
    "DepthwiseConv2dNative": _depthwise,
    "ExpandDims": _expand_dims,
    "FusedBatchNormV3": _batch_norm,
    "FusedDepthwiseConv2dNative": _depthwise,
    "Identity": _same,
    "LeakyRelu": lambda call: _leaky(call, [call.value(0)], "alpha"),
    "MatMul": _matmul,
    "MaxPool": _pool("max_pool"),
    "Maximum": _limit(True),
    "Mean": _mean,
    "Minimum": _limit(False),
    "Mul": TFLITE["MUL"],
    "Neg": TFLITE["NEG"],
    "Pack": _pack,
    "Pad": _pad,
    "PadV2": _pad,
    "Prelu": lambda call: _append_prelu(call, [call.value(0)], call.constant(1)),
    "RealDiv": TFLITE["DIV"],
    "Reshape": _reshape,
    "Shape": _shape,
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "StridedSlice": _strided_slice,
    "Sub": TFLITE["SUB"],
    "_FusedConv2D": _conv,
    "_FusedMatMul": _matmul,
}
