/* affine_f32_neon.c - slot affine_f32: kernels/lanes/affine_f32_lanes.h with four lanes. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/affine_f32_lanes.h"

void fid_affine_f32_neon FID_AFFINE_F32_ARGS
{
    affine_f32_lanes(pixels, channels, in, scale, shift, out, post);
}
