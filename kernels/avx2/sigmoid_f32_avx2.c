/* sigmoid_f32_avx2.c - slot sigmoid_f32: kernels/lanes/sigmoid_f32_lanes.h with eight lanes. */
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/avx2/avx2.h"
#include "kernels/lanes/sigmoid_f32_lanes.h"

void fid_sigmoid_f32_avx2 FID_GELU_F32_ARGS
{
    sigmoid_f32_lanes(count, v);
}
