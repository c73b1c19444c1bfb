/* affine_f32_avx512.c - slot affine_f32: kernels/lanes/affine_f32_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/lanes/affine_f32_lanes.h"

void fid_affine_f32_avx512 FID_AFFINE_F32_ARGS
{
    affine_f32_lanes(pixels, channels, in, scale, shift, out, post);
}
