/* table_neon32.c - the NEON level of 32-bit ARM: ARMv7 with NEON and VFPv4 (Cortex-A7, A15, A17)
 * and ARMv8 CPUs in a 32-bit system. Its vectors flush denormals, whatever the program asks for. */
#include "kernels/neon32/neon32.h"

/* The lines at the end are meant to override those of the reference. */
#pragma GCC diagnostic ignored "-Woverride-init"

const struct fid_kernels fid_kernels_neon32 = {
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
#undef FID_SLOT
    .name = "neon32",
    .flushes_denormals = 1,
    .tile = {.gemm_mr = 4,
             .gemm_nr = 8,
             .depthwise_cr = 4,
             .gemm_s8_mr = 4,
             .gemm_s8_nr = 8,
             .gemm_s8_group = 4,
             .gemm_s8_signed = 1,
             .depthwise_s8_cr = 8,
             .depthwise_s8_group = 1},
    .gemm_f32 = fid_gemm_f32_4x8_neon32,
    .depthwise_f32 = fid_depthwise_f32_neon32,
    .max_pool_f32 = fid_max_pool_f32_neon32,
    .average_f32 = fid_average_f32_neon32,
    .winograd_input_f32 = fid_winograd_input_f32_neon32,
    .winograd_output_f32 = fid_winograd_output_f32_neon32,
    .add_f32 = fid_add_f32_neon32,
    .affine_f32 = fid_affine_f32_neon32,
    .layer_norm_f32 = fid_layer_norm_f32_neon32,
    .gelu_f32 = fid_gelu_f32_neon32,
    .sigmoid_f32 = fid_sigmoid_f32_neon32,
    .dot_f32 = fid_dot_f32_neon32,
    .dot_s8 = fid_dot_s8_neon32,
    .gemm_s8 = fid_gemm_s8_4x8_neon32,
    .depthwise_s8 = fid_depthwise_s8_neon32,
    .add_u8 = fid_add_u8_neon32,
    .max_pool_u8 = fid_max_pool_u8_neon32,
    .average_u8 = fid_average_u8_neon32,
    .to_u8 = fid_to_u8_neon32,
    .from_u8 = fid_from_u8_neon32,
};
