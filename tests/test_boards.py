#!/usr/bin/python3
"""The engine on other CPUs, run under qemu: 32-bit and 64-bit ARM, RISC-V, x86-64 without AVX; size_t
of 32 bits, other alignments, each level of kernels behind whole layers. What wants libraries of that
architecture (pictures, gallery) is left out. And what is compiled for every CPU of an architecture,
held to the instructions that all of them have.

Skipped by name on other machines than x86-64 and without the cross compiler or qemu."""
import glob
import os
import platform
import re
import subprocess

from check import BUILD, ROOT, case, main, need, require, run, skip, temp_folder

QEMU = {"aarch64-linux-gnu-": "qemu-aarch64-static", "arm-linux-gnueabihf-": "qemu-arm-static",
        "riscv64-linux-gnu-": "qemu-riscv64-static"}
FOLDERS = {"aarch64-linux-gnu-": "neon", "arm-linux-gnueabihf-": "neon32", "riscv64-linux-gnu-": None}
LIBRARY = ("kernels/*.c", "kernels/ref/*.c", "engine/*.c", "engine/base/*.c", "engine/nn/*.c",
           "engine/nn/ops/*.c", "weights/*.c", "tests/check/*.c")
# Program -> words that choose its cases (none: all). The reference of Winograd's bound takes minutes
# here; its transforms have kernel cases on both ARMs.
TESTS = {"test_nn_conv": ("gemm", "depthwise", "direct"), "test_nn_memory": (), "test_nn_model": (),
         "test_nn_ops": (), "test_nn_session": (), "test_nn_thread_pool": (), "test_weight_file": ()}
# For the second and third CPU, in a gate's time: `make soak` runs all of them.
FEW = ("test_nn_model", "test_nn_ops", "test_nn_thread_pool")

# Instructions that not all CPUs of an architecture have, as the disassembler writes them: name, blanks,
# operands.
NEWER = {
    "x86_64": r"v(?!err|erw)\w+\s|(?:p(?:shufb|mulld|min(?:s[bd]|u[dw])|max(?:s[bd]|u[dw])|blend|abs|hadd|test|mul[dh]rsw)"
              r"|blend|round|dpp|pextr[bdq]|pinsr[bdq]|crc32|popcnt|addsub|movddup|mov[hl]s?hdup|lddqu|andn\s"
              r"|bextr|bls|sarx|shlx|shrx|mulx|pdep|pext\s|rorx|lzcnt|movbe|aes|sha|pclmul)",
    "aarch64": r"[su]dot|usdot|sudot|bf(?:dot|m)|[us]+mmla|crc32|cas[abhlp]*\s|swp|ld(?:add|clr|set|eor|[su]max|[su]min)"
               r"|st(?:add|clr|set|eor)|ldapr|fcmla|fcadd|sqrdml|fmls?al|aes|sha\d|f(?!cvt)\w+\s+v\d+\.[48]h"
               r"|\w+\s+[{]?z\d+\.|rdvl|ptrue",
    "arm": r"v\w+(?:\.\w+)?\s.*\bq\d|vfn?m[as]|[su]div\s",
}


def need_here(*tools):
    if platform.machine() != "x86_64":
        skip("this machine is no x86-64")
    need(*tools)


def built(prefix, made={}):
    """Builds the static test programs once, warnings being errors; returns their folder."""
    if prefix not in made:
        need_here(prefix + "gcc", QEMU[prefix])
        folder = temp_folder()
        os.chdir(ROOT)
        isa = (["kernels/%s/*.c" % FOLDERS[prefix]] if FOLDERS[prefix] else [])
        objects = [os.path.splitext(source)[0] + ".o"
                   for pattern in [*LIBRARY, *isa] for source in glob.glob(pattern)]
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


def run_tests(emulator, folder, tests):
    for test, words in tests.items():
        result = run(*emulator, "%s/%s" % (folder, test), *words)
        require(result.returncode == 0 and " 0 failed" in result.stdout,
                "%s: %s%s" % (test, result.stdout, result.stderr))


def few():
    return TESTS if os.environ.get("FACEID_BOARDS") else {name: TESTS[name] for name in FEW}


def run_all(prefix, cpu, tests=TESTS):
    run_tests([QEMU[prefix], *(["-cpu", cpu] if cpu else [])], built(prefix), tests)


def newer_instructions(objdump, architecture, paths):
    """["object: instruction"] of what is not for every CPU; also how many instructions were read."""
    pattern, found, count = re.compile(NEWER[architecture]), [], 0
    for path in paths:
        lines = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.split("\n")
        for line in lines:
            instruction = line.partition(":\t")[2]
            count += bool(instruction)
            if pattern.match(instruction):
                found.append("%s: %s" % (path, instruction))
    return found, count


def hold_to_baseline(objdump, architecture, folder, but):
    """All objects under the folder, but those of the kernels that are chosen by what the CPU says."""
    need_here(objdump)
    paths = [path for path in glob.glob(folder + "/**/*.o", recursive=True)
             if os.path.relpath(path, folder).startswith(("kernels/", "engine/", "weights/", "app/"))
             and not os.path.relpath(path, folder).startswith(but)]
    chosen = [path for path in glob.glob(folder + "/**/*.o", recursive=True)
              if os.path.relpath(path, folder).startswith(but)]
    found, count = newer_instructions(objdump, architecture, paths)
    require(count > 10000, "only %d instructions in %s" % (count, folder))
    require(not found, "\n".join(found[:10]))
    require(not chosen or newer_instructions(objdump, architecture, chosen)[0], "the pattern finds nothing")


@case
def engine_on_a_32_bit_cortex_a15():
    run_all("arm-linux-gnueabihf-", "cortex-a15")


@case
def engine_on_a_cortex_a53():
    run_all("aarch64-linux-gnu-", "cortex-a53", few())


@case
def engine_on_a_cortex_a76():
    run_all("aarch64-linux-gnu-", "cortex-a76")


@case
def engine_on_a_risc_v():
    run_all("riscv64-linux-gnu-", None, few())


@case
def engine_on_an_x86_64_without_avx():
    need_here("qemu-x86_64-static")
    run_tests(["qemu-x86_64-static", "-cpu", "Nehalem"], BUILD + "/tests", few())


@case
def engine_on_a_haswell():
    """Not the kernels' own tests: qemu 7.2 reads the masked lanes of a load, which they put on a page
    that is not there."""
    need_here("qemu-x86_64-static")
    run_tests(["qemu-x86_64-static", "-cpu", "Haswell"], BUILD + "/tests", few())


@case
def baseline_of_x86_64():
    need_here()
    hold_to_baseline("objdump", "x86_64", BUILD, ("kernels/avx2/", "kernels/avx512/"))


@case
def baseline_of_64_bit_arm():
    """The instruction for checksums stands in one object, which is asked for by name."""
    hold_to_baseline("aarch64-linux-gnu-objdump", "aarch64", built("aarch64-linux-gnu-"),
                     ("kernels/neon/crc32c_neon.o",))


@case
def baseline_of_32_bit_arm():
    hold_to_baseline("arm-linux-gnueabihf-objdump", "arm", built("arm-linux-gnueabihf-"), ("kernels/neon32/",))


main()
