/* table_avx2.c - the AVX2 level (AVX2, FMA, SSE4.2, PCLMULQDQ): Haswell, Zen and later. */
#include "kernels/avx2/avx2.h"
#include "kernels/ref/tile_ref.h"

/* The lines at the end are meant to override those of the reference. */
#pragma GCC diagnostic ignored "-Woverride-init"

const struct fid_kernels fid_kernels_avx2 = {
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
#undef FID_SLOT
    .name = "avx2",
    .tile = {.gemm_mr = 6,
             .gemm_nr = 16,
             .depthwise_cr = 8,
             FID_REF_GEMM_S8_TILE,
             FID_REF_DEPTHWISE_S8_TILE},
    .gemm_f32 = fid_gemm_f32_6x16_avx2,
    .depthwise_f32 = fid_depthwise_f32_avx2,
    .max_pool_f32 = fid_max_pool_f32_avx2,
    .average_f32 = fid_average_f32_avx2,
    .winograd_input_f32 = fid_winograd_input_f32_avx2,
    .winograd_output_f32 = fid_winograd_output_f32_avx2,
    .add_f32 = fid_add_f32_avx2,
    .affine_f32 = fid_affine_f32_avx2,
    .layer_norm_f32 = fid_layer_norm_f32_avx2,
    .gelu_f32 = fid_gelu_f32_avx2,
    .dot_f32 = fid_dot_f32_avx2,
    .dot_s8 = fid_dot_s8_avx2,
    .crc32c = fid_crc32c_avx2,
};
