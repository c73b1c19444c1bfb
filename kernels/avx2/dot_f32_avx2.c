/* dot_f32_avx2.c - slot dot_f32: kernels/lanes/dot_f32_lanes.h with eight lanes. */
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/avx2/avx2.h"
#include "kernels/lanes/dot_f32_lanes.h"

float fid_dot_f32_avx2 FID_DOT_F32_ARGS
{
    return dot_f32_lanes(k, a, b);
}
