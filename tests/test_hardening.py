#!/usr/bin/python3
"""What the linker and the compiler were asked for against damage is in the program and the library: any
address, nothing writable that is run, tables that are read-only once bound, guarded stacks, checked
copies."""
import os
import re
import subprocess

from check import BUILD, case, main, require, skip
from program import FACEID

LIBRARY = os.path.join(BUILD, "libfaceid.so")


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], stdout=subprocess.PIPE, text=True, check=True).stdout


def hold(path):
    header, dynamic, segments = readelf(path, "-h"), readelf(path, "-d"), readelf(path, "-l")
    require(re.search(r"Type: +DYN", header), path + " has fixed addresses")
    require("GNU_RELRO" in segments, path + ": the tables stay writable")
    require(re.search(r"\(FLAGS_1\).*\bNOW\b", dynamic), path + " binds while it runs")
    require(re.search(r"GNU_STACK .* RW +0x", segments), path + " has a stack that can be run")
    require(not re.search(r"LOAD .* RWE ", segments), path + " has memory that can be written and run")
    for bad in ("TEXTREL", "RPATH", "RUNPATH"):
        require(bad not in dynamic, "%s has %s" % (path, bad))
    used = set(re.findall(r" UND (\w+)", readelf(path, "--dyn-syms")))
    require("__stack_chk_fail" in used, path + " has no guarded stacks")
    if "-fsanitize" in open(os.path.join(BUILD, "flags")).read():
        skip("the sanitizers check copies in their own way")
    for name in ("__memcpy_chk", "__snprintf_chk"):
        require(name in used, "%s does not check with %s" % (path, name))


@case
def program():
    hold(FACEID)
    require("PIE" in readelf(FACEID, "-d"), "no position-independent program")


@case
def library():
    hold(LIBRARY)


main()
