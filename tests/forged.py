"""forged.py - weight files that claim to be another model: changed, with every checksum right."""
import os
import struct

from check import temp_folder
from crc32c import crc32c

HEADER, ENTRY = 64, 32


def sections(data):
    """Offset and bytes of each section by its name."""
    count, = struct.unpack_from("<I", data, 12)
    entries = [struct.unpack_from("<4sIQQ", data, HEADER + ENTRY * i) for i in range(count)]
    return {kind.decode(): (offset, size) for kind, _, offset, size in entries}


def sealed(data):
    """The bytes with all checksums made right, the id as it stands."""
    data = bytearray(data)
    parts = list(sections(data).values())
    for i, (offset, size) in enumerate(parts):
        struct.pack_into("<I", data, HEADER + ENTRY * i + 4, crc32c(bytes(data[offset:offset + size])))
    table = bytes(data[HEADER:HEADER + ENTRY * len(parts)])
    struct.pack_into("<I", data, 60, crc32c(bytes(data[:60]) + table))
    return bytes(data)


def forged(path, name="forged.fid"):
    """A copy whose last tensor, mostly a bias, is other numbers, under the same id."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    offset, size = sections(data)["TENS"]
    start, length = struct.unpack_from("<QQ", data, offset + size - 64 + 24)
    start += sections(data)["DATA"][0]
    data[start:start + length] = struct.pack("<f", 1.0) * (length // 4)
    target = os.path.join(temp_folder(), name)
    with open(target, "wb") as file:
        file.write(sealed(data))
    return target
