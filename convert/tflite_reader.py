"""tflite_reader.py - TFLite (float32, or weights in float16) to the graph of graph.py. TFLite is
channels-last as we are, so tensors and axes carry over; the batch that a file fixes is left free.

To add an operator: its number and options in tflite_file.py, its function and its line in
EMITTERS."""
import math

import numpy as np

from graph import ConvertError, Graph, needed_steps
from tflite_file import ACTIVATIONS, SAME, parse_tflite

MOST_CHANNELS = 4096  # that a PAD can add
SMALLEST_NORM = 1e-6  # L2_NORMALIZATION divides by the root of at least its square


def read_tflite(data, name, outputs=()):
    """The graph of a TFLite file's bytes; name is for messages. Values named in outputs become its
    outputs, if there are any, and what they do not need is not looked at. ConvertError."""
    model = parse_tflite(data, name)
    made = {model.tensors[i].name: i for operator in model.operators for i in operator.outputs}
    found = [made[output] for output in outputs if output in made]
    if found:
        model.outputs = found
        model.operators = needed_steps([(operator.inputs, operator.outputs, operator)
                                        for operator in model.operators], found)
    try:
        return _Reader(model).graph
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None


def graph_shape(shape):
    """(h, w, c) of a tensor's shape [n, h, w, c], [n, h, c] or [n, c]."""
    if not 2 <= len(shape) <= 4 or min(shape) < 1:
        raise ConvertError("an activation of shape %s" % list(shape))
    inner = tuple(shape[1:])
    return {1: (1, 1) + inner, 2: inner[:1] + (1,) + inner[1:], 3: inner}[len(inner)]


class _Reader:
    def __init__(self, model):
        self.model = model
        if len(model.inputs) != 1:
            raise ConvertError("the model has %d inputs, wanted is one" % len(model.inputs))
        entry = model.tensors[model.inputs[0]]
        if entry.other_type:
            raise ConvertError("tensor '%s', the input, is of type %s: read are float32 and float16" %
                               (entry.name, entry.other_type))
        self.batch = entry.shape[0] if entry.shape else 0
        self.graph = Graph("main", entry.name, *graph_shape(entry.shape))
        self.computed = {model.inputs[0]}
        for operator in model.operators:
            self._operator(operator)
        for output in model.outputs:
            if output not in self.computed:
                raise ConvertError("the output '%s' is not computed" % model.tensors[output].name)
            self.graph.outputs.append(model.tensors[output].name)
        names = [self.graph.input] + [node.output for node in self.graph.nodes]
        if len(set(names)) != len(names):
            raise ConvertError("two activations have the same name")
        self._check_shapes()

    def _operator(self, operator):
        call = Call(self, operator)
        try:
            if len(operator.outputs) != 1:
                raise ConvertError("%d outputs, wanted is one" % len(operator.outputs))
            if operator.name not in EMITTERS:
                raise ConvertError("the operator is not supported")
            call.check_types()
            EMITTERS[operator.name](call)
            call.fused_activation()
        except ConvertError as error:
            raise ConvertError("node '%s' (%s): %s" % (operator.label, operator.name,
                                                       error)) from None
        except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
            raise ConvertError("node '%s' (%s): its inputs or options do not fit (%s)" %
                               (operator.label, operator.name, error)) from None
        if self.model.tensors[operator.outputs[0]].data is None:  # else it is a constant now
            self.computed.add(operator.outputs[0])

    def _check_shapes(self):
        """The shapes that the file states must be those that follow from its operators."""
        shapes = self.graph.shapes()
        stated = {self.model.tensors[i].name: self.model.tensors[i].shape for i in self.computed}
        for name, shape in stated.items():
            if shapes[name] != graph_shape(shape):
                raise ConvertError("value '%s': the file states the shape %s, computed is %s" %
                                   (name, shape, shapes[name]))


class Call:
    """One operator, as the emitters below see it."""

    def __init__(self, reader, operator):
        self.reader, self.operator, self.options = reader, operator, operator.options
        self.graph, self.output = reader.graph, operator.label

    def _tensor(self, i):
        number = self.operator.inputs[i] if i < len(self.operator.inputs) else -1
        if number < 0:
            raise ConvertError("input %d is missing" % i)
        return number, self.reader.model.tensors[number]

    def check_types(self):
        for number in self.operator.inputs + self.operator.outputs:
            tensor = self.reader.model.tensors[number]
            if number >= 0 and tensor.other_type:
                raise ConvertError("tensor '%s' is of type %s: read are float32 and float16" %
                                   (tensor.name, tensor.other_type))

    def has(self, i):
        return i < len(self.operator.inputs) and self.operator.inputs[i] >= 0

    def is_constant(self, i):
        return self._tensor(i)[1].data is not None

    def constant(self, i):
        tensor = self._tensor(i)[1]
        if tensor.data is None:
            raise ConvertError("input %d ('%s') must be a constant" % (i, tensor.name))
        return tensor.data

    def value(self, i):
        """Name of the activation that is input i."""
        number, tensor = self._tensor(i)
        if number not in self.reader.computed:
            raise ConvertError("input %d ('%s') is not computed before" % (i, tensor.name))
        return tensor.name

    def shape(self, i):
        """(h, w, c) of the activation that is input i."""
        return graph_shape(self._tensor(i)[1].shape)

    def append(self, op, inputs, **fields):
        return self.graph.append(op, inputs, self.output, **fields)

    def fused_activation(self):
        kind = ACTIVATIONS.get(self.options.get("activation", 0))
        if kind is None:
            raise ConvertError("fused activation %d is not supported" % self.options["activation"])
        if kind != "NONE":
            node = self.graph.nodes[-1]
            node.output += ":linear"
            self.graph.append("activation", [node.output], self.output, activation="clamp",
                              low=0.0, high=6.0 if kind == "RELU6" else math.inf)

    def window(self, kernel):
        """The fields that convolutions and pools share."""
        return {"kernel": tuple(kernel),
                "stride": (self.options["stride_h"], self.options["stride_w"]),
                "pad_mode": "same" if self.options["padding"] == SAME else "explicit"}

    def bias(self, count):
        return self.constant(2) if self.has(2) else np.zeros(count, np.float32)


def _conv(call):
    filters = call.constant(1)
    call.append("conv", [call.value(0)], groups=call.shape(0)[2] // filters.shape[3],
                dilation=(call.options["dilation_h"], call.options["dilation_w"]),
                tensors={"filter": filters, "bias": call.bias(len(filters))},
                **call.window(filters.shape[1:3]))


def _depthwise(call):
    filters = call.constant(1)
    if filters.shape[0] != 1:
        raise ConvertError("a filter of shape %s" % list(filters.shape))
    call.append("conv", [call.value(0)], groups=call.shape(0)[2],
                dilation=(call.options["dilation_h"], call.options["dilation_w"]),
                tensors={"filter": filters.transpose(3, 1, 2, 0),
                         "bias": call.bias(filters.shape[3])},
                **call.window(filters.shape[1:3]))


def _pool(op):
    def emit(call):
        call.append(op, [call.value(0)],
                    **call.window((call.options["kernel_h"], call.options["kernel_w"])))
    return emit


def _fully_connected(call):
    if call.options["format"] != 0 or call.options["keep_dims"]:
        raise ConvertError("shuffled weights or kept dimensions are not supported")
    filters = call.constant(1)
    call.append("fully_connected", [call.value(0)],
                tensors={"filter": filters, "bias": call.bias(len(filters))})


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
    """Weights in half precision, which f32 holds as they are."""
    data = call.constant(0)
    if data.dtype != np.float16:
        raise ConvertError("only constants of type float16 are supported")
    call.reader.model.tensors[call.operator.outputs[0]].data = data.astype(np.float32)


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


def _pad(call):
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
    filters = np.pad(np.eye(channels, dtype=np.float32), ((before, after), (0, 0)))
    call.append("conv", [call.value(0)], kernel=(1, 1), stride=(1, 1), dilation=(1, 1), groups=1,
                pads=sides, tensors={"filter": filters[:, None, None, :],
                                     "bias": np.zeros(len(filters), np.float32)})


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
    "PAD": _pad,
    "PRELU": _prelu,
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
