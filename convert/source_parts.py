"""source_parts.py - puts the files together that one source consists of: the JSON file of a
TensorFlow.js model names others of its folder that hold the weights.

The names come out of an untrusted file. They are read in the sandbox, and taken only where they are
those of regular files beside the JSON: no path, no link."""
import errno
import json
import os

import sandbox
from graph import ConvertError
from source_kinds import PARTED, source_kind
from tfjs_file import WRONG_SIZE, shards

MOST_PARTS = 4096
LONGEST_NAME = 255


def _is_plain(name):
    """Is it the name of a file, not a path, nor one that a terminal takes for something else?"""
    return (isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable() and
            name not in (".", "..") and not set(name) & set("/\\"))


def _parts(path, data):
    """(paths of the further files of a source, in their order; the bytes that they should have
    together). ConvertError."""
    def work(_):
        return json.dumps(shards(data)).encode("ascii")

    try:
        names, size = json.loads(sandbox.run(work, path, len(data)))
    except ConvertError as error:
        raise error if str(error).startswith(path) else ConvertError("%s: %s" % (
            path, error)) from None
    wrong = [name for name in names if not _is_plain(name)]
    if wrong or len(set(names)) != len(names) <= MOST_PARTS or len(names) > MOST_PARTS:
        raise ConvertError("%s: %s: wanted are up to %d files of its own folder, each once" % (
            path, "it names the file '%.80s'" % (wrong[0],) if wrong else
            "it names %d files" % len(names), MOST_PARTS))
    return [os.path.join(os.path.dirname(path), name) for name in names], size


def with_parts(source, read, most):
    """((path, bytes with those of its further files), their paths) of a source, (path, bytes).
    read(path, most, flags) is read_source of convert.py; most: bytes of all together. OSError,
    ConvertError."""
    path, data = source
    try:
        parted = source_kind(data, path) in PARTED
    except ConvertError:
        parted = False  # it is said later
    if not parted:
        return source, []
    (paths, size), pieces = _parts(path, data), [data]
    for part in paths:
        try:
            pieces.append(read(part, most - sum(map(len, pieces)), os.O_NOFOLLOW)[1])
        except OSError as error:
            said = {errno.ELOOP: "is a link, wanted is the file itself"}.get(
                error.errno, error.strerror)
            raise OSError(error.errno, "%s; '%s' names it for its weights" % (
                said, os.path.basename(path)), part) from None
    if size != sum(map(len, pieces[1:])):
        raise ConvertError("%s: " % path + WRONG_SIZE % (size, sum(map(len, pieces[1:]))))
    return (path, b"".join(pieces)), paths
