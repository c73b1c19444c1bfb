"""whole_file.py - files that appear under their name whole or not at all, for convert.py and
weights/get.

A rename replaces anything with that name. So what is there must be a regular file: a device, a pipe,
a socket, a folder or a link is left alone, and so is a file that is being read from."""
import errno
import os
import stat
import tempfile

KINDS = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"),
         (stat.S_ISSOCK, "a socket"), (lambda mode: True, "a device"))


def kind_of(mode):
    """What a file is that is no regular one, for people."""
    return next(text for test, text in KINDS if test(mode))


def check_target(path, sources=()):
    """OSError if path may not be replaced: it is there and no regular file, or is one of sources."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EEXIST, "is %s, and only a regular file is replaced" %
                      kind_of(found.st_mode), path)
    for source in sources:
        if os.path.exists(source) and os.path.samestat(os.stat(source), found):
            raise OSError(errno.EEXIST, "is the source '%s' itself; the result needs another name" %
                          source, path)


def put_in_place(temporary, path, sources=()):
    """Gives a finished file of the same folder the name path. OSError."""
    check_target(path, sources)
    os.replace(temporary, path)


def write_whole(path, data, sources=()):
    """Writes the bytes data under the name path, with the mode that the umask leaves. OSError."""
    check_target(path, sources)
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".faceid-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        put_in_place(temporary, path, sources)
    except BaseException:
        os.unlink(temporary)
        raise
