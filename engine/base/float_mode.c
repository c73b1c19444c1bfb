/* float_mode.c - the control register of the floating-point unit: MXCSR on x86 (bit 15
 * flushes results, bit 6 reads operands as zero), FPCR on AArch64 and FPSCR on 32-bit ARM
 * (bit 24 does both). */
#include "engine/base/float_mode.h"

#if defined(__SSE__)
#include <xmmintrin.h>

#define FLUSH ((uint64_t)1 << 15 | (uint64_t)1 << 6)

uint64_t fid_float_mode(void)
{
    return _mm_getcsr();
}

void fid_float_mode_set(uint64_t mode)
{
    _mm_setcsr((unsigned)mode);
}

#elif defined(__aarch64__)

#define FLUSH ((uint64_t)1 << 24)

uint64_t fid_float_mode(void)
{
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}

void fid_float_mode_set(uint64_t mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory");
}

#elif defined(__arm__) && defined(__ARM_FP)

#define FLUSH ((uint64_t)1 << 24)

uint64_t fid_float_mode(void)
{
    uint32_t mode;
    __asm__ volatile("vmrs %0, fpscr" : "=r"(mode));
    return mode;
}

void fid_float_mode_set(uint64_t mode)
{
    __asm__ volatile("vmsr fpscr, %0" : : "r"((uint32_t)mode) : "memory");
}

#else

#define FLUSH ((uint64_t)0)

uint64_t fid_float_mode(void)
{
    return 0;
}

void fid_float_mode_set(uint64_t mode)
{
    (void)mode;
}

#endif

uint64_t fid_float_mode_flushing(uint64_t mode)
{
    return mode | FLUSH;
}
