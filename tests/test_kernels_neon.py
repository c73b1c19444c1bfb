#!/usr/bin/python3
"""The kernel tests as a program for AArch64, run under qemu: on a Cortex-A53, which an old board has,
and on a CPU with everything. Skipped by name on other machines than x86-64 (there test_kernels runs
them directly) and without the cross compiler or qemu."""
import glob
import os
import platform
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "check"))
from check import ROOT, case, main, require, run, skip, temp_folder

PREFIX, QEMU = "aarch64-linux-gnu-", "qemu-aarch64-static"
SOURCES = ("kernels/*.c", "kernels/ref/*.c", "kernels/neon/*.c", "tests/kernel_cases/*.c",
           "tests/test_kernels.c", "tests/check/check.c")


def program():
    """Builds the static test program once; returns its path."""
    if not hasattr(program, "path"):
        folder = temp_folder()
        os.chdir(ROOT)
        objects = [os.path.join(folder, os.path.splitext(source)[0] + ".o")
                   for pattern in SOURCES for source in sorted(glob.glob(pattern))]
        made = run("make", "-s", "CROSS=" + PREFIX, "BUILD=" + folder, "OPENBLAS=0", "SDL=0", *objects)
        require(made.returncode == 0, made.stderr)
        linked = run(PREFIX + "gcc", "-static", "-pthread", "-o", folder + "/test", *objects, "-lm")
        require(linked.returncode == 0, linked.stderr)
        program.path = folder + "/test"
    return program.path


def run_as(cpu, level):
    if platform.machine() != "x86_64":
        skip("this machine is no x86-64")
    for tool in (PREFIX + "gcc", QEMU):
        if not shutil.which(tool):
            skip("no " + tool)
    result = run(QEMU, "-cpu", cpu, program())
    require(result.returncode == 0, result.stdout + result.stderr)
    require("ok gemm_f32_%s\n" % level in result.stdout, "no case of level " + level)
    require(" 0 failed, 0 skipped" in result.stdout, result.stdout)


@case
def kernels_on_a_cortex_a53():
    run_as("cortex-a53", "neon")


@case
def kernels_on_a_cortex_a76():
    run_as("cortex-a76", "neon_crc")


@case
def kernels_on_a_cpu_with_everything():
    run_as("max", "neon_crc")


main()
