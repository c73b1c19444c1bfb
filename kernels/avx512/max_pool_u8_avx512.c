/* max_pool_u8_avx512.c - slot max_pool_u8: kernels/lanes/max_pool_u8_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/bytes_avx512.h"
#include "kernels/lanes/max_pool_u8_lanes.h"

void fid_max_pool_u8_avx512 FID_MAX_POOL_U8_ARGS
{
    max_pool_u8_lanes(pixels, channels, in, out, out_stride);
}
