"""onnx_resize_operators.py - ONNX operators that give a picture another size. EMITTERS as in
onnx_operators.py."""
import math

import numpy as np

from graph import ConvertError
from onnx_values import CHANNELS_SECOND, rank4

HALF_PIXEL = ("half_pixel", "pytorch_half_pixel")  # the second only differs for an output of size 1


def _scales(call, x):
    """(factors of height and width, the output's height and width)."""
    if call.node.op_type == "Upsample" and call.opset < 9:
        scales = call.attribute("scales", [])
    elif call.node.op_type == "Upsample" or call.opset < 11:
        scales = call.constant(1)
    elif call.has(2) and call.constant(2).size:
        scales = call.constant(2)
    else:
        scales = np.asarray(call.constant(3), np.float64) / np.asarray(x.dims)
    scales = [float(s) for s in scales]
    if len(scales) != 4 or scales[:2] != [1, 1] or min(scales) <= 0:
        raise ConvertError("scales %s: only height and width can be resized" % scales)
    return scales[2:], [math.floor(side * scale + 1e-6) for side, scale in zip(x.dims[2:],
                                                                               scales[2:])]


def _coordinates(call):
    """By the operator's own rule: before opset 11 it had but one."""
    if call.node.op_type == "Upsample" or call.opset < 11:
        return "asymmetric"
    return call.attribute("coordinate_transformation_mode", "half_pixel")


def _nearest_source(call, scale, o):
    """The input coordinate that ONNX's nearest Resize takes for output coordinate o."""
    where = _coordinates(call)
    if where not in HALF_PIXEL + ("asymmetric",):
        raise ConvertError("coordinate_transformation_mode '%s' is not supported" % where)
    x = o / scale if where == "asymmetric" else (o + 0.5) / scale - 0.5
    rounding = {"floor": math.floor, "ceil": math.ceil,
                "round_prefer_floor": lambda v: math.ceil(v - 0.5),
                "round_prefer_ceil": lambda v: math.floor(v + 0.5)}
    return rounding[call.attribute("nearest_mode", "round_prefer_floor")](x)


def _nearest(call, x, scales):
    scale = int(scales[-1])
    if scales != [scale, scale] or scale < 2:
        raise ConvertError("scales %s: only a whole factor from 2, the same for height and width, "
                           "is supported" % scales)
    if call.node.op_type == "Resize" and call.opset >= 11:
        for o in range(8 * scale):
            if min(max(_nearest_source(call, scale, o), 0), 7) != o // scale:
                raise ConvertError("this rounding of coordinates is not supported")
    return call.append("resize_nearest", [x], CHANNELS_SECOND, scale=scale)


def _bilinear(call, x, scales, sides):
    where = _coordinates(call)
    mode = "half_pixel" if where in HALF_PIXEL else where
    if mode not in ("half_pixel", "align_corners", "asymmetric"):
        raise ConvertError("coordinate_transformation_mode '%s' is not supported" % where)
    if call.attribute("antialias", 0):
        raise ConvertError("antialias is not supported")
    if where == "pytorch_half_pixel" and 1 in sides:
        raise ConvertError("coordinate_transformation_mode '%s' for a side of 1" % where)
    if any(abs(side * scale - out) > 1e-3 for side, scale, out in zip(x.dims[2:], scales, sides)):
        raise ConvertError("scales %s of %s: the sides are not whole" % (scales, x.dims[2:]))
    factor = round(scales[0])
    if factor >= 2 and all(out == side * factor for side, out in zip(x.dims[2:], sides)):
        return call.append("resize_bilinear", [x], CHANNELS_SECOND, scale=factor, mode=mode)
    return call.append("resize_bilinear", [x], CHANNELS_SECOND, shape=(0, *sides, 0), mode=mode)


def _resize(call):
    x = call.builder.relayout(rank4(call.value(0)), CHANNELS_SECOND)
    if list(call.attribute("axes", range(4))) != [0, 1, 2, 3]:  # from opset 18 on
        raise ConvertError("axes %s: only factors of all four are supported" %
                           list(call.attribute("axes", [])))
    if call.attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise ConvertError("keep_aspect_ratio_policy '%s' is not supported" %
                           call.attribute("keep_aspect_ratio_policy", ""))
    scales, sides = _scales(call, x)
    mode = call.attribute("mode", "nearest")
    if mode == "linear" or (mode == "bilinear" and call.node.op_type == "Upsample"):
        return _bilinear(call, x, scales, sides)
    if mode != "nearest":
        raise ConvertError("mode '%s' is not supported, only nearest and linear" % mode)
    return _nearest(call, x, scales)


EMITTERS = {
    "Resize": _resize,
    "Upsample": _resize,
}
