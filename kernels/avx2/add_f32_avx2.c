/* add_f32_avx2.c - slot add_f32: kernels/lanes/add_f32_lanes.h with eight lanes. */
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/avx2/avx2.h"
#include "kernels/lanes/add_f32_lanes.h"

void fid_add_f32_avx2 FID_ADD_F32_ARGS
{
    add_f32_lanes(pixels, channels, a, b, out, post);
}
