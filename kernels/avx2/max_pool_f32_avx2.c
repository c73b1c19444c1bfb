/* max_pool_f32_avx2.c - slot max_pool_f32: kernels/lanes/max_pool_f32_lanes.h with eight lanes. */
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/avx2/avx2.h"
#include "kernels/lanes/max_pool_f32_lanes.h"

void fid_max_pool_f32_avx2 FID_MAX_POOL_F32_ARGS
{
    max_pool_f32_lanes(pixels, channels, in, out, out_stride, min, max);
}
