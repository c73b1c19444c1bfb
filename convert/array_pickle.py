"""array_pickle.py - reads a pickle of NumPy arrays without running anything of it.

A pickle is a program that may call any function it names. This reader knows the few names that
NumPy writes, in all their spellings, and answers each with a function of its own that can only make
an array; every other name ends the reading."""
import io
import pickle

import numpy as np

from graph import ConvertError

# What a damaged or hostile pickle makes the unpickler or NumPy raise.
FAILURES = (pickle.UnpicklingError, EOFError, ValueError, IndexError, AttributeError, KeyError,
            TypeError, MemoryError, ImportError, OverflowError, RecursionError)


class _Ndarray:
    """Stands for numpy.ndarray as an argument of _reconstruct; cannot be called."""

    def __new__(cls, *_):
        raise pickle.UnpicklingError("an array made in an unknown way")


def _reconstruct(_subtype, _shape, _kind):
    """An empty array; the pickle then sets its state, which NumPy checks."""
    return np.ndarray((0,), np.int8)


def _dtype(kind, *_):
    return np.dtype(kind, copy=True)


def _scalar(kind, data):
    data = data.encode("latin1") if isinstance(data, str) else data
    return np.frombuffer(data, kind)[0]


def _encode(text, encoding="latin1"):
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("text in the encoding %r" % encoding)
    return text.encode("latin1")


_MULTIARRAY = {"_reconstruct": _reconstruct, "scalar": _scalar}
_ALLOWED = {
    "numpy.core.multiarray": _MULTIARRAY,
    "numpy._core.multiarray": _MULTIARRAY,
    "numpy": {"ndarray": _Ndarray, "dtype": _dtype},
    "_codecs": {"encode": _encode},
    "collections": {"OrderedDict": dict},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        found = _ALLOWED.get(module, {}).get(name)
        if found is None:
            raise ConvertError("the pickle wants to load %s.%s: refused, only arrays are read" %
                               (module, name))
        return found


def load(data):
    """The object in a pickle's bytes, text of Python 2 read as latin1. ConvertError."""
    try:
        return _Unpickler(io.BytesIO(data), encoding="latin1").load()
    except FAILURES as error:
        raise ConvertError("the pickle is damaged (%s: %s)" %
                           (type(error).__name__, error)) from None
