/* add_u8_avx2.c - slot add_u8: kernels/lanes/add_u8_lanes.h with eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/bytes_avx2.h"
#include "kernels/lanes/add_u8_lanes.h"

void fid_add_u8_avx2 FID_ADD_U8_ARGS
{
    add_u8_lanes(pixels, channels, a, b, out, how);
}
