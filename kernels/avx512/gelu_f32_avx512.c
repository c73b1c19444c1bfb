/* gelu_f32_avx512.c - slot gelu_f32: kernels/lanes/gelu_f32_lanes.h with sixteen lanes. */
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/avx512/avx512.h"
#include "kernels/lanes/gelu_f32_lanes.h"

void fid_gelu_f32_avx512 FID_GELU_F32_ARGS
{
    gelu_f32_lanes(count, v);
}
