#!/usr/bin/python3
"""The kernel tests as programs for 64-bit and 32-bit ARM, run under qemu as old and as new CPUs, and
the hot loops of the two levels held to what their design says they are made of. Skipped by name on
other machines than x86-64 (there test_kernels runs them directly) and without the cross compiler or
qemu."""
import glob
import os
import platform
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "check"))
from check import ROOT, case, main, need, require, run, skip, temp_folder
sys.path.insert(0, os.path.join(ROOT, "tests"))
from fma_share import innermost_loops

QEMU = {"aarch64-linux-gnu-": "qemu-aarch64-static", "arm-linux-gnueabihf-": "qemu-arm-static"}
FOLDER = {"aarch64-linux-gnu-": "neon", "arm-linux-gnueabihf-": "neon32"}
SOURCES = ("kernels/*.c", "kernels/ref/*.c", "kernels/%s/*.c", "tests/kernel_cases/*.c",
           "tests/test_kernels.c", "tests/check/check.c")


def need_here(*tools):
    if platform.machine() != "x86_64":
        skip("this machine is no x86-64")
    need(*tools)


def built(prefix, made={}):
    """Builds the static test program for a cross compiler once; returns the build's folder."""
    if prefix not in made:
        need_here(prefix + "gcc")
        folder = temp_folder()
        os.chdir(ROOT)
        sources = [pattern % FOLDER[prefix] if "%" in pattern else pattern for pattern in SOURCES]
        objects = [os.path.join(folder, os.path.splitext(source)[0] + ".o")
                   for pattern in sources for source in sorted(glob.glob(pattern))]
        build = run("make", "-s", "CROSS=" + prefix, "BUILD=" + folder, "OPENBLAS=0", "SDL=0", "WERROR=1",
                    *objects)
        require(build.returncode == 0, build.stderr)
        linked = run(prefix + "gcc", "-static", "-pthread", "-o", folder + "/test", *objects, "-lm")
        require(linked.returncode == 0, linked.stderr)
        made[prefix] = folder
    return made[prefix]


def run_as(prefix, cpu, level, skipped=0):
    """All cases on a CPU; `level` is its best, `skipped` the number of cases it cannot run."""
    need_here(prefix + "gcc", QEMU[prefix])
    result = run(QEMU[prefix], "-cpu", cpu, built(prefix) + "/test")
    require(result.returncode == 0, result.stdout + result.stderr)
    require("ok dot_s8_%s\n" % level in result.stdout, "no case of level " + level)
    require("ok gemm_s8_%s\n" % level in result.stdout, "no products of bytes of level " + level)
    skipped += 1  # the tiles of x86's amx, written in C
    require(" 0 failed, %d skipped" % skipped in result.stdout, result.stdout)


def slots():
    """The number of slots, which is that of the cases of a level."""
    return open(os.path.join(ROOT, "kernels/kernel_list.h")).read().count("\nFID_SLOT(")


def loop_of(prefix, kernel, fmas):
    """The shortest loop of a kernel's object with that many multiply-adds."""
    need_here(prefix + "gcc", prefix + "objdump")
    path = "%s/kernels/%s/%s.o" % (built(prefix), FOLDER[prefix], kernel)
    loops = [loop for loop in innermost_loops(path) if loop.fmas == fmas]
    require(loops, "%s has no loop with %d multiply-adds" % (kernel, fmas))
    return min(loops, key=lambda loop: loop.instructions)


def hold_to(loop, loads, others, stores=0):
    """A loop against its design: not a load or a store more (a register would have been spilled), and
    the share of multiply-adds not below that of the design with one instruction in twenty added,
    which is what two compilers need besides."""
    design = loop.fmas + loads + stores + others
    text = "%d instructions with %d loads, %d stores; by design %d with %d, %d" % (
        loop.instructions, loop.loads, loop.stores, design, loads, stores)
    require(loop.loads <= loads and loop.stores <= stores, text)
    require(loop.instructions <= 1.05 * design, text)


@case
def kernels_on_a_cortex_a53():
    """It has the crc32 instructions and no products of bytes, neither of vectors nor of matrices."""
    run_as("aarch64-linux-gnu-", "cortex-a53", "neon_crc", skipped=2 * slots())


@case
def kernels_on_a_cortex_a76():
    """It has dot products of bytes and no matrix products."""
    run_as("aarch64-linux-gnu-", "cortex-a76", "neon_dot", skipped=slots())


@case
def kernels_on_a_64_bit_cpu_with_everything():
    run_as("aarch64-linux-gnu-", "max", "neon_i8mm")


@case
def kernels_on_a_cortex_a7():
    run_as("arm-linux-gnueabihf-", "cortex-a7", "neon32")


@case
def kernels_on_a_cortex_a15():
    run_as("arm-linux-gnueabihf-", "cortex-a15", "neon32")


@case
def kernels_on_a_32_bit_cpu_with_everything():
    run_as("arm-linux-gnueabihf-", "max", "neon32")


@case
def kernels_on_a_32_bit_cpu_without_fma():
    """A Cortex-A9 has NEON but not VFPv4: the level must not be used, and is skipped by name."""
    run_as("arm-linux-gnueabihf-", "cortex-a9", "ref", skipped=slots())


@case
def gemm_of_neon_is_mostly_fmas():
    """Four steps of k of the 6x16 tile: 6 vectors of A, 16 of the panel in pairs; two pointers to
    move, compare, branch."""
    loop = loop_of("aarch64-linux-gnu-", "gemm_f32_6x16_neon", 4 * 6 * 4)
    hold_to(loop, 6 + 16 // 2, 4)
    require(loop.fmas >= 0.8 * loop.instructions, "less than 80 % FMAs")


@case
def depthwise_of_neon_spills_nothing():
    """Eight channels of four outputs of a 3x3 window at stride 1: 18 inputs of two
    vectors, 9 + 1 pairs of weights and biases of which the compiler takes two apart, 2 limits,
    residual and slope asked for; a step an input, 3 copies of the bias pair, 2 limits to all lanes
    and 4 instructions a vector for the clamp, 2 branches, 6 for the loop, the start of 3 rows."""
    loop = loop_of("aarch64-linux-gnu-", "depthwise_f32_neon", 2 * 4 * 9)
    hold_to(loop, 18 * 2 + 10 + 2 + 1 + 2, 18 + 3 * 2 + 2 + 8 * 4 + 2 + 6 + 3, stores=8)


@case
def gemm_of_neon32_is_mostly_multiply_adds():
    """Four steps of k of the 4x8 tile: 4 vectors of A, 4 pairs of the panel, count and branch."""
    hold_to(loop_of("arm-linux-gnueabihf-", "gemm_f32_4x8_neon32", 4 * 4 * 2), 4 + 4, 2)


def hold_share(loop, percent):
    share = 100 * loop.fmas / loop.instructions
    require(share >= percent, "%.1f %% of the loop are products" % share)


@case
def bytes_of_neon_are_mostly_products():
    """Eight steps of k of the 4x8 tile: a vector of the products a row and half, of three instructions
    each; 4 halves of rows, 4 vectors of the panel in pairs; a sign and two spreads a row; row offset and
    panel to move, compare, branch."""
    loop = loop_of("aarch64-linux-gnu-", "gemm_s8_4x8_neon", 3 * 4 * 4)
    hold_to(loop, 4 + 4 // 2, 3 * 4 + 4)
    hold_share(loop, 60)


@case
def bytes_of_neon_dot_are_mostly_dot_products():
    """Sixteen steps of k of the 6x16 tile: 6 vectors of A, 16 of the panel in pairs; six signs and their
    constant; row offset and panel to move, compare, branch."""
    loop = loop_of("aarch64-linux-gnu-", "gemm_s8_6x16_dot_neon", 4 * 6 * 4)
    require(sum(instruction.name == "sdot" for instruction in loop.body) == 96, "no dot products")
    hold_to(loop, 6 + 16 // 2, 6 + 1 + 4)
    hold_share(loop, 75)


@case
def bytes_of_neon_i8mm_are_mostly_matrix_products():
    """Sixteen steps of k of the 6x16 tile: 3 pairs of rows, 8 of columns and 2 groups; 6 vectors of A,
    16 of the panel in pairs; 6 to put rows together; row offset, panel, count, branch."""
    loop = loop_of("aarch64-linux-gnu-", "gemm_s8_6x16_i8mm_neon", 3 * 8 * 2)
    require(sum(instruction.name == "usmmla" for instruction in loop.body) == 48, "no matrix products")
    hold_to(loop, 6 + 16 // 2, 6 + 4)
    hold_share(loop, 60)


@case
def depthwise_of_bytes_of_neon_spills_nothing():
    """Eight channels of four outputs of a 3x3 window at stride 1: 18 inputs of half a vector, 9 weights,
    the pair of biases, 5 vectors of the post in pairs, 4 residuals; of each row a start and a step, and
    six more addresses that are kept on the stack. A store an output is all that there is."""
    loop = loop_of("aarch64-linux-gnu-", "depthwise_s8_neon", 2 * 4 * 9)
    most = 18 + 9 + 1 + 5 + 4 + 3 * 2 + 6
    require(loop.stores == 4 and loop.loads <= most, "%d loads, %d stores" % (loop.loads, loop.stores))


@case
def bytes_of_neon32_spill_nothing():
    """Eight steps of k of two rows of the 4x8 tile: 2 halves of rows, 4 vectors of the panel; a sign and two spreads
    a row, the sign's constant, an address a load but one, two pointers to move, compare, branch."""
    hold_to(loop_of("arm-linux-gnueabihf-", "gemm_s8_4x8_neon32", 3 * 2 * 4), 2 + 4, 3 * 2 + 1 + 5 + 4)


main()
