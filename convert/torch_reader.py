"""torch_reader.py - PyTorch's checkpoints: dictionaries of tensors in a pickle, the numbers beside.

The old container is five pickles in a row (a magic number, 1001, a dictionary of the machine, the
content, a list of storages), then each storage's count and numbers. The newer one is a zip archive
of FOLDER/data.pkl and FOLDER/data/NAME. Both pickles are interpreted, never run (pickle_reader.py):
what PyTorch's names stand for is written here. A tensor is a view of a storage, as the file says
it; no number is copied before a graph wants it."""
import functools
import struct
from dataclasses import dataclass

import numpy as np

import array_pickle
import state_dict
from graph import ConvertError
from pickle_reader import (MAX_NAME, MAX_STEPS, Interpreter, Name, check_key, damaged,
                           refuse)
from source_kinds import BY_TORCH

MAGIC, PROTOCOL = 0x1950a86a20f9469cfc6c, 1001
KINDS = {"Float": "<f4", "Half": "<f2", "Double": "<f8", "Long": "<i8", "Int": "<i4",
         "Short": "<i2", "Char": "i1", "Byte": "u1", "Bool": "u1", "BFloat16": "bf16"}
MAX_DIMENSIONS = 8


def element_bytes(kind):
    return 2 if kind == "bf16" else np.dtype(kind).itemsize


def numbers_of(data, kind):
    """The array in raw bytes; bfloat16, which NumPy does not have, as float32."""
    if kind != "bf16":
        return np.frombuffer(data, kind)
    return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")


@dataclass(eq=False)
class Storage:
    """count numbers of a kind; data: their bytes, which are found when the pickle has been read."""
    kind: str
    count: int
    data: object = None

    @functools.cached_property
    def numbers(self):
        return numbers_of(self.data, self.kind)


@dataclass(eq=False)
class Tensor:
    storage: Storage
    offset: int
    shape: tuple
    strides: tuple

    def array(self):
        """A view of the storage. The numbers that strides reach were checked to be there."""
        numbers = self.storage.numbers[self.offset:]
        steps = [numbers.itemsize * step for step in self.strides]
        return np.lib.stride_tricks.as_strided(numbers, self.shape, steps, writeable=False)


def _natural(value, what):
    if type(value) is not int or not 0 <= value < 1 << 40:
        damaged("%s of a tensor" % what)
    return value


def _tensor(arguments):
    """_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks[, metadata])."""
    if len(arguments) < 4 or not isinstance(arguments[0], Storage):
        damaged("arguments of a tensor")
    storage, offset, shape, strides = arguments[:4]
    for sizes, what in ((shape, "the shape"), (strides, "the strides")):
        if type(sizes) is not tuple or len(sizes) > MAX_DIMENSIONS or len(sizes) != len(shape):
            damaged("%s of a tensor" % what)
        for size in sizes:
            _natural(size, what)
    count, last = 1, _natural(offset, "the offset")
    for size, step in zip(shape, strides):
        count, last = count * size, last + max(size - 1, 0) * step
    if count > storage.count or (count and last >= storage.count):
        damaged("a tensor reaches over its storage of %d numbers" % storage.count)
    return Tensor(storage, offset if count else 0, shape, strides)


def _parameter(arguments):
    """_rebuild_parameter(tensor, requires_grad, hooks)."""
    if not arguments or not isinstance(arguments[0], Tensor):
        damaged("arguments of a parameter")
    return arguments[0]


NAMES = {**array_pickle.ARRAYS,
         ("torch._utils", "_rebuild_tensor_v2"): _tensor,
         ("torch._utils", "_rebuild_tensor"): _tensor,
         ("torch._utils", "_rebuild_parameter"): _parameter,
         **{("torch", kind + "Storage"): None for kind in KINDS}}


class _Storages:
    """The storages that a pickle's persistent ids name: ("storage", class, name, device, count), in
    the old container with None behind it."""

    def __init__(self):
        self.by_name = {}

    def __call__(self, found):
        if not isinstance(found, tuple) or not found or found[0] != "storage":
            what = found[0] if isinstance(found, tuple) and found else found
            refuse("a %s beside its tensors" % (repr(what)[:MAX_NAME] if isinstance(what, str)
                                                else type(what).__name__))
        if len(found) not in (5, 6) or not isinstance(found[1], Name) or type(found[2]) is not str:
            damaged("the persistent id of a storage")
        if len(found) == 6 and found[5] is not None:
            refuse("a storage that is a part of another")
        kind = KINDS.get(found[1].text.rpartition(".")[2].removesuffix("Storage"))
        if kind is None:
            damaged("a storage of %s" % found[1].text)
        storage = Storage(kind, _natural(found[4], "the storage"))
        return self.by_name.setdefault(found[2], storage)


class _Machine(Interpreter):
    """What training saves has two things more: versions of layers, hung onto a dictionary, and an
    optimizer's dictionaries, whose keys are small numbers."""
    attributes = frozenset(("_metadata",))

    @staticmethod
    def check_key(key):
        if type(key) is not int or not 0 <= key < MAX_STEPS:
            check_key(key)


# ---- the two containers ----

def load_old(data):
    """The content of a checkpoint in the old container. ConvertError."""
    position, parts, storages = 0, [], _Storages()
    for _ in range(5):
        machine = _Machine(data, NAMES, storages, position)
        parts.append(machine.run())
        position = machine.position
    magic, protocol, system, content, names = parts
    if magic != MAGIC or protocol != PROTOCOL or type(system) is not dict:
        damaged("it does not begin as PyTorch's do")
    if system.get("little_endian") is not True:
        refuse("numbers of a big-endian machine")
    if type(names) is not list or sorted(map(str, names)) != sorted(storages.by_name):
        damaged("its list of storages is not what its tensors name")
    view = memoryview(data)
    for name in names:
        storage = storages.by_name[name]
        end = position + 8 + storage.count * element_bytes(storage.kind)
        if end > len(data) or struct.unpack_from("<Q", data, position)[0] != storage.count:
            damaged("storage '%.80s' is cut or of another size" % name)
        storage.data, position = view[position + 8:end], end
    return content


def load_zip(archive, folder):
    """The content of a checkpoint in an open zip archive, below folder ("archive/").
    ConvertError."""
    if folder + "byteorder" in archive.members and (
            bytes(archive.read(folder + "byteorder")) != b"little"):
        refuse("numbers of a big-endian machine")
    storages = _Storages()
    content = _Machine(bytes(archive.read(folder + "data.pkl")), NAMES, storages).run()
    for name, storage in storages.by_name.items():
        storage.data = archive.read("%sdata/%s" % (folder, name))
        if len(storage.data) != storage.count * element_bytes(storage.kind):
            damaged("storage '%.80s' is of another size" % name)
    return content


# ---- what they hold ----

def _dictionaries(content):
    """content and all dictionaries in it."""
    found, seen = [content], set()
    for holder in found:  # which grows
        if type(holder) is dict and id(holder) not in seen:
            seen.add(id(holder))
            found += holder.values()
    return [holder for holder in found if type(holder) is dict]


def graph_of(content, what, outputs=()):
    """The graph of a checkpoint's content: the dictionary in it that has the most tensors."""
    count = lambda holder: sum(isinstance(value, Tensor) for value in holder.values())
    state = max(_dictionaries(content), key=count, default={})
    if not count(state):
        raise ConvertError("this is %s without a dictionary of tensors: %s" % (what, BY_TORCH))
    return state_dict.graph_of({key: value.array() for key, value in state.items()
                                if isinstance(value, Tensor)}, what, outputs)


def explained(what, function, *arguments):
    """function(*arguments); what its pickle wants beside plain arrays, a class of its network in
    most cases, is said with the next step."""
    try:
        return function(*arguments)
    except ConvertError as error:
        if "refused" not in str(error):
            raise
        raise ConvertError("this is %s that holds more than numbers: %s: %s" % (
            what, error, BY_TORCH)) from None


def read_torch(data, name, outputs=()):
    """The graph of a checkpoint in the old container; name is for messages. Values named in outputs
    become its outputs, if there are any. ConvertError."""
    what = "a PyTorch checkpoint (old container)"
    try:
        return graph_of(explained(what, load_old, data), what, outputs)
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None
