"""keras_layers.py - what each layer of Keras becomes. EMITTERS maps its class to a function that
takes a Call (keras_model.py) and returns the name of its output, in the graph of graph.py.

Keras' pictures are channels last, as ours are; its kernels are [kh, kw, c_in, c_out].
To add a layer: write its function, add its line in EMITTERS."""
import math

import numpy as np

from graph import ACTIVATIONS, ConvertError

MOST = 255  # of a window's sizes


def _pair(value, what):
    """(h, w) of a number or a list of two."""
    numbers = [value] * 2 if type(value) is int else value
    if type(numbers) is not list or len(numbers) != 2 or not all(
            type(number) is int and 0 <= number <= MOST for number in numbers):
        raise ConvertError("'%s' is %.60r, wanted are two numbers up to %d" % (what, value, MOST))
    return tuple(numbers)


def _number(call, key, default=None):
    value = call.config.get(key, default)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ConvertError("'%s' is %.60r, wanted is a number" % (key, value))
    return float(value)


def _window(call, size):
    """Kernel, stride and padding; size: the key of the kernel's."""
    config = call.config
    if config.get("data_format", "channels_last") not in ("channels_last", None):
        raise ConvertError("pictures with channels first are not read")
    kernel = _pair(config.get(size), size)
    strides = config.get("strides", 1)
    mode = {"valid": "explicit", "same": "same"}.get(config.get("padding", "valid"))
    if mode is None:
        raise ConvertError("padding '%.20s' is not known" % config.get("padding"))
    return {"kernel": kernel, "stride": kernel if strides is None else _pair(strides, "strides"),
            "pad_mode": mode}


def _dilation(call):
    return _pair(call.config.get("dilation_rate", 1), "dilation_rate")


def _bias(call, count):
    return call.take("bias", (count,)) if call.config.get("use_bias", True) else np.zeros(count)


def _count(call, key):
    value = call.config.get(key)
    if type(value) is not int or not 1 <= value <= 1 << 24:
        raise ConvertError("'%s' is %.60r, wanted is a number of channels" % (key, value))
    return value


def _conv2d(call):
    fields, x = _window(call, "kernel_size"), call.only()
    groups, count = call.config.get("groups", 1), _count(call, "filters")
    channels = call.shape(x)[2]
    if type(groups) is not int or groups < 1 or channels % groups:
        raise ConvertError("%r groups of %d channels" % (groups, channels))
    kernel = call.take("kernel", (*fields["kernel"], channels // groups, count))
    x = call.append("conv", [x], dilation=_dilation(call), groups=groups, tensors={
        "filter": kernel.transpose(3, 0, 1, 2), "bias": _bias(call, count)}, **fields)
    return activation(call, x)


def _depthwise(call, x, bias):
    """[kh, kw, c, multiplier]: channel c gives the channels c * multiplier and on."""
    fields, channels = _window(call, "kernel_size"), call.shape(x)[2]
    multiplier = call.config.get("depth_multiplier", 1)
    if type(multiplier) is not int or not 1 <= multiplier <= 1 << 12:
        raise ConvertError("'depth_multiplier' is %.60r" % (multiplier,))
    count = channels * multiplier
    kernel = call.take("depthwise kernel", (*fields["kernel"], channels, multiplier))
    filters = kernel.transpose(2, 3, 0, 1).reshape(count, *fields["kernel"], 1)
    return call.append("conv", [x], dilation=_dilation(call), groups=channels, tensors={
        "filter": filters, "bias": _bias(call, count) if bias else np.zeros(count)}, **fields)


def _depthwise_conv2d(call):
    return activation(call, _depthwise(call, call.only(), True))


def _separable_conv2d(call):
    x, count = _depthwise(call, call.only(), False), _count(call, "filters")
    kernel = call.take("pointwise kernel", (1, 1, call.shape(x)[2], count))
    return activation(call, _one_by_one(call, x, kernel[0, 0], _bias(call, count)))


def _one_by_one(call, x, kernel, bias):
    """A 1x1 convolution by a matrix [c_in, c_out]."""
    return call.append("conv", [x], kernel=(1, 1), stride=(1, 1), dilation=(1, 1), groups=1,
                       tensors={"filter": kernel.T[:, None, None, :], "bias": bias})


def _dense(call):
    """Over a vector, or at each place of a map."""
    x, count = call.only(), _count(call, "units")
    kernel = call.take("kernel", (call.shape(x)[2], count))
    bias = _bias(call, count)
    if call.rank(x) == 2:
        return activation(call, call.append("fully_connected", [x], tensors={
            "filter": kernel.T, "bias": bias}))
    return activation(call, _one_by_one(call, x, kernel, bias))


def _affine(call, x, scale, shift):
    count = call.shape(x)[2]
    return call.append("affine", [x], tensors={"scale": np.broadcast_to(scale, (count,)),
                                               "shift": np.broadcast_to(shift, (count,))})


def _check_last_axis(call, x):
    axis = call.config.get("axis", -1)
    axis = axis[0] if type(axis) is list and len(axis) == 1 else axis
    if axis not in (-1, call.rank(x) - 1):
        raise ConvertError("over the axis %.20s, supported is the last one" % (axis,))


def _batch_normalization(call):
    x = call.only()
    _check_last_axis(call, x)
    shape = call.shape(x)[2:]
    gamma = call.take("gamma", shape) if call.config.get("scale", True) else 1.0
    beta = call.take("beta", shape) if call.config.get("center", True) else 0.0
    mean, variance = [call.take("moving " + what, shape).astype(np.float64)
                      for what in ("mean", "variance")]
    variance = variance + _number(call, "epsilon", 1e-3)
    if variance.min() <= 0:
        raise ConvertError("a variance is negative")
    scale = gamma / np.sqrt(variance)
    return _affine(call, x, scale, beta - mean * scale)


# ---- activations ----

def _clamp(call, x, low, high):
    return call.append("activation", [x], activation="clamp", low=low, high=high)


def _hard_sigmoid(call, x):
    """Keras 2: 0.2 x + 0.5, Keras 3: x / 6 + 0.5, both limited to 0..1."""
    return _clamp(call, _affine(call, x, 1 / 6 if call.model.version >= 3 else 0.2, 0.5), 0.0, 1.0)


def _times(gate):
    return lambda call, x: call.append("multiply", [x, gate(call, x)])


def _engine(kind):
    return lambda call, x: call.append("activation", [x], activation=kind)


FUNCTIONS = {
    "linear": lambda call, x: x,
    "relu": lambda call, x: _clamp(call, x, 0.0, math.inf),
    "relu6": lambda call, x: _clamp(call, x, 0.0, 6.0),
    "softmax": lambda call, x: call.append("softmax", [x], axis=3),
    "hard_sigmoid": _hard_sigmoid,
    "swish": _times(_engine("sigmoid")), "silu": _times(_engine("sigmoid")),
    "hard_swish": _times(_hard_sigmoid), "hard_silu": _times(_hard_sigmoid),
    **{kind: _engine(kind) for kind in ("sigmoid", "tanh") if kind in ACTIVATIONS},
}


def activation(call, x):
    """x through the function that the layer's "activation" names."""
    function = call.config.get("activation") or "linear"
    if type(function) is dict:  # {"class_name": ..., "config": ...}
        function = function.get("config") if type(function.get("config")) is str else (
            function.get("class_name"))
    if type(function) is not str or function not in FUNCTIONS:
        raise ConvertError("the activation '%.60s' is not supported" % (function,))
    return FUNCTIONS[function](call, x)


def _relu(call):
    """max_value, negative_slope; threshold is zero."""
    config, x = call.config, call.only()
    slope, most = _number(call, "negative_slope", 0.0), config.get("max_value")
    if _number(call, "threshold", 0.0) != 0.0 or (slope and most is not None):
        raise ConvertError("a threshold, or a slope and a largest value, is not supported")
    if slope:
        return _prelu_of(call, x, slope)
    return _clamp(call, x, 0.0, math.inf if most is None else _number(call, "max_value"))


def _prelu_of(call, x, slope):
    return call.append("activation", [x], activation="prelu", tensors={
        "slope": np.broadcast_to(slope, call.shape(x)[2:])})


def _leaky_relu(call):
    key = "alpha" if "alpha" in call.config else "negative_slope"
    return _prelu_of(call, call.only(), _number(call, key, 0.3))


def _prelu(call):
    x = call.only()
    slope = call.take("alpha")
    if slope.size != slope.shape[-1] or slope.size not in (1, call.shape(x)[2]):
        raise ConvertError("slopes of shape %s, supported is one for each channel (shared_axes "
                           "[1, 2])" % list(slope.shape))
    return _prelu_of(call, x, slope.reshape(-1))


def _softmax(call):
    _check_last_axis(call, call.only())
    return FUNCTIONS["softmax"](call, call.only())


# ---- what has no weights ----

def _pool(op):
    return lambda call: call.append(op, [call.only()], **_window(call, "pool_size"))


def _global_average_pool(call):
    return call.append("global_average_pool", [call.only()], rank=2)


def _global_max_pool(call):
    x = call.only()
    return call.append("max_pool", [x], rank=2, kernel=call.fixed(x)[:2], stride=(1, 1))


def _add(call):
    total, *others = call.several()
    for x in others:
        total = call.append("add", [total, x])
    return total


def _multiply(call):
    """Of two inputs one may be [1, 1, c]."""
    total, *others = call.several()
    for x in others:
        first, second = sorted((total, x), key=call.shape, reverse=True)
        total = call.append("multiply", [first, second])
    return total


def _concatenate(call):
    inputs = call.several()
    axis, rank = call.config.get("axis", -1), call.rank(inputs[0])
    if type(axis) is not int or not (axis == -1 or 1 <= axis < rank):
        raise ConvertError("over the axis %.20s" % (axis,))
    return call.append("concat", inputs, axis=3 if axis == -1 else axis + 4 - rank)


def _reshape_to(call, x, shape, rank):
    return call.append("reshape", [x], rank=rank, shape=(0, *shape))


def _flatten(call):
    x = call.only()
    if call.rank(x) == 2:
        return x
    return _reshape_to(call, x, (1, 1, math.prod(call.fixed(x))), 2)


def _reshape(call):
    x, wanted = call.only(), call.config.get("target_shape")
    if type(wanted) is not list or not 1 <= len(wanted) <= 3 or not all(
            type(size) is int and (size == -1 or 1 <= size <= 1 << 24) for size in wanted):
        raise ConvertError("the shape %.60s" % (wanted,))
    call.fixed(x)
    return _reshape_to(call, x, [1] * (3 - len(wanted)) + wanted, len(wanted) + 1)


def _permute(call):
    x, dims = call.only(), call.config.get("dims")
    if sorted(map(str, dims if type(dims) is list else ())) != ["1", "2", "3"] or call.rank(x) != 4:
        raise ConvertError("the order %.60s" % (dims,))
    call.fixed(x)
    return call.append("transpose", [x], shape=(0, *map(int, dims)))


def _zero_padding2d(call):
    padding = call.config.get("padding", 1)
    rows, columns = [padding] * 2 if type(padding) is int else (
        padding if type(padding) is list and len(padding) == 2 else [None, None])
    (top, bottom), (left, right) = _pair(rows, "padding"), _pair(columns, "padding")
    return call.append("pad", [call.only()], pads=(top, left, bottom, right))


def _up_sampling2d(call):
    size = _pair(call.config.get("size", 2), "size")
    kind = call.config.get("interpolation", "nearest")
    if kind != "nearest" or size[0] != size[1] or size[0] < 2:
        raise ConvertError("%.40s by %d x %d, supported is 'nearest' by one factor" % (kind, *size))
    return call.append("resize_nearest", [call.only()], scale=size[0])


def _rescaling(call):
    return _affine(call, call.only(), _number(call, "scale"), _number(call, "offset", 0.0))


EMITTERS = {
    "Activation": lambda call: activation(call, call.only()),
    "Add": _add, "AveragePooling2D": _pool("average_pool"),
    "BatchNormalization": _batch_normalization, "Concatenate": _concatenate, "Conv2D": _conv2d,
    "Dense": _dense, "DepthwiseConv2D": _depthwise_conv2d, "Flatten": _flatten,
    "GlobalAveragePooling2D": _global_average_pool, "GlobalMaxPooling2D": _global_max_pool,
    "LeakyReLU": _leaky_relu, "MaxPooling2D": _pool("max_pool"), "Multiply": _multiply,
    "PReLU": _prelu, "Permute": _permute, "ReLU": _relu, "Rescaling": _rescaling,
    "Reshape": _reshape, "SeparableConv2D": _separable_conv2d, "Softmax": _softmax,
    "UpSampling2D": _up_sampling2d, "ZeroPadding2D": _zero_padding2d,
    # While it runs, a trained network's are not there.
    **{name: lambda call: call.only() for name in (
        "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise",
        "SpatialDropout2D")},
}
EMITTERS["BatchNormalizationV1"] = EMITTERS["BatchNormalizationV2"] = _batch_normalization
