/* cpu.h - what the processor and its operating system let us use. Inside kernels/ only. */
#ifndef FID_KERNELS_CPU_H
#define FID_KERNELS_CPU_H

/* A vector feature is set only if the operating system also saves its registers. FID_CPU_AVX512 is
 * the level that kernels are written for: F, BW, DQ, VL and CD together. */
enum fid_cpu_feature {
    FID_CPU_SSE42 = 1u << 0,
    FID_CPU_PCLMUL = 1u << 1,
    FID_CPU_AVX2 = 1u << 2,
    FID_CPU_FMA = 1u << 3,
    FID_CPU_AVX512 = 1u << 4,
    FID_CPU_AVX512_VNNI = 1u << 5,
    FID_CPU_AVX512_BF16 = 1u << 6,
    FID_CPU_NEON = 1u << 7,
    FID_CPU_ARM_CRC32 = 1u << 8,
    FID_CPU_ARM_DOTPROD = 1u << 9,
    FID_CPU_ARM_VFPV4 = 1u << 10, /* the fused multiply-add of 32-bit ARM */
    FID_CPU_SHA = 1u << 11,       /* SHA-256's rounds, of x86 ... */
    FID_CPU_ARM_SHA2 = 1u << 12,  /* ... and of 64-bit ARM */
    FID_CPU_ARM_I8MM = 1u << 13,  /* its matrix products of bytes */
    FID_CPU_AVX_VNNI = 1u << 14,  /* dot products of bytes in 256 bits */
    FID_CPU_AMX_INT8 = 1u << 15,  /* tiles of bytes, and Linux lets this process have them */
};

/* The set of features, asked from the hardware on each call. */
unsigned fid_cpu_features(void);

#endif
