"""flatbuffer.py - reads FlatBuffers, the container of TFLite files, distrusting every number.

A table is a position; its vtable tells where its fields are. Every access is checked against the
file's length, so that a damaged or hostile file ends in a ConvertError that names the offset."""
import struct

from graph import ConvertError


class Buffer:
    def __init__(self, data, name):
        self.data, self.name = data, name

    def unpack(self, form, position):
        """One number of struct's format at a position."""
        size = struct.calcsize("<" + form)
        if position < 0 or position > len(self.data) - size:
            raise ConvertError("%s: the file is damaged: offset %d points outside its %d bytes" %
                               (self.name, position, len(self.data)))
        return struct.unpack_from("<" + form, self.data, position)[0]

    def follow(self, position):
        """Where the offset stored at position points to."""
        return position + self.unpack("I", position)

    def span(self, position, count, item_bytes):
        """Checks that count items lie at position and returns their bytes."""
        if position < 0 or count > (len(self.data) - position) // item_bytes:
            raise ConvertError("%s: the file is damaged: %d items at offset %d pass its end" %
                               (self.name, count, position))
        return self.data[position:position + count * item_bytes]

    def root(self):
        return Table(self, self.follow(0))


class Table:
    def __init__(self, buffer, position):
        self.buffer, self.position = buffer, position
        self.vtable = position - buffer.unpack("i", position)
        self.field_count = max(0, (buffer.unpack("H", self.vtable) - 4) // 2)

    def _field(self, i):
        """Position of field i, or None where the table leaves it out."""
        if i >= self.field_count:
            return None
        offset = self.buffer.unpack("H", self.vtable + 4 + 2 * i)
        return self.position + offset if offset else None

    def scalar(self, i, form, default):
        position = self._field(i)
        return default if position is None else self.buffer.unpack(form, position)

    def table(self, i):
        position = self._field(i)
        return None if position is None else Table(self.buffer, self.buffer.follow(position))

    def vector(self, i, item_bytes):
        """(start, count) of a vector; (0, 0) where it is left out."""
        position = self._field(i)
        if position is None:
            return 0, 0
        start = self.buffer.follow(position)
        count = self.buffer.unpack("I", start)
        self.buffer.span(start + 4, count, item_bytes)
        return start + 4, count

    def tables(self, i):
        start, count = self.vector(i, 4)
        return [Table(self.buffer, self.buffer.follow(start + 4 * k)) for k in range(count)]

    def integers(self, i):
        return self.numbers(i, "i")

    def numbers(self, i, form):
        """The numbers of a vector, each of struct's format."""
        start, count = self.vector(i, struct.calcsize("<" + form))
        return list(struct.unpack_from("<%d%s" % (count, form), self.buffer.data, start)) if count else []

    def bytes(self, i):
        start, count = self.vector(i, 1)
        return self.buffer.data[start:start + count]

    def text(self, i):
        return self.bytes(i).decode("utf-8", "replace")
