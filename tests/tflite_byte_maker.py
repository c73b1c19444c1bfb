"""tflite_byte_maker.py - the tiny networks of tflite_maker.py in whole numbers, as TensorFlow Lite
quantizes them: scales from the values that the maker computed, weights in int8 for each channel or in
uint8 with a zero point. CASES: name -> function that returns a Maker, with the operators that stay in
float32 between a DEQUANTIZE and a QUANTIZE."""
import numpy as np

import tflite_maker
from tflite_file import OPERATORS, TYPES
from tflite_maker import WINDOW, Maker

KINDS = {kind: number for number, kind in TYPES.items()}
CODES = {name: code for code, name in OPERATORS.items()}
# Their output has the scale of their input.
SAME_SCALE = ("MAX_POOL_2D", "PAD", "RESHAPE", "RESIZE_NEAREST_NEIGHBOR", "SQUEEZE")
FILTERED = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}  # axis of output channels
CASES = {name: (tflite_maker.CASES[name], ()) for name in (
    "convolutions", "pools_and_activations", "arithmetic", "sizes_and_curves")}


def case(*floats):
    def add(function):
        CASES[function.__name__] = function, floats
        return function
    return add


@case("PRELU")
def blocks_of_a_mobile_network():
    """As ../shared/models/coral has them: PRELU in float32, paddings by themselves, residuals."""
    m = Maker(1, 12, 10, 3)
    y = m.add("PAD", 0, np.int32([[0, 0], [1, 1], [1, 1], [0, 0]]))
    y = m.add("CONV_2D", y, m.array(8, 3, 3, 3), m.array(8), padding=1, stride_w=2, stride_h=2)
    block = y = m.add("PRELU", y, np.abs(m.array(1, 1, 8)) / 2)
    y = m.add("CONV_2D", y, m.array(16, 1, 1, 8), m.array(16), padding=1, **WINDOW)
    y = m.add("PRELU", y, m.array(1, 1, 16) / 2)
    y = m.add("PAD", y, np.int32([[0, 0], [1, 1], [1, 1], [0, 0]]))
    y = m.add("DEPTHWISE_CONV_2D", y, m.array(1, 3, 3, 16), m.array(16), padding=1, multiplier=1,
              **WINDOW)
    y = m.add("CONV_2D", y, m.array(8, 1, 1, 16), m.array(8), padding=1, **WINDOW)
    y = m.add("ADD", y, block)
    y = m.add("CONV_2D", y, m.array(6, 6, 5, 8), m.array(6), padding=1, **WINDOW)
    m.add("RESHAPE", y, np.int32([1, 6]))
    return m


@case()
def heads_that_are_joined():
    """Two branches with scales of their own are joined; the mean of a picture; ReLUs at both ends."""
    m = Maker(1, 8, 6, 4)
    y = m.add("CONV_2D", 0, m.array(6, 3, 3, 4), m.array(6), activation=1, **WINDOW)
    z = m.add("CONV_2D", y, 5 * m.array(3, 1, 1, 6), m.array(3), activation=3, **WINDOW)
    y = m.add("CONCATENATION", y, z, axis=3)
    y = m.add("ADD", y, m.add("MAX_POOL_2D", y, kernel_w=3, kernel_h=3, **WINDOW), activation=1)
    y = m.add("MEAN", y, np.int32([1, 2]), keep_dims=1)
    m.add("FULLY_CONNECTED", m.add("RESHAPE", y, np.int32([1, 9])), m.array(5, 9), m.array(5))
    return m


@case()
def channels_by_padding():
    m = Maker(1, 6, 6, 3)
    y = m.add("MAX_POOL_2D", 0, kernel_w=2, kernel_h=2, stride_w=2, stride_h=2)
    y = m.add("PAD", y, np.int32([[0, 0], [0, 0], [0, 0], [0, 2]]))
    z = m.add("CONV_2D", 0, m.array(5, 2, 2, 3), m.array(5), stride_w=2, stride_h=2)
    y = m.add("PAD", m.add("ADD", y, z, activation=1), np.int32([[0, 0], [1, 0], [0, 1], [0, 0]]))
    m.add("AVERAGE_POOL_2D", m.add("MAX_POOL_2D", y, kernel_w=2, kernel_h=2, **WINDOW), kernel_w=2,
          kernel_h=1, **WINDOW)
    return m


def _range(values, kind):
    """(scale, zero point) that hold values and zero."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    scale = np.float32((high - low) / 255 or 1)
    return scale, int(np.clip(np.rint(-low / scale), 0, 255)) + np.iinfo(kind).min


class Quantized:
    """A Maker's network with activations of a kind, np.int8 or np.uint8. weights: "channel", "tensor"
    (int8) or "uint8". ends: the input and the outputs are float32. x: the maker's own input."""

    def __init__(self, maker, floats=(), kind=np.int8, weights="channel", ends=True):
        self.kind, self.weights, self.maker = np.dtype(kind), weights, maker
        self.tensors = [dict(tensor) for tensor in maker.tensors]
        self.buffers, self.operators = list(maker.buffers), []
        self.scales, self.x = {}, maker.values[0].astype(np.float32)
        self.input = self._twin(0, 0, "in") if ends else 0
        self._activation(0, None)
        for code, inputs, output, fields in maker.operators:
            name = OPERATORS[code]
            self._activation(output, inputs[0] if name in SAME_SCALE else None)
            if name in floats:
                before, after = self._twin(inputs[0], 0, name), self._twin(output, 0, name)
                self.operators += [(CODES["DEQUANTIZE"], [inputs[0]], before, {}),
                                   (code, [before] + inputs[1:], after, fields),
                                   (CODES["QUANTIZE"], [after], output, {})]
                continue
            self._weights(name, inputs)
            self.operators.append((code, inputs, output, fields))
        self.outputs = maker.outputs or [maker.operators[-1][2]]
        if ends:
            self.operators.insert(0, (CODES["QUANTIZE"], [self.input], 0, {}))
            self.outputs = [self._dequantized(output) for output in self.outputs]

    def _twin(self, number, kind, why):
        """A tensor of the same shape, of the type `kind`."""
        name = b"%s:%s%d" % (self.tensors[number][3], why.encode(), len(self.tensors))
        self.tensors.append({0: self.tensors[number][0], 1: ("b", kind), 2: ("I", 0), 3: name})
        return len(self.tensors) - 1

    def _dequantized(self, number):
        twin = self._twin(number, 0, "out")
        self.operators.append((CODES["DEQUANTIZE"], [number], twin, {}))
        return twin

    def _say(self, number, kind, scales, zeros, axis=0):
        self.tensors[number][1] = ("b", KINDS[np.dtype(kind)])
        self.tensors[number][4] = {2: np.atleast_1d(scales).astype("<f4"),
                                   3: np.atleast_1d(zeros).astype("<i8"), 6: ("i", axis)}

    def _activation(self, number, same):
        if number not in self.scales:
            self.scales[number] = (self.scales[same] if same is not None else
                                   _range(self.maker.values[number], self.kind))
            self._say(number, self.kind, *self.scales[number])

    def _constant(self, number):
        """The numbers of a constant in float32, or None."""
        buffer = self.tensors[number][2][1]
        if buffer == 0 or self.tensors[number][1] != ("b", 0):
            return None
        return np.frombuffer(self.buffers[buffer], "<f4").reshape(self.tensors[number][0])

    def _set(self, number, data):
        self.buffers.append(data.tobytes())
        self.tensors[number][2] = ("I", len(self.buffers) - 1)

    def _weights(self, name, inputs):
        for i, number in enumerate(inputs):
            data = self._constant(number)
            if data is None:
                continue
            if name in FILTERED and i == 2:
                product = self.scales[inputs[0]][0].astype(np.float64) * self.filter_scales
                self._set(number, np.rint(data / product).astype("<i4"))
                self._say(number, np.int32, product, np.zeros(len(np.atleast_1d(product))))
                continue
            per_channel = name in FILTERED and self.weights == "channel"
            axis = FILTERED[name] if per_channel else 0
            self.filter_scales = self._whole(number, data, axis, per_channel)

    def _whole(self, number, data, axis, per_channel):
        """A constant in whole numbers of 8 bits; returns its scales."""
        if self.weights == "uint8":
            scale, zero = _range(data, np.uint8)
            self._set(number, np.clip(np.rint(data / scale) + zero, 0, 255).astype("u1"))
            self._say(number, np.uint8, scale, zero)
            return np.float64(scale)
        others = tuple(i for i in range(data.ndim) if i != axis or not per_channel)
        scales = (np.abs(data).max(axis=others, keepdims=True) / 127).astype(np.float32)
        self._set(number, np.rint(data / scales).astype("i1"))
        flat = scales.reshape(-1).astype(np.float64)
        self._say(number, np.int8, flat, np.zeros(len(flat)), axis)
        return flat if per_channel else flat[0]

    def bytes(self):
        maker = Maker(1, 1, 1, 1)
        maker.tensors, maker.buffers, maker.operators = self.tensors, self.buffers, [
            (*operator[:3], operator[3] or {0: ("b", 0)}) for operator in self.operators]
        return maker.bytes(self.outputs, self.input)
