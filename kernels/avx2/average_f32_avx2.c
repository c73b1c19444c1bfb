/* average_f32_avx2.c - slot average_f32: kernels/lanes/average_f32_lanes.h with eight lanes. */
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/avx2/avx2.h"
#include "kernels/lanes/average_f32_lanes.h"

void fid_average_f32_avx2 FID_AVERAGE_F32_ARGS
{
    average_f32_lanes(channels, taps, in, scale, out);
}
