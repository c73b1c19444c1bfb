/* max_pool_u8_neon32.c - slot max_pool_u8: kernels/lanes/max_pool_u8_octets.h. */
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/neon32/neon32.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/max_pool_u8_octets.h"

void fid_max_pool_u8_neon32 FID_MAX_POOL_U8_ARGS
{
    max_pool_u8_octets(pixels, channels, in, out, out_stride);
}
