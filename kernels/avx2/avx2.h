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
float fid_dot_f32_avx2 FID_DOT_F32_ARGS;
int32_t fid_dot_s8_avx2 FID_DOT_S8_ARGS;
uint32_t fid_crc32c_avx2 FID_CRC32C_ARGS;

#endif
