#!/usr/bin/python3
"""What the linker and the compiler were asked for against damage is in the program and the library: any
address, nothing writable that is run, tables that are read-only once bound, guarded stacks, checked
copies. What crashes all the same leaves no faces in a core dump."""
import os
import re
import resource
import signal
import subprocess
import time

from check import BUILD, case, main, require, shared, skip, temp_folder
from program import FACEID, environment, faceid, has_sanitizers, models

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
    if has_sanitizers():
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


def core_of(gallery, filter_text=None):
    """The core dump of the live program when it has opened a gallery and waits for pictures."""
    folder = temp_folder()
    child = subprocess.Popen([FACEID, "live", "--headless", "--input", "-"], cwd=folder, stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env=environment(gallery=gallery, pair=models()), preexec_fn=lambda:
                             resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
    time.sleep(1)
    if filter_text is not None:
        with open("/proc/%d/coredump_filter" % child.pid, "w") as file:
            file.write(filter_text)
    child.send_signal(signal.SIGSEGV)
    require(child.wait() == -signal.SIGSEGV, "ended with %d" % child.returncode)
    child.stdin.close()
    cores = [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("core")]
    if not cores:
        skip("no core dump is left in the working directory here (/proc/sys/kernel/core_pattern)")
    with open(cores[0], "rb") as file:
        return file.read()


@case
def core_dumps_hold_nobody():
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        skip("core dumps are limited here")
    if has_sanitizers():
        skip("a sanitizer's core has all its shadow")
    name = "Wilhelmina Harker"
    gallery = os.path.join(temp_folder(), "gallery.db")
    done = faceid("enroll", name, shared("data/people/amy/amy1.png"), gallery=gallery, pair=models())
    require(done.returncode == 0, done.stderr)
    require(name.encode() in core_of(gallery, "0x33"), "the name is not even in a whole core")
    require(name.encode() not in core_of(gallery), "the name is in the core dump")


main()
