"""grids.py - numbers that are kept in few bits: activations on the grid of a byte, filters in bytes
and half precision (weights/FORMAT.md, version 1.3).

A quantized file is read as a graph over real numbers. A filter in whole numbers stays one (Filter); a
node "round" takes its input to the nearest point of a Grid. byte_passes.py then says which nodes
compute with bytes."""
from dataclasses import dataclass

import numpy as np

from graph import ConvertError

SMALLEST_SCALE, LARGEST_SCALE = 2.0 ** -30, 2.0 ** 30
LARGEST_BYTE, MOST_SUMMED, LARGEST_BIAS = 127, 32768, 2 ** 30 - 1
TENSOR_TYPES = {"f32": 1, "f16": 2, "bf16": 3, "s8": 4}
SHIFTED = {"i": 128, "u": 0}  # a signed byte and its zero point become unsigned ones by adding this


@dataclass(frozen=True)
class Grid:
    """The numbers that a byte 0..255 stands for: scale · (byte - zero). scales: one, or one for each
    channel (f32)."""
    scales: tuple
    zero: int

    @property
    def one_scale(self):
        return len(self.scales) == 1

    def bytes_of(self, x):
        """The bytes nearest to real numbers [..., c]."""
        steps = np.rint(np.asarray(x, np.float64) / np.asarray(self.scales, np.float64))
        return np.clip(steps + self.zero, 0, 255).astype(np.uint8)

    def numbers_of(self, data):
        """The real numbers of bytes."""
        return (data.astype(np.float64) - self.zero) * np.asarray(self.scales, np.float64)

    def round(self, x):
        return self.numbers_of(self.bytes_of(x))


class Filter:
    """A filter [c_out, ...] that is not kept in f32. kind "s8": data are whole numbers, -127..127 where
    the file may hold them, and scales [c_out] what one step is; "f16", "bf16": data are the 16 bits of
    each number. As an array it is its real numbers."""

    def __init__(self, kind, data, scales=None):
        self.kind, self.data, self.scales = kind, data, scales

    @property
    def shape(self):
        return self.data.shape

    @property
    def wide(self):
        """Whole numbers of more than 8 bits."""
        return self.kind == "s8" and bool(np.abs(self.data).max(initial=0) > LARGEST_BYTE)

    def __array__(self, dtype=None):
        if self.kind == "s8":
            scales = self.scales.astype(np.float64)
            numbers = self.data * scales.reshape((-1,) + (1,) * (self.data.ndim - 1))
        elif self.kind == "f16":
            numbers = self.data.view(np.float16)
        else:
            numbers = (self.data.astype(np.uint32) << 16).view(np.float32)
        return numbers.astype(dtype or np.float64)

    def moved(self, move):
        """The same numbers in other places: move takes and gives an array, channels first in both."""
        return Filter(self.kind, move(self.data), self.scales)

    def scaled(self, factors):
        """Each channel times a factor, or None where a byte with a scale cannot say that."""
        scales = self.scales * np.abs(factors) if self.kind == "s8" else np.zeros(1)
        if not (np.isfinite(scales).all() and scales.min() >= SMALLEST_SCALE and
                scales.max() <= LARGEST_SCALE):
            return None
        signs = np.where(factors < 0, -1, 1).reshape((-1,) + (1,) * (self.data.ndim - 1))
        return Filter("s8", self.data * signs, scales)

    def stored(self):
        """What a weight file holds of it."""
        if self.kind != "s8":
            return self.data.astype("<u2").tobytes()
        return self.scales.astype("<f4").tobytes() + self.data.astype(np.int8).tobytes()


def moved(filters, move):
    """move(filters), of an array or a Filter."""
    return filters.moved(move) if isinstance(filters, Filter) else move(np.asarray(filters))


def is_bytes(filters):
    return isinstance(filters, Filter) and filters.kind == "s8"


def half(numbers, kind="f16"):
    """A Filter of f32 numbers that are rounded to 16 bits."""
    numbers = np.asarray(numbers, np.float32)
    if kind == "f16":
        with np.errstate(over="ignore"):
            return Filter(kind, numbers.astype(np.float16).view(np.uint16))
    bits = numbers.view(np.uint32).astype(np.uint64)
    return Filter(kind, ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16))


# ---- what files say of whole numbers ----

def check_scales(scales, what="scale"):
    """ConvertError unless all are positive and in the format's range."""
    wrong = [scale for scale in np.reshape(scales, -1)
             if not SMALLEST_SCALE <= scale <= LARGEST_SCALE]  # a NaN is none of these
    if wrong:
        raise ConvertError("a %s of %g, possible are 2^-30 to 2^30" % (what, wrong[0]))


def check_zeros(zeros, kind):
    """ConvertError unless zero points are numbers of a type of whole numbers."""
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    wrong = [zero for zero in np.reshape(zeros, -1) if not low <= zero <= high]
    if wrong:
        raise ConvertError("a zero point of %g, possible are %d to %d" % (wrong[0], low, high))


def activation_grid(scale, zero, kind):
    """The Grid of an activation in int8 or uint8 with one scale. kind: its dtype."""
    if np.size(scale) != 1 or np.size(zero) != 1:
        raise ConvertError("an activation with %d scales and %d zero points, wanted is one" % (
            np.size(scale), np.size(zero)))
    scale, zero = np.reshape(scale, -1)[0], int(np.reshape(zero, -1)[0])
    check_scales(scale)
    check_zeros(zero, kind)
    return Grid((float(np.float32(scale)),), zero + SHIFTED[np.dtype(kind).kind])


def byte_filter(data, scale, zero, axis):
    """A Filter of whole numbers of 8 bits with one scale and zero point, or one for each index of axis,
    which has to be that of the output channels, the first. Channels of nothing but zeros have no
    scale of their own."""
    count = data.shape[0]
    scales, zeros = [np.reshape(numbers, -1) for numbers in (scale, zero)]
    if any(numbers.size not in (1, count) or (numbers.size > 1 and axis != 0)
           for numbers in (scales, zeros)):
        raise ConvertError("%d scales and %d zero points of a filter, wanted is one, or one for each of "
                           "its %d output channels" % (scales.size, zeros.size, count))
    check_zeros(zeros, data.dtype)
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        check_scales(scales)
    each = (-1,) + (1,) * (data.ndim - 1)
    numbers = data.astype(np.int16) - np.broadcast_to(zeros, count).astype(np.int16).reshape(each)
    used = numbers.reshape(count, -1).any(axis=1)
    scales = np.where(used, np.broadcast_to(scales, count), 1.0).astype(np.float32)
    check_scales(scales)
    return Filter("s8", numbers, scales)
