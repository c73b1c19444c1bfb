"""tflite_maker.py - writes tiny .tflite files, between them with every operator that the converter
reads, so that the tests need no model from elsewhere. CASES: name -> function that returns a
Maker."""
import struct

import numpy as np

import reference_tflite
from tflite_file import OPERATORS, OPTIONS, TYPES

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def flatbuffer(item, out):
    """Appends item to the bytearray out; returns its position. A dict is a table of fields: a
    (format, number) is a scalar; bytes, lists, arrays and dicts are what the field points to."""
    if isinstance(item, bytes):
        position = len(out)
        out += struct.pack("<I", len(item)) + item + b"\0"
        return position
    if isinstance(item, np.ndarray):
        position = len(out)
        out += struct.pack("<I", len(item)) + item.tobytes()
        return position
    if isinstance(item, list):
        position = len(out)
        out += struct.pack("<I", len(item))
        if not item or not isinstance(item[0], dict):
            out += struct.pack("<%di" % len(item), *item)
            return position
        return _pointers(position, [(position + 4 + 4 * i, child) for i, child in
                                    enumerate(item)], out, 4 * len(item))
    vtable, offset, scalars, children = [], 4, b"", []
    start = len(out) + 4 + 2 * (max(item) + 1)
    for i in range(max(item) + 1):
        vtable.append(offset if i in item else 0)
        if i not in item:
            continue
        if isinstance(item[i], tuple):
            scalars += struct.pack("<" + item[i][0], item[i][1])
        else:
            children.append((start + offset, item[i]))
            scalars += bytes(4)
        offset = 4 + len(scalars)
    out += struct.pack("<%dH" % (2 + len(vtable)), 4 + 2 * len(vtable), offset, *vtable)
    out += struct.pack("<i", 4 + 2 * len(vtable)) + scalars
    return _pointers(start, children, out, 0)


def _pointers(position, children, out, room):
    out += bytes(room)
    for place, child in children:
        target = flatbuffer(child, out)
        struct.pack_into("<I", out, place, target - place)
    return position


class Maker:
    """Adds operators one by one and runs each at once, so that shapes need not be stated."""

    def __init__(self, *shape, seed=5):
        self.random = np.random.default_rng(seed)
        self.tensors, self.buffers, self.operators = [], [b""], []
        self.values = {self._tensor(shape): self.array(*shape)}
        self.outputs = []

    def array(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def _tensor(self, shape, data=None):
        if data is not None:
            self.buffers.append(data.tobytes())
        kind = 0 if data is None else next(k for k, t in TYPES.items() if t == data.dtype)
        self.tensors.append({0: [int(n) for n in shape], 1: ("b", kind),
                             2: ("I", 0 if data is None else len(self.buffers) - 1),
                             3: b"t%d" % len(self.tensors)})
        return len(self.tensors) - 1

    def add(self, name, *inputs, **options):
        """An operator over tensor numbers and arrays, which become constants; returns its
        output."""
        numbers, values = [], []
        for i in inputs:
            constant = not isinstance(i, int)
            numbers.append(self._tensor(i.shape, i) if constant else i)
            values.append(np.asarray(i, np.float64) if constant else self.values[i])
        options = {key: options.get(key, default)
                   for key, _, _, default in OPTIONS.get(name, ())}
        value = reference_tflite.RUN[name](options, *values)
        if options.get("activation"):
            value = np.clip(value, 0, 6 if options["activation"] == 3 else np.inf)
        output = self._tensor(value.shape)
        self.values[output] = value
        code = next(code for code, known in OPERATORS.items() if known == name)
        fields = {number: (form, options[key])
                  for key, number, form, _ in OPTIONS.get(name, ())}
        self.operators.append((code, numbers, output, fields or {0: ("b", 0)}))
        return output

    def bytes(self, outputs=None, entry=0):
        codes = sorted({code for code, _, _, _ in self.operators})
        operators = [{0: ("I", codes.index(code)), 1: inputs, 2: [output], 4: fields}
                     for code, inputs, output, fields in self.operators]
        graph = {0: self.tensors, 1: [entry], 2: outputs or self.outputs or [len(self.tensors) - 1],
                 3: operators}
        model = {0: ("I", 3), 1: [{0: ("b", code), 3: ("i", code)} for code in codes], 2: [graph],
                 4: [{0: data} for data in self.buffers]}
        out = bytearray(8)
        struct.pack_into("<I4s", out, 0, flatbuffer(model, out), b"TFL3")
        return bytes(out)


WINDOW = {"stride_w": 1, "stride_h": 1}


@case
def convolutions():
    m = Maker(2, 9, 7, 3)
    y = m.add("CONV_2D", 0, m.array(8, 3, 2, 3), m.array(8), stride_w=2, stride_h=1, padding=0,
              activation=1)
    y = m.add("DEPTHWISE_CONV_2D", y, m.array(1, 3, 3, 16), m.array(16), stride_w=2, stride_h=2,
              multiplier=2, activation=3)
    y = m.add("PAD", y, np.int32([[0, 0], [1, 0], [2, 1], [0, 0]]))
    m.add("CONV_2D", y, m.array(5, 2, 2, 16), m.array(5), padding=1, dilation_h=2, **WINDOW)
    return m


@case
def pools_and_activations():
    m = Maker(1, 9, 8, 4)
    y = m.add("MAX_POOL_2D", 0, kernel_w=3, kernel_h=2, stride_w=2, stride_h=2, padding=0)
    y = m.add("RELU6", m.add("PRELU", y, m.array(1, 1, 4)))
    y = m.add("AVERAGE_POOL_2D", y, kernel_w=2, kernel_h=3, padding=0, **WINDOW)
    z = m.add("LOGISTIC", m.add("RELU", y))
    m.add("CONCATENATION", y, z, axis=3)
    return m


@case
def arithmetic():
    m = Maker(1, 4, 5, 6)
    y = m.add("MUL", m.array(6), 0)
    y = m.add("ADD", y, m.array(6))
    y = m.add("SUB", y, np.float32([0.5]))
    y = m.add("SUB", m.array(6), y)
    y = m.add("DIV", y, m.array(6) + 3)
    y = m.add("ADD", y, m.add("MUL", y, 0, activation=1))
    y = m.add("RESHAPE", y, np.int32([1, 120]))
    y = m.add("FULLY_CONNECTED", y, m.array(7, 120), m.array(7), activation=1)
    m.add("SOFTMAX", y, beta=1.0)
    return m


@case
def spelled_out_patterns():
    """PReLU and softmax as older converters write them, in both forms."""
    m = Maker(2, 4, 5, 6)
    y = m.add("ADD", m.add("RELU", 0), m.add("MUL", m.array(6), m.add("SUB", 0, m.add("ABS", 0))))
    y = m.add("CONV_2D", y, m.array(4, 1, 1, 6), m.array(4), padding=1, **WINDOW)
    minus = m.add("NEG", m.add("RELU", m.add("NEG", y)))
    y = m.add("ADD", m.add("RELU", y), m.add("MUL", m.array(4), minus))
    axis = np.int32([3])
    power = m.add("EXP", m.add("SUB", y, m.add("REDUCE_MAX", y, axis, keep_dims=1)))
    m.add("DIV", power, m.add("SUM", power, axis, keep_dims=1))
    return m


@case
def half_precision_and_channels():
    """As BlazeFace is written: weights in float16, a shortcut that gets more channels by zeros."""
    m = Maker(1, 8, 8, 3)
    filters = m.add("DEQUANTIZE", m.array(5, 3, 3, 3).astype(np.float16))
    bias = m.add("DEQUANTIZE", m.array(5).astype(np.float16))
    y = m.add("CONV_2D", 0, filters, bias, stride_w=2, stride_h=2)
    y = m.add("LEAKY_RELU", y, alpha=0.2)
    z = m.add("MAX_POOL_2D", 0, kernel_w=2, kernel_h=2, stride_w=2, stride_h=2)
    y = m.add("ADD", y, m.add("PAD", z, np.int32([[0, 0], [0, 0], [0, 0], [0, 2]])), activation=1)
    y = m.add("PAD", y, np.int32([[0, 0], [1, 0], [0, 2], [3, 1]]))
    y = m.add("PAD", y, np.int32([[0, 0], [0, 1], [1, 0], [0, 0]]))
    m.add("MAX_POOL_2D", y, kernel_w=2, kernel_h=3, **WINDOW)
    return m


@case
def sizes_and_curves():
    m = Maker(1, 4, 5, 6)
    y = m.add("RESIZE_BILINEAR", 0, np.int32([8, 10]), half_pixel_centers=1)
    y = m.add("RESIZE_BILINEAR", m.add("TANH", y), np.int32([5, 13]), align_corners=1)
    y = m.add("HARD_SWISH", m.add("RESIZE_BILINEAR", y, np.int32([7, 9])))
    y = m.add("RESIZE_NEAREST_NEIGHBOR", y, np.int32([14, 18]))
    y = m.add("L2_NORMALIZATION", m.add("SQUEEZE", m.add("MEAN", y, np.int32([1, 2]), keep_dims=1)))
    m.add("MUL", y, m.array(6))
    return m
