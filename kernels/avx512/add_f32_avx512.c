/* add_f32_avx512.c - slot add_f32: kernels/lanes/add_f32_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/lanes/add_f32_lanes.h"

void fid_add_f32_avx512 FID_ADD_F32_ARGS
{
    add_f32_lanes(pixels, channels, a, b, out, post);
}
