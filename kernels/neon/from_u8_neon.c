/* from_u8_neon.c - slot from_u8: kernels/lanes/convert_u8_octets.h. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/convert_u8_octets.h"

void fid_from_u8_neon FID_FROM_U8_ARGS
{
    from_u8_octets(pixels, channels, in, scale, zero, out);
}
