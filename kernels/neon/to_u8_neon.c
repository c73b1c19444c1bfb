/* to_u8_neon.c - slot to_u8: kernels/lanes/convert_u8_octets.h. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/convert_u8_octets.h"

void fid_to_u8_neon FID_TO_U8_ARGS
{
    to_u8_octets(pixels, channels, in, inverse, zero, out);
}
