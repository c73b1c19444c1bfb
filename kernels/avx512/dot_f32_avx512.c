/* dot_f32_avx512.c - slot dot_f32: kernels/lanes/dot_f32_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/lanes/dot_f32_lanes.h"

float fid_dot_f32_avx512 FID_DOT_F32_ARGS
{
    return dot_f32_lanes(k, a, b);
}
