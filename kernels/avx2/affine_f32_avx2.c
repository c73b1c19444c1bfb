/* affine_f32_avx2.c - slot affine_f32: kernels/lanes/affine_f32_lanes.h with eight lanes. */
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/avx2/avx2.h"
#include "kernels/lanes/affine_f32_lanes.h"

void fid_affine_f32_avx2 FID_AFFINE_F32_ARGS
{
    affine_f32_lanes(pixels, channels, in, scale, shift, out, post);
}
