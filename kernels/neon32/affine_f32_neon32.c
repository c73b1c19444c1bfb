/* affine_f32_neon32.c - slot affine_f32: kernels/lanes/affine_f32_lanes.h with four lanes. */
#include "kernels/neon32/neon32.h"
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/lanes/affine_f32_lanes.h"

void fid_affine_f32_neon32 FID_AFFINE_F32_ARGS
{
    affine_f32_lanes(pixels, channels, in, scale, shift, out, post);
}
