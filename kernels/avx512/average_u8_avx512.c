/* average_u8_avx512.c - slot average_u8: kernels/lanes/average_u8_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/bytes_avx512.h"
#include "kernels/lanes/average_u8_lanes.h"

void fid_average_u8_avx512 FID_AVERAGE_U8_ARGS
{
    average_u8_lanes(channels, taps, in, zero, scale, out);
}
