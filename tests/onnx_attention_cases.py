"""onnx_attention_cases.py - more of onnx_cases.py: attention, norms, curves, parts of activations, sizes,
and what newer opsets moved."""
import numpy as np
from onnx import helper

from onnx_cases import Maker, case


@case
def attention():
    """As EdgeFace computes it: heads that have no axis of their own, turned before they are split."""
    m = Maker(17, (1, 8, 4, 5))
    m.add("Transpose", m.conv(8, 8, size=1), perm=[0, 2, 3, 1])
    m.add("Reshape", m.last, np.int64([1, 20, 8]))
    x = m.add("LayerNormalization", m.last, m.array(8), m.array(8), axis=-1, epsilon=1e-6)
    m.add("MatMul", x, m.array(8, 24))
    m.add("Add", m.last, m.array(24))
    m.add("Reshape", m.last, np.int64([20, 3, 2, 4]))
    m.add("Transpose", m.last, perm=[1, 2, 3, 0])
    m.nodes.append(helper.make_node("Split", [m.last, m.constant(np.int64([1, 1, 1]))],
                                    ["q", "k", "v"], "split", axis=0))
    q, k, v = [m.add("Squeeze", part, np.int64([0])) for part in "qkv"]
    q, k = [m.add("LpNormalization", part, axis=-1, p=2) for part in (q, k)]
    m.add("MatMul", q, m.add("Transpose", k, perm=[0, 2, 1]))
    m.add("Mul", m.last, m.array(2, 1, 1))
    m.add("MatMul", m.add("Softmax", m.last, axis=-1), v)
    m.add("Transpose", m.last, perm=[2, 0, 1])
    m.add("Reshape", m.last, np.int64([1, 20, 8]))
    m.add("Add", m.add("Mul", m.last, m.array(8)), x)
    m.add("ReduceMean", m.last, axes=[1], keepdims=0)
    return m.model()


@case
def attention_with_a_batch():
    """As PyTorch exports it: five dimensions, parts by Gather; one matrix turned."""
    m = Maker(13, (1, 6, 4, 5))
    m.add("Reshape", "x", np.int64([1, 6, 20]))
    m.add("Transpose", m.last, perm=[0, 2, 1])
    m.add("MatMul", m.last, m.array(6, 18))
    m.add("Reshape", m.last, np.int64([1, 20, 3, 2, 3]))
    qkv = m.add("Transpose", m.last, perm=[2, 0, 3, 1, 4])
    q, k, v = [m.add("Gather", qkv, np.int64(i), axis=0) for i in range(3)]
    m.add("MatMul", q, m.add("Transpose", k, perm=[0, 1, 3, 2]))
    m.add("Softmax", m.add("Div", m.last, np.float32(1.7)), axis=-1)
    m.add("MatMul", m.last, v)
    m.add("Transpose", m.last, perm=[0, 2, 1, 3])
    m.add("Reshape", m.last, np.int64([1, 20, 6]))
    return m.model()


@case
def channels_are_shuffled():
    """As ShuffleNet does it: two groups dealt out in turn, then parted."""
    m = Maker(9, (1, 3, 4, 5))
    m.conv(8, 3, size=1)
    m.add("Reshape", m.last, np.int64([1, 2, 4, 4, 5]))
    m.add("Transpose", m.last, perm=[0, 2, 1, 3, 4])
    m.add("Reshape", m.last, np.int64([1, -1, 4, 5]))
    m.nodes.append(helper.make_node("Split", [m.last], ["left", "right"], "split", axis=1,
                                    split=[4, 4]))
    m.conv(4, 4, size=1, source="left")
    m.add("Concat", m.last, "right", axis=1)
    return m.model()


@case
def parts_of_activations():
    m = Maker(13, (1, 6, 7, 5))
    m.add("Slice", "x", np.int64([1, -4]), np.int64([5, 2 ** 62]), np.int64([1, 2]))
    m.conv(3, 4, size=1)
    m.add("Gather", "x", np.int64([2, 3]), axis=1)
    return m.model("v1", "v2")


@case
def layer_norm_spelled_out():
    m = Maker(13, (1, 6, 4, 5))
    x = m.add("Transpose", m.conv(6, 6, size=1), perm=[0, 2, 3, 1])
    middle = m.add("Sub", x, m.add("ReduceMean", x, axes=[-1]))
    m.add("ReduceMean", m.add("Pow", middle, np.float32(2)), axes=[-1])
    m.add("Sqrt", m.add("Add", m.last, np.float32(1e-6)))
    m.add("Mul", m.add("Div", middle, m.last), m.array(6))
    m.add("Add", m.last, m.array(6))
    m.add("Transpose", m.last, perm=[0, 3, 1, 2])
    m.conv(4, 6)
    return m.model()


@case
def gelu_spelled_out():
    """In the orders that exporters write."""
    m = Maker(13, (1, 4, 5, 3))
    results = []
    for half_first in (False, True):
        x = m.conv(6, 4, size=1, source="x")
        m.add("Erf", m.add("Div", x, np.float32(2 ** 0.5)))
        gate = m.add("Add", m.last, np.float32(1))
        left = m.add("Mul", x, np.float32(0.5)) if half_first else x
        results.append(m.add("Mul", left, gate))
        if not half_first:
            results[0] = m.add("Mul", m.last, np.float32(0.5))
    return m.model(*results)


@case
def curves():
    m = Maker(20, (1, 4, 5, 6))
    m.add("Gelu", m.conv(5, 4, size=1, source="x"))
    m.add("Tanh", m.conv(5, 5, size=1))
    m.add("HardSwish", m.conv(5, 5, size=1))
    m.add("HardSigmoid", m.conv(5, 5, size=1), alpha=0.25)
    hard = m.last
    m.add("Exp", m.add("Neg", m.last))
    m.add("Reciprocal")
    return m.model(hard, m.last)


@case
def differences_and_quotients():
    m = Maker(13, (1, 4, 5, 6))
    a = m.conv(5, 4, size=1, source="x")
    b = m.add("Sigmoid", m.conv(5, 4, size=1, source="x"))
    m.add("Sub", a, b)
    m.add("Div", m.last, b)
    m.add("Add", m.last, m.array(1, 5, 5, 6))
    m.add("Mul", m.array(5, 1), m.last)
    m.add("ReduceMean", m.last, axes=[2, 3], keepdims=0)
    return m.model()


@case
def resize_bilinear():
    m = Maker(13, (1, 3, 5, 4))
    m.add("Resize", "x", np.float32([]), np.float32([1, 1, 2, 2]), mode="linear")
    m.add("Resize", m.last, np.float32([]), np.float32([]), np.int64([1, 3, 7, 11]), mode="linear",
          coordinate_transformation_mode="align_corners")
    m.add("Resize", m.last, np.float32([]), np.float32([1, 1, 3, 3]), mode="linear",
          coordinate_transformation_mode="asymmetric")
    m.add("Resize", m.last, np.float32([]), np.float32([]), np.int64([1, 3, 9, 15]), mode="linear",
          coordinate_transformation_mode="pytorch_half_pixel")
    return m.model()


@case
def of_opset_18():
    """Axes that were attributes are inputs; some are named."""
    m = Maker(18, (1, 3, 6, 5))
    m.add("Pad", "x", np.int64([1, 2, 0, 1]), "", np.int64([-1, 2]))
    m.nodes.append(helper.make_node("Split", [m.conv(7, 3)], ["a", "b"], "split", axis=1,
                                    num_outputs=2))
    m.add("Relu", "a")
    m.add("ReduceMean", m.last, np.int64([2, 3]), keepdims=0)
    m.add("Reshape", m.last, np.int64([1, 4]))
    return m.model(m.last, "b")


@case
def upsample_bilinear():
    m = Maker(9, (1, 3, 5, 4))
    m.add("Upsample", "x", np.float32([1, 1, 2, 2]), mode="linear")
    return m.model()
