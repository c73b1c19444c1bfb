/* max_pool_u8_avx2.c - slot max_pool_u8: kernels/lanes/max_pool_u8_lanes.h with eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/bytes_avx2.h"
#include "kernels/lanes/max_pool_u8_lanes.h"

void fid_max_pool_u8_avx2 FID_MAX_POOL_U8_ARGS
{
    max_pool_u8_lanes(pixels, channels, in, out, out_stride);
}
