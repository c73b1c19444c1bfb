"""tfjs_file.py - the JSON file of a TensorFlow.js model, or of weights alone, as plain objects.

The weights lie in other files of the same folder, shards, that the JSON names. A source's bytes are
the JSON and behind it the shards in the order of their names (source_parts.py puts them together),
so that one checksum covers all. Weights are float32, int32 or bool, or quantized: float16, or uint8
and uint16 by scale and least value."""
import base64
import json
from dataclasses import dataclass, field

import numpy as np

from graph import ConvertError

LARGEST_JSON = 1 << 26  # bytes
MOST_DIMENSIONS = 8
TYPES = {"float32": "<f4", "int32": "<i4", "bool": "u1"}
WRONG_SIZE = "its weights take %d bytes, the shards have %d: incomplete, or another model's"
QUANTIZED = {"float16": "<f2", "uint8": "u1", "uint16": "<u2"}


@dataclass
class Weight:
    """A constant. data: the file's numbers, not copied; scale and low: of quantized ones."""
    name: str
    dtype: str
    data: np.ndarray
    scale: float
    low: float

    def array(self):
        """The numbers as TensorFlow.js has them: brought back in double precision, rounded once."""
        if self.data.dtype.kind != "u" or self.dtype == "bool":
            return self.data.astype("<f4") if self.data.dtype.kind == "f" else self.data
        numbers = self.data.astype("f8") * self.scale + self.low
        return numbers.astype("<f4") if self.dtype == "float32" else (
            np.floor(numbers + 0.5).astype("<i4"))


@dataclass
class GraphNode:
    """A node of the graph. inputs: as the file has them; attributes: key -> {kind: value}."""
    name: str
    op: str
    inputs: list
    attributes: dict = field(default_factory=dict)

    def attribute(self, key, kind, default):
        """A whole number, number, truth or text, by TensorFlow's letter for it: i, f, b or s."""
        found = self.attributes.get(key, {}).get(kind)
        return default if found is None else _scalar(kind, found)

    def attributes_of(self, key, kind):
        """The same of an attribute that is a list."""
        return [_scalar(kind, item)
                for item in self.attributes.get(key, {}).get("list", {}).get(kind, [])]


def _scalar(kind, value):
    if kind == "s":
        try:
            return base64.b64decode(value, validate=True).decode("utf-8")
        except ValueError:
            raise ConvertError("a text that is no base64") from None
    return {"i": int, "f": float, "b": bool}[kind](value)


def _refuse_number(text):
    raise ValueError("the number %s" % text)


def parse_json(data):
    """(what the JSON holds that data begins with, where it ends). ConvertError."""
    head = data[:LARGEST_JSON].decode("latin-1")  # shards follow, which are no text
    try:
        end = json.JSONDecoder().raw_decode(head, len(head) - len(head.lstrip()))[1]
        return json.loads(data[:end].decode("utf-8"), parse_constant=_refuse_number), end
    except ValueError as error:
        raise ConvertError("its JSON is damaged, or longer than %d MiB (%s)" %
                           (LARGEST_JSON >> 20, error)) from None


def _groups(content):
    """The manifest of weights: [{"paths": names of shards, "weights": what they hold}]."""
    groups = content.get("weightsManifest") if isinstance(content, dict) else content
    if not isinstance(groups, list) or not groups or not all(
            isinstance(group, dict) and isinstance(group.get("paths"), list) and
            isinstance(group.get("weights"), list) for group in groups):
        raise ConvertError("its manifest of weights is no list of groups with paths and weights")
    return groups


def shards(data):
    """(names of the shards that a JSON file's bytes name, in order; bytes of all together): not
    checked. ConvertError."""
    content = parse_json(data)[0]
    names = [name for group in _groups(content) for name in group["paths"]]
    return names, sum(_layout(entry)[2] for entry in _entries(content))


def _entries(content):
    return [entry for group in _groups(content) for entry in group["weights"]]


def stated_shapes(content):
    """{name: shape} of the weights, as the manifest has them."""
    return {entry["name"]: entry["shape"] for entry in _entries(content)}


def _layout(entry):
    """(type in the file, shape, bytes) of an entry of the manifest."""
    name, shape, dtype = entry["name"], entry["shape"], entry["dtype"]
    quantized = (entry.get("quantization") or {}).get("dtype", "")
    if dtype not in TYPES or (quantized and quantized not in QUANTIZED):
        raise ConvertError("weight '%s' is of type %s%s, read are %s and, quantized, %s" % (
            name, dtype, " as " + quantized if quantized else "", ", ".join(TYPES),
            ", ".join(QUANTIZED)))
    if len(shape) > MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise ConvertError("weight '%s' has the shape %s" % (name, shape))
    kind = np.dtype(QUANTIZED.get(quantized, TYPES[dtype]))
    size = kind.itemsize
    for n in shape:
        size *= n
    return kind, shape, size


def read_weights(content, rest):
    """{name: Weight} of what a JSON holds and the bytes behind it, the shards. ConvertError."""
    entries = _entries(content)
    layouts = [_layout(entry) for entry in entries]
    total = sum(size for _, _, size in layouts)
    start = len(rest) - total
    if start < 0 or rest[:start].strip():  # the JSON file may end with blanks
        raise ConvertError(WRONG_SIZE % (total, len(rest)))
    weights = {}
    for entry, (kind, shape, size) in zip(entries, layouts):
        affine = entry.get("quantization") or {}
        if entry["name"] in weights:
            raise ConvertError("two weights are called '%s'" % entry["name"])
        weights[entry["name"]] = Weight(
            entry["name"], entry["dtype"],
            np.frombuffer(rest, kind, size // kind.itemsize, start).reshape(shape),
            float(affine.get("scale", 1)), float(affine.get("min", 0)))
        start += size
    return weights
