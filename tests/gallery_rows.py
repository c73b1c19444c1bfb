"""gallery_rows.py - the rows of a plain gallery, read and written past faceid, as engine/vault/FORMAT.md
describes them."""
import sqlite3
import struct

from people_file import CONSENT, CROP, PERSON, SAMPLE, crc32c, mix

COPY, CHANGE, CALIBRATION, STRANGER, TEMPLATE, BEFORE = 5, 6, 7, 8, 9, 0x40
HEAD, TAG, TALLIES, TALLY = 60, 16, 180, 40


class Row:
    def __init__(self, number, person, generation, body):
        self.id, self.person, self.generation, self.body = number, person, generation, body
        self.kind, self.content = number >> 56, body[HEAD:-TAG]

    def text(self, at):
        """The text at that place of the content, and what is behind it."""
        end = at + 4 + struct.unpack_from("<I", self.content, at)[0]
        return self.content[at + 4:end], end


def all_rows(gallery, *kinds):
    """The rows of these kinds (none: of all), in the order of their numbers."""
    there = sqlite3.connect(gallery)
    found = [Row(*row) for row in there.execute("SELECT id, person, generation, body FROM record WHERE "
                                                "substr(body, 1, 4) = CAST('FIDr' AS BLOB) ORDER BY id")]
    there.close()
    return [row for row in found if not kinds or row.kind in kinds]


def ids(gallery):
    """{name: the person's number}"""
    return {row.text(0)[0].decode(): row.id for row in all_rows(gallery, PERSON)}


def samples(gallery, name=None):
    """[(source, the vector's bytes)] of the person, or of all, in the order of enrollment."""
    found, person = [], ids(gallery)[name] if name else None
    for row in all_rows(gallery, SAMPLE):
        order, count = struct.unpack_from("<II", row.content, 36)
        source = row.text(row.text(44)[1])[0].decode()
        if person in (None, row.person):
            found.append((row.person, order, source, row.content[-4 * count:]))
    return [one[2:] for one in sorted(found)]


def consents(gallery):
    return [row.text(row.text(4)[1])[0].decode() for row in all_rows(gallery, CONSENT)]


def crops(gallery, name):
    """What is kept of the person's faces, padding included."""
    person = ids(gallery)[name]
    return [row.content[4:] for row in all_rows(gallery, CROP) if row.person == person]


def _digest(gallery, body):
    crc = crc32c(gallery + body[:-TAG])
    return body[:-TAG] + struct.pack("<I12x", crc), mix(struct.unpack_from("<Q", body, 12)[0] ^ mix(crc))


def write(gallery, row, content):
    """The row gets this content: with a right checksum, and the manifest counts it."""
    there = sqlite3.connect(gallery)
    key, manifest = there.execute("SELECT gallery, manifest FROM root").fetchone()
    body = bytearray(row.body[:HEAD] + content + bytes(TAG))
    struct.pack_into("<I", body, 8, len(content))
    body, digest = _digest(key, bytes(body))
    changed, at = bytearray(manifest), HEAD + TALLIES + TALLY * row.kind + 8
    old = _digest(key, row.body)[1]
    struct.pack_into("<Q", changed, at, struct.unpack_from("<Q", changed, at)[0] ^ old ^ digest)
    with there:
        there.execute("UPDATE record SET body = ? WHERE id = ?", (body, row.id))
        there.execute("UPDATE root SET manifest = ?", (_digest(key, bytes(changed))[0],))
    there.close()


def damage(gallery, row, at):
    """Flips a bit of the row's content."""
    body = bytearray(row.body)
    body[HEAD + at] ^= 1
    there = sqlite3.connect(gallery)
    with there:
        there.execute("UPDATE record SET body = ? WHERE id = ?", (bytes(body), row.id))
    there.close()
