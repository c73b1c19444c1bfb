/* add_u8_avx512.c - slot add_u8: kernels/lanes/add_u8_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/bytes_avx512.h"
#include "kernels/lanes/add_u8_lanes.h"

void fid_add_u8_avx512 FID_ADD_U8_ARGS
{
    add_u8_lanes(pixels, channels, a, b, out, how);
}
