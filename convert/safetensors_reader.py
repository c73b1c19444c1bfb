"""safetensors_reader.py - safetensors: a size, a JSON header of so many bytes, the arrays.

    {"layer.weight": {"dtype": "F32", "shape": [64, 3, 7, 7], "data_offsets": [0, 37632]}, ...}

Offsets count from the end of the header. The arrays cover what is behind it without gap or overlap,
so that none is read twice."""
import json
import math
import struct

import state_dict
from graph import ConvertError
from torch_reader import element_bytes, numbers_of

LARGEST_HEADER = 16 << 20
KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "bf16", "I64": "<i8", "I32": "<i4",
         "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "u1"}
METADATA = "__metadata__"
MAX_DIMENSIONS = 8


def damaged(why):
    raise ConvertError("the safetensors file is damaged (%s)" % why)


def _unique(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        damaged("a key stands twice")
    return dict(pairs)


def _natural(value):
    return type(value) is int and 0 <= value < 1 << 40


def _entry(name, entry):
    """(kind, shape, first byte, end) of an array, which fit each other."""
    if type(entry) is not dict or set(entry) != {"dtype", "shape", "data_offsets"}:
        damaged("the entry of '%.80s'" % name)
    kind, shape, offsets = KINDS.get(str(entry["dtype"])), entry["shape"], entry["data_offsets"]
    if kind is None:
        raise ConvertError("the array '%.80s' is of type %.20s, read are %s" % (
            name, entry["dtype"], ", ".join(KINDS)))
    if type(shape) is not list or len(shape) > MAX_DIMENSIONS or not all(map(_natural, shape)):
        damaged("the shape of '%.80s'" % name)
    if type(offsets) is not list or len(offsets) != 2 or not all(map(_natural, offsets)):
        damaged("the offsets of '%.80s'" % name)
    if offsets[1] - offsets[0] != math.prod(shape) * element_bytes(kind):
        damaged("'%.80s' has another size than its shape" % name)
    return kind, shape, *offsets


def load(data):
    """{name: array} of a file's bytes; arrays are views of data. ConvertError."""
    size = struct.unpack_from("<Q", data)[0] if len(data) >= 8 else len(data)
    if size > min(len(data) - 8, LARGEST_HEADER):
        damaged("a header of %d bytes" % size)
    try:
        header = json.loads(data[8:8 + size].decode("utf-8"), object_pairs_hook=_unique)
    except ValueError as error:
        damaged("its header is no JSON: %s" % error)
    if type(header) is not dict:
        damaged("its header is no dictionary")
    header.pop(METADATA, None)
    arrays, view, end = {}, memoryview(data)[8 + size:], 0
    entries = {name: _entry(name, entry) for name, entry in header.items()}
    for name, (kind, shape, first, last) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if first != end or last > len(view):
            damaged("'%.80s' does not begin where the array before ends, or passes the end" % name)
        arrays[name], end = numbers_of(view[first:last], kind).reshape(shape), last
    if end != len(view):
        damaged("%d bytes belong to no array" % (len(view) - end))
    return {name: arrays[name] for name in entries}


def read_safetensors(data, name, outputs=()):
    """The graph of a file's bytes; name is for messages. Values named in outputs become its
    outputs, if there are any. ConvertError."""
    try:
        return state_dict.graph_of(load(data), "a safetensors file", outputs)
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None
