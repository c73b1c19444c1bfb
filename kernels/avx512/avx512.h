/* avx512.h - the kernels of this folder, for tables. */
#ifndef FID_KERNELS_AVX512_H
#define FID_KERNELS_AVX512_H

#include "kernels/tables.h"

void fid_gemm_f32_7x64_avx512 FID_GEMM_F32_ARGS;
void fid_depthwise_f32_avx512 FID_DEPTHWISE_F32_ARGS;
void fid_max_pool_f32_avx512 FID_MAX_POOL_F32_ARGS;
void fid_average_f32_avx512 FID_AVERAGE_F32_ARGS;
void fid_winograd_input_f32_avx512 FID_WINOGRAD_INPUT_F32_ARGS;
void fid_winograd_output_f32_avx512 FID_WINOGRAD_OUTPUT_F32_ARGS;
void fid_add_f32_avx512 FID_ADD_F32_ARGS;
void fid_affine_f32_avx512 FID_AFFINE_F32_ARGS;
void fid_layer_norm_f32_avx512 FID_LAYER_NORM_F32_ARGS;
void fid_gelu_f32_avx512 FID_GELU_F32_ARGS;
void fid_sigmoid_f32_avx512 FID_SIGMOID_F32_ARGS;
float fid_dot_f32_avx512 FID_DOT_F32_ARGS;
int32_t fid_dot_s8_avx512 FID_DOT_S8_ARGS;
void fid_gemm_s8_10x32_avx512 FID_GEMM_S8_ARGS;
void fid_depthwise_s8_avx512 FID_DEPTHWISE_S8_ARGS;
void fid_add_u8_avx512 FID_ADD_U8_ARGS;
void fid_max_pool_u8_avx512 FID_MAX_POOL_U8_ARGS;
void fid_average_u8_avx512 FID_AVERAGE_U8_ARGS;
void fid_to_u8_avx512 FID_TO_U8_ARGS;
void fid_from_u8_avx512 FID_FROM_U8_ARGS;

/* What the levels above have from here: all slots but the products of bytes. */
#define FID_AVX512_TILE .gemm_mr = 7, .gemm_nr = 64, .depthwise_cr = 16
#define FID_AVX512_SLOTS                                                                   \
    .gemm_f32 = fid_gemm_f32_7x64_avx512, .depthwise_f32 = fid_depthwise_f32_avx512,       \
    .max_pool_f32 = fid_max_pool_f32_avx512, .average_f32 = fid_average_f32_avx512,        \
    .winograd_input_f32 = fid_winograd_input_f32_avx512,                                   \
    .winograd_output_f32 = fid_winograd_output_f32_avx512, .add_f32 = fid_add_f32_avx512,  \
    .affine_f32 = fid_affine_f32_avx512, .layer_norm_f32 = fid_layer_norm_f32_avx512,      \
    .gelu_f32 = fid_gelu_f32_avx512, .sigmoid_f32 = fid_sigmoid_f32_avx512,                \
    .dot_f32 = fid_dot_f32_avx512, .dot_s8 = fid_dot_s8_avx512, .crc32c = fid_crc32c_avx2, \
    .add_u8 = fid_add_u8_avx512, .max_pool_u8 = fid_max_pool_u8_avx512,                    \
    .average_u8 = fid_average_u8_avx512, .to_u8 = fid_to_u8_avx512, .from_u8 = fid_from_u8_avx512

#endif
