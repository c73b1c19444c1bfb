/* max_pool_f32_neon32.c - slot max_pool_f32: kernels/lanes/max_pool_f32_lanes.h with four lanes. */
#include "kernels/neon32/neon32.h"
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/lanes/max_pool_f32_lanes.h"

void fid_max_pool_f32_neon32 FID_MAX_POOL_F32_ARGS
{
    max_pool_f32_lanes(pixels, channels, in, out, out_stride, min, max);
}
