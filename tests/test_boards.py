#!/usr/bin/python3
"""The C tests on other CPUs, run under qemu: 32-bit and 64-bit ARM, RISC-V, x86-64 without AVX and
with; size_t of 32 bits, other alignments, each level of kernels behind whole layers. And what is
compiled for every CPU of an architecture, held to the instructions that all of them have.

A gate runs a few of the engine's programs on three of these CPUs; `make soak` all programs with all
their cases on each, with Debian's libraries of that architecture under build/cache. Debian 12 has none for RISC-V: there it is
the programs that need no library. Each case ends with a line of what passed, failed
and was skipped, by name. Skipped by name on other machines than x86-64 and without the cross compiler
or qemu."""
import glob
import os
import platform
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rigs"))
import builds  # noqa: E402
from check import BUILD, ROOT, SOAK, case, main, need, require, run, shared, skip, temp_folder  # noqa: E402
from program import environment, has_sanitizers, models  # noqa: E402

LIMIT = 3600 if SOAK else 1200  # seconds a program may take


class Target:
    """A cross compiler, its emulator, the folder of its kernels, Debian's word for its libraries."""

    def __init__(self, prefix, emulator, kernels, libraries):
        self.prefix, self.emulator, self.kernels, self.libraries = prefix, emulator, kernels, libraries
        self.folder = None  # where its tests are, once built
        self.library_words = []


TARGETS = {
    "aarch64": Target("aarch64-linux-gnu-", "qemu-aarch64-static", "neon", "arm64"),
    "arm": Target("arm-linux-gnueabihf-", "qemu-arm-static", "neon32", "armhf"),
    "riscv64": Target("riscv64-linux-gnu-", "qemu-riscv64-static", None, None),
}
# What is built without libraries, and the programs that link with it.
LIBRARY = ("kernels/*.c", "kernels/ref/*.c", "engine/base/*.c", "engine/nn/*.c", "engine/nn/ops/*.c",
           "weights/*.c", "tests/check/*.c")
WITHOUT_LIBRARIES = ("test_nn_big", "test_nn_conv", "test_nn_memory", "test_nn_model", "test_nn_ops",
                     "test_nn_packed", "test_nn_session", "test_nn_thread_pool", "test_weight_file",
                     "test_weight_hostile", "test_weight_pack", "test_kernels")
FEW = ("test_nn_model", "test_nn_ops", "test_nn_thread_pool")  # in a gate's time

# Instructions that not all CPUs of an architecture have, as the disassembler writes them: name, blanks,
# operands. On 32-bit ARM NEON is not for all, nor are the upper sixteen registers of VFP.
NEWER = {
    "x86_64": r"v(?!err|erw)\w|(?:p(?:shufb|mulld|min(?:s[bd]|u[dw])|max(?:s[bd]|u[dw])|blend|abs|hadd|test|mul[dh]rsw)"
              r"|blend|round|dpp|pextr[bdq]|pinsr[bdq]|crc32|popcnt|addsub|movddup|mov[hl]s?hdup|lddqu|andn\s"
              r"|bextr|bls|sarx|shlx|shrx|mulx|pdep|pext\s|rorx|lzcnt|movbe|aes|sha|pclmul|cmpxchg16b|fisttp"
              r"|haddp|hsubp|phsub|psign|palignr|pmov[sz]x|packusdw|insertps|extractps|mpsadbw|pcmpeqq|pcmpgtq|pcmp[ei]str"
              r"|movntdqa|kmov)",
    "aarch64": r"[su]dot|usdot|sudot|bf(?:dot|m)|[us]+mmla|crc32|cas[abhlp]*\s|swp|ld(?:add|clr|set|eor|[su]max|[su]min)"
               r"|st(?:add|clr|set|eor)|ldapr|fcmla|fcadd|sqrdml|fmls?al|aes|sha\d|f(?!cvt)\w+\s+v\d+\.[48]h"
               r"|f(?!cvt|mov)\w+\s+h\d|\w+\s+[{]?z\d+\.|rdvl|ptrue",
    "arm": r"v\w+(?:\.\w+)?\s.*\bq\d|vfn?m[as]|[su]div\s|v(?!cvt|mov|mrs|msr)\w+\.(?:[isup]\d+|f32\s+d)"
           r"|v(?:ld|st)[1-4]\.|v.*\bd(?:1[6-9]|2\d|3[01])\b",
    "riscv64": r"v(?:set|l|s|f|m|add|sub|and|or|xor|red|w|n|zext|sext|div|rem|id|iota|compress|gather)[\w.]*\s"
               r"|sh[123]add|(?:andn|orn|xnor|clz|ctz|cpop|rev8|orc\.b|max|min|rol|ror|bset|bclr|binv|bext|clmul)\w*\s",
}
# Instructions that the patterns have to find, and such that they have to leave alone.
SAMPLES = {
    "x86_64": ("", ("vaddps %ymm0, %ymm1, %ymm2", "vpaddd %zmm0, %zmm1, %zmm2", "vzeroupper",
                    "vmaskmovps (%rax), %ymm1, %ymm2", "pshufb %xmm0, %xmm1", "crc32b %al, %ebx",
                    "popcnt %eax, %ebx", "andn %eax, %ebx, %ecx", "roundps $1, %xmm0, %xmm1",
                    "pmulld %xmm0, %xmm1", "lzcnt %eax, %ebx", "movbe (%rax), %ebx", "haddps %xmm0, %xmm1",
                    "palignr $4, %xmm0, %xmm1", "pmovsxbw %xmm0, %xmm1", "cmpxchg16b (%rax)",
                    "pclmulqdq $0, %xmm0, %xmm1", "pcmpeqq %xmm0, %xmm1", "kmovw %k1, %eax"),
               ("addps %xmm0, %xmm1", "movdqu (%rax), %xmm0", "pshufd $1, %xmm0, %xmm1", "psadbw %xmm0, %xmm1",
                "pminub %xmm0, %xmm1", "pmaxsw %xmm0, %xmm1", "pextrw $1, %xmm0, %eax", "andnps %xmm0, %xmm1",
                "sqrtps %xmm0, %xmm1", "verr %ax", "cvttps2dq %xmm0, %xmm1", "shl $2, %eax")),
    "aarch64": (".arch armv8.6-a+sve+fp16+crypto\n",
                ("sdot v0.4s, v1.16b, v2.16b", "crc32cx w0, w1, x2", "fadd v0.8h, v1.8h, v2.8h",
                 "fadd h0, h1, h2", "fadd z0.s, z1.s, z2.s", "ldadd w0, w1, [x2]", "casal w0, w1, [x2]",
                 "smmla v0.4s, v1.16b, v2.16b", "bfdot v0.4s, v1.8h, v2.8h", "sqrdmlah v0.4s, v1.4s, v2.4s",
                 "swpal w0, w1, [x2]", "ptrue p0.s", "aese v0.16b, v1.16b", "ldaprb w0, [x1]"),
                ("fmla v0.4s, v1.4s, v2.s[1]", "smull v0.8h, v1.8b, v2.8b", "sadalp v0.4s, v1.8h",
                 "ldp q0, q1, [x0]", "fcvtl v0.4s, v1.4h", "ldxr w0, [x1]", "ldar w0, [x1]", "fmov d0, x1")),
    "arm": (".arch armv7ve\n.fpu neon-vfpv4\n",
            ("vadd.f32 q0, q1, q2", "vadd.f32 d0, d1, d2", "vfma.f32 s0, s1, s2", "vld1.32 {d0}, [r0]",
             "vmull.s8 q0, d1, d2", "vpadal.s16 d0, d1", "sdiv r0, r1, r2", "vadd.f64 d16, d17, d18"),
            ("vadd.f32 s0, s1, s2", "vmul.f64 d0, d1, d2", "vcvt.s32.f32 s0, s1", "vldr d8, [r0]",
             "vpush {d8-d9}", "vmov r0, r1, d2", "vmrs APSR_nzcv, fpscr", "smull r0, r1, r2, r3")),
    "riscv64": (".option arch, rv64gcv_zba_zbb\n",
                ("vsetvli a0, a1, e32, m1, ta, ma", "vle32.v v0, (a0)", "vfmacc.vv v0, v1, v2", "vadd.vv v0, v1, v2",
                 "sh2add a0, a1, a2", "andn a0, a1, a2", "clz a0, a1", "max a0, a1, a2"),
                ("fmadd.s fa0, fa1, fa2, fa3", "mul a0, a1, a2", "fmax.s fa0, fa1, fa2", "amomax.w a0, a1, (a2)",
                 "slli a0, a1, 2", "lr.w a0, (a1)")),
}

# Under a mask, three of the eight numbers before a page that is not there.
MASKED_LOAD = """
#include <immintrin.h>
#include <sys/mman.h>
int main(void)
{
    char *pages = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const __m256i mask = _mm256_setr_epi32(-1, -1, -1, 0, 0, 0, 0, 0);
    float got[8];
    if (pages == MAP_FAILED || mprotect(pages + 4096, 4096, PROT_NONE) != 0)
        return 2;
    _mm256_storeu_ps(got, _mm256_maskload_ps((const float *)(pages + 4096) - 3, mask));
    return got[0] != 0 || got[3] != 0;
}
"""
LANES_BYTES = 32
STATIC_LIMIT_BYTES = 5_500_000  # test_static.py's


def need_here(*tools):
    if platform.machine() != "x86_64":
        skip("this machine is no x86-64")
    need(*tools)


# ---- building ----

def make(*words):
    done = run("make", "-s", "-C", ROOT, "-j2", "OPENBLAS=0", "SDL=0", "WERROR=1", *words, timeout=LIMIT,
               env={k: v for k, v in os.environ.items() if k not in ("BUILD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")})
    require(done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:])


def build_whole(target, folder):
    """All programs, with the architecture's libraries."""
    sysroot = builds.make_sysroot(target.libraries)
    target.library_words = ["-L", sysroot]
    make("CROSS=" + target.prefix, "SYSROOT=" + sysroot, "BUILD=" + folder, "program", "tests")


def build_core(target, folder, tests):
    """The programs that need no library, static."""
    isa = ["kernels/%s/*.c" % target.kernels] if target.kernels else []
    paths_of = lambda patterns: [os.path.join(folder, os.path.splitext(os.path.relpath(source, ROOT))[0] + ".o")
                                 for pattern in patterns for source in sorted(glob.glob(os.path.join(ROOT, pattern)))]
    objects, cases = paths_of([*LIBRARY, *isa]), paths_of(["tests/kernel_cases/*.c"])
    make("CROSS=" + target.prefix, "BUILD=" + folder, *objects, *cases,
         *["%s/tests/%s.o" % (folder, test) for test in tests])
    packed = run(target.prefix + "ar", "rcs", folder + "/library.a", *objects, *cases)
    require(packed.returncode == 0, packed.stderr)
    for test in tests:
        path = "%s/tests/%s" % (folder, test)
        linked = run(target.prefix + "gcc", "-static", "-pthread", "-o", path, path + ".o",
                     folder + "/library.a", "-lm")
        require(linked.returncode == 0, linked.stderr)


def built(name):
    """The target, its test programs built once, warnings being errors."""
    target = TARGETS[name]
    need_here(target.prefix + "gcc", target.emulator)
    if target.folder is None:
        folder = temp_folder()
        if SOAK and target.libraries:
            build_whole(target, folder)
        else:
            build_core(target, folder, WITHOUT_LIBRARIES if SOAK else FEW)
        target.folder = folder  # only now: the next case does not run what a skipped one has begun
    return target


# ---- running ----

def all_tests():
    return [os.path.splitext(os.path.basename(path))[0] for path in sorted(glob.glob(ROOT + "/tests/test_*.c"))]


def run_tests(cpu, emulator, folder, tests, slack=0):
    """Runs the programs; prints what passed, failed and was skipped."""
    tally, skipped, failures = [0, 0, 0], {}, []
    env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}  # of this machine, not of that
    env.update({"FACEID_GUARD_SLACK": str(slack)} if slack else {})
    for test in tests:
        result = run(*emulator, os.path.join(folder, test), timeout=LIMIT, cwd=ROOT, env=env)
        counted = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", result.stdout, re.M)
        for name, why in re.findall(r"^skip (\w+): (.*)", result.stdout, re.M):
            skipped.setdefault(why, []).append(name)
        tally = [a + int(b) for a, b in zip(tally, counted.groups())] if counted else tally
        if not counted or result.returncode != 0:
            tally[1] += not counted
            failures.append("%s: %s%s" % (test, result.stdout, result.stderr))
    print("   %s: %d programs, %d cases passed, %d failed, %d skipped" % (cpu, len(tests), *tally))
    for why, names in skipped.items():
        print("   %s: skipped %s: %s" % (cpu, " ".join(names), why))
    require(not failures and tally[0] > 0, "\n".join(failures))


def chosen(target):
    if not SOAK:
        return FEW
    return all_tests() if target is None or target.libraries else WITHOUT_LIBRARIES


def run_all(name, cpu):
    target = built(name)
    folder = target.folder + "/tests"
    run_tests(cpu, [target.emulator, "-cpu", cpu, *target.library_words], folder, chosen(target))


def reads_what_a_mask_leaves_out(emulator):
    """Does this emulator fault where the CPU must not? Tried, not assumed."""
    folder = temp_folder()
    with open(folder + "/masked.c", "w") as file:
        file.write(MASKED_LOAD)
    made = run("gcc", "-O1", "-mavx2", "-static", "-o", folder + "/masked", folder + "/masked.c")
    require(made.returncode == 0, made.stderr)
    here = run("grep", "-qw", "avx2", "/proc/cpuinfo").returncode == 0
    require(not here or run(folder + "/masked").returncode == 0, "this CPU reads what a mask leaves out")
    code = run(*emulator, folder + "/masked").returncode
    require(code in (0, -11, 139), "the program ended with %d" % code)
    return code != 0


# ---- the baseline ----

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


def hold_pattern_to_samples(prefix, architecture):
    """The pattern finds every newer instruction of the samples and none of the old ones."""
    head, newer, old = SAMPLES[architecture]
    need_here(prefix + "as", prefix + "objdump")
    path = os.path.join(temp_folder(), "sample.o")
    with open(path + ".s", "w") as file:
        file.write(head + "\n".join((*newer, *old)) + "\n")
    assembled = run(prefix + "as", "-o", path, path + ".s")
    require(assembled.returncode == 0, assembled.stderr)
    found, count = newer_instructions(prefix + "objdump", architecture, [path])
    require(count == len(newer) + len(old), "%d instructions of %d" % (count, len(newer) + len(old)))
    require(len(found) == len(newer), "%d of %d newer ones: %s" % (len(found), len(newer), found))


def hold_to_baseline(prefix, architecture, folder, but=()):
    """All objects under the folder, but those of the code that is chosen by what the CPU says."""
    hold_pattern_to_samples(prefix, architecture)
    objects = {os.path.relpath(path, folder): path for path in glob.glob(folder + "/**/*.o", recursive=True)}
    paths = [path for name, path in objects.items()
             if name.startswith(("kernels/", "engine/", "weights/", "app/")) and not name.startswith(but)]
    chosen_later = [path for name, path in objects.items() if name.startswith(but)] if but else []
    found, count = newer_instructions(prefix + "objdump", architecture, paths)
    require(count > 10000, "only %d instructions in %s" % (count, folder))
    require(not found, "\n".join(found[:10]))
    for path in chosen_later:
        if not os.path.basename(path).startswith("table_"):
            require(newer_instructions(prefix + "objdump", architecture, [path])[0],
                    "%s has nothing that wants more than the baseline" % path)


@case
def tests_on_a_cortex_a7():
    if not SOAK:
        skip("the gate takes a Cortex-A15; make soak both")
    run_all("arm", "cortex-a7")


@case
def tests_on_a_cortex_a15():
    run_all("arm", "cortex-a15")


@case
def tests_on_a_cortex_a53():
    if not SOAK:
        skip("the gate takes a Cortex-A76; make soak takes all three")
    run_all("aarch64", "cortex-a53")


@case
def tests_on_a_cortex_a76():
    run_all("aarch64", "cortex-a76")


@case
def tests_on_a_64_bit_arm_with_everything():
    if not SOAK:
        skip("the gate takes a Cortex-A76; make soak takes all three")
    run_all("aarch64", "max")


@case
def tests_on_a_risc_v():
    if not SOAK:
        skip("the gate looks at its instructions only; make soak runs them")
    run_all("riscv64", "rv64")


def need_plain_build():
    """A sanitizer's shadow memory would be gigabytes of the emulator's, its code no baseline."""
    if has_sanitizers():
        skip("this build has sanitizers")


def run_x86_64(cpu):
    """The programs of this build."""
    need_here("qemu-x86_64-static")
    need_plain_build()
    emulator = ["qemu-x86_64-static", "-cpu", cpu]
    slack = 0
    if cpu != "Nehalem" and reads_what_a_mask_leaves_out(emulator):
        slack = LANES_BYTES
        print("   %s: a load under a mask faults for what the mask leaves out: pages that are not there "
              "begin %d bytes later" % (cpu, slack))
    run_tests(cpu, emulator, BUILD + "/tests", chosen(None), slack)


@case
def tests_on_an_x86_64_without_avx():
    run_x86_64("Nehalem")


@case
def tests_on_a_haswell():
    if not SOAK:
        skip("the gate takes a CPU without AVX; make soak both")
    run_x86_64("Haswell")


def static_program(name, cpu):
    """One file for the board, at work: whom it enrolls from a picture it names on that picture."""
    if not SOAK:
        skip("make soak builds it")
    target = TARGETS[name]
    need_here(target.prefix + "gcc", target.emulator)
    picture, folder = shared("data/vggface/ajb.jpg"), temp_folder()
    make("CROSS=" + target.prefix, "SYSROOT=" + builds.make_sysroot(target.libraries), "STATIC=1",
         "BUILD=" + folder, "program")
    path = folder + "/faceid-static"
    headers = run("readelf", "-ld", path).stdout
    require("(NEEDED)" not in headers and "INTERP" not in headers, headers)
    size = os.path.getsize(path)
    print("   %s: %d bytes" % (name, size))
    require(size <= STATIC_LIMIT_BYTES, "%d bytes" % size)
    env = environment(gallery=os.path.join(folder, "gallery.db"), pair=models())
    faceid = [target.emulator, "-cpu", cpu, path]
    done = run(*faceid, "enroll", "Zoë", picture, env=env)
    require(done.returncode == 0, done.stderr)
    done = run(*faceid, "identify", "--json", picture, env=env)
    require(done.returncode == 0 and '"name":"Zoë"' in done.stdout, done.stdout + done.stderr)


@case
def static_program_of_64_bit_arm():
    static_program("aarch64", "cortex-a53")


@case
def static_program_of_32_bit_arm():
    static_program("arm", "cortex-a7")


@case
def baseline_of_x86_64():
    need_plain_build()
    levels = glob.glob(ROOT + "/kernels/*/flags.mk")
    hold_to_baseline("", "x86_64", BUILD, (
        *(os.path.relpath(os.path.dirname(path), ROOT) + "/" for path in levels), "app/bench/products.o"))


@case
def baseline_of_64_bit_arm():
    """The instructions for checksums, products of bytes and SHA-256 stand each in objects of their own, which
    are asked for by name; those that faceid bench measures stand in one more."""
    newer = ("crc32c", "dot_s8_dot", "gemm_s8_6x16_dot", "gemm_s8_6x16_i8mm", "sha256")
    hold_to_baseline("aarch64-linux-gnu-", "aarch64", built("aarch64").folder,
                     (*("kernels/neon/%s_neon.o" % name for name in newer), "app/bench/products.o"))


@case
def baseline_of_32_bit_arm():
    hold_to_baseline("arm-linux-gnueabihf-", "arm", built("arm").folder, ("kernels/neon32/",))


@case
def baseline_of_risc_v():
    hold_to_baseline("riscv64-linux-gnu-", "riscv64", built("riscv64").folder)


main()
