/* max_pool_f32_avx512.c - slot max_pool_f32: kernels/lanes/max_pool_f32_lanes.h
 * with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/lanes/max_pool_f32_lanes.h"

void fid_max_pool_f32_avx512 FID_MAX_POOL_F32_ARGS
{
    max_pool_f32_lanes(pixels, channels, in, out, out_stride, min, max);
}
