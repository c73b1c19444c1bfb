"""onnx_cases.py - tiny ONNX models, between them with every operator that the converter reads.

CASES: name -> function that returns (ModelProto, input shape [n, c, h, w]). Outputs of four
dimensions are [n, c, h, w], but for the cases of CHANNELS_LAST; so is the input, but for those of
INPUT_CHANNELS_LAST."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

CASES = {}
CHANNELS_LAST = {"concat_and_softmax"}
INPUT_CHANNELS_LAST = {"input_with_channels_last"}
LENGTH_DROPPED = {"normalized", "normalized_by_one_operator"}  # simplified they do not scale
ROUNDED_CONSTANTS = {"gelu_spelled_out"}  # the file's root of 2 is in f32, ours is not


def case(function):
    CASES[function.__name__] = function
    return function


class Maker:
    """Collects nodes and constants; values are called v0, v1, ... in order of computation."""

    def __init__(self, opset, shape, seed=7):
        self.opset, self.shape = opset, shape
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants, self.count = [], [], 0
        self.last = "x"

    def array(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def constant(self, array):
        name = "k%d" % len(self.constants)
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, operator, *inputs, **attributes):
        """A node over names (default: the last value) and arrays, which become constants."""
        names = [i if isinstance(i, str) else self.constant(i) for i in inputs] or [self.last]
        self.last = "v%d" % self.count
        self.count += 1
        self.nodes.append(helper.make_node(operator, names, [self.last], "node_" + self.last,
                                           **attributes))
        return self.last

    def conv(self, c_out, c_in, size=3, source=None, **attributes):
        groups = attributes.get("group", 1)
        return self.add("Conv", source or self.last, self.array(c_out, c_in // groups, size, size),
                        self.array(c_out), **attributes)

    def model(self, *outputs, free=False):
        dims = ["n", self.shape[1], "h", "w"] if free else list(self.shape)
        entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
                   for name in outputs or (self.last,)]
        graph = helper.make_graph(self.nodes, "tiny", [entry], results, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 7
        return model, self.shape


@case
def conv_padding_stride_dilation():
    m = Maker(13, (1, 3, 13, 11))
    m.conv(8, 3, pads=[2, 0, 1, 3], strides=[2, 1])
    m.conv(6, 8, dilations=[2, 1], auto_pad="VALID")
    m.conv(4, 6, auto_pad="SAME_UPPER", strides=[2, 2])
    m.conv(5, 4, size=2, auto_pad="SAME_LOWER")
    return m.model()


@case
def conv_groups():
    m = Maker(13, (1, 8, 9, 9))
    m.conv(16, 8, group=4, pads=[1, 1, 1, 1])
    m.conv(16, 16, group=16, pads=[1, 1, 1, 1], strides=[2, 2])
    m.conv(32, 16, group=16)
    return m.model()


@case
def conv_without_bias_batch_norm_relu():
    m = Maker(13, (1, 3, 8, 8))
    m.add("Conv", "x", m.array(7, 3, 3, 3))
    m.add("BatchNormalization", m.last, m.array(7), m.array(7), m.array(7), m.array(7) ** 2,
          epsilon=1e-3)
    m.add("Relu")
    return m.model()


@case
def batch_norm_before_padding():
    """Cannot be folded into the convolution behind it: that one pads with zeros."""
    m = Maker(13, (1, 5, 6, 7))
    m.add("BatchNormalization", "x", m.array(5), m.array(5), m.array(5), m.array(5) ** 2)
    m.conv(4, 5, pads=[1, 1, 1, 1])
    return m.model()


@case
def activations():
    m = Maker(13, (1, 4, 5, 6))
    first = m.conv(6, 4)
    m.add("PRelu", m.last, m.array(6, 1, 1))
    m.add("LeakyRelu", alpha=0.2)
    m.conv(6, 6, size=1)
    m.add("Clip", m.last, np.float32(-0.5), np.float32(0.75))
    m.add("Relu")
    m.add("Sigmoid", first)
    sigmoid = m.last
    m.add("PRelu", "x", np.float32([0.3]))
    return m.model("v5", sigmoid, m.last)


@case
def clip_by_attributes():
    m = Maker(9, (1, 4, 5, 6))
    m.conv(6, 4)
    m.add("Clip", min=0.0, max=6.0)
    return m.model()


@case
def residuals():
    m = Maker(13, (1, 6, 7, 7))
    stem = m.conv(6, 6, pads=[1, 1, 1, 1])
    m.add("Relu")
    left = m.conv(6, 6, size=1, source=stem)
    m.add("Add", left, stem)
    m.add("Relu")
    block = m.last
    left = m.conv(6, 6, size=1, source=block)
    right = m.conv(6, 6, size=3, source=block, pads=[1, 1, 1, 1])
    m.add("Add", left, right)
    m.add("Mul", m.last, block)
    return m.model()


@case
def arithmetic_with_constants():
    m = Maker(13, (1, 4, 5, 6))
    m.add("Mul", "x", m.array(1, 4, 1, 1))
    m.add("Add", m.array(4, 1, 1), m.last)
    m.add("Mul", m.last, np.float32(0.25))
    m.conv(3, 4)
    m.add("Add", m.last, m.array(3, 1, 1))
    m.add("Mul", m.last, m.array(3, 1, 1))
    m.add("Sub", m.last, m.array(3, 1, 1))
    m.add("Sub", np.float32(127.5), m.last)
    m.add("Div", m.last, m.array(1, 3, 1, 1) + 4)
    return m.model()


@case
def squeeze_and_excite():
    m = Maker(13, (1, 8, 6, 6))
    x = m.conv(8, 8)
    m.add("GlobalAveragePool")
    m.conv(2, 8, size=1)
    m.add("Relu")
    m.conv(8, 2, size=1)
    m.add("Sigmoid")
    m.add("Mul", m.last, x)
    return m.model()


@case
def max_pools():
    m = Maker(13, (1, 3, 13, 12))
    first = m.add("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2])
    second = m.add("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    m.add("MaxPool", second, kernel_shape=[2, 3], pads=[1, 1, 0, 1])
    return m.model(first, m.last)


@case
def average_pools():
    m = Maker(13, (1, 3, 12, 12))
    first = m.add("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    second = m.add("AveragePool", "x", kernel_shape=[3, 2], pads=[1, 0, 1, 1], count_include_pad=1)
    m.add("AveragePool", "x", kernel_shape=[12, 12])
    return m.model(first, second, m.last)


@case
def flatten_gemm():
    m = Maker(13, (1, 3, 4, 5))
    m.conv(6, 3)
    m.add("Flatten")
    m.add("Gemm", m.last, m.array(10, 36), m.array(10), transB=1, alpha=0.5, beta=2.0)
    m.add("PRelu", m.last, m.array(10))
    m.add("Dropout")
    m.add("Gemm", m.last, m.array(10, 4))
    m.add("Softmax", m.last, axis=1)
    return m.model()


@case
def reshape_matmul():
    m = Maker(13, (1, 3, 4, 5))
    m.add("Reshape", "x", np.int64([1, -1]))
    m.add("MatMul", m.last, m.array(60, 7))
    m.add("Add", m.last, m.array(7))
    m.add("Relu")
    m.add("Identity")
    return m.model()


@case
def concat_and_softmax():
    m = Maker(11, (1, 4, 6, 6))
    a = m.conv(3, 4, size=1)
    b = m.conv(5, 4, size=1, source="x")
    m.add("Concat", a, b, axis=1)
    wide = m.add("Concat", m.last, m.last, axis=3)
    m.add("Transpose", wide, perm=[0, 2, 3, 1])
    m.add("Softmax", m.last, axis=3)
    return m.model()


@case
def softmax_over_channels():
    m = Maker(13, (1, 4, 3, 5))
    m.conv(6, 4, size=1)
    m.add("Softmax", m.last, axis=1)
    return m.model()


@case
def resize_nearest():
    m = Maker(13, (1, 4, 5, 3))
    m.add("Resize", "x", np.float32([]), np.float32([1, 1, 2, 2]), mode="nearest",
          coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    m.add("Resize", m.last, np.float32([]), np.float32([1, 1, 3, 3]), mode="nearest")
    return m.model()


@case
def resize_to_sizes():
    m = Maker(13, (1, 2, 4, 3))
    m.add("Resize", "x", np.float32([]), np.float32([]), np.int64([1, 2, 8, 6]), mode="nearest")
    return m.model()


@case
def upsample():
    m = Maker(9, (1, 4, 5, 3))
    m.add("Upsample", "x", np.float32([1, 1, 2, 2]), mode="nearest")
    return m.model()


@case
def pad_before_conv():
    m = Maker(13, (1, 3, 6, 6))
    m.add("Pad", "x", np.int64([0, 0, 1, 2, 0, 0, 3, 0]))
    m.conv(4, 3, pads=[0, 1, 0, 0])
    return m.model()


@case
def heads_of_free_size():
    """A detector's head: maps to [n, h * w, c] with a shape that is computed; free height,
    width."""
    m = Maker(11, (1, 3, 32, 64))
    x = m.conv(8, 3, pads=[1, 1, 1, 1], strides=[2, 2])
    m.add("Transpose", x, perm=[0, 2, 3, 1])
    moved = m.last
    m.add("Shape", x)
    m.add("Gather", m.last, np.int64(0), axis=0)
    m.add("Unsqueeze", m.last, axes=[0])
    m.add("Concat", m.last, np.int64([-1]), np.int64([8]), axis=0)
    m.add("Reshape", moved, m.last)
    m.add("Sigmoid")
    return m.model(free=True)


@case
def heads_in_channel_order():
    """Without the transpose the rows hold other numbers: the graph must move them."""
    m = Maker(13, (1, 3, 6, 4))
    m.conv(8, 3, size=1)
    m.add("Reshape", m.last, np.int64([0, 4, -1]))
    return m.model()


@case
def shuffle_channels():
    m = Maker(13, (1, 4, 6, 6))
    m.conv(6, 4, size=1)
    m.add("Transpose", m.last, perm=[0, 3, 2, 1])
    m.conv(5, 6, size=1)
    return m.model()


@case
def shapes_of_ones():
    m = Maker(11, (1, 6, 5, 5))
    m.add("GlobalAveragePool", "x")
    m.add("Squeeze", m.last, axes=[2, 3])
    m.add("Unsqueeze", m.last, axes=[2, 3])
    m.conv(4, 6, size=1)
    m.add("Flatten")
    return m.model()


@case
def constants_by_nodes():
    m = Maker(13, (1, 3, 4, 4))
    value = numpy_helper.from_array(np.float32([0.5]))
    m.nodes.append(helper.make_node("Constant", [], ["half"], "half", value=value))
    m.add("Mul", "x", "half")
    product = m.last
    m.add("Shape", "x")
    m.add("Cast", m.last, to=TensorProto.INT64)
    m.add("Slice", m.last, np.int64([0]), np.int64([1]))
    m.add("Concat", m.last, np.int64([-1]), axis=0)
    m.add("Reshape", product, m.last)
    return m.model()


@case
def steps_that_change_nothing():
    m = Maker(10, (1, 4, 6, 6))
    m.add("Pad", "x", mode="constant", pads=[0] * 8, value=0.0)
    m.add("Concat", m.last, axis=1)
    m.add("Cast", m.last, to=TensorProto.DOUBLE)
    m.add("Cast", m.last, to=TensorProto.FLOAT)
    m.add("AveragePool", m.last, kernel_shape=[3, 3], strides=[3, 3])
    return m.model()


@case
def weights_in_other_types():
    """Half precision, and integers with a scale for all or for each filter."""
    m = Maker(13, (1, 4, 6, 6))
    half = m.add("Cast", m.array(6, 4, 3, 3).astype(np.float16), to=TensorProto.FLOAT)
    m.add("Conv", "x", half)
    x = m.last  # a matrix in integers ONNX Runtime would not multiply in f32
    whole = m.random.integers(-128, 128, (5, 6, 1, 1)).astype(np.int8)
    m.add("DequantizeLinear", whole, np.abs(m.array(5)), np.int8([3, -4, 0, 9, -100]), axis=0)
    m.add("Conv", x, m.last)
    x = m.last
    whole = m.random.integers(0, 256, (3, 5, 2, 2)).astype(np.uint8)
    m.add("DequantizeLinear", whole, np.float32(0.25), np.uint8(128))
    m.add("Conv", x, m.last)
    m.add("Flatten")
    m.add("Gemm", m.last, m.array(27, 7))
    m.add("BatchNormalization", m.last, m.array(7), m.array(7), m.array(7), m.array(7) ** 2)
    return m.model()


@case
def batch_is_last():
    """As InsightFace exports detectors: rows without a batch."""
    m = Maker(11, (1, 3, 16, 24))
    x = m.conv(8, 3, pads=[1, 1, 1, 1], strides=[2, 2])
    m.add("Transpose", x, perm=[2, 3, 0, 1])
    m.add("Reshape", m.last, np.int64([-1, 4]))
    m.add("Sigmoid")
    m.add("Transpose", x, perm=[0, 2, 3, 1])
    m.add("Squeeze", m.last, axes=[0])
    return m.model(m.last, "v3", free=True)


@case
def flatten_at_every_axis():
    m = Maker(11, (1, 3, 4, 5))
    m.add("GlobalAveragePool", m.conv(6, 3))
    m.add("Flatten", m.last, axis=-3)
    m.add("Flatten", m.last, axis=0)
    return m.model()


@case
def scales_that_are_computed():
    """The factor of an Upsample as older PyTorch writes it: size wanted by size there."""
    m = Maker(9, (1, 2, 6, 4))
    m.add("Shape", "x")
    m.add("Slice", m.last, starts=[2], ends=[2 ** 62], axes=[0])
    m.add("Cast", m.last, to=TensorProto.FLOAT)
    m.add("Div", np.float32([12, 8]), m.last)
    m.add("Concat", np.float32([1, 1]), m.last, axis=0)
    m.add("Upsample", "x", m.last, mode="nearest")
    m.add("Shape")
    m.add("Div", m.last, np.int64([1, 1, 1, 3]))
    m.add("Mul", m.last, np.int64([1, 1, 1, 4]))
    m.add("Reshape", "v5", m.last)
    return m.model()


@case
def normalized():
    """As PyTorch's functional.normalize is written."""
    m = Maker(13, (1, 3, 4, 5))
    m.add("GlobalAveragePool", m.conv(6, 3))
    x = m.add("Flatten")
    m.add("ReduceL2", x, axes=[1], keepdims=1)
    m.add("Clip", m.last, np.float32(1e-12))
    norm = m.last
    m.add("Expand", norm, m.add("Shape", x))
    m.add("Div", x, m.last)
    return m.model()


@case
def normalized_by_one_operator():
    m = Maker(13, (1, 3, 4, 5))
    m.add("GlobalAveragePool", m.conv(6, 3))
    m.add("LpNormalization", m.last, axis=1)
    m.add("Flatten")
    return m.model()


@case
def input_with_channels_last():
    """As networks of TensorFlow are exported."""
    m = Maker(13, (1, 6, 5, 3))
    m.add("Sub", "x", m.array(3))
    m.add("Transpose", m.last, perm=[0, 3, 1, 2])
    m.conv(4, 3)
    return m.model()


import onnx_attention_cases  # noqa: E402,F401 - its cases join these
