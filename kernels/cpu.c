/* cpu.c - detects vector features: CPUID and XGETBV on x86, the kernel's
 * auxiliary vector on ARM. */
#include "kernels/cpu.h"
#include "kernels/kernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Register state that the operating system saves (XCR0), Intel SDM volume 1, 13.3. */
enum { XCR0_YMM = 0x6, XCR0_ZMM = 0xe6, XCR0_TILES = 0x60000 };
/* Which cpuid.h has no name for everywhere. */
enum { LEAF7_AMX_TILE = 1 << 24, LEAF7_AMX_INT8 = 1 << 25, LEAF7_1_AVX_VNNI = 1 << 4 };

static unsigned long long saved_state(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (unsigned long long)high << 32 | low;
}

static unsigned avx512_features(unsigned leaf7_ebx, unsigned leaf7_ecx)
{
    const unsigned level = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
    unsigned a, b, c, d, set = FID_CPU_AVX512;
    if ((leaf7_ebx & level) != level)
        return 0;
    if (leaf7_ecx & bit_AVX512VNNI)
        set |= FID_CPU_AVX512_VNNI;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & bit_AVX512BF16))
        set |= FID_CPU_AVX512_BF16;
    return set;
}

/* Since Linux 5.16 a process has to ask for the tiles' registers, once for all its threads. Older
 * ones save no such registers and do not come here. */
static bool may_use_tiles(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

static unsigned tile_features(unsigned leaf7_edx)
{
    const unsigned level = LEAF7_AMX_TILE | LEAF7_AMX_INT8;
    if ((leaf7_edx & level) != level || (saved_state() & XCR0_TILES) != XCR0_TILES)
        return 0;
    return may_use_tiles() ? FID_CPU_AMX_INT8 : 0;
}

unsigned fid_cpu_features(void)
{
    unsigned a, b, c, d, set = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 0;
    if (c & bit_SSE4_2)
        set |= FID_CPU_SSE42;
    if (c & bit_PCLMUL)
        set |= FID_CPU_PCLMUL;
    if (!(c & bit_OSXSAVE) || (saved_state() & XCR0_YMM) != XCR0_YMM)
        return set;
    if (c & bit_FMA)
        set |= FID_CPU_FMA;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return set;
    if (b & bit_AVX2)
        set |= FID_CPU_AVX2;
    if (b & bit_SHA)
        set |= FID_CPU_SHA;
    if ((saved_state() & XCR0_ZMM) == XCR0_ZMM)
        set |= avx512_features(b, c);
    set |= tile_features(d);
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & LEAF7_1_AVX_VNNI))
        set |= FID_CPU_AVX_VNNI;
    return set;
}

#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

unsigned fid_cpu_features(void)
{
    const unsigned long caps = getauxval(AT_HWCAP);
    unsigned set = 0;
    if (caps & HWCAP_ASIMD)
        set |= FID_CPU_NEON;
    if (caps & HWCAP_CRC32)
        set |= FID_CPU_ARM_CRC32;
    if (caps & HWCAP_ASIMDDP)
        set |= FID_CPU_ARM_DOTPROD;
    if (getauxval(AT_HWCAP2) & HWCAP2_I8MM)
        set |= FID_CPU_ARM_I8MM;
    if (caps & HWCAP_SHA2)
        set |= FID_CPU_ARM_SHA2;
    return set;
}

#elif defined(__arm__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

unsigned fid_cpu_features(void)
{
    const unsigned long caps = getauxval(AT_HWCAP);
    unsigned set = 0;
    if (caps & HWCAP_NEON)
        set |= FID_CPU_NEON;
    if (caps & HWCAP_VFPv4)
        set |= FID_CPU_ARM_VFPV4;
    return set;
}

#else

unsigned fid_cpu_features(void)
{
    return 0;
}

#endif

static const struct {
    enum fid_cpu_feature feature;
    const char *word;
} feature_words[] = {
    {FID_CPU_SSE42, "sse4.2"},
    {FID_CPU_PCLMUL, "pclmul"},
    {FID_CPU_AVX2, "avx2"},
    {FID_CPU_FMA, "fma"},
    {FID_CPU_AVX_VNNI, "avxvnni"},
    {FID_CPU_AVX512, "avx512"},
    {FID_CPU_AVX512_VNNI, "avx512vnni"},
    {FID_CPU_AVX512_BF16, "avx512bf16"},
    {FID_CPU_NEON, "neon"},
    {FID_CPU_ARM_CRC32, "crc32"},
    {FID_CPU_ARM_DOTPROD, "dotprod"},
    {FID_CPU_ARM_VFPV4, "vfpv4"},
    {FID_CPU_SHA, "sha"},
    {FID_CPU_ARM_SHA2, "sha2"},
    {FID_CPU_ARM_I8MM, "i8mm"},
    {FID_CPU_AMX_INT8, "amx"},
};
enum { FEATURE_COUNT = sizeof feature_words / sizeof feature_words[0], WORD_MAX = 16 };
enum { TEXT_BYTES = (size_t)FEATURE_COUNT * WORD_MAX + sizeof "none" };

static char text[TEXT_BYTES];

/* Runs before main: the text is written once, before there are threads to read it. */
__attribute__((constructor)) static void write_text(void)
{
    const unsigned set = fid_cpu_features();
    for (size_t i = 0; i < FEATURE_COUNT; i++)
        if (set & feature_words[i].feature) {
            if (text[0])
                strcat(text, " ");
            strcat(text, feature_words[i].word);
        }
    if (!text[0])
        strcat(text, "none");
}

const char *fid_cpu_text(void)
{
    return text;
}
