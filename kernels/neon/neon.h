/* neon.h - the kernels of this folder, for tables. */
#ifndef FID_KERNELS_NEON_H
#define FID_KERNELS_NEON_H

#include "kernels/tables.h"

void fid_gemm_f32_6x16_neon FID_GEMM_F32_ARGS;
void fid_depthwise_f32_neon FID_DEPTHWISE_F32_ARGS;
void fid_max_pool_f32_neon FID_MAX_POOL_F32_ARGS;
void fid_average_f32_neon FID_AVERAGE_F32_ARGS;
void fid_winograd_input_f32_neon FID_WINOGRAD_INPUT_F32_ARGS;
void fid_winograd_output_f32_neon FID_WINOGRAD_OUTPUT_F32_ARGS;
void fid_add_f32_neon FID_ADD_F32_ARGS;
void fid_affine_f32_neon FID_AFFINE_F32_ARGS;
void fid_layer_norm_f32_neon FID_LAYER_NORM_F32_ARGS;
void fid_gelu_f32_neon FID_GELU_F32_ARGS;
void fid_sigmoid_f32_neon FID_SIGMOID_F32_ARGS;
float fid_dot_f32_neon FID_DOT_F32_ARGS;
int32_t fid_dot_s8_neon FID_DOT_S8_ARGS;
int32_t fid_dot_s8_dot_neon FID_DOT_S8_ARGS;
void fid_gemm_s8_4x8_neon FID_GEMM_S8_ARGS;
void fid_gemm_s8_6x16_dot_neon FID_GEMM_S8_ARGS;
void fid_gemm_s8_6x16_i8mm_neon FID_GEMM_S8_ARGS;
void fid_depthwise_s8_neon FID_DEPTHWISE_S8_ARGS;
void fid_add_u8_neon FID_ADD_U8_ARGS;
void fid_max_pool_u8_neon FID_MAX_POOL_U8_ARGS;
void fid_average_u8_neon FID_AVERAGE_U8_ARGS;
void fid_to_u8_neon FID_TO_U8_ARGS;
void fid_from_u8_neon FID_FROM_U8_ARGS;
uint32_t fid_crc32c_neon FID_CRC32C_ARGS;

#endif
