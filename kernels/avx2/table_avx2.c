/* table_avx2.c - the AVX2 level (AVX2, FMA, SSE4.2, PCLMULQDQ): Haswell, Zen and later. */
#include "kernels/avx2/avx2.h"

/* The lines at the end are meant to override those of the reference. */
#pragma GCC diagnostic ignored "-Woverride-init"

const struct fid_kernels fid_kernels_avx2 = {
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
#undef FID_SLOT
    .name = "avx2",
    .tile = {FID_AVX2_TILE, .gemm_s8_mr = 4, .gemm_s8_nr = 16, .gemm_s8_group = 4,
             .depthwise_s8_cr = 32, .depthwise_s8_group = 1},
    FID_AVX2_SLOTS,
    .gemm_s8 = fid_gemm_s8_4x16_avx2,
    .depthwise_s8 = fid_depthwise_s8_avx2,
};
