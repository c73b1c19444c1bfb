/* neon32.h - the kernels of this folder, for tables. */
#ifndef FID_KERNELS_NEON32_H
#define FID_KERNELS_NEON32_H

#include "kernels/tables.h"

void fid_gemm_f32_4x8_neon32 FID_GEMM_F32_ARGS;
void fid_depthwise_f32_neon32 FID_DEPTHWISE_F32_ARGS;
void fid_max_pool_f32_neon32 FID_MAX_POOL_F32_ARGS;
void fid_average_f32_neon32 FID_AVERAGE_F32_ARGS;
void fid_winograd_input_f32_neon32 FID_WINOGRAD_INPUT_F32_ARGS;
void fid_winograd_output_f32_neon32 FID_WINOGRAD_OUTPUT_F32_ARGS;
void fid_add_f32_neon32 FID_ADD_F32_ARGS;
void fid_affine_f32_neon32 FID_AFFINE_F32_ARGS;
void fid_layer_norm_f32_neon32 FID_LAYER_NORM_F32_ARGS;
void fid_gelu_f32_neon32 FID_GELU_F32_ARGS;
void fid_sigmoid_f32_neon32 FID_SIGMOID_F32_ARGS;
float fid_dot_f32_neon32 FID_DOT_F32_ARGS;
int32_t fid_dot_s8_neon32 FID_DOT_S8_ARGS;
void fid_gemm_s8_4x8_neon32 FID_GEMM_S8_ARGS;
void fid_depthwise_s8_neon32 FID_DEPTHWISE_S8_ARGS;
void fid_add_u8_neon32 FID_ADD_U8_ARGS;
void fid_max_pool_u8_neon32 FID_MAX_POOL_U8_ARGS;
void fid_average_u8_neon32 FID_AVERAGE_U8_ARGS;
void fid_to_u8_neon32 FID_TO_U8_ARGS;
void fid_from_u8_neon32 FID_FROM_U8_ARGS;

#endif
