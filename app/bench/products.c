/* products.c - loops of one instruction each, in assembly, because a compiler chooses
 * instructions and vector widths by its flags. Each loop has 12 independent sums: more than any
 * core so far has in flight. */
#include "app/bench/products.h"

#include <string.h>

enum { CHAINS = 12, STEPS = 500000 };

#if defined(__x86_64__)

#include <cpuid.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- what the CPU has ---- */

enum leaf_register { EAX, EBX, ECX, EDX };

/* A bit of CPUID's leaf 7. */
static bool leaf_7(unsigned subleaf, enum leaf_register which, unsigned bit)
{
    unsigned r[4];
    return __get_cpuid_count(7, subleaf, &r[EAX], &r[EBX], &r[ECX], &r[EDX]) != 0 &&
           (r[which] >> bit & 1) != 0;
}

/* These two ask the system, too: if it does not save the wide registers, the answer is no. */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}

static bool has_avx512_vnni(void)
{
    return has_avx512() && leaf_7(0, ECX, 11);
}

static bool has_avx_vnni(void)
{
    return has_avx2() && leaf_7(1, EAX, 4);
}

static bool has_avx512_bf16(void)
{
    return has_avx512() && leaf_7(1, EAX, 5);
}

/* Linux gives the tiles' registers to a process that asks, and to the threads it starts then. */
static bool may_use_tiles(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* arch_prctl; bit of XCR0 */
    return leaf_7(0, EDX, 24) && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

static bool has_amx_int8(void)
{
    return leaf_7(0, EDX, 25) && may_use_tiles();
}

static bool has_amx_bf16(void)
{
    return leaf_7(0, EDX, 22) && may_use_tiles();
}

/* ---- loops over vectors: registers 14 and 15 are the factors, 0 to 11 the sums ---- */

#define VECTOR_LOOP(name, product)                                                               \
    static void name(size_t steps)                                                               \
    {                                                                                            \
        __asm__ volatile(".irp i,0,1,2,3,4,5,6,7,8,9,10,11,14,15\n"                              \
                         "vxorps %%xmm\\i, %%xmm\\i, %%xmm\\i\n"                                 \
                         ".endr\n"                                                               \
                         "1:\n"                                                                  \
                         ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n" product ".endr\n"                  \
                         "dec %0\n"                                                              \
                         "jnz 1b\n"                                                              \
                         "vzeroupper\n"                                                          \
                         : "+r"(steps)                                                           \
                         :                                                                       \
                         : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
                           "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm14", "xmm15");         \
    }

VECTOR_LOOP(fma_256, "vfmadd231ps %%ymm14, %%ymm15, %%ymm\\i\n")
VECTOR_LOOP(fma_512, "vfmadd231ps %%zmm14, %%zmm15, %%zmm\\i\n")
VECTOR_LOOP(maddwd_256, "vpmaddwd %%ymm14, %%ymm15, %%ymm12\n"
                        "vpaddd %%ymm12, %%ymm\\i, %%ymm\\i\n")
VECTOR_LOOP(maddubsw_256, "vpmaddubsw %%ymm14, %%ymm15, %%ymm12\n"
                          "vpmaddwd %%ymm14, %%ymm12, %%ymm12\n"
                          "vpaddd %%ymm12, %%ymm\\i, %%ymm\\i\n")
VECTOR_LOOP(dpbusd_256, "%{vex%} vpdpbusd %%ymm14, %%ymm15, %%ymm\\i\n")
VECTOR_LOOP(dpbusd_512, "vpdpbusd %%zmm14, %%zmm15, %%zmm\\i\n")
VECTOR_LOOP(dpbf16_512, "vdpbf16ps %%zmm14, %%zmm15, %%zmm\\i\n")

/* ---- loops over tiles of 16 rows of 64 bytes: 6 and 7 are the factors, 0 to 5 the sums ---- */

enum { TILES = 8, SUM_TILES = 6, TILE_STEPS = STEPS / 16 };

static const struct { /* what ldtilecfg loads */
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shapes = {.palette = 1,
                 .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                 .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
_Static_assert(sizeof tile_shapes == 64, "as the CPU has it");

/* No compiler uses tiles by itself, so none needs to be told which ones change. */
#define TILE_LOOP(name, product)                                                      \
    static void name(size_t steps)                                                    \
    {                                                                                 \
        __asm__ volatile("ldtilecfg %1\n"                                             \
                         ".irp i,0,1,2,3,4,5,6,7\n"                                   \
                         "tilezero %%tmm\\i\n"                                        \
                         ".endr\n"                                                    \
                         "1:\n"                                                       \
                         ".irp i,0,1,2,3,4,5\n" product " %%tmm7, %%tmm6, %%tmm\\i\n" \
                         ".endr\n"                                                    \
                         "dec %0\n"                                                   \
                         "jnz 1b\n"                                                   \
                         "tilerelease\n"                                              \
                         : "+r"(steps)                                                \
                         : "m"(tile_shapes)                                           \
                         : "cc");                                                     \
    }

TILE_LOOP(tile_int8, "tdpbusd")
TILE_LOOP(tile_bf16, "tdpbf16ps")

/* ---- the tables ---- */

/* Sixteen or eight sums of products of this many pairs each. */
#define WIDE(pairs)   (2.0 * CHAINS * 16 * (pairs))
#define NARROW(pairs) (2.0 * CHAINS * 8 * (pairs))
#define TILE(pairs)   (2.0 * SUM_TILES * 16 * 16 * (pairs))

const struct app_product_loop app_product_loops[] = {
    {"f32 vfmadd231ps, 256 bit", "GFLOP/s", has_avx2, fma_256, STEPS, NARROW(1)},
    {"f32 vfmadd231ps, 512 bit", "GFLOP/s", has_avx512, fma_512, STEPS, WIDE(1)},
    {"int16 vpmaddwd, vpaddd, 256 bit", "GOP/s", has_avx2, maddwd_256, STEPS, NARROW(2)},
    {"int8 vpmaddubsw, vpmaddwd, vpaddd, 256 bit", "GOP/s", has_avx2, maddubsw_256, STEPS,
     NARROW(4)},
    {"int8 vpdpbusd, 256 bit", "GOP/s", has_avx_vnni, dpbusd_256, STEPS, NARROW(4)},
    {"int8 vpdpbusd, 512 bit", "GOP/s", has_avx512_vnni, dpbusd_512, STEPS, WIDE(4)},
    {"bf16 vdpbf16ps, 512 bit", "GFLOP/s", has_avx512_bf16, dpbf16_512, STEPS, WIDE(2)},
    {"int8 AMX tdpbusd", "GOP/s", has_amx_int8, tile_int8, TILE_STEPS, TILE(64)},
    {"bf16 AMX tdpbf16ps", "GFLOP/s", has_amx_bf16, tile_bf16, TILE_STEPS, TILE(32)},
    {0},
};

const struct app_product_loop *app_fma_loop(const char *isa)
{
    const bool wide = strncmp(isa, "avx512", 6) == 0 || strcmp(isa, "amx") == 0;
    const struct app_product_loop *loop = &app_product_loops[wide ? 1 : 0];
    return loop->here() ? loop : NULL;
}

/* Adding a constant would not do: some CPUs do several such additions at once while renaming
 * registers. A multiplication takes 3 cycles on every 64-bit Intel core since 2011 and every Zen.
 */
static void clock_chain(size_t steps)
{
    size_t factor = 1;
    __asm__ volatile("1:\n"
                     ".rept 10\n"
                     "imul %1, %1\n"
                     ".endr\n"
                     "dec %0\n"
                     "jnz 1b\n"
                     : "+r"(steps), "+r"(factor)
                     :
                     : "cc");
}

void (*const app_clock_loop)(size_t steps) = clock_chain;
const double app_clock_cycles = 30;

#elif defined(__aarch64__)

#include <sys/auxv.h>

static bool always(void)
{
    return true;
}

static bool has_dotprod(void)
{
    return (getauxval(AT_HWCAP) >> 20 & 1) != 0; /* HWCAP_ASIMDDP */
}

static bool has_i8mm(void)
{
    return (getauxval(AT_HWCAP2) >> 13 & 1) != 0; /* HWCAP2_I8MM */
}

/* Registers 30 and 31 are the factors. 8 to 15 belong to the caller and stay unchanged. */
#define VECTOR_LOOP(name, product)                                                             \
    static void name(size_t steps)                                                             \
    {                                                                                          \
        __asm__ volatile(".irp i,0,1,2,3,4,5,6,7,16,17,18,19,30,31\n"                          \
                         "movi v\\i\\().4s, #0\n"                                              \
                         ".endr\n"                                                             \
                         "1:\n"                                                                \
                         ".irp i,0,1,2,3,4,5,6,7,16,17,18,19\n" product ".endr\n"              \
                         "subs %0, %0, #1\n"                                                   \
                         "b.ne 1b\n"                                                           \
                         : "+r"(steps)                                                         \
                         :                                                                     \
                         : "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", \
                           "v18", "v19", "v20", "v30", "v31");                                 \
    }

VECTOR_LOOP(fma_128, "fmla v\\i\\().4s, v30.4s, v31.4s\n")
VECTOR_LOOP(mull_128, "smull v20.8h, v30.8b, v31.8b\n"
                      "sadalp v\\i\\().4s, v20.8h\n")
/* sdot and smmla vI.4s, v30.16b, v31.16b, for assemblers that do not know them. */
VECTOR_LOOP(dot_128, ".inst 0x4e9f97c0 + \\i\n")
VECTOR_LOOP(mmla_128, ".inst 0x4e9fa7c0 + \\i\n")

/* Four sums of products of this many pairs each. */
#define VECTOR(pairs) (2.0 * CHAINS * 4 * (pairs))

const struct app_product_loop app_product_loops[] = {
    {"f32 fmla, 128 bit", "GFLOP/s", always, fma_128, STEPS, VECTOR(1)},
    {"int8 smull, sadalp, 128 bit", "GOP/s", always, mull_128, STEPS, VECTOR(2)},
    {"int8 sdot, 128 bit", "GOP/s", has_dotprod, dot_128, STEPS, VECTOR(4)},
    {"int8 smmla, 128 bit", "GOP/s", has_i8mm, mmla_128, STEPS, VECTOR(8)},
    {0},
};

const struct app_product_loop *app_fma_loop(const char *isa)
{
    (void)isa;
    return &app_product_loops[0];
}

/* An addition of two registers takes one cycle. */
static void clock_chain(size_t steps)
{
    size_t sum = 1;
    __asm__ volatile("1:\n"
                     ".rept 30\n"
                     "add %1, %1, %0\n"
                     ".endr\n"
                     "subs %0, %0, #1\n"
                     "b.ne 1b\n"
                     : "+r"(steps), "+r"(sum)
                     :
                     : "cc");
}

void (*const app_clock_loop)(size_t steps) = clock_chain;
const double app_clock_cycles = 30;

#else

const struct app_product_loop app_product_loops[] = {{0}};

const struct app_product_loop *app_fma_loop(const char *isa)
{
    (void)isa;
    return NULL;
}

void (*const app_clock_loop)(size_t steps) = NULL;
const double app_clock_cycles = 0;

#endif
