#!/usr/bin/python3
"""Mutated sources of every kind through convert.py: exit 0 or 4, one sentence, no traceback, no
signal, nothing opened outside the arguments, no socket. 200 of each kind; `make soak` takes 20,000."""
import os
import re
import sys

from check import ROOT, SOAK, case, figure, main, need, require, run, skip, temp_folder

import convert_fuzz
from refusal import need_onnx

COUNT = 20000 if SOAK else 200
TRACED = 40 if SOAK else 8
# What the converter opens beside its arguments: its own size, and a place for the child's output.
OWN = ("/proc/self/statm", "/dev/null")
CARDS = os.path.join(ROOT, "convert", "cards") + "/"  # an argument names one of them
OPENED = re.compile(r'\bopen(?:at2?)?\((?:AT_FDCWD|\d+)?(?:, )?"([^"]*)"')


def need_packages(kind):
    if kind == "onnx":
        need_onnx()
    if kind in ("h5", "zip"):
        try:
            import h5py  # noqa: F401
        except ImportError:
            skip("python3-h5py is not installed")


def fuzz(kind):
    need_packages(kind)
    convert_fuzz.load_readers()
    found = convert_fuzz.fuzz(kind, COUNT, temp_folder())
    require(sum(found.values()) == COUNT, str(found))
    figure("mutated %s files, of which %d convert" % (kind, found.get(0, 0)), COUNT, unit="in all")


@case
def damaged_h5_is_refused():
    fuzz("h5")


@case
def damaged_onnx_is_refused():
    fuzz("onnx")


@case
def damaged_tflite_is_refused():
    fuzz("tflite")


@case
def damaged_pickles_are_refused():
    fuzz("pkl")


@case
def damaged_checkpoints_are_refused():
    fuzz("torch")


@case
def damaged_archives_are_refused():
    fuzz("zip")


@case
def damaged_labels_are_refused():
    fuzz("npy")


@case
def nothing_outside_the_arguments_is_opened():
    need("strace")
    for kind in convert_fuzz.SEEDS:
        need_packages(kind)
        folder, trace = temp_folder(), os.path.join(temp_folder(), "trace")
        done = run("strace", "-f", "-e", "trace=open,openat,openat2,socket,connect,execve", "-o",
                   trace, sys.executable, os.path.join(ROOT, "tests", "convert_fuzz.py"), kind,
                   TRACED, folder)
        require(done.returncode == 0, done.stderr)
        with open(trace, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        first = next(i for i, line in enumerate(lines) if folder + "/source" in line)
        lines = lines[first:]  # before: what Python and the packages load
        paths = {os.path.abspath(path) for line in lines for path in OPENED.findall(line)}
        other = sorted(path for path in paths if path not in OWN and not (path + "/").startswith(
            (folder + "/", CARDS)))
        require(len({line.split()[0] for line in lines}) > TRACED, "not every child was traced")
        require(not other, "%s: opened: %s" % (kind, other))
        require(not any(" socket(" in line or " connect(" in line for line in lines), "a socket")
        require(not any(" execve(" in line for line in lines), "another program is run")


main()
