/* amx.h - the kernels of this folder, for tables. */
#ifndef FID_KERNELS_AMX_H
#define FID_KERNELS_AMX_H

#include "kernels/tables.h"

void fid_gemm_s8_32x32_amx FID_GEMM_S8_ARGS;

#endif
