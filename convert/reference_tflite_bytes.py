"""reference_tflite_bytes.py - runs a TFLite model of bytes in NumPy in the whole numbers that TensorFlow
Lite's reference kernels compute with: sums in int32, results brought to the output's scale by a 32-bit
multiplier and a shift. Operators over float32 are those of reference_tflite.py. Shares the parser
(tflite_file.py) with the reader and nothing else: for tests."""
import math

import numpy as np

import reference
import reference_tflite
from tflite_file import ACTIVATIONS


def multiplier(real):
    """(31-bit multiplier, shift to the left) of a positive real number."""
    fraction, shift = math.frexp(real)
    whole = math.floor(fraction * (1 << 31) + 0.5)
    return (whole // 2, shift + 1) if whole == 1 << 31 else (whole, shift)


def scaled(x, real):
    """x, int64 within int32, times real as its multiplier and shift say."""
    whole, shift = multiplier(real)
    product = (x << max(shift, 0)) * whole
    nudge = np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.trunc((product + nudge) / (1 << 31)).astype(np.int64)
    if shift >= 0:
        return high
    rest, mask = high & ((1 << -shift) - 1), (1 << -shift) - 1
    return (high >> -shift) + (rest > (mask >> 1) + (high < 0))


class _Operator:
    """An operator and the tensors that it reads and writes."""

    def __init__(self, model, operator, values):
        self.options = operator.options
        self.inputs = [model.tensors[i] for i in operator.inputs if i >= 0]
        self.output = model.tensors[operator.outputs[0]]
        self.data = [values[i] if self_data is None else self_data for i, self_data in
                     ((i, model.tensors[i].data) for i in operator.inputs if i >= 0)]

    def scale(self, i):
        return np.float64(self.inputs[i].scales[0])

    def centered(self, i):
        """Input i less its zero point."""
        return self.data[i].astype(np.int64) - int(np.ravel(self.inputs[i].zeros)[0])

    def bytes(self, steps):
        """steps from the output's zero point as its bytes, limited as its activation says."""
        tensor, scale = self.output, np.float64(self.output.scales[0])
        zero, kind = int(tensor.zeros[0]), np.int8 if _signed(tensor) else np.uint8
        low, high = np.iinfo(kind).min, np.iinfo(kind).max
        fused = ACTIVATIONS[self.options.get("activation", 0)]
        if fused != "NONE":
            low = max(low, zero)
        if fused == "RELU6":
            high = min(high, zero + math.floor(6 / scale + 0.5))
        return np.clip(steps + zero, low, high).astype(kind)


def _signed(tensor):
    """Of an activation: the parser gives unsigned zero points in its grid."""
    return tensor.grid.zero != int(tensor.zeros[0])


def _sums(op, filters, groups):
    """The convolution's products; filters [c_out, kh, kw, c_in / groups] less their zero points."""
    options = op.options
    stride, pads, mode = reference_tflite._window(options, filters.shape[1:3])
    found = reference.convolution(op.centered(0).astype(np.float64), filters.astype(np.float64), 0.0,
                                  stride, pads, mode, reference_tflite._dilation(options), groups)
    return found.astype(np.int64)


def _requantized(op, sums, scales):
    """Sums of products, with the bias, at the output's scale: channel by channel."""
    if len(op.data) > 2:
        sums = sums + op.data[2].astype(np.int64)
    real = op.scale(0) * np.broadcast_to(np.float64(scales), sums.shape[-1:]) / np.float64(
        op.output.scales[0])
    return op.bytes(np.stack([scaled(sums[..., c], real[c]) for c in range(len(real))], axis=-1))


def _conv(op):
    filters = op.centered(1)
    return _requantized(op, _sums(op, filters, op.data[0].shape[3] // filters.shape[3]),
                        op.inputs[1].scales)


def _depthwise(op):
    filters = op.centered(1).transpose(3, 1, 2, 0)
    return _requantized(op, _sums(op, filters, op.data[0].shape[3]), op.inputs[1].scales)


def _fully_connected(op):
    x = op.centered(0)
    return _requantized(op, x.reshape(len(x), -1) @ op.centered(1).T, op.inputs[1].scales)


def _add(op):
    most = 2 * max(op.scale(0), op.scale(1))
    parts = [scaled(op.centered(i) << 20, op.scale(i) / most) for i in (0, 1)]
    return op.bytes(scaled(sum(parts), most / ((1 << 20) * np.float64(op.output.scales[0]))))


def _rounded(x):
    """To the nearest, halves away from zero."""
    return np.trunc(x + np.copysign(0.5, x)).astype(np.int64)


def _quantize(op):
    if not len(op.inputs[0].scales):
        return op.bytes(_rounded(np.float32(op.data[0]) / np.float32(op.output.scales[0])))
    return op.bytes(scaled(op.centered(0), op.scale(0) / np.float64(op.output.scales[0])))


def _dequantize(op):
    if op.data[0].dtype == np.float16:
        return op.data[0].astype(np.float32)
    return np.float32(op.centered(0)) * np.float32(op.scale(0))


def _average(op):
    x, options = op.data[0].astype(np.float64), op.options
    kernel = (options["kernel_h"], options["kernel_w"])
    stride, pads, mode = reference_tflite._window(options, kernel)
    mean = _rounded(reference.average_pool(x, kernel, stride, pads, mode))
    return op.bytes(mean - int(op.inputs[0].zeros[0]))


def _mean(op):
    axes = tuple(int(a) for a in np.ravel(op.data[1]))
    mean = op.centered(0).mean(axis=axes, keepdims=bool(op.options["keep_dims"]))
    return op.bytes(_rounded(mean * op.scale(0) / np.float64(op.output.scales[0])))


def _pad(op):
    return np.pad(op.data[0], op.data[1].astype(int), constant_values=int(op.inputs[0].zeros[0]))


RUN = {"ADD": _add, "AVERAGE_POOL_2D": _average, "CONV_2D": _conv, "DEPTHWISE_CONV_2D": _depthwise,
       "DEQUANTIZE": _dequantize, "FULLY_CONNECTED": _fully_connected, "MEAN": _mean, "PAD": _pad,
       "QUANTIZE": _quantize}
MOVING = ("MAX_POOL_2D", "RESHAPE", "SQUEEZE", "RESIZE_NEAREST_NEIGHBOR")


def _run(op, name):
    """An operator: in whole numbers, or over real ones and rounded."""
    if op.output.grid is None and name != "DEQUANTIZE":
        return np.float32(reference_tflite.RUN[name](op.options, *map(np.float64, op.data)))
    if name in RUN:
        return RUN[name](op)
    if name in MOVING:  # of one scale
        found = reference_tflite.RUN[name](op.options, *map(np.float64, op.data))
        return op.bytes(found.astype(np.int64) - int(op.output.zeros[0]))
    real = [x if not len(tensor.scales) else op.centered(i) * op.scale(i)
            for i, (x, tensor) in enumerate(zip(op.data, op.inputs))]
    found = reference_tflite.RUN[name](op.options, *map(np.float64, real))
    return op.bytes(_rounded(found / np.float64(op.output.scales[0])))


def run_tflite_bytes(model, x):
    """{tensor's name: array in its own type} of every activation of a tflite_file.Model for the input x,
    real numbers [n, h, w, c]."""
    entry = model.tensors[model.inputs[0]]
    values = {model.inputs[0]: np.float32(x)}
    if entry.grid is not None:
        steps = _rounded(np.float32(x) / np.float32(entry.scales[0])) + int(entry.zeros[0])
        kind = np.int8 if _signed(entry) else np.uint8
        values[model.inputs[0]] = np.clip(steps, np.iinfo(kind).min, np.iinfo(kind).max).astype(kind)
    for operator in model.operators:
        op = _Operator(model, operator, values)
        if operator.name == "RESHAPE" and len(op.data) == 1:
            op.data.append(np.array(op.output.shape))
        values[operator.outputs[0]] = _run(op, operator.name)
    return {model.tensors[number].name: value for number, value in values.items()}


def unsigned(tensor, data):
    """An activation's bytes as its Grid counts them."""
    return (data.astype(np.int64) + (128 if _signed(tensor) else 0)).astype(np.uint8)
