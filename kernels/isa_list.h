/* isa_list.h - one line a level, from the reference upward: WHAT(with, name, needs).
 * `needs` are bits of fid_cpu_features(); the Makefile defines FID_HAVE_X for each folder
 * kernels/x that it builds. */
#ifndef FID_KERNELS_ISA_LIST_H
#define FID_KERNELS_ISA_LIST_H

#include "kernels/cpu.h"

#ifdef FID_HAVE_AVX2
#define FID_IF_AVX2(level) level
#else
#define FID_IF_AVX2(level)
#endif
#ifdef FID_HAVE_AVX2_VNNI
#define FID_IF_AVX2_VNNI(level) level
#else
#define FID_IF_AVX2_VNNI(level)
#endif
#ifdef FID_HAVE_AVX512
#define FID_IF_AVX512(level) level
#else
#define FID_IF_AVX512(level)
#endif
#ifdef FID_HAVE_AVX512_VNNI
#define FID_IF_AVX512_VNNI(level) level
#else
#define FID_IF_AVX512_VNNI(level)
#endif
#ifdef FID_HAVE_AMX
#define FID_IF_AMX(level) level
#else
#define FID_IF_AMX(level)
#endif
#ifdef FID_HAVE_NEON
#define FID_IF_NEON(level) level
#else
#define FID_IF_NEON(level)
#endif
#ifdef FID_HAVE_NEON32
#define FID_IF_NEON32(level) level
#else
#define FID_IF_NEON32(level)
#endif

#define FID_AVX2_NEEDS     (FID_CPU_AVX2 | FID_CPU_FMA | FID_CPU_SSE42 | FID_CPU_PCLMUL)
#define FID_AVX512_NEEDS   (FID_AVX2_NEEDS | FID_CPU_AVX512)
#define FID_NEON_CRC_NEEDS (FID_CPU_NEON | FID_CPU_ARM_CRC32)
#define FID_NEON_DOT_NEEDS (FID_NEON_CRC_NEEDS | FID_CPU_ARM_DOTPROD)

#define FID_EACH_LEVEL(WHAT, with)                                                         \
    WHAT(with, ref, 0)                                                                     \
    FID_IF_AVX2(WHAT(with, avx2, FID_AVX2_NEEDS))                                          \
    FID_IF_AVX2_VNNI(WHAT(with, avx2_vnni, FID_AVX2_NEEDS | FID_CPU_AVX_VNNI))             \
    FID_IF_AVX512(WHAT(with, avx512, FID_AVX512_NEEDS))                                    \
    FID_IF_AVX512_VNNI(WHAT(with, avx512_vnni, FID_AVX512_NEEDS | FID_CPU_AVX512_VNNI))    \
    FID_IF_AMX(WHAT(with, amx, FID_AVX512_NEEDS | FID_CPU_AVX512_VNNI | FID_CPU_AMX_INT8)) \
    FID_IF_NEON(WHAT(with, neon, FID_CPU_NEON))                                            \
    FID_IF_NEON(WHAT(with, neon_crc, FID_NEON_CRC_NEEDS))                                  \
    FID_IF_NEON(WHAT(with, neon_dot, FID_NEON_DOT_NEEDS))                                  \
    FID_IF_NEON(WHAT(with, neon_i8mm, FID_NEON_DOT_NEEDS | FID_CPU_ARM_I8MM))              \
    FID_IF_NEON32(WHAT(with, neon32, FID_CPU_NEON | FID_CPU_ARM_VFPV4))

/* The same for sha256, which goes its own way: kernels.h says why. */
#define FID_EACH_SHA256(WHAT, with)                             \
    WHAT(with, ref, 0)                                          \
    FID_IF_AVX2(WHAT(with, avx2, FID_AVX2_NEEDS | FID_CPU_SHA)) \
    FID_IF_NEON(WHAT(with, neon, FID_CPU_NEON | FID_CPU_ARM_SHA2))

#endif
