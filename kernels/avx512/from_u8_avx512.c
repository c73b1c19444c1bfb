/* from_u8_avx512.c - slot from_u8: kernels/lanes/from_u8_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/bytes_avx512.h"
#include "kernels/lanes/from_u8_lanes.h"

void fid_from_u8_avx512 FID_FROM_U8_ARGS
{
    from_u8_lanes(pixels, channels, in, scale, zero, out);
}
