/* to_u8_avx512.c - slot to_u8: kernels/lanes/to_u8_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/bytes_avx512.h"
#include "kernels/lanes/to_u8_lanes.h"

void fid_to_u8_avx512 FID_TO_U8_ARGS
{
    to_u8_lanes(pixels, channels, in, inverse, zero, out);
}
