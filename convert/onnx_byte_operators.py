"""onnx_byte_operators.py - QuantizeLinear and DequantizeLinear. EMITTERS as in onnx_operators.py.

Activations are read as the real numbers that their bytes stand for: QuantizeLinear rounds to a grid and
DequantizeLinear, with the same scale and zero point, changes nothing. Between the two stand only
operators that move numbers. Weights are read as real numbers too, and the reader keeps beside them the
bytes that they were (reader.bytes), for the operators that have filters."""
from dataclasses import dataclass

import numpy as np

from graph import ConvertError
from grids import activation_grid, byte_filter, check_scales, check_zeros

# Operators whose output in bytes has the scale of their inputs.
MOVING = ("Concat", "Flatten", "Identity", "MaxPool", "Reshape", "Slice", "Split", "Squeeze",
          "Transpose", "Unsqueeze")


@dataclass(frozen=True)
class Bytes:
    """Constant weights as the file has them: scale · (data - zero), one for all or for each index of
    axis."""
    data: object
    scale: object
    zero: object
    axis: int

    def filter(self, order):
        """A grids.Filter, its axes in this order, which begins with the output channels."""
        several = max(np.size(self.scale), np.size(self.zero)) > 1
        axis = list(order).index(self.axis % self.data.ndim) if several else 0
        return byte_filter(self.data.transpose(order), self.scale, self.zero, axis)


def _steps(call):
    """(scale, zero point in its type) of a node's inputs 1 and 2."""
    scale = np.asarray(call.constant(1))
    if scale.dtype.kind != "f":
        raise ConvertError("a scale of type %s" % scale.dtype)
    zero = np.asarray(call.constant(2)) if call.has(2) else np.zeros(scale.shape, np.uint8)
    if call.attribute("block_size", 0) or scale.ndim > 1 or zero.shape != scale.shape:
        raise ConvertError("scales of shape %s and zero points of shape %s, wanted is one, or one for "
                           "each slice" % (list(scale.shape), list(zero.shape)))
    return scale, zero


def _check_byte(kind):
    if np.dtype(kind) not in (np.int8, np.uint8):
        raise ConvertError("whole numbers of type %s: read are int8 and uint8" % kind)


def _along(numbers, call, data):
    """numbers, one or one for each index of the node's axis, to go with data."""
    if np.size(numbers) == 1:
        return np.reshape(numbers, ()).astype(np.float64)
    dims = [1] * data.ndim
    dims[call.attribute("axis", 1)] = np.size(numbers)
    return np.reshape(numbers, dims).astype(np.float64)


def _quantize(call):
    scale, zero = _steps(call)
    if call.attribute("output_dtype", 0) and not call.has(2):
        raise ConvertError("output_dtype without a zero point is not supported")
    _check_byte(zero.dtype)
    if not call.is_constant(0):
        x, grid = call.value(0), activation_grid(scale, zero, zero.dtype)
        call.reader.quantized[call.output] = scale.tobytes(), zero.dtype, zero.tobytes()
        return call.append("round", [x], x.axes, grid=grid)
    check_scales(scale)
    data, range_ = call.weights(0), np.iinfo(zero.dtype)
    steps = np.rint(data / _along(scale, call, data)) + _along(zero, call, data)
    return np.clip(steps, range_.min, range_.max).astype(zero.dtype)


def _activation(call, scale, zero):
    """The real numbers are those that QuantizeLinear rounded; or the network's input."""
    name = call.node.input[0]
    if name not in call.reader.quantized and name == call.reader.entry:
        _check_byte(zero.dtype)
        x = call.value(0)
        return call.append("round", [x], x.axes, grid=activation_grid(scale, zero, zero.dtype))
    if call.reader.quantized.get(name) != (scale.tobytes(), zero.dtype, zero.tobytes()):
        raise ConvertError("its input has no scale and zero point that are the node's own")
    return call.seen(0)


def _dequantize(call):
    scale, zero = _steps(call)
    if not call.is_constant(0):
        return _activation(call, scale, zero)
    data = call.constant(0)
    if data.dtype.kind not in "iu" or (call.has(2) and zero.dtype != data.dtype):
        raise ConvertError("numbers of type %s with a zero point of type %s" % (data.dtype,
                                                                               zero.dtype))
    if data.dtype in (np.int8, np.uint8):
        check_zeros(zero, data.dtype)
        call.reader.bytes[call.output] = Bytes(data, scale, zero, call.attribute("axis", 1))
    return (data - _along(zero, call, data)) * _along(scale, call, data)


EMITTERS = {
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize,
}
