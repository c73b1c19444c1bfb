"""check.py - the harness of the Python tests, the same output as check.h:
"ok NAME", "FAIL NAME", "skip NAME: reason", and last "N passed, N failed, N skipped".

    from check import case, figure, main, only_one, require, shared, skip, BUILD, CACHE, ROOT, SOAK
    @case
    def adds_up():
        require(1 + 1 == 2, "arithmetic is broken")
    main()

A case fails by any exception. Words on the command line choose cases by a part of their names.
A slow or busy machine makes a case slower and never fails it: what has to come within some time is
waited for PATIENCE seconds, and the time it took is a figure."""
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
CACHE = os.path.join(ROOT, "build", "cache")  # what was fetched or made once
SHARED = os.environ.get("FACEID_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
# Long runs in full (make soak); without it each shows a sample of what it does.
SOAK = bool(os.environ.get("FACEID_SOAK"))
PATIENCE = 300  # seconds that a case waits for what an idle machine does at once
_cases = []


class Skip(Exception):
    pass


def case(function):
    _cases.append(function)
    return function


def skip(reason):
    """Ends the case as skipped, by name."""
    raise Skip(reason)


def need(*programs):
    """Skips the case where one of the programs is not installed."""
    for name in programs:
        if shutil.which(name) is None:
            skip("no " + name)


def require(condition, message):
    if not condition:
        raise AssertionError(message)


def figure(name, value, asked=None, unit="s"):
    """Prints a measured figure, which tests/soak shows, beside the greatest that is asked for. No case
    fails for it: it tells of the machine's other work, too. tests/run gathers those that are over."""
    print("   figure %s: %.6g %s%s" % (name, value, unit, "" if asked is None else
                                       ", asked at most %g%s" % (asked, " OVER" if value > asked else "")))


def shared(relative):
    """Path of a file in ../shared; skips the case when it is not there."""
    path = os.path.join(SHARED, relative)
    if not os.path.exists(path):
        skip("no ../shared/" + relative)
    return path


@contextlib.contextmanager
def only_one(name):
    """with only_one("npm"): ... What is shared by programs that run side by side is made by one of them
    at a time; the next one finds it made."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, name + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def temp_folder():
    """A fresh folder, removed when the program ends."""
    if not hasattr(temp_folder, "all"):
        temp_folder.all = []
    path = tempfile.mkdtemp(prefix="faceid-test-")
    temp_folder.all.append(path)
    return path


def run(*words, **options):
    """Runs a program; returns its CompletedProcess with text output. Fails the case after 1200 s."""
    options.setdefault("timeout", 4 * PATIENCE)
    try:
        return subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True, **options)
    except subprocess.TimeoutExpired as late:
        said = b"".join(part or b"" for part in (late.stdout, late.stderr))
        raise AssertionError("%s did not end within %d s; it said: %s" % (
            " ".join(map(str, words)), options["timeout"], said[-1000:].decode(errors="replace")))


def main():
    sys.stdout.reconfigure(line_buffering=True)
    passed = failed = skipped = 0
    words = sys.argv[1:]
    for function in _cases:
        name = function.__name__
        if words and not any(w in name for w in words):
            continue
        try:
            function()
        except Skip as reason:
            print("skip %s: %s" % (name, reason))
            skipped += 1
        except Exception:
            traceback.print_exc(file=sys.stdout)
            print("FAIL " + name)
            failed += 1
        else:
            print("ok " + name)
            passed += 1
    for path in getattr(temp_folder, "all", []):
        shutil.rmtree(path, ignore_errors=True)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    sys.exit(failed > 0)
