/* average_f32_avx512.c - slot average_f32: kernels/lanes/average_f32_lanes.h with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/lanes/average_f32_lanes.h"

void fid_average_f32_avx512 FID_AVERAGE_F32_ARGS
{
    average_f32_lanes(channels, taps, in, scale, out);
}
