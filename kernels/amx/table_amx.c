/* table_amx.c - the AVX-512 level with dot products of bytes and tiles (AMX):
 * Sapphire Rapids and later. */
#include "kernels/amx/amx.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx512/avx512.h"
#include "kernels/avx512_vnni/avx512_vnni.h"

/* The lines at the end are meant to override those of the reference. */
#pragma GCC diagnostic ignored "-Woverride-init"

const struct fid_kernels fid_kernels_amx = {
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
#undef FID_SLOT
    .name = "amx",
    .tile = {FID_AVX512_TILE, .gemm_s8_mr = 32, .gemm_s8_nr = 32, .gemm_s8_group = 4,
             .depthwise_s8_cr = 64, .depthwise_s8_group = 1},
    FID_AVX512_SLOTS,
    .gemm_s8 = fid_gemm_s8_32x32_amx,
    .depthwise_s8 = fid_depthwise_s8_avx512_vnni,
};
