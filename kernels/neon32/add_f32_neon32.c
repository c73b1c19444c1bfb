/* add_f32_neon32.c - slot add_f32: kernels/lanes/add_f32_lanes.h with four lanes. */
#include "kernels/neon32/neon32.h"
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/lanes/add_f32_lanes.h"

void fid_add_f32_neon32 FID_ADD_F32_ARGS
{
    add_f32_lanes(pixels, channels, a, b, out, post);
}
