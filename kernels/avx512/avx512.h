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
float fid_dot_f32_avx512 FID_DOT_F32_ARGS;
int32_t fid_dot_s8_avx512 FID_DOT_S8_ARGS;

#endif
