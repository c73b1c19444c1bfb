/* average_u8_avx2.c - slot average_u8: kernels/lanes/average_u8_lanes.h with eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/bytes_avx2.h"
#include "kernels/lanes/average_u8_lanes.h"

void fid_average_u8_avx2 FID_AVERAGE_U8_ARGS
{
    average_u8_lanes(channels, taps, in, zero, scale, out);
}
