/* average_u8_neon.c - slot average_u8: kernels/lanes/average_u8_octets.h. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/average_u8_octets.h"

void fid_average_u8_neon FID_AVERAGE_U8_ARGS
{
    average_u8_octets(channels, taps, in, zero, scale, out);
}
