"""onnx_views.py - ONNX values of more dimensions than our graph has axes: attention's heads, groups of
channels that are shuffled.

A View is a value of the graph seen through Reshape and Transpose that were not carried out. Its numbers
lie in memory as a product of factors; each ONNX dimension is a list of these. A Reshape splits and
joins factors, a Transpose permutes dimensions; data moves once, when an operator wants the numbers
(settle), and a slice is cut where the numbers lie."""
import itertools
from dataclasses import dataclass

import numpy as np

from graph import ConvertError
from onnx_values import Value

MOST_AXES = 3  # besides the batch


@dataclass(frozen=True)
class View:
    name: str      # in the graph
    shape: tuple   # (h, w, c) there
    memory: tuple  # (label, size) of each factor, in the order of memory
    parts: tuple   # for each ONNX dimension its factors' labels, outermost first

    @property
    def dims(self):
        """The ONNX shape."""
        sizes = dict(self.memory)
        return [int(np.prod([sizes[label] for label in part])) for part in self.parts]


def view_of(value):
    """A Value as a View; a View as it is."""
    if isinstance(value, View):
        return value
    return View(value.name, value.shape, tuple(zip("hwc", value.shape)),
                tuple("" if letter == "n" else letter for letter in value.axes))


def reshaped(view, dims):
    """view with the dimensions dims, which hold as many numbers. ConvertError if a factor would have
    to be cut where it cannot."""
    sizes, inside = dict(view.memory), {label: [label] for label, _ in view.memory}
    left = [label for part in view.parts for label in part if sizes[label] != 1]
    parts = []
    for size in dims:
        part = []
        while size > 1:
            label = left.pop(0)
            if size % sizes[label] and sizes[label] % size == 0:
                outer, inner = label + "0", label + "1"
                sizes[outer], sizes[inner] = size, sizes[label] // size
                top = next(key for key, labels in inside.items() if label in labels)
                place = inside[top].index(label)
                inside[top][place:place + 1] = [outer, inner]
                left.insert(0, inner)
                label = outer
            elif size % sizes[label]:
                raise ConvertError("the shape %s of an activation of shape %s: it joins parts of "
                                   "what was moved" % (list(dims), view.dims))
            size //= sizes[label]
            part.append(label)
        parts.append(tuple(part))
    memory = [(label, sizes[label]) for labels in inside.values() for label in labels]
    return View(view.name, view.shape, tuple(memory), tuple(parts))


def transposed(view, order):
    return View(view.name, view.shape, view.memory, tuple(view.parts[i] for i in order))


def _groups(view, target):
    """(sizes of the runs of factors that stay together, in the order of memory; their order in
    target, a list of labels)."""
    place = {label: i for i, (label, size) in enumerate(
        (label, size) for label, size in view.memory if size != 1)}
    sizes = [size for _, size in view.memory if size != 1]
    runs = []
    for i in [place[label] for label in target if label in place]:
        if runs and runs[-1][-1] + 1 == i:
            runs[-1].append(i)
        else:
            runs.append([i])
    order = sorted(runs)
    return [int(np.prod([sizes[i] for i in run])) for run in order], [order.index(r) for r in runs]


def _letters(dims):
    """Axes that an activation of these dimensions may have, the customary ones first."""
    batch = "n" if len(dims) > 1 and dims[0] == 1 else ""
    rank = len(dims) - len(batch)
    if rank > MOST_AXES:
        raise ConvertError("an activation of shape %s: more than three dimensions besides the "
                           "batch" % dims)
    first = {0: [""], 1: ["c"], 2: ["hc"], 3: ["chw", "hwc"] if batch else ["hwc", "chw"]}[rank]
    rest = ["".join(p) for p in itertools.permutations("hwc" if rank == 3 else "hc"[2 - rank:])]
    return [batch + letters for letters in first + rest]


def settle(builder, view):
    """view as a Value: its numbers are moved if they have to be."""
    best = None
    for axes in _letters(view.dims):
        part = dict(zip(axes, view.parts))
        target = [label for letter in "hwc" for label in part.get(letter, ())]
        sizes, order = _groups(view, target)
        if best is None or len(order) < len(best[1]):
            best = sizes, order, axes
    sizes, order, axes = best
    here = Value(view.name, "nhwc", view.shape)
    size = dict(zip(axes, view.dims))
    shape = tuple(size.get(letter, 1) for letter in "hwc")
    if len(order) > MOST_AXES:
        raise ConvertError("an activation of shape %s: its numbers would move along more than three "
                           "axes at once" % view.dims)
    if len(order) > 1:
        ones = MOST_AXES - len(order)
        here = _as_shape(builder, here, (1,) * ones + tuple(sizes))
        moves = tuple(range(ones + 1)) + tuple(ones + 1 + i for i in order)
        here = builder.append("transpose", [here], "nhwc", builder.fresh(view.name), shape=moves)
    return Value(_as_shape(builder, here, shape).name, axes, shape)


def _as_shape(builder, value, shape, output=None):
    if value.shape == shape and output is None:
        return value
    return builder.append("reshape", [value], "nhwc", output or builder.fresh(value.name),
                          shape=(0,) + shape)


def _place(view, axis):
    """(labels of the factors of view's dimension axis, the place of the first of them in memory)."""
    part = [label for label in view.parts[axis] if dict(view.memory)[label] != 1]
    return part, [label for label, _ in view.memory].index(part[0]) if part else 0


def lies_together(view, axis):
    """Do the factors of view's dimension axis lie side by side?"""
    part, start = _place(view, axis)
    return bool(part) and [label for label, _ in view.memory][start:start + len(part)] == part


def sliced(builder, view, axis, first, count, output):
    """count of view's dimension axis, which lies together, from first on, as a View."""
    part, start = _place(view, axis)
    sizes = [size for _, size in view.memory]
    before = int(np.prod(sizes[:start]))
    after = int(np.prod(sizes[start + len(part):]))
    here = _as_shape(builder, Value(view.name, "nhwc", view.shape),
                     (before, view.dims[axis], after))
    here = builder.append("slice", [here], "nhwc", output, axis=2, shape=(0, first, count, 0))
    memory = view.memory[:start] + ((part[0], count),) + view.memory[start + len(part):]
    parts = view.parts[:axis] + ((part[0],),) + view.parts[axis + 1:]
    return View(here.name, here.shape, memory, parts)
