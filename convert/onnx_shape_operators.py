"""onnx_shape_operators.py - ONNX operators that only move numbers, and arithmetic on shapes, which
is computed while reading. EMITTERS as in onnx_operators.py."""
import numpy as np
import onnx

from graph import AXES, ConvertError
from onnx_values import Value, tensor_array
from onnx_views import View, lies_together, reshaped, settle, sliced, transposed, view_of


def _concat(call):
    inputs = range(len(call.node.input))
    if all(call.is_constant(i) for i in inputs):
        return np.concatenate([call.constant(i) for i in inputs], axis=call.attribute("axis", 0))
    values = [call.value(i) for i in inputs]
    if len(values) == 1:
        return values[0]
    axes = values[0].axes
    axis = call.attribute("axis", 1) % len(axes)
    if axes[axis] == "n":
        raise ConvertError("joining along the batch is not supported")
    values = [call.builder.relayout(value, axes) for value in values]
    return call.append("concat", values, axes, axis=AXES.index(axes[axis]))


def _target_dims(x, target, allow_zero):
    """(dims, place that is left free or None) of a Reshape's target."""
    dims = [int(d) for d in target]
    if not allow_zero:
        dims = [x.dims[i] if d == 0 else d for i, d in enumerate(dims)]
    free = dims.index(-1) if -1 in dims else None
    if free is not None:
        known = int(np.prod([d for d in dims if d != -1]))
        dims[free] = int(np.prod(x.dims)) // max(known, 1)
    if int(np.prod(dims)) != int(np.prod(x.dims)):
        raise ConvertError("the shape %s does not hold an activation of shape %s" %
                           (list(target), x.dims))
    return dims, None if free == 0 and dims[0] == 1 else free


def _to_dims(call, x, dims, free=None):
    """x with other dimensions. What our axes cannot hold, or would have to be moved for, is a View."""
    wide = isinstance(x, View) or len(dims) > 4 or (len(dims) == 4 and dims[0] != 1)
    moved = call.builder.fixed and [d for d in x.dims if d != 1] != [d for d in dims if d != 1] and (
        not isinstance(x, View) and x.axes != {1: "n", 2: "nc", 3: "nhc", 4: "nhwc"}[len(x.axes)])
    if wide or moved:
        try:
            return reshaped(view_of(x), dims)
        except ConvertError:
            x = call.value(0)
    return call.builder.reshape(x, dims, free)


def _reshape(call):
    target = call.constant(1) if call.opset >= 5 else call.attribute("shape", [])
    if call.is_constant(0):
        return np.reshape(call.constant(0), [int(d) for d in target])
    x = call.seen(0)
    dims, free = _target_dims(x, target, call.attribute("allowzero", 0))
    return _to_dims(call, x, dims, free)


def _flatten(call):
    x, axis = call.seen(0), call.attribute("axis", 1)
    dims = x.dims[:axis], x.dims[axis:]
    return _to_dims(call, x, [int(np.prod(part)) for part in dims])


def _transpose(call):
    if call.is_constant(0):
        return np.transpose(call.constant(0), call.attribute("perm", None))
    x = call.seen(0)
    rank = len(x.dims)
    order = call.attribute("perm", list(range(rank))[::-1])
    if sorted(order) != list(range(rank)):
        raise ConvertError("perm %s of %d dimensions" % (list(order), rank))
    if isinstance(x, View):
        return transposed(x, order)
    return Value(x.name, "".join(x.axes[i] for i in order), x.shape)


def _squeeze_axes(call, rank):
    axes = call.constant(1) if call.has(1) else call.attribute("axes", None)
    return None if axes is None else sorted(int(a) % rank for a in axes)


def _squeeze(call):
    if call.is_constant(0):
        axes = _squeeze_axes(call, call.constant(0).ndim)
        return np.squeeze(call.constant(0), None if axes is None else tuple(axes))
    x = call.seen(0)
    axes = _squeeze_axes(call, len(x.dims))
    if axes is None:
        axes = [i for i, size in enumerate(x.dims) if size == 1]
    if any(x.dims[i] != 1 for i in axes):
        raise ConvertError("axes %s of an activation of shape %s" % (axes, x.dims))
    return _to_dims(call, x, [s for i, s in enumerate(x.dims) if i not in axes])


def _unsqueeze(call):
    rank = len(call.seen(0).dims) if not call.is_constant(0) else call.constant(0).ndim
    axes = call.constant(1) if call.has(1) else call.attribute("axes", [])
    axes = sorted(int(a) % (rank + len(axes)) for a in axes)
    if call.is_constant(0):
        result = call.constant(0)
        for axis in axes:
            result = np.expand_dims(result, axis)
        return result
    dims = call.seen(0).dims
    for axis in axes:
        dims.insert(axis, 1)
    return _to_dims(call, call.seen(0), dims)


def _shape(call):
    return np.array(call.seen(0).dims if not call.is_constant(0) else
                    call.constant(0).shape, np.int64)


def _stretch(call, x, axis, first, count, output):
    """count of x's dimension axis from first on."""
    if count < 1:
        raise ConvertError("nothing of an activation is left")
    if count == x.dims[axis]:
        return x
    if isinstance(x, View) and lies_together(x, axis):
        return sliced(call.builder, x, axis, first, count, output)
    if isinstance(x, View):
        x = call.value(0) if x is call.seen(0) else settle(call.builder, x)
    letter = x.axes[axis]
    return call.builder.append("slice", [x], x.axes, output, call.label, axis=AXES.index(letter),
                               shape=(0, first, count, 0))


def _gather(call):
    axis, places = call.attribute("axis", 0), call.constant(1)
    if call.is_constant(0):
        return np.take(call.constant(0), places, axis=axis)
    x = call.seen(0)
    axis %= len(x.dims)
    first = int(places.reshape(-1)[0]) % x.dims[axis]
    if places.ndim > 1 or (places.reshape(-1) % x.dims[axis] != first + np.arange(
            places.size)).any():
        raise ConvertError("of an activation only neighbors can be taken, in their order")
    part = _stretch(call, x, axis, first, places.size, call.output)
    if places.ndim:
        return part
    return _to_dims(call, part, part.dims[:axis] + part.dims[axis + 1:])


def _split(call):
    axis, outputs = call.attribute("axis", 0), list(call.node.output)
    sizes = call.constant(1) if call.has(1) else call.attribute("split", [])
    dims = call.constant(0).shape if call.is_constant(0) else call.seen(0).dims
    axis %= len(dims)
    if not len(sizes):
        size = -(-dims[axis] // len(outputs))
        sizes = [min(size, dims[axis] - i * size) for i in range(len(outputs))]
    ends = [int(end) for end in np.cumsum(sizes)]
    if len(sizes) != len(outputs) or ends[-1] != dims[axis]:
        raise ConvertError("parts of %s of %d" % (list(sizes), dims[axis]))
    if call.is_constant(0):
        return np.split(call.constant(0), ends[:-1], axis)
    return [_stretch(call, call.seen(0), axis, end - int(size), int(size), output)
            for size, end, output in zip(sizes, ends, outputs)]


def _slice(call):
    if call.opset >= 10:
        starts, ends = call.constant(1), call.constant(2)
        axes = call.constant(3) if call.has(3) else range(len(starts))
        steps = call.constant(4) if call.has(4) else [1] * len(starts)
    else:
        starts, ends = call.attribute("starts", []), call.attribute("ends", [])
        axes, steps = call.attribute("axes", range(len(starts))), [1] * len(starts)
    places = [(int(axis), slice(int(start), int(end), int(step)))
              for axis, start, end, step in zip(axes, starts, ends, steps)]
    if call.is_constant(0):
        where = [slice(None)] * call.constant(0).ndim
        for axis, place in places:
            where[axis] = place
        return call.constant(0)[tuple(where)]
    x = call.seen(0)
    for i, (axis, place) in enumerate(places):
        axis %= len(x.dims)
        first, end, step = place.indices(x.dims[axis])
        if step != 1:
            raise ConvertError("step %d along axis %d of an activation" % (step, axis))
        output = call.output if i == len(places) - 1 else call.builder.fresh(call.output)
        x = _stretch(call, x, axis, first, end - first, output)
    return x


FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE,
          onnx.TensorProto.BFLOAT16)


def _cast(call):
    """Half precision is read as f32, which holds all of its numbers."""
    to = call.attribute("to", 1)
    if to in FLOATS[1:]:
        to = onnx.TensorProto.FLOAT
    if call.is_constant(0):
        return call.constant(0).astype(onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[to])
    if to not in FLOATS:
        raise ConvertError("an activation can become no other than a floating-point number")
    return call.seen(0)


def _constant(call):
    for name, convert in (("value", tensor_array), ("value_float", np.float32),
                          ("value_int", np.int64), ("value_ints", np.array),
                          ("value_floats", np.array)):
        if name in call.attributes:
            return np.asarray(convert(call.attributes[name]))
    raise ConvertError("a constant of an unknown form")


def _identity(call):
    return call.constant(0) if call.is_constant(0) else call.seen(0)


EMITTERS = {
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "Dropout": _identity,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": _identity,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
