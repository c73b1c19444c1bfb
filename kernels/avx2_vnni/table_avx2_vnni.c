/* table_avx2_vnni.c - the AVX2 level with dot products of bytes (AVX-VNNI): Alder
 * Lake, Zen 5 and later. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2_vnni/avx2_vnni.h"

/* The lines at the end are meant to override those of the reference. */
#pragma GCC diagnostic ignored "-Woverride-init"

const struct fid_kernels fid_kernels_avx2_vnni = {
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
#undef FID_SLOT
    .name = "avx2_vnni",
    .tile = {FID_AVX2_TILE, .gemm_s8_mr = 6, .gemm_s8_nr = 16, .gemm_s8_group = 4,
             .depthwise_s8_cr = 32, .depthwise_s8_group = 1},
    FID_AVX2_SLOTS,
    .gemm_s8 = fid_gemm_s8_6x16_avx2_vnni,
    .depthwise_s8 = fid_depthwise_s8_avx2_vnni,
};
