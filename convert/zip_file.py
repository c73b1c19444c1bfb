"""zip_file.py - the members of a zip archive that is in memory, with bounds on what they become.

A member is checked before it is unpacked: it lies in the file, shares no byte with another one, and
all together unpack to a few times the file's size at most. So no small archive makes much work."""
import codecs
import io
import struct
import zipfile
import zlib

from graph import ConvertError

MAX_MEMBERS = 1 << 16
GROWTH, ROOM = 4, 64 << 20  # all members unpack to that many times the file's size and that more
LOCAL = struct.Struct("<4s5H3I2H")
ENCRYPTED = 1
codecs.lookup("cp437")  # of old names: where sources are read nothing can be loaded


class ZipFile:
    """names: of the members, in the order of the archive. ConvertError."""

    def __init__(self, data):
        self.data = memoryview(data)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError) as error:
            raise ConvertError("the zip archive is damaged (%s)" % error) from None
        self.members = {info.filename: info for info in found}
        self.names = list(self.members)
        if len(self.names) != len(found) or len(found) > MAX_MEMBERS:
            raise ConvertError("the zip archive has %d members, %d of them twice; possible are %d" %
                               (len(found), len(found) - len(self.names), MAX_MEMBERS))
        if sum(info.file_size for info in found) > GROWTH * len(data) + ROOM:
            raise ConvertError("the zip archive unpacks to more than %d times its size" % GROWTH)
        self._check_places(found)

    def _check_places(self, found):
        """No byte belongs to two members."""
        end = 0
        for info in sorted(found, key=lambda info: info.header_offset):
            if info.header_offset < end:
                self._damaged(info, "it overlaps another one")
            end = info.header_offset + LOCAL.size + info.compress_size

    def _damaged(self, info, why):
        raise ConvertError("the zip archive is damaged (member '%.80s': %s)" % (info.filename, why))

    def _packed(self, info):
        """The bytes as they lie in the file."""
        if info.flag_bits & ENCRYPTED:
            raise ConvertError("the zip archive is encrypted: unpack it first")
        header = bytes(self.data[info.header_offset:info.header_offset + LOCAL.size])
        if len(header) < LOCAL.size or header[:4] != b"PK\x03\x04":
            self._damaged(info, "it has no header")
        start = info.header_offset + LOCAL.size + sum(LOCAL.unpack(header)[-2:])
        if info.compress_size > len(self.data) - start:
            self._damaged(info, "it passes the end")
        return self.data[start:start + info.compress_size]

    def read(self, name):
        """A member's bytes: a view of the file's own where they are not compressed. ConvertError,
        also for a member that is not there."""
        if name not in self.members:
            raise ConvertError("the zip archive has no member '%.80s'" % name)
        info = self.members[name]
        content = self._packed(info)
        if info.compress_type == zipfile.ZIP_DEFLATED:
            try:
                unpacked = zlib.decompressobj(-15).decompress(content, info.file_size + 1)
                content = memoryview(unpacked)
            except zlib.error as error:
                self._damaged(info, error)
        elif info.compress_type != zipfile.ZIP_STORED:
            raise ConvertError("the zip archive is compressed in an unusual way: unpack it first")
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            self._damaged(info, "its size or checksum differs")
        return content
