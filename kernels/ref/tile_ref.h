/* tile_ref.h - the reference's blocking: small, for compilers without wide registers. */
#ifndef FID_KERNELS_REF_TILE_H
#define FID_KERNELS_REF_TILE_H

enum { FID_REF_MR = 4, FID_REF_NR = 8, FID_REF_CR = 4 };
enum { FID_REF_S8_GROUP = 4, FID_REF_S8_TAPS = 1 };

/* The tile numbers of the reference's kernels for bytes, for tables that have none of their own. */
#define FID_REF_GEMM_S8_TILE \
    .gemm_s8_mr = FID_REF_MR, .gemm_s8_nr = FID_REF_NR, .gemm_s8_group = FID_REF_S8_GROUP
#define FID_REF_DEPTHWISE_S8_TILE \
    .depthwise_s8_cr = FID_REF_CR, .depthwise_s8_group = FID_REF_S8_TAPS

#endif
