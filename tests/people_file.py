"""people_file.py - writes the file of `faceid export` as engine/face/keeping/PEOPLE_FILE.md describes it, so
that tests can have people without a model."""
import random
import struct

MODEL = "0123456789abcdef0123456789abcdef"
SIZE = 16
NOW = "2026-11-23T22:10:05Z"
PERSON, SAMPLE, CONSENT, CROP = 1, 2, 3, 4  # kinds of rows
GALLERY = bytes(16)
MASK = 2**64 - 1
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


def mix(x):
    """How a plain row is counted (engine/vault/FORMAT.md)."""
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        x = (x ^ x >> 33) * factor & MASK
    return x ^ x >> 33


def row(number, person, content):
    """A plain row, and what it adds to the digest of its kind."""
    head = struct.pack("<4sBBHIQQQ24x", b"FIDr", 1, number >> 56, 0, len(content), number, person, 0)
    crc = crc32c(GALLERY + head + content)
    return head + content + struct.pack("<I12x", crc), mix(number ^ mix(crc))


def text(word):
    word = word if isinstance(word, bytes) else word.encode()
    return struct.pack("<I", len(word)) + word


def padded(content, multiple):
    return content + bytes(-len(content) % multiple)


# What rows hold: (kind, content).
def head(name, created=NOW, expires=""):
    return PERSON, padded(text(name) + text(created) + text(expires) + struct.pack("<I", 0), 128)


def sample(source, vector, order=0, created=NOW, model=MODEL, size=None):
    size = len(vector) // 4 if size is None else size
    return SAMPLE, padded(text(model) + struct.pack("<II", order, size) + text(created) + text(source), 128) + vector


def consent(words, order=0, created=NOW):
    return CONSENT, padded(struct.pack("<I", order) + text(created) + text(words), 256)


def crop(content):
    return CROP, padded(text(content), 4096)


def person(name, samples=2, expires="", consents=(), size=SIZE, seed=None, model=MODEL):
    """The rows of a person with random vectors."""
    chance = random.Random(repr(name) if seed is None else seed)
    rows = [head(name, NOW, expires)]
    for i in range(samples):
        vector = struct.pack("<%df" % size, *(chance.uniform(-1, 3) for _ in range(size)))
        rows.append(sample("made up %d" % i, vector, i, model=model))
    return rows + [consent(words, i) for i, words in enumerate(consents)]


def people_file(*people, model=MODEL, size=SIZE, version=3, in_order=True):
    """The bytes of a file with these people (lists of rows); crops are of the samples in turn."""
    counts, digests, rows = [0] * 20, [0] * 20, []
    for p, contents in enumerate(people, 1):
        mine, crops = [], 0
        for i, (kind, content) in enumerate(contents):
            if kind == SAMPLE and content.startswith(text(MODEL)):
                content = text(model) + content[len(text(model)):]
            crops += kind == CROP
            mine.append((kind << 56 | p << 32 | (crops if kind == CROP else i), content))
        for number, content in sorted(mine, key=lambda one: one[0]) if in_order else mine:
            data, digest = row(number, 1 << 56 | p << 32, content)
            counts[number >> 56] += 1
            digests[number >> 56] ^= digest
            rows.append(data)
    manifest = struct.pack("<QII33s128s3x", 0, 0, size, model.encode(), b"made up") + b"".join(
        struct.pack("<QQ24x", count, digest) for count, digest in zip(counts, digests))
    body = row(1, 0, manifest)[0] + b"".join(rows)
    return b"FIDPEOPL" + struct.pack("<II", version, 0) + body
