/* add_u8_neon.c - slot add_u8: kernels/lanes/add_u8_octets.h. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/add_u8_octets.h"

void fid_add_u8_neon FID_ADD_U8_ARGS
{
    add_u8_octets(pixels, channels, a, b, out, how);
}
