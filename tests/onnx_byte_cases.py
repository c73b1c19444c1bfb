"""onnx_byte_cases.py - tiny ONNX models between QuantizeLinear and DequantizeLinear. CASES: name ->
function that returns (ModelProto, input shape [n, c, h, w])."""
import numpy as np

import onnx_cases

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


class Maker(onnx_cases.Maker):
    """kind: of activations and of zero points, np.int8 or np.uint8."""

    def __init__(self, shape, kind=np.uint8, opset=13):
        super().__init__(opset, shape)
        self.kind, self.scales = np.dtype(kind), {}

    def steps(self, scale, zero):
        """(scale, zero point), 0..255, as constants of the model."""
        return self.constant(np.float32(scale)), self.constant(
            np.array(zero + np.iinfo(self.kind).min, self.kind))

    def rounded(self, value, scale, zero, *movers):
        """value between QuantizeLinear and DequantizeLinear; movers: (operator, inputs, attributes)
        that move the bytes between them."""
        how = self.steps(scale, zero)
        self.add("QuantizeLinear", value, *how)
        for operator, inputs, attributes in movers:
            self.add(operator, self.last, *inputs, **attributes)
        self.add("DequantizeLinear", self.last, *how)
        self.scales[self.last] = np.float32(scale)
        return self.last

    def weights(self, *shape, axis=0, kind=np.int8):
        """A DequantizeLinear of constant weights with a scale for each index of axis: sums of them and
        numbers of about one are of about one."""
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        zeros = np.zeros(shape[axis], np.int8)
        if kind == np.uint8:
            data, zeros = (data.astype(int) + 128).astype(np.uint8), np.full(shape[axis], 128, np.uint8)
        size = np.sqrt(np.prod(shape) / shape[axis])
        scales = (self.random.uniform(0.5, 1.5, shape[axis]) / 127 / size).astype(np.float32)
        self.add("DequantizeLinear", data, scales, zeros, axis=axis)
        self.scales[self.last] = scales
        return self.last

    def bias(self, x, filters):
        """In int32, in steps of the products of these values: ONNX Runtime takes no others."""
        steps = self.scales.get(x, np.float32(0.03)) * self.scales[filters]
        whole = self.random.uniform(-0.5, 0.5, len(steps)) / steps
        return self.add("DequantizeLinear", np.rint(whole).astype(np.int32), steps,
                        np.zeros(len(steps), np.int32), axis=0)

    def whole_conv(self, x, c_out, c_in, size=3, **attributes):
        groups = attributes.get("group", 1)
        filters = self.weights(c_out, c_in // groups, size, size)
        return self.add("Conv", x, filters, self.bias(x, filters), **attributes)


@case
def a_residual_block(kind=np.uint8):
    """The ReLUs are cut off at a zero point of 0, but for one that stands there."""
    m = Maker((1, 3, 12, 10), kind)
    x = m.rounded("x", 0.03, 128)
    x = m.rounded(m.whole_conv(x, 8, 3, pads=[1, 1, 1, 1]), 0.022, 0)
    x = m.rounded(m.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), 0.022, 0)
    y = m.rounded(m.whole_conv(x, 8, 8, size=1), 0.011, 0)
    y = m.rounded(m.whole_conv(y, 8, 8, group=8, pads=[1, 1, 1, 1]), 0.013, 120)
    z = m.rounded(m.whole_conv(x, 8, 8, size=1), 0.016, 130)
    y = m.rounded(m.add("Relu", m.add("Add", y, z)), 0.012, 0)
    m.add("GlobalAveragePool", y)
    return m.model()


@case
def a_residual_block_in_int8():
    return a_residual_block(np.int8)


@case
def dense_layers():
    m = Maker((1, 3, 4, 5))
    x = m.rounded(m.rounded("x", 0.03, 128), 0.03, 128, ("Transpose", [], {"perm": [0, 1, 3, 2]}),
                  ("Reshape", [np.int64([1, 60])], {}))
    filters = m.weights(9, 60)
    x = m.add("Gemm", x, filters, m.bias(x, filters), transB=1)
    x = m.rounded(m.add("PRelu", m.rounded(x, 0.035, 128), m.array(9)), 0.04, 150)
    x = m.add("Gemm", x, m.weights(9, 7, axis=1, kind=np.uint8), m.array(7))
    x = m.rounded(x, 0.025, 100)
    m.add("MatMul", x, m.weights(7, 5, axis=1))
    return m.model()


@case
def branches_that_are_joined():
    """Scales of their own before Concat; a Sigmoid between bytes; weights quantized in the graph."""
    m = Maker((1, 4, 6, 6))
    x = m.rounded("x", 0.03, 128)
    a = m.rounded(m.whole_conv(x, 3, 4, size=1), 0.025, 110)
    b = m.rounded(m.whole_conv(x, 5, 4, size=1), 0.012, 0)
    y = m.rounded(m.add("Concat", a, b, axis=1), 0.026, 100)
    s = m.rounded(m.add("Sigmoid", m.rounded(m.whole_conv(y, 8, 8), 0.013, 128)), 1 / 255, 0)
    how = m.constant(np.float32(0.01)), m.constant(np.int8(0))
    filters = m.add("QuantizeLinear", m.array(6, 8, 2, 2) / 4, *how)
    m.add("Conv", s, m.add("DequantizeLinear", filters, *how))
    return m.model()


@case
def filters_for_numbers_that_are_not_rounded():
    """Weights alone are whole numbers."""
    m = Maker((1, 4, 6, 6))
    x = m.add("Relu", m.whole_conv("x", 6, 4))
    m.whole_conv(x, 4, 6, size=1)
    return m.model()
