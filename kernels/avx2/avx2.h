/* avx2.h - the kernels of this folder, for tables. */
#ifndef FID_KERNELS_AVX2_H
#define FID_KERNELS_AVX2_H

#include "kernels/tables.h"

void fid_gemm_f32_6x16_avx2 FID_GEMM_F32_ARGS;
void fid_depthwise_f32_avx2 FID_DEPTHWISE_F32_ARGS;
void fid_max_pool_f32_avx2 FID_MAX_POOL_F32_ARGS;
void fid_average_f32_avx2 FID_AVERAGE_F32_ARGS;
void fid_winograd_input_f32_avx2 FID_WINOGRAD_INPUT_F32_ARGS;
void fid_winograd_output_f32_avx2 FID_WINOGRAD_OUTPUT_F32_ARGS;
void fid_add_f32_avx2 FID_ADD_F32_ARGS;
void fid_affine_f32_avx2 FID_AFFINE_F32_ARGS;
void fid_layer_norm_f32_avx2 FID_LAYER_NORM_F32_ARGS;
void fid_gelu_f32_avx2 FID_GELU_F32_ARGS;
void fid_sigmoid_f32_avx2 FID_SIGMOID_F32_ARGS;
float fid_dot_f32_avx2 FID_DOT_F32_ARGS;
int32_t fid_dot_s8_avx2 FID_DOT_S8_ARGS;
uint32_t fid_crc32c_avx2 FID_CRC32C_ARGS;
void fid_gemm_s8_4x16_avx2 FID_GEMM_S8_ARGS;
void fid_depthwise_s8_avx2 FID_DEPTHWISE_S8_ARGS;
void fid_add_u8_avx2 FID_ADD_U8_ARGS;
void fid_max_pool_u8_avx2 FID_MAX_POOL_U8_ARGS;
void fid_average_u8_avx2 FID_AVERAGE_U8_ARGS;
void fid_to_u8_avx2 FID_TO_U8_ARGS;
void fid_from_u8_avx2 FID_FROM_U8_ARGS;

/* What the levels above have from here: all slots but the products of bytes. */
#define FID_AVX2_TILE .gemm_mr = 6, .gemm_nr = 16, .depthwise_cr = 8
#define FID_AVX2_SLOTS                                                                 \
    .gemm_f32 = fid_gemm_f32_6x16_avx2, .depthwise_f32 = fid_depthwise_f32_avx2,       \
    .max_pool_f32 = fid_max_pool_f32_avx2, .average_f32 = fid_average_f32_avx2,        \
    .winograd_input_f32 = fid_winograd_input_f32_avx2,                                 \
    .winograd_output_f32 = fid_winograd_output_f32_avx2, .add_f32 = fid_add_f32_avx2,  \
    .affine_f32 = fid_affine_f32_avx2, .layer_norm_f32 = fid_layer_norm_f32_avx2,      \
    .gelu_f32 = fid_gelu_f32_avx2, .sigmoid_f32 = fid_sigmoid_f32_avx2,                \
    .dot_f32 = fid_dot_f32_avx2, .dot_s8 = fid_dot_s8_avx2, .crc32c = fid_crc32c_avx2, \
    .add_u8 = fid_add_u8_avx2, .max_pool_u8 = fid_max_pool_u8_avx2,                    \
    .average_u8 = fid_average_u8_avx2, .to_u8 = fid_to_u8_avx2, .from_u8 = fid_from_u8_avx2

#endif
