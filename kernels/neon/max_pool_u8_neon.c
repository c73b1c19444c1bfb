/* max_pool_u8_neon.c - slot max_pool_u8: kernels/lanes/max_pool_u8_octets.h. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/max_pool_u8_octets.h"

void fid_max_pool_u8_neon FID_MAX_POOL_U8_ARGS
{
    max_pool_u8_octets(pixels, channels, in, out, out_stride);
}
