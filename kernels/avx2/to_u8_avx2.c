/* to_u8_avx2.c - slot to_u8: kernels/lanes/to_u8_lanes.h with eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/bytes_avx2.h"
#include "kernels/lanes/to_u8_lanes.h"

void fid_to_u8_avx2 FID_TO_U8_ARGS
{
    to_u8_lanes(pixels, channels, in, inverse, zero, out);
}
