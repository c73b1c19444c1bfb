/* table_neon.c - the NEON levels of AArch64: every such CPU, those with the crc32 instructions
 * (an option of ARMv8.0, required from 8.1 on), of these such with dot products of bytes (an
 * option of 8.2, required from 8.4 on), and of these such with matrix products of bytes
 * (required from 8.6 on). */
#include "kernels/neon/neon.h"

/* The lines at the end are meant to override those of the reference. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define FID_NEON_TILE \
    .gemm_mr = 6, .gemm_nr = 16, .depthwise_cr = 8, .depthwise_s8_cr = 8, .depthwise_s8_group = 1
#define FID_NEON_SLOTS                                                                           \
    .gemm_f32 = fid_gemm_f32_6x16_neon, .depthwise_f32 = fid_depthwise_f32_neon,                 \
    .max_pool_f32 = fid_max_pool_f32_neon, .average_f32 = fid_average_f32_neon,                  \
    .add_f32 = fid_add_f32_neon, .affine_f32 = fid_affine_f32_neon,                              \
    .layer_norm_f32 = fid_layer_norm_f32_neon, .gelu_f32 = fid_gelu_f32_neon,                    \
    .sigmoid_f32 = fid_sigmoid_f32_neon, .dot_f32 = fid_dot_f32_neon, .dot_s8 = fid_dot_s8_neon, \
    .winograd_input_f32 = fid_winograd_input_f32_neon,                                           \
    .winograd_output_f32 = fid_winograd_output_f32_neon, .depthwise_s8 = fid_depthwise_s8_neon,  \
    .add_u8 = fid_add_u8_neon, .max_pool_u8 = fid_max_pool_u8_neon,                              \
    .average_u8 = fid_average_u8_neon, .to_u8 = fid_to_u8_neon, .from_u8 = fid_from_u8_neon

/* Without dot products of bytes. */
#define FID_NEON_GEMM_S8                                                          \
    .tile = {FID_NEON_TILE, .gemm_s8_mr = 4, .gemm_s8_nr = 8, .gemm_s8_group = 4, \
             .gemm_s8_signed = 1},                                                \
    .gemm_s8 = fid_gemm_s8_4x8_neon

const struct fid_kernels fid_kernels_neon = {
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
    .name = "neon",
    FID_NEON_SLOTS,
    FID_NEON_GEMM_S8,
};

const struct fid_kernels fid_kernels_neon_crc = {
#include "kernels/kernel_list.h"
    .name = "neon_crc",
    FID_NEON_SLOTS,
    FID_NEON_GEMM_S8,
    .crc32c = fid_crc32c_neon,
};

const struct fid_kernels fid_kernels_neon_dot = {
#include "kernels/kernel_list.h"
    .name = "neon_dot",
    FID_NEON_SLOTS,
    .tile = {FID_NEON_TILE, .gemm_s8_mr = 6, .gemm_s8_nr = 16, .gemm_s8_group = 4,
             .gemm_s8_signed = 1},
    .gemm_s8 = fid_gemm_s8_6x16_dot_neon,
    .crc32c = fid_crc32c_neon,
    .dot_s8 = fid_dot_s8_dot_neon,
};

const struct fid_kernels fid_kernels_neon_i8mm = {
#include "kernels/kernel_list.h"
#undef FID_SLOT
    .name = "neon_i8mm",
    FID_NEON_SLOTS,
    .tile = {FID_NEON_TILE, .gemm_s8_mr = 6, .gemm_s8_nr = 16, .gemm_s8_group = 8,
             .gemm_s8_signed = 0},
    .gemm_s8 = fid_gemm_s8_6x16_i8mm_neon,
    .crc32c = fid_crc32c_neon,
    .dot_s8 = fid_dot_s8_dot_neon,
};
