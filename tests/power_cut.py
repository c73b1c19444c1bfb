"""What a disk may hold after the power went off while a program was writing: built from the log of the
calls that tests/rigs/faults.c made (FAULT_LOG).

The model is a disk that keeps only what it was told to: of the writes to a file since its last fsync
each is there, not there, or there in some of its sectors of 512 bytes or pages of 4096; names that were
made, moved or removed since the last fsync of their folder took place up to some point, in their
order, as in a journal of a file system. (Bornholt et al., "Specifying and Checking File System
Crash-Consistency Models", 2016, tell why real ones do all of that.)"""
import os
import struct

HEADER = struct.Struct("=c3xIQQ")


def read_log(path):
    """[(call, path, at, bytes)] of a log."""
    calls = []
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        call, path_bytes, offset, count = HEADER.unpack_from(data, at)
        at += HEADER.size
        name = data[at:at + path_bytes].decode()
        at += path_bytes
        payload = b""
        if call in (b"w", b"r", b"l"):
            payload = data[at:at + count]
            at += count
        calls.append((call.decode(), name, offset, payload))
    return calls


class File:
    """One file: what is surely there, and the changes that may be."""

    def __init__(self, data=b""):
        self.data = bytearray(data)
        self.pending = []  # (at, bytes), bytes None: cut to this size

    def sync(self):
        for change in self.pending:
            apply(self.data, *change)
        self.pending = []

    def after_cut(self, random):
        data = bytearray(self.data)
        how = random.choice(("all", "none", "some", "some", "torn"))
        for at, payload in self.pending:
            if how == "none" or (how in ("some", "torn") and random.random() < 0.4):
                continue
            if payload is None or how != "torn":
                apply(data, at, payload)
                continue
            sector = random.choice((512, 4096))
            for begin in range(0, len(payload), sector):
                if random.random() < 0.5:
                    apply(data, at + begin, payload[begin:begin + sector])
        return bytes(data)


def apply(data, at, payload):
    if payload is None:
        del data[at:]
        at, payload = at, b""
    if len(data) < at:
        data.extend(bytes(at - len(data)))
    data[at:at + len(payload)] = payload


class Disk:
    """The files of one folder, which holds `start` = {name: bytes}, all of it surely there."""

    def __init__(self, folder, start):
        self.folder = folder
        self.names = {name: File(data) for name, data in start.items()}  # as the program sees them
        self.sure = dict(self.names)  # as the last fsync of the folder left them
        self.moves = []  # [(name, File or None)] since then

    def name(self, name, file):
        if file is None:
            self.names.pop(name, None)
        else:
            self.names[name] = file
        self.moves.append((name, file))

    def call(self, call, path, at, payload):
        inside, name = os.path.split(path)
        if path == self.folder and call == "s":
            self.sure, self.moves = dict(self.names), []
        if inside != self.folder or name.endswith(" (deleted)"):  # elsewhere; open still, but nowhere
            return
        if call == "c":
            self.name(name, File())
        elif call == "u":
            self.name(name, None)
        elif call in ("r", "l"):
            moved = self.names[name]
            self.name(os.path.basename(payload.decode()), moved)
            if call == "r":
                self.name(name, None)
        elif call == "w":
            self.names[name].pending.append((at, payload))
        elif call == "t":
            self.names[name].pending.append((at, None))
        elif call == "s":
            self.names[name].sync()

    def after_cut(self, random):
        """{name: bytes}: one of the disks that are possible now."""
        names = dict(self.sure)
        for name, file in self.moves[:random.randint(0, len(self.moves))]:
            if file is None:
                names.pop(name, None)
            else:
                names[name] = file
        return {name: file.after_cut(random) for name, file in names.items()}
