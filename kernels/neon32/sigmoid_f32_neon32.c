/* sigmoid_f32_neon32.c - slot sigmoid_f32: kernels/lanes/sigmoid_f32_lanes.h with four lanes. */
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/neon32/neon32.h"
#include "kernels/lanes/sigmoid_f32_lanes.h"

void fid_sigmoid_f32_neon32 FID_GELU_F32_ARGS
{
    sigmoid_f32_lanes(count, v);
}
