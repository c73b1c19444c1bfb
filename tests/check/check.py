"""check.py - the harness of the Python tests, the same output as check.h:
"ok NAME", "FAIL NAME", "skip NAME: reason", and last "N passed, N failed, N skipped".

    from check import case, main, skip, require, shared, ROOT, BUILD
    @case
    def adds_up():
        require(1 + 1 == 2, "arithmetic is broken")
    main()

A case fails by any exception. Words on the command line choose cases by a part of their names."""
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
SHARED = os.environ.get("FACEID_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
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


def shared(relative):
    """Path of a file in ../shared; skips the case when it is not there."""
    path = os.path.join(SHARED, relative)
    if not os.path.exists(path):
        skip("no ../shared/" + relative)
    return path


def temp_folder():
    """A fresh folder, removed when the program ends."""
    if not hasattr(temp_folder, "all"):
        temp_folder.all = []
    path = tempfile.mkdtemp(prefix="faceid-test-")
    temp_folder.all.append(path)
    return path


def run(*words, **options):
    """Runs a program; returns its CompletedProcess with text output. Fails the case after 600 s."""
    options.setdefault("timeout", 600)
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
