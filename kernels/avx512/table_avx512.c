/* table_avx512.c - the AVX-512 level (F, BW, DQ, VL, CD): Skylake-X, Ice Lake, Zen 4 and later.
 * Such a CPU has all of the AVX2 level, whose checksum it shares. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx512/avx512.h"

/* The lines at the end are meant to override those of the reference. */
#pragma GCC diagnostic ignored "-Woverride-init"

const struct fid_kernels fid_kernels_avx512 = {
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
#undef FID_SLOT
    .name = "avx512",
    .tile = {FID_AVX512_TILE, .gemm_s8_mr = 10, .gemm_s8_nr = 32, .gemm_s8_group = 4,
             .depthwise_s8_cr = 64, .depthwise_s8_group = 1},
    FID_AVX512_SLOTS,
    .gemm_s8 = fid_gemm_s8_10x32_avx512,
    .depthwise_s8 = fid_depthwise_s8_avx512,
};
