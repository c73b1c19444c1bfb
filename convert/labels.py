"""labels.py - class names: a NumPy file of strings (as keras-vggface publishes them), or text with
one name a line.

A NumPy file is read by its one layout that NumPy writes: fixed strings, or an array of objects,
whose body is a pickle that is interpreted as weights are and holds text alone."""
import math
import re

import numpy as np

import array_pickle
from graph import ConvertError

MAGIC = b"\x93NUMPY"
HEADER = re.compile(r"\{'descr': '([^']*)', 'fortran_order': (?:False|True), "
                    r"'shape': \(([0-9L, ]*)\),? ?\}\s*")
STRINGS = re.compile(r"[|<>=]?([SU])([0-9]{1,6})")
LONGEST_HEADER, MAX_LABELS = 10000, 1 << 20


def _numpy_strings(data, name):
    def damaged(why):
        raise ConvertError("%s: the NumPy file is damaged or no list of names: %s" % (name, why))

    length = {1: 2, 2: 4, 3: 4}.get(data[6] if len(data) > 6 else 0)
    if length is None:
        damaged("its version is not known")
    start = 8 + length + int.from_bytes(data[8:8 + length], "little")
    found = HEADER.fullmatch(data[8 + length:start].decode("latin1")) if (
        start <= min(len(data), LONGEST_HEADER)) else None
    if not found:
        damaged("its header is none that NumPy writes for text")
    kind, sizes = found.group(1), [s.strip(" L") for s in found.group(2).split(",")]
    if len(sizes) > array_pickle.MAX_DIMENSIONS or any(len(size) > 9 for size in sizes):
        damaged("its shape is too large")
    shape = [int(size) for size in sizes if size]
    count, body = math.prod(shape), data[start:]
    if count > MAX_LABELS:
        damaged("%d names" % count)
    if kind in ("|O", "O"):
        words = array_pickle.load(body, array_pickle.WORDS)
        if type(words) is not list or len(words) != count:
            damaged("no list of its stated length")
        return words
    fixed = STRINGS.fullmatch(kind)
    if not fixed:
        damaged("names of the type '%s'" % kind[:40])
    size = int(fixed.group(2)) * (4 if fixed.group(1) == "U" else 1)
    if size < 1 or count * size != len(body):
        damaged("%d names of %d bytes in %d bytes" % (count, size, len(body)))
    return np.frombuffer(body, kind).tolist() if count else []


def _text(word, name):
    try:
        word = word.decode("utf-8") if isinstance(word, bytes) else word
    except UnicodeDecodeError:
        raise ConvertError("%s: a label is no UTF-8" % name) from None
    if not isinstance(word, str) or not word.strip():
        raise ConvertError("%s: a label is no text or empty" % name)
    return word.strip()


def read_labels(data, name):
    """The class names in a file's bytes, in its order; name is for messages. ConvertError."""
    try:
        if data[:6] == MAGIC:
            words = _numpy_strings(data, name)
        else:
            words = [line for line in data.splitlines() if line.strip()]
        return [_text(word, name) for word in words]
    except ConvertError as error:
        raise ConvertError(str(error) if str(error).startswith(name) else "%s: %s" %
                           (name, error)) from None
