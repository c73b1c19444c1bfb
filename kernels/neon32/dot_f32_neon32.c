/* dot_f32_neon32.c - slot dot_f32: kernels/lanes/dot_f32_lanes.h with four lanes. */
#include "kernels/neon32/neon32.h"
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/lanes/dot_f32_lanes.h"

float fid_dot_f32_neon32 FID_DOT_F32_ARGS
{
    return dot_f32_lanes(k, a, b);
}
