"""labels.py - class names: a NumPy file of strings (as keras-vggface publishes them), or text with
one name a line."""
import io

import numpy as np

import array_pickle
from graph import ConvertError


def _numpy_strings(data, name):
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0,
                       (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, _, kind = read_header(file)
        if kind.hasobject:  # the strings are a pickle behind the header
            array = array_pickle.load(data[file.tell():])
        else:
            array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise ConvertError("%s: the NumPy file is damaged (%s)" % (name, error)) from None
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise ConvertError("%s: the NumPy file is damaged: no array of its stated shape" % name)
    return array.reshape(-1).tolist()


def _text(word, name):
    try:
        word = word.decode("utf-8") if isinstance(word, bytes) else word
    except UnicodeDecodeError:
        raise ConvertError("%s: a label is no UTF-8" % name) from None
    if not isinstance(word, str) or not word.strip():
        raise ConvertError("%s: a label is no text or empty" % name)
    return word.strip()


def read_labels(path):
    """The class names in a file, in its order. OSError, ConvertError."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:6] == b"\x93NUMPY":
        words = _numpy_strings(data, path)
    else:
        words = [line for line in data.splitlines() if line.strip()]
    return [_text(word, path) for word in words]
