/* from_u8_avx2.c - slot from_u8: kernels/lanes/from_u8_lanes.h with eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/bytes_avx2.h"
#include "kernels/lanes/from_u8_lanes.h"

void fid_from_u8_avx2 FID_FROM_U8_ARGS
{
    from_u8_lanes(pixels, channels, in, scale, zero, out);
}
