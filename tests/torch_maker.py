"""torch_maker.py - PyTorch checkpoints and safetensors files of the tests' own, byte by byte as
PyTorch and safetensors lay them out, with opcodes by hand: there is no PyTorch here."""
import io
import json
import struct
import zipfile

import numpy as np

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
PROTOCOL = b"\x80\x02M\xe9\x03."
KINDS = {"f4": "Float", "f2": "Half", "f8": "Double", "i8": "Long"}
SAFE_KINDS = {"f4": "F32", "f2": "F16", "f8": "F64", "i8": "I64"}
BFLOAT16 = "bf16"


def text(word):
    return b"X" + struct.pack("<I", len(word.encode())) + word.encode()


def number(n):
    return b"K" + bytes([n]) if 0 <= n < 256 else b"J" + struct.pack("<i", n)


def many(items):
    return b"(" + b"".join(items) + b"t"


def name(module, function):
    return b"c%s\n%s\n" % (module.encode(), function.encode())


EMPTY_ORDERED = name("collections", "OrderedDict") + b")R"


def bfloat16(array):
    """The upper halves of float32 numbers, as bytes."""
    return (np.ascontiguousarray(array, "<f4").view("<u4") >> 16).astype("<u2").tobytes()


def contiguous(shape):
    return [int(np.prod(shape[i + 1:], dtype=int)) for i in range(len(shape))]


def storage_id(kind, key, count, old):
    return many([text("storage"), name("torch", kind + "Storage"), text(key), text("cpu"),
                 number(count)] + [b"N"] * old) + b"Q"


def tensor(storage, shape, strides, offset=0):
    return name("torch._utils", "_rebuild_tensor_v2") + many([
        storage, number(offset), many(map(number, shape)), many(map(number, strides)), b"\x89",
        EMPTY_ORDERED]) + b"R"


class Checkpoint:
    """A state dict under way: a pickle, and the storages' bytes."""

    def __init__(self, old=True):
        self.old, self.items, self.storages = old, [], {}

    def storage(self, array, half=None):
        """A storage of an array's numbers; half: BFLOAT16, or None for the array's own type."""
        key = str(94106911139248 + len(self.storages))
        kind = "BFloat16" if half else KINDS[array.dtype.str[1:]]
        self.storages[key] = array.size, bfloat16(array) if half else array.tobytes()
        return storage_id(kind, key, array.size, self.old)

    def add(self, key, array, half=None):
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        self.put(key, tensor(self.storage(array, half), array.shape, contiguous(array.shape)))

    def put(self, key, opcodes):
        self.items.append(text(key) + opcodes)

    def pickle(self, around=(b"", b"")):
        """The pickle; around: opcodes before and behind the dictionary."""
        metadata = b"}" + text("_metadata") + EMPTY_ORDERED + b"sb"
        return (b"\x80\x02" + around[0] + name("collections", "OrderedDict") + b")R(" +
                b"".join(self.items) + b"u" + metadata + around[1] + b".")

    def bytes(self, around=(b"", b"")):
        return (self.old_bytes if self.old else self.zip_bytes)(self.pickle(around))

    def old_bytes(self, content):
        system = b"\x80\x02}(" + text("protocol_version") + number(1001) + text(
            "little_endian") + b"\x88" + text("type_sizes") + b"}u."
        names = b"\x80\x02](" + b"".join(map(text, self.storages)) + b"e."
        numbers = b"".join(struct.pack("<Q", count) + data
                           for count, data in self.storages.values())
        return MAGIC + PROTOCOL + system + content + names + numbers

    def zip_bytes(self, content, more=()):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
            for member, data in [("data.pkl", content), ("byteorder", b"little"), *more] + [
                    ("data/" + key, data) for key, (_, data) in self.storages.items()] + [
                        ("version", b"3\n")]:
                archive.writestr(zipfile.ZipInfo("archive/" + member), data)
        return made.getvalue()


def checkpoint(state, old=True, half=None):
    """The bytes of a state dict's checkpoint."""
    made = Checkpoint(old)
    for key, array in state.items():
        made.add(key, array, half if array.dtype.kind == "f" else None)
    return made.bytes()


def safetensors(state, half=None, change=lambda header: None):
    """The bytes of a safetensors file; change: what to do to the header before it is written."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    parts = []
    for key, array in state.items():
        low = half if array.dtype.kind == "f" else None
        part = bfloat16(array) if low else array.tobytes()
        start = sum(map(len, parts))
        parts.append(part)
        header[key] = {"dtype": "BF16" if low else SAFE_KINDS[array.dtype.str[1:]],
                       "shape": list(array.shape), "data_offsets": [start, start + len(part)]}
    change(header)
    data = json.dumps(header).encode()
    data += b" " * (-len(data) % 8)
    return struct.pack("<Q", len(data)) + data + b"".join(parts)
