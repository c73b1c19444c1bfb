#!/usr/bin/python3
"""The engine's tests as programs for 32-bit and 64-bit ARM, run under qemu: size_t of 32 bits, other
alignments, the NEON levels behind whole layers. What wants libraries of that architecture (pictures,
gallery) is left out. Skipped by name on other machines than x86-64 and without the cross compiler or
qemu."""
import glob
import os
import platform
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "check"))
from check import ROOT, case, main, require, run, skip, temp_folder

QEMU = {"aarch64-linux-gnu-": "qemu-aarch64-static", "arm-linux-gnueabihf-": "qemu-arm-static"}
LIBRARY = ("kernels/*.c", "kernels/ref/*.c", "engine/*.c", "engine/base/*.c", "engine/nn/*.c",
           "engine/nn/ops/*.c", "weights/*.c", "tests/check/*.c")
# Program -> words that choose its cases (none: all). The reference of Winograd's bound takes minutes
# here; its transforms have kernel cases on both ARMs.
TESTS = {"test_nn_conv": ("gemm", "depthwise", "direct"), "test_nn_memory": (), "test_nn_model": (),
         "test_nn_ops": (), "test_nn_session": (), "test_nn_thread_pool": (), "test_weight_file": ()}


def built(prefix, isa, made={}):
    """Builds the static test programs once, warnings being errors; returns their folder."""
    if prefix not in made:
        if platform.machine() != "x86_64":
            skip("this machine is no x86-64")
        for tool in (prefix + "gcc", QEMU[prefix]):
            if not shutil.which(tool):
                skip("no " + tool)
        folder = temp_folder()
        os.chdir(ROOT)
        objects = [os.path.splitext(source)[0] + ".o"
                   for pattern in LIBRARY + ("kernels/%s/*.c" % isa,) for source in glob.glob(pattern)]
        tests = ["tests/%s.o" % test for test in TESTS]
        paths = [os.path.join(folder, path) for path in objects + tests]
        made_all = run("make", "-s", "-j2", "CROSS=" + prefix, "BUILD=" + folder, "OPENBLAS=0", "SDL=0",
                       "WERROR=1", *paths)
        require(made_all.returncode == 0, made_all.stderr)
        library = folder + "/library.a"
        packed = run(prefix + "ar", "rcs", library, *paths[:len(objects)])
        require(packed.returncode == 0, packed.stderr)
        for test, path in zip(TESTS, paths[len(objects):]):
            linked = run(prefix + "gcc", "-static", "-pthread", "-o", "%s/%s" % (folder, test), path,
                         library, "-lm")
            require(linked.returncode == 0, linked.stderr)
        made[prefix] = folder
    return made[prefix]


def run_all(prefix, isa, cpu):
    folder = built(prefix, isa)
    for test, words in TESTS.items():
        result = run(QEMU[prefix], "-cpu", cpu, "%s/%s" % (folder, test), *words)
        require(result.returncode == 0 and " 0 failed" in result.stdout,
                "%s: %s%s" % (test, result.stdout, result.stderr))


@case
def engine_on_a_32_bit_cortex_a15():
    run_all("arm-linux-gnueabihf-", "neon32", "cortex-a15")


@case
def engine_on_a_cortex_a76():
    run_all("aarch64-linux-gnu-", "neon", "cortex-a76")


main()
