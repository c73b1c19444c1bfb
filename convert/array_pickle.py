"""array_pickle.py - the names that NumPy writes into pickles, for pickle_reader.py: arrays and
scalars of floats and integers. Object, structured and all other types are refused by name.

ARRAYS is the table of known names; a reader of other pickles takes a copy of it with names of its
own added. WORDS reads one layout more, an array of objects that are all text, as the published
class names have it; it becomes a list."""
import math
import re

import numpy as np

from pickle_reader import Interpreter, Name, Part, check_key, damaged, refuse

KIND = re.compile(r"f[248]|[iu][1248]")
OBJECT = "O"
MAX_DIMENSIONS = 8
PLAIN_STATE = (None, None, None, -1, -1)  # of a dtype: subarray, names, fields, size, alignment
OBJECT_FLAGS = 63
UNKNOWN = "an array made in an unknown way"


def _bytes(data):
    """Raw numbers: bytes, or the text that Python 2's strings are read as."""
    if type(data) is str:
        data = data.encode("latin1")
    if type(data) is not bytes:
        damaged("numbers that are no bytes")
    return data


def _numbers(data, kind, count):
    """[count] numbers of the dtype kind, a view of data."""
    data = _bytes(data)
    if len(data) != count * kind.itemsize:
        damaged("%d numbers of %d bytes in %d bytes" % (count, kind.itemsize, len(data)))
    return np.frombuffer(data, kind) if count else np.zeros(0, kind)


class _Dtype(Part):
    """numpy.dtype("f4", False, True), to which BUILD brings the byte order."""
    objects = False

    def __init__(self, arguments):
        name = arguments[0] if arguments else None
        if type(name) is not str:
            damaged("a dtype without a name")
        self.is_object = self.objects and name in ("O", "O4", "O8")
        if not KIND.fullmatch(name) and not self.is_object:
            refuse("numpy.dtype '%s', no kind of floats or integers" % name[:20])
        if len(arguments) != 3 or any(type(flag) not in (bool, int) for flag in arguments[1:]):
            damaged("arguments of numpy.dtype")
        self.name, self.kind = name, None

    def build(self, state):
        if self.kind is not None:
            refuse("to change a numpy.dtype")
        if type(state) is not tuple or len(state) < 2 or state[0] != 3:
            refuse("a numpy.dtype with a state of another version, or with metadata")
        if len(state) != 8 or type(state[1]) is not str:
            damaged("the state of a numpy.dtype")
        for part, wanted, what in zip(state[2:5], PLAIN_STATE,
                                      ("a subarray", "names of fields", "fields")):
            if part is not wanted:
                refuse("a numpy.dtype with %s" % what)
        flags = OBJECT_FLAGS if self.is_object else 0
        if state[5:7] != PLAIN_STATE[3:] or state[7] != flags:
            refuse("a numpy.dtype with a size, an alignment or flags of its own")
        if self.is_object:
            self.kind = OBJECT
        elif state[1] in ("<", ">") or (state[1] == "|" and self.name[1] == "1"):
            self.kind = np.dtype(state[1].replace("|", "<") + self.name)
        else:
            refuse("a numpy.dtype of the byte order '%s'" % state[1][:20])

    def value(self):
        if self.kind is None:
            damaged("a numpy.dtype without its byte order")
        return self.kind


class _WordsDtype(_Dtype):
    objects = True


class _Array(Part):
    """_reconstruct(ndarray, (0,), "b"), to which BUILD brings shape, dtype and numbers."""

    def __init__(self, arguments):
        if len(arguments) != 3 or not isinstance(arguments[0], Name) or (
                arguments[0].text != "numpy.ndarray" or arguments[1] != (0,) or
                arguments[2] not in ("b", b"b")):
            refuse(UNKNOWN)
        self.array = None

    def build(self, state):
        if self.array is not None:
            refuse("to change an array")
        if type(state) is not tuple or len(state) != 5 or state[0] != 1:
            refuse("an array with a state of another version")
        _, shape, kind, fortran, data = state
        if type(shape) is not tuple or len(shape) > MAX_DIMENSIONS or any(
                type(size) is not int or not 0 <= size < 1 << 31 for size in shape):
            damaged("the shape of an array")
        count = math.prod(shape)
        if kind is OBJECT:
            self.array = _words(data, count)
        elif isinstance(kind, np.dtype):
            order = "F" if fortran in (True, 1) else "C"
            self.array = _numbers(data, kind, count).reshape(shape, order=order)
        else:
            damaged("an array without a dtype")

    def value(self):
        if self.array is None:
            damaged("an array without its numbers")
        return self.array


def _words(items, count):
    if type(items) is not list or len(items) != count or any(
            type(item) not in (str, bytes) for item in items):
        refuse("an array of objects that are no text")
    return items


def _scalar(arguments):
    if len(arguments) != 2 or not isinstance(arguments[0], np.dtype):
        damaged("arguments of a NumPy scalar")
    return _numbers(arguments[1], arguments[0], 1)[0]


def _encode(arguments):
    """How protocols 0 to 2 of Python 3 write bytes."""
    if len(arguments) != 2 or type(arguments[0]) is not str:
        damaged("arguments of _codecs.encode")
    if arguments[1] not in ("latin1", "latin-1"):
        refuse("text in another encoding than latin1")
    return arguments[0].encode("latin1")


def _ordered_dict(arguments):
    pairs = arguments[0] if arguments else []
    if len(arguments) > 1 or type(pairs) is not list or any(
            type(pair) not in (list, tuple) or len(pair) != 2 for pair in pairs):
        damaged("arguments of OrderedDict")
    for key, _ in pairs:
        check_key(key)
    return dict(pairs)


ARRAYS = {
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): _ordered_dict,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    ARRAYS[_module, "_reconstruct"] = _Array
    ARRAYS[_module, "scalar"] = _scalar
WORDS = {**ARRAYS, ("numpy", "dtype"): _WordsDtype}


def load(data, names=None):
    """The object in a pickle's bytes, text of Python 2 read as latin1. Arrays are views of data,
    read-only. ConvertError."""
    return Interpreter(data, names or ARRAYS).run()
