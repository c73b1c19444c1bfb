"""tflite_operators.py - what each TFLite operator becomes. EMITTERS maps its name to a function that
takes a Call (tflite_reader.py); tfjs_operators.py has some of them for TensorFlow.js, whose Call they
know too."""
import math

import numpy as np

from graph import ConvertError
from grids import Filter

MOST_CHANNELS = 4096  # that a PAD can add
SMALLEST_NORM = 1e-6  # L2_NORMALIZATION divides by the root of at least its square


def graph_shape(shape):
    """(h, w, c) of a tensor's shape [n, h, w, c], [n, h, c] or [n, c]."""
    if not 2 <= len(shape) <= 4 or min(shape) < 1:
        raise ConvertError("an activation of shape %s" % list(shape))
    inner = tuple(shape[1:])
    return {1: (1, 1) + inner, 2: inner[:1] + (1,) + inner[1:], 3: inner}[len(inner)]


def _conv(call):
    filters = call.filter(1)
    call.append("conv", [call.value(0)], groups=call.shape(0)[2] // filters.shape[3],
                dilation=(call.options["dilation_h"], call.options["dilation_w"]),
                tensors={"filter": filters, "bias": call.bias(filters)},
                **call.window(filters.shape[1:3]))


def _depthwise(call):
    filters = call.filter(1, (3, 1, 2, 0))
    if filters.shape[3] != 1:
        raise ConvertError("a filter of shape %s" % list(call.constant(1).shape))
    call.append("conv", [call.value(0)], groups=call.shape(0)[2],
                dilation=(call.options["dilation_h"], call.options["dilation_w"]),
                tensors={"filter": filters, "bias": call.bias(filters)},
                **call.window(filters.shape[1:3]))


def _pool(op):
    def emit(call):
        call.append(op, [call.value(0)],
                    **call.window((call.options["kernel_h"], call.options["kernel_w"])))
    return emit


def _fully_connected(call):
    if call.options["format"] != 0 or call.options["keep_dims"]:
        raise ConvertError("shuffled weights or kept dimensions are not supported")
    filters = call.filter(1)
    call.append("fully_connected", [call.value(0)],
                tensors={"filter": filters, "bias": call.bias(filters)})


def _per_channel(call, i):
    """Constant input i, beside an activation, as one number for each channel."""
    with np.errstate(invalid="ignore"):  # a NaN is refused by the writer
        constant, channels = call.constant(i).astype(np.float64), call.shape(1 - i)[2]
    if constant.size not in (1, channels) or (constant.size > 1 and
                                              constant.shape[-1] != channels):
        raise ConvertError("a constant of shape %s: only one number, or one for each channel, is "
                           "supported" % list(constant.shape))
    return np.broadcast_to(constant.reshape(-1), (channels,))


def _binary(op):
    """ADD, SUB, MUL, DIV: of two activations, or with a constant, which is an affine operation."""
    def emit(call):
        constant = next((i for i in (0, 1) if call.is_constant(i)), None)
        if constant is None:
            call.append(op, [call.value(0), call.value(1)])
            return
        if op == "divide" and constant == 0:
            raise ConvertError("a constant divided by an activation is not supported")
        numbers = _per_channel(call, constant)
        scale, shift = np.ones_like(numbers), np.zeros_like(numbers)
        if op == "multiply":
            scale = numbers
        elif op == "divide":
            scale = 1.0 / numbers
        elif op == "add" or constant == 0:
            shift = numbers
        else:
            shift = -numbers
        if op == "subtract" and constant == 0:
            scale = -scale
        call.append("affine", [call.value(1 - constant)], tensors={"scale": scale, "shift": shift})
    return emit


def _unary(op, **fields):
    def emit(call):
        call.append(op, [call.value(0)], **fields)
    return emit


def _prelu(call):
    slope = call.constant(1)
    if slope.size != slope.shape[-1] or slope.size != call.shape(0)[2]:
        raise ConvertError("a slope of shape %s: one for each channel is supported" %
                           list(slope.shape))
    call.append("activation", [call.value(0)], activation="prelu",
                tensors={"slope": slope.reshape(-1)})


def _leaky_relu(call):
    call.append("activation", [call.value(0)], activation="prelu",
                tensors={"slope": np.full(call.shape(0)[2], call.options["alpha"])})


def _dequantize(call):
    """The real numbers are the same. Of weights: half precision is kept in f32, which holds it as it
    is, bytes stay what they are."""
    if not call.is_constant(0):
        call.append("same", [call.value(0)])
        return
    constant, made = call.tensor(0)[1], call.reader.model.tensors[call.operator.outputs[0]]
    if constant.data.dtype.kind == "f":
        made.data = constant.data.astype(np.float32)
    else:
        made.data, made.scales = constant.data, constant.scales
        made.zeros, made.axis = constant.zeros, constant.axis


def _quantize(call):
    """Its output is rounded, as any of bytes."""
    if call.reader.model.tensors[call.operator.outputs[0]].grid is None:
        raise ConvertError("its output is not of bytes with a scale")
    call.append("same", [call.value(0)])


def _reduce(op):
    def emit(call):
        rank = len(call.reader.model.tensors[call.operator.inputs[0]].shape)
        axes = [int(a) % rank for a in call.constant(1).reshape(-1)]
        if axes != [rank - 1] or not call.options["keep_dims"]:
            raise ConvertError("only over the channels, keeping the dimension, is supported")
        call.append(op, [call.value(0)])
    return emit


def _mean(call):
    """Over height and width."""
    rank = len(call.reader.model.tensors[call.operator.inputs[0]].shape)
    if rank != 4 or sorted(int(a) % rank for a in call.constant(1).reshape(-1)) != [1, 2]:
        raise ConvertError("only over height and width is supported")
    call.append("global_average_pool", [call.value(0)])


def _l2_normalization(call):
    call.append("l2_normalize", [call.value(0)], epsilon=SMALLEST_NORM)


def _resize_mode(call):
    if call.options["align_corners"]:
        return "align_corners"
    return "half_pixel" if call.options["half_pixel_centers"] else "asymmetric"


def _resize_bilinear(call):
    h, w = [int(side) for side in call.constant(1).reshape(-1)]
    call.append("resize_bilinear", [call.value(0)], shape=(0, h, w, 0), mode=_resize_mode(call))


def _resize_nearest(call):
    h, w, _ = call.shape(0)
    sides = [int(side) for side in call.constant(1).reshape(-1)]
    scale = sides[0] // h
    if scale < 2 or sides != [h * scale, w * scale] or _resize_mode(call) == "align_corners":
        raise ConvertError("from %dx%d to %dx%d: only a whole factor from 2, the same for height and "
                           "width, without align_corners, is supported" % (h, w, *sides))
    call.append("resize_nearest", [call.value(0)], scale=scale)


def _reshape(call):
    shape = call.reader.model.tensors[call.operator.outputs[0]].shape
    if shape[0] != call.reader.batch:
        raise ConvertError("the shape %s moves numbers into the batch" % list(shape))
    call.append("reshape", [call.value(0)], shape=(0,) + graph_shape(shape))


def _softmax(call):
    if call.options["beta"] != 1.0:
        raise ConvertError("beta %g is not supported" % call.options["beta"])
    call.append("softmax", [call.value(0)], axis=3)


def _concat(call):
    tensors = [call.reader.model.tensors[i] for i in call.operator.inputs]
    rank = len(tensors[0].shape)
    axis = call.options["axis"] % rank
    if axis == 0:
        raise ConvertError("joining along the batch is not supported")
    call.append("concat", [call.value(i) for i in range(len(tensors))],
                axis=3 if axis == rank - 1 else axis)


def pad(call):
    pads = call.constant(1)
    if pads.shape != (4, 2) or pads[0].any() or pads.min() < 0:
        raise ConvertError("pads %s: the batch cannot be padded" % pads.tolist())
    before, after = [int(n) for n in pads[3]]
    sides = (int(pads[1, 0]), int(pads[2, 0]), int(pads[1, 1]), int(pads[2, 1]))
    if not before + after:
        call.append("pad", [call.value(0)], pads=sides)
        return
    channels = call.shape(0)[2]  # more of them are a convolution that copies those there are
    if before + after > MOST_CHANNELS:
        raise ConvertError("pads %s: up to %d channels can be added" % (pads.tolist(),
                                                                        MOST_CHANNELS))
    filters = np.pad(np.eye(channels, dtype=np.float32), ((before, after), (0, 0)))[:, None, None, :]
    call.append("conv", [call.value(0)], kernel=(1, 1), stride=(1, 1), dilation=(1, 1), groups=1,
                pads=sides, tensors={"filter": filters, "bias": np.zeros(len(filters), np.float32)})


def _pad_bytes(call):
    """Where the padding is a convolution, it takes bytes as they are."""
    pad(call)
    node = call.graph.nodes[-1]
    if node.op == "conv" and call.tensor(0)[1].grid is not None:
        ones = node.tensors["filter"].astype(np.int16)
        node.tensors["filter"] = Filter("s8", ones, np.ones(len(ones), np.float32))


EMITTERS = {
    "ABS": _unary("abs"),
    "ADD": _binary("add"),
    "AVERAGE_POOL_2D": _pool("average_pool"),
    "CONCATENATION": _concat,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEQUANTIZE": _dequantize,
    "DIV": _binary("divide"),
    "EXP": _unary("activation", activation="exp"),
    "FULLY_CONNECTED": _fully_connected,
    "HARD_SWISH": _unary("activation", activation="hard_swish"),
    "L2_NORMALIZATION": _l2_normalization,
    "LEAKY_RELU": _leaky_relu,
    "LOGISTIC": _unary("activation", activation="sigmoid"),
    "MAX_POOL_2D": _pool("max_pool"),
    "MEAN": _mean,
    "MUL": _binary("multiply"),
    "NEG": _unary("negate"),
    "PAD": _pad_bytes,
    "PRELU": _prelu,
    "QUANTIZE": _quantize,
    "REDUCE_MAX": _reduce("reduce_max"),
    "RELU": _unary("activation", activation="clamp", low=0.0, high=math.inf),
    "RELU6": _unary("activation", activation="clamp", low=0.0, high=6.0),
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": _resize_nearest,
    "SOFTMAX": _softmax,
    "SQUEEZE": _reshape,
    "SUB": _binary("subtract"),
    "SUM": _reduce("sum"),
    "TANH": _unary("activation", activation="tanh"),
}
