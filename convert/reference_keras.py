"""reference_keras.py - runs a Keras model's configuration in NumPy, double precision, as Keras and
TensorFlow define its layers: kernels [kh, kw, c_in, c_out] as they are stored, padding written out,
batch norm and activations applied where they stand. No code is shared with the converter. For
tests."""
import math

import numpy as np


def _two(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _padded(x, config, size, filling):
    """x with the zeros (or filling) that "same" wants: the larger half at the end."""
    if config.get("padding", "valid") == "valid":
        return x
    around = [(0, 0)]
    dilation, stride = _two(config.get("dilation_rate", 1)), _two(config.get("strides") or size)
    for n, k, s, d in zip(x.shape[1:3], size, stride, dilation):
        total = max((math.ceil(n / s) - 1) * s + (k - 1) * d + 1 - n, 0)
        around.append((total // 2, total - total // 2))
    return np.pad(x, around + [(0, 0)], constant_values=filling)


def _taps(x, config, size, filling=0.0):
    """[kh * kw] pictures: what each tap of the window sees at each place."""
    x = _padded(x, config, size, filling)
    stride, dilation = _two(config.get("strides") or size), _two(config.get("dilation_rate", 1))
    counts = [(n - (k - 1) * d - 1) // s + 1
              for n, k, s, d in zip(x.shape[1:3], size, stride, dilation)]
    return [x[:, i * dilation[0]:, j * dilation[1]:][
        :, :(counts[0] - 1) * stride[0] + 1:stride[0], :(counts[1] - 1) * stride[1] + 1:stride[1]]
        for i in range(size[0]) for j in range(size[1])]


def _conv(x, config, kernel):
    groups = config.get("groups", 1)
    taps, width = _taps(x, config, kernel.shape[:2]), kernel.shape[3] // groups
    parts = []
    for g in range(groups):
        c = kernel.shape[2]
        weights = kernel[..., g * width:(g + 1) * width].reshape(-1, c, width)
        parts.append(sum(tap[..., g * c:(g + 1) * c] @ w for tap, w in zip(taps, weights)))
    return np.concatenate(parts, axis=-1)


def _depthwise(x, config, kernel):
    taps = _taps(x, config, kernel.shape[:2])
    weights = kernel.reshape(-1, *kernel.shape[2:])  # [taps, c, multiplier]
    total = sum(tap[..., None] * w for tap, w in zip(taps, weights))
    return total.reshape(total.shape[:3] + (-1,))


def _softmax(x):
    power = np.exp(x - x.max(axis=-1, keepdims=True))
    return power / power.sum(axis=-1, keepdims=True)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _activation(name, x, version):
    hard = np.clip(x / 6 + 0.5 if version >= 3 else 0.2 * x + 0.5, 0, 1)
    return {"linear": lambda: x, "relu": lambda: np.maximum(x, 0), "softmax": lambda: _softmax(x),
            "relu6": lambda: np.clip(x, 0, 6), "sigmoid": lambda: _sigmoid(x),
            "tanh": lambda: np.tanh(x), "hard_sigmoid": lambda: hard,
            "hard_swish": lambda: x * hard, "hard_silu": lambda: x * hard,
            "swish": lambda: x * _sigmoid(x), "silu": lambda: x * _sigmoid(x)}[name]()


def _norm(x, config, arrays):
    arrays = list(arrays)
    gamma = arrays.pop(0) if config.get("scale", True) else 1
    beta = arrays.pop(0) if config.get("center", True) else 0
    return gamma * (x - arrays[0]) / np.sqrt(arrays[1] + config["epsilon"]) + beta


def _separable(x, config, arrays):
    y = _depthwise(x, config, arrays[0])
    return y @ arrays[1][0, 0] + (arrays[2] if config.get("use_bias", True) else 0)


def _relu(x, config):
    x = np.where(x < 0, (config.get("negative_slope") or 0) * x, x)
    return x if config.get("max_value") is None else np.minimum(x, config["max_value"])


def _layer(kind, config, arrays, inputs, version):
    x = inputs[0]
    bias = arrays[-1] if config.get("use_bias", True) and arrays else 0
    slope = config.get("alpha", config.get("negative_slope", 0.3))
    size, factor = _two(config.get("pool_size", 1)), _two(config.get("size", 1))
    around = [(n, n) if isinstance(n, int) else tuple(n) for n in _two(config.get("padding", 0))
              ] if kind == "ZeroPadding2D" else []
    run = {
        "Conv2D": lambda: _conv(x, config, arrays[0]) + bias,
        "DepthwiseConv2D": lambda: _depthwise(x, config, arrays[0]) + bias,
        "SeparableConv2D": lambda: _separable(x, config, arrays),
        "Dense": lambda: x @ arrays[0] + bias,
        "BatchNormalization": lambda: _norm(x, config, arrays),
        "PReLU": lambda: np.where(x < 0, arrays[0] * x, x),
        "LeakyReLU": lambda: np.where(x < 0, slope * x, x),
        "ReLU": lambda: _relu(x, config),
        "Softmax": lambda: _softmax(x),
        "MaxPooling2D": lambda: np.max(_taps(x, config, size, -np.inf), axis=0),
        "AveragePooling2D": lambda: (np.sum(_taps(x, config, size), axis=0) /
                                     np.sum(_taps(np.ones_like(x), config, size), axis=0)),
        "GlobalAveragePooling2D": lambda: x.mean(axis=(1, 2)),
        "GlobalMaxPooling2D": lambda: x.max(axis=(1, 2)),
        "Add": lambda: sum(inputs[1:], x), "Multiply": lambda: math.prod(inputs[1:], start=x),
        "Concatenate": lambda: np.concatenate(inputs, axis=config.get("axis", -1)),
        "Flatten": lambda: x.reshape(len(x), -1),
        "Reshape": lambda: x.reshape(len(x), *config["target_shape"]),
        "Permute": lambda: x.transpose(0, *config["dims"]),
        "ZeroPadding2D": lambda: np.pad(x, [(0, 0)] + around + [(0, 0)]),
        "UpSampling2D": lambda: x.repeat(factor[0], axis=1).repeat(factor[1], axis=2),
        "Rescaling": lambda: x * config["scale"] + config.get("offset", 0),
    }.get(kind, lambda: x)  # Activation, Dropout, InputLayer
    return _activation(config.get("activation") or "linear", run(), version)


def _reads(node):
    """(layer, call) of what a call reads, in either form of a configuration."""
    if isinstance(node, dict):
        def tensors(found):
            if isinstance(found, dict):
                return [tuple(found["config"]["keras_history"][:2])]
            return [tensor for item in found for tensor in tensors(item)]
        return tensors(node["args"])
    return [tuple(entry[:2]) for entry in node]


def keras_forward(found, arrays, x, version=2, prefix=""):
    """{layer name: array} for the input x [n, h, w, c]; "@1" behind the name stands for a layer's
    second call, "model/layer" for a layer of a model in it. found: {"class_name", "config"};
    arrays: {layer name: [array]} in the order that Keras builds them."""
    layers = found["config"] if isinstance(found["config"], list) else found["config"]["layers"]
    values, done = {}, {}

    def run(layer, inputs, name):
        if "layers" in layer["config"]:
            inner = keras_forward(layer, arrays, inputs[0], version, name + "/")
            values.update(inner)
            return list(inner.values())[-1]
        own = [np.asarray(array, np.float64) for array in arrays.get(name.partition("@")[0], [])]
        values[name] = _layer(layer["class_name"], layer["config"], own, inputs, version)
        return values[name]

    if found["class_name"] == "Sequential":
        x = np.asarray(x, np.float64)
        for layer in layers:
            x = run(layer, [x], prefix + layer["config"]["name"])
        return values
    by_name = {layer["name"]: layer for layer in layers}

    def value(call):
        if call not in done:
            layer = by_name[call[0]]
            inputs = [np.asarray(x, np.float64)] if layer["class_name"] == "InputLayer" else [
                value(read) for read in _reads(layer["inbound_nodes"][call[1]])]
            done[call] = run(layer, inputs, prefix + call[0] + "@%d" % call[1] * bool(call[1]))
        return done[call]

    ends = found["config"]["output_layers"]
    for end in [ends] if isinstance(ends[0], str) else ends:
        value(tuple(end[:2]))
    return values
