/* avx512_vnni.h - the kernels of this folder, for tables. */
#ifndef FID_KERNELS_AVX512_VNNI_H
#define FID_KERNELS_AVX512_VNNI_H

#include "kernels/tables.h"

void fid_gemm_s8_7x64_avx512_vnni FID_GEMM_S8_ARGS;
void fid_depthwise_s8_avx512_vnni FID_DEPTHWISE_S8_ARGS;

#endif
