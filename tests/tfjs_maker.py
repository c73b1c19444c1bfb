"""tfjs_maker.py - writes tiny TensorFlow.js graph models, between them with every operator that the
converter reads, and what they compute in double precision, from TensorFlow's definitions. CASES:
name -> function that returns a Maker."""
import base64
import json

import numpy as np

import reference
from graph import same_pads

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


def _attribute(value):
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, (int, float)):
        return {"i" if isinstance(value, int) else "f":
                str(value) if isinstance(value, int) else value}
    kind = "s" if value and isinstance(value[0], str) else "i"
    return {"list": {kind: [_attribute(item)[kind] for item in value]}}


def quantize(array, how):
    """(bytes, entry of the manifest, the numbers that come back)."""
    if how == "float16":
        half = array.astype("<f2")
        return half.tobytes(), {"dtype": "float16", "original_dtype": "float32"}, half.astype("f4")
    most = 255 if how == "uint8" else 65535
    low, scale = float(array.min()), float(array.max() - array.min()) / most or 1.0
    steps = np.round((array - low) / scale).astype("u1" if how == "uint8" else "<u2")
    return (steps.tobytes(), {"dtype": how, "scale": scale, "min": low},
            (steps * scale + low).astype("f4"))


def _window(a):
    stride, padding = tuple(a["strides"][1:3]), a["padding"]
    pads = a.get("explicit_paddings") or [0] * 8
    return stride, (pads[2], pads[4], pads[3], pads[5]), "same" if padding == "SAME" else "explicit"


def _conv(a, x, filters):
    stride, pads, mode = _window(a)
    return reference.convolution(x, filters.transpose(3, 0, 1, 2), 0.0, stride, pads, mode,
                                 tuple(a.get("dilations", [1] * 4)[1:3]),
                                 x.shape[3] // filters.shape[2])


def _depthwise(a, x, filters):
    """Each channel by itself, all its products one after the other."""
    parts = [_conv(a, x[..., c:c + 1], filters[:, :, c:c + 1]) for c in range(x.shape[3])]
    return np.concatenate(parts, axis=3)


def _pool(function):
    def run(a, x):
        stride, pads, mode = _window(a)
        return function(x, tuple(a["ksize"][1:3]), stride, pads, mode)
    return run


def _with_fused(function):
    def run(a, x, filters, *more):
        y, more = function(a, x, filters), list(more)
        for name in a.get("fused_ops", []):
            if name == "BiasAdd":
                y = y + more.pop(0)
            elif name == "Prelu":
                y = reference.prelu(y, more.pop(0))
            elif name == "LeakyRelu":
                y = reference.prelu(y, a["leakyrelu_alpha"])
            else:
                y = RUN[name](a, y)
        return y
    return run


def _matmul(a, x, w):
    return x @ (w.T if a.get("transpose_b") else w)


def _batch_norm(a, x, scale, shift, mean, variance):
    return (x - mean) / np.sqrt(variance + a["epsilon"]) * scale + shift


def _slice(a, x, begin, end, step):
    if a.get("shrink_axis_mask"):
        return x[int(begin[0])]
    return x[None if a.get("begin_mask") else int(begin[0]):
             None if a.get("end_mask") else int(end[0]):int(step[0])]


def _axes(axes):
    return tuple(int(axis) for axis in np.reshape(axes, -1))


RUN = {
    "Abs": lambda a, x: np.abs(x),
    "Add": lambda a, x, y: x + y,
    "AddV2": lambda a, x, y: x + y,
    "AvgPool": _pool(reference.average_pool),
    "BiasAdd": lambda a, x, y: x + y,
    "ConcatV2": lambda a, *x: np.concatenate(x[:-1], axis=int(x[-1])),
    "Conv2D": _conv,
    "DepthwiseConv2dNative": _depthwise,
    "ExpandDims": lambda a, x, axis: np.expand_dims(x, int(axis)),
    "FusedBatchNormV3": _batch_norm,
    "FusedDepthwiseConv2dNative": _with_fused(_depthwise),
    "Identity": lambda a, x: x,
    "LeakyRelu": lambda a, x: reference.prelu(x, a["alpha"]),
    "MatMul": _matmul,
    "MaxPool": _pool(reference.max_pool),
    "Maximum": lambda a, x, y: np.maximum(x, y),
    "Mean": lambda a, x, axes: x.mean(axis=_axes(axes), keepdims=a["keep_dims"]),
    "Minimum": lambda a, x, y: np.minimum(x, y),
    "Mul": lambda a, x, y: x * y,
    "Neg": lambda a, x: -x,
    "Pack": lambda a, *x: np.stack(x),
    "Pad": lambda a, x, pads: np.pad(x, pads.astype(int)),
    "PadV2": lambda a, x, pads, filling: np.pad(x, pads.astype(int)),
    "Prelu": lambda a, x, slope: reference.prelu(x, slope),
    "RealDiv": lambda a, x, y: x / y,
    "Relu": lambda a, x: np.maximum(x, 0),
    "Relu6": lambda a, x: np.clip(x, 0, 6),
    "Reshape": lambda a, x, shape: x.reshape(shape.astype(int)),
    "Shape": lambda a, x: np.array(x.shape, float),
    "Sigmoid": lambda a, x: reference.sigmoid(x),
    "Softmax": lambda a, x: reference.softmax(x),
    "Squeeze": lambda a, x: np.squeeze(x, tuple(a["squeeze_dims"])),
    "StridedSlice": _slice,
    "Sub": lambda a, x, y: x - y,
    "_FusedConv2D": _with_fused(_conv),
    "_FusedMatMul": _with_fused(_matmul),
}


class Maker:
    """Adds operators one by one and runs each at once, so that shapes need not be stated."""

    def __init__(self, *shape, seed=5):
        self.random = np.random.default_rng(seed)
        dims = [{"size": str(n)} for n in (-1, *shape[1:])]
        self.nodes = [{"name": "x", "op": "Placeholder", "attr": {
            "dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": dims}}}}]
        self.values = {"x": self.array(*shape)}
        self.entries, self.shards = [], [b""]
        self.more = {}  # of the JSON: a signature

    def array(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def constant(self, array, how=None):
        """A Const node; how: the quantization. Returns its name."""
        array, name, data = np.asarray(array), "c%d" % len(self.nodes), None
        entry = {"name": name, "shape": list(array.shape),
                 "dtype": "float32" if array.dtype.kind == "f" else "int32"}
        data = array.astype("<f4" if array.dtype.kind == "f" else "<i4").tobytes()
        if how:
            data, entry["quantization"], array = quantize(array, how)
        self.entries.append(entry)
        self.shards[-1] += data
        self.nodes.append({"name": name, "op": "Const", "attr": {}})
        self.values[name] = np.asarray(array, np.float64)
        return name

    def add(self, op, *inputs, how=None, **attributes):
        """An operator over names and arrays, which become constants; returns its name."""
        names = [i if isinstance(i, str) else self.constant(i, how) for i in inputs]
        name = "n%d" % len(self.nodes)
        self.nodes.append({"name": name, "op": op, "input": names, "attr": {
            key: _attribute(value) for key, value in attributes.items()}})
        self.values[name] = RUN[op](attributes, *[np.asarray(self.values[i], np.float64)
                                                  for i in names])
        return name

    def outputs(self):
        read = {name for node in self.nodes for name in node.get("input", [])}
        return [node["name"] for node in self.nodes if node["name"] not in read and
                node["op"] != "Const"]

    def json(self):
        paths = ["shard%d.bin" % i for i in range(len(self.shards))]
        topology = {"node": self.nodes, "versions": {"producer": 1}}
        return json.dumps({"format": "graph-model", "modelTopology": topology,
                           "weightsManifest": [{"paths": paths, "weights": self.entries}],
                           **self.more}, indent=1).encode() + b"\n"

    def bytes(self):
        """As convert.py puts the files together."""
        return self.json() + b"".join(self.shards)

    def write(self, folder):
        """The files; returns the JSON's path."""
        for i, shard in enumerate(self.shards):
            with open("%s/shard%d.bin" % (folder, i), "wb") as file:
                file.write(shard)
        path = folder + "/model.json"
        with open(path, "wb") as file:
            file.write(self.json())
        return path


def window(stride=1, padding="SAME", **more):
    return {"strides": [1, stride, stride, 1], "padding": padding, "data_format": "NHWC",
            "dilations": [1, 1, 1, 1], "explicit_paddings": [], **more}


def as_explicit(size, kernel, stride):
    before, after = same_pads(size, kernel, stride)
    return [0, 0, before, after, before, after, 0, 0]


@case
def convolutions():
    m = Maker(1, 9, 9, 4)
    y = m.add("Conv2D", "x", m.array(3, 2, 4, 6), **window(2))
    y = m.add("BiasAdd", y, m.array(6))
    y = m.add("_FusedConv2D", y, m.array(3, 3, 6, 8), m.array(8), m.array(1, 1, 8),
              fused_ops=["BiasAdd", "Prelu"], num_args=2, **window(1, "VALID"))
    y = m.add("DepthwiseConv2dNative", y, m.array(3, 3, 8, 2), **window(dilations=[1, 2, 2, 1]))
    y = m.add("FusedDepthwiseConv2dNative", y, m.array(2, 2, 16, 1), m.array(16),
              fused_ops=["BiasAdd", "Relu6"], num_args=1, **window())
    m.add("_FusedConv2D", y, m.array(3, 3, 16, 5), m.array(5), fused_ops=["BiasAdd", "LeakyRelu"],
          num_args=1, leakyrelu_alpha=0.25,
          **window(2, "EXPLICIT", explicit_paddings=as_explicit(3, 3, 2)))
    return m


@case
def activations_and_pools():
    m = Maker(1, 9, 8, 4)
    y = m.add("MaxPool", "x", ksize=[1, 3, 2, 1], **window(2))
    y = m.add("Prelu", y, m.array(1, 1, 4))
    y = m.add("AvgPool", m.add("LeakyRelu", y, alpha=0.1), ksize=[1, 2, 3, 1], **window())
    y = m.add("Maximum", m.add("Minimum", m.add("Relu", y), np.float32(0.5)), np.float32(0.1))
    z = m.add("Maximum", np.float32(-0.5), m.add("Relu6", m.add("Sigmoid", y)))
    m.add("ConcatV2", y, z, np.int32(3))
    m.add("ConcatV2", y, z, np.int32(-3))
    return m


@case
def arithmetic():
    m = Maker(1, 4, 5, 3)
    y = m.add("FusedBatchNormV3", "x", m.array(3), m.array(3), m.array(3), np.abs(m.array(3)),
              epsilon=0.001, is_training=False)
    z = m.add("Sub", m.add("Mul", y, m.array(3)), m.array(1, 1, 1, 3))
    z = m.add("AddV2", m.add("RealDiv", z, np.float32(3)), m.add("Add", y, m.array(3)))
    y = m.add("AddV2", z, m.add("Conv2D", y, m.array(1, 1, 3, 3), **window()))
    y = m.add("Mul", y, m.add("Mean", z, np.int32([1, 2]), keep_dims=True))
    y = m.add("PadV2", m.add("Pad", y, np.int32([[0, 0], [1, 0], [2, 1], [0, 0]])),
              np.int32([[0, 0], [0, 0], [0, 0], [1, 2]]), np.float32(0))
    m.add("Identity", y)
    return m


@case
def spelled_out_prelu():
    """relu(x) + c (x - |x|), and with -relu(-x): what older converters write."""
    m = Maker(1, 4, 5, 3)
    y = m.add("Mul", m.add("Sub", "x", m.add("Abs", "x")), m.array(3))
    y = m.add("Add", m.add("Relu", "x"), y)
    z = m.add("Mul", m.add("Neg", m.add("Relu", m.add("Neg", y))), m.array(3))
    m.add("AddV2", m.add("Relu", y), z)
    return m


@case
def vectors_and_shapes():
    m = Maker(1, 4, 4, 3)
    y = m.add("Conv2D", "x", m.array(2, 2, 3, 4), **window(2))
    shape = m.add("Shape", y)
    batch = m.add("StridedSlice", shape, np.int32([0]), np.int32([1]), np.int32([1]),
                  shrink_axis_mask=1)
    y = m.add("Reshape", y, m.add("Pack", batch, np.int32(-1)))
    y = m.add("_FusedMatMul", y, m.array(16, 6), m.array(6), num_args=1,
              fused_ops=["BiasAdd", "Relu"])
    y = m.add("MatMul", y, m.array(5, 6), transpose_b=True)
    y = m.add("Squeeze", m.add("ExpandDims", y, np.int32(-2)), squeeze_dims=[1])
    m.add("Softmax", y)
    tail = m.add("StridedSlice", shape, np.int32([2]), np.int32([0]), np.int32([1]), end_mask=1)
    z = m.add("ConcatV2", np.int32([-1]), tail, np.int32(0))
    m.add("Reshape", m.add("Mean", m.add("Conv2D", "x", m.array(2, 2, 3, 8), **window()),
                           np.int32([1, 2]), keep_dims=False), z)
    return m


@case
def quantized():
    m = Maker(1, 5, 5, 3)
    y = m.add("Conv2D", "x", m.array(3, 3, 3, 4), how="uint8", **window())
    y = m.add("Conv2D", y, m.array(3, 3, 4, 4), how="uint16", **window())
    m.shards.append(b"")  # a further one
    m.add("Conv2D", y, m.array(1, 1, 4, 2), how="float16", **window())
    return m
