/* dot_f32_neon.c - slot dot_f32: kernels/lanes/dot_f32_lanes.h with four lanes. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/dot_f32_lanes.h"

float fid_dot_f32_neon FID_DOT_F32_ARGS
{
    return dot_f32_lanes(k, a, b);
}
