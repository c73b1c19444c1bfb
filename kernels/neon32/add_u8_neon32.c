/* add_u8_neon32.c - slot add_u8: kernels/lanes/add_u8_octets.h. */
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/neon32/neon32.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/add_u8_octets.h"

void fid_add_u8_neon32 FID_ADD_U8_ARGS
{
    add_u8_octets(pixels, channels, a, b, out, how);
}
