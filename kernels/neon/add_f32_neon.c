/* add_f32_neon.c - slot add_f32: kernels/lanes/add_f32_lanes.h with four lanes. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/add_f32_lanes.h"

void fid_add_f32_neon FID_ADD_F32_ARGS
{
    add_f32_lanes(pixels, channels, a, b, out, post);
}
