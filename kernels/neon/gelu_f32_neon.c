/* gelu_f32_neon.c - slot gelu_f32: kernels/lanes/gelu_f32_lanes.h with four lanes. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/gelu_f32_lanes.h"

void fid_gelu_f32_neon FID_GELU_F32_ARGS
{
    gelu_f32_lanes(count, v);
}
