/* sigmoid_f32_avx512.c - slot sigmoid_f32: kernels/lanes/sigmoid_f32_lanes.h with sixteen lanes. */
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/avx512/avx512.h"
#include "kernels/lanes/sigmoid_f32_lanes.h"

void fid_sigmoid_f32_avx512 FID_GELU_F32_ARGS
{
    sigmoid_f32_lanes(count, v);
}
