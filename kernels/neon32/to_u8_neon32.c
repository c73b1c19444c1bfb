/* to_u8_neon32.c - slot to_u8: kernels/lanes/convert_u8_octets.h. */
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/neon32/neon32.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/convert_u8_octets.h"

void fid_to_u8_neon32 FID_TO_U8_ARGS
{
    to_u8_octets(pixels, channels, in, inverse, zero, out);
}
