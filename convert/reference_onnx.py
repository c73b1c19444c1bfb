"""reference_onnx.py - runs an ONNX model in NumPy and double precision, node by node as the ONNX
operator definitions say it, on [n, c, h, w] arrays. Shares nothing with onnx_reader.py: for
tests."""
import math

import numpy as np
import onnx
from onnx import numpy_helper

import reference


def _last(x):
    return np.moveaxis(x, 1, -1)


def _second(x):
    return np.moveaxis(x, -1, 1)


def _mode(a, x, kernel, stride):
    """(pads, mode) of `pads`, `auto_pad`, `ceil_mode`."""
    auto = a.get("auto_pad", b"NOTSET")
    if auto == b"SAME_UPPER":
        return (0, 0, 0, 0), "same"
    if auto == b"SAME_LOWER":
        need = [max(0, (math.ceil(x.shape[2 + i] / stride[i]) - 1) * stride[i] + kernel[i] -
                    x.shape[2 + i]) for i in (0, 1)]
        return ((need[0] + 1) // 2, (need[1] + 1) // 2, need[0] // 2, need[1] // 2), "explicit"
    return a.get("pads", [0, 0, 0, 0]), "ceil" if a.get("ceil_mode") else "explicit"


def _conv(a, x, w, b=None):
    stride, dilation = a.get("strides", [1, 1]), a.get("dilations", [1, 1])
    pads, mode = _mode(a, x, w.shape[2:], stride)
    return _second(reference.convolution(_last(x), w.transpose(0, 2, 3, 1), 0.0 if b is None else b,
                                         stride, pads, mode, dilation, a.get("group", 1)))


def _pool(function):
    def run(a, x):
        kernel, stride = a["kernel_shape"], a.get("strides", [1, 1])
        pads, mode = _mode(a, x, kernel, stride)
        if a.get("count_include_pad"):
            x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
            pads = (0, 0, 0, 0)
        return _second(function(_last(x), kernel, stride, pads, mode))
    return run


def _channels(v, x):
    return np.reshape(v, (1, -1) + (1,) * (x.ndim - 2))


def _batch_norm(a, x, gamma, beta, mean, variance):
    normal = (x - _channels(mean, x)) / np.sqrt(_channels(variance, x) + a.get("epsilon", 1e-5))
    return normal * _channels(gamma, x) + _channels(beta, x)


def _gemm(a, x, w, c=0.0):
    product = (x.T if a.get("transA") else x) @ (w.T if a.get("transB") else w)
    return a.get("alpha", 1.0) * product + a.get("beta", 1.0) * c


def _clip(a, x, low=None, high=None):
    return np.clip(x, a.get("min", -np.inf) if low is None else low,
                   a.get("max", np.inf) if high is None else high)


def _reshape(a, x, shape):
    return x.reshape([x.shape[i] if d == 0 and not a.get("allowzero") else int(d)
                      for i, d in enumerate(shape)])


def _resize(a, x, *rest):
    scales = rest[-1] if rest and rest[-1].size else a.get("scales")
    if len(rest) == 3:
        scales = rest[2] / np.array(x.shape)
    if a.get("mode") == b"linear":
        where = a.get("coordinate_transformation_mode", b"half_pixel" if len(rest) > 1 else
                      b"asymmetric").decode().replace("pytorch_", "")
        h, w = [round(float(side * scale)) for side, scale in zip(x.shape[2:], scales[2:])]
        return _second(reference.resize_bilinear(_last(x), h, w, where))
    return x.repeat(int(scales[2]), axis=2).repeat(int(scales[3]), axis=3)


def _pad(a, x, pads=None, filling=0.0, axes=None):
    pads = a["pads"] if pads is None else pads
    if axes is not None:
        whole = np.zeros(2 * x.ndim, int)
        for i, axis in enumerate(axes.astype(int) % x.ndim):
            whole[[axis, x.ndim + axis]] = pads[i], pads[len(axes) + i]
        pads = whole
    half = len(pads) // 2
    return np.pad(x, [(int(p), int(q)) for p, q in zip(pads[:half], pads[half:])])


def _axes(a, rest):
    return tuple(int(i) for i in (rest[0] if rest else a.get("axes", [])))


def _divide(a, x, y):
    return x // y if np.asarray(x).dtype.kind == "i" else x / y  # of shapes: none is negative


def _dequantize(a, x, scale, zero=0):
    def spread(v):
        dims = [-1 if i == a.get("axis", 1) else 1 for i in range(x.ndim)]
        return np.reshape(np.float64(v), dims if np.size(v) > 1 else ())
    return (x - spread(zero)) * spread(scale)


def _quantize(a, x, scale, zero=np.uint8(0)):
    def spread(v):
        dims = [-1 if i == a.get("axis", 1) else 1 for i in range(x.ndim)]
        return np.reshape(np.float64(v), dims if np.size(v) > 1 else ())
    kind = np.iinfo(zero.dtype)
    return np.clip(np.rint(x / spread(scale)) + spread(zero), kind.min, kind.max).astype(zero.dtype)


def _split(a, x, sizes=None):
    axis = a.get("axis", 0)
    if "num_outputs" in a:
        size = -(-x.shape[axis] // a["num_outputs"])
        return np.split(x, range(size, x.shape[axis], size), axis)
    return np.split(x, np.cumsum(a["split"] if sizes is None else sizes)[:-1].astype(int), axis)


def _slice(a, x, *rest):
    starts, ends, axes = (*rest, None)[:3] if rest else (a["starts"], a["ends"], a.get("axes"))
    where = [slice(None)] * x.ndim
    for axis, start, end in zip(range(len(starts)) if axes is None else axes, starts, ends):
        where[int(axis)] = slice(int(start), int(end))
    return x[tuple(where)]


RUN = {
    "Add": lambda a, x, y: x + y,
    "AveragePool": _pool(reference.average_pool),
    "BatchNormalization": _batch_norm,
    "Cast": lambda a, x: x,
    "Clip": _clip,
    "Concat": lambda a, *x: np.concatenate(x, axis=a["axis"]),
    "Conv": _conv,
    "DequantizeLinear": _dequantize,
    "Div": _divide,
    "Dropout": lambda a, x, *_: x,
    "Erf": lambda a, x: reference.erf(x),
    "Exp": lambda a, x: np.exp(x),
    "Expand": lambda a, x, shape: x * np.ones([int(n) for n in shape]),
    "Flatten": lambda a, x: x.reshape(int(np.prod(x.shape[:a.get("axis", 1)])), -1),
    "Gather": lambda a, x, i: np.take(x, i.astype(np.int64), axis=a.get("axis", 0)),
    "Gelu": lambda a, x: reference.gelu(x),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda a, x: x.mean(axis=(2, 3), keepdims=True),
    "HardSigmoid": lambda a, x: np.clip(a.get("alpha", 0.2) * x + a.get("beta", 0.5), 0, 1),
    "HardSwish": lambda a, x: reference.hard_swish(x),
    "Identity": lambda a, x: x,
    "LayerNormalization": lambda a, x, g, b=0.0: reference.layer_norm(x, g, b, a["epsilon"]),
    "LpNormalization": lambda a, x: x / np.linalg.norm(x, a.get("p", 2), a.get("axis", -1), True),
    "LeakyRelu": lambda a, x: np.where(x < 0, a.get("alpha", 0.01) * x, x),
    "MatMul": lambda a, x, y: x @ y,
    "MaxPool": _pool(reference.max_pool),
    "Mul": lambda a, x, y: x * y,
    "Neg": lambda a, x: -x,
    "PRelu": lambda a, x, slope: np.where(x < 0, slope * x, x),
    "Pad": _pad,
    "Pow": lambda a, x, y: x ** y,
    "QuantizeLinear": _quantize,
    "Reciprocal": lambda a, x: 1 / x,
    "ReduceMean": lambda a, x, *r: x.mean(axis=_axes(a, r), keepdims=bool(a.get("keepdims", 1))),
    "ReduceL2": lambda a, x: np.linalg.norm(x, 2, tuple(a["axes"])[0], bool(a.get("keepdims", 1))),
    "Relu": lambda a, x: np.maximum(x, 0),
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": lambda a, x: np.array(x.shape),
    "Sigmoid": lambda a, x: 1 / (1 + np.exp(-x)),
    "Slice": _slice,
    "Softmax": lambda a, x: reference.softmax(x, a.get("axis", -1)),
    "Split": _split,
    "Sqrt": lambda a, x: np.sqrt(x),
    "Sub": lambda a, x, y: x - y,
    "Squeeze": lambda a, x, *r: np.squeeze(x, _axes(a, r)),
    "Tanh": lambda a, x: np.tanh(x),
    "Transpose": lambda a, x: x.transpose(a.get("perm")),
    "Unsqueeze": lambda a, x, *r: np.expand_dims(x, _axes(a, r)),
    "Upsample": _resize,
}


def run_onnx(model, x):
    """{name: array} of every value of a ModelProto for the input x [n, c, h, w]."""
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    entry = next(i.name for i in model.graph.input if i.name not in constants)
    values = dict(constants)
    values[entry] = np.asarray(x)
    for name, value in values.items():
        if value.dtype.kind == "f":
            values[name] = value.astype(np.float64)
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Constant":
            array = numpy_helper.to_array(attributes["value"])
            values[node.output[0]] = array.astype(np.float64) if array.dtype.kind == "f" else array
            continue
        inputs = [values[name] if name else None for name in node.input]
        result = RUN[node.op_type](attributes, *inputs)
        values.update(zip(node.output, result if isinstance(result, list) else [result]))
    return values
