"""people_file.py - writes the file of `faceid export` as engine/face/gallery/PEOPLE_FILE.md describes it, so
that tests can have people without a model."""
import random
import struct

MODEL = "0123456789abcdef0123456789abcdef"
SIZE = 16
NOW = "2026-11-23T22:10:05Z"
_table = []


def crc32c(data):
    if not _table:
        for byte in range(256):
            for _ in range(8):
                byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
            _table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _table[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def text(*words):
    return b"".join((w if isinstance(w, bytes) else w.encode()) + b"\0" for w in words)


def record(tag, content=b""):
    body = tag.encode() + struct.pack("<I", len(content)) + content
    return body + struct.pack("<I", crc32c(body))


def person(name, samples=2, expires="", consents=(), size=SIZE, seed=None):
    """The records of somebody with random vectors."""
    chance = random.Random(repr(name) if seed is None else seed)
    records = [record("PERS", text(NOW, expires, name))]
    records += [record("CONS", text(NOW, words)) for words in consents]
    for i in range(samples):
        vector = struct.pack("<%df" % size, *(chance.uniform(-1, 3) for _ in range(size)))
        records.append(record("SAMP", text(NOW, "made up %d" % i) + vector))
    return records


def people_file(*people, model=MODEL, size=SIZE, version=1):
    """The bytes of a file with these people (lists of records)."""
    records = [record("MODL", text("made up"))] + [r for p in people for r in p] + [record("DONE")]
    body = b"".join(records)
    head = b"FIDPEOPL" + struct.pack("<HHIQ", version, 0, size, 64 + len(body)) + model.encode() + \
        struct.pack("<I", len(records))
    return head + struct.pack("<I", crc32c(head)) + body
