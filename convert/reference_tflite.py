"""reference_tflite.py - runs a TFLite model in NumPy and double precision, operator by operator as
the file has them, before any folding. Shares the parser (tflite_file.py) with the reader, not its
translation: for tests."""
import numpy as np

import reference
from tflite_file import ACTIVATIONS, SAME


def _window(options, kernel, dilation=(1, 1)):
    return ((options["stride_h"], options["stride_w"]), (0, 0, 0, 0),
            "same" if options["padding"] == SAME else "explicit")


def _dilation(options):
    return options["dilation_h"], options["dilation_w"]


def _conv(o, x, filters, bias=0.0):
    stride, pads, mode = _window(o, filters.shape[1:3])
    return reference.convolution(x, filters, bias, stride, pads, mode, _dilation(o),
                                 x.shape[3] // filters.shape[3])


def _depthwise(o, x, filters, bias=0.0):
    """Each channel by itself: the definition, one channel after the other."""
    stride, pads, mode = _window(o, filters.shape[1:3])
    multiplier = filters.shape[3] // x.shape[3]
    maps = [reference.convolution(x[..., c // multiplier:c // multiplier + 1],
                                  filters[..., c:c + 1], 0.0, stride, pads, mode, _dilation(o))
            for c in range(filters.shape[3])]
    return np.concatenate(maps, axis=3) + bias


def _pool(function):
    def run(o, x):
        kernel = (o["kernel_h"], o["kernel_w"])
        stride, pads, mode = _window(o, kernel)
        return function(x, kernel, stride, pads, mode)
    return run


def _resize(o, x, sides):
    mode = ("align_corners" if o["align_corners"] else
            "half_pixel" if o["half_pixel_centers"] else "asymmetric")
    return reference.resize_bilinear(x, *np.reshape(sides, -1).astype(int), mode)


def _nearest(o, x, sides):
    for axis, side in zip((1, 2), np.reshape(sides, -1).astype(int)):
        x = x.take(np.arange(side) * x.shape[axis] // side, axis)
    return x


def _axes(axes):
    return tuple(int(a) for a in np.reshape(axes, -1))


RUN = {
    "ABS": lambda o, x: np.abs(x),
    "ADD": lambda o, x, y: x + y,
    "AVERAGE_POOL_2D": _pool(reference.average_pool),
    "CONCATENATION": lambda o, *x: np.concatenate(x, axis=o["axis"]),
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEQUANTIZE": lambda o, x: x,
    "DIV": lambda o, x, y: x / y,
    "EXP": lambda o, x: np.exp(x),
    "FULLY_CONNECTED": lambda o, x, w, b=0.0: x.reshape(-1, w.shape[1]) @ w.T + b,
    "HARD_SWISH": lambda o, x: x * np.clip(x + 3, 0, 6) / 6,
    "L2_NORMALIZATION": lambda o, x: x / np.sqrt(np.maximum((x * x).sum(-1, keepdims=True), 1e-12)),
    "LEAKY_RELU": lambda o, x: np.where(x >= 0, x, o["alpha"] * x),
    "LOGISTIC": lambda o, x: 1 / (1 + np.exp(-x)),
    "MAX_POOL_2D": _pool(reference.max_pool),
    "MEAN": lambda o, x, axes: x.mean(axis=_axes(axes), keepdims=bool(o["keep_dims"])),
    "MUL": lambda o, x, y: x * y,
    "NEG": lambda o, x: -x,
    "PAD": lambda o, x, pads: np.pad(x, pads.astype(int)),
    "PRELU": lambda o, x, slope: np.where(x >= 0, x, slope * x),
    "REDUCE_MAX": lambda o, x, axes: x.max(axis=_axes(axes), keepdims=bool(o["keep_dims"])),
    "RELU": lambda o, x: np.maximum(x, 0),
    "RELU6": lambda o, x: np.clip(x, 0, 6),
    "RESHAPE": lambda o, x, *shape: x.reshape([len(x)] + [int(d) for d in shape[0][1:]]),
    "RESIZE_BILINEAR": _resize,
    "RESIZE_NEAREST_NEIGHBOR": _nearest,
    "SOFTMAX": lambda o, x: reference.softmax(o["beta"] * x),
    "SQUEEZE": lambda o, x: x.reshape(len(x), -1),
    "SUB": lambda o, x, y: x - y,
    "SUM": lambda o, x, axes: x.sum(axis=_axes(axes), keepdims=bool(o["keep_dims"])),
    "TANH": lambda o, x: np.tanh(x),
}


def run_tflite(model, x):
    """{tensor's name: array} of every activation of a tflite_file.Model for the input x. Its height
    and width may differ from the file's where no operator fixes them."""
    values = {model.inputs[0]: np.asarray(x, np.float64)}
    for operator in model.operators:
        inputs = []
        for number in operator.inputs:
            if number < 0:
                continue
            data = model.tensors[number].data
            inputs.append(values[number] if data is None else np.asarray(data, np.float64))
        if operator.name == "RESHAPE" and len(inputs) == 1:  # its options have the shape
            inputs.append(model.tensors[operator.outputs[0]].shape)
        result = RUN[operator.name](operator.options, *inputs)
        fused = ACTIVATIONS[operator.options.get("activation", 0)]
        if fused != "NONE":
            result = np.clip(result, 0, 6 if fused == "RELU6" else np.inf)
        values[operator.outputs[0]] = result
    return {model.tensors[number].name: value for number, value in values.items()}
