/* average_u8_neon32.c - slot average_u8: kernels/lanes/average_u8_octets.h. */
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/neon32/neon32.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/average_u8_octets.h"

void fid_average_u8_neon32 FID_AVERAGE_U8_ARGS
{
    average_u8_octets(channels, taps, in, zero, scale, out);
}
