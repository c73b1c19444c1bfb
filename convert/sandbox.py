"""sandbox.py - reads untrusted bytes in a child process that can do nothing but compute.

The child is a fork that has the bytes already. It keeps one descriptor, a pipe to its parent, and
may have no other: it can open no file and no socket. It has no network of its own where the system
allows that, limits of memory and CPU time, and ends with its parent. What comes back is bytes, or a
sentence why not. However it ends, by an exception, a signal or a limit, the parent says a sentence
about the file; a reader's crash is a property of the file."""
import codecs
import ctypes
import gc
import os
import resource
import select
import signal
import struct
import time
from dataclasses import dataclass

from graph import ConvertError

MIB = 1 << 20
PIPE = 3                       # the child's only descriptor beside the null device
RECORD = struct.Struct("<cQ")  # what, size
SUBJECT, RESULT, REFUSED, LATE = b"S", b"R", b"E", b"L"  # LATE is never sent
LONGEST_SENTENCE = 4096
WALL_FACTOR = 10               # a busy machine makes a second of CPU time last longer
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
# A network namespace of its own, which is empty; as root also where users have no namespaces.
NAMESPACES = (CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWNET)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
for _encoding in ("ascii", "latin1", "utf-8", "utf-16", "utf-32", "raw-unicode-escape"):
    codecs.lookup(_encoding)   # the child could not load them
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    memory: int   # bytes of addresses
    seconds: int  # of CPU time
    result: int   # bytes


def _addresses():
    """Bytes of addresses that this process has; a guess where there is no /proc."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1024 * MIB


def limits_for(size):
    """Limits for sources of so many bytes: the largest networks take a fiftieth of the time and
    half of the memory, beyond what this process has already."""
    return Limits(_addresses() + 1024 * MIB + 12 * size, 20 + 2 * size // MIB, 64 * MIB + 8 * size)


# ---- the child ----

def _confine(limits, pipe, null, parent):
    next((flags for flags in NAMESPACES if _libc.unshare(flags) == 0), None)
    for name, *arguments in (("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),
                             ("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                             ("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)):
        if hasattr(_libc, name):  # what the system does not allow is left out: the rest holds
            getattr(_libc, name)(*map(ctypes.c_ulong, arguments))
    if os.getppid() != parent:
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = os.dup2(pipe, max(pipe, null, PIPE) + 1)
    for number in range(PIPE):
        os.dup2(null, number)
    os.dup2(pipe, PIPE)
    os.closerange(PIPE + 1, max(os.sysconf("SC_OPEN_MAX"), 1024))
    for kind, wanted, more in (
            (resource.RLIMIT_AS, limits.memory, 0),
            (resource.RLIMIT_CPU, limits.seconds, 1),  # at the soft limit SIGXCPU tells what it was
            (resource.RLIMIT_CORE, 0, 0), (resource.RLIMIT_FSIZE, 0, 0),
            (resource.RLIMIT_NOFILE, 0, 0)):
        there = resource.getrlimit(kind)[1]
        soft, hard = [most if there == resource.RLIM_INFINITY else min(most, there)
                      for most in (wanted, wanted + more)]
        resource.setrlimit(kind, (soft, hard))


def _send(what, data):
    rest = memoryview(RECORD.pack(what, len(data)) + data)
    while rest:
        rest = rest[os.write(PIPE, rest):]


def _child(work, limits, pipe, null, parent):
    """Does the work and ends the process."""
    gc.freeze()  # a collection would touch, and so copy, all that the parent has
    try:
        _confine(limits, pipe, null, parent)
        try:
            what, data = RESULT, work(lambda name: _send(SUBJECT, name.encode("utf-8", "replace")))
        except ConvertError as error:
            what, data = REFUSED, str(error).encode("utf-8", "replace")[:LONGEST_SENTENCE]
        _send(what, data)
    finally:  # in any case: a child without a result is reported as one
        os._exit(0)


# ---- the parent ----

class _Late(Exception):
    """The child has not ended in time."""


def _read(pipe, size, end):
    """size bytes, or fewer if the child has ended."""
    data = bytearray()
    waiting = select.poll()
    waiting.register(pipe, select.POLLIN)
    while len(data) < size:
        if not waiting.poll(max(0, end - time.monotonic()) * 1000):
            raise _Late
        part = os.read(pipe, min(size - len(data), MIB))
        if not part:
            break
        data += part
    return bytes(data)


def _record(pipe, limits, end):
    """(what, bytes) of the child's next record; (None, b"") where there is none as it should be."""
    header = _read(pipe, RECORD.size, end)
    if len(header) == RECORD.size:
        what, size = RECORD.unpack(header)
        if size <= {SUBJECT: LONGEST_SENTENCE, REFUSED: LONGEST_SENTENCE,
                    RESULT: limits.result}.get(what, -1):
            data = _read(pipe, size, end)
            if len(data) == size:
                return what, data
    return None, b""


def _answer(pipe, name, limits):
    """(RESULT, REFUSED, LATE or None; its bytes; name of the file that the child was at)."""
    end = time.monotonic() + WALL_FACTOR * limits.seconds
    try:
        what, data = _record(pipe, limits, end)
        while what == SUBJECT:
            name = data.decode("utf-8", "replace")
            what, data = _record(pipe, limits, end)
        return what, data, name
    except _Late:
        return LATE, b"", name


def run(work, name, size):
    """The bytes that work(at) returns, called in a child; it calls at(file name) at each file that
    it begins. name: of the first; size: bytes of all files. ConvertError, also for all that a file
    can do to the child; OSError if there can be no child."""
    limits, parent = limits_for(size), os.getpid()
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    pipe, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        _child(work, limits, theirs, null, parent)
    try:
        os.close(theirs)
        os.close(null)
        what, data, name = _answer(pipe, name, limits)
    finally:
        os.close(pipe)
        os.kill(child, signal.SIGKILL)  # it has ended, or has nothing more to say
        status = os.waitpid(child, 0)[1]
    if what == RESULT:
        return data
    if what == REFUSED:
        raise ConvertError(data.decode("utf-8", "replace"))
    if what == LATE or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        raise ConvertError("%s: reading it takes more than %d s: damaged, or made to take long" %
                           (name, limits.seconds))
    raise ConvertError("%s: the file is damaged: its reader broke down on it" % name)
