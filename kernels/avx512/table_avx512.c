/* table_avx512.c - the AVX-512 level (F, BW, DQ, VL, CD): Skylake-X, Ice Lake, Zen 4 and later.
 * Such a CPU has all of the AVX2 level, whose checksum it shares. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx512/avx512.h"
#include "kernels/ref/tile_ref.h"

/* The lines at the end are meant to override those of the reference. */
#pragma GCC diagnostic ignored "-Woverride-init"

const struct fid_kernels fid_kernels_avx512 = {
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
#undef FID_SLOT
    .name = "avx512",
    .tile = {.gemm_mr = 7,
             .gemm_nr = 64,
             .depthwise_cr = 16,
             FID_REF_GEMM_S8_TILE,
             FID_REF_DEPTHWISE_S8_TILE},
    .gemm_f32 = fid_gemm_f32_7x64_avx512,
    .depthwise_f32 = fid_depthwise_f32_avx512,
    .max_pool_f32 = fid_max_pool_f32_avx512,
    .average_f32 = fid_average_f32_avx512,
    .winograd_input_f32 = fid_winograd_input_f32_avx512,
    .winograd_output_f32 = fid_winograd_output_f32_avx512,
    .add_f32 = fid_add_f32_avx512,
    .affine_f32 = fid_affine_f32_avx512,
    .layer_norm_f32 = fid_layer_norm_f32_avx512,
    .gelu_f32 = fid_gelu_f32_avx512,
    .dot_f32 = fid_dot_f32_avx512,
    .dot_s8 = fid_dot_s8_avx512,
    .crc32c = fid_crc32c_avx2,
};
