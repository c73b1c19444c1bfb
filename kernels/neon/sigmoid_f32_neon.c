/* sigmoid_f32_neon.c - slot sigmoid_f32: kernels/lanes/sigmoid_f32_lanes.h with four lanes. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/sigmoid_f32_lanes.h"

void fid_sigmoid_f32_neon FID_GELU_F32_ARGS
{
    sigmoid_f32_lanes(count, v);
}
